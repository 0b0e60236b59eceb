/**
 * Eras: the families of kernel releases that behave alike. Everything that differs by kernel is named here, and said of each
 * in `eras.ts`, as data; the rest of the model asks its era and never looks at a version.
 *
 * @module
 */

import type { ObjectsEra } from "./objects.ts";
import type { FibEntries } from "../netns.ts";
import { ERAS } from "./eras.ts";
import type { DriverLocks, LockEra, NotifierScope, OpsMode, TrapLifetime } from "./regime.ts";

/** The eras, named by the first release of each that was looked at (docs/semantics.md 0.2). */
export type EraId = "5.10" | "5.15" | "5.16" | "5.18" | "6.1" | "6.3" | "6.12" | "7.2" | "7.3";

/** The eras that a kernel of was booted, and the model compared with it. */
export type BootedEraId = Exclude<EraId, "5.15" | "5.16" | "5.18" | "6.3">;

/** What one family of kernels does differently from the others. */
export interface Era {
  /** The kernel that it was taken from */
  readonly id: EraId;
  /** Checked against a booted kernel of the family; else read from source only */
  readonly booted: boolean;
  /** The booted kernel that is nearest to it: for what has no meaning to devlink */
  readonly nearest: BootedEraId;
  /** What `NL_SET_ERR_MSG_MOD` puts in front of the texts of the devlink core: the name of its object file */
  readonly corePrefix: string | undefined;
  /**
   * When netdevsim registers its instance. `first`: right after the allocation, the lock held for the whole probe, so that
   * each object announces itself. `last`: at the end, so that everything is announced at once, and gone at once at removal
   */
  readonly registers: "first" | "last";
  /** Whether a message that nobody listens to is built (and so reads the driver's counters) or not */
  readonly unheard: "built" | "skipped";
  /**
   * How a driver that can reload keeps one instance from it: it never switches reloads on (to 5.15); it leaves out a feature bit
   * (5.16 to 6.2); or its callback refuses. Up to 6.2 there is no message either (docs/semantics.md 1.6)
   */
  readonly reloadWithheldBy: "switch" | "feature" | "driver";
  /** Whether a socket can set a filter on the messages that it gets (from 6.8) */
  readonly notifyFilter: boolean;
  /** The locks of a reload and of the end of a netns, in the order in which they are taken */
  readonly reloadLocks: readonly ("device" | "instance")[];
  /** Whether one mutex of the devlink core is held over every command, every dump and the end of a netns */
  readonly devlinkMutex: boolean;
  /**
   * Whether netdevsim locks its instance while it is probed or removed and while its ports come and go. Else each registration
   * does so by itself, others run in between, and reloads are refused meanwhile (`devlink_reload_disable`)
   */
  readonly driverLocksInstance: boolean;
  /** Whether filling a port message takes RTNL (6.1), or finds the netdev's name kept in the port */
  readonly portFillTakesRtnl: boolean;
  /**
   * Who says that a port is of type eth. `driver`: netdevsim, after its netdev is there (one message each way).
   * `netdev-events`: the core, as the netdev comes and goes (two messages each way)
   */
  readonly portType: "driver" | "netdev-events";
  /**
   * How a reload into another netns is announced. `around`: params and instance vanish before the driver goes down, and
   * appear after it came up. `between`: both between down and up
   */
  readonly netnsMove: "around" | "between";
  /** Whether a driverinit param set takes effect at once for the driver's next look, or is promoted by the reload */
  readonly driverinit: "overwritten" | "promoted";
  /** The direction in which params and ports vanish when the instance is unregistered */
  readonly unregisterParams: "ascending" | "descending";
  /** Where `limit no_reset` stops on a driver without that limit: at the netlink policy, or at the reload's own checks */
  readonly limitRefusedBy: "policy" | "reload";
  /** Whether a dump of one instance's objects can be asked for; devlink(8) refuses by itself if not */
  readonly filteredDumps: boolean;
  /** How a route too many fails: what a FIB notifier's refusal turns into */
  readonly fibRefusal: "EPERM" | "ENOSPC";
  /** How many entries the tables of routes and rules of a netns hold from the start */
  readonly fibEntries: FibEntries;
  /** How many entries 127.0.0.1/8 puts into the FIB: the broadcast of the zero host is one in older kernels */
  readonly loopbackRoutes: number;
  /**
   * What a `bind` in sysfs says that binds nothing, since the device has a driver or its probe failed: `ENODEV` always, or
   * `EBUSY` and the errno of the probe
   */
  readonly bindErrno: "ENODEV" | "own";
  /** The flags of a netdevsim netdev that is down, as ip(8) prints them */
  readonly netdevFlags: readonly string[];
  /** Whether a netdevsim netdev that was taken down has no carrier from then on (nothing is linked to it) */
  readonly downLosesCarrier: boolean;
  /** Whether `t` and `f` are words for yes and no in a file (lib/kstrtox.c, kstrtobool(); from 5.17 on) */
  readonly readsTrueFalse: boolean;
  /** Whether traps have a drop counter that the driver reads */
  readonly trapDropCounter: boolean;
  /** Whether rtnetlink looks for a netdev under RTNL, so that who asks for one that is not there waits, too */
  readonly looksUpUnderRtnl: boolean;
  /** What sscanf() makes of a number that 64 bits do not hold: its lowest bits, or the greatest number that they hold */
  readonly scanOverflow: "wraps" | "saturates";
  /** Whether showing a netdev's link has its operational state follow the carrier first, under RTNL */
  readonly linkwatchSync: boolean;
  /**
   * What an oops in a kernel thread of a workqueue does to other work that is bound to the same CPU, the only one of the model:
   * nothing, or it never runs again, and with it RCU, which netdevs wait for as they go down
   */
  readonly deadWorker: "alone" | "stalls";
  /** Whether an instance tells its index, by which it can be named, too (`DEVLINK_ATTR_INDEX`) */
  readonly showsIndex: boolean;
  /** Whether the resources of all instances can be asked for at once, and those of a port */
  readonly dumpsResources: boolean;
  /** Whether a param tells its default, and can be put back to it */
  readonly paramDefaults: boolean;
  /** Whether a region tells how many snapshots it holds at most */
  readonly regionMax: boolean;
  /** Whether a reporter has a burst period before its grace period */
  readonly burstPeriod: boolean;
  /** Which locks are taken where */
  readonly locks: LockEra;
  /** What the profiles of hardware drivers do with locks that are not their own */
  readonly drivers: DriverLocks;
  /** What becomes of netdevsim's traps in a reload; every kernel: `reload` */
  readonly trapLifetime: TrapLifetime;
  /** Where a driver's operations come from */
  readonly opsMode: OpsMode;
  /** Where mlx5's RDMA driver asks to be told of netdevs */
  readonly notifierScope: NotifierScope;
  /** How ports, the eswitch and rate objects differ */
  readonly ports: PortEra;
  /** How netdevsim differs */
  readonly netdevsim: NetdevsimEra;
  /** How flash, health, regions and what netdevsim refuses differ */
  readonly objects: ObjectsEra;
  /** How phylink treats its PCS */
  readonly phylink: PhylinkEra;
}

