/**
 * The law of a board: a plan may name the board's own device and its parts, and no other. A plan that names another devlink
 * instance, netdev or bus address of the board is refused before anything is pushed.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import { visible } from "../../boards/visible.ts";
import type { Plan } from "../../diff/trace.ts";
import { hardwareOf } from "../../fixtures/hardware.ts";
import { MAC_WITH_PCS } from "../../fixtures/mac_with_pcs.ts";
import type { Facts } from "../../model/facts.ts";
import { innerOperations, type Operation } from "../../model/operation.ts";
import { quote } from "../agent/commands.ts";
import { RefusedError } from "./guard.ts";

/** A name in an operation. */
export interface Named {
  /**
   * `device`: `bus/device` of sysfs. `instance`: a devlink handle. `path`: a file; the board reports what it belongs to.
   * `maker`: a file that creates a device of its bus. `module`: a module that is unloaded, with all devices of its drivers.
   * `load`: a module that is loaded, with the modules that it needs; they take devices that have no driver yet
   */
  kind: "instance" | "device" | "netdev" | "netns" | "path" | "maker" | "module" | "load";
  /** The name */
  name: string;
  /** For a path, the value that is written to it */
  value?: string;
}

/** Files that create or remove a device, by the folder of its bus; the first word that is written is the device's number. */
const MAKES = /^\/sys\/bus\/([^/]+)\/(new_device|del_device)$/;
const BINDS = /^\/sys\/bus\/([^/]+)\/(?:drivers\/[^/]+\/(?:un)?bind|drivers_probe)$/;
/** Paths that name no device: attributes of a bus or a driver, parameters, firmware, sysctls. */
const NAMELESS =
  /^(?:\/sys\/bus\/[^/]+\/(?:[^/]+|drivers\/[^/]+\/[^/]+)|\/sys\/module\/[^/]+\/parameters\/.*|\/lib\/firmware\/.*|\/proc\/sys\/.*)$/;

/**
 * Returns the names in an operation, nested operations included.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { namesOf } from "./law.ts";
 *
 * const path = "/sys/bus/pci/drivers/mlx5_core/unbind";
 * assertEquals(namesOf({ kind: "file.write", path, value: "0000:04:00.0" }), [
 *   { kind: "device", name: "pci/0000:04:00.0" },
 * ]);
 * assertEquals(namesOf({ kind: "dev.reload", handle: "pci/0000:04:00.0" }), [
 *   { kind: "instance", name: "pci/0000:04:00.0" },
 * ]);
 * ```
 */
export function namesOf(op: Operation): Named[] {
  const names: Named[] = [];
  const { netns, handle, until, dev } = op as { netns?: string; handle?: string; until?: string; dev?: string };
  if (netns !== undefined && netns !== "init") names.push({ kind: "netns", name: netns });
  for (const name of [handle, until]) if (name !== undefined) names.push({ kind: "instance", name });
  // Each netns has its own `lo`, and a plan only adds and removes routes on it.
  const routed = op.kind === "route.add" || op.kind === "route.del";
  if (dev !== undefined && !(dev === "lo" && routed)) names.push({ kind: "netdev", name: dev });
  if (op.kind === "netns.del") names.push({ kind: "netns", name: op.name });
  if (op.kind === "module.unload") names.push({ kind: "module", name: op.name.replaceAll("-", "_") });
  if (op.kind === "module.load") names.push({ kind: "load", name: op.name.replaceAll("-", "_") });
  if (op.kind === "file.read" || op.kind === "file.remove") names.push(...namesInFile(op.path, ""));
  if (op.kind === "file.write") names.push(...namesInFile(op.path, op.value));
  return [...names, ...innerOperations(op).flatMap(namesOf)];
}

function namesInFile(given: string, value: string): Named[] {
  const path = given.replaceAll(/\/(?:\.?\/)+/g, "/");
  const word = value.trim();
  const [, bus] = BINDS.exec(path) ?? [];
  if (bus !== undefined) return word === "" ? [] : [{ kind: "device", name: `${bus}/${word}` }];
  const [, maker, file] = MAKES.exec(path) ?? [];
  if (maker !== undefined) {
    const made: Named[] = file === "new_device" ? [{ kind: "maker", name: maker }] : [];
    const [, id] = /^(\d+)(?:\s|$)/.exec(word) ?? [];
    return id === undefined ? made : [...made, { kind: "device", name: `${maker}/${maker}${id}` }];
  }
  const [, netdev] = /^(?:\/sys\/class\/net|\/proc\/sys\/net\/ipv[46]\/(?:conf|neigh))\/([^/]+)\/[^/]+$/.exec(path) ??
    [];
  if (netdev !== undefined) {
    const all = path.startsWith("/proc") && ["all", "default", "lo"].includes(netdev);
    return all ? [] : [{ kind: "netdev", name: netdev }];
  }
  const [, netns] = /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path) ?? [];
  if (netns !== undefined) return [{ kind: "netns", name: netns }];
  if (NAMELESS.test(path) && !path.includes("/../")) return [];
  return [{ kind: "path", name: path, value: word }];
}

