/**
 * What an era is: the types of everything that differs by kernel, by subsystem. The values are data in one file an era
 * (`linux_6_12.ts`); `list.ts` is the list of those files. The rest of the model asks its era and never looks at a version.
 * What only one driver's code reads is in the driver's folder.
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
  /** What phylib does differently */
  readonly phylib: PhylibEra;
}

/** What the devlink core does differently: messages, dumps, params (net/devlink). */
export interface DevlinkEra {
  /** What `NL_SET_ERR_MSG_MOD` puts before the texts of the devlink core: the name of its object file */
  readonly corePrefix: string | undefined;
  /** What happens to a message that nobody listens to: it is built (and so reads the driver's counters), or skipped */
  readonly unheard: "built" | "skipped";
  /** True if a socket can set a filter on the messages that it gets (from 6.8) */
  readonly notifyFilter: boolean;
  /** True if a dump can be limited to one instance; devlink(8) refuses by itself if not */
  readonly filteredDumps: boolean;
  /** True if an instance has an index that names it, too (`DEVLINK_ATTR_INDEX`) */
  readonly showsIndex: boolean;
  /** True if one dump has the resources of all instances, and if the resources of a port can be shown */
  readonly dumpsResources: boolean;
  /** True if traps have a drop counter that the driver reads */
  readonly trapDropCounter: boolean;
  /** True if a param shows its default, and can be reset to it */
  readonly paramDefaults: boolean;
  /** True if a region shows how many snapshots it can hold */
  readonly regionMax: boolean;
  /** True if a reporter has a burst period before its grace period */
  readonly burstPeriod: boolean;
  /** When a driverinit param takes effect: at once for the driver's next look, or as the reload promotes it */
  readonly driverinit: "overwritten" | "promoted";
  /** The direction in which params and ports vanish when the instance is unregistered */
  readonly unregisterParams: "ascending" | "descending";
}

/** The checks of a reload that can refuse it with an errno of their own (`devlink_nl_cmd_reload()`). */
export type ReloadCheck = "resources" | "action" | "limit" | "limitOfAction" | "netns" | "netnsOfAction";

/** How the kernel refuses a request. */
export interface Refusal {
  /** The errno, for example `EINVAL` */
  readonly errno: string;
  /** The text of the extended ack */
  readonly text: string;
  /** What stands before the text, if it is not the prefix of the devlink core */
  readonly prefix?: string;
}

/** What a reload does differently (docs/semantics.md 3). */
export interface ReloadEra {
  /**
   * How a driver that can reload excludes one instance from it: it never switches reloads on (to 5.15); it leaves out a feature bit
   * (5.16 to 6.2); or its callback refuses. Up to 6.2 there is no message either (docs/semantics.md 1.6)
   */
  readonly reloadWithheldBy: "switch" | "feature" | "driver";
  /** Where `limit no_reset` stops on a driver without that limit: at the netlink policy, or at the reload's own checks */
  readonly limitRefusedBy: "policy" | "reload";
  /**
   * How a reload into another netns is announced. `around`: params and instance vanish before the driver goes down, and
   * appear after it came up. `between`: both between down and up
   */
  readonly netnsMove: "around" | "between";
  /** What each check of a reload answers */
  readonly reloadRefusals: Readonly<Record<ReloadCheck, Refusal>>;
}

/** Which locks are taken where (docs/semantics.md 2). */
export interface LockingEra {
  /** The locks of a reload and of the end of a netns, in the order in which they are taken */
  readonly reloadLocks: readonly ("device" | "instance")[];
  /** True if one mutex of the devlink core is held over every command, every dump and the end of a netns */
  readonly devlinkMutex: boolean;
  /**
   * True if a driver locks its instance during probe and remove and while ports come and go. If not, each registration
   * takes the lock itself, others run in between, and reloads are refused meanwhile (`devlink_reload_disable`)
   */
  readonly driverLocksInstance: boolean;
  /** True if filling a port message takes RTNL (6.1); if not, the port stores its netdev's name */
  readonly portFillTakesRtnl: boolean;
  /** True if rtnetlink looks for a netdev under RTNL, so that a request for a missing netdev waits, too */
  readonly looksUpUnderRtnl: boolean;
  /** The lock regime, with the exceptions of the era */
  readonly locks: LockEra;
  /** What the profiles of hardware drivers do with locks that are not their own */
  readonly drivers: DriverLocks;
}

/** What drivers do differently because the core asks for it. */
export interface DriverEra {
  /**
   * When a driver registers its instance. `first`: right after the allocation, with the lock held for the whole probe, so that
   * each object announces itself. `last`: at the end, so that all objects are announced at once, and vanish at once at removal
   */
  readonly registers: "first" | "last";
  /**
   * Who sets the type of a port to eth. `driver`: the driver, once its netdev exists (one message each way).
   * `netdev-events`: the core, as the netdev comes and goes (two messages each way)
   */
  readonly portType: "driver" | "netdev-events";
  /** What a reload does with a driver's traps; every kernel: `reload` */
  readonly trapLifetime: TrapLifetime;
  /** Where a driver's operations come from */
  readonly opsMode: OpsMode;
  /** For which netns an RDMA driver asks for netdev events */
  readonly notifierScope: NotifierScope;
}

/** How many entries the tables of a netns hold from the start, of IPv4 and of IPv6. */
export interface FibEntries {
  /** Routes of a board's own netns */
  readonly lab: readonly [number, number];
  /** Rules, of any netns; none where the kernel has one table of routes (CONFIG_IP_MULTIPLE_TABLES) */
  readonly rules: readonly [number, number];
}