/** What netdevsim of one family of kernels does differently from the others (drivers/net/netdevsim). */
export interface NetdevsimEra {
  /**
   * The params, files and directories and resources that it does not have, by name. Also what a kernel lacks that was configured
   * otherwise than Debian's: `module` where netdevsim is built in, `power` (CONFIG_PM), `ipsec` (CONFIG_XFRM_OFFLOAD)
   */
  readonly lacks: ReadonlySet<string>;
  /** Whether probe tells of all params once more at its end (`devlink_params_publish`) */
  readonly publishesParams: boolean;
  /** How `new_device` says that its line is to be */
  readonly newDevice: string;
  /** What the knobs `report_stats_rx` and `report_stats_tx` of a port hold at first */
  readonly pauseStats: "Y" | "N";
}

/** A setting of a port's function, by its parameter in the vocabulary. */
export type FunctionSetting =
  | "hwAddr"
  | "state"
  | "roce"
  | "migratable"
  | "ipsecCrypto"
  | "ipsecPacket"
  | "maxIoEqs";

/** What ports, the eswitch and rate objects of one family of kernels do differently from the others (net/devlink, netdevsim). */
export interface PortEra {
  /** The order of an instance's ports: that of their registration (a list), or of their index (an xarray, from 6.3) */
  readonly order: "registration" | "index";
  /** What the registration of a port fails with whose index is taken */
  readonly taken: "EEXIST" | "EBUSY";
  /**
   * Which commands look for their port before they find that the driver cannot carry them out. Where a split does not, it
   * finds first that the port is none or cannot be split
   */
  readonly findPort: readonly ("split" | "unsplit" | "del")[];
  /** Whether there is a command to add a port, so that the device is looked for */
  readonly additions: boolean;
  /** What a param of a port is refused with: the text, if any */
  readonly paramsRefusal: string | undefined;
  /** The settings of a port's function that the kernel knows; others it cannot parse */
  readonly functionSettings: readonly FunctionSetting[];
  /** What is looked at first of a hardware address: whether it is one, or whether the driver can set any */
  readonly functionChecks: "value" | "support";
  /** How `new_port` reads its line: a number as kstrtouint() takes it, or by sscanf() with a MAC address that may follow */
  readonly newPort: "number" | "number and address";
  /** Whether netdevsim has an eswitch, and ports and rate leafs for its VFs */
  readonly vfPorts: boolean;
  /** The most VFs of a device at first; undefined where there is no such limit */
  readonly maxVfs: number | undefined;
  /** Whether the netlink policy knows the mode `switchdev_inactive` (the driver refuses it then) */
  readonly inactiveMode: boolean;
  /** Whether there are rate objects at all */
  readonly rates: boolean;
  /** Whether the priority and the weight of a rate object are known to the kernel; no policy takes them else */
  readonly ratePriority: boolean;
  /** Whether a rate object that has a parent takes another one, or has to be without first */
  readonly reparents: boolean;
  /** Whether rate objects have a bandwidth for each traffic class */
  readonly rateClasses: boolean;
  /** Whether a reload warns of what the driver left registered when it went down */
  readonly reloadWarns: boolean;
  /** Whether ports have resources of their own */
  readonly resources: boolean;
  /** Whether a netdev that is up can be renamed */
  readonly renamesUp: boolean;
  /** What is said of a netdev that is to move to a netns in which its name is taken, if anything */
  readonly moveCollision: string | undefined;
}

