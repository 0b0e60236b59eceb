/**
 * The words and the assignments of a simple command.
 *
 * @module
 */

import type { Command, Word } from "unbash";
import { expandFields, expandText, type Surroundings } from "./expand.ts";
import type { Run } from "./run.ts";

/** A simple command whose words are expanded. */
export interface ExpandedCommand {
  readonly argv: string[];
  /** The assignments before its name */
  readonly assignments: [name: string, value: string][];
}

/** Expands the words and the assignments of a simple command. */
export function* expandCommand(node: Command, scene: Surroundings): Run<ExpandedCommand> {
  const words: Word[] = node.name ? [node.name] : [];
  for (const part of node.suffix) {
    if (part.type === "Word") words.push(part);
    // Before a command it is an assignment; after the name it is a word like any other
    else if (part.type === "Assignment") {
      words.push({ type: "Word", text: part.text, value: part.text, pos: part.pos, end: part.end, ...partsOf(part) });
    }
  }
  const argv = yield* expandFields(words, scene);
  const assignments: [string, string][] = [];
  for (const part of node.prefix) {
    if (part.type !== "Assignment" || part.value.type !== "Word") continue;
    assignments.push([part.name, yield* expandText(part.value, scene)]);
  }
  return { argv, assignments };
}

/** True if an assignment of the command has a command substitution. */
export function hasSubstitution(node: Command): boolean {
  return node.prefix.some((part) =>
    part.type === "Assignment" && part.value.type === "Word" && /\$\(|`/.test(part.value.text)
  );
}

function partsOf(part: { value: unknown; name: string; text: string }): Partial<Word> {
  const value = part.value as Word;
  if (!value.parts) return { value: part.text.slice(0, part.text.indexOf("=") + 1) + value.value };
  const head = part.text.slice(0, part.text.indexOf("=") + 1);
  return { parts: [{ type: "Literal", pos: 0, end: 0, value: head, text: head }, ...value.parts] };
}
