/**
 * The guard: before a plan takes a device away from a real board, it asks the board which devices carry its root filesystem and
 * the connection. A plan that would take away such a device is refused.
 *
 * @module
 */

import { DRIVERS } from "../../model/drivers/mod.ts";
import { visible } from "../../boards/visible.ts";
import type { Plan } from "../../diff/trace.ts";
import { innerOperations, type Operation } from "../../model/operation.ts";
import { quote } from "../agent/commands.ts";

/** A plan would cut the board off, or might; nothing of it was pushed. Wrong usage, exit status 2. */
export class RefusedError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "RefusedError";
  /** True if the board reported what it needs. If it did not answer, the plan may pass once it does */
  readonly answered: boolean;

  /** Creates an error with a message for the user. */
  constructor(message: string, options: { answered?: boolean } = {}) {
    super(message);
    this.answered = options.answered ?? true;
  }
}

/** The thing that an operation takes away: a device that the board finds with `ask`, the drivers of a module, or a netdev. */
export interface Taking {
  /** For the message, for example `unbinds` */
  verb: string;
  /** Its name in the operation */
  name: string;
  /** The kind of the thing that is taken away */
  kind: "device" | "module" | "netdev";
  /** The command of `guard.sh` that finds it on the board, without the number */
  ask: readonly string[];
}

/** Files of a device in sysfs that take away the device, or what is on it, with any value. */
const TAKING_FILES = ["remove", "delete", "reset", "authorized", "driver_override", "sriov_numvfs"];

/**
 * Returns what an operation takes away from its board, nested operations included; most operations take nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { takings } from "./guard.ts";
 *
 * const [taking] = takings({ kind: "file.write", path: "/sys/bus/pci/drivers/igb/unbind", value: "0000:03:00.0" });
 * assertEquals(taking?.ask, ["tg_unbound", "/sys/bus/pci/drivers/igb", "0000:03:00.0"]);
 * ```
 */
export function takings(op: Operation): Taking[] {
  switch (op.kind) {
    case "file.write": {
      const { folder, file } = split(op.path);
      const name = op.value.trim();
      if (file === "unbind") return [{ verb: "unbinds", name, kind: "device", ask: ["tg_unbound", folder, name] }];
      if (!TAKING_FILES.includes(file)) return [];
      return [{ verb: `writes to ${file} of`, name: folder, kind: "device", ask: ["tg_taken", folder] }];
    }
    case "dev.reload":
      return [ofHandle("reloads", op.handle)];
    case "link.set":
      return op.up ? [] : [ofHandle("sets a port down of", op.handle)];
    case "netdev.set":
      if (op.up || (op.netns ?? "init") !== "init") return [];
      return [{ verb: "sets down", name: op.dev, kind: "netdev", ask: ["tg_taken", `/sys/class/net/${op.dev}`] }];
    case "module.unload": {
      const name = moduleName(op.name);
      return [{ verb: "unloads module", name, kind: "module", ask: ["tg_taken", `/sys/module/${name}`] }];
    }
    default:
      return innerOperations(op).flatMap(takings);
  }
}

