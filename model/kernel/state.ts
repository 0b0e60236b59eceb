/**
 * A method by which an object shows its private state to the digest of a machine; the digest reads all other fields directly.
 *
 * @module
 */

/**
 * The key of a method that returns the private fields of an object that change: `[STATE]() { return [this.#stopped, this.#worker];
 * }`
 */
export const STATE: unique symbol = Symbol("state");

/** An object with private fields that change. */
export interface Stateful {
  [STATE](): readonly unknown[];
}
