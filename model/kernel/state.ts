/**
 * How an object shows its private state to the digest, which sees all other fields by itself.
 *
 * @module
 */

/** Gives the private fields of an object that change: `[STATE]() { return [this.#stopped, this.#worker]; }` */
export const STATE: unique symbol = Symbol("state");

/** An object with private fields that change. */
export interface Stateful {
  [STATE](): readonly unknown[];
}