function split(path: string): { folder: string; file: string } {
  const [, folder = "/", file = ""] = /^(.*)\/([^/]*)\/*$/.exec(path) ?? [];
  return { folder: folder || "/", file };
}

function ofHandle(verb: string, handle: string): Taking {
  const [bus = "", ...name] = handle.split("/");
  return { verb, name: handle, kind: "device", ask: ["tg_handle", bus, name.join("/")] };
}

/** The board's report of what it must not lose. All of it is text of the board. */
interface Survey {
  /** By path in sysfs */
  devices: Map<string, { bus: string; module: string; what: string }>;
  netdevs: Map<string, string>;
  /** Modules of netdevs that have no device of their own */
  modules: Map<string, string>;
  /** Things that twinlink could not find */
  unknown: string[];
  /** The paths of the devices that steps take away, by the command that asks for them */
  targets: Map<string, string[]>;
  /** False if the answer is incomplete, or no answer */
  whole: boolean;
}

/** The things that a board must not lose. All of it is text of the board. */
export interface Lifelines {
  /**
   * Each thing, for example `the root filesystem (/dev/sda1 on /)`, and the devices and netdevs that carry it: names for
   * `--i-know`
   */
  carried: { what: string; by: string[] }[];
  /** Things that twinlink could not find */
  unknown: string[];
}

/** The loss that a taking causes: the names for `--i-know`, and what the board loses. */
interface Loss {
  names: string[];
  what: string;
}

/** Options of {@linkcode Guard}. */
export interface GuardOptions {
  /** The board's name */
  board: string;
  /** The line to the board */
  transport: string;
  /** Devices that may be lost, as sysfs names them */
  iKnow?: readonly string[];
  /** Runs a script on the board and returns its output; undefined if the board did not answer */
  ask: (script: string) => Promise<string | undefined>;
}

/** Checks plans before they are pushed. The board's report is stored for the whole session. */
export class Guard {
  readonly #options: GuardOptions;
  #survey: Survey | undefined;

  /** Creates the guard of one session with a board. */
  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /**
   * Accepts plans that take away nothing that the board needs.
   *
   * @throws {RefusedError} For the first step that takes away such a device, or if that could not be determined
   */
  async check(plans: readonly Plan[]): Promise<void> {
    const all = plans.flatMap((plan) =>
      plan.steps.flatMap((step) => takings(step.op).map((taking) => ({ plan, step, taking })))
    );
    if (all.length === 0) return;
    const survey = await this.#surveyed(all.map(({ taking }) => taking.ask));
    for (const { plan, step, taking } of all) {
      const loss = lossOf(taking, survey);
      const names = loss?.names.filter((name) => !this.#known(name, survey)) ?? [];
      if (!loss || names.length === 0) continue;
      const flags = names.map((name) => `--i-know ${quote(baseOf(name))}`).join(" ");
      const message = visible(
        `Cannot run "${plan.suite} > ${plan.sequence}" on board "${this.#options.board}": step ${step.id} ` +
          `${taking.verb} ${taking.name}, ${loss.what} (add ${flags} if it may be lost)`,
      );
      throw new RefusedError(message, { answered: survey.whole });
    }
  }

  /** Returns what the board must not lose, and the devices, netdevs and modules that carry it. */
  async lifelines(): Promise<Lifelines> {
    const { devices, netdevs, modules, unknown } = await this.#surveyed([]);
    const all = [
      ...[...devices].map(([path, { what }]) => ({ what, name: baseOf(path) })),
      ...[...netdevs, ...modules].map(([name, what]) => ({ what, name })),
    ];
    const carried = [...Map.groupBy(all, ({ what }) => what)]
      .map(([what, of]) => ({ what, by: [...new Set(of.map(({ name }) => name))] }));
    return { carried, unknown: [...unknown] };
  }

  /** True if the user allowed the name: a device by its name or its bus and name, a netdev by its name. */
  #known(name: string, survey: Survey): boolean {
    const { iKnow = [] } = this.#options;
    const base = baseOf(name);
    return iKnow.includes(base) || iKnow.includes(`${survey.devices.get(name)?.bus}/${base}`);
  }

  async #surveyed(asks: readonly (readonly string[])[]): Promise<Survey> {
    const wanted = new Map(asks.map((ask) => [JSON.stringify(ask), ask]));
    const known = this.#survey;
    if (known && [...wanted.keys()].every((key) => known.targets.has(key))) return known;
    for (const key of known?.targets.keys() ?? []) wanted.set(key, JSON.parse(key));
    const { ask, transport } = this.#options;
    const calls = [...wanted.values()].map(([word, ...rest], i) => [word!, String(i), ...rest].map(quote).join(" "));
    const parts = await Promise.all(
      ["guard.sh", "guard_filesystems.sh"].map((name) => Deno.readTextFile(new URL(`./${name}`, import.meta.url))),
    );
    const script = [...parts, `tg_survey ${quote(transport)}`, ...calls, "tg_say done", ""].join("\n");
    return this.#survey = parseSurvey(await ask(script) ?? "", [...wanted.keys()]);
  }
}

/** Reads the output of `guard.sh`; if it is incomplete, everything is unknown. */
function parseSurvey(text: string, asks: readonly string[]): Survey {
  const survey: Survey = {
    devices: new Map(),
    netdevs: new Map(),
    modules: new Map(),
    unknown: [],
    targets: new Map(asks.map((ask) => [ask, []])),
    whole: false,
  };
  for (const line of text.split("\n")) {
    const [kind, first = "", ...rest] = line.split("\t");
    if (kind === "device") {
      survey.devices.set(first, { bus: rest[0] ?? "", module: rest[1] ?? "", what: rest[2] ?? "" });
    } else if (kind === "netdev") survey.netdevs.set(first, rest[0] ?? "");
    else if (kind === "module") survey.modules.set(moduleName(first), rest[0] ?? "");
    else if (kind === "unknown") survey.unknown.push(first);
    else if (kind === "target") survey.targets.get(asks[Number(first)] ?? "")?.push(rest[0] ?? "");
    else if (kind === "done") survey.whole = true;
  }
  if (!survey.whole) survey.unknown.push("its devices (the board did not answer)");
  return survey;
}

/** Returns what the board loses by a taking; undefined if it needs nothing of it. */
function lossOf(taking: Taking, survey: Survey): Loss | undefined {
  const { kind, name, ask } = taking;
  const carries = (what: string) => `which carries ${what}`;
  const paths = survey.targets.get(JSON.stringify(ask)) ?? [];
  if (kind === "module") {
    const driven = [...survey.devices].filter(([, { module }]) => moduleName(module) === name);
    const soft = survey.modules.get(name);
    if (soft !== undefined) return { names: [name], what: carries(soft) };
    const [first] = driven;
    if (first) {
      return {
        names: driven.map(([path]) => path),
        what: `the driver of ${baseOf(first[0])}, ${carries(first[1].what)}`,
      };
    }
  } else if (kind === "netdev") {
    const what = survey.netdevs.get(name);
    if (what !== undefined) return { names: [name], what: carries(what) };
  } else {
    const needed = paths.filter((path) => survey.devices.has(path));
    if (needed.length > 0) return { names: needed, what: carries(survey.devices.get(needed[0]!)!.what) };
  }
  if (survey.unknown.length === 0) return undefined;
  const what = `and the board may need it: not known is ${survey.unknown.join(", and ")}`;
  if (!survey.whole) return { names: [name], what };
  // A missing device carries nothing, and neither does a simulated device.
  const doubtful = paths.filter((path) =>
    !DRIVERS.some(({ bus }) => bus !== undefined && path.startsWith(`/sys/devices/${bus}`))
  );
  return doubtful.length > 0 ? { names: kind === "device" ? doubtful : [name], what } : undefined;
}

const moduleName = (name: string) => name.replaceAll("-", "_");
const baseOf = (path: string) => path.split("/").pop()!;
