/**
 * Predicts the results of a run on a board, sequence by sequence, without pushing anything.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { lacking, whyUnsupported } from "../diff/capability.ts";
import { judge } from "../diff/judge.ts";
import type { Plan, SequenceTrace, TraceHeader } from "../diff/trace.ts";
import { type Disruption, disruptionOfPlan, DISRUPTIONS } from "../model/disruption.ts";
import type { EraId } from "../model/mod.ts";
import { RefusedError } from "../runners/guard/guard.ts";
import type { Runner } from "../runners/runner.ts";
import { compileAll } from "../sdk/compile.ts";
import { type Chosen, holdsIn, type Suite } from "../sdk/suite.ts";

/**
 * How far a sequence can be judged. `judged`: fully. `maybe`: fully if the board shows nothing in a channel that the model does not
 * know. `gap`: not fully, since the model has no answer for a step. `refused`: not without `--i-know`. `unsupported`: the board
 * lacks what it needs. `elsewhere`: it has no meaning on kernels of the era.
 */
export type Fate = "judged" | "maybe" | "gap" | "refused" | "unsupported" | "elsewhere";

/** The predicted result of one sequence. */
export interface Prospect {
  /** The suite's name */
  suite: string;
  /** The sequence's name */
  sequence: string;
  fate: Fate;
  /** Why the sequence cannot be judged, or not fully; empty for `judged`. It may contain text from the board */
  reason: string;
  /** The capabilities that the whole sequence requires and the board lacks */
  lacks: readonly string[];
  /** True if the model predicts that it breaks the kernel */
  breaks: boolean;
  /** The sequence's effect on the device; undefined if the sequence cannot be compiled for the board */
  disruption?: Disruption;
}

/** The known facts of a board. */
export interface Known {
  header: TraceHeader;
  /** The capabilities that the agent found; undefined without an agent */
  has: readonly string[] | undefined;
  /** See `holds` of {@linkcode Runner} */
  holds?: Runner["holds"];
  guard?: Runner["guard"];
}

/**
 * Predicts the results of suites on a board, by the rules of a run without named suites. Nothing is pushed; the guard
 * may ask the board which devices it depends on.
 *
 * @throws {SuiteError} If a suite is wrong in itself
 * @throws {TransportError} If the guard asks and the board was lost
 */
export async function prospectsOf(
  suites: readonly Suite[],
  board: Board,
  { header, has, holds, guard }: Known,
  options: { signal?: AbortSignal } = {},
): Promise<Prospect[]> {
  const era = header.era as EraId;
  const { facts, freedMemory } = header;
  const found: Prospect[] = [];
  const chosen: Chosen[] = [];
  for (const suite of suites) {
    for (const sequence of suite.sequences) {
      const about = { suite: suite.name, sequence: sequence.name };
      const requires = [...sequence.fixture.requires, ...sequence.requires ?? []];
      const unsupported = whyUnsupported({ requires, steps: [] }, board, has);
      const not = (fate: Fate, reason: string, lacks: readonly string[] = []) =>
        void found.push({ ...about, fate, reason, lacks, breaks: false });
      if (!holdsIn(sequence, era)) not("elsewhere", sequence.holds!.because);
      else if (unsupported) not("unsupported", `needs ${unsupported.needs}`, lacking(requires, board, has));
      else if (holds?.(about) === false) not("unsupported", "the recording does not hold it");
      else chosen.push({ suite, sequence });
    }
  }
  const compiled = await compileAll(chosen, era, {
    board: { ...board, ...(facts ? { facts } : {}) },
    ...(freedMemory ? { freedMemory } : {}),
    ...options,
  });
  const able = compiled.filter(({ plan }) => whyUnsupported(plan, board, has) === undefined).map(({ plan }) => plan);
  const refusals = await refusalsOf(able, guard);
  for (const { plan, expected } of compiled) {
    const unsupported = whyUnsupported(plan, board, has);
    const refused = refusals.get(plan);
    const [fate, reason]: [Fate, string] = unsupported
      ? ["unsupported", `needs ${unsupported.needs}`]
      : refused !== undefined
      ? ["refused", refused]
      : forecast(expected);
    found.push({
      suite: plan.suite,
      sequence: plan.sequence,
      fate,
      reason,
      lacks: lacking(plan.requires ?? [], board, has),
      breaks: plan.breaks !== undefined && !unsupported,
      disruption: disruptionOfPlan(plan).disruption,
    });
  }
  const order = new Map(suites.map(({ name }, i) => [name, i]));
  return found.sort((a, b) => order.get(a.suite)! - order.get(b.suite)!);
}

/**
 * Returns how far a sequence can be judged, and why not fully: judges a board that does what the model does. In a channel
 * that the model does not know, that board shows nothing, so a real board may still be `model-gap`.
 */
function forecast(expected: SequenceTrace): [Fate, string] {
  const { verdict, steps } = judge(expected, expected);
  if (verdict === "model-gap") return ["gap", steps.find((step) => step.verdict === verdict)?.reason ?? ""];
  const [why] = expected.steps.flatMap(({ observation }) => Object.values(observation?.unknown ?? {}));
  return why === undefined ? ["judged", ""] : ["maybe", why];
}

/** Returns why plans are refused, without the words about the single plan. */
async function refusalsOf(plans: readonly Plan[], guard: Runner["guard"]): Promise<Map<Plan, string>> {
  const refusals = new Map<Plan, string>();
  const refusal = async (some: readonly Plan[]) => {
    try {
      await guard?.(some);
      return undefined;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      return error.message.replace(/^Cannot run ".*?" on board ".*?": step \d+ /s, "it ");
    }
  };
  // The board is asked once for all plans; then the guard knows the answers.
  if (await refusal(plans) === undefined) return refusals;
  for (const plan of plans) {
    const why = await refusal([plan]);
    if (why !== undefined) refusals.set(plan, why);
  }
  return refusals;
}

/** The number of sequences of a suite for each fate. */
export type SuiteProspects = { suite: string } & Record<Fate, number>;

/** Counts prospects by suite, in the order of the suites. */
export function bySuite(prospects: readonly Prospect[]): SuiteProspects[] {
  return [...Map.groupBy(prospects, ({ suite }) => suite)].map(([suite, of]) => {
    const counts: SuiteProspects = { suite, judged: 0, maybe: 0, gap: 0, refused: 0, unsupported: 0, elsewhere: 0 };
    for (const { fate } of of) counts[fate]++;
    return counts;
  });
}

/** Returns the reasons of a fate, the most frequent first. */
export function reasonsOf(prospects: readonly Prospect[], fate: Fate): { reason: string; sequences: number }[] {
  const reasons = Map.groupBy(prospects.filter((one) => one.fate === fate), ({ reason }) => reason);
  return [...reasons].map(([reason, of]) => ({ reason, sequences: of.length }))
    .sort((a, b) => b.sequences - a.sequences);
}

/** Counts the sequences that a run would push by their disruption, the least disruption first. */
export function byDisruption(prospects: readonly Prospect[]): { disruption: Disruption; sequences: number }[] {
  const pushed = prospects.filter(({ fate }) => fate === "judged" || fate === "maybe" || fate === "gap");
  return DISRUPTIONS.map((disruption) => ({
    disruption,
    sequences: pushed.filter((one) => one.disruption === disruption).length,
  })).filter(({ sequences }) => sequences > 0);
}