/** The names that are the board's own without a question: devices by `bus/device`, netdevs and netns by their names. */
interface Own {
  devices: Set<string>;
  netdevs: Set<string>;
  netns: Set<string>;
  /** Buses on which the plan may create devices */
  makers: Set<string>;
}

/** Returns the own names from the board's file and its facts. */
function ownOfBoard({ handle, driver, pcs }: LawfulBoard, facts: Facts | undefined): Own {
  const ports = [...facts?.ports ?? [], ...Object.values(facts?.nestedPorts ?? {}).flat()];
  const bound = pcs ? [pcs.mac, pcs.pcs].map(({ bus, device }) => `${bus}/${device}`) : [];
  return {
    devices: new Set([handle, ...facts?.nested ?? [], ...bound]),
    netdevs: new Set([...ports.flatMap(({ netdev }) => netdev ?? []), ...pcs ? [pcs.netdev] : []]),
    netns: new Set(),
    // A bus of simulated devices has the same name as its driver.
    makers: new Set(handle.startsWith(`${driver}/`) ? [driver] : []),
  };
}

/** Returns the board's own names, and the names that a plan creates. */
function ownIn(plan: Plan, board: LawfulBoard, ofBoard: Own): Own {
  const own: Own = {
    devices: new Set(ofBoard.devices),
    netdevs: new Set(ofBoard.netdevs),
    netns: new Set(),
    makers: ofBoard.makers,
  };
  for (const id of plan.requires ?? []) {
    // If the board has such hardware, its file lists it.
    if (!board.capabilities?.some((one) => one === id)) continue;
    for (const device of hardwareOf(id)?.devices ?? []) own.devices.add(device);
  }
  const add = (op: Operation) => {
    if (op.kind === "netns.add") own.netns.add(op.name);
    if (op.kind === "link.rename" && own.devices.has(op.handle)) own.netdevs.add(op.name);
    if (op.kind === "module.load" && op.name === MAC_WITH_PCS.modules.mac) {
      for (const name of [MAC_WITH_PCS.mac, ...MAC_WITH_PCS.pcs]) own.devices.add(`platform/${name}`);
      for (const name of MAC_WITH_PCS.netdevs) own.netdevs.add(name);
    }
    if (op.kind === "file.write" && op.path.endsWith("/new_device")) {
      for (const { kind, name } of namesInFile(op.path, op.value)) {
        if (kind === "device" && own.makers.has(name.split("/")[0]!)) own.devices.add(name);
      }
    }
    innerOperations(op).forEach(add);
  };
  for (const { op } of plan.steps) add(op);
  return own;
}

/** True if a name is the board's own without a question to the board. */
function isOwn({ kind, name }: Named, own: Own): boolean {
  switch (kind) {
    case "instance":
    case "device":
      return own.devices.has(name);
    case "netdev":
      return own.netdevs.has(name);
    case "netns":
      return own.netns.has(name);
    case "maker":
      return own.makers.has(name);
    case "module":
    case "load":
      return false;
    case "path":
      return isBelow(name, own);
  }
}

/** True for an attribute of an own device, and for a folder of debugfs with the name of one. */
function isBelow(path: string, { devices, netdevs }: Own): boolean {
  if (path.includes("/../")) return false;
  const [, bus, device] = /^\/sys\/bus\/([^/]+)\/devices\/([^/]+)\/[^/]+$/.exec(path) ?? [];
  if (bus !== undefined) return devices.has(`${bus}/${device}`);
  const debugged = path.startsWith("/sys/kernel/debug/") ? path.split("/").slice(4, -1) : [];
  const names = new Set([...[...devices].map((one) => one.slice(one.indexOf("/") + 1)), ...netdevs]);
  // debugfs has a folder for each driver or device: the files below belong to that device.
  return debugged.slice(0, 2).some((name) => names.has(name));
}

/** The fields of a board that the law needs. */
export type LawfulBoard = Pick<Board, "name" | "driver" | "pcs" | "capabilities"> & { handle: string };

/** Options of {@linkcode Law}. */
export interface LawOptions {
  board: LawfulBoard;
  /** The facts of the board's instance, if they were read */
  facts: Facts | undefined;
  /** Devices and netdevs that plans may name although they are not the board's own, by their names in sysfs. @default {[]} */
  iKnow?: readonly string[];
  /** Runs a script on the board and returns its output; undefined if the board did not answer */
  ask: (script: string) => Promise<string | undefined>;
}

type Answer = "own" | "other" | "absent";

/** Checks plans before they are pushed. The board's answers are stored for the whole session. */
export class Law {
  readonly #options: LawOptions;
  readonly #ofBoard: Own;
  readonly #answers = new Map<string, Answer>();

  /** Creates the law of one session with a board. */
  constructor(options: LawOptions) {
    this.#options = options;
    this.#ofBoard = ownOfBoard(options.board, options.facts);
  }

