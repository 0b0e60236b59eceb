/**
 * Compound commands: if, for, while, case.
 *
 * @module
 */

import type { Case, CompoundList, For, If, While } from "unbash";
import { expandFields, expandPattern, expandText, type Surroundings } from "./expand.ts";
import { matches } from "./pattern.ts";
import type { Run } from "./run.ts";
import { LoopControl } from "./state.ts";

/** A shell that runs lists of commands. */
export interface Lists extends Surroundings {
  /** Runs the commands of a list. */
  list(list: CompoundList): Run;
  /** Runs a list whose failure `set -e` ignores; true if it succeeds. */
  tests(list: CompoundList): Run<boolean>;
}

/** Runs `if`. */
export function* runIf(node: If, shell: Lists): Run {
  if (yield* shell.tests(node.clause)) return yield* shell.list(node.then);
  for (const elif of node.elif) if (yield* shell.tests(elif.clause)) return yield* shell.list(elif.then);
  if (node.else) return yield* shell.list(node.else);
  return 0;
}

/** Runs `for`. */
export function* runFor(node: For, shell: Lists): Run {
  const words = node.wordlist ? yield* expandFields(node.wordlist, shell) : [...shell.state.parameters];
  let status = 0;
  for (const word of words) {
    shell.state.variables.set(node.name.value, word);
    const turn = yield* runTurn(node.body, shell);
    status = turn.status;
    if (turn.ends) break;
  }
  return status;
}

/** Runs `while` and `until`. */
export function* runWhile(node: While, shell: Lists): Run {
  let status = 0;
  for (;;) {
    if ((yield* shell.tests(node.clause)) !== (node.kind === "while")) return status;
    const turn = yield* runTurn(node.body, shell);
    status = turn.status;
    if (turn.ends) return status;
  }
}

/** Runs the body of a loop once; `ends` is true if the loop ends with it. */
function* runTurn(body: CompoundList, shell: Lists): Run<{ status: number; ends: boolean }> {
  shell.state.loops++;
  try {
    return { status: yield* shell.list(body), ends: false };
  } catch (error) {
    if (!(error instanceof LoopControl)) throw error;
    if (--error.levels > 0) throw error;
    return { status: 0, ends: error.kind === "break" };
  } finally {
    shell.state.loops--;
  }
}

/** Runs `case`. */
export function* runCase(node: Case, shell: Lists): Run {
  const text = yield* expandText(node.word, shell);
  let falls = false;
  for (const item of node.items) {
    let hit = falls;
    for (const word of item.pattern) hit ||= matches(yield* expandPattern(word, shell), text);
    if (!hit) continue;
    const status = yield* shell.list(item.body);
    if (item.terminator !== ";&") return status;
    falls = true;
  }
  return 0;
}
