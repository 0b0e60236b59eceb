/**
 * Loads suites: those that ship by their name, all others by the path of their file.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { type Suite, SuiteError } from "../suites/suite.ts";

/** The suites on netdevsim, by name; each is `suites/NAME.ts`. */
export const NETDEVSIM_SUITES = [
  "reload",
  "trap",
  "trap_fault",
  "netns",
  "netns_end",
  "lifecycle",
  "bus",
  "param",
  "resource",
  "port",
  "link",
  "eswitch",
  "rate",
  "health",
  "region",
  "flash",
  "ethtool",
  "refusals",
] as const;

/** The suites that ship, by name. */
export const SHIPPED_SUITES = [...NETDEVSIM_SUITES, "pcs"] as const;

/** Suites that ship for what a board has of its own, or break a kernel, and are run only where they are named. */
export const BOARD_SUITES = ["pcs_board", "stale", "race", "litmus"] as const;
const KNOWN = [...SHIPPED_SUITES, ...BOARD_SUITES];

// `suite()` looks for it, so that suites are not registered as tests.
const LOADING = Symbol.for("twinlink.loading");

/**
 * Loads suites.
 *
 * @param names Names of suites that ship, or paths of suite files (recognised by a slash or their ending). None: all that
 * ship
 * @throws {SuiteError} in one line that names the file: it is not there, has a type error, throws, exports no suite
 */
export async function loadSuites(
  names: readonly string[],
  options: { signal?: AbortSignal } = {},
): Promise<Suite[]> {
  const suites: Suite[] = [];
  const wanted = names.length > 0 ? [...new Set(names)] : SHIPPED_SUITES;
  const own = wanted.filter(isPath);
  await checkTypes(own, options.signal);
  for (const name of wanted) suites.push(await loadSuite(name));
  for (const [i, { name }] of suites.entries()) {
    const twin = suites.findIndex((other) => other.name === name);
    if (twin !== i) {
      throw new SuiteError(
        `Cannot load suite "${visible(wanted[i]!)}": its name "${visible(name)}" is that of "${
          visible(wanted[twin]!)
        }" already`,
      );
    }
  }
  return suites;
}

/** Whether a suite is named by the path of its file. */
const isPath = (name: string) => name.includes("/") || /\.[mc]?[jt]s$/.test(name);

/** Where the file of a suite is: of one that ships by its name, of any other by its path. */
function urlOf(name: string): URL {
  return isPath(name) ? pathToFileURL(resolve(name)) : new URL(`../suites/${name}.ts`, import.meta.url);
}

/** The suites that were asked for, paths made absolute; and the files that they are in. */
export function namedSuites(names: readonly string[]): { suites: string[]; files: string[] } {
  const suites = (names.length > 0 ? [...new Set(names)] : [...SHIPPED_SUITES]).map((name) =>
    isPath(name) ? resolve(name) : name
  );
  return { suites, files: suites.map((name) => fileURLToPath(urlOf(name))) };
}

async function loadSuite(name: string): Promise<Suite> {
  const shown = visible(name);
  if (!isPath(name) && !KNOWN.some((one) => one === name)) {
    const hint = suggestion(name, KNOWN) || `; there are ${KNOWN.join(", ")}, or the path of a .ts file`;
    throw new SuiteError(`Cannot find suite "${shown}": no suite of this name ships${hint}`);
  }
  const url = urlOf(name);
  const scope = globalThis as { [LOADING]?: boolean };
  scope[LOADING] = true;
  let loaded: { default?: unknown };
  try {
    loaded = await import(url.href);
  } catch (error) {
    throw new SuiteError(`Cannot load suite "${shown}": ${oneLine(error)}`, { cause: error });
  } finally {
    delete scope[LOADING];
  }
  const suite = loaded.default as Partial<Suite> | undefined;
  if (typeof suite?.name !== "string" || !Array.isArray(suite.sequences)) {
    throw new SuiteError(
      `Cannot load suite "${shown}": its default export is no suite (see suite() in suites/suite.ts)`,
    );
  }
  if (suite.sequences.length === 0) throw new SuiteError(`Cannot load suite "${shown}": it has no sequences`);
  return suite as Suite;
}

function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return `it throws ${visible(String(error))}`;
  const what = visible(error.message.split("\n")[0]!);
  return error.name === "Error" || error.name === "TypeError" ? what : `${error.name}: ${what}`;
}

/**
 * Checks the types of suite files, as `deno check` does; running them would not.
 *
 * @throws {SuiteError} on the first problem, with its place
 */
async function checkTypes(paths: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  for (const path of paths) {
    const info = await Deno.stat(path).catch((error: Error) => error);
    if (info instanceof Deno.errors.NotFound) {
      throw new SuiteError(`Cannot load suite "${visible(path)}": there is no such file`);
    }
    if (info instanceof Error) throw new SuiteError(`Cannot load suite "${visible(path)}": ${visible(info.message)}`);
    if (!info.isFile) throw new SuiteError(`Cannot load suite "${visible(path)}": it is no file`);
  }
  if (paths.length === 0) return;
  const config = new URL("../deno.json", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--config", decodeURIComponent(config.pathname), ...paths.map((path) => resolve(path))],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    ...(signal ? { signal } : {}),
  }).spawn();
  const { success, stderr } = await child.output();
  signal?.throwIfAborted();
  if (!success) throw new SuiteError(typeProblem(new TextDecoder().decode(stderr), paths));
}

/** The first problem that `deno check` tells of, on one line, with its place; one in the suites themselves if there is. */
function typeProblem(text: string, paths: readonly string[]): string {
  // Messages stand apart by empty lines; each ends with its place.
  const problems = text.split(/\n\s*\n/).map((block) => {
    const what = block.trim().split("\n")[0]!.replace(/^error: /, "").replace(" [ERROR]:", ":").replace(/\.$/, "");
    const place = block.match(/\bat (file:\/\/\S+:\d+:\d+)/)?.[1];
    const file = place && paths.find((path) => place.startsWith(pathToFileURL(resolve(path)).href));
    return { what, place, file };
  }).filter(({ what, place }) => place !== undefined || /^[A-Z]\w*Error\b/.test(what));
  const { what, place, file } = problems.find((problem) => problem.file) ?? problems[0] ??
    { what: text.split("\n")[0] ?? "", place: undefined, file: undefined };
  const at = place ? ` at ${visible(decodeURIComponent(place.slice("file://".length)))}` : "";
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return `Cannot load suite "${visible(file ?? paths.join('", "'))}": ${visible(what)}${at}${others}`;
}
