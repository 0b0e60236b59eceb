/**
 * The tables of docs/phy.md: what the steps of suite `phy` came to on each kernel, from the recordings that ship, and if that is what
 * the model predicts. `deno task outcomes` writes them.
 *
 * @module
 */

import { mayBreak } from "../diff/crash.ts";
import type { SequenceTrace, StepTrace, Trace } from "../diff/mod.ts";
import { tableOf } from "./agreement.ts";
import { cellText, modelled, outcomeOf, plain } from "./outcome_cells.ts";

const BEGIN = "<!-- phy:begin (written by: deno task outcomes) -->";
const END = "<!-- phy:end -->";

/** A row: steps of a sequence of the suite `phy`. */
interface Row {
  what: string;
  /** The sequence's name; `WIRING` stands for sgmii or rgmii */
  sequence: string;
  /** True for the first step of the row */
  from(step: StepTrace): boolean;
  /** True for the first step that no longer belongs to it. @default {any step that is no look at something} */
  until?(step: StepTrace): boolean;
}

const LOOKS: readonly string[] = ["file.read", "netdev.show", "ethtool.show"];
const acts = ({ op }: StepTrace) => !LOOKS.includes(op.kind);
const writes = (end: string) => ({ op }: StepTrace) => op.kind === "file.write" && op.path.endsWith(end);
const down = ({ op }: StepTrace) => op.kind === "netdev.set" && !op.up;
const cable = (up: boolean) => ({ op }: StepTrace) =>
  op.kind === "device" && (op.operation as { link?: { up?: boolean } }).link?.up === up;
const GOES = "WIRING: the driver goes while the link is up, and the cable after it";
const BACK = "WIRING: the driver comes back while the netdev is up";

const ROWS: readonly Row[] = [
  { what: "the PHY's driver is unbound", sequence: GOES, from: writes("1510/unbind") },
  { what: "then the cable goes out", sequence: GOES, from: cable(false) },
  { what: "then the cable comes in", sequence: GOES, from: cable(true) },
  {
    what: "`ip link set down` after the unbind",
    sequence: "WIRING: the netdev is taken down after the driver is gone",
    from: down,
  },
  {
    what: "the same, the cable out and in between",
    sequence: "WIRING: the cable, then the netdev taken down after the driver is gone",
    from: down,
  },
  {
    what: "the same, the cable out before the unbind",
    sequence: "the cable is out when the driver goes; then the netdev is taken down",
    from: down,
  },
  {
    what: "the MAC unbound after the unbind",
    sequence: "the MAC is unbound after the driver is gone",
    from: writes("pci/unbind"),
  },
  {
    what: "`ethtool -r` after the unbind",
    sequence: "ethtool after the driver is gone",
    from: ({ op }) => op.kind === "ethtool.restart",
  },
  { what: "bound again, then `ip link set down`", sequence: BACK, from: down },
  {
    what: "then `ip link set up`",
    sequence: BACK,
    from: ({ op, id }) => op.kind === "netdev.set" && op.up && id > 2,
  },
  {
    what: "`rmmod` of the PHY's driver, nobody uses the PHY any more",
    sequence: "the module stays for ever where the driver was gone when the MAC let the PHY go",
    from: ({ op }) => op.kind === "module.unload",
  },
];

/** Returns the steps of a row in a trace; undefined if the trace does not hold the sequence. */
function partOf(sequences: readonly SequenceTrace[], { sequence, from, until = acts }: Row, wiring: string) {
  const name = sequence.replace("WIRING", wiring);
  const steps = sequences.find((one) => one.suite === "phy" && one.sequence === name)
    ?.steps.filter(({ phase }) => phase === "body");
  const begin = steps?.findIndex(from) ?? -1;
  if (!steps || begin < 0) return undefined;
  const rest = steps.slice(begin + 1);
  const end = rest.findIndex(until);
  return [steps[begin]!, ...end < 0 ? rest : rest.slice(0, end)];
}

/** Returns what a row came to on one kernel, and `by luck` where the model knows only that it may break. */
function outcome(measured: readonly StepTrace[], expected: readonly StepTrace[]): string {
  const words = plain(outcomeOf(measured)).replace(/^(transport|timeout)$/, "the kernel stands still");
  if (expected.some(({ observation }) => observation && mayBreak(observation))) return `${words} (by luck)`;
  const wanted = plain(outcomeOf(expected));
  return words === wanted ? words : `**measured ${words}, modelled ${wanted}**`;
}

/** Returns the tables: a row a situation, a column a kind of board, with the kernels that did the same in one place. */
export async function phyTable(traces: readonly Trace[]): Promise<string> {
  const ours = traces.filter(({ sequences }) => sequences.some(({ suite }) => suite === "phy"));
  const runs = await Promise.all(ours.map(async (trace) => ({ trace, expected: await modelled(trace) })));
  const wiringOf = ({ sequences }: Trace) =>
    sequences.some(({ sequence }) => sequence.startsWith("rgmii")) ? "rgmii" : "sgmii";
  const isOf = ({ wiring, poisoned }: { wiring: string; poisoned: boolean }) => ({ trace }: { trace: Trace }) =>
    wiringOf(trace) === wiring && (trace.header.freedMemory === "poisoned") === poisoned;
  const kinds = [
    { title: "SGMII", wiring: "sgmii", poisoned: false },
    { title: "RGMII", wiring: "rgmii", poisoned: false },
    { title: "SGMII, freed memory poisoned", wiring: "sgmii", poisoned: true },
  ].filter((kind) => runs.some(isOf(kind)));
  const rows = ROWS.map((row) => [
    row.what,
    ...kinds.map((kind) =>
      cellText(
        runs.filter(isOf(kind)).flatMap(({ trace: { header, sequences }, expected }) => {
          const measured = partOf(sequences, row, kind.wiring);
          if (!measured) return [];
          return [{ kernel: header.era, outcome: outcome(measured, partOf(expected, row, kind.wiring) ?? []) }];
        }),
      )
    ),
  ]);
  return tableOf([["", ...kinds.map(({ title }) => title)], ...rows]);
}

/**
 * Returns docs/phy.md with its table replaced; the markers stay.
 *
 * @throws {Error} If a marker is missing
 */
export function withPhyTable(text: string, table: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/phy.md lacks the lines "${BEGIN}" and "${END}"`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`;
}
