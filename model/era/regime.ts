/**
 * Lock regimes: which locks the devlink core takes where, as data. An era has one of its own; a machine can be given
 * another, to see the outcome (docs/semantics.md 2).
 *
 * @module
 */

import type { OperationKind } from "../operation.ts";

/**
 * `global_mutex`: `devlink_mutex` over every request (to 5.17); `global_plus_devl`: the same, and drivers lock the instance
 * themselves (5.18, 5.19); `instance`: the instance's lock alone, over reloads, too (from 6.0); `instance_plus_device`: a reload
 * takes the device's lock first (from 6.8). Proposed and never merged (docs/semantics.md 2.3): `rfc_nested_mark`, a mark means that somebody
 * holds the instance's lock, and who registers something then does not take it; `rfc_list_locks`, a lock for each list
 */
export const LOCK_REGIMES = [
  "global_mutex",
  "global_plus_devl",
  "instance",
  "instance_plus_device",
  "rfc_nested_mark",
  "rfc_list_locks",
] as const;
/** The name of a lock regime. */
export type LockRegime = (typeof LOCK_REGIMES)[number];

/** How the locks of one family of kernels differ from others. */
export interface LockEra {
  /** Its name */
  readonly regime: LockRegime;
  /**
   * What it takes to register an object of an instance. `takes`: the instance's lock, at each of them; `held`: a task that registers
   * has it; `marked`: it is taken unless somebody is marked as having it; `lists`: the lock of that list
   */
  readonly registration: "takes" | "held" | "marked" | "lists";
  /** True if drivers lock the instance in the callbacks of a reload, which runs without that lock (5.18, 5.19) */
  readonly callbacksLock: boolean;
  /** True if who changes an instance from outside of a request holds reloads off meanwhile (to 5.15) */
  readonly holdsReloadsOff: boolean;
  /** True if a driver that lists its ports has a lock of its own for the list, taken before the instance's (to 5.17) */
  readonly portListLock: boolean;
  /** The lock classes of instances in lockdep: one for all, or one each (from 6.0) */
  readonly instanceKeys: "one" | "each";
  /**
   * How the end of an instance waits for its users: until the last one has gone, and who comes meanwhile is a user, too;
   * the same, and nobody comes any more; or for its lock alone, and each user looks again when it has it
   */
  readonly unregister: "users" | "users, no new ones" | "lock";
  /** Which of two instances is locked first where one is part of the other */
  readonly nestedOrder: "none" | "parent first" | "nested first";
  /** What a driver's work that reports trapped packets does where the instance is locked. Every kernel: `tries` */
  readonly trapWork: "tries" | "waits";
  /**
   * How ethtool(8) comes to an instance: it drops RTNL and takes the lock of what it found, with nothing that keeps that alive;
   * the same with a reference; it looks again when it has the lock; or it keeps RTNL, as no kernel does
   */
  readonly compat: "unreferenced" | "referenced" | "looks again" | "under rtnl";
  /** The requests that do not take the lock of the instance, by their kind; `requests_test.ts` has the source of each */
  readonly requests: RequestLocks;
}

/**
 * What a request takes while it looks at an instance. `reporters`: the lock of the list of reporters; `instance first`: the
 * lock of the instance, which it gives back before it looks; `none`: nothing but what is held over every request
 */
export type RequestLock = "instance" | "reporters" | "instance first" | "none";

/** The locks of requests that are not the lock of the instance. */
export interface RequestLocks {
  /** Of a request about one instance */
  readonly one: { readonly [K in OperationKind]?: RequestLock };
  /** Of a dump of all instances */
  readonly all: { readonly [K in OperationKind]?: RequestLock };
}

