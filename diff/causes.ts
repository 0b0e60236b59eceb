/**
 * Causes of a run: sequences whose first difference is alike have one cause.
 *
 * @module
 */

import { OUTCOMES, type SequenceVerdict, type StepVerdict } from "./verdict.ts";
import { type Signature, signaturesOf } from "./signature.ts";

/** A sequence that failed on a board. */
export interface Case {
  /** The sequence */
  verdict: SequenceVerdict;
  /** The board and its line, in words; left out if the run has only one */
  on?: string;
}

/** A kind of difference and the cases that show it, the smallest first. */
export interface Seen {
  /** In words; it may hold text of the board */
  text: string;
  /** The cases that show it */
  cases: Case[];
}

/** One cause of differences. */
export interface Cause extends Seen {
  /** Other differences at the same places, or after them */
  also: Seen[];
}

/** A case with the signatures of its steps. */
interface Read extends Case {
  /** The failed steps in order, each with its signatures */
  steps: { step: StepVerdict; signatures: Signature[] }[];
  /** The number of steps up to the first that differs */
  size: number;
}

/** Returns true for a sequence that belongs to a cause: the board did something else, or its kernel broke. */
export const hasCause = ({ verdict }: SequenceVerdict): boolean => OUTCOMES[verdict] === "fail";

function read(one: Case): Read {
  const steps = one.verdict.steps.map((step) => ({ step, signatures: signaturesOf(step) }))
    .filter(({ signatures }) => signatures.length > 0);
  const at = steps[0] ? one.verdict.steps.indexOf(steps[0].step) : 0;
  return { ...one, steps, size: at + 1 };
}

const caseOf = ({ verdict, on }: Read): Case => on === undefined ? { verdict } : { verdict, on };
const smallestFirst = (cases: Iterable<Read>) =>
  [...cases].sort((a, b) => a.size - b.size || a.verdict.steps.length - b.verdict.steps.length).map(caseOf);
const isIn = (inner: ReadonlySet<Read>, outer: ReadonlySet<Read>) => [...inner].every((one) => outer.has(one));

/** A signature and the cases that show it. */
interface Shown {
  signature: Signature;
  cases: Set<Read>;
}

function collect(into: Map<string, Shown>, signature: Signature, one: Read): void {
  const shown = into.get(signature.key);
  if (shown) shown.cases.add(one);
  else into.set(signature.key, { signature, cases: new Set([one]) });
}

/**
 * True if two kinds of difference that begin a case have one cause: they never occur apart, or they are alike and occur together.
 */
function together(inner: Shown, outer: Shown): boolean {
  if (!isIn(inner.cases, outer.cases)) return false;
  return inner.cases.size === outer.cases.size || inner.signature.family === outer.signature.family;
}

/**
 * Returns the causes of the differences, most cases first. A case counts for each cause that its first differing step
 * shows. A difference in later steps only, or only as a consequence, is in `also` of a cause: each kind of difference is in the
 * result.
 *
 * ```ts
 * import { causesOf } from "./causes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(causesOf([]), []);
 * ```
 */
export function causesOf(cases: Iterable<Case>): Cause[] {
  const failed = [...cases].filter(({ verdict }) => hasCause(verdict)).map(read);
  const first = new Map<string, Shown>();
  for (const one of failed) {
    const signatures = one.steps[0]?.signatures ?? [];
    const roots = signatures.filter(({ follows }) => !follows);
    for (const signature of roots) collect(first, signature, one);
    // A sequence may fail as a whole.
    if (roots.length === 0) {
      const text = one.verdict.reason ?? one.verdict.verdict;
      collect(first, { key: text, family: text, text }, one);
    }
  }
  // The largest comes first: the others join it.
  const causes: { root: Shown; also: Map<string, Shown> }[] = [];
  for (const shown of [...first.values()].sort((a, b) => b.cases.size - a.cases.size)) {
    const cause = causes.find(({ root }) => together(shown, root));
    if (cause) cause.also.set(shown.signature.key, shown);
    else causes.push({ root: shown, also: new Map() });
  }
  const later = new Map<string, Shown>();
  for (const one of failed) {
    for (const signature of one.steps.flatMap(({ signatures }) => signatures)) {
      if (!first.has(signature.key)) collect(later, signature, one);
    }
  }
  for (const [key, shown] of later) {
    const cause = causes.find(({ root }) => isIn(shown.cases, root.cases)) ??
      causes.find(({ root }) => [...shown.cases].some((one) => root.cases.has(one)));
    cause?.also.set(key, shown);
  }
  const seen = ({ signature: { text }, cases }: Shown): Seen => ({ text, cases: smallestFirst(cases) });
  return causes.map(({ root, also }) => ({ ...seen(root), also: [...also.values()].map(seen) }));
}

/** Counts the sequences of some cases, and the boards on which they failed. */
export function extentOf(cases: Iterable<Case>): { sequences: number; boards: number } {
  const all = [...cases];
  const names = all.map(({ verdict: { suite, sequence } }) => JSON.stringify([suite, sequence]));
  return { sequences: new Set(names).size, boards: new Set(all.map(({ on }) => on)).size };
}

const MOST_PLACES = 3;

/** The kinds of difference that a report has shown in full, so that it shows each once. */
export class Reported {
  readonly #places = new Map<string, { where: string; on: string }>();
  /** The current board and line of the report, in words */
  on = "";

  /**
   * Returns where the report has shown the kinds of difference of a step. Undefined if one of them is new, or the step has no
   * difference. The caller then shows the step in full, and its kinds count as shown at `where`.
   */
  before(step: StepVerdict, where: string): string | undefined {
    const keys = signaturesOf(step).map(({ key }) => key);
    const places = keys.flatMap((key) => this.#places.get(key) ?? []);
    if (keys.length > 0 && places.length === keys.length) {
      const words = places.map(({ where, on }) => on === this.on ? where : `${where} on ${on}`);
      return [...new Set(words)].slice(0, MOST_PLACES).join(" and ");
    }
    for (const key of keys) if (!this.#places.has(key)) this.#places.set(key, { where, on: this.on });
    return undefined;
  }
}
