/**
 * What each family of kernels does, as data: the one place to look at and to mend. Those that no kernel was booted of are made
 * of their neighbours and of what was read of their source (docs/semantics.md 0.2), and marked so.
 *
 * @module
 */

import type { Era, EraId, FunctionSetting, NetdevsimEra, PhylinkEra, PortEra } from "./era.ts";
import { OBJECTS_510, OBJECTS_61, OBJECTS_612, OBJECTS_72, type ObjectsEra } from "./objects.ts";
import { DRIVER_LOCKS, REGIMES, REQUESTS_63 } from "./regime.ts";

/** A setting of a port's function, as `devlink port function set` takes it, in the order in which they are checked. */
export const FUNCTION_SETTINGS: readonly FunctionSetting[] = [
  "hwAddr",
  "state",
  "roce",
  "migratable",
  "ipsecCrypto",
  "ipsecPacket",
  "maxIoEqs",
];

const netdevsim612: NetdevsimEra = {
  lacks: new Set(["test2", "fw_update_flash_chunk_time_ms", "queue_reset", "vlan"]),
  publishesParams: false,
  newDevice: '"id port_count num_queues" (uint uint unit)',
  pauseStats: "Y",
};
const netdevsim61: NetdevsimEra = {
  ...netdevsim612,
  lacks: new Set([...netdevsim612.lacks, "pp_hold", "link_device", "unlink_device"]),
  pauseStats: "N",
};
const netdevsim510: NetdevsimEra = {
  ...netdevsim61,
  lacks: new Set([
    ...netdevsim61.lacks,
    "num_queues",
    "fail_trap_drop_counter_get",
    "fib",
    "max_vfs",
    "nexthops",
    "hwstats",
    "psample",
    "rate_nodes",
    "get_err",
    "set_err",
    "ring",
  ]),
  publishesParams: true,
  newDevice: '"id port_count" (uint uint)',
};
const netdevsim72: NetdevsimEra = {
  lacks: new Set(["udp_ports_sleep"]),
  publishesParams: false,
  newDevice: '"id port_count num_queues" (uint uint uint)',
  pauseStats: "Y",
};
const netdevsim73: NetdevsimEra = { ...netdevsim72, lacks: new Set([...netdevsim72.lacks, "max_vfs"]) };

const ports61: PortEra = {
  order: "registration",
  taken: "EEXIST",
  findPort: ["split", "unsplit"],
  additions: true,
  paramsRefusal: "Port params are not supported",
  functionSettings: ["hwAddr", "state"],
  functionChecks: "value",
  newPort: "number",
  vfPorts: true,
  maxVfs: 4,
  inactiveMode: false,
  rates: true,
  ratePriority: false,
  reparents: false,
  rateClasses: false,
  reloadWarns: false,
  resources: false,
  renamesUp: false,
  moveCollision: undefined,
};
const ports510: PortEra = {
  ...ports61,
  findPort: [],
  additions: false,
  paramsRefusal: undefined,
  functionSettings: ["hwAddr"],
  vfPorts: false,
  maxVfs: undefined,
  rates: false,
};
const ports612: PortEra = {
  ...ports61,
  order: "index",
  taken: "EBUSY",
  findPort: ["split", "unsplit", "del"],
  functionSettings: FUNCTION_SETTINGS,
  functionChecks: "support",
  ratePriority: true,
  reparents: true,
  reloadWarns: true,
  renamesUp: true,
  moveCollision: "An interface with the same name exists in the target netns",
};
const ports72: PortEra = {
  ...ports612,
  newPort: "number and address",
  inactiveMode: true,
  rateClasses: true,
  resources: true,
};

const phylink61: PhylinkEra = {
  selects: true,
  noAnswer: "keeps",
  enables: false,
  asksInband: false,
  rereads: true,
  pollsFrom: "configuration",
  failureKeepsDown: false,
  modeFrom: "creation",
  phydevMutex: false,
};
const phylink612: PhylinkEra = { ...phylink61, enables: true };
const phylink7: PhylinkEra = {
  ...phylink612,
  noAnswer: "drops",
  asksInband: true,
  failureKeepsDown: true,
  modeFrom: "configuration",
  phydevMutex: true,
};

const era61: Era = {
  locks: REGIMES.instance,
  drivers: DRIVER_LOCKS,
  trapLifetime: "reload",
  opsMode: "static",
  notifierScope: "global",
  id: "6.1",
  nearest: "6.1",
  booted: true,
  corePrefix: "leftover",
  registers: "last",
  unheard: "built",
  reloadWithheldBy: "feature",
  notifyFilter: false,
  reloadLocks: ["instance"],
  devlinkMutex: false,
  driverLocksInstance: true,
  portFillTakesRtnl: true,
  portType: "driver",
  netnsMove: "around",
  driverinit: "overwritten",
  unregisterParams: "descending",
  limitRefusedBy: "reload",
  filteredDumps: false,
  fibRefusal: "EPERM",
  fibEntries: { lab: [7, 7], rules: [3, 2] },
  loopbackRoutes: 3,
  bindErrno: "own",
  netdevFlags: ["BROADCAST", "NOARP"],
  downLosesCarrier: false,
  readsTrueFalse: true,
  trapDropCounter: true,
  looksUpUnderRtnl: true,
  scanOverflow: "wraps",
  linkwatchSync: false,
  deadWorker: "stalls",
  showsIndex: false,
  dumpsResources: false,
  paramDefaults: false,
  regionMax: true,
  burstPeriod: false,
  ports: ports61,
  netdevsim: netdevsim61,
  objects: OBJECTS_61,
  phylink: phylink61,
};

