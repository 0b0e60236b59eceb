/** The waivers of one sequence. */

import { type Waiver, wholeLine } from "../boards/mod.ts";
import type { Channel } from "../model/observation.ts";
import type { Pair } from "./rule.ts";

/** Follows which waivers apply to a sequence, and which were needed. */
export class Waivers {
  /** Notes about waivers that have expired or were not needed */
  readonly notes: string[] = [];
  #valid: Waiver[];
  #used = new Set<Waiver>();
  #name: string;

  /** @param day The day to judge by, `YYYY-MM-DD` */
  constructor({ suite, sequence }: { suite: string; sequence: string }, waivers: readonly Waiver[], day: string) {
    const ours = waivers.filter((waiver) =>
      (waiver.suite ?? suite) === suite && (waiver.sequence ?? sequence) === sequence
    );
    this.#name = `of ${suite} > ${sequence}`;
    this.#valid = ours.filter((waiver) => waiver.expires >= day);
    for (const waiver of ours.filter((waiver) => waiver.expires < day)) {
      this.notes.push(`${this.#what(waiver)} expired on ${waiver.expires} and no longer applies: ${waiver.reason}`);
    }
  }

  #what({ step, channel, line }: Waiver): string {
    const lines = line === undefined ? "" : ` /${line}/`;
    return `the waiver ${this.#name}${step === undefined ? "" : `, step ${step}`}, ${channel}${lines},`;
  }

  #of(step: number, channel: Channel): Waiver[] {
    return this.#valid.filter((w) => w.channel === channel && (w.step === undefined || w.step === step));
  }

  /** Returns the waiver of a step's channel; undefined if none applies. */
  for(step: number, channel: Channel): Waiver | undefined {
    const waiver = this.#of(step, channel).find(({ line }) => line === undefined);
    if (waiver) this.#used.add(waiver);
    return waiver;
  }

  /** Removes the lines that a waiver accepts from a step's kernel log, and returns that waiver; undefined if none applies. */
  lines(step: number, { expected, observed }: Pair): Waiver | undefined {
    const predicted = new Set(expected.kmsg.map(({ text }) => text));
    let waived: Waiver | undefined;
    for (const waiver of this.#of(step, "kmsg")) {
      if (waiver.line === undefined) continue;
      const pattern = wholeLine(waiver.line);
      const rest = observed.kmsg.filter(({ class: kind, text }) =>
        kind !== "info" || predicted.has(text) || !pattern.test(text)
      );
      if (rest.length === observed.kmsg.length) continue;
      observed.kmsg = rest;
      this.#used.add(waiver);
      waived ??= waiver;
    }
    return waived;
  }

  /** Notes the waivers of this sequence that were not needed. */
  noteUnused(): void {
    const here = ({ sequence }: Waiver) => sequence !== undefined;
    for (const waiver of this.#valid.filter((waiver) => here(waiver) && !this.#used.has(waiver))) {
      this.notes.push(`${this.#what(waiver)} was not needed: ${waiver.reason}`);
    }
  }
}
