/**
 * How the refusals of commands, flash, regions and health differ by kernel: types.
 *
 * @module
 */

/** What one family of kernels does differently with refused commands, flash, regions and health. */
export interface ObjectsEra {
  /** The commands that devlink's netlink family does not have yet; the kernel answers them with `EOPNOTSUPP` */
  readonly lacks: readonly ("linecard" | "selftests")[];
  /** How the netlink policy refuses an attribute that a dump does not know; undefined where dumps take none at all */
  readonly unknownInDump: string | undefined;
  /** How a flash update differs */
  readonly flash: FlashEra;
  /** How regions differ */
  readonly region: RegionEra;
  /** How health reporters differ */
  readonly health: HealthEra;
}

/** How a flash update differs. */
export interface FlashEra {
  /**
   * Who opens the file, asks the driver for its components, and announces begin and end of an update: `core`, for each request;
   * or `driver`, which takes any name (5.10)
   */
  readonly by: "core" | "driver";
}

/** How regions differ. */
export interface RegionEra {
  /** True if the refusal of a read has a text */
  readonly readTells: boolean;
  /** How a read without a snapshot is refused if the driver cannot read the device itself */
  readonly withoutSnapshot: { readonly errno: "EINVAL" | "EOPNOTSUPP"; readonly text?: string };
}

/** How health reporters differ. */
export interface HealthEra {
  /**
   * The locks that a driver's report takes by itself: the instance's for the dump and the recovery, for the recovery alone,
   * or for neither
   */
  readonly reportLocks: "both" | "recovery" | "none";
}
