/**
 * Outcomes of steps in a few words, and table cells with the outcomes on several kernels.
 *
 * @module
 */

import { loadBoard } from "../boards/mod.ts";
import type { SequenceTrace, StepTrace, Trace } from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";

/** Returns the outcome of a part of a sequence in a few words: a refusal, calls on a PCS that is gone, findings, the links. */
export function outcomeOf(steps: readonly StepTrace[]): string {
  const words: string[] = [];
  const say = (word: string) => words.includes(word) || words.push(word);
  const links = new Map<string, string>();
  for (const { op, observation, lost } of steps) {
    if (lost || !observation) {
      say(lost?.reason ?? "not run");
      continue;
    }
    const { result, kmsg, link } = observation;
    const acts = op.kind !== "netdev.show" && op.kind !== "ethtool.show";
    if (result !== "ok" && (acts || result === "killed" || result === "hang")) say(result);
    for (const line of kmsg) {
      if (line.class === "stale") say(`stale ${/#\d+ (\w+)/.exec(line.text)?.[1] ?? line.text}`);
      else if (line.class !== "info") say(line.class);
    }
    for (const { event, ifname, operstate } of Object.values(link).flat()) {
      links.set(ifname, event === "del" ? "gone" : operstate.toLowerCase());
    }
  }
  for (const [ifname, state] of [...links].sort()) say(`${ifname} ${state}`);
  return words.length === 0 ? "nothing" : words.join(", ");
}

/** Returns what the model of a trace's kernel shows for the steps of the trace. */
export async function modelled({ header, sequences }: Trace): Promise<SequenceTrace[]> {
  const model = openModel(await loadBoard("model"), header.era as EraId, {}, header);
  return await Promise.all(
    sequences.map((sequence) => model.run({ ...sequence, requires: sequence.hardware ?? [] })),
  );
}

/** A cell: an outcome, and the kernels that had this outcome. */
interface Cell {
  outcome: string;
  kernels: string[];
}

/** Merges cells with the same outcome. */
function merge(outcomes: readonly { kernel: string; outcome: string }[]): Cell[] {
  const cells: Cell[] = [];
  for (const { kernel, outcome } of outcomes) {
    const same = cells.find((cell) => cell.outcome === outcome);
    if (same) same.kernels.push(kernel);
    else cells.push({ outcome, kernels: [kernel] });
  }
  return cells;
}

/** Returns text of a board without characters that would end a cell. */
export const plain = (text: string) => text.replace(/[|<>\\`\n]/g, " ").trim();

/** Returns the text of one cell: one outcome, or each outcome with its kernels. */
export function cellText(outcomes: readonly { kernel: string; outcome: string }[]): string {
  const cells = merge(outcomes);
  if (cells.length === 0) return "-";
  if (cells.length === 1) return cells[0]!.outcome;
  return cells.map(({ outcome, kernels }) => `${kernels.join(", ")}: ${outcome}`).join("; ");
}
