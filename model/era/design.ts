/**
 * Designs: kernels that could have been. A machine can have another lock regime than its era, to see the result
 * (docs/semantics.md 2).
 *
 * @module
 */

import type { EraBehaviour } from "./era.ts";
import {
  type DriverLocks,
  type LockEra,
  type LockRegime,
  type NotifierScope,
  type OpsMode,
  REGIMES,
  type TrapLifetime,
} from "./regime.ts";

/** What each regime does to the rest of an era. */
const ELSEWHERE: Readonly<
  Record<LockRegime, Pick<EraBehaviour, "devlinkMutex" | "reloadLocks" | "driverLocksInstance" | "registers">>
> = {
  global_mutex: { devlinkMutex: true, reloadLocks: [], driverLocksInstance: false, registers: "first" },
  global_plus_devl: { devlinkMutex: true, reloadLocks: [], driverLocksInstance: true, registers: "last" },
  instance: { devlinkMutex: false, reloadLocks: ["instance"], driverLocksInstance: true, registers: "last" },
  instance_plus_device: {
    devlinkMutex: false,
    reloadLocks: ["device", "instance"],
    driverLocksInstance: true,
    registers: "first",
  },
  rfc_nested_mark: { devlinkMutex: false, reloadLocks: ["instance"], driverLocksInstance: false, registers: "last" },
  rfc_list_locks: { devlinkMutex: false, reloadLocks: ["instance"], driverLocksInstance: false, registers: "last" },
};

/** What a kernel could have been: choices that its era makes where nobody else does. */
export interface Design {
  /** The lock regime. @default The era's own */
  lockRegime?: LockRegime;
  /** Locks that are to differ from the locks of the regime */
  locks?: Partial<LockEra>;
  /** What drivers do otherwise with the locks of others */
  drivers?: Partial<DriverLocks>;
  /** How long a driver's traps stay. @default {"reload"} */
  trapLifetime?: TrapLifetime;
  /** Where an RDMA driver asks for netdev events. @default The era's own */
  notifierScope?: NotifierScope;
  /** Where a driver's operations come from. @default {"static"} */
  opsMode?: OpsMode;
  /** When a driver registers its instance: first, the instance locked, or last. @default The era's own */
  registerAt?: "early_locked" | "last";
}

/** Returns an era with another design. */
export function designed<E extends EraBehaviour>(era: E, design: Design): E {
  const { lockRegime, locks, trapLifetime, notifierScope, opsMode, registerAt } = design;
  const regime = lockRegime === undefined ? {} : { ...ELSEWHERE[lockRegime], locks: REGIMES[lockRegime] };
  const result = { ...era, ...regime };
  return {
    ...result,
    locks: { ...result.locks, ...locks },
    // Who registers by functions that take the lock cannot have it
    driverLocksInstance: locks?.registration === undefined ? result.driverLocksInstance : locks.registration === "held",
    drivers: { ...result.drivers, ...design.drivers },
    ...(trapLifetime === undefined ? {} : { trapLifetime }),
    ...(notifierScope === undefined ? {} : { notifierScope }),
    ...(opsMode === undefined ? {} : { opsMode }),
    ...(registerAt === undefined ? {} : { registers: registerAt === "last" ? "last" : "first" }),
  };
}
