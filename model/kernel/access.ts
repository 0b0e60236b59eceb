/**
 * Records which shared state each step of a task reads or changes, while the explorer of interleavings runs. Two steps that
 * have no state in common then need not be tried in both orders.
 *
 * A cell is a name for a part of the kernel's state: the state that a lock protects, the list of instances, the netns by name.
 * An access under a lock needs no record of its own, since taking the lock records the cell of the lock. Only an access without
 * the lock that protects the state has to be recorded.
 *
 * @module
 */

/** A part of the kernel's state, as one bit. */
export type Cell = number;

/** The cells that were read and those that were changed, as bits. */
export interface Accesses {
  reads: number;
  writes: number;
}

/** All cells: for a step whose accesses are not known. */
export const EVERYTHING: Cell = -1;

const cells = new Map<string, Cell>();
let recording = false;
let reads = 0;
let writes = 0;

/**
 * Returns the cell of a name. There are 31 bits; two names that share a bit count as the same state. That costs the explorer time,
 * but it misses no interleaving.
 */
export function cellOf(name: string): Cell {
  let cell = cells.get(name);
  if (cell === undefined) cells.set(name, cell = 1 << (cells.size % 31));
  return cell;
}

/** Records that a cell is read, or changed in a way that commutes with other such changes. */
export function reading(cell: Cell): void {
  if (recording) reads |= cell;
}

/** Records that a cell is changed. */
export function writing(cell: Cell): void {
  if (recording) writes |= cell;
}

/** True if accesses are recorded now. */
export function exploring(): boolean {
  return recording;
}

/** Forgets the names of all cells. Called before an exploration, so that few names share a bit. */
export function forgetCells(): void {
  cells.clear();
}

/** Starts to record accesses. */
export function startRecording(): void {
  recording = true;
  reads = writes = 0;
}

/** Stops to record accesses, and returns those since the start. */
export function stopRecording(): Accesses {
  recording = false;
  return { reads, writes };
}

/** True if the order of two steps may matter. */
export function dependent(a: Accesses, b: Accesses): boolean {
  return ((a.writes & (b.reads | b.writes)) | (a.reads & b.writes)) !== 0;
}

/** A map that records each read and each change of itself. */
export class SharedMap<K, V> extends Map<K, V> {
  readonly #cell: Cell;

  /** `name` is the name of its cell. */
  constructor(name: string) {
    super();
    this.#cell = cellOf(name);
  }

  override get(key: K): V | undefined {
    reading(this.#cell);
    return super.get(key);
  }

  override has(key: K): boolean {
    reading(this.#cell);
    return super.has(key);
  }

  override set(key: K, value: V): this {
    writing(this.#cell);
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    writing(this.#cell);
    return super.delete(key);
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    reading(this.#cell);
    return super[Symbol.iterator]();
  }
}
