/**
 * How the refusals of commands, flash, regions and health differ by kernel: types.
 *
 * @module
 */

/** What one family of kernels does differently with refused commands, flash, regions and health. */
export interface ObjectsEra {
  /** The commands that devlink's netlink family does not have yet; they fail with `EOPNOTSUPP` */
  readonly lacks: readonly ("linecard" | "selftests")[];
  /** The text with which the netlink policy refuses an unknown attribute of a dump; undefined if dumps take no attributes at all */
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
   * Who opens the file, checks the component, and announces begin and end of an update: `core`, for each request; or `driver`,
   * which accepts any component name (5.10)
   */
  readonly by: "core" | "driver";
}

/** How regions differ. */
export interface RegionEra {
  /** True if the refusal of a read has an extack */
  readonly readTells: boolean;
  /** How a read without a snapshot is refused if the driver cannot read the device itself */
  readonly withoutSnapshot: { readonly errno: "EINVAL" | "EOPNOTSUPP"; readonly text?: string };
}

/** How health reporters differ. */
export interface HealthEra {
  /**
   * When `devlink_health_report()` takes the lock of the instance by itself: for the dump and the recovery (`both`), for the
   * recovery alone, or never
   */
  readonly reportLocks: "both" | "recovery" | "none";
}
