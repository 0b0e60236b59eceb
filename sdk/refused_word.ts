/**
 * Explains why the model refuses a step if a word of the suite is wrong: a name that the device does not have, or a value that
 * devlink(8) does not take.
 *
 * @module
 */

import { suggestion } from "../boards/suggestion.ts";
import { isDevlink } from "../model/command_line/forms.ts";
import { parseDevlink } from "../model/command_line/parser.ts";
import { CHOICES } from "../model/command_line/refusals.ts";
import { devlinkWords } from "../model/command_line/words.ts";
import type { Machine } from "../model/mod.ts";
import type { Json } from "../model/observation.ts";
import type { Operation, OperationKind } from "../model/operation.ts";

/** The operation that lists the names for an operation, by the prefix of the operation's kind; the longest match counts. */
const LISTED_BY: readonly (readonly [prefix: string, noun: string, field: string, list: OperationKind])[] = [
  ["trap.group.", "trap group", "name", "trap.group.show"],
  ["trap.policer.", "trap policer", "policer", "trap.policer.show"],
  ["trap.", "trap", "name", "trap.show"],
  ["param.", "param", "name", "param.show"],
  ["health.", "health reporter", "reporter", "health.show"],
  ["region.", "region", "region", "region.show"],
];

/** Returns the names in a reply of `devlink -j ... show`: the values of these keys, and the last parts of handles. */
function* namesIn(reply: Json, field: string): Generator<string> {
  if (Array.isArray(reply)) { for (const one of reply) yield* namesIn(one, field); }
  else if (reply !== null && typeof reply === "object") {
    for (const [key, value] of Object.entries(reply)) {
      if (key === field && typeof value !== "object") yield String(value);
      if (field === "region" && key.split("/").length === 3) yield key.split("/")[2]!;
      yield* namesIn(value, field);
    }
  }
}

/**
 * Returns what to add to the message of a refused step: `: the device has no trap "x"; did you mean "y"?`; empty if no word
 * of the suite is wrong.
 */
export function refusedWord(op: Operation, machine: Machine): string {
  if (!isDevlink(op)) return "";
  const parsed = parseDevlink(devlinkWords(op));
  if ("errors" in parsed) {
    const choices = Object.entries(CHOICES[op.kind] ?? {}).map(([field, [words]]) => ({
      found: String((op as unknown as Record<string, unknown>)[field]),
      words,
    })).find(({ found, words }) => found !== "undefined" && !words.includes(found));
    const known = choices ? suggestion(choices.found, choices.words) || `; there are ${choices.words.join(", ")}` : "";
    return `: ${parsed.errors.join(" ")}${known}`;
  }
  const listed = LISTED_BY.find(([prefix]) => op.kind.startsWith(prefix));
  if (!listed) return "";
  const [, noun, field, list] = listed;
  const wanted = (op as unknown as Record<string, unknown>)[field];
  if (wanted === undefined) return "";
  const names = [...new Set(namesIn(machine.perform({ kind: list } as Operation).reply, field))];
  if (names.length === 0 || names.includes(String(wanted))) return "";
  return `: the device has no ${noun} "${wanted}"${suggestion(String(wanted), names)}`;
}
