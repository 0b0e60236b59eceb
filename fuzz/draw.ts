/**
 * Drawing at random, by fast-check's generator: what is drawn depends on the seed alone.
 *
 * @module
 */

import type * as fc from "fast-check";

/** Draws numbers, choices and values of fast-check's arbitraries. */
export class Draw {
  readonly #random: fc.Random;
  readonly #bias: number | undefined;

  /** As fast-check gives them to an arbitrary: its generator, and how often bounds are drawn on purpose. */
  constructor(random: fc.Random, bias: number | undefined) {
    this.#random = random;
    this.#bias = bias;
  }

  /** A whole number from 0 up to and without `bound`. */
  below(bound: number): number {
    return this.#random.nextInt(0, bound - 1);
  }

  /** True in `percent` of a hundred. */
  chance(percent: number): boolean {
    return this.#random.nextInt(0, 99) < percent;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** One of a list by its weights, of which some are above 0. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let sum = 0;
    for (const [weight] of choices) sum += weight;
    let left = this.#random.nextDouble() * sum;
    for (const [weight, value] of choices) {
      left -= weight;
      if (left < 0) return value;
    }
    return choices.at(-1)![1];
  }

  /** A value of an arbitrary, its bounds and special values more often than others. */
  of<T>(arbitrary: fc.Arbitrary<T>): T {
    return arbitrary.generate(this.#random, this.#bias).value;
  }
}
