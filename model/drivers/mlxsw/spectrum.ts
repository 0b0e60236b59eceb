/**
 * mlxsw on one switch: the objects of its devlink instance, and the objects that a reload removes and creates again
 * (core.c: mlxsw_core_bus_device_register(), mlxsw_core_bus_device_unregister(); spectrum.c: mlxsw_sp_init(), mlxsw_sp_fini()).
 *
 * @module
 */

import { Devlink, type Reporter, type Trap, type TrapGroup, type TrapPolicer } from "../../devlink/devlink.ts";
import type { Driver, ParamSpec, PortCommand, SharedBuffer, ShownObject, TrapSpec } from "../../devlink/driver.ts";
import { newReporter, reportError } from "../../devlink/health.ts";
import { probing, removing } from "../../devlink/lifetime.ts";
import type { Attributes } from "../../devlink/message.ts";
import type { Port } from "../../devlink/objects.ts";
import { registering } from "../../devlink/registering.ts";
import { unregisterTraps } from "../../devlink/trap.ts";
import type { Facts } from "../../facts.ts";
import type { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { Json, Result, Unknown } from "../../observation.ts";
import type { Operation } from "../../operation.ts";
import { isLater } from "./asic.ts";
import { type Access, type Asic, logOf } from "./emulated_asic.ts";
import { SHARED_BUFFER } from "./buffers.ts";
import { mlxswEra } from "./era.ts";
import { Params } from "./params.ts";
import { Ports } from "./ports.ts";
import { Resources } from "./resources.ts";
import { GROUPS_BY_COMMAND, initTraps } from "./trap_init.ts";
import { FIXED_POLICERS, registeredBy } from "./traps.ts";
import { PREFIX, Unknowns } from "./unknown.ts";

/** The driver of one switch. */
export class Spectrum implements Driver {
  readonly name: string;
  readonly reloadActions: Facts["reloadActions"];
  /** The performed actions for any requested action: a reload resets the ASIC, which also activates its firmware */
  readonly reloadPerforms: Facts["reloadActions"];
  readonly reloadLimits = [] as const;
  readonly versions: Json | undefined;
  readonly dl: Devlink;
  readonly splits: Ports;
  readonly #kernel: Kernel;
  readonly #facts: Facts;
  readonly #asic: Asic;
  readonly #params: Params;
  readonly #resources: Resources;
  readonly #unknowns: Unknowns;

  [STATE](): readonly unknown[] {
    return [this.#asic, this.#params, this.#resources, this.#unknowns];
  }

  constructor(kernel: Kernel, device: Device, facts: Facts, asic: Asic) {
    this.name = facts.driver;
    this.reloadActions = this.reloadPerforms = facts.reloadActions;
    this.#kernel = kernel;
    this.#facts = facts;
    this.#asic = asic;
    this.versions = Object.keys(facts.versions).length > 0 ? facts.versions as Json : undefined;
    this.dl = new Devlink(kernel, facts.handle, this, device.lock, kernel.init);
    this.#unknowns = new Unknowns(this.dl, facts, asic);
    this.splits = new Ports(kernel, this.dl, facts, this.#unknowns);
    this.#params = new Params(this.dl, facts);
    this.#resources = new Resources(this.dl, facts, () => this.splits.active);
  }

  get #later(): boolean {
    return isLater(this.name);
  }

  // Probe and removal

  /** Creates everything as the facts have it, without messages. */
  adopt(): void {
    const { dl } = this;
    const facts = this.#facts;
    dl.reloadFailed = facts.reloadFailed;
    this.#params.adopt();
    this.#resources.adopt();
    dl.registered = true;
    if (facts.reloadFailed) return;
    const { policers, groups, traps } = registeredBy(mlxswEra(this.#kernel.era), this.#later, facts);
    const rates = new Map(facts.policers.map((fact) => [fact.policer, fact]));
    dl.policers = policers.map((spec) => ({
      spec,
      rate: spec.rate,
      burst: spec.burst,
      ...rates.get(spec.id),
      reads: 0,
    }));
    const bound = new Map(facts.groups.map((fact) => [fact.name, fact.policer ?? 0]));
    dl.groups = groups.map((spec) => ({
      spec,
      policer: dl.policers.find((policer) => policer.spec.id === bound.get(spec.name)),
      packets: 0,
      bytes: 0,
    }));
    const actions = new Map(facts.traps.map((fact) => [fact.name, fact.action]));
    for (const spec of traps) {
      const group = dl.groups.find((each) => each.spec.name === spec.group);
      if (!group) continue;
      const trap = { spec, group, action: actions.get(spec.name) ?? spec.action, packets: 0, bytes: 0 };
      dl.traps.push(trap);
      dl.trapByName.set(spec.name, trap);
    }
    const [reporter] = facts.reporters;
    dl.reporters = [this.#reporter()];
    Object.assign(dl.reporters[0]!, { healthy: reporter?.state !== "error", autoDump: reporter?.autoDump ?? true });
    this.splits.adopt();
    this.#resources.count();
  }

  /** Creates the objects of the instance, and registers the instance at the era's time. */
  *probe(task: Task): Steps<Result> {
    return yield* probing(task, this.dl, () => this.#make(task));
  }

  *#make(task: Task): Steps<Result> {
    this.#unknowns.probed = true;
    this.#resources.probe();
    yield* this.#params.register(task, "probe");
    // No access fails here: a probe with a fault is a gap
    return yield* this.#init(task);
  }

  /** Undoes a probe. */
  *remove(task: Task): Steps {
    yield* removing(task, this.dl, () => this.#unmake(task));
  }

  *#unmake(task: Task): Steps {
    // After a failed reload, only the objects below are left
    if (!this.dl.reloadFailed) yield* this.#fini(task);
    yield* this.#params.unregister(task, "probe");
    this.dl.resources = [];
  }

  // Reload

  *reloadDown(task: Task): Steps<Result> {
    if (!this.dl.reloadFailed) yield* this.#fini(task);
    return "ok";
  }

  *reloadUp(task: Task): Steps<Result> {
    this.#resources.takeSizes();
    return yield* this.#init(task);
  }

  /** Creates the objects that a reload removes; undoes all if the ASIC refuses an access. */
  *#init(task: Task): Steps<Result> {
    const { dl } = this;
    task.observation.untimed ??= "the ASIC is reset, and answers in its own time";
    const fails = (access: Access) => this.#fails(task, access);
    const refused = (text: string): Result => {
      this.#log(task, text);
      dl.reporters = [];
      return "EIO";
    };
    for (let group = 0; group < GROUPS_BY_COMMAND; group++) this.#asic.access("HTGT write");
    dl.reporters = [this.#reporter()];
    if (fails("SPAD query")) return refused("Failed to get base mac");
    this.#unknowns.registered();
    const tables = registeredBy(mlxswEra(this.#kernel.era), this.#later, this.#facts);
    const untrapped = yield* initTraps(task, dl, tables, fails);
    if (untrapped !== undefined) return refused(untrapped);
    yield* this.#params.register(task, "init");
    const port = yield* this.splits.create(task, fails);
    if (port !== undefined) {
      this.#log(task, `Port ${port}: Failed to enable speeds`);
      yield* this.#params.unregister(task, "init");
      yield* registering(task, dl, "traps", () => unregisterTraps(task, dl));
      return refused("Failed to create ports");
    }
    this.#unknowns.portsCreated();
    this.#resources.count();
    return "ok";
  }

  /** Carries out an access; returns true if the ASIC refuses it, which the driver logs. */
  #fails(task: Task, access: Access): boolean {
    const fault = this.#asic.access(access);
    if (fault) this.#log(task, logOf(fault));
    return fault !== undefined;
  }

  #log({ observation }: Task, text: string): void {
    const device = this.dl.handle.slice(this.dl.handle.indexOf("/") + 1);
    observation.kmsg.push({ class: "info", text: `${this.name} ${device}: ${text}` });
  }

  *#fini(task: Task): Steps {
    const { dl } = this;
    yield* this.splits.remove(task);
    yield* this.#params.unregister(task, "init");
    yield* registering(task, dl, "traps", () => unregisterTraps(task, dl));
    dl.reporters = [];
    this.#resources.stopCounting();
  }

  // Health: what the firmware reports (core.c: mlxsw_core_health_fw_fatal_ops)

  #reporter(): Reporter {
    return newReporter("fw_fatal", {
      recover: undefined,
      dump: (fmsg, message) => {
        // The driver can dump only what the firmware has reported
        if (message === undefined) fmsg.fail("EOPNOTSUPP");
      },
      diagnose: undefined,
    });
  }

  /** Has the firmware report a test error, if the firmware obeys. */
  healthTest(task: Task): Result {
    if (this.#unknowns.tests()) this.firmwareFails(task);
    return "ok";
  }

  // Params

  paramGet(spec: ParamSpec) {
    return this.#params.get(spec);
  }

  paramSet(spec: ParamSpec, value: number | boolean | string): void {
    this.#params.set(spec, value);
  }

  paramValidate(task: Task, spec: ParamSpec, value: number | boolean | string): Result {
    return this.#params.validate(task, spec, value);
  }

  // Traps (spectrum_trap.c)

  trapActionSet(task: Task, { spec }: Trap, action: TrapSpec["action"]): Result {
    if (spec.name === "early_drop") {
      return task.fail("EOPNOTSUPP", "Changing the action of source traps is not supported", PREFIX);
    }
    if (action === "mirror") return "EINVAL";
    return this.#fails(task, "HPKT write") ? "EIO" : "ok";
  }

  trapGroupSet(task: Task, { spec }: TrapGroup, policer: TrapPolicer | undefined): Result {
    if (this.#later && FIXED_POLICERS.has(spec.name) && (policer?.spec.id ?? 0) !== spec.policer) {
      return task.fail("EOPNOTSUPP", "Changing the policer binding of this group is not supported", PREFIX);
    }
    return this.#fails(task, "HTGT write") ? "EIO" : "ok";
  }

  trapPolicerSet(task: Task, _policer: TrapPolicer, _rate: number, burst: number): Result {
    if (!Number.isInteger(Math.log2(burst))) {
      return task.fail("EINVAL", "Policer burst size is not power of two", PREFIX);
    }
    return this.#fails(task, "QPCR write") ? "EIO" : "ok";
  }

  // Ports and flash

  linkSet(_task: Task, { netdev, flavour }: Port, up: boolean): Result {
    if (!up || !netdev) return "ok";
    this.#unknowns.portUp(netdev, this.#asic.plugged(Number(flavour["port"])));
    // The ASIC reports later that the link is up (register PUDE)
    Object.assign(netdev, { carrier: false, followed: false, activated: false });
    return "ok";
  }

  /** Updates the carrier of a netdev that is up, after the cable of its module was plugged in or pulled out. */
  cableChanged(label: number): void {
    const plugged = this.#asic.plugged(label);
    for (const { netdev, flavour } of this.dl.ports) {
      if (netdev?.up && flavour["port"] === label) this.#kernel.linkwatch.carrier(netdev, plugged);
    }
  }

  /** Has the firmware report a failure. */
  firmwareFails(task: Task): void {
    const [reporter] = this.dl.reporters;
    const { dl } = this;
    if (!reporter) return;
    this.#kernel.start("mlxsw_core_health_event_work", function* (worker) {
      if (dl.reporters.includes(reporter)) yield* reportError(worker, dl, reporter, "FW fatal event occurred");
    }, task.stepping);
  }

  /**
   * Receives packets that match a trap; they are counted if the trap passes them to the CPU. Returns the number that reached the
   * CPU.
   */
  packets(name: string, count: number, bytes: number): number {
    const trap = this.dl.trapByName.get(name);
    if (!trap || (trap.spec.type === "drop" && trap.action === "drop")) return 0;
    for (const counted of [trap, trap.group]) {
      counted.packets += count;
      counted.bytes += count * bytes;
    }
    return count;
  }

  portCommand(_task: Task, _kind: PortCommand): undefined {}

  // deno-lint-ignore require-yield
  *flash(): Steps<Result> {
    return this.#unknowns.ask("EOPNOTSUPP", "only the ASIC knows if it takes the firmware");
  }

  mayHave(objects: "sb" | "dpipe" | "linecard" | "selftests"): boolean {
    return objects === "sb" || objects === "dpipe";
  }

  /** Returns the buffer that the initialisation sets up; undefined after a failed reload. */
  sharedBuffer(): SharedBuffer | undefined {
    return this.dl.reloadFailed ? undefined : SHARED_BUFFER;
  }

  // What the model does not know

  shown(object: ShownObject, attributes: Attributes): Attributes {
    return this.#unknowns.completed(object, this.#resources.shown(object, attributes));
  }

  gap(op: Operation): string | undefined {
    return this.#unknowns.gap(op);
  }

  unknown(op: Operation): Unknown | undefined {
    return this.#unknowns.take(op);
  }
}
