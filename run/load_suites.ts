/**
 * Loads suites: those that ship by their name, all others by the path of their file.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { placeIn, placeText } from "../sdk/place.ts";
import { type Suite, SuiteError } from "../sdk/suite.ts";
import { DEFAULT, NAMED } from "../suites/list.ts";

/** The suites of any driver, by name. */
export const DEVLINK_SUITES: readonly string[] = DEFAULT.devlink;
/** Returns the suites that run on a driver, by name: the suites for any driver and its own ones. */
export const suitesOf = (driver: keyof typeof DEFAULT): readonly string[] => [...DEFAULT.devlink, ...DEFAULT[driver]];
/** The suites of a run that names no suite. */
export const SHIPPED_SUITES: readonly string[] = Object.values(DEFAULT).flat();
/** The shipped suites that run only if they are named. */
export const BOARD_SUITES: readonly string[] = Object.values(NAMED).flat();
const KNOWN = [...SHIPPED_SUITES, ...BOARD_SUITES];
const FOLDERS = new Map(
  [DEFAULT, NAMED].flatMap((suites) =>
    Object.entries(suites).flatMap(([folder, names]) => names.map((name: string) => [name, folder] as const))
  ),
);

/**
 * Loads suites into this process: for programs that trust them. The command runs the code of a user's suites in a process of
 * its own; see `openSuites()`.
 *
 * @param names Names of suites that ship, or paths of suite files (recognised by a slash or their ending). Empty: all that
 * ship
 * @param onSuite Called before a suite is loaded
 * @throws {SuiteError} in one line that names the file: the file does not exist, throws, or exports no suite
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
        `Cannot load suite "${visible(wanted[i]!)}": its name "${visible(name)}" is also the name of "${
          visible(wanted[twin]!)
        }" already`,
      );
    }
  }
  return suites;
}

/** Returns the names or paths of suites, each once; all that ship if no suite is named. */
export const wantedSuites = (names: readonly string[]): string[] =>
  names.length > 0 ? [...new Set(names)] : [...SHIPPED_SUITES];

/** True if a suite is named by the path of its file. */
export const isPath = (name: string) => name.includes("/") || /\.[mc]?[jt]s$/.test(name);

/** Returns where the file of a suite is: for a shipped suite by its name, for any other by its path. */
export function urlOf(name: string): URL {
  return isPath(name) ? pathToFileURL(resolve(name)) : shippedUrl(name);
}

function shippedUrl(name: string): URL {
  const folder = FOLDERS.get(name);
  const twin = DEVLINK_SUITES.find((one) => name === `${folder}_${one}`);
  return new URL(`../suites/${folder}/${twin ?? name}.ts`, import.meta.url);
}

/** Returns the named suites, their paths made absolute, and the files of these paths. */
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
  let loaded: { default?: unknown };
  try {
    loaded = await import(url.href);
  } catch (error) {
    const calls = error instanceof Error ? error : {};
    const at = placeIn(calls, [url.href]);
    throw new SuiteError(`Cannot load suite "${shown}": ${oneLine(error)}${at ? ` at ${placeText(at)}` : ""}`, {
      cause: error,
    });
  }
  const suite = loaded.default as Partial<Suite> | undefined;
  if (typeof suite?.name !== "string" || !Array.isArray(suite.sequences)) {
    throw new SuiteError(
      `Cannot load suite "${shown}": its default export is no suite (see suite() in sdk/suite.ts)`,
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