  /**
   * Accepts plans that name only the board's own objects, objects that they create, and objects that do not exist on the board.
   *
   * @throws {RefusedError} For the first step that names another object of the board, or if the board does not report what it
   *   is
   */
  async check(plans: readonly Plan[]): Promise<void> {
    const { board } = this.#options;
    const doubtful = plans.flatMap((plan) => {
      const own = ownIn(plan, board, this.#ofBoard);
      const devices = [...own.devices];
      return plan.steps.flatMap((step) =>
        namesOf(step.op).filter((named) =>
          !isOwn(named, own) && !isInOwnNetns(named, step.op, own) && !this.#known(named)
        )
          .map((named) => ({ plan, step, named, question: questionOf(named, devices) }))
      );
    });
    if (doubtful.length === 0) return;
    await this.#ask(doubtful.flatMap(({ question }) => question ?? []));
    for (const { plan, step, named, question } of doubtful) {
      const answer = question && this.#answers.get(question.key);
      if (answer === "own" || answer === "absent") continue;
      const unknown = question !== undefined && answer === undefined;
      const why = unknown
        ? "and the board does not tell what that is; the board's handle is"
        : "and the board's handle is";
      throw new RefusedError(
        visible(
          `Cannot run "${plan.suite} > ${plan.sequence}" on board "${board.name}": step ${step.id} ${say(named)}, ` +
            `${why} ${board.handle}`,
        ),
        { answered: !unknown },
      );
    }
  }

  /** True if the user allowed the name: a device by its name or its bus and name, a netdev by its name. */
  #known({ kind, name }: Named): boolean {
    const { iKnow = [] } = this.#options;
    if (kind === "netdev") return iKnow.includes(name);
    const [, device] = busAndDevice(name);
    return (kind === "device" || kind === "instance") && (iKnow.includes(name) || iKnow.includes(device));
  }

  async #ask(questions: readonly Question[]): Promise<void> {
    const wanted = new Map(questions.map((question) => [question.key, question]));
    for (const key of this.#answers.keys()) wanted.delete(key);
    if (wanted.size === 0) return;
    const keys = [...wanted.keys()];
    const lines = [
      await Deno.readTextFile(new URL("./law.sh", import.meta.url)),
      `tw_handle ${quote(this.#options.board.handle)}`,
    ];
    const known = (this.#options.iKnow ?? []).map((name) =>
      name.includes("/") ? shellLine("tw_own", ...busAndDevice(name)) : shellLine("tw_known", name)
    );
    let before: readonly string[] | undefined;
    for (const [i, { devices, words: [word, ...rest] }] of [...wanted.values()].entries()) {
      // A path below the devices of one plan need not be below the devices of another plan.
      if (devices !== before) {
        lines.push("TW_OWN=", ...devices.map((name) => shellLine("tw_own", ...busAndDevice(name))), ...known);
      }
      before = devices;
      lines.push(shellLine(word!, String(i), ...rest));
    }
    const said = await this.#options.ask([...lines, ""].join("\n"));
    for (const line of said?.split("\n") ?? []) {
      const [, number, answer] = /^(\d+)\t(own|other|absent)$/.exec(line) ?? [];
      const key = keys[Number(number)];
      if (answer !== undefined && key !== undefined) this.#answers.set(key, answer as Answer);
    }
  }
}

/** A question to the board about a name. */
interface Question {
  key: string;
  /** The plan's own devices */
  devices: readonly string[];
  /** The command of `law.sh`, without the number */
  words: readonly string[];
}

const shellLine = (...words: string[]) => words.map(quote).join(" ");

/** Returns what a step does with a name, for a message. */
function say({ kind, name, value }: Named): string {
  switch (kind) {
    case "maker":
      return `makes a device of ${name}`;
    case "module":
      return `unloads ${name}, which other devices use, too`;
    case "load":
      return `loads ${name}, which takes other devices`;
    case "instance":
    case "device":
      return `names ${name}`;
    case "path":
      return value ? `writes "${value}" to ${name}` : `names ${name}`;
    default:
      return `names ${kind} ${name}`;
  }
}

function busAndDevice(name: string): [string, string] {
  const [bus = "", ...device] = name.split("/");
  return [bus, device.join("/")];
}

/** Returns the question to the board about a name; undefined for a kind that is never the board's own. */
function questionOf(named: Named, devices: readonly string[]): Question | undefined {
  const words = wordsOf(named);
  return words && { key: JSON.stringify([devices, words]), devices, words };
}

function wordsOf({ kind, name, value = "" }: Named): string[] | undefined {
  switch (kind) {
    case "maker":
      return undefined;
    case "instance":
    case "device":
      return [`tw_${kind}`, ...busAndDevice(name)];
    case "path":
      return ["tw_path", name, value];
    default:
      return [`tw_${kind}`, name];
  }
}

/** True for a netdev in a netns that the plan adds: no other netdev of the board is in that netns. */
function isInOwnNetns({ kind }: Named, { netns }: Operation, own: Own): boolean {
  return kind === "netdev" && netns !== undefined && own.netns.has(netns);
}
