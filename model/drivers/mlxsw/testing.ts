/**
 * For tests: recordings of mlxsw_spectrum of Debian's kernels 6.12 and 7.2 on an emulated Spectrum with eight ports (four in the
 * steps of `split` and `health` of 6.12). `testdata/` has the facts of the device as text, and the messages of a reload (for 6.12
 * only the first). It also has the commands of sessions with their answers, in order.
 */

import { parseDevlink } from "../../command_line/parser.ts";
import type { Facts } from "../../facts.ts";
import { Machine } from "../../machine.ts";
import { type Extack, isNotKnown, type Json, type Observation } from "../../observation.ts";
import type { Operation } from "../../operation.ts";
import seen612 from "./testdata/6.12.json" with { type: "json" };
import seen72 from "./testdata/7.2.json" with { type: "json" };

export const HANDLE = "pci/0000:00:02.0";
export const RELOAD = { kind: "dev.reload", handle: HANDLE } as const;

/** A command of a session. */
export interface SeenStep {
  readonly line: string;
  readonly result: string;
  readonly extack?: Extack;
  /** The output of `devlink -j`; left out if the output was not JSON or was cut */
  readonly reply?: string;
}

type Session = Readonly<Record<string, readonly SeenStep[]>>;

const EVIDENCE = { "6.12": seen612, "7.2": seen72 } as unknown as Record<
  "6.12" | "7.2",
  { facts: string; reload: readonly string[]; steps: Session }
>;

export type SeenEra = keyof typeof EVIDENCE;
export const SEEN_ERAS = Object.keys(EVIDENCE) as SeenEra[];

/** Returns the facts of the emulated device, with the changes of `more`. */
export const factsOf = (era: SeenEra, more: Partial<Facts> = {}): Facts => ({
  ...JSON.parse(EVIDENCE[era].facts) as Facts,
  ...more,
});

/** The facts of an emulated Spectrum-2 on 6.12, as the example board has them. */
export const SPECTRUM_2: Facts = {
  ...JSON.parse(
    Deno.readTextFileSync(new URL("../../../boards/examples/spectrum-2-serial.facts.json", import.meta.url)),
  ),
  handle: HANDLE,
};

/** Returns the facts with `count` ports on the front panel. */
export const withPorts = (facts: Facts, count: number): Facts => ({
  ...facts,
  ports: facts.ports.filter(({ index }) => index <= count),
});

export const machineOf = (era: SeenEra, more: Partial<Facts> = {}) => new Machine({ era, facts: factsOf(era, more) });

/** Returns the messages of a reload, all messages of one kind in one line. */
export const reloadOf = (era: SeenEra): readonly string[] => EVIDENCE[era].reload;

/** Returns the commands of a session. */
export const sessionOf = (era: SeenEra, name: string): readonly SeenStep[] => EVIDENCE[era].steps[name]!;

/** Reads a command line as devlink(8) does. */
export function operationOf(line: string): Operation {
  const parsed = parseDevlink(line.split(" "));
  if (!("op" in parsed) || !parsed.op) throw new TypeError(`Cannot read ${line}`);
  return parsed.op;
}

/** Returns the messages of an observation in the form of the recordings. */
export function messagesOf({ notify }: Observation, netns = "init"): string[] {
  const lines: { begin: string; rest: string[] }[] = [];
  for (const { command, object, handle, attributes: a } of notify[netns] ?? []) {
    const port = [handle.slice(handle.lastIndexOf("/") + 1), a["type"], ...("netdev" in a ? ["netdev"] : [])];
    const trap = [a["name"] ?? a["policer"], a["action"] ?? ("name" in a ? a["policer"] : undefined)];
    const about = object === "port" ? port : object.startsWith("trap") ? trap : [];
    const rest = about.filter((word) => word !== undefined).join(" ");
    const begin = `${command} ${object}`;
    if (object.startsWith("trap") && lines.at(-1)?.begin === begin) lines.at(-1)!.rest.push(rest);
    else lines.push({ begin, rest: [rest] });
  }
  return lines.map(({ begin, rest }) => `${begin} ${rest.join(", ")}`.trim());
}

/** Returns the paths at which the board's output differs from the model's, without the parts that the model does not know. */
export function differences(board: Json, model: Json | undefined, path = ""): string[] {
  if (isNotKnown(model)) return [];
  if (Array.isArray(board) && Array.isArray(model)) {
    if (board.length !== model.length) return [`${path}: ${board.length} on the board, ${model.length} on the model`];
    return board.flatMap((one, at) => differences(one, model[at], `${path}/${at}`));
  }
  if (typeof board !== "object" || board === null || typeof model !== "object" || model === null) {
    return board === model
      ? []
      : [`${path}: ${JSON.stringify(board)} on the board, ${JSON.stringify(model)} on the model`];
  }
  const [there, here] = [board, model] as Record<string, Json>[];
  const more = Object.keys(here!).filter((key) => !(key in there!) && !["metadata", "stats"].includes(key));
  return [
    ...more.map((key) => `${path}/${key}: on the model only`),
    ...Object.entries(there!).flatMap(([key, value]) => differences(value, here![key], `${path}/${key}`)),
  ];
}
