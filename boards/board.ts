/**
 * Loads boards: shipped boards by their name, all others by the path of their file.
 *
 * @module
 */

import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, TomlDate, TomlError } from "smol-toml";
import type { z } from "zod";
import { BOOTED_ERAS, ERAS, isKernelId } from "../model/era/mod.ts";
import { keyLines, lineOf } from "./_locate.ts";
import { type BoardFile, boardSchema, contradictions } from "./schema.ts";
import { suggestion } from "./suggestion.ts";
import { transportPaths } from "./transports/mod.ts";
import { visible } from "./visible.ts";

/** The eras that also boot with poisoned memory: those in which phylink asks the MAC for its PCS. */
const POISONED = BOOTED_ERAS.filter((id) => ERAS[id].phylink.selects);

/** The kernels for which mlxsw is built; it was not tried on 5.10. */
const SPECTRUM_KERNELS = BOOTED_ERAS.filter((id) => id !== "5.10");

/** The boards that ship, by name; each is `boards/NAME.toml`. */
export const SHIPPED_BOARDS: readonly string[] = [
  "model",
  ...BOOTED_ERAS.flatMap((id) => [`qemu-${id}`, ...[`${id}-debug`].filter(isKernelId).map((debug) => `qemu-${debug}`)]),
  ...POISONED.map((id) => `qemu-${id}-slub`),
  ...BOOTED_ERAS.flatMap((id) => [`qemu-connectx-${id}`, `qemu-connectx-${id}-rdma`]),
  ...SPECTRUM_KERNELS.map((id) => `qemu-spectrum-${id}`),
  ...BOOTED_ERAS.flatMap((id) => [`qemu-mgbe-${id}`, `qemu-mgbe-${id}-rgmii`]),
  ...POISONED.map((id) => `qemu-mgbe-${id}-slub`),
  ...BOOTED_ERAS.flatMap((id) => [`recording-${id}`, `recording-connectx-${id}`, `recording-mgbe-${id}`]),
  ...SPECTRUM_KERNELS.map((id) => `recording-spectrum-${id}`),
];

/** A key in camel case, as in code: `known_hosts_file` becomes `knownHostsFile`. */
export type Camel<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;
/** A value with all its keys in camel case, at every depth. */
export type CamelKeys<T> = T extends readonly (infer E)[] ? CamelKeys<E>[]
  : T extends object ? { [K in keyof T as Camel<K & string>]: CamelKeys<T[K]> }
  : T;

/** A device under test: the content of a board file with its keys in camel case and its paths absolute. */
export type Board = CamelKeys<Omit<BoardFile, "$schema">> & {
  /** Path of the board's file */
  file: string;
};

/** A board file is wrong: bad configuration, exit status 2. The message has one problem per line. */
export class BoardError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "BoardError";
  /** The problems, each a complete line. */
  readonly problems: readonly string[];
  /** Creates a board error from its problems. */
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

const quoted = (value: unknown) => visible(JSON.stringify(value) ?? String(value));

/** Returns a dotted path: `["waivers", 0, "reason"]` becomes `waivers[0].reason`. */
function dotted(path: readonly PropertyKey[]): string {
  return path.reduce<string>((at, key) => {
    return typeof key === "number" ? `${at}[${key}]` : at ? `${at}.${String(key)}` : String(key);
  }, "");
}

const valueAt = (root: unknown, path: readonly PropertyKey[]) =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], root);

/** Returns the keys that the schema knows at `path`. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  // deno-lint-ignore no-explicit-any
  let schema: any = boardSchema;
  const peel = () => {
    while (schema?._zod?.def.innerType) schema = schema._zod.def.innerType;
  };
  for (const key of path) {
    peel();
    schema = typeof key === "number" ? schema?._zod.def.element : schema?.shape?.[key];
  }
  peel();
  return Object.keys(schema?.shape ?? {});
}

const TYPES: Record<string, string> = {
  string: "a text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a table",
};

/** Returns the problems for one issue of zod: the found value, and the expected one. */
function explain(issue: z.core.$ZodIssue, root: unknown): { key: string; message: string }[] {
  const key = dotted(issue.path);
  const found = valueAt(root, issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(issue.path);
    return issue.keys.map((name) => ({
      key: dotted([...issue.path, name]),
      message: `is no key of a board${suggestion(name, known)}`,
    }));
  }
  if (found === undefined) return [{ key, message: "is missing" }];
  const say = (meant: string) => [{ key, message: `is ${quoted(found)}, but must be ${meant}` }];
  switch (issue.code) {
    case "invalid_type":
      return say(TYPES[issue.expected] ?? issue.expected);
    case "invalid_value": {
      const values = issue.values.map(String);
      return say(`one of ${values.join(", ")}${typeof found === "string" ? suggestion(found, values) : ""}`);
    }
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return [{ key, message: "is empty" }];
      return say(`at least ${issue.minimum}`);
    case "too_big":
      return say(`at most ${issue.maximum}`);
    case "invalid_format":
      return say(issue.message);
    default:
      return [{ key, message: issue.message }];
  }
}

