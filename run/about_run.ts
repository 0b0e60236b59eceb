/**
 * The parts of a run's page beside the verdicts: the command that repeats the run, the run's files, the reasons of expectations.
 *
 * @module
 */

import { join } from "node:path";
import { type AboutRun, type NipaTarget, quote } from "../diff/mod.ts";
import { UsageError } from "./usage_error.ts";
import config from "../deno.json" with { type: "json" };

const SEMANTICS = new URL("../docs/semantics.md", import.meta.url);

let numbers: Map<string, string> | undefined;

/** Reads the rows of the tables of docs/semantics.md, by their number; without the column of source places. */
function readSemantics(): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of Deno.readTextFileSync(SEMANTICS).split("\n")) {
    const [, number, says] = /^\| ([A-Z]?\d[\d.]*) \| (.+?) \| /.exec(line) ?? [];
    if (number !== undefined) found.set(number, says!.replaceAll("`", ""));
  }
  return found;
}

/** Returns the text of docs/semantics.md for a number, for example `4.3`; undefined if there is no such number, or no such file. */
export function whyOf(number: string): string | undefined {
  try {
    numbers ??= readSemantics();
  } catch {
    numbers = new Map();
  }
  return numbers.get(number);
}

/**
 * Returns which branch of NIPA a run tests, by the environment: `NIPA_BRANCH`, `NIPA_EXECUTOR` (`twinlink` without it) and
 * `NIPA_LINK`, the address where the folder of the run will be published.
 *
 * @throws {UsageError} If no branch is named
 */
export function nipaTarget(): NipaTarget {
  const branch = Deno.env.get("NIPA_BRANCH");
  if (!branch) {
    throw new UsageError(
      "Cannot report to NIPA: no branch is named; set NIPA_BRANCH to its name in branches.json, NIPA_EXECUTOR to yours",
    );
  }
  const link = Deno.env.get("NIPA_LINK");
  return { branch, executor: Deno.env.get("NIPA_EXECUTOR") || "twinlink", ...(link ? { link } : {}) };
}

/** Returns the files of a folder that a page links to. */
function filesIn(folder: string): { name: string; size: number }[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => /^(trace|console)-/.test(name)).sort()
    .map((name) => ({ name, size: Deno.statSync(join(folder, name)).size }));
}

/**
 * Returns the facts about a run for its page.
 *
 * @param words The words of the command line that repeats the run
 * @param folder Where the page and the files beside it are; undefined if nothing is beside it
 */
export function aboutRun(words: readonly string[], folder?: string): AboutRun {
  return {
    command: ["twinlink", ...words].map(quote).join(" "),
    version: config.version,
    why: whyOf,
    ...(folder === undefined ? {} : { files: () => filesIn(folder) }),
  };
}
