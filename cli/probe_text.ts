/**
 * The text that `twinlink boards probe` prints.
 *
 * @module
 */

import { type Disruption, DISRUPTION_WORDS } from "../model/disruption.ts";
import type { Fate, SuiteProspects } from "../run/prospects.ts";
import { count } from "../run/output.ts";
import type { Instance, Lifelines } from "../runners/mod.ts";

/** Reasons, each with its number of sequences. */
type Reasons = readonly { reason: string; sequences: number }[];

/** A board, and the predicted results of a run: the keys of `boards probe --json`. Much of it is text of the board. */
export interface Probe {
  board: string;
  transport: string;
  /** `uname -r`; empty for the model */
  kernel: string;
  /** The output of `devlink -V` */
  iproute2: string;
  /** The era of the model that judges it */
  era: string;
  /** How the era fits; null if it was taken from this kernel, run there */
  eraNote: string | null;
  /** The handle that the board's file names */
  handle: string | null;
  /** True if the board has an instance of that handle */
  found: boolean;
  /** The driver that the board's file names, and the model that it is judged by */
  driver: string;
  model: string;
  /** True if sequences make the devices of the driver */
  makes: boolean;
  /** The driver of the instance on the board; null without an instance */
  driverThere: string | null;
  /** Versions by kind and name, as in `devlink dev info` */
  versions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Contradictions between the facts and the model of the driver */
  contradictions: readonly string[];
  /** All devlink instances of the board */
  instances: readonly Instance[];
  /** Sequences by suite and fate */
  suites: readonly SuiteProspects[];
  /** Why sequences are unsupported, may have gaps, have gaps, or are refused, the most frequent reason first */
  unsupported: Reasons;
  maybe: Reasons;
  gaps: Reasons;
  refused: Reasons;
  /** The number of pushed sequences by disruption, the least disruption first */
  disrupts: readonly { disruption: Disruption; sequences: number }[];
  /** The most disruption that the board's file allows */
  allowed: Disruption;
  /** Capabilities that the agent looked for and did not find */
  missing: readonly string[];
  /** What the board must not lose, and by which devices; and what twinlink could not find */
  carried: Lifelines["carried"];
  unknown: readonly string[];
  /** How many sequences need the capability fw_activate, which the board's file does not list */
  firmware: number;
  /** How many of the pushed sequences break the kernel, by the model's prediction */
  breaks: number;
}

/** The most reasons of a kind that are printed; `--json` has all. */
const MOST = 5;

/** Returns instances as words: `pci/0000:03:00.0 (mlx5_core), ...`. */
export function instanceWords(instances: readonly Instance[]): string {
  return instances.map(({ handle, driver }) => driver === "" ? handle : `${handle} (${driver})`).join(", ") || "none";
}

function handleLine({ handle, found, instances, makes }: Probe): string {
  const all = instanceWords(instances);
  if (handle === null && makes) return "none is named in the board's file: sequences make their devices";
  if (handle === null) return `none is named in the board's file; instances on the board: ${all}`;
  return found ? handle : `${handle}, which is not on the board; instances there: ${all}`;
}

function driverLine({ driver, model, driverThere }: Probe): string {
  const other = driverThere !== null && driverThere !== driver ? `; the device's driver is ${driverThere}` : "";
  const how = model === "generic"
    ? "nobody modelled it (generic): judged where the devlink core decides"
    : `modelled (${model})`;
  return `${driver}: ${how}${other}`;
}

function kernelLines({ kernel, era, eraNote }: Probe): string[] {
  if (kernel === "") return [`the model of ${era} alone`];
  return eraNote === null ? [`${kernel}: the model of ${era} was compared with this kernel, run`] : [kernel, eraNote];
}

function reasonLines(reasons: Reasons, limit: number): string[] {
  const more = reasons.slice(limit);
  const sequences = more.reduce((sum, { sequences }) => sum + sequences, 0);
  return [
    ...reasons.slice(0, limit).map(({ reason, sequences }) => `${String(sequences).padStart(4)}  ${reason}`),
    ...(more.length > 0 ? [`${String(sequences).padStart(4)}  ${count(more.length, "other reason")} (--json)`] : []),
  ];
}

/** The columns of the table of suites. */
const COLUMNS: readonly [Fate, string][] = [
  ["judged", "judged"],
  ["maybe", "maybe"],
  ["gap", "gaps"],
  ["refused", "refused"],
  ["unsupported", "unsupported"],
  ["elsewhere", "other kernels"],
];

