/**
 * Aligns two ordered streams, so that one missing message shows as one difference and not as a hundred.
 *
 * @module
 */

/** One line of an alignment. */
export type Edit<T> =
  /** In both streams, at this place */
  | { kind: "same"; expected: T; observed: T }
  /** At this place in both, about the same object, with other content */
  | { kind: "changed"; expected: T; observed: T }
  /** Only expected */
  | { kind: "missing"; expected: T }
  /** Only observed */
  | { kind: "extra"; observed: T }
  /** Expected here, observed elsewhere (`to`, an index of the observed stream) */
  | { kind: "moved"; expected: T; to: number }
  /** Observed here, expected elsewhere (`from`, an index of the expected stream): the other end of a `moved` */
  | { kind: "arrived"; observed: T; from: number };

/** How {@linkcode align} compares elements. */
export interface AlignOptions<T> {
  /** Equal keys mean equal elements. */
  key: (element: T) => string;
  /** Elements of equal identity are about the same object: one may be a changed form of the other. */
  identity: (element: T) => string;
}

// Past this many cells (5,000 x 5,000) the table would need too much memory: the middle is shown unaligned.
const MOST_CELLS = 25_000_000;

const enum Step {
  Diagonal,
  Missing,
  Extra,
}

/**
 * Returns the shortest edit script from `expected` to `observed`. Of scripts with the same length it takes one that pairs elements of
 * equal identity. An element that is missing here and extra there is `moved`.
 *
 * ```ts
 * import { align } from "./align.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const edits = align(["a", "b", "c"], ["a", "c"], { key: (s) => s, identity: (s) => s });
 * assertEquals(edits.map((edit) => edit.kind), ["same", "missing", "same"]);
 * ```
 */
export function align<T>(expected: readonly T[], observed: readonly T[], options: AlignOptions<T>): Edit<T>[] {
  const [left, right] = [expected.map(options.key), observed.map(options.key)];
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  const rows = left.length - head - tail;
  const columns = right.length - head - tail;

  const edits: Edit<T>[] = [];
  const missingAt: number[] = [];
  const extraAt: number[] = [];
  const places: { edit: number; i: number; j: number }[] = [];
  const push = (edit: Edit<T>, i: number, j: number) => {
    if (edit.kind === "missing") missingAt.push(places.length);
    if (edit.kind === "extra") extraAt.push(places.length);
    places.push({ edit: edits.length, i, j });
    edits.push(edit);
  };
  const same = (i: number, j: number) => push({ kind: "same", expected: expected[i]!, observed: observed[j]! }, i, j);

  for (let i = 0; i < head; i++) same(i, i);
  let [i, j] = [head, head];
  for (const step of script(head, rows, columns)) {
    if (step === Step.Missing) {
      push({ kind: "missing", expected: expected[i]! }, i, j);
      i++;
    } else if (step === Step.Extra) {
      push({ kind: "extra", observed: observed[j]! }, i, j);
      j++;
    } else {
      if (left[i] === right[j]) same(i, j);
      else push({ kind: "changed", expected: expected[i]!, observed: observed[j]! }, i, j);
      i++;
      j++;
    }
  }
  for (; i < left.length; i++, j++) same(i, j);

  // Pairs equal elements that are missing here and extra there.
  const extras = new Map<string, number[]>();
  for (const place of extraAt) {
    const key = right[places[place]!.j]!;
    extras.set(key, [...extras.get(key) ?? [], place]);
  }
  for (const place of missingAt) {
    const from = places[place]!;
    const to = extras.get(left[from.i]!)?.shift();
    if (to === undefined) continue;
    const there = places[to]!;
    edits[from.edit] = { kind: "moved", expected: expected[from.i]!, to: there.j };
    edits[there.edit] = { kind: "arrived", observed: observed[there.j]!, from: from.i };
  }
  return edits;

  function script(offset: number, rows: number, columns: number): Step[] {
    if (rows * columns > MOST_CELLS) {
      return [...new Array(rows).fill(Step.Missing), ...new Array(columns).fill(Step.Extra)];
    }
    const leftIdentity = expected.slice(offset, offset + rows).map(options.identity);
    const rightIdentity = observed.slice(offset, offset + columns).map(options.identity);
    // Missing and extra cost 2 each, a change 3: cheaper than missing plus extra, dearer than either alone.
    const width = columns + 1;
    const steps = new Uint8Array((rows + 1) * width);
    let above = new Uint32Array(width);
    let row = new Uint32Array(width);
    for (let c = 1; c <= columns; c++) {
      above[c] = 2 * c;
      steps[c] = Step.Extra;
    }
    for (let r = 1; r <= rows; r++) {
      row[0] = 2 * r;
      steps[r * width] = Step.Missing;
      for (let c = 1; c <= columns; c++) {
        const equal = left[offset + r - 1] === right[offset + c - 1];
        const pair = equal ? 0 : leftIdentity[r - 1] === rightIdentity[c - 1] ? 3 : Infinity;
        const diagonal = above[c - 1]! + pair;
        const missing = above[c]! + 2;
        const extra = row[c - 1]! + 2;
        const best = Math.min(diagonal, missing, extra);
        row[c] = best;
        steps[r * width + c] = best === diagonal ? Step.Diagonal : best === extra ? Step.Extra : Step.Missing;
      }
      [above, row] = [row, above];
    }
    const script: Step[] = [];
    for (let r = rows, c = columns; r > 0 || c > 0;) {
      const step = steps[r * width + c]! as Step;
      script.push(step);
      if (step !== Step.Extra) r--;
      if (step !== Step.Missing) c--;
    }
    return script.reverse();
  }
}