/** Most requests about a reporter to 5.19 (`DEVLINK_NL_FLAG_NO_LOCK`). */
const HEALTH: RequestLocks["one"] = {
  "health.show": "reporters",
  "health.set": "reporters",
  "health.recover": "reporters",
  "health.diagnose": "reporters",
  "health.dump.show": "reporters",
  "health.dump.clear": "reporters",
  "health.test": "reporters",
};
/** To 5.17. */
const REQUESTS_GLOBAL: RequestLocks = {
  one: {
    ...HEALTH,
    "dev.eswitch.show": "none",
    "dev.eswitch.set": "none",
    "port.split": "none",
    "port.unsplit": "none",
  },
  all: { "dev.show": "none", "health.show": "reporters" },
};
/** From 6.0 to 6.2: what has no lock yet looks at the reporter under a lock of its own. */
const REQUESTS_INSTANCE: RequestLocks = {
  one: { "health.dump.show": "reporters" },
  all: { "health.show": "reporters", "linecard.show": "none" },
};
const NO_REQUESTS: RequestLocks = { one: {}, all: {} };
/** From 6.3 to 6.5 a dump of a reporter takes the lock, and gives it back before it looks. */
export const REQUESTS_63: RequestLocks = { one: { "health.dump.show": "instance first" }, all: {} };

const shared = {
  callbacksLock: false,
  holdsReloadsOff: false,
  portListLock: false,
  nestedOrder: "none",
  trapWork: "tries",
  requests: NO_REQUESTS,
} as const;

/** The locks of each regime. */
export const REGIMES: Readonly<Record<LockRegime, LockEra>> = {
  global_mutex: {
    ...shared,
    regime: "global_mutex",
    registration: "takes",
    holdsReloadsOff: true,
    portListLock: true,
    instanceKeys: "one",
    unregister: "lock",
    compat: "unreferenced",
    requests: REQUESTS_GLOBAL,
  },
  global_plus_devl: {
    ...shared,
    regime: "global_plus_devl",
    callbacksLock: true,
    registration: "held",
    instanceKeys: "one",
    unregister: "users",
    compat: "referenced",
    requests: { one: HEALTH, all: { "dev.show": "none", "health.show": "reporters" } },
  },
  instance: {
    ...shared,
    regime: "instance",
    registration: "held",
    instanceKeys: "each",
    unregister: "users, no new ones",
    compat: "referenced",
    requests: REQUESTS_INSTANCE,
  },
  instance_plus_device: {
    ...shared,
    regime: "instance_plus_device",
    registration: "held",
    instanceKeys: "each",
    unregister: "lock",
    nestedOrder: "parent first",
    compat: "looks again",
  },
  rfc_nested_mark: {
    ...shared,
    regime: "rfc_nested_mark",
    registration: "marked",
    instanceKeys: "one",
    unregister: "users",
    compat: "referenced",
  },
  rfc_list_locks: {
    ...shared,
    regime: "rfc_list_locks",
    registration: "lists",
    instanceKeys: "one",
    unregister: "users",
    compat: "referenced",
  },
};

/**
 * What happens to a driver's traps in a reload: they are registered again; they stay from probe to remove (a patch that was
 * refused); or they are registered again by a core that announces no groups and policers, and warns (never released, docs/semantics.md 3.11)
 */
export type TrapLifetime = "reload" | "probe" | "reload_asserting";

/**
 * Where a driver asks to be notified of netdevs: in all netns, in the netns of its instance, in the netns of its netdev, or in all netns as
 * its module is loaded. The first one waits for all netns that are coming or going (`pernet_ops_rwsem`).
 */
export type NotifierScope = "global" | "per_net" | "dev_net" | "module_init";

/**
 * Where a driver's operations come from: one table for all of its instances, or one for each instance before it is
 * registered. The latter has all ops, or only the ops of a reload (`devlink_set_ops()`, `devlink_set_reload_ops()`: proposed, never merged,
 * docs/semantics.md 1.6), so that one that must not be reloaded has none for it.
 */
export type OpsMode = "static" | "set_ops" | "set_reload_ops";

/** What a driver does with locks that are not its own: overrides for what no driver of the era does. */
export interface DriverLocks {
  /** Which of two instances a driver locks first where one is part of the other. Meant for kernels that do the same */
  readonly nestedOrder: "none" | "parent first" | "nested first";
  /** True if RTNL is held during messages of ports, from the end of the way down to the end of the way up (bnxt) */
  readonly rtnlOverReload: boolean;
  /** True if a reload takes the lock of its device */
  readonly deviceLockInReload: boolean;
}

/** Drivers as they are. */
export const DRIVER_LOCKS: DriverLocks = { nestedOrder: "none", rtnlOverReload: false, deviceLockInReload: false };
