/**
 * The types of an era: all values that differ by kernel, by subsystem. The values are data in one file for each era
 * (`linux_6_12.ts`); `list.ts` lists these files. The rest of the model reads its era and never checks a version.
 * Values that only one driver's code reads are in the driver's folder.
 *
 * @module
 */

import type { ObjectsEra } from "./objects.ts";
import type { DriverLocks, LockEra, NotifierScope, OpsMode, TrapLifetime } from "./regime.ts";

/** Everything that one family of kernels does differently from the others. */
export interface EraBehaviour extends DevlinkEra, ReloadEra, LockingEra, DriverEra, NetEra, KernelEra {
  /** How ports, the eswitch and rate objects differ */
  readonly ports: PortEra;
  /** How refused commands, flash, regions and health differ */
  readonly objects: ObjectsEra;
  /** How phylink treats its PCS */
  readonly phylink: PhylinkEra;
  /** How phylib differs */
  readonly phylib: PhylibEra;
}

/** What the devlink core does differently: messages, dumps, params (net/devlink). */
export interface DevlinkEra {
  /** The prefix that `NL_SET_ERR_MSG_MOD` puts before the texts of the devlink core: the name of its object file */
  readonly corePrefix: string | undefined;
  /** If no socket listens, a message is built all the same (which reads the driver's counters), or skipped */
  readonly unheard: "built" | "skipped";
  /** True if a socket can set a filter on the messages that it gets (from 6.8) */
  readonly notifyFilter: boolean;
  /** True if a dump can be limited to one instance; devlink(8) refuses by itself if not */
  readonly filteredDumps: boolean;
  /** True if a request can also name an instance by its index (`DEVLINK_ATTR_INDEX`) */
  readonly showsIndex: boolean;
  /** True if there is a dump of the resources of all instances, and if the resources of a port can be shown */
  readonly dumpsResources: boolean;
  /** True if traps have a drop counter that the driver reads */
  readonly trapDropCounter: boolean;
  /** True if a param shows its default, and can be reset to it */
  readonly paramDefaults: boolean;
  /** True if a region shows how many snapshots it can hold */
  readonly regionMax: boolean;
  /** True if a reporter has a burst period before its grace period */
  readonly burstPeriod: boolean;
  /** When a driverinit param takes effect: at the next read by the driver, or when a reload promotes it */
  readonly driverinit: "overwritten" | "promoted";
  /** The order in which params and ports are deleted when the instance is unregistered */
  readonly unregisterParams: "ascending" | "descending";
}

/** The checks of a reload that each have their own errno (`devlink_nl_cmd_reload()`). */
export type ReloadCheck = "resources" | "action" | "limit" | "limitOfAction" | "netns" | "netnsOfAction";

/** The refusal of a request by the kernel. */
export interface Refusal {
  /** The errno, for example `EINVAL` */
  readonly errno: string;
  /** The text of the extended ack */
  readonly text: string;
  /** The prefix of the text, if it is not the prefix of the devlink core */
  readonly prefix?: string;
}

/** What a reload does differently (docs/semantics.md 3). */
export interface ReloadEra {
  /**
   * How a driver that can reload excludes one instance from reloads: it never enables reloads (to 5.15); it leaves out a feature
   * bit
   * (5.16 to 6.2); or its callback refuses. Up to 6.2 the refusal has no extack (docs/semantics.md 1.6)
   */
  readonly reloadWithheldBy: "switch" | "feature" | "driver";
  /** What refuses `limit no_reset` if the driver lacks this limit: the netlink policy, or the reload's own checks */
  readonly limitRefusedBy: "policy" | "reload";
  /**
   * How a reload into another netns is announced. `around`: params and instance are announced as deleted before the driver's
   * `reload_down`, and as new after its `reload_up`. `between`: both happen between down and up
   */
  readonly netnsMove: "around" | "between";
  /** The refusal of each check of a reload */
  readonly reloadRefusals: Readonly<Record<ReloadCheck, Refusal>>;
}

