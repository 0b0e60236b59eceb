/**
 * Designs: kernels that do not exist. A machine can have another lock regime than its era, to see the result
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

/** By lock regime: the other values of an era that depend on the regime. */
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

/** Overrides of the choices that an era makes. */
export interface Design {
  /** The lock regime. @default The era's own */
  lockRegime?: LockRegime;
  /** Overrides of single locks of the regime */
  locks?: Partial<LockEra>;
  /** Overrides of what drivers do with locks that are not their own */
  drivers?: Partial<DriverLocks>;
  /** The lifetime of a driver's traps. @default {"reload"} */
  trapLifetime?: TrapLifetime;
  /** The netns in which an RDMA driver listens to netdev events. @default The era's own */
  notifierScope?: NotifierScope;
  /** How the core gets a driver's operations. @default {"static"} */
  opsMode?: OpsMode;
  /** When a driver registers its instance: first, with the instance locked, or last. @default The era's own */
  registerAt?: "early_locked" | "last";
}

/** Returns an era with the overrides of a design. */
export function designed<E extends EraBehaviour>(era: E, design: Design): E {
  const { lockRegime, locks, trapLifetime, notifierScope, opsMode, registerAt } = design;
  const regime = lockRegime === undefined ? {} : { ...ELSEWHERE[lockRegime], locks: REGIMES[lockRegime] };
  const result = { ...era, ...regime };
  return {
    ...result,
    locks: { ...result.locks, ...locks },
    // A driver cannot hold the lock if the registration functions take it
    driverLocksInstance: locks?.registration === undefined ? result.driverLocksInstance : locks.registration === "held",
    drivers: { ...result.drivers, ...design.drivers },
    ...(trapLifetime === undefined ? {} : { trapLifetime }),
    ...(notifierScope === undefined ? {} : { notifierScope }),
    ...(opsMode === undefined ? {} : { opsMode }),
    ...(registerAt === undefined ? {} : { registers: registerAt === "last" ? "last" : "first" }),
  };
}
