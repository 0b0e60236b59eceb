/**
 * An earlier recording instead of the model: the behaviour of a board on another day, with another kernel or firmware.
 *
 * @module
 */

import type { Facts } from "../model/facts.ts";
import type { SequenceTrace, StepTrace, Trace, TraceHeader } from "./trace.ts";
import { canonical } from "./_json.ts";

/** An earlier recording, to compare with. */
export interface EarlierTrace {
  /** Its name in messages: the path of its file */
  readonly name: string;
  /** The header of its trace */
  readonly header: TraceHeader;
  /** Its sequences by `SUITE > SEQUENCE` */
  readonly sequences: ReadonlyMap<string, SequenceTrace>;
}

const keyOf = ({ suite, sequence }: { suite: string; sequence: string }) => `${suite} > ${sequence}`;

/** Makes an earlier recording of a trace; `name` is what messages call it. */
export function earlierOf({ header, sequences }: Trace, name: string): EarlierTrace {
  return { name, header, sequences: new Map(sequences.map((sequence) => [keyOf(sequence), sequence])) };
}

/** Returns the words for something that an earlier recording lacks: `not in FILE: DETAIL`. */
export const notIn = ({ name }: Pick<EarlierTrace, "name">, detail: string): string => `not in ${name}: ${detail}`;

/** True if an earlier recording holds a sequence of this name. */
export const holdsEarlier = ({ sequences }: EarlierTrace, about: { suite: string; sequence: string }): boolean =>
  sequences.has(keyOf(about));

/** Returns the names of a board's device: its handle, its name on the bus. */
const wordsOf = ({ handle }: Facts): string[] => [handle, handle.slice(handle.indexOf("/") + 1)];

/** Renames a sequence for another board: its device's handle and name, the names of the ports' netdevs in operations. */
function inWordsOf(board: Facts | undefined, earlier: Facts | undefined, trace: SequenceTrace): SequenceTrace {
  if (!board || !earlier || board.handle === earlier.handle) return trace;
  const [from, to] = [wordsOf(earlier), wordsOf(board)];
  let text = JSON.stringify(trace);
  for (const [i, word] of from.entries()) {
    const quoted = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    text = text.replace(new RegExp(`(?<![\\w.:-])${quoted}(?![\\w:-])(?!\\.\\d)`, "g"), to[i]!);
  }
  return JSON.parse(text);
}

/**
 * Returns the expectation for a sequence from an earlier recording: the model's steps, the recording's observations. A step that
 * the recording does not hold, lost, or holds as another operation has a reason, no observation. The same goes for all steps after
 * a step with another operation.
 *
 * @param model The sequence as the model has it, on the board of `facts`
 * @param facts The facts of the board of today; the recording's device is renamed to its handle
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { earlierOf, inPlaceOfModel } from "./against.ts";
 *
 * const header = { board: "b", transport: "ssh", era: "6.12", kernel: "6.12.1", iproute2: "" };
 * const earlier = earlierOf({ header, sequences: [] }, "old.jsonl");
 * const step = { id: 1, phase: "body" as const, op: { kind: "dev.show" as const } };
 * const { steps } = inPlaceOfModel({ suite: "s", sequence: "t", source: "", steps: [step] }, earlier);
 * assertEquals(steps[0]!.lost?.detail, "not in old.jsonl: the sequence");
 * ```
 */
export function inPlaceOfModel(model: SequenceTrace, earlier: EarlierTrace, facts?: Facts): SequenceTrace {
  const held = earlier.sequences.get(keyOf(model));
  const trace = held && inWordsOf(facts, earlier.header.facts, held);
  let other: string | undefined = trace ? undefined : "the sequence";
  const steps = model.steps.map(({ id, phase, op }, index): StepTrace => {
    const found = trace?.steps[index];
    const lost = (detail: string): StepTrace => ({
      id,
      phase,
      op,
      lost: { reason: "not-recorded", detail: notIn(earlier, detail) },
    });
    if (trace && other === undefined) {
      if (!found) other = `step ${id}`;
      else if (found.phase !== phase || canonical(found.op) !== canonical(op)) {
        other = `step ${id} is another operation there`;
      }
    }
    if (other !== undefined) return lost(other);
    if (!found!.observation) return lost(`step ${id} was lost there`);
    return { ...found!, id };
  });
  const { suite, sequence, source } = model;
  return { suite, sequence, source, steps };
}