/** What kernels do differently with locks (docs/semantics.md 2). */
export interface LockingEra {
  /** The locks of a reload and of the end of a netns, in the order in which they are taken */
  readonly reloadLocks: readonly ("device" | "instance")[];
  /** True if each command, each dump and the end of a netns hold one mutex of the devlink core */
  readonly devlinkMutex: boolean;
  /**
   * True if a driver locks its instance during probe and remove and while it adds and removes ports. If not, each registration
   * takes the lock itself, other tasks run in between, and reloads are refused meanwhile (`devlink_reload_disable`)
   */
  readonly driverLocksInstance: boolean;
  /** True if filling a port message takes RTNL (6.1); if not, the port stores its netdev's name */
  readonly portFillTakesRtnl: boolean;
  /** True if rtnetlink looks a netdev up under RTNL, so that a request for a missing netdev waits for RTNL, too */
  readonly looksUpUnderRtnl: boolean;
  /** The lock regime, with the exceptions of the era */
  readonly locks: LockEra;
  /** How the profiles of hardware drivers use locks that are not their own */
  readonly drivers: DriverLocks;
}

/** What drivers do differently because the core requires it. */
export interface DriverEra {
  /**
   * When a driver registers its instance. `first`: right after the allocation, with the lock held for the whole probe, so that
   * each object is announced when it is registered. `last`: at the end, so that all objects are announced together, also at removal
   */
  readonly registers: "first" | "last";
  /**
   * Who sets the type of a port to eth. `driver`: the driver, after its netdev exists (one message to set, one to clear).
   * `netdev-events`: the core, at the events of the netdev (two messages to set, two to clear)
   */
  readonly portType: "driver" | "netdev-events";
  /** What a reload does with a driver's traps; `reload` in every real kernel */
  readonly trapLifetime: TrapLifetime;
  /** How the core gets a driver's operations */
  readonly opsMode: OpsMode;
  /** The netns in which an RDMA driver listens to netdev events */
  readonly notifierScope: NotifierScope;
}

/** The numbers of entries in the FIB tables of a new netns: of IPv4, and of IPv6. */
export interface FibEntries {
  /** Routes of a board's initial netns */
  readonly lab: readonly [number, number];
  /** Rules of any netns; 0 if the kernel has only one routing table (without CONFIG_IP_MULTIPLE_TABLES) */
  readonly rules: readonly [number, number];
}

/** What netdevs and the FIB do differently. */
export interface NetEra {
  /** The errno of a route that exceeds a limit: the kernel translates the refusal of a FIB notifier */
  readonly fibRefusal: "EPERM" | "ENOSPC";
  /** The numbers of routes and rules in a new netns */
  readonly fibEntries: FibEntries;
  /** The number of FIB entries that 127.0.0.1/8 adds; older kernels also add the broadcast address with host part 0 */
  readonly loopbackRoutes: number;
  /** True if a simulated netdev without a linked peer loses its carrier when it is set down */
  readonly downLosesCarrier: boolean;
  /** True if a netdev's operational state follows its carrier before the link is shown, under RTNL */
  readonly linkwatchSync: boolean;
}

/** What the rest of the kernel does differently: sysfs, number parsing, workqueues, the build. */
export interface KernelEra {
  /**
   * The errno of a `bind` in sysfs if the device has a driver or its probe failed. `ENODEV`: always this one. `own`: `EBUSY`, or
   * the errno of the probe
   */
  readonly bindErrno: "ENODEV" | "own";
  /** True if `bind` refuses a device that has a driver at once, without the device's lock (drivers/base/bus.c, bind_store()) */
  readonly bindLooksFirst: boolean;
  /** True if files accept `t` and `f` for true and false (lib/kstrtox.c, kstrtobool(); from 5.17 on) */
  readonly readsTrueFalse: boolean;
  /** How sscanf() reads a number of more than 64 bits: as its lowest 64 bits, or as the greatest 64-bit number */
  readonly scanOverflow: "wraps" | "saturates";
  /**
   * The effect of an oops in a workqueue's kernel thread on other work on the same CPU, the only one of the model. `alone`: no
   * effect. `stalls`: other work never runs again, and RCU grace periods never end, which netdevs wait for when they go down
   */
  readonly deadWorker: "alone" | "stalls";
  /**
   * The features that a build of the kernel lacks and Debian's has: `module` if drivers are built in, `power` (CONFIG_PM), `ipsec`
   * (CONFIG_XFRM_OFFLOAD)
   */
  readonly configuredOut: readonly ("module" | "power" | "ipsec")[];
}

