/** Options that several subcommands share, and functions that read them. */

import { resolve } from "node:path";
import { type Board, loadBoard, visible } from "../boards/mod.ts";
import { earlierOf, type EarlierTrace, openTrace, type SequenceTrace, type TraceReader } from "../diff/mod.ts";
import { ERA_IDS } from "../model/mod.ts";
import { TRANSPORTS } from "../boards/transports/mod.ts";
import { type OptionTable, UsageError, type Values } from "./command.ts";

/** The eras that a board can be compared with. */
export const ERAS_BY_NAME: readonly string[] = ERA_IDS;

/** The option that chooses sequences. */
export const FILTER = {
  type: "list",
  short: "f",
  value: "TEXT",
  help: "Only sequences with TEXT in SUITE > SEQUENCE; =NAME: that one, !TEXT: not",
} as const;

/** The options that choose boards and what is run on them. */
export const BOARD_OPTIONS = {
  "board": { type: "list", short: "b", value: "BOARD", help: "A board by name, or by the path of its .toml file" },
  "transport": { type: "list", short: "t", help: "The line to a board that has several", choices: TRANSPORTS },
  "filter": FILTER,
  "era": { type: "text", value: "ERA", help: "Compare with the model of this era", choices: ERAS_BY_NAME },
  "module": { type: "text", value: "FILE", help: "QEMU boards: this netdevsim.ko instead of the stock one" },
  "module-source": { type: "text", value: "DIR", help: "QEMU boards: build netdevsim of this folder's sources" },
  "timeout": { type: "text", value: "SECONDS", help: "How long a sequence may take on the model (60)" },
  "i-know": { type: "list", value: "DEVICE", help: "A board may lose this device although it needs it" },
  "wait": { type: "flag", short: "w", help: "Wait for a board that somebody else has" },
} as const satisfies OptionTable;

/** Loads the boards that the options name, with the changes of the options. */
export async function chosenBoards(values: Omit<Values<typeof BOARD_OPTIONS>, "wait">): Promise<Board[]> {
  const { module, "module-source": moduleSource, era } = values;
  if (module && moduleSource) throw new UsageError("--module and --module-source exclude each other");
  const boards: Board[] = [];
  for (const name of new Set(values.board)) {
    const board = await loadBoard(name);
    if (boards.some((other) => other.name === board.name)) {
      throw new UsageError(`Two boards are named "${board.name}"; their reports would be confused`);
    }
    boards.push(era === undefined ? board : { ...board, era: era as Board["era"] });
  }
  if (!module && !moduleSource) return boards;
  await mustBe(module ?? moduleSource!, module ? "file" : "folder");
  return boards.map((board) => {
    const { module: _, moduleSource: __, ...qemu } = board.qemu ?? ({} as NonNullable<Board["qemu"]>);
    if (!board.qemu) throw new UsageError(`Cannot load a module on board "${board.name}": it is no QEMU board`);
    return { ...board, qemu: { ...qemu, ...(module ? { module } : { moduleSource: moduleSource! }) } };
  });
}

/** Returns the options as arguments that work later and in another folder. */
export function boardArgs(values: Omit<Values<typeof BOARD_OPTIONS>, "wait">): string[] {
  const { board, transport, filter, era, timeout, module, "module-source": source } = values;
  const isPath = (name: string) => name.includes("/") || name.endsWith(".toml");
  const given: [string, string | undefined][] = [
    ...board.map((name): [string, string] => ["board", isPath(name) ? resolve(name) : name]),
    ...transport.map((name): [string, string] => ["transport", name]),
    ...filter.map((text): [string, string] => ["filter", text]),
    ["era", era],
    ["timeout", timeout],
    ["module", module && resolve(module)],
    ["module-source", source && resolve(source)],
    ...values["i-know"].map((device): [string, string] => ["i-know", device]),
  ];
  return given.filter(([, value]) => value !== undefined).map(([name, value]) => `--${name}=${value}`);
}

/** Reads `--timeout`: seconds, at least 1; undefined if the option is not given. */
export function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,4}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`Option --timeout is "${visible(text)}", but must be a number of seconds from 1 to 99999`);
}

/**
 * Opens a trace that the user names.
 *
 * @throws {UsageError} If it cannot be read
 */
export async function openTraceFile(path: string): Promise<TraceReader> {
  try {
    return await openTrace(path);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`Cannot read trace "${visible(path)}": there is no such file`);
    }
    if (error instanceof Error && !(error instanceof TypeError)) {
      throw new UsageError(`Cannot read trace "${visible(path)}": ${visible(error.message)}`);
    }
    throw error;
  }
}

/** The option that names a file of learned expectations. */
export const LEARNED = {
  type: "text",
  value: "FILE",
  help: 'Expectations of "twinlink learn", instead of those that the board\'s file names',
} as const;

/** True if this is the name of a trace file. */
export const isTraceFile = (name: string) => /\.jsonl(\.gz)?$/.test(name);

/** Returns the options for the comparison (`--against`, `--learned`) with paths that work from another folder. */
export function comparedWith(
  { against, learned }: { against?: string | undefined; learned?: string | undefined },
): string[] {
  return [
    ...against === undefined ? [] : [`--against=${isTraceFile(against) ? resolve(against) : against}`],
    ...learned === undefined ? [] : [`--learned=${resolve(learned)}`],
  ];
}

/** The option that compares with an earlier recording instead of the model. */
export const AGAINST = {
  type: "text",
  value: "TRACE",
  help: "Compare with this trace, or with the trace of a recording board, instead of the model",
} as const;

/**
 * Reads the trace of `--against`: a path of a trace, or a recording board by name or file.
 *
 * @throws {UsageError} If the trace cannot be read, was cut short, or the board is not a recording
 */
export async function earlierTrace(given: string): Promise<EarlierTrace> {
  let path = given;
  if (!isTraceFile(given)) {
    const { name, recording } = await loadBoard(given);
    if (!recording) {
      throw new UsageError(
        `Cannot compare with board "${visible(name)}": it is no recording; record it first: ` +
          `twinlink record --board ${visible(given)} --out FILE.jsonl`,
      );
    }
    path = recording.trace;
  }
  await using trace = await openTraceFile(path);
  const sequences: SequenceTrace[] = [];
  try {
    for await (const sequence of trace.sequences) sequences.push(sequence);
  } catch (error) {
    throw error instanceof SyntaxError ? new UsageError(error.message) : error;
  }
  return earlierOf({ header: trace.header, sequences }, given);
}

async function mustBe(path: string, what: "file" | "folder"): Promise<void> {
  const info = await Deno.stat(path).catch(() => undefined);
  if (what === "file" ? info?.isFile : info?.isDirectory) return;
  throw new UsageError(`Cannot use module "${visible(path)}": there is no such ${what}`);
}

/**
 * Makes a folder that the user names, and its parent folders.
 *
 * @throws {UsageError} If it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw new UsageError(`Cannot write to "${visible(path)}": ${visible((error as Error).message)}`);
  }
}
