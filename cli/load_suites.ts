/**
 * Loads suites: those that ship by their name, all others by the path of their file.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { placeIn, placeText } from "../suites/place.ts";
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
 * Loads suites into this process: for programs that trust them. The command runs their code in a process of its own; see
 * `openSuites()`.
 *
 * @param names Names of suites that ship, or paths of suite files (recognised by a slash or their ending). None: all that
 * ship
 * @param onSuite Called before a suite is loaded
 * @throws {SuiteError} in one line that names the file: it is not there, throws, exports no suite
 */
export async function loadSuites(names: readonly string[], onSuite?: (name: string) => void): Promise<Suite[]> {
  const suites: Suite[] = [];
  const wanted = wantedSuites(names);
  for (const name of wanted) {
    onSuite?.(name);
    suites.push(await loadSuite(name));
  }
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

/** Returns the names or paths of suites, each once; all that ship where none is named. */
export const wantedSuites = (names: readonly string[]): string[] =>
  names.length > 0 ? [...new Set(names)] : [...SHIPPED_SUITES];

/** True if a suite is named by the path of its file. */
export const isPath = (name: string) => name.includes("/") || /\.[mc]?[jt]s$/.test(name);

/** Returns where the file of a suite is: of one that ships by its name, of any other by its path. */
export function urlOf(name: string): URL {
  return isPath(name) ? pathToFileURL(resolve(name)) : new URL(`../suites/${name}.ts`, import.meta.url);
}

/** The suites that were asked for, paths made absolute; and the files that they are in. */
export function namedSuites(names: readonly string[]): { suites: string[]; files: string[] } {
  const suites = wantedSuites(names).map((name) => isPath(name) ? resolve(name) : name);
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
    const calls = error instanceof Error ? error : {};
    const at = placeIn(calls, [url.href]);
    throw new SuiteError(`Cannot load suite "${shown}": ${oneLine(error)}${at ? ` at ${placeText(at)}` : ""}`, {
      cause: error,
    });
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