const era510: Era = {
  ...era61,
  reloadWithheldBy: "switch",
  id: "5.10",
  nearest: "5.10",
  locks: REGIMES.global_mutex,
  corePrefix: "devlink",
  registers: "first",
  reloadLocks: [],
  devlinkMutex: true,
  driverLocksInstance: false,
  fibRefusal: "ENOSPC",
  fibEntries: { lab: [9, 7], rules: [3, 2] },
  loopbackRoutes: 4,
  bindErrno: "ENODEV",
  readsTrueFalse: false,
  trapDropCounter: false,
  regionMax: false,
  ports: ports510,
  netdevsim: netdevsim510,
  objects: OBJECTS_510,
  phylink: { ...phylink61, selects: false, rereads: false, pollsFrom: "start" },
};

const era612: Era = {
  locks: REGIMES.instance_plus_device,
  drivers: { ...DRIVER_LOCKS, nestedOrder: "parent first" },
  trapLifetime: "reload",
  opsMode: "static",
  notifierScope: "dev_net",
  id: "6.12",
  nearest: "6.12",
  booted: true,
  corePrefix: undefined,
  registers: "first",
  unheard: "skipped",
  reloadWithheldBy: "driver",
  notifyFilter: true,
  reloadLocks: ["device", "instance"],
  devlinkMutex: false,
  driverLocksInstance: true,
  portFillTakesRtnl: false,
  portType: "netdev-events",
  netnsMove: "between",
  driverinit: "promoted",
  unregisterParams: "ascending",
  limitRefusedBy: "policy",
  filteredDumps: true,
  fibRefusal: "EPERM",
  fibEntries: { lab: [7, 7], rules: [3, 2] },
  loopbackRoutes: 3,
  bindErrno: "own",
  netdevFlags: ["BROADCAST"],
  downLosesCarrier: true,
  readsTrueFalse: true,
  trapDropCounter: true,
  looksUpUnderRtnl: true,
  scanOverflow: "wraps",
  linkwatchSync: true,
  deadWorker: "alone",
  showsIndex: false,
  dumpsResources: false,
  paramDefaults: false,
  regionMax: true,
  burstPeriod: false,
  ports: ports612,
  netdevsim: netdevsim612,
  objects: OBJECTS_612,
  phylink: phylink612,
};

const era72: Era = {
  ...era612,
  id: "7.2",
  nearest: "7.2",
  locks: { ...REGIMES.instance_plus_device, nestedOrder: "nested first" },
  drivers: { ...DRIVER_LOCKS, nestedOrder: "nested first" },
  looksUpUnderRtnl: false,
  scanOverflow: "saturates",
  showsIndex: true,
  dumpsResources: true,
  paramDefaults: true,
  burstPeriod: true,
  ports: ports72,
  netdevsim: netdevsim72,
  objects: OBJECTS_72,
  phylink: phylink7,
};

/** Before 5.18 there are no line cards, before 6.0 no selftests, and netdevsim tells no versions. */
const objects515: ObjectsEra = {
  ...OBJECTS_61,
  lacks: new Set(["linecard", "selftests"]),
  versions: false,
  health: { ...OBJECTS_61.health, reportLocks: "none" },
};

/** Instances are counted and still register first; netdevsim has VF ports, nexthops and drop counters by now. */
const era515: Era = {
  ...era510,
  id: "5.15",
  booted: false,
  fibRefusal: "EPERM",
  fibEntries: { lab: [7, 7], rules: [3, 2] },
  loopbackRoutes: 3,
  bindErrno: "own",
  trapDropCounter: true,
  ports: ports61,
  netdevsim: { ...netdevsim61, publishesParams: true },
  objects: objects515,
  phylink: { ...phylink61, selects: false, pollsFrom: "start" },
};

/** `devlink_register()` is the last step of probe and tells of everything at once; whoever uses an instance is waited for. */
const era516: Era = {
  ...era515,
  reloadWithheldBy: "feature",
  id: "5.16",
  nearest: "6.1",
  locks: { ...REGIMES.global_mutex, holdsReloadsOff: false, unregister: "users", compat: "referenced" },
  registers: "last",
  netdevsim: netdevsim61,
};

/** Drivers lock the instance themselves; reloads and health still run without its lock. */
const era518: Era = {
  ...era516,
  id: "5.18",
  locks: REGIMES.global_plus_devl,
  driverLocksInstance: true,
  readsTrueFalse: true,
  objects: { ...objects515, lacks: new Set(["selftests"]) },
  phylink: phylink61,
};

/** The instance lock covers being registered, too; netdevsim registers first again; the core sees netdevs come and go. */
const era63: Era = {
  ...era61,
  reloadWithheldBy: "driver",
  id: "6.3",
  booted: false,
  locks: { ...REGIMES.instance, unregister: "lock", compat: "looks again", requests: REQUESTS_63 },
  notifierScope: "dev_net",
  registers: "first",
  portFillTakesRtnl: false,
  portType: "netdev-events",
  netnsMove: "between",
  driverinit: "promoted",
  unregisterParams: "ascending",
  ports: {
    ...ports61,
    order: "index",
    taken: "EBUSY",
    functionSettings: ["hwAddr", "state", "roce", "migratable"],
    // These three are of 6.2
    ratePriority: true,
    reparents: true,
    renamesUp: true,
  },
};

/** The eras by their id. */
export const ERAS: Readonly<Record<EraId, Era>> = {
  "5.10": era510,
  "5.15": era515,
  "5.16": era516,
  "5.18": era518,
  "6.1": era61,
  "6.3": era63,
  "6.12": era612,
  "7.2": era72,
  "7.3": { ...era72, id: "7.3", nearest: "7.3", netdevsim: netdevsim73 },
};
