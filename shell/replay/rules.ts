/**
 * Rules for text that a model cannot predict of a machine: each rule makes this text equal on both sides, and no other text.
 *
 * @module
 */

import type { TranscriptBlock } from "./transcript.ts";

/** One rule. */
export interface ReplayRule {
  readonly name: string;
  /** Why a model cannot know it, or need not */
  readonly reason: string;
  /** The text without what cannot be known */
  apply(text: string, command: string): string;
}

/** Takes a member out of JSON, pretty or not: from its key to the end of its value. */
function withoutMembers(text: string, key: RegExp): string {
  let result = text;
  for (;;) {
    const found = key.exec(result);
    if (!found) return result;
    let end = found.index + found[0].length;
    const open = result[end] === "{" || result[end] === "[";
    let depth = 0;
    do {
      const char = result[end++];
      if (char === "{" || char === "[") depth++;
      if (char === "}" || char === "]") depth--;
    } while (open && depth > 0 && end < result.length);
    let from = found.index;
    if (result[end] === ",") end++;
    else {
      const before = /,\s*$/.exec(result.slice(0, from));
      if (before) from = before.index;
    }
    result = result.slice(0, from) + result.slice(end);
  }
}

const FRAME = 142;

/** The rules, in the order in which they are applied. */
export const REPLAY_RULES: readonly ReplayRule[] = [
  {
    name: "other-hardware",
    reason: "a device that the machine has beside netdevsim (a DSA switch without hardware, a dummy netdev)",
    apply: (text) =>
      withoutMembers(text, /\s*"mdio_bus\/[^"]*":\s*(?=[{["\d])/)
        .replace(/^mdio_bus\/.*\n/gm, "")
        .replace(/^(?:dummy\d|lan\d@?\w*) .*\n/gm, "")
        .replace(/,?\{"ifindex":\d+,(?:"link":"\w+",)?"ifname":"(?:dummy\d|lan\d)".*?(?=,\{"ifindex"|\]$)/gm, ""),
  },
  {
    name: "mac-address",
    reason: "drawn at random by the kernel",
    apply: (text) =>
      text.replace(
        /\b(?!00:00:00:00:00:00|ff:ff:ff:ff:ff:ff|52:54:00:12:34:56)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g,
        "MAC",
      ),
  },
  {
    name: "switch-id",
    reason: "drawn at random by netdevsim",
    apply: (text) => text.replace(/\b[0-9a-f]{64}\b/g, "ID"),
  },
  {
    name: "ifindex",
    reason: "counts every netdev that the machine ever had",
    apply: (text) => text.replace(/"ifindex":\d+/g, '"ifindex":N').replace(/^(Deleted )?\d+: (?=\S+: <)/gm, "$1N: "),
  },
  {
    name: "clock",
    reason: "when it was, and how long it took",
    apply: (text) =>
      text.replace(/("last_dump_date": ?)"[^"]*"/g, '$1"DATE"').replace(/("last_dump_time": ?)"[^"]*"/g, '$1"TIME"')
        .replace(/\blast_dump_date \S+ last_dump_time \S+/g, "last_dump_date DATE last_dump_time TIME")
        .replace(/^(real|user|sys)\t.*$/gm, "$1\tTIME"),
  },
  {
    name: "file-times",
    reason: "when a file was made",
    apply: (text) => text.replace(/\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d\b/g, "DATE"),
  },
  {
    name: "other-directories",
    reason: "how many directories the parent has, which belong to other buses and devices",
    apply: (text) => text.replace(/^(drwx\S+) +\d+( .* \.\.)$/gm, "$1 N$2"),
  },
  {
    name: "random-bytes",
    reason: "what a snapshot or a reporter's message holds is drawn at random; how much it is can be known",
    apply: (text) =>
      text.replace(
        /("(?:test_binary|data)": ?\[ ?)([\d,]*)( ?\])?/g,
        (_all, head: string, bytes: string, tail: string | undefined) =>
          tail === undefined ? `${head}BYTES` : `${head}${bytes.split(",").length} BYTES${tail}`,
      ).replace(/(?<=BYTES)\d*$/gm, "")
        .replace(/^( {4,}|[0-9a-f]{16} )((?:[0-9a-f]{2} ){1,16})$/gm, (_all, head: string, bytes: string) =>
          `${head}${bytes.length / 3} BYTES`),
  },
  {
    name: "ticks",
    reason: "packets come every 100 ms while a port is up: how many depends on the moment of the question",
    apply: (text) =>
      text.replace(
        /"bytes":( ?)(\d+),(\s*)"packets": ?(\d+)/g,
        (all, space: string, bytes: string, between: string, packets: string) =>
          packets !== "0" && Number(bytes) === FRAME * Number(packets)
            ? `"bytes":${space}${FRAME}N,${between}"packets":${space}N`
            : all,
      ),
  },
  {
    name: "other-modules",
    reason: "modules of the machine's own devices, and sizes of modules",
    apply: (text) =>
      text.replace(/^(Module +Size +Used by).*$/gm, "$1")
        .replace(/^(\w+) +\d+ +(\d+) ?(\S*)$/gm, (all, name: string, count: string, users: string) =>
          name === "netdevsim" || name === "psample"
            ? `${name} SIZE ${count} ${users}`
            : /^virtio|failover/.test(name)
            ? ""
            : all)
        .replace(/\n{2,}(?=\n)/g, "\n"),
  },
  {
    name: "kernel-name",
    reason: "the build of the kernel: host, compiler, version string",
    apply: (text) =>
      text.replace(/^Linux (?:version|\S+) (\d+\.\d+)\S*.*$/gm, "Linux $1").replace(
        /^version: (\d+\.\d+)\S*$/gm,
        "version: $1",
      )
        .replace(/^(devlink|ip) utility, iproute2-(\S+?)(?:, libbpf.*)?$/gm, "$1 utility, iproute2-$2"),
  },
  {
    name: "other-subsystems",
    reason: "directories of debugfs that belong to other subsystems",
    apply: (text) =>
      text.replace(
        /^\/sys\/kernel\/debug\/:\n((?:.+\n)*)/gm,
        (_all, names: string) =>
          `/sys/kernel/debug/:\n${names.split("\n").filter((name) => name === "netdevsim").join("\n")}\n`,
      )
        .replace(/\n?^\/sys\/kernel\/debug\/tracing\/.*:\n(?:.+\n)*/gm, "")
        .replace(/^ls: \/sys\/kernel\/debug\/tracing\/.*\n/gm, ""),
  },
  {
    name: "interleaving",
    reason: "jobs that run at the same time print in an order that is the scheduler's",
    apply: (text, command) => overlapping(command) ? sortedLines(text) : text,
  },
];

/**
 * Returns the reason why the output of a command in a transcript is not reliable: its recorder ended it, or an earlier command wrote
 * into the same file. Undefined if it is reliable.
 */
export function unreliable({ rc, stdout, stderr }: TranscriptBlock): string | undefined {
  if (rc === 143 && stderr.endsWith("Terminated\n")) return "its recorder ended it before its time";
  if (/\0/.test(stdout + stderr)) return "an earlier command that went on wrote into its output";
  return undefined;
}

/** True if a command runs jobs side by side, other than monitors that only listen. */
export function overlapping(command: string): boolean {
  const jobs = command.replace(/&&|>&|2>&1/g, "").split("&").slice(0, -1);
  return jobs.some((job) => !/\bmonitor\b[^;]*$/.test(job.trim().replace(/\)$/, "")));
}

const sortedLines = (text: string) => text.split("\n").sort().join("\n");

/** Applies all rules; notes which of them changed anything. */
export function normalised(text: string, command: string, used?: Set<string>): string {
  let result = text;
  for (const rule of REPLAY_RULES) {
    const before = result;
    result = rule.apply(result, command);
    if (result !== before) used?.add(rule.name);
  }
  return result.replace(/\s+$/, "");
}