/** Converts TOML's dates to `YYYY-MM-DD`, and tables to objects with a prototype, as zod requires. */
function plain(value: unknown): unknown {
  if (value instanceof TomlDate) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map((
      [key, inner],
    ) => [key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), camel(inner)]),
  );
}

function resolvePath(path: string, folder: string): string {
  if (path === "~" || path.startsWith("~/")) {
    const home = Deno.env.get("HOME");
    if (!home) throw new TypeError(`Cannot expand "${visible(path)}": HOME is not set`);
    return join(home, path.slice(1));
  }
  return isAbsolute(path) ? path : resolve(folder, path);
}

/** Returns an error from problems with keys of a board file: one line for each, with its place, in the order of the file. */
export function boardErrorAt(
  text: string,
  file: string,
  problems: readonly { key: string; message: string }[],
): BoardError {
  const lines = keyLines(text);
  const placed = problems.map(({ key, message }) => ({ line: lineOf(lines, key), key, message }));
  placed.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return new BoardError(placed.map(({ line, key, message }) => {
    return `${visible(file)}${line === undefined ? "" : `:${line}`}: ${visible(key)} ${visible(message)}`;
  }));
}

/**
 * Parses the text of a board file.
 *
 * @param text TOML
 * @param file Path of the file, for messages and as the base of relative paths
 * @throws {BoardError} With a line for each problem: file, line, key, the found value and the expected one
 */
export function parseBoard(text: string, file: string): Board {
  const shown = visible(file);
  let root: Record<string, unknown>;
  try {
    root = plain(parse(text)) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = visible(error.message.split("\n")[0]!.replace("Invalid TOML document: ", ""));
    throw new BoardError([`${shown}:${error.line}: is not TOML: ${what} at column ${error.column}`]);
  }
  const parsed = boardSchema.safeParse(root);
  const problems = [...parsed.error?.issues.flatMap((issue) => explain(issue, root)) ?? [], ...contradictions(root)];
  if (!parsed.success || problems.length > 0) {
    // "is missing" may come from both sources; the later one has more detail.
    const told = problems.filter((p, i) =>
      !problems.some((q, j) => j > i && q.key === p.key && p.message === "is missing")
    );
    throw boardErrorAt(text, file, told);
  }
  const { $schema: _, ...content } = parsed.data;
  const board = { ...camel(content) as Omit<Board, "file">, file };
  const folder = resolve(file, "..");
  const paths: [object | undefined, string][] = [
    [board.qemu, "module"],
    [board.qemu, "moduleSource"],
    [board.qemu, "pcsSource"],
    [board.qemu, "modulesSource"],
    ...transportPaths(board),
    [board.recording, "trace"],
    [board, "learned"],
  ];
  for (const [table, key] of paths) {
    const record = table as Record<string, string> | undefined;
    if (record?.[key] !== undefined) record[key] = resolvePath(record[key], folder);
  }
  return board;
}

/** Returns the file of a shipped board. */
const shippedFile = (name: string) => fileURLToPath(new URL(`./${name}.toml`, import.meta.url));

/**
 * Loads a board.
 *
 * @param nameOrPath The name of a shipped board, or the path of a `.toml` file (recognised by a slash or its extension)
 * @throws {BoardError} If there is no such board, or its file is wrong
 */
export async function loadBoard(nameOrPath: string): Promise<Board> {
  const isPath = nameOrPath.includes("/") || nameOrPath.endsWith(".toml");
  const shown = visible(nameOrPath);
  if (!isPath && !SHIPPED_BOARDS.some((name) => name === nameOrPath)) {
    const names = SHIPPED_BOARDS.join(", ");
    const hint = suggestion(nameOrPath, SHIPPED_BOARDS) || `; there are ${names}, or the path of a .toml file`;
    throw new BoardError([`Cannot find board "${shown}": no board of this name ships${hint}`]);
  }
  const file = isPath ? nameOrPath : shippedFile(nameOrPath);
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
      ? "reading it is not permitted"
      : error instanceof Deno.errors.IsADirectory
      ? "it is a folder"
      : visible(error instanceof Error ? error.message : String(error));
    throw new BoardError([`Cannot open board "${shown}": ${why}`]);
  }
  return parseBoard(text, file);
}

/** Returns the shipped boards, in the order of {@linkcode SHIPPED_BOARDS}. */
export function listBoards(): Promise<Board[]> {
  return Promise.all(SHIPPED_BOARDS.map(loadBoard));
}
