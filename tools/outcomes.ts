/**
 * `deno task outcomes`: writes docs/pcs.md, the outcome of each design of holding on to a PCS when the PCS goes: what the
 * model predicts, and what each kernel did, from traces of the suite `pcs`. It also writes the table of docs/phy.md, of the suite `phy`.
 *
 * @module
 */

import { PCS_DESIGNS } from "../boards/schema.ts";
import { readTrace, type SequenceTrace, type StepTrace, type Trace, type TraceHeader } from "../diff/mod.ts";
import { runAsMain } from "../cli/entry.ts";
import { shippedTraces } from "./agreement.ts";
import { phyTable, withPhyTable } from "./phy_outcomes.ts";
import { cellText, modelled, outcomeOf, plain } from "./outcome_cells.ts";
import { writeWhole } from "../run/artefacts.ts";
import { print } from "../run/output.ts";

/** A column of the table: a step of a sequence of the suite `pcs`, and the steps after it that belong to it. */
interface Column {
  id: string;
  what: string;
  /** The sequence's name after the design's */
  sequence: string;
  /** True if a step begins the column's part of the sequence */
  from(step: StepTrace): boolean;
  /** True if a step begins what belongs to another column. @default nothing does */
  until?(step: StepTrace): boolean;
}

const writes = (path: RegExp) => ({ op }: StepTrace) => op.kind === "file.write" && path.test(op.path);
const unbinds = writes(/\/fakepcs\/unbind$/);

const COLUMNS: readonly Column[] = [
  { id: "s3", what: "unbind the PCS, link up", sequence: "unbound while the link is up", from: unbinds },
  { id: "s4", what: "a cable event", sequence: "a cable event after the unbind", from: writes(/\/cable$/) },
  {
    id: "s5",
    what: "`ip link set down`",
    sequence: "taken down after the unbind",
    from: ({ op }) => op.kind === "netdev.set" && !op.up,
  },
  {
    id: "s6",
    what: "bind the PCS",
    sequence: "bound again",
    from: writes(/\/fakepcs\/bind$/),
    until: ({ op }) => op.kind === "file.write" && !op.path.endsWith("/fakepcs/bind"),
  },
  {
    id: "s7",
    what: "the link wanted up",
    sequence: "bound again",
    from: ({ op }) => op.kind === "file.write" && /\/cable$|\/fakemac\/bind$/.test(op.path),
  },
  { id: "s8", what: "unbind the MAC", sequence: "the MAC unbound after its PCS", from: writes(/\/fakemac\/unbind$/) },
  {
    id: "s9",
    what: "`rmmod` of the PCS, then a cable event",
    sequence: "the module of the PCS unloaded",
    from: ({ op, phase }) => op.kind === "module.unload" && phase === "body",
  },
];

/** Returns the part of a sequence that belongs to a column; undefined where the trace has none of it. */
function partOf(trace: readonly SequenceTrace[], design: string, column: Column): StepTrace[] | undefined {
  const steps = trace.find(({ suite, sequence }) => suite === "pcs" && sequence === `${design}: ${column.sequence}`)
    ?.steps.filter(({ phase }) => phase === "body");
  const begin = steps?.findIndex(column.from) ?? -1;
  if (!steps || begin < 0) return undefined;
  const rest = steps.slice(begin);
  const end = column.until ? rest.findIndex(column.until) : -1;
  return end < 0 ? rest : rest.slice(0, end);
}

/** Returns a table of designs by steps; a cell's text comes from `cellOf`. */
function tableOf(designs: readonly string[], cellOf: (design: string, column: Column) => string): string {
  const rows = designs.map((design) => [design, ...COLUMNS.map((column) => cellOf(design, column))]);
  const head = ["design", ...COLUMNS.map(({ id }) => id)];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, widths.map((width) => "-".repeat(width)), ...rows].map((row) =>
    `| ${row.map((text, i) => text.padEnd(widths[i]!)).join(" | ")} |`
  ).join("\n");
}

/** Returns the designs of the modules, as measured, with how many cells of it were measured as modelled. */
async function measuredTable(traces: readonly Trace[]): Promise<{ text: string; equal: number; of: number }> {
  const expected = await Promise.all(traces.map(modelled));
  let [equal, of] = [0, 0];
  const text = tableOf(PCS_DESIGNS, (design, column) =>
    cellText(traces.flatMap(({ header, sequences }, i) => {
      const measured = partOf(sequences, design, column);
      if (!measured) return [];
      const outcome = plain(outcomeOf(measured));
      const wanted = plain(outcomeOf(partOf(expected[i]!, design, column) ?? []));
      of++;
      if (outcome === wanted) equal++;
      const shown = outcome === wanted ? outcome : `**measured ${outcome}, modelled ${wanted}**`;
      return [{ kernel: header.era, outcome: shown }];
    })));
  return { text, equal, of };
}

