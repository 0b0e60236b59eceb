/**
 * Learned expectations: what boards showed where the model has no answer, and where they differ from the model. A person reviewed
 * them; the model still does not know them, and every verdict that rests on one is marked as such.
 *
 * @module
 */

import { type Channel, emptyObservation, type Json, type Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { canonical } from "./_json.ts";
import { describeOperation } from "./describe.ts";

/** The learned expectation for one step. */
export interface LearnedEntry {
  /** Names the entry in reports and reviews */
  key: string;
  /** `gap`: the model has no answer. `deviation`: the board differs from the model */
  kind: "gap" | "deviation";
  /** A tag expression for the boards that it applies to; see `parseTags` */
  when: string;
  /** The suite's name */
  suite: string;
  /** The sequence's name */
  sequence: string;
  /** 1 for the first step of the plan */
  step: number;
  /** The operation in words: the entry is for no other operation */
  command: string;
  /** Why the model does not know it, or why the board may differ */
  reason: string;
  /** The last day that it applies on, `YYYY-MM-DD`, UTC */
  until: string;
  /**
   * By channel, each value that may come, after the rules have been applied. Of a gap, a channel that the model does not know
   * and that is not named shows nothing: the result is `ok`, the time `immediate`.
   */
  values: Partial<Record<Channel, readonly Json[]>>;
  /** Channels that differed in every run: they are not compared */
  varies: readonly Channel[];
}

/** The expectation of a learned entry for a channel. */
export interface LearnedChannel {
  /** The key of the entry */
  key: string;
  /** The entry's reason */
  reason: string;
  /** The entry's last day */
  until: string;
  /** The possible values; undefined if the channel varies */
  values: readonly Json[] | undefined;
}

/** The entries of one sequence, and which of them were used. */
export class LearnedSequence {
  readonly notes: string[] = [];
  readonly #entries: LearnedEntry[];
  readonly #used = new Set<string>();
  readonly #operations = new Map<number, string>();

  /** @param today The day to judge by, `YYYY-MM-DD` */
  constructor(
    { suite, sequence, steps }: { suite: string; sequence: string; steps: readonly { id: number; op: Operation }[] },
    entries: readonly LearnedEntry[],
    today: string,
  ) {
    const ours = entries.filter((entry) => entry.suite === suite && entry.sequence === sequence);
    if (ours.length > 0) { for (const { id, op } of steps) this.#operations.set(id, describeOperation(op)); }
    this.#entries = ours.filter(({ key, step, command, until, reason }) => {
      const is = this.#operations.get(step);
      const why = until < today
        ? `expired on ${until}: ${reason}`
        : is === undefined
        ? `names step ${step}, which does not exist`
        : is !== command
        ? `is of another operation: step ${step} is ${is}`
        : undefined;
      if (why !== undefined) this.notes.push(`the learned expectation ${key} ${why}`);
      return why === undefined;
    });
  }

  #find(kind: LearnedEntry["kind"], step: number): LearnedEntry | undefined {
    return this.#entries.find((entry) => entry.kind === kind && entry.step === step);
  }

  /** Returns the learned expectation for a channel that the model does not know; undefined if there is none for the step. */
  gap(step: number, channel: Channel): LearnedChannel | undefined {
    const entry = this.#find("gap", step);
    if (!entry) return undefined;
    this.#used.add(entry.key);
    const { key, reason, until, varies, values } = entry;
    const silent = [emptyObservation()[channel] as Json];
    return { key, reason, until, values: varies.includes(channel) ? undefined : values[channel] ?? silent };
  }

  /** True if something was learned of a step that the model has no answer for. */
  knows = (step: number): boolean => this.#find("gap", step) !== undefined;

  /** Returns how a channel may differ from the model; undefined if nothing was learned. */
  deviation(step: number, channel: Channel): LearnedChannel | undefined {
    const entry = this.#find("deviation", step);
    const values = entry?.values[channel];
    if (!entry || !values) return undefined;
    const { key, reason, until } = entry;
    return { key, reason, until, values };
  }

  /** Records that an entry was used. */
  use(key: string): void {
    this.#used.add(key);
  }

  /** Returns notes on entries that were not used in a fully judged sequence. */
  unused(): string[] {
    return this.#entries.filter(({ key }) => !this.#used.has(key)).map(({ key, step }) =>
      `the learned expectation ${key}, step ${step}, no longer occurs`
    );
  }
}

/** Returns a short name for a text: FNV-1a, 8 hexadecimal digits. */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const one of text) hash = Math.imul(hash ^ one.codePointAt(0)!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** True if a channel shows one of the values. */
export const among = (shown: Observation, channel: Channel, values: readonly Json[]): boolean => {
  const text = canonical(shown[channel]);
  return values.some((value) => canonical(value) === text);
};
