/**
 * One step of a sequence, as its body sees it.
 *
 * @module
 */

import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";

/** An operation that the kernel refuses: what `await` on a {@linkcode Step} throws. */
export class DevlinkError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "DevlinkError";
  /** The errno's name, for example `"EINVAL"` */
  readonly errno: string;
  /** The text of the extended ack, if there was one */
  readonly extack: string | undefined;

  /** Takes what the model showed for `op`. */
  constructor(op: Operation, observation: Observation) {
    const { result, extack } = observation;
    super(`${op.kind}: ${result}${extack ? ` "${extack.text}"` : ""}`);
    this.errno = result;
    this.extack = extack?.text;
  }
}

/**
 * One step of a sequence. `await` it for its value; it throws a {@linkcode DevlinkError} where the model refuses. Where that
 * is the point of the step, say so: `.fails()`, or `.either()` where kernels differ.
 */
export class Step<T> implements PromiseLike<T> {
  readonly #op: Operation;
  readonly #observation: Observation;
  readonly #value: (observation: Observation) => T;
  #checked = false;

  /** Made by {@linkcode Dut} only. */
  constructor(op: Operation, observation: Observation, value: (observation: Observation) => T) {
    this.#op = op;
    this.#observation = observation;
    this.#value = value;
  }

  /** True once somebody took note of the step's failure, or if it did not fail. */
  get settled(): boolean {
    return this.#checked || this.#observation.result === "ok";
  }

  /** The error of this step. */
  get error(): DevlinkError {
    return new DevlinkError(this.#op, this.#observation);
  }

  /**
   * The step is meant to fail: gives its errno and extack.
   *
   * @throws {Error} If it succeeds on the model
   */
  fails(): DevlinkError {
    this.#checked = true;
    if (this.#observation.result === "ok") {
      throw new Error(`${this.#op.kind} is expected to fail and succeeds on the model`);
    }
    return this.error;
  }

  /** The step may fail, by kernel: gives all that it showed. */
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
