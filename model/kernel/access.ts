/**
 * What a step of a task touches of all that tasks share: written down while somebody explores interleavings, so that two
 * steps which touch nothing in common need not be tried in both orders.
 *
 * A cell is a name for a part of the kernel's state: what a lock protects, the list of instances, the netns by name. What is
 * done under a lock needs no word of its own, since a task that holds the lock touches its cell. Only what is read or changed
 * without the lock that protects it has to say so.
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

/** Every cell at once: for a step that cannot tell what it touches. */
export const EVERYTHING: Cell = -1;

const cells = new Map<string, Cell>();
let recording = false;
let reads = 0;
let writes = 0;

/**
 * Returns the cell of a name. There are 31 bits; names that share one are taken for the same, which costs the explorer time and never
 * an interleaving.
 */
export function cellOf(name: string): Cell {
  let cell = cells.get(name);
  if (cell === undefined) cells.set(name, cell = 1 << (cells.size % 31));
  return cell;
}

/** Notes that a cell is read, or changed in a way that commutes with other such changes. */
export function reading(cell: Cell): void {
  if (recording) reads |= cell;
}

/** Notes that a cell is changed. */
export function writing(cell: Cell): void {
  if (recording) writes |= cell;
}

/** True if what is touched is written down now. */
export function exploring(): boolean {
  return recording;
}

/** Forgets the names of all cells: before an exploration, so that few of them share a bit. */
export function forgetCells(): void {
  cells.clear();
}

/** Begins to write down what is touched. */
export function startRecording(): void {
  recording = true;
  reads = writes = 0;
}

/** Ends it, and gives what was touched. */
export function stopRecording(): Accesses {
  recording = false;
  return { reads, writes };
}

/** True if the order of two steps may matter. */
export function dependent(a: Accesses, b: Accesses): boolean {
  return ((a.writes & (b.reads | b.writes)) | (a.reads & b.writes)) !== 0;
}

/** A map that notes who reads and who changes it. */
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
