/**
 * The driver netdevsim: the objects of its probe, and the objects that a reload removes and creates again (docs/semantics.md 1.5,
 * 3.9).
 *
 * @module
 */

import { announceAll, announceAllGone, announcePort } from "../../devlink/announce.ts";
import {
  Devlink,
  lockForDriver,
  type ParamValue,
  type Resource,
  type TrapPolicer,
  unlockForDriver,
} from "../../devlink/devlink.ts";
import type { Driver, EswitchDriver, ParamSpec, RateDriver } from "../../devlink/driver.ts";
import type { FlashRequest } from "../../devlink/specs.ts";
import { addReporter, removeReporter } from "../../devlink/health.ts";
import { initialiseParam, publishParams, registerParams, unregisterParams } from "../../devlink/param.ts";
import { registerRegion, unregisterRegions } from "../../devlink/region.ts";
import { findResource, newResource } from "../../devlink/resource.ts";
import { registerTraps, unregisterTraps } from "../../devlink/trap.ts";
import { registerInstance, unregisterInstance } from "../../devlink/lifetime.ts";
import { registering } from "../../devlink/registering.ts";
import { FileUsers } from "../../kernel/file_users.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { FIB_TABLES, type FibListener, type FibTable, type Netns } from "../../net/netns.ts";
import type { Json, Result } from "../../observation.ts";
import { cellOf, SharedMap, writing } from "../../kernel/access.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { SimulatedDevice } from "./device.ts";
import { DUMMY_REGION, GROUPS, KNOBS, PARAMS, PART_KNOBS, POLICERS, TRAPS } from "./data.ts";
import { netdevsimEra } from "./era.ts";
import { flashNetdevsim } from "./flash.ts";
import { healthReporters } from "./health.ts";
import { NetdevsimPorts } from "./ports.ts";
import { TrapWork } from "./trap_work.ts";
import { STATE } from "../../kernel/state.ts";

const PREFIX = "netdevsim";
const VERSION = "10.20.30";
const SPECS = { policers: POLICERS, groups: GROUPS, traps: TRAPS };
const REFUSALS: Record<FibTable, string> = {
  "IPv4/fib": "Exceeded number of supported fib entries",
  "IPv4/fib-rules": "Exceeded number of supported fib rule entries",
  "IPv6/fib": "Exceeded number of supported fib entries",
  "IPv6/fib-rules": "Exceeded number of supported fib rule entries",
  "nexthops": "Exceeded number of supported nexthops",
};

/** A device on the bus; its `data` exists while the driver is bound. */
export interface NetdevsimDevice extends SimulatedDevice {
  data: Netdevsim | undefined;
}

/** netdevsim, bound to one device of its bus. */
export class Netdevsim implements Driver, FibListener {
  readonly name = "netdevsim";
  readonly reloadActions = ["driver_reinit"] as const;
  readonly reloadLimits = [] as const;
  readonly versions: Json | undefined;
  readonly runningVersions: readonly string[];
  readonly components = ["fw.mgmt"] as const;
  readonly dl: Devlink;
  /** The contents of the files of debugfs, by path below the device's directory */
  readonly knobs: Map<string, number | boolean>;
  /** The cookie of trapped packets in hexadecimal digits; undefined until it is written */
  cookie: string | undefined = undefined;
  readonly #files: FileUsers;
  #snapshotFile: FileUsers;
  #healthFiles: FileUsers;
  #trapReads = 0;
  readonly #trapWork: TrapWork;
  readonly #partKnobs: typeof PART_KNOBS;
  /** The FIB tables that the driver counts */
  readonly #tables: readonly FibTable[];
  readonly #limits: Partial<Record<FibTable, bigint>> = {};
  readonly #kernel: Kernel;
  readonly #device: SimulatedDevice;
  readonly ports: NetdevsimPorts;

