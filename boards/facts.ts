/**
 * Facts of a board in a file: JSON, as `twinlink boards facts BOARD --json` prints it.
 *
 * @module
 */

import type { Facts } from "../model/facts.ts";
import { BoardError } from "./board.ts";
import { factsSchema } from "./facts_schema.ts";
import { visible } from "./visible.ts";

/**
 * Reads facts from the text of a file.
 *
 * @param file Path of the file, for messages
 * @throws {BoardError} With a line for each problem: the file, the key, and the error
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { parseFacts } from "./facts.ts";
 *
 * assertThrows(() => parseFacts("{", "nic.facts.json"), Error, `Cannot read facts "nic.facts.json": it is not JSON`);
 * ```
 */
export function parseFacts(json: string, file: string): Facts {
  const fail = (what: string) => `Cannot read facts "${visible(file)}": ${visible(what)}`;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new BoardError([fail("it is not JSON")]);
  }
  const parsed = factsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BoardError(parsed.error.issues.map(({ path, message }) => {
    const at = path.map(String).join(".");
    return fail(at === "" ? message : `${at}: ${message}`);
  }));
}

/**
 * Loads a file of facts.
 *
 * @throws {BoardError} If there is no such file, or it has no valid facts
 */
export async function loadFacts(path: string): Promise<Facts> {
  let json: string;
  try {
    json = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
    throw new BoardError([`Cannot open facts "${visible(path)}": ${visible(why)}`]);
  }
  return parseFacts(json, path);
}
