/**
 * Drawing at random, by fast-check's generator: what is drawn depends on the seed alone.
 *
 * @module
 */

import * as fc from "fast-check";
import type { FuzzDraw, Texts } from "../model/drivers/fuzz.ts";

/** Draws numbers, choices and values of fast-check's arbitraries. */
export class Draw implements FuzzDraw {
  readonly #random: fc.Random;
  readonly #bias: number | undefined;

  /** Takes the arguments that fast-check passes to an arbitrary: its generator, and its bias toward bounds. */
  constructor(random: fc.Random, bias: number | undefined) {
    this.#random = random;
    this.#bias = bias;
  }

  /** Returns an integer from 0 to `bound` - 1. */
  below(bound: number): number {
    return this.#random.nextInt(0, bound - 1);
  }

  /** Returns true with a probability of `percent` per cent. */
  chance(percent: number): boolean {
    return this.#random.nextInt(0, 99) < percent;
  }

  /** Returns a random item of a list; the list must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Returns a random item of a list by weight; at least one weight must be above 0. */
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

  /** Returns a value of an arbitrary, its bounds and special values more often than others. */
  of<T>(arbitrary: fc.Arbitrary<T>): T {
    return arbitrary.generate(this.#random, this.#bias).value;
  }

  /** Returns one of some texts. */
  text(texts: Texts): string {
    let arbitrary = ARBITRARIES.get(texts);
    if (!arbitrary) ARBITRARIES.set(texts, arbitrary = arbitraryOf(texts));
    return this.of(arbitrary);
  }
}

/** The arbitraries of texts, each made once. */
const ARBITRARIES = new WeakMap<Texts, fc.Arbitrary<string>>();

const arbitraryOf = (texts: Texts) =>
  fc.oneof(...texts.map(({ weight, of }) => ({
    weight,
    arbitrary: "upTo" in of ? fc.nat({ max: of.upTo }).map(String) : fc.constantFrom(...of),
  })));