/** What phylink of one family of kernels does differently from the others (drivers/net/phy/phylink.c). */
export interface PhylinkEra {
  /** Whether the MAC is asked for its PCS at each major configuration, or sets it once (`phylink_set_pcs`) */
  readonly selects: boolean;
  /** Whether no answer to that question keeps the PCS of before, or drops it */
  readonly noAnswer: "keeps" | "drops";
  /** Whether a PCS is enabled and disabled, and prepared before the MAC is configured */
  readonly enables: boolean;
  /** Whether a PCS is asked what it can do in-band before anything is configured */
  readonly asksInband: boolean;
  /** Whether a link that was seen down is asked for again, since what a PCS says of it may be an old story */
  readonly rereads: boolean;
  /** What starts the polling of a PCS: the start of phylink, or each major configuration */
  readonly pollsFrom: "start" | "configuration";
  /** Whether a configuration that failed keeps the link down until one succeeds */
  readonly failureKeepsDown: boolean;
  /** What decides whether a link is fixed or told of in-band: known from the creation on, or from the first configuration */
  readonly modeFrom: "creation" | "configuration";
  /** Whether resolving takes the mutex of the PHY first */
  readonly phydevMutex: boolean;
}

export { ERAS };

/** From which release on each era holds, newest first (docs/semantics.md 0.2). */
const SINCE: readonly (readonly [major: number, minor: number, era: EraId])[] = [
  [7, 3, "7.3"],
  [7, 0, "7.2"],
  [6, 8, "6.12"],
  [6, 3, "6.3"],
  [6, 0, "6.1"],
  [5, 18, "5.18"],
  [5, 16, "5.16"],
  [5, 15, "5.15"],
  [5, 10, "5.10"],
];

const releaseOf = (kernelRelease: string) => /^(\d+)\.(\d+)/.exec(kernelRelease)?.slice(1).map(Number);

/**
 * Returns the era that a kernel is judged by: that of its release, or the oldest one for a kernel that is older.
 *
 * @param kernelRelease What `uname -r` prints
 * @throws {RangeError} If it is not a kernel release
 */
export function nearestEra(kernelRelease: string): Era {
  const [major = 0, minor = 0] = releaseOf(kernelRelease) ?? [];
  const [oldestMajor, oldestMinor, oldest] = SINCE.at(-1)!;
  const older = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  return releaseOf(kernelRelease) && older ? ERAS[oldest] : eraOf(kernelRelease);
}

/**
 * Says how an era fits the kernel that it judges; undefined if the era was taken from that kernel, run there.
 *
 * @example
 * ```ts
 * import { eraNote } from "./era.ts";
 *
 * eraNote("6.12", "6.18.3"); // "kernel 6.18.3 judged by the model of 6.12 (nearest; never run)"
 * eraNote("6.12", "6.12.117+deb13-amd64"); // undefined
 * ```
 *
 * @param kernelRelease What `uname -r` prints; empty for the model alone, of which there is nothing to say
 */
export function eraNote(era: EraId, kernelRelease: string): string | undefined {
  if (kernelRelease === "") return undefined;
  const release = releaseOf(kernelRelease);
  const exact = release?.join(".") === era;
  if (exact && ERAS[era].booted) return undefined;
  const nearest = release && nearestEra(kernelRelease).id;
  const how = exact
    ? "read from its source; never run"
    : nearest === era
    ? "nearest; never run"
    : `chosen; the nearest is ${nearest ?? "not known"}`;
  return `kernel ${kernelRelease} judged by the model of ${era} (${how})`;
}

/**
 * The era of a kernel release, the nearest one where the release itself was not looked at.
 *
 * @example
 * ```ts
 * import { eraOf } from "./era.ts";
 *
 * eraOf("6.12.117+deb12-amd64").id; // "6.12"
 * ```
 *
 * @param kernelRelease What `uname -r` prints
 * @throws {RangeError} If the release is older than 5.10, or is not a kernel release
 */
export function eraOf(kernelRelease: string): Era {
  const match = /^(\d+)\.(\d+)/.exec(kernelRelease);
  if (match) {
    const major = Number(match[1]);
    const minor = Number(match[2]);
    for (const [sinceMajor, sinceMinor, id] of SINCE) {
      if (major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)) return ERAS[id];
    }
    throw new RangeError(`Cannot model kernel "${kernelRelease}": it is older than 5.10`);
  }
  throw new RangeError(`Cannot model kernel "${kernelRelease}": it is not a kernel release such as 6.12.117`);
}
