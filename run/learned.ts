/**
 * Files of learned expectations: reads them, chooses entries for a board, and finds entries that name no sequence.
 *
 * @module
 */

import { type Board, visible } from "../boards/mod.ts";
import { suggestion } from "../boards/suggestion.ts";
import type { LearnedEntry } from "../diff/learned.ts";
import { parseLearned } from "../diff/learned_file.ts";
import { parseTags, tagsOf } from "../diff/tags.ts";
import type { TraceHeader } from "../diff/trace.ts";
import type { Suite } from "../sdk/suite.ts";
import { BOARD_SUITES, loadSuites, SHIPPED_SUITES } from "./load_suites.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a file of learned expectations.
 *
 * @throws {UsageError} in one line, if it cannot be read
 */
export async function loadLearned(path: string): Promise<LearnedEntry[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
    throw new UsageError(`Cannot read learned expectations "${visible(path)}": ${visible(why)}`);
  }
  try {
    return parseLearned(text, path);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

/** Returns the learned expectations of a board: the file `path`, else the files that its file names. */
export async function learnedOf({ learned }: Pick<Board, "learned">, path?: string): Promise<LearnedEntry[]> {
  const file = path ?? learned;
  return file === undefined ? [] : await loadLearned(file);
}

/** Returns the entries that are for a board, by the board's header. */
export function learnedFor(
  entries: readonly LearnedEntry[],
  header: TraceHeader,
  driver: string | undefined,
): LearnedEntry[] {
  const tags = tagsOf(header, driver);
  return entries.filter(({ when }) => parseTags(when)(tags));
}

/** Reports how many entries are for other boards; empty if no entry is. */
export function otherNotes(all: readonly LearnedEntry[], ours: readonly LearnedEntry[]): string[] {
  const others = all.length - ours.length;
  return others === 0
    ? []
    : [`${others} of ${all.length} learned expectations are for another driver, kernel or firmware`];
}

/** Lists the entries that name no sequence of any suite that ships, or of `suites`, a line each. */
export async function strayLearned(entries: readonly LearnedEntry[], suites: readonly Suite[] = []): Promise<string[]> {
  const known = new Map(suites.map(({ name, sequences }) => [name, sequences.map(({ name }) => name)]));
  const strange = () => entries.filter(({ suite, sequence }) => !known.get(suite)?.includes(sequence));
  if (strange().length > 0) {
    for (const { name, sequences } of await loadSuites([...SHIPPED_SUITES, ...BOARD_SUITES])) {
      if (!known.has(name)) known.set(name, sequences.map(({ name }) => name));
    }
  }
  return strange().map(({ key, suite, sequence }) => {
    const names = known.get(suite);
    const what = names ? `suite "${suite}" has no sequence "${sequence}"` : `there is no suite "${suite}"`;
    return `the learned expectation ${key} names nothing: ${what}${
      names ? suggestion(sequence, names) : suggestion(suite, [...known.keys()])
    }`;
  });
}
