/**
 * The order in which locks are taken, as lockdep records it: between lock classes, over all tasks since the boot.
 *
 * @module
 */

/** A lock as lockdep sees it: its class. */
export interface Ordered {
  /** The name of the lock in messages */
  readonly name: string;
  /** The number of the class, from {@linkcode Lockdep.key} */
  readonly key: number;
  /** True if a task may hold two locks of the class */
  readonly nests: boolean;
}

/** A chain of classes, each taken while the one before it was held, that ends where it began. */
export type Cycle = readonly string[];

/**
 * The graph of lock classes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Lockdep } from "./lockdep.ts";
 *
 * const lockdep = new Lockdep();
 * const lock = (name: string) => ({ name, key: lockdep.key(name), nests: false });
 * const [a, b, c] = [lock("a"), lock("b"), lock("c")];
 * assertEquals(lockdep.take(b, [a]), undefined);
 * assertEquals(lockdep.take(c, [b]), undefined);
 * assertEquals(lockdep.take(a, [c]), ["a", "b", "c", "a"]);
 * ```
 */
export class Lockdep {
  readonly #keys = new Map<string, number>();
  readonly #names: string[] = [];
  /** By class: the classes that were taken while a lock of the class was held */
  readonly #after: Set<number>[] = [];

  /** Returns the number of a class. */
  key(name: string): number {
    let key = this.#keys.get(name);
    if (key === undefined) {
      this.#keys.set(name, key = this.#names.length);
      this.#names.push(name);
      this.#after.push(new Set());
    }
    return key;
  }

  /**
   * Records that a task takes a lock while it holds others.
   *
   * @returns The cycle that the new order closes, if it closes one; reported once
   */
  take(lock: Ordered, held: readonly Ordered[]): Cycle | undefined {
    let cycle: Cycle | undefined;
    for (let i = 0; i < held.length; i++) {
      const outer = held[i]!;
      if (outer.key === lock.key) {
        if (lock.nests || outer === lock) continue;
      } else if (this.#after[outer.key]!.has(lock.key)) continue;
      else {
        const path = this.#path(lock.key, outer.key);
        this.#after[outer.key]!.add(lock.key);
        if (path) cycle ??= [...path, lock.key].map((key) => this.#names[key]!);
        continue;
      }
      if (this.#after[lock.key]!.has(lock.key)) continue;
      this.#after[lock.key]!.add(lock.key);
      cycle ??= [this.#names[lock.key]!, this.#names[lock.key]!];
    }
    return cycle;
  }

  /** Returns a path from one class to another, with both ends; undefined if there is none. */
  #path(from: number, to: number): number[] | undefined {
    if (this.#after[from]!.size === 0) return undefined;
    const before = new Map<number, number>();
    const queue = [from];
    for (const key of queue) {
      for (const next of this.#after[key]!) {
        if (next === from || before.has(next)) continue;
        before.set(next, key);
        if (next === to) {
          const path = [to];
          while (path[0] !== from) path.unshift(before.get(path[0]!)!);
          return path;
        }
        queue.push(next);
      }
    }
    return undefined;
  }
}
