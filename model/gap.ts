/**
 * Where the model has no answer: what it is asked for exists on a kernel, and does something there that is not modelled.
 *
 * @module
 */

/**
 * Thrown where the model has no answer. It is no answer of the kernel: a step that comes to it is `model-gap`, a command at
 * the prompt ends with status 125. It is thrown before anything is done, so that the machine is as it was.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { ModelGap } from "./gap.ts";
 * import { Machine } from "./machine.ts";
 *
 * const machine = new Machine({ era: "6.12" });
 * assertThrows(() => machine.perform({ kind: "file.read", path: "/proc/meminfo" }), ModelGap, "not modelled: /proc/meminfo");
 * ```
 */
export class ModelGap extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "ModelGap";

  /** What was asked for: a path, or the words of a command */
  readonly what: string;
  /** What a kernel does there, or why the model cannot know */
  readonly why: string;

  /** Takes what was asked for, and why there is no answer. */
  constructor(what: string, why: string) {
    super(`not modelled: ${what}: ${why}`);
    this.what = what;
    this.why = why;
  }
}
