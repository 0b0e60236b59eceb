/**
 * How flash, health, regions and what netdevsim refuses differ by kernel.
 *
 * @module
 */

/** What one family of kernels does differently from the others with flash, health, regions and refused objects. */
export interface ObjectsEra {
  /** The commands of devlink's netlink family that it does not have yet: whoever sends one is told `EOPNOTSUPP` */
  readonly lacks: ReadonlySet<"linecard" | "selftests">;
  /** How the netlink policy refuses an attribute that a dump does not know; undefined where dumps take none at all */
  readonly unknownInDump: string | undefined;
  /** Whether netdevsim tells its versions, and so has components that can be named */
  readonly versions: boolean;
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
   * Who opens the file, asks the driver for its components, and says that an update begins and ends: the core, for each
   * request; or the driver, which takes any name (5.10: netdevsim opens none, and is silent where it tells no status)
   */
  readonly by: "core" | "driver";
  /** In how many pieces netdevsim flashes, of 1000 bytes each */
  readonly chunks: number;
  /** How long netdevsim sleeps for a piece, in ms: msleep(10) rounded to jiffies, or what a file of debugfs says */
  readonly chunkTime: number | "fw_update_flash_chunk_time_ms";
}

/** How regions differ. */
export interface RegionEra {
  /** Whether the refusal of a read says why */
  readonly readTells: boolean;
  /** What a read without a snapshot comes to where the driver cannot read the device itself */
  readonly withoutSnapshot: { readonly errno: "EINVAL" | "EOPNOTSUPP"; readonly text?: string };
}

/** How health reporters differ. */
export interface HealthEra {
  /**
   * The locks that a driver's report takes by itself: the instance's for the dump and the recovery, for the recovery alone,
   * or for neither
   */
  readonly reportLocks: "both" | "recovery" | "none";
  /**
   * The arrays behind `test_nest` in a message of netdevsim's reporter `dummy`. `behind-end`: an array that was never begun is
   * ended first, which is one end too many, so that devlink(8) shows nothing behind it
   */
  readonly arrays: "whole" | "behind-end";
}

const objects61: ObjectsEra = {
  lacks: new Set(),
  unknownInDump: undefined,
  versions: true,
  flash: { by: "core", chunks: 500, chunkTime: 20 },
  region: { readTells: false, withoutSnapshot: { errno: "EINVAL" } },
  health: { reportLocks: "recovery", arrays: "behind-end" },
};

const objects612: ObjectsEra = {
  ...objects61,
  unknownInDump: "Unknown attribute type",
  flash: { ...objects61.flash, chunkTime: 16 },
  region: {
    ...objects61.region,
    readTells: true,
    withoutSnapshot: { errno: "EOPNOTSUPP", text: "Requested region does not support direct read" },
  },
  health: { ...objects61.health, reportLocks: "both" },
};

/** 5.10 */
export const OBJECTS_510: ObjectsEra = {
  ...objects61,
  lacks: new Set(["linecard", "selftests"]),
  versions: false,
  flash: { ...objects61.flash, by: "driver" },
  health: { reportLocks: "none", arrays: "whole" },
};
/** 6.1 */
export const OBJECTS_61: ObjectsEra = objects61;
/** 6.12 */
export const OBJECTS_612: ObjectsEra = objects612;
/** 7.2 and 7.3 */
export const OBJECTS_72: ObjectsEra = {
  ...objects612,
  unknownInDump: "Unsupported attribute",
  flash: { ...objects612.flash, chunks: 50, chunkTime: "fw_update_flash_chunk_time_ms" },
};
