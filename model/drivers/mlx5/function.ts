/**
 * mlx5_core on one PCI function: the objects of its devlink instance, and the objects that a load creates
 * (core/main.c: mlx5_load_one(), mlx5_unload_one(); core/devlink.c; core/dev.c).
 *
 * @module
 */

import { Devlink, type ParamValue, type Port, type Reporter } from "../../devlink/devlink.ts";
import type {
  Driver,
  EswitchDriver,
  ParamSpec,
  PortCommand,
  ReloadAction,
  ShownObject,
  TrapSpec,
} from "../../devlink/driver.ts";
import { probing, removing } from "../../devlink/lifetime.ts";
import type { Attributes } from "../../devlink/message.ts";
import { registering } from "../../devlink/registering.ts";
import { registerTraps, unregisterTraps } from "../../devlink/trap.ts";
import type { Facts, PortFact } from "../../facts.ts";
import type { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { STATE } from "../../kernel/state.ts";
import { acquire, type Lock, type Steps, type Task } from "../../kernel/task.ts";
import type { Netdev } from "../../net/netns.ts";
import type { Json, Observation, Result, Unknown } from "../../observation.ts";
import type { Operation } from "../../operation.ts";
import { addTraps, resourceOf } from "../from_facts.ts";
import { carryOut, type CommandHost, CommandQueue, type Part } from "./commands.ts";
import { mlx5Era } from "./era.ts";
import type { Card } from "./emulated_card.ts";
import { codeOf } from "./faults.ts";
import { type HealthHost, HealthPoll } from "./health.ts";
import { FunctionParams, unreadParam } from "./params.ts";
import { Parts, type PartsHost } from "./parts.ts";
import { completed, PREFIX, Unknowns } from "./unknown.ts";
import { inWords, unprobed, type Words } from "./words.ts";

/** The properties of a function that its facts lack. */
export interface FunctionOptions {
  /** True for the slave of a multi-port function, which is not reloaded */
  slave?: boolean;
  /** Steps at the end of a load and at the begin of an unload: for a driver that calls another instance */
  beside?: (task: Task) => Steps;
}

/** Returns the versions of a card that does not report the running and the stored firmware. */
const unread = ({ fixed, ...told }: Facts["versions"]): Json => ({
  ...(fixed === undefined ? {} : { fixed }),
  ...Object.fromEntries(
    Object.entries(told).map(([kind, versions]) => [
      kind,
      Object.fromEntries(Object.keys(versions as object).map((name) => [name, "0.0.0000"])),
    ]),
  ),
});

/** The driver of one function. */
export class Mlx5 implements Driver, PartsHost, HealthHost, CommandHost {
  readonly name = "mlx5_core";
  readonly reloadActions: Facts["reloadActions"];
  readonly reloadLimits: Facts["reloadLimits"];
  readonly withholdsReload: boolean;
  readonly versions: Json | undefined;
  readonly dl: Devlink;
  readonly port: PortFact;
  readonly kernel: Kernel;
  readonly #facts: Facts;
  readonly #options: FunctionOptions;
  readonly #interface: Lock;
  readonly #unknowns: Unknowns;
  readonly #params: FunctionParams;
  readonly card: Card;
  readonly queue = new CommandQueue();
  readonly words: Words;
  readonly #parts: Parts;
  /** The driver's poll of the card's health */
  readonly health: HealthPoll;
  /** True from a successful load to the next unload */
  #up = false;
  /** True while a probe or a removal has the card set up and the function is not loaded */
  #setUp = false;

  [STATE](): readonly unknown[] {
    return [
      this.#interface,
      this.#params,
      this.#up,
      this.#setUp,
      this.#parts,
      this.#unknowns,
      this.card,
      this.queue,
      this.health,
    ];
  }

  constructor(kernel: Kernel, device: Device, facts: Facts, card: Card, options: FunctionOptions = {}) {
    this.kernel = kernel;
    this.#facts = facts;
    this.card = card;
    this.#options = options;
    this.words = mlx5Era(kernel.era).words;
    // A slave with static ops withholds its reload; a slave with its own ops has no reload action
    this.withholdsReload = options.slave === true && kernel.era.opsMode === "static";
    this.reloadActions = options.slave && !this.withholdsReload ? [] : facts.reloadActions;
    this.reloadLimits = facts.reloadLimits;
    this.versions = Object.keys(facts.versions).length > 0 ? facts.versions as Json : undefined;
    this.dl = new Devlink(kernel, facts.handle, this, device.lock, kernel.init);
    this.#interface = kernel.lock(`intf_state_mutex of ${device.name}`, "driver");
    this.health = new HealthPoll(this, card);
    this.#unknowns = new Unknowns(this.dl, facts, card, this.health, (task, part) => this.commands(task, part));
    this.#params = new FunctionParams(this.dl, facts, mlx5Era(kernel.era));
    this.#parts = new Parts(kernel, facts, card, this);
    const port = [...facts.ports, ...Object.values(facts.nestedPorts ?? {}).flat()][0];
    this.port = port ?? {
      index: mlx5Era(kernel.era).portIndex,
      type: "eth",
      flavour: { flavour: "physical", port: 0, splittable: false },
      reporters: [],
    };
  }

  get #era() {
    return mlx5Era(this.kernel.era);
  }

  // Probe and removal

  /** Creates everything as the facts have it, without messages. */
  *adopt(task: Task): Steps {
    const { dl } = this;
    const facts = this.#facts;
    dl.reloadFailed = facts.reloadFailed;
    addTraps(dl, facts);
    this.#params.adopt();
    dl.resources = facts.resources.map(resourceOf);
    dl.reporters = facts.reporters.map((fact) => this.#unknowns.reporter(fact));
    dl.registered = true;
    this.#up = !facts.reloadFailed;
    if (!this.#up) return;
    yield* this.#parts.add(task, true);
  }

  /** Creates the objects of the instance, and registers the instance at the era's time; undoes all if the card refuses the load. */
  *probe(task: Task, device: Device): Steps<Result> {
    const { dl } = this;
    this.#unknowns.probed = true;
    const { loadsFirst } = this.#era;
    let result = loadsFirst ? yield* this.#loadCard(task) : "ok";
    if (result !== "ok") dl.free(task);
    else result = yield* probing(task, dl, () => this.#make(task, loadsFirst));
    if (result !== "ok") {
      this.logs(task, [`probe_one: mlx5_init_one failed with error code -${codeOf(result)}`]);
      task.log("info", unprobed(this.words, device, result));
    }
    return result;
  }

  /** Sets the card up, and loads it. */
  *#loadCard(task: Task): Steps<Result> {
    const result = yield* this.commands(task, "setup");
    return result === "ok" ? yield* this.commands(task, "load") : result;
  }

  /** Creates the objects of the instance, unless the card refuses the load. */
  *#make(task: Task, isLoaded: boolean): Steps<Result> {
    let result = isLoaded ? "ok" : yield* this.commands(task, "setup");
    if (result !== "ok") return result;
    const { paramsFirst } = this.#era;
    if (paramsFirst) yield* this.#probeParams(task);
    if (!isLoaded) result = yield* this.commands(task, "load");
    if (result !== "ok") {
      if (paramsFirst) yield* this.#params.remove(task);
      return result;
    }
    if (!paramsFirst) yield* this.#probeParams(task);
    this.dl.reporters = this.#facts.reporters.map((fact) => this.#unknowns.reporter(fact, true));
    if (this.#era.traps === "probe") yield* this.#registerTraps(task);
    yield* this.#load(task);
    return "ok";
  }

  *#probeParams(task: Task): Steps {
    this.#setUp = true;
    yield* this.#params.probe(task);
  }

  /** Undoes a probe. */
  *remove(task: Task): Steps {
    yield* removing(task, this.dl, () => this.#unmake(task));
  }

  *#unmake(task: Task): Steps {
    yield* this.#parts.removeKept(task);
    this.#setUp = this.#up;
    yield* this.#unload(task);
    if (this.#era.traps === "probe") yield* this.#unregisterTraps(task);
    this.dl.reporters = [];
    yield* this.#params.remove(task);
  }

  // Reload

  *reloadDown(task: Task, action: ReloadAction): Steps<Result> {
    if (this.withholdsReload) return task.fail("EOPNOTSUPP", "reload is unsupported for multi port slave", PREFIX);
    if (action === "fw_activate") return this.#unknowns.activate(task);
    if (!this.#up) {
      this.logs(task, ["mlx5_unload_one_devl_locked: mlx5_unload_one_devl_locked: interface is down, NOP"]);
    }
    // An older driver leaves the function of a card that is down loaded until here
    if (this.#up && this.health.down) yield* this.unloadInError(task);
    else yield* this.#unload(task);
    return "ok";
  }

  *reloadUp(task: Task): Steps<Result> {
    const result = yield* this.#loadCard(task);
    if (result === "ok") yield* this.#load(task);
    return result;
  }

  *commands(task: Task, part: Part): Steps<Result> {
    if (part === "setup") {
      this.card.restart();
      this.queue.restart();
    }
    return yield* carryOut(task, this, part);
  }

  // The driver ignores the error (devlink.c: mlx5_devlink_info_get())
  *askVersions(task: Task): Steps<{ readonly versions: Json | undefined }> {
    const asked = yield* this.commands(task, "versions");
    return asked === "ok" ? this : { versions: unread(this.#facts.versions) };
  }

  /** Turns BlueFlame of the card on or off. Returns false if the driver's reaction is not modelled. */
  blueflame(on: boolean): boolean {
    if (this.#era.netdev !== "kept" || !this.#facts.rdma) return false;
    this.card.blueflame = on;
    return true;
  }

  /** True from a successful load to the next unload. */
  get loaded(): boolean {
    return this.#up;
  }

  knowsRecoveries(reporter: string): boolean {
    return this.#unknowns.knows(reporter);
  }

  *unloadInError(task: Task): Steps {
    yield* this.#unload(task, { asking: false });
    this.logs(task, Array<string>(this.#era.kindsOfVf).fill("mlx5_wait_for_pages: Skipping wait for vf pages stage"));
  }

  // Source: main.c, mlx5_recover_device(), mlx5_pci_slot_reset()
  *resetSlot(task: Task): Steps<Result> {
    const slot = "mlx5_pci_slot_reset Device state = 2 pci_status";
    this.logs(task, [`${slot}: 0. Enter`, `${slot}: 1. Exit, err = 0, result = 5, recovered`]);
    return yield* this.reloadUp(task);
  }

  /** Logs lines that begin with the name of a function of the driver, in the texts of the era. */
  logs(task: Task, lines: readonly string[]): void {
    for (const line of lines) {
      const words = inWords(this.words, line);
      if (words !== undefined) this.#line(task.observation, words);
    }
  }

  #line({ kmsg }: Observation, line: string): void {
    const device = this.dl.handle.slice(this.dl.handle.indexOf("/") + 1);
    kmsg.push({ class: "info", text: `mlx5_core ${device}: ${line}` });
  }

  *#load(task: Task): Steps {
    yield* acquire(task, this.#interface);
    yield* this.#params.load(task);
    if (this.#era.traps === "load") yield* this.#registerTraps(task);
    this.#up = true;
    this.#setUp = false;
    yield* this.#parts.add(task, false);
    this.#interface.release(task);
    if (this.#options.beside) yield* this.#options.beside(task);
  }

  *#unload(task: Task, { asking = true } = {}): Steps {
    if (this.#options.beside) yield* this.#options.beside(task);
    yield* acquire(task, this.#interface);
    yield* this.#parts.remove(task, this.#up);
    if (this.#up) {
      this.#up = false;
      if (this.#era.traps === "load") yield* this.#unregisterTraps(task);
      yield* this.#params.unload(task);
      // The event queue of the commands is destroyed (eq.c: destroy_async_eqs())
      yield* this.queue.drained.wait(task);
      if (asking) yield* this.commands(task, "unload");
    }
    this.#interface.release(task);
  }

  *#registerTraps(task: Task): Steps {
    const { groups, traps } = this.#facts;
    // A registered trap has the action that the driver declares, not the action that was set on the board
    const specs = traps.map((trap): TrapSpec => ({ ...trap, action: trap.type === "drop" ? "drop" : trap.action }));
    yield* registering(task, this.dl, "traps", () =>
      registerTraps(task, this.dl, {
        policers: [],
        groups: groups.map(({ name, generic }) => ({ name, generic, policer: 0 })),
        traps: specs,
      }));
  }

  *#unregisterTraps(task: Task): Steps {
    yield* registering(task, this.dl, "traps", () => unregisterTraps(task, this.dl));
  }

  // Netdev

  carrierGoes(): void {
    this.#unknowns.carrier();
  }

  /**
   * Sets a netdev up or down. Without a cable it has no carrier; with one, the carrier comes at once or a moment later (en_main.c).
   */
  linkSet(_task: Task, { netdev }: Port, up: boolean): Result {
    if (up && !this.#parts.attached) return "ENODEV";
    const { carriers } = this.#unknowns;
    if (up && netdev) carriers.delete(netdev);
    if (!up || !netdev || this.card.cable) return "ok";
    carriers.add(netdev);
    Object.assign(netdev, { carrier: false, followed: false, activated: false });
    if (this.#era.repeatsCarrier) this.kernel.linkwatch.event(netdev);
    return "ok";
  }

  /** The netdev of the port, which is on the function's instance or on the nested one. */
  get netdev(): Netdev | undefined {
    return [this.dl, ...this.dl.nested].flatMap(({ ports }) => ports)[0]?.netdev ?? undefined;
  }

  reporters(remade: boolean): Reporter[] {
    return this.port.reporters.map((fact) => this.#unknowns.reporter(fact, remade));
  }

  // Params

  paramGet(spec: ParamSpec): ParamValue | undefined {
    return this.#params.get(spec, this.#up || this.#setUp);
  }

  paramUnread({ name }: ParamSpec, observation: Observation): void {
    const line = unreadParam(name);
    if (line === undefined) this.#unknowns.unlogged();
    else this.#line(observation, line);
  }

  paramSet(spec: ParamSpec, value: ParamValue): void {
    this.#params.set(spec, value);
  }

  paramValidate(task: Task, { name }: ParamSpec, value: ParamValue): Result {
    const verdict = this.#params.check(name, value);
    if (verdict === "ok") return "ok";
    if (verdict === "card") return this.#unknowns.ask();
    return verdict.text === undefined ? verdict.errno : task.fail(verdict.errno, verdict.text, PREFIX);
  }

  // Traps: drop traps have the actions drop and trap, not mirror (mlx5_devlink_trap_action_set())

  trapActionSet(_task: Task, _trap: unknown, action: TrapSpec["action"]): Result {
    return action === "mirror" ? "EOPNOTSUPP" : "ok";
  }

  // Ports and eswitch

  portCommand(_task: Task, kind: PortCommand): Result | undefined {
    if (kind === "add" || (kind === "function" && this.#era.portFunctions)) return this.#unknowns.ask("EOPNOTSUPP");
    return undefined;
  }

  get eswitchRefusal(): Result | undefined {
    const refused = this.#facts.refused["dev eswitch show"];
    return this.#facts.eswitch ? undefined : refused ?? "EOPNOTSUPP";
  }

  get eswitch(): EswitchDriver | undefined {
    const { eswitch } = this.#facts;
    return eswitch && this.#unknowns.eswitch(eswitch.mode);
  }

  flash(): Steps<Result> {
    return this.#unknowns.flash();
  }

  mayHave(): boolean {
    return false;
  }

  // What the model does not know

  shown(object: ShownObject, attributes: Attributes): Attributes {
    return completed(this.#unknowns, object, attributes);
  }

  gap(op: Operation): string | undefined {
    if (this.card.faults.any && (op.kind === "link.set" || op.kind === "netdev.set") && op.up) {
      return "what a netdev does that comes up while the card refuses commands is not modelled";
    }
    return this.#unknowns.gap(op);
  }

  unknown(op: Operation): Unknown | undefined {
    return this.#unknowns.take(op, this.#parts.attached);
  }
}
