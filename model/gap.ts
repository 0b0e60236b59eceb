/**
 * Model gaps: a request has an effect on a real kernel that is not modelled, so the model has no answer.
 *
 * @module
 */

/**
 * Thrown if the model has no answer. It does not stand for an answer of the kernel: such a step is `model-gap`, and a command at
 * the prompt ends with status 125. It is thrown before anything is done, so the machine is unchanged.
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
  /** The name of the class, for callers that do not import it */
  override name = "ModelGap";

  /** The request: a path, or the words of a command */
  readonly what: string;
  /** What a kernel does on this request, or why the model cannot know */
  readonly why: string;

  /** Creates the error for a request, with the reason why there is no answer. */
  constructor(what: string, why: string) {
    super(`not modelled: ${what}: ${why}`);
    this.what = what;
    this.why = why;
  }
}