  [STATE](): readonly unknown[] {
    return [this.#files, this.#snapshotFile, this.#healthFiles, this.#trapWork, this.#limits];
  }

  constructor(kernel: Kernel, device: SimulatedDevice, netns: Netns) {
    this.#kernel = kernel;
    this.#device = device;
    const told = netdevsimEra(kernel.era).versions;
    this.versions = told ? { running: { "fw.mgmt": VERSION }, stored: { "fw.mgmt": VERSION } } : undefined;
    this.runningVersions = told ? [VERSION] : [];
    this.dl = new Devlink(kernel, `netdevsim/${device.name}`, this, device.lock, netns);
    this.#files = new FileUsers(`the debugfs of ${device.name}`, "EIO");
    this.#snapshotFile = new FileUsers(`take_snapshot of ${device.name}`, "EIO");
    this.#healthFiles = new FileUsers(`break_health of ${device.name}`, "EIO");
    this.knobs = new SharedMap(`knobs of ${device.name}`);
    this.ports = new NetdevsimPorts(kernel, device, this.dl);
    this.#trapWork = new TrapWork(device.name, this.dl, () => this.ports.up);
    const { lacks } = netdevsimEra(kernel.era);
    this.#tables = FIB_TABLES.filter((table) => !lacks.has(table));
    this.#partKnobs = PART_KNOBS.filter(({ path }) => !lacks.has(path.split("/")[0]!));
    for (const { path, initial } of KNOBS) if (!lacks.has(path)) this.knobs.set(path, initial);
  }

  /** Binds the driver: creates the instance. The caller holds the device lock. */
  *probe(task: Task): Steps<Result> {
    const { dl } = this;
    const first = this.#kernel.era.registers === "first";
    yield* lockForDriver(task, dl);
    dl.resources = resources(netdevsimEra(this.#kernel.era).lacks);
    if (first) yield* registerInstance(task, dl);
    yield* registering(task, dl, "params", () => {
      registerParams(task, dl, PARAMS.filter(({ name }) => !netdevsimEra(this.#kernel.era).lacks.has(name)));
      for (const { spec } of dl.params) {
        if (spec.cmode === "driverinit") initialiseParam(task, dl, spec.name, spec.default!);
      }
    });
    if (this.#kernel.era.trapLifetime === "probe") yield* this.#registerTraps(task);
    const result = yield* this.#create(task);
    if (result !== "ok") {
      if (this.#kernel.era.trapLifetime === "probe") yield* this.#unregisterTraps(task);
      if (first) {
        yield* registering(task, dl, "params", () => unregisterParams(task, dl));
        yield* this.#unregister(task);
      }
      yield* unlockForDriver(task, dl);
      dl.free(task);
      return result;
    }
    if (netdevsimEra(this.#kernel.era).publishesParams) publishParams(task, dl);
    yield* unlockForDriver(task, dl);
    if (!first) {
      dl.registered = true;
      yield* announceAll(task, dl);
    }
    return "ok";
  }

  /** Unbinds the driver: removes the instance. The caller holds the device lock. */
  *remove(task: Task): Steps {
    const { dl } = this;
    const first = this.#kernel.era.registers === "first";
    if (!first) {
      yield* dl.waitForUsers(task);
      yield* announceAllGone(task, dl);
      dl.registered = false;
    }
    yield* lockForDriver(task, dl);
    yield* this.#destroy(task);
    yield* this.#files.remove(task);
    if (this.#kernel.era.trapLifetime === "probe") yield* this.#unregisterTraps(task);
    yield* registering(task, dl, "params", () => unregisterParams(task, dl));
    if (first) yield* this.#unregister(task);
    yield* unlockForDriver(task, dl);
    dl.free(task);
  }

  *#unregister(task: Task): Steps {
    const { dl } = this;
    // The ports that the driver has forgotten
    for (const port of dl.ports) yield* announcePort(task, dl, port, "del");
    yield* unregisterInstance(task, dl);
  }

  *reloadDown(task: Task): Steps<Result> {
    if (this.knobs.get("dont_allow_reload")) {
      return task.fail("EOPNOTSUPP", "User forbid the reload for testing purposes", PREFIX);
    }
    yield* this.#destroy(task);
    return "ok";
  }

  *reloadUp(task: Task): Steps<Result> {
    if (this.knobs.get("fail_reload")) {
      return task.fail("EINVAL", "User setup the reload to fail for testing purposes", PREFIX);
    }
    this.ports.forget();
    const created = yield* this.#create(task);
    // The probe creates this file before all others
    if (created === "ok") this.#snapshotFile = this.#snapshotFile.anew();
    return created;
  }

  /** Creates the objects of a probe or a reload. */
  *#create(task: Task): Steps<Result> {
    const { dl, knobs } = this;
    knobs.set("fw_update_status", true);
    knobs.set("fw_update_overwrite_mask", 0);
    for (const { spec, value } of dl.params) {
      if (spec.cmode === "driverinit") knobs.set(spec.name, value as number | boolean);
    }
    yield* registering(task, dl, "regions", () => registerRegion(task, dl, DUMMY_REGION));
    const { trapLifetime } = this.#kernel.era;
    if (trapLifetime !== "probe") yield* this.#registerTraps(task);
    this.#trapWork.start();
    const fib = this.#countFib(task);
    if (fib !== "ok") {
      yield* this.#trapWork.stop(task);
      if (trapLifetime !== "probe") yield* this.#unregisterTraps(task);
      yield* registering(task, dl, "regions", () => unregisterRegions(task, dl));
      return fib;
    }
    for (const reporter of healthReporters(this.#kernel, knobs)) yield* addReporter(task, dl, reporter);
    this.#healthFiles = this.#healthFiles.anew();
    for (const { path, initial } of this.#partKnobs) knobs.set(path, initial);
    for (let index = 0; index < this.#device.portCount; index++) {
      const added = yield* this.ports.add(task, "physical", index);
      if (added === "ok") continue;
      yield* this.#takeDown(task);
      return added;
    }
    return "ok";
  }

  /** Removes the objects at a removal or a reload; does nothing if a failed reload has removed them already. */
  *#destroy(task: Task): Steps {
    const { dl } = this;
    if (dl.reloadFailed) return;
    yield* this.#takeDown(task);
  }

  *#takeDown(task: Task): Steps {
    const { dl } = this;
    yield* this.#snapshotFile.remove(task);
    yield* this.ports.removeAll(task);
    yield* this.#healthFiles.remove(task);
    while (dl.reporters.length > 0) yield* removeReporter(task, dl);
    for (const { path } of this.#partKnobs) this.knobs.delete(path);
    this.#kernel.routeKeepers.delete(this);
    const { fibListeners } = dl.netns;
    writing(cellOf(`fib of ${dl.netns.name}`));
    fibListeners.splice(fibListeners.indexOf(this), 1);
    for (const table of this.#tables) findResource(dl.resources, table)!.resource.occupancy = undefined;
    yield* this.#trapWork.stop(task);
    if (this.#kernel.era.trapLifetime !== "probe") yield* this.#unregisterTraps(task);
    yield* registering(task, dl, "regions", () => unregisterRegions(task, dl));
  }

  /** Returns the users of a file of the device's directory in debugfs. */
  filesOf(path: string): FileUsers {
    if (path === "take_snapshot") return this.#snapshotFile;
    return path.startsWith("health/") ? this.#healthFiles : this.#files;
  }

  *#registerTraps(task: Task): Steps {
    this.#trapReads = 0;
    yield* registering(task, this.dl, "traps", () => registerTraps(task, this.dl, SPECS));
  }

  *#unregisterTraps(task: Task): Steps {
    yield* registering(task, this.dl, "traps", () => unregisterTraps(task, this.dl));
  }

  flash(task: Task, request: FlashRequest): Steps<Result> {
    return flashNetdevsim(task, this.dl, this.knobs, request);
  }

  // Params: a param that is not of mode driverinit has its value in a file of debugfs

  paramGet({ name }: ParamSpec): ParamValue {
    return this.knobs.get(name)!;
  }

  paramSet({ name }: ParamSpec, value: ParamValue): void {
    this.knobs.set(name, value as number | boolean);
  }

  // Ports: the eswitch exists only if netdevsim has ports for VFs

  get eswitch(): EswitchDriver | undefined {
    return netdevsimEra(this.#kernel.era).vfPorts ? this.ports : undefined;
  }

  get rates(): RateDriver | undefined {
    return netdevsimEra(this.#kernel.era).vfPorts ? this.ports.rates : undefined;
  }

  // Traps

  trapActionSet(): Result {
    return "ok";
  }

  trapGroupSet(): Result {
    return this.knobs.get("fail_trap_group_set") ? "EINVAL" : "ok";
  }

  trapPolicerSet(task: Task): Result {
    return this.knobs.get("fail_trap_policer_set")
      ? task.fail("EINVAL", "User setup the operation to fail for testing purposes", PREFIX)
      : "ok";
  }

  trapDropped(): number {
    return this.knobs.get("fail_trap_drop_counter_get") ? -1 : this.#trapReads++;
  }

  unreadTrap(): void {
    this.#trapReads--;
  }

  policerDropped(policer: TrapPolicer): number {
    return this.knobs.get("fail_trap_policer_counter_get") ? -1 : policer.reads++;
  }

  // FIB

  /** Reads the sizes of the resources and counts the FIB entries of the netns; fails if there are more than a size allows. */
  #countFib(task: Task): Result {
    const { dl } = this;
    writing(cellOf(`fib of ${dl.netns.name}`));
    for (const table of this.#tables) {
      const { resource } = findResource(dl.resources, table)!;
      resource.size = resource.sizeNew;
      this.#limits[table] = resource.size;
    }
    for (const table of this.#tables) {
      if (BigInt(dl.netns.occupancy[table]) > this.#limits[table]!) {
        task.log("info", `Failed to register ${table === "nexthops" ? "nexthop" : "fib"} notifier`);
        const { errno, text, prefix } = this.refusal(table);
        return task.fail(errno, text, prefix);
      }
    }
    dl.netns.fibListeners.push(this);
    const { occupancy } = dl.netns;
    for (const table of this.#tables) findResource(dl.resources, table)!.resource.occupancy = () => occupancy[table];
    return "ok";
  }

  limit(table: FibTable): bigint | undefined {
    return this.#limits[table];
  }

  refusal(table: FibTable): { errno: Result; text: string; prefix: string } {
    const route = table === "IPv4/fib" || table === "IPv6/fib";
    return { errno: route ? this.#kernel.era.fibRefusal : "ENOSPC", text: REFUSALS[table], prefix: PREFIX };
  }
}

function resources(lacks: ReadonlySet<string>): Resource[] {
  const all = [
    newResource("IPv4", { children: [newResource("fib"), newResource("fib-rules")] }),
    newResource("IPv6", { children: [newResource("fib"), newResource("fib-rules")] }),
    newResource("nexthops"),
  ];
  return all.filter(({ name }) => !lacks.has(name));
}