/** What netdevs and the FIB do differently. */
export interface NetEra {
  /** The errno of one route too many: the kernel's translation of a FIB notifier's refusal */
  readonly fibRefusal: "EPERM" | "ENOSPC";
  /** How many entries the tables of routes and rules of a netns hold from the start */
  readonly fibEntries: FibEntries;
  /** How many entries 127.0.0.1/8 puts into the FIB: the broadcast of the zero host is one in older kernels */
  readonly loopbackRoutes: number;
  /** True if a simulated netdev has no carrier once it was taken down (nothing is linked to it) */
  readonly downLosesCarrier: boolean;
  /** True if a netdev's operational state follows its carrier before the link is shown, under RTNL */
  readonly linkwatchSync: boolean;
}

/** What the rest of the kernel does differently: sysfs, number parsing, workqueues, the build. */
export interface KernelEra {
  /**
   * The errno of a `bind` in sysfs that binds nothing, because the device has a driver or its probe failed: `ENODEV` always, or
   * `EBUSY` and the errno of the probe
   */
  readonly bindErrno: "ENODEV" | "own";
  /** True if `bind` refuses a device that has a driver at once, without the device's lock (drivers/base/bus.c, bind_store()) */
  readonly bindLooksFirst: boolean;
  /** True if `t` and `f` are words for yes and no in a file (lib/kstrtox.c, kstrtobool(); from 5.17 on) */
  readonly readsTrueFalse: boolean;
  /** How sscanf() reads a number that 64 bits do not hold: as its lowest bits, or as the greatest number that they hold */
  readonly scanOverflow: "wraps" | "saturates";
  /**
   * What an oops in a kernel thread of a workqueue does to other work on the same CPU, the only one of the model:
   * nothing, or the work never runs again, nor does RCU, which netdevs wait for as they go down
   */
  readonly deadWorker: "alone" | "stalls";
  /**
   * What a build of the kernel lacks that Debian's has: `module` where drivers are built in, `power` (CONFIG_PM), `ipsec`
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
   * Which commands look for their port before they find that the driver has no such op. A split that does not finds first that
   * the port is missing or cannot be split
   */
  readonly findPort: readonly ("split" | "unsplit" | "del")[];
  /** True if there is a command to add a port, so that the kernel looks for the device */
  readonly additions: boolean;
  /** The text that refuses a param of a port, if any */
  readonly paramsRefusal: string | undefined;
  /** The settings of a port's function that the kernel can parse */
  readonly functionSettings: readonly FunctionSetting[];
  /** What is checked first of a hardware address: if it is one (`value`), or if the driver can set any (`support`) */
  readonly functionChecks: "value" | "support";
  /** True if the netlink policy knows the mode `switchdev_inactive` (the driver refuses it then) */
  readonly inactiveMode: boolean;
  /** True if there are rate objects at all */
  readonly rates: boolean;
  /** True if the kernel knows the priority and the weight of a rate object; if not, no policy takes them */
  readonly ratePriority: boolean;
  /** True if a rate object that has a parent takes another one; if not, it has to drop its parent first */
  readonly reparents: boolean;
  /** If rate objects have a bandwidth for each traffic class; if not, whether a request with one is refused, or the rest is done */
  readonly rateClasses: "taken" | "refused" | "ignored";
  /** True if a reload warns of what the driver left registered when it went down */
  readonly reloadWarns: boolean;
  /** True if ports have resources of their own */
  readonly resources: boolean;
  /** True if a netdev that is up can be renamed */
  readonly renamesUp: boolean;
  /** The text for a netdev that is to move to a netns in which its name is taken, if any */
  readonly moveCollision: string | undefined;
  /** The text for a netdev that is to move and cannot leave its netns, if any */
  readonly moveImmutable: string | undefined;
  /** True if such a netdev is also refused to move to the netns in which it is */
  readonly moveChecksFirst: boolean;
}

/** What phylink does differently (drivers/net/phy/phylink.c). */
export interface PhylinkEra {
  /** True if phylink asks the MAC for its PCS at each major configuration; if not, the MAC sets it once (`phylink_set_pcs`) */
  readonly selects: boolean;
  /** If no answer to that question keeps the PCS of before, or drops it */
  readonly noAnswer: "keeps" | "drops";
  /** True if a PCS is enabled and disabled, and prepared before the MAC is configured */
  readonly enables: boolean;
  /** True if phylink asks a PCS what it can do in-band before it configures anything */
  readonly asksInband: boolean;
  /** True if phylink reads a link again that it saw down, since the state that a PCS latched may be old */
  readonly rereads: boolean;
  /** What starts the polling of a PCS: the start of phylink, or each major configuration */
  readonly pollsFrom: "start" | "configuration";
  /** True if a configuration that failed keeps the link down until one succeeds */
  readonly failureKeepsDown: boolean;
  /** What decides if a link is fixed or reported in-band: known from the creation on, or from the first configuration */
  readonly modeFrom: "creation" | "configuration";
  /** True if resolving takes the mutex of the PHY first */
  readonly phydevMutex: boolean;
}

/** What phylib does differently (drivers/net/phy/phy.c, drivers/leds/led-triggers.c). */
export interface PhylibEra {
  /** True if the state machine asks the driver of a PHY for its statistics at each turn, also where there is no driver any more */
  readonly pollingAsksDriver: boolean;
  /** True if an LED trigger has a lock, on which a CPU spins for ever if the trigger's memory was overwritten */
  readonly triggerLock: boolean;
}
