/**
 * One step of a sequence, as its body sees it.
 *
 * @module
 */

import { describeOperation } from "../diff/describe.ts";
import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import type { Calls } from "./place.ts";

/** The error of an operation that the kernel refuses: `await` on a {@linkcode Step} throws it. */
export class DevlinkError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "DevlinkError";
  /** The errno's name, for example `"EINVAL"` */
  readonly errno: string;
  /** The text of the extended ack, if there was one */
  readonly extack: string | undefined;
  /** The operation that was refused */
  readonly op: Operation;

  /** Takes the model's observation of `op`, and the calls that led to the step. */
  constructor(op: Operation, observation: Observation, calls: Calls) {
    const { result, extack } = observation;
    const why = result === "client" ? "refused before it reaches the kernel" : result;
    super(`${describeOperation(op)}: ${why}${extack ? ` "${extack.text}"` : ""}`);
    this.op = op;
    this.errno = result;
    this.extack = extack?.text;
    // The error is created when the step is awaited; then no line of the suite is on the stack.
    const frames = calls.stack?.split("\n").filter((line) => line.startsWith("    at ")) ?? [];
    this.stack = [`${this.name}: ${this.message}`, ...frames].join("\n");
  }
}

/**
 * One step of a sequence. `await` returns its value, or throws a {@linkcode DevlinkError} if the model refuses the operation. If a
 * refusal is the point of the step, use `.fails()`, or `.either()` if kernels differ.
 */
export class Step<T> implements PromiseLike<T> {
  readonly #op: Operation;
  readonly #observation: Observation;
  readonly #value: (observation: Observation) => T;
  /**
   * The stack of calls that led to the step
   *
   * @internal
   */
  readonly calls: Calls;
  #checked = false;

  /** Made by {@linkcode Dut} only. */
  constructor(op: Operation, observation: Observation, value: (observation: Observation) => T, calls: Calls) {
    this.#op = op;
    this.#observation = observation;
    this.#value = value;
    this.calls = calls;
  }

  /** True once the body took note of the step's failure, or if it did not fail. */
  get settled(): boolean {
    return this.#checked || this.#observation.result === "ok";
  }

  /** The error of this step. */
  get error(): DevlinkError {
    return new DevlinkError(this.#op, this.#observation, this.calls);
  }

  /**
   * Expects the step to fail, and returns its errno and extack.
   *
   * @throws {Error} If it succeeds on the model
   */
  fails(): DevlinkError {
    this.#checked = true;
    if (this.#observation.result === "ok") {
      throw new Error(`${describeOperation(this.#op)} is expected to fail and succeeds on the model`);
    }
    return this.error;
  }

  /** Accepts success as well as failure, for steps that differ by kernel, and returns the whole observation. */
  either(): Observation {
    this.#checked = true;
    return this.#observation;
  }

  /** Makes a step awaitable. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#checked = true;
    const settled = this.#observation.result === "ok"
      ? Promise.resolve(this.#value(this.#observation))
      : Promise.reject(this.error);
    return settled.then(onFulfilled, onRejected);
  }
}