/** Returns a line for each suite that can be run in part or whole, and one for the others. */
function suiteLines(suites: readonly SuiteProspects[]): string[] {
  const runs = ({ judged, maybe, gap, refused }: SuiteProspects) => judged + maybe + gap + refused > 0;
  const some = suites.filter(runs);
  const none = suites.filter((suite) => !runs(suite)).map(({ suite }) => suite);
  const width = Math.max(5, ...some.map(({ suite }) => suite.length));
  const head = ["suite".padEnd(width), ...COLUMNS.map(([, title]) => title)].join("  ");
  return [
    ...(some.length > 0 ? [head] : []),
    ...some.map((one) =>
      [one.suite.padEnd(width), ...COLUMNS.map(([fate, title]) => String(one[fate] || "-").padStart(title.length))]
        .join("  ")
    ),
    ...(none.length > 0 ? [`nothing of ${none.join(", ")}`] : []),
  ];
}

/** Returns lines about the disruption by sequences, and the allowed disruption. */
function disruptionLines({ disrupts, allowed }: Probe): string[] {
  if (disrupts.length === 0) return [];
  return [
    ...disrupts.map(({ disruption, sequences }) =>
      `${String(sequences).padStart(4)}  ${disruption}: ${sequences === 1 ? "it" : "each"} ${
        DISRUPTION_WORDS[disruption]
      }`
    ),
    `none goes further than disruption = "${allowed}"`,
  ];
}

/** Returns lines about the risks of a run for the board. */
function dangerLines({ carried, unknown, refused, firmware, breaks, handle }: Probe): string[] {
  return [
    ...carried.map(({ what, by }) => `${what}: carried by ${by.join(", ")}`),
    ...(unknown.length > 0 ? [`not known is ${unknown.join(", and ")}`] : []),
    ...refused.slice(0, MOST).map(({ reason, sequences }) => `${count(sequences, "sequence")} refused: ${reason}`),
    ...(refused.length > MOST ? [`${count(refused.length - MOST, "other reason")} to refuse sequences (--json)`] : []),
    ...(firmware > 0
      ? [
        `${count(firmware, "sequence")} ${
          firmware === 1 ? "needs" : "need"
        } fw_activate, which resets the whole card of ` +
        `${handle}, its other ports too: not run, since the board's file does not list that capability`,
      ]
      : []),
    ...(breaks > 0
      ? [
        `${count(breaks, "sequence")} ${
          breaks === 1 ? "breaks" : "break"
        } the kernel, as the model predicts: twinlink ` +
        "reboots the board after each",
      ]
      : []),
  ];
}

/** Returns the lines of a probe. Much of it is text of the board; it must be escaped for a terminal. */
export function probeText(probe: Probe): string[] {
  const { board, transport, iproute2, handle, instances, suites, unsupported, maybe, gaps, missing } = probe;
  const sum = (fate: Fate) => suites.reduce((total, one) => total + one[fate], 0);
  const total = COLUMNS.reduce((all, [fate]) => all + sum(fate), 0);
  const others = instances.filter((one) => one.handle !== handle);
  const versions = Object.entries(probe.versions)
    .map(([kind, all]) => `${kind}: ${Object.entries(all).map(([name, version]) => `${name} ${version}`).join(", ")}`);
  const contradictions = probe.contradictions.length;
  const sections: [word: string, lines: readonly string[]][] = [
    ["board", [`${board}, over ${transport}`]],
    ["kernel", kernelLines(probe)],
    ["iproute2", iproute2 === "" ? [] : [iproute2]],
    ["handle", [handleLine(probe)]],
    ["others", handle !== null && probe.found && others.length > 0 ? [instanceWords(others)] : []],
    ["driver", [driverLine(probe)]],
    ["versions", versions],
    [
      "differs",
      contradictions > 0
        ? [`${count(contradictions, "fact")} of the board against the model of the driver; "boards facts" lists them`]
        : [],
    ],
    ["judged", [
      `${count(sum("judged"), "sequence")} of ${total.toLocaleString("en-US")}, ${sum("maybe")} that may have gaps, ` +
      `${sum("gap")} with gaps`,
      ...suiteLines(suites),
    ]],
    ["lacks", reasonLines(unsupported, MOST)],
    ["maybe", reasonLines(maybe, MOST)],
    ["gaps", reasonLines(gaps, MOST)],
    ["does", disruptionLines(probe)],
    ["missing", missing.length > 0 ? [`${missing.join(", ")}: not found on the board`] : []],
    ["danger", dangerLines(probe)],
  ];
  return sections.flatMap(([word, lines]) => lines.map((line, i) => `${(i === 0 ? word : "").padEnd(9)}  ${line}`));
}
