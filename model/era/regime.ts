/**
 * Lock regimes: which locks the devlink core takes where, as data. Each era has a regime; a machine can be given another
 * regime, to see the outcome (docs/semantics.md 2).
 *
 * @module
 */

import type { OperationKind } from "../operation.ts";

/**
 * `global_mutex`: `devlink_mutex` over every request (to 5.17); `global_plus_devl`: the same, and drivers lock the instance
 * themselves (5.18, 5.19); `instance`: the instance's lock alone, over reloads, too (from 6.0); `instance_plus_device`: a reload
 * takes the device's lock first (from 6.8). Proposed and never merged (docs/semantics.md 2.3): `rfc_nested_mark`, a mark shows that
 * some task holds the instance's lock, and a registration then does not take it; `rfc_list_locks`, a lock for each list
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
  /** The name of the regime */
  readonly regime: LockRegime;
  /**
   * The lock of a registration. `takes`: each registration takes the instance's lock; `held`: the caller holds the instance's lock;
   * `marked`: a registration takes the lock unless a task is marked as its holder; `lists`: it takes the lock of the object's list
   */
  readonly registration: "takes" | "held" | "marked" | "lists";
  /** True if drivers lock the instance in the callbacks of a reload, which runs without that lock (5.18, 5.19) */
  readonly callbacksLock: boolean;
  /** True if a driver that changes an instance outside of a request disables reloads meanwhile (to 5.15) */
  readonly holdsReloadsOff: boolean;
  /** True if a driver has its own lock for its list of ports, taken before the instance's lock (to 5.17) */
  readonly portListLock: boolean;
  /** The lock classes of instances in lockdep: one class for all, or one for each instance (from 6.0) */
  readonly instanceKeys: "one" | "each";
  /**
   * How unregistering an instance waits for its users. `users`: until the last user is gone, and new users can still come;
   * `users, no new ones`: the same without new users; `lock`: only for the lock, and each user checks again after it got the lock
   */
  readonly unregister: "users" | "users, no new ones" | "lock";
  /** Which of two nested instances is locked first */
  readonly nestedOrder: "none" | "parent first" | "nested first";
  /** What a driver's work that reports trapped packets does if the instance is locked; `tries` in every real kernel */
  readonly trapWork: "tries" | "waits";
  /**
   * How a request of ethtool(8) locks an instance. `unreferenced`: it drops RTNL and takes the instance's lock, without a reference
   * that keeps the instance alive; `referenced`: the same with a reference; `looks again`: it also checks the registration after it
   * got the lock; `under rtnl`: it keeps RTNL, as no kernel does
   */
  readonly compat: "unreferenced" | "referenced" | "looks again" | "under rtnl";
  /** The requests that do not take the lock of the instance, by their kind; `requests_test.ts` has the source of each */
  readonly requests: RequestLocks;
}

/**
 * The lock of a request while it reads an instance. `reporters`: the lock of the list of reporters; `instance first`: the lock of
 * the instance, which it releases before the read; `none`: no lock but the global mutex, if there is one
 */
export type RequestLock = "instance" | "reporters" | "instance first" | "none";

/** The locks of requests that are not the lock of the instance. */
export interface RequestLocks {
  /** By kind: the lock of a request about one instance */
  readonly one: { readonly [K in OperationKind]?: RequestLock };
  /** By kind: the lock of a dump of all instances */
  readonly all: { readonly [K in OperationKind]?: RequestLock };
}

/** The locks of most requests about a reporter, to 5.19 (`DEVLINK_NL_FLAG_NO_LOCK`). */
const HEALTH: RequestLocks["one"] = {
  "health.show": "reporters",
  "health.set": "reporters",
  "health.recover": "reporters",
  "health.diagnose": "reporters",
  "health.dump.show": "reporters",
  "health.dump.clear": "reporters",
  "health.test": "reporters",
};
/** The locks of requests to 5.17. */
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
/** The locks of requests from 6.0 to 6.2: some still read a reporter under the lock of the reporters only. */
const REQUESTS_INSTANCE: RequestLocks = {
  one: { "health.dump.show": "reporters" },
  all: { "health.show": "reporters", "linecard.show": "none" },
};
const NO_REQUESTS: RequestLocks = { one: {}, all: {} };
/** The locks of requests from 6.3 to 6.5: `health dump show` takes the instance's lock, and releases it before the read. */
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
 * What happens to a driver's traps in a reload. `reload`: they are registered again; `probe`: they stay from probe to remove (a
 * patch that was refused); `reload_asserting`: they are registered again by a core that announces no groups and policers, and warns
 * (never released, docs/semantics.md 3.11)
 */
export type TrapLifetime = "reload" | "probe" | "reload_asserting";

/**
 * The netns in which a driver registers its netdev notifier: all netns, the netns of its instance, the netns of its netdev, or all
 * netns when its module is loaded. The first one waits for all netns that are being created or are dying (`pernet_ops_rwsem`).
 */
export type NotifierScope = "global" | "per_net" | "dev_net" | "module_init";

/**
 * How the core gets a driver's operations: one static table for all instances, or a table that is set for each instance before it
 * is registered. Such a table has all ops, or only the reload ops (`devlink_set_ops()`, `devlink_set_reload_ops()`: proposed, never
 * merged, docs/semantics.md 1.6), so that an instance that must not be reloaded has no reload ops.
 */
export type OpsMode = "static" | "set_ops" | "set_reload_ops";

/** How a driver uses locks that are not its own: overrides for behaviour that no driver of the era has. */
export interface DriverLocks {
  /** Which of two nested instances a driver locks first. Meant for kernels that use the same order */
  readonly nestedOrder: "none" | "parent first" | "nested first";
  /** True if RTNL is held from the end of `reload_down` to the end of `reload_up`, and so while ports are announced (bnxt) */
  readonly rtnlOverReload: boolean;
  /** True if a reload takes the lock of its device */
  readonly deviceLockInReload: boolean;
}

/** The behaviour of real drivers. */
export const DRIVER_LOCKS: DriverLocks = { nestedOrder: "none", rtnlOverReload: false, deviceLockInReload: false };