/** Designs that no driver can have on a kernel of today, and the design whose sequences they are taken through. */
const PROPOSED = { device_link_used: "device_link", srcu_wrapper: "notified" } as const;

/** Returns what the model predicts for them. */
async function proposedTable(traces: readonly Trace[]): Promise<string> {
  const runs = await Promise.all(traces.flatMap((trace) =>
    Object.entries(PROPOSED).map(async ([design, like]) => {
      const sequences = trace.sequences.filter(({ suite, sequence }) =>
        suite === "pcs" && sequence.startsWith(`${like}: `)
      )
        .map((sequence) => ({
          ...sequence,
          sequence: sequence.sequence.replace(like, design),
          steps: sequence.steps.map((step) => {
            const { op } = step;
            return op.kind === "module.load" && op.params
              ? { ...step, op: { ...op, params: { ...op.params, design } } }
              : step;
          }),
        }));
      return { era: trace.header.era, sequences: await modelled({ ...trace, sequences }) };
    })
  ));
  return tableOf(Object.keys(PROPOSED), (design, column) =>
    cellText(runs.flatMap(({ era, sequences }) => {
      const part = partOf(sequences, design, column);
      return part ? [{ kernel: era, outcome: plain(outcomeOf(part)) }] : [];
    })));
}

const MEMORY: Record<NonNullable<TraceHeader["freedMemory"]>, string> = {
  kept: "Stock kernels: what was freed is read as it was",
  poisoned: "The same with `slub_debug=FZPU`: what was freed is poisoned",
  reported: "A kernel with KASAN",
};

/** Returns the page. */
export async function outcomesPage(traces: readonly Trace[]): Promise<string> {
  const parts = [
    "# When a PCS goes",
    "",
    "The outcome when the driver of a PCS is unbound under a MAC, by the way in which the MAC holds on to the PCS: each cell as",
    "measured on real kernels, and compared with the model. Written by `deno task outcomes` from `boards/recordings/`; the",
    "sequences are `suites/pcs/pcs.ts`, the drivers `fixtures/pcs/`.",
    "",
    ...COLUMNS.map(({ id, what }) => `- **${id}** ${what}${id === "s3" ? "" : id === "s9" ? "" : ", after s3"}`),
    "",
    "`stale OP`: that operation was called on a PCS that had been removed. `oops`, `kasan`: what the kernel reported; `killed`: the",
    "command died of it; `hang`: it never ended. `client`: ip(8) found no such netdev. `fm0 down`: the last link message of fm0 said",
    "so. The netdevs fm1 and fm2 have nothing to do with the PCS. After s4, s5 and s7 `ethtool` is asked, and asks the PCS.",
    "",
  ];
  for (const [memory, title] of Object.entries(MEMORY)) {
    const of = traces.filter(({ header, sequences }) =>
      (header.freedMemory ?? "kept") === memory && sequences.some(({ suite }) => suite === "pcs")
    );
    if (of.length === 0) continue;
    const table = await measuredTable(of);
    parts.push(
      `## ${title}`,
      "",
      `Kernels: ${
        of.map(({ header }) => plain(header.kernel)).join(", ")
      }. Measured as modelled: ${table.equal} of ${table.of}.`,
      "",
      table.text,
      "",
    );
  }
  const stock = traces.filter(({ header, sequences }) =>
    header.freedMemory === undefined && sequences.some(({ suite }) => suite === "pcs")
  );
  parts.push(
    "## Designs that were proposed: the model alone",
    "",
    "`device_link_used`: a device link that is dropped while the PCS is unused. `srcu_wrapper`: a PCS behind a wrapper that outlives",
    "it. Neither exists on a stock kernel: a managed device link cannot be dropped, and phylink has no wrapper.",
    "",
    await proposedTable(stock),
    "",
  );
  return parts.join("\n");
}

async function outcomes(): Promise<number> {
  const paths = Deno.args.length > 0 ? Deno.args : shippedTraces();
  const traces = await Promise.all(paths.map(readTrace));
  const page = await outcomesPage(traces);
  const at = (name: string) => decodeURIComponent(new URL(`../docs/${name}`, import.meta.url).pathname);
  await writeWhole(at("pcs.md"), page);
  const table = await phyTable(traces);
  await writeWhole(at("phy.md"), withPhyTable(await Deno.readTextFile(at("phy.md")), table));
  print(`${page}\n${table}\n`);
  return 0;
}

if (import.meta.main) await runAsMain(outcomes);
