/**
 * The generic driver: a driver that nobody modelled, on a device that a board's facts describe. The model predicts what the devlink
 * core decides. What only the driver decides is unknown, and each observation lists the unknown channels (`Observation.unknown`).
 *
 * @module
 */

import { Devlink, type Port } from "../../devlink/devlink.ts";
import type { Driver, EswitchDriver, EswitchMode, ParamSpec, PortCommand, ShownObject } from "../../devlink/driver.ts";
import type { Attributes } from "../../devlink/message.ts";
import { findResource } from "../../devlink/resource.ts";
import type { Facts } from "../../facts.ts";
import type { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { type Channel, countedSince, type Json, NOT_KNOWN, type Result, type Unknown } from "../../observation.ts";
import type { Operation } from "../../operation.ts";
import { addTraps, paramOf, portOf, regionOf, type Remember, reporterOf, resourceOf } from "../from_facts.ts";

/** By object, the shown attributes that only the board knows: counters, numbers of the board, additions of other drivers. */
const PARTS: Readonly<Partial<Record<ShownObject, readonly string[]>>> = {
  dev: ["index", "nested_devlink"],
  info: ["serial_number", "board.serial_number"],
  port: ["function", "nested_devlink"],
  trap: ["stats"],
  group: ["stats"],
  policer: ["stats"],
  region: ["snapshot"],
  reporter: ["state", "error", "recover", "last_dump_date", "last_dump_time", "burst_period"],
  resource: ["occ", "dpipe_tables"],
};

const RESULT: readonly Channel[] = ["result", "extack"];

/** The channels that may show something whenever a driver acts. */
const SAID: readonly Channel[] = ["notify", "link", "kmsg", "time"];

/** The first words of the kinds of operations whose reply may change with a reload. */
const CHANGED_BY_RELOAD = new Set(["trap", "param", "resource", "port", "health", "region", "link", "ethtool", "rate"]);

/** The first words of the kinds of operations on objects that a driver may have and the model does not. */
const MAY_HAVE = ["sb", "dpipe", "linecard"] as const;

/** The driver of a device that only its facts describe. */
export class Generic implements Driver, EswitchDriver {
  readonly name: string;
  readonly reloadActions: Facts["reloadActions"];
  readonly reloadLimits: Facts["reloadLimits"];
  readonly versions: Json | undefined;
  readonly infoRefusal: Result | undefined;
  readonly dl: Devlink;
  readonly mode: EswitchMode;
  readonly #facts: Facts;
  readonly #values = new Map<ParamSpec, number | boolean | string>();
  /** True once the running operation has called the driver */
  #asked = false;
  /** The ports while the driver is down */
  #portsDown: Port[] = [];
  /** The last action of the driver with unknown side effects; undefined if there was none */
  #changedBy: string | undefined;
  /** True once a link was set up or down: its carrier may change seconds later */
  #linkSet = false;

  [STATE](): readonly unknown[] {
    return [this.#values, this.#asked, this.#portsDown, this.#changedBy, this.#linkSet];
  }

  constructor(kernel: Kernel, device: Device, facts: Facts) {
    this.name = facts.driver;
    this.#facts = facts;
    this.reloadActions = facts.reloadActions;
    this.reloadLimits = facts.reloadLimits;
    this.versions = Object.keys(facts.versions).length > 0 ? facts.versions as Json : undefined;
    this.infoRefusal = facts.refused["dev info"] === "EOPNOTSUPP" ? "EOPNOTSUPP" : undefined;
    this.mode = (facts.eswitch?.mode ?? "legacy") as EswitchMode;
    this.dl = new Devlink(kernel, facts.handle, this, device.lock, kernel.init);
  }

  get eswitch(): EswitchDriver | undefined {
    return this.#facts.eswitch ? this : undefined;
  }

  /** Adds all objects of the facts to the instance, without messages: they exist before any socket listens. */
  populate(): void {
    const { dl } = this;
    const facts = this.#facts;
    dl.reloadFailed = facts.reloadFailed;
    addTraps(dl, facts);
    const remember: Remember = (spec, value) => this.#values.set(spec, value);
    dl.params = facts.params.map((fact) => paramOf(fact, remember));
    dl.resources = facts.resources.map(resourceOf);
    dl.reporters = facts.reporters.map((fact) =>
      reporterOf(fact, { recover: () => this.#ask(), dump: () => void this.#ask() })
    );
    dl.regions = facts.regions.map((fact) => regionOf(dl, fact));
    for (const fact of facts.ports) dl.ports.push(portOf(dl, fact, remember));
    dl.registered = true;
  }

  #ask(): Result {
    this.#asked = true;
    return "ok";
  }

  // deno-lint-ignore require-yield
  *reloadDown(): Steps<Result> {
    // The kernel warns of a driver that leaves a port to the core: the model assumes that no driver does
    this.#portsDown = this.dl.ports.splice(0);
    return this.#ask();
  }

  // deno-lint-ignore require-yield
  *reloadUp(): Steps<Result> {
    this.#changedBy = "a reload";
    this.dl.ports.push(...this.#portsDown.splice(0));
    return this.#ask();
  }

  // deno-lint-ignore require-yield
  *setMode(): Steps<Result> {
    this.#changedBy = "a change of the eswitch";
    return this.#ask();
  }

  flashes(): Result {
    return this.#ask();
  }

  // deno-lint-ignore require-yield
  *flash(): Steps<Result> {
    return "ok";
  }

  paramGet(spec: ParamSpec): number | boolean | string {
    return this.#values.get(spec)!;
  }

  paramSet(spec: ParamSpec, value: number | boolean | string): void {
    this.#ask();
    this.#values.set(spec, value);
  }

  paramValidate(): Result {
    return this.#ask();
  }

  portCommand(_task: Task, _kind: PortCommand, _port: Port | undefined): Result | undefined {
    this.#changedBy = "a command on ports";
    this.#ask();
    return "EOPNOTSUPP";
  }

  linkSet(): Result {
    this.#linkSet = true;
    return this.#ask();
  }

  regionSnapshot(): Result {
    return this.#ask();
  }

  healthTest(): Result {
    this.#ask();
    return "EOPNOTSUPP";
  }

  mayHave(objects: "sb" | "dpipe" | "linecard" | "selftests"): boolean {
    return !Object.keys(this.#facts.refused).some((command) => command.startsWith(objects));
  }

  trapActionSet(): Result {
    return this.#ask();
  }

  trapGroupBinds(): Result {
    if (this.#facts.policers.length > 0) return "ok";
    this.#ask();
    return "EOPNOTSUPP";
  }

  trapGroupSet(): Result {
    return this.#ask();
  }

  trapPolicerSet(): Result {
    return this.#ask();
  }

  trapDropped(): number {
    return 0;
  }

  shown(object: ShownObject, attributes: Attributes): Attributes {
    const completed = { ...attributes };
    for (const part of PARTS[object] ?? []) completed[part] = NOT_KNOWN;
    if (object === "dev") completed["stats"] = this.#stats(attributes["stats"]);
    return completed;
  }

  /**
   * Returns the reload statistics. The model counts only the reloads of the sequence, not those before it. A driver may have
   * performed
   * another action together with the requested one (`actions_performed` of `devlink_ops.reload_up`).
   */
  #stats(stats: Json | undefined): Json {
    const { dl } = this;
    const { reload } = stats as { reload: Record<string, Record<string, Json>> };
    const counted = (action: string) => {
      const alone = Object.entries(dl.reloads).every(([other, times]) => other === action || times === 0);
      const times = countedSince(`${dl.handle} ${action}`, dl.reloads[action as keyof typeof dl.reloads]);
      return { ...reload[action], unspecified: alone ? times : NOT_KNOWN };
    };
    return {
      reload: Object.fromEntries(Object.keys(reload).map((action) => [action, counted(action)])),
      remote_reload: NOT_KNOWN,
    };
  }

  gap(op: Operation): string | undefined {
    const { name } = this;
    if ("path" in op && op.kind.startsWith("file.") && this.#isOwn(op.path)) {
      return `the files of ${name} are not modelled`;
    }
    if ((op.kind === "ethtool.show" || op.kind === "ethtool.restart") && this.#has(op.dev)) {
      return `only ${name} knows how its netdev is`;
    }
    // Not performed: the operation may set the size of any resource
    const ofNumber = op.kind === "resource.set" && op.handle === this.dl.handle && /^\/*$/.test(op.path);
    if (ofNumber && this.dl.resources.some(({ id }) => id === undefined)) {
      return `only ${name} knows which resource has the number 0`;
    }
    return undefined;
  }

  /** True for a file of the device, of its driver or of one of its netdevs. */
  #isOwn(path: string): boolean {
    if (path.startsWith("/sys/kernel/debug/")) return true;
    const [, folder, one, , name] =
      /^\/sys\/(bus|class|devices)\/([^/]+)(?:\/(devices|drivers))?\/([^/]+)/.exec(path) ?? [];
    if (folder === "class") return one === "net" && this.#has(name!);
    return folder === "devices" || folder === "bus" && one === this.dl.handle.split("/")[0];
  }

  /** True if a reporter may exist: the facts list the reporters of the instance, not all of its ports'. */
  #mayReport({ reporter, port }: { reporter: string; port?: number }): boolean {
    return port !== undefined || this.dl.reporters.some(({ name }) => name === reporter);
  }

  /** True if the kernel refuses a size because the resource has just one. */
  #isFixed({ path, size }: Operation<"resource.set">): boolean {
    const names = path.split("/").filter((name) => name !== "");
    const { resource } = findResource(this.dl.resources, names.join("/")) ?? {};
    return resource !== undefined && resource.min === resource.max && /^\d+$/.test(String(size)) &&
      BigInt(size) !== resource.max;
  }

  #has(netdev: string): boolean {
    return this.dl.ports.some((port) => port.netdev?.name === netdev);
  }

  /** True if the facts of a port lack its params or resources. */
  #lacks(what: "params" | "resources"): boolean {
    return this.#facts.ports.some((port) => port[what] === undefined);
  }

  unknown(op: Operation): Unknown | undefined {
    const { name } = this;
    const asked = this.#asked;
    this.#asked = false;
    const channels = new Map<Channel, string>();
    const because = (why: string, ...of: readonly Channel[]) => {
      for (const channel of of) if (!channels.has(channel)) channels.set(channel, why);
    };
    const [subject] = op.kind.split(".");
    if (asked) because(`only ${name} knows what it does`, "result", "extack", "reply", ...SAID);
    const onNetdev = "port" in op && this.dl.ports.some(({ index, netdev }) => index === op.port && netdev);
    if (this.#linkSet) because(`only ${name} knows when its carrier comes`, "link", "kmsg");
    if (onNetdev && op.kind === "link.move" || op.kind === "netdev.set" && this.#has(op.dev)) {
      because(`only ${name} knows what its netdev does`, "result", "extack", ...SAID);
    }
    if (op.kind === "netdev.show" && this.#has(op.dev)) because(`only ${name} knows how its netdev is`, "reply");
    if (onNetdev && (op.kind === "link.show" || op.kind === "ethtool.info" || op.kind === "ethtool.flash")) {
      because(`only ${name} knows how its netdev is`, "reply", "result", "extack", ...SAID);
    }
    if (
      (op.kind === "health.diagnose" || op.kind === "health.dump.show") && this.#mayReport(op) || subject === "rate"
    ) {
      because(`only ${name} knows what it has`, "result", "extack", "reply", "time");
    }
    if (op.kind === "region.read" || op.kind === "region.dump") because(`only ${name} knows what it holds`, "reply");
    const may = op.kind.startsWith("dev.selftests.") ? "selftests" : MAY_HAVE.find((one) => one === subject);
    if (may && this.mayHave(may)) because(`only ${name} knows what it has`, "result", "extack", "reply", "notify");
    if (op.kind === "health.show" && this.#facts.ports.some(({ reporters }) => reporters.length > 0)) {
      because("the reporters of ports are not modelled", "reply");
    }
    if (op.kind === "resource.set" && op.handle === this.dl.handle && this.#isFixed(op)) {
      // The last of three checks sets the extack, and devlink(8) prints no granularity of a size that cannot change.
      because(`only ${name} knows the steps of its size`, "extack");
    }
    const { dumpsResources, ports: { paramsRefusal } } = this.dl.kernel.era;
    if (op.kind.startsWith("port.param.") && paramsRefusal === undefined && this.#lacks("params")) {
      because("the params of its ports were not read", "result", "extack", "reply");
    }
    if (op.kind === "resource.show" && dumpsResources && this.#lacks("resources")) {
      const one = op.handle !== undefined;
      if (!one || op.port !== undefined) {
        because("the resources of its ports were not read", ...(one ? RESULT : []), "reply");
      }
    }
    const { eswitch, refused } = this.#facts;
    if (op.kind === "dev.eswitch.show" && (eswitch || "dev eswitch show" in refused)) {
      because(`only ${name} knows its modes`, "result", "reply", "extack");
    }
    if (op.kind === "dev.info" && "dev info" in refused) {
      if (this.infoRefusal === undefined) {
        because(`only ${name} knows why it refused that`, "result", "reply", "extack");
      } else if (op.handle !== undefined) because(`only ${name} knows its message`, "extack");
    }
    if (this.#changedBy && CHANGED_BY_RELOAD.has(subject!)) {
      const said = op.kind.endsWith(".show") ? [] : SAID;
      because(`only ${name} knows what ${this.#changedBy} changed`, "result", "extack", "reply", ...said);
    }
    const { nested, nestedPorts } = this.#facts;
    if (op.kind === "port.show" && op.handle === undefined && nestedPorts) {
      because("the ports of its nested instances are not modelled", "reply");
    }
    if (this.#changedBy && nested.length > 0) {
      // A kernel work announces an instance again after its nested instance is back: devlink_rel_nested_in_notify_work()
      because("the instance is announced again when its nested instances are back", "notify");
    }
    return channels.size > 0 ? Object.fromEntries(channels) : undefined;
  }
}