/** A setting of a port's function, as `devlink port function set` takes it, in the order in which the kernel checks them. */
export const FUNCTION_SETTINGS = [
  "hwAddr",
  "state",
  "roce",
  "migratable",
  "ipsecCrypto",
  "ipsecPacket",
  "maxIoEqs",
] as const;
/** A setting of a port's function, by its parameter in the vocabulary. */
export type FunctionSetting = typeof FUNCTION_SETTINGS[number];

/** What ports, the eswitch and rate objects do differently (net/devlink). */
export interface PortEra {
  /** The order of an instance's ports: by registration (a list), or by index (an xarray, from 6.3) */
  readonly order: "registration" | "index";
  /** The errno of registering a port whose index is taken */
  readonly taken: "EEXIST" | "EBUSY";
  /**
   * The commands that look up their port before they check that the driver has the op. A split outside of this list first reports
   * that the port is missing or cannot be split
   */
  readonly findPort: readonly ("split" | "unsplit" | "del")[];
  /** True if there is a command to add a port; the kernel then looks up the device */
  readonly additions: boolean;
  /** The text that refuses a param of a port, if any */
  readonly paramsRefusal: string | undefined;
  /** The settings of a port's function that the kernel can parse */
  readonly functionSettings: readonly FunctionSetting[];
  /** The first check of a hardware address: its validity (`value`), or if the driver can set one at all (`support`) */
  readonly functionChecks: "value" | "support";
  /** True if the netlink policy knows the mode `switchdev_inactive` (the driver refuses it then) */
  readonly inactiveMode: boolean;
  /** True if there are rate objects at all */
  readonly rates: boolean;
  /** True if the kernel knows the priority and the weight of a rate object; if not, the netlink policy refuses them */
  readonly ratePriority: boolean;
  /** True if a rate object with a parent can get another parent at once; if not, the parent has to be removed first */
  readonly reparents: boolean;
  /** `taken`: rate objects have a bandwidth for each traffic class; `refused`: such a request fails; `ignored`: the rest is done */
  readonly rateClasses: "taken" | "refused" | "ignored";
  /** True if a reload warns of objects that the driver left registered in `reload_down` */
  readonly reloadWarns: boolean;
  /** True if ports have resources of their own */
  readonly resources: boolean;
  /** True if a netdev that is up can be renamed */
  readonly renamesUp: boolean;
  /** The text that refuses to move a netdev to a netns in which its name is taken, if any */
  readonly moveCollision: string | undefined;
  /** The text that refuses to move a netdev that cannot leave its netns, if any */
  readonly moveImmutable: string | undefined;
  /** True if the kernel also refuses to move such a netdev to the netns that it is in */
  readonly moveChecksFirst: boolean;
}

/** What phylink does differently (drivers/net/phy/phylink.c). */
export interface PhylinkEra {
  /** True if phylink asks the MAC for its PCS at each major configuration; if not, the MAC sets it once (`phylink_set_pcs`) */
  readonly selects: boolean;
  /** If the MAC returns no PCS, phylink keeps the previous PCS, or drops it */
  readonly noAnswer: "keeps" | "drops";
  /** True if phylink enables and disables a PCS, and prepares it before it configures the MAC */
  readonly enables: boolean;
  /** True if phylink asks a PCS for its in-band capabilities before a configuration */
  readonly asksInband: boolean;
  /** True if phylink reads a link that is down a second time, since the state that a PCS latched may be old */
  readonly rereads: boolean;
  /** What starts the polling of a PCS: the start of phylink, or each major configuration */
  readonly pollsFrom: "start" | "configuration";
  /** True if a configuration that failed keeps the link down until one succeeds */
  readonly failureKeepsDown: boolean;
  /** When the mode of a link (fixed or in-band) is known: from the creation on, or from the first configuration on */
  readonly modeFrom: "creation" | "configuration";
  /** True if the resolve work takes the mutex of the PHY first */
  readonly phydevMutex: boolean;
}

/** What phylib does differently (drivers/net/phy/phy.c, drivers/leds/led-triggers.c). */
export interface PhylibEra {
  /** True if each run of the state machine asks the PHY's driver for statistics, even if there is no driver any more */
  readonly pollingAsksDriver: boolean;
  /** True if an LED trigger has a spinlock, on which a CPU spins for ever if the trigger's memory was overwritten */
  readonly triggerLock: boolean;
}
