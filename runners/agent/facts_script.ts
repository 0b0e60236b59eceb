/**
 * The script that reads a board's facts, and the parser of its record.
 *
 * @module
 */

import type { Handle } from "../../model/operation.ts";
import { quote } from "./commands.ts";
import { factCommands, type FactReplies, type FactReply } from "./facts.ts";
import { sectionsOf } from "./observe.ts";

/** How long the whole script may take on the board, in ms: each command has 20 s, and none is run after a command that hung. */
export const FACTS_MS = 240_000;

/**
 * Returns the lines of POSIX sh that read the facts of an instance. If the board does not list the instance, no other command
 * is run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { factsScript } from "./facts_script.ts";
 *
 * const lines = factsScript("pci/0000:03:00.0").split("\n");
 * assertEquals(lines.slice(0, 3), [
 *   "tl_facts_begin",
 *   "tl_fact 'dev show' devlink -js dev show",
 *   `if grep -qF '"pci/0000:03:00.0"' "$TL_D/out"; then`,
 * ]);
 * ```
 */
export function factsScript(handle: Handle): string {
  const [list, ...others] = factCommands(handle).map(({ name, words }) =>
    ["tl_fact", name, ...words].map(quote).join(" ")
  );
  return [
    "tl_facts_begin",
    list!,
    `if grep -qF ${quote(`"${handle}"`)} "$TL_D/out"; then`,
    ...others,
    "fi",
    "tl_facts_end",
    "",
  ].join("\n");
}

/** Reads the record of {@linkcode factsScript}; undefined if the text is not such a record, or is cut short. */
export function readFacts(body: string, nonce: string): FactReplies | undefined {
  const [head, ...sections] = sectionsOf(body, nonce);
  if (!/^\d+ facts \d+\n$/.test(head!.text) || sections.pop()?.name !== "end") return undefined;
  const replies: Record<string, FactReply> = {};
  for (let i = 0; i < sections.length; i += 2) {
    const [, status, name] = /^fact (\d+|hang|not run)\|(.+)$/.exec(sections[i]!.name) ?? [];
    if (name === undefined || sections[i + 1]?.name !== "err") return undefined;
    replies[name] = {
      status: status === "hang" || status === "not run" ? status : Number(status),
      out: sections[i]!.text,
      err: sections[i + 1]!.text,
    };
  }
  return replies;
}
