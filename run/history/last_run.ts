/**
 * Finds the failed sequences of the last run, for `run --last-failed`.
 *
 * @module
 */

import { visible } from "../../boards/mod.ts";
import { OUTCOMES } from "../../diff/mod.ts";
import { lastFolder } from "../journal.ts";
import { UsageError } from "../usage_error.ts";
import { readRun } from "./run_record.ts";

/**
 * Returns the folder of the last saved run, and the sequences that did not pass in it, each once.
 *
 * @throws {UsageError} If there is no saved run, or its report cannot be read
 */
export async function lastRun(): Promise<{ folder: string; failed: { suite: string; sequence: string }[] }> {
  const folder = await lastFolder();
  if (folder === undefined) throw new UsageError("No run is saved yet: only runs on boards are, or with --out DIR");
  const results = (await readRun(folder, "."))?.parts.flatMap(({ results }) => results) ?? [];
  if (results.length === 0) {
    throw new UsageError(
      `The last run, ${visible(folder)}, has no report; a run that broke off continues with: twinlink resume DIR`,
    );
  }
  const failed = results.filter(({ verdict }) => /^(fail|error)$/.test(OUTCOMES[verdict]));
  return {
    folder,
    failed: [...new Map(failed.map(({ suite, sequence }) => [JSON.stringify([suite, sequence]), { suite, sequence }]))
      .values()],
  };
}
