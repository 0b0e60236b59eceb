/**
 * What a board file may say, as a zod schema: the one source of the types, of the checks and of `board.schema.json`.
 *
 * @module
 */

import { z } from "zod";
import type { Channel } from "../model/observation.ts";
import { LINE, LINE_FORMS } from "./line_words.ts";
import { SSH_WORDS, sshOptionProblem } from "./ssh_words.ts";

const text = (description: string) => z.string().min(1).meta({ description });
const path = (description: string) =>
  text(`${description}. Relative to the board file; a leading ~/ is the home directory`);
const argv = (description: string) =>
  z.array(z.string()).min(1).meta({ description: `${description}, as a list of arguments; no shell sees it` });

/** How a board is reached. */
export const RUNNER_KINDS = ["model", "recording", "qemu", "remote", "local"] as const;
/** How a board is reached: one of {@linkcode RUNNER_KINDS}. */
export type RunnerKind = typeof RUNNER_KINDS[number];

/** The eras that a board file can force; `auto` takes the era from the kernel of the board or of the recording. */
export const BOARD_ERAS = ["auto", "5.10", "5.15", "5.16", "5.18", "6.1", "6.3", "6.12", "7.2", "7.3"] as const;

/** What a board can do, so far as sequences depend on it. */
export const CAPABILITIES = [
  "netdevsim",
  "reload",
  "fw_activate",
  "netns",
  "traps",
  "policers",
  "params",
  "resources",
  "regions",
  "health",
  "flash",
  "eswitch",
  "rates",
  "sb",
  "dpipe",
  "linecards",
  "selftests",
  "debugfs",
  "listener",
  "pcs",
  "pcs_board",
  "rzn1_miic",
  "serdes_phy",
  "mlx5",
  "mlx5_no_rdma",
  "mlx5_subfunction",
  "mlx5_slave",
  "mlxsw",
] as const;
/** What a board can do: one of {@linkcode CAPABILITIES}. */
export type Capability = typeof CAPABILITIES[number];

/** How a MAC's driver may hold on to its PCS (docs/semantics.md 7.3); `fixtures/pcs` has each of them. */
export const PCS_DESIGNS = ["none", "module_ref", "device_ref", "device_link", "notified"] as const;
/** How a MAC's driver holds on to its PCS: one of {@linkcode PCS_DESIGNS}. */
export type PcsDesign = typeof PCS_DESIGNS[number];

/** The channels that a waiver can name; `model/observation.ts` says what each holds. */
export const CHANNELS = ["result", "extack", "reply", "notify", "link", "sysfs", "kmsg", "time"] as const;

const qemu = z.strictObject({
  kernel: z.enum(["5.10", "6.1", "6.12", "7.2", "7.3", "6.12-debug"]).meta({
    description: "The kernel to boot: Debian's, or the one that deno task debug-kernel builds",
  }),
  module: path("A netdevsim.ko to load instead of the one that is built").exactOptional(),
  module_source: path("A folder with sources of netdevsim, built for the kernel").exactOptional(),
  pcs_source: path("A folder with sources of fakemac and fakepcs, built for the kernel").exactOptional(),
  cmdline: text("Appended to the kernel's command line, for example slub_debug=FZPU").exactOptional(),
  memory: z.int().min(64).max(65536).meta({ description: "Memory of the guest in MiB" }).exactOptional(),
  cpus: z.int().min(1).max(64).meta({ description: "Processors of the guest; 1 by default" }).exactOptional(),
  transport: z.enum(["ssh", "serial"]).default("ssh").meta({ description: "How the guest is spoken to" }),
}).refine((q) => !(q.module && q.module_source), { message: "module and module_source exclude each other" })
  .meta({ description: "A kernel in QEMU as the board" });

const ssh = z.strictObject({
  host: text("A host name, an address, or a Host of ~/.ssh/config")
    .regex(/^[^-\s]\S*$/, "a host name: no blanks, no leading dash"),
  port: z.int().min(1).max(65535).meta({ description: "TCP port; 22 or what ~/.ssh/config says" }).exactOptional(),
  user: text("User to log in as; devlink needs root").regex(/^[^-\s]\S*$/, "a user name").exactOptional(),
  identity_file: path("Private key").exactOptional(),
  jump: text("ProxyJump of ssh: [user@]host[:port], several with commas")
    .regex(/^[^-\s]\S*$/, "[user@]host[:port]").exactOptional(),
  known_hosts_file: path("Known host keys; an unknown key is always refused").exactOptional(),
  options: z.array(z.string().regex(/^[A-Za-z]+=/, "Name=value")).exactOptional()
    .meta({ description: "Further options, each Name=value as in ssh_config(5)" }),
}).meta({ description: "The board over ssh, with the system's OpenSSH client" });

const login = z.strictObject({
  user: text("User to log in as").default("root"),
  password_env: text("Environment variable that holds the password")
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable").exactOptional(),
  password_command: argv("Command that prints the password on its first line").exactOptional(),
}).refine((l) => !(l.password_env && l.password_command), {
  message: "password_env and password_command exclude each other",
}).meta({ description: "Login on the line; the password itself never stands in a file" });

const line = {
  path: text(
    "The line: a device such as /dev/ttyUSB0 or a link in /dev/serial/by-id; tcp://HOST:PORT, a port of a console " +
      "server that passes bytes as they are; rfc2217://HOST:PORT, one that sets the line's speed as well",
  ).regex(LINE, LINE_FORMS),
  baud: z.int().min(300).max(4_000_000).default(115200).meta({ description: "Bits per second, 8N1" }),
  rtscts: z.boolean().default(false).meta({ description: "Hardware flow control" }),
};

const consoleLine = z.strictObject(line).meta({
  description:
    "The board's console, where it is another line than that of [serial]: recorded, and never written to by a run",
});

const serial = z.strictObject({
  ...line,
  login: login.exactOptional(),
}).meta({ description: "The board over a serial line" });

const power = z.strictObject({
  on: argv("Turns the board on").exactOptional(),
  off: argv("Turns the board off").exactOptional(),
  cycle: argv("Turns the board off and on again; without it, off and then on").exactOptional(),
  query: argv("Prints on or off").exactOptional(),
}).meta({ description: "Power control, for example of a PDU" });

const bound = (what: string) =>
  z.strictObject({
    bus: text("The bus in sysfs").regex(/^[\w:-]+$/, "a bus of /sys/bus").default("platform"),
    driver: text("The driver on that bus").regex(/^[\w.:-]+$/, "a driver of /sys/bus/BUS/drivers"),
    device: text("The device, as it is written to bind and unbind").regex(/^[\w.:@,-]+$/, "a device's name in sysfs"),
  }).meta({ description: `The ${what}, as sysfs names it` });

const pcs = z.strictObject({
  design: z.enum(PCS_DESIGNS).meta({ description: "How the MAC's driver holds on to its PCS" }),
  mac: bound("MAC"),
  pcs: bound("PCS"),
  netdev: text("The MAC's netdev that uses the PCS").regex(/^[\w.:@-]{1,15}$/, "a netdev's name"),
}).meta({ description: "A MAC and its PCS on the board, for the suite pcs_board" });

const recording = z.strictObject({
  trace: path("A trace that was recorded before (.jsonl or .jsonl.gz)"),
}).meta({ description: "A recorded trace as the board" });

const waiver = z.strictObject({
  suite: text("The suite's name; may be left out with line").exactOptional(),
  sequence: text("The sequence's name; may be left out with line").exactOptional(),
  step: z.int().min(1).meta({ description: "The step's number; without it, each step" }).exactOptional(),
  channel: z.enum(CHANNELS).meta({ description: "The channel that may differ" }),
  line: text('With channel = "kmsg": only whole lines of the kernel log that this regular expression matches')
    .exactOptional(),
  reason: text("Why this is known and accepted for now"),
  expires: z.iso.date("a date, for example 2027-03-31").meta({
    description: "The last day that the waiver applies on",
  }),
}).meta({ description: "A known difference, accepted until a date" });

/** The shape of a board file. */
export const boardSchema = z.strictObject({
  $schema: z.string().exactOptional(),
  name: text("The board's name, as it is shown").regex(/^[a-z0-9][a-z0-9._-]*$/i, "letters, digits and . _ -"),
  description: text("One line on what the board is"),
  runner: z.enum(RUNNER_KINDS).meta({ description: "How the board is reached" }),
  era: z.enum(BOARD_ERAS).default("auto").meta({ description: "Era of the model to compare with" }),
  handle: text("devlink handle of the device under test, for example pci/0000:03:00.0")
    .regex(/^[^/\s]+\/[^/\s]+$/, "bus/device").exactOptional(),
  driver: text("Driver of the device, for example mlx5_core").regex(/^[a-z0-9_]+$/i, "a driver's name"),
  capabilities: z.array(z.enum(CAPABILITIES)).exactOptional().meta({
    description: "What the board can do; a sequence that needs more is unsupported. Without the key: everything. " +
      "twinlink finds netdevsim, debugfs, listener and pcs on the board by itself: the list does not change those",
  }),
  quirks: z.array(text("One quirk")).exactOptional().meta({
    description: "What is odd about the board, for its users",
  }),
  transport: z.enum(["ssh", "serial"]).exactOptional().meta({
    description: "Which of [ssh] and [serial] the runner uses, where both are there",
  }),
  qemu: qemu.exactOptional(),
  ssh: ssh.exactOptional(),
  serial: serial.exactOptional(),
  console: consoleLine.exactOptional(),
  power: power.exactOptional(),
  boot_seconds: z.int().min(1).max(3600).exactOptional().meta({
    description:
      "How long the board takes to boot: one that was lost is waited for so long; 60, or 300 after a power cycle",
  }),
  pcs: pcs.exactOptional(),
  recording: recording.exactOptional(),
  waivers: z.array(waiver).default([]),
});

/** What a board file says against itself, key by key; `board` need not fit the schema. */
export function contradictions(board: Record<string, unknown>): { key: string; message: string }[] {
  const problems: { key: string; message: string }[] = [];
  const problem = (key: string, message: string) => problems.push({ key, message });
  const { runner, transport } = board;
  const has = (key: string) => board[key] !== undefined;
  if ((runner === "qemu" || runner === "recording") && !has(runner)) {
    problem(runner, `is missing: runner = "${runner}" needs the table [${runner}]`);
  }
  if (runner === "model" && (!has("era") || board.era === "auto")) {
    const eras = BOARD_ERAS.slice(1).join(", ");
    problem("era", `is missing: runner = "model" has no kernel to take the era from; name one of ${eras}`);
  }
  if (runner === "remote") {
    if (!has("ssh") && !has("serial")) {
      problem("ssh", `is missing: runner = "remote" needs the table [ssh] or [serial]`);
    }
    if (has("ssh") && has("serial") && !has("transport")) {
      problem("transport", `is missing: with both [ssh] and [serial], say which one is used`);
    }
    if (!has("handle")) problem("handle", `is missing: runner = "remote" needs the handle of the device under test`);
  }
  if ((transport === "ssh" || transport === "serial") && !has(transport)) {
    problem("transport", `is "${transport}", but the table [${transport}] is missing`);
  }
  const owners: Record<string, RunnerKind> = {
    qemu: "qemu",
    recording: "recording",
    ssh: "remote",
    serial: "remote",
    console: "remote",
  };
  for (const [key, owner] of Object.entries(owners)) {
    if (has(key) && RUNNER_KINDS.some((kind) => kind === runner) && runner !== owner) {
      problem(key, `is of no use with runner = "${runner}"; it belongs to runner = "${owner}"`);
    }
  }
  for (const key of ["serial", "console"]) {
    const line = board[key] as { path?: unknown; rtscts?: unknown } | undefined;
    if (typeof line?.path !== "string" || !line.path.startsWith("tcp://") || line.rtscts !== true) continue;
    problem(`${key}.rtscts`, "is of no use with tcp://: the server sets the line; rfc2217:// sets it from here");
  }
  for (const { key, message } of sshContradictions(board.ssh)) problem(key, message);
  for (const [i, waiver] of (Array.isArray(board.waivers) ? board.waivers : []).entries()) {
    for (const { key, message } of waiverContradictions(waiver)) problem(`waivers[${i}].${key}`, message);
  }
  return problems;
}

/** What a waiver lacks, or says of lines of the kernel log and cannot mean. */
function waiverContradictions(waiver: unknown): { key: string; message: string }[] {
  if (typeof waiver !== "object" || waiver === null) return [];
  const { suite, sequence, step, channel, line } = waiver as Record<string, unknown>;
  if (line === undefined) {
    return Object.entries({ suite, sequence }).flatMap(([key, value]) =>
      value === undefined ? [{ key, message: "is missing" }] : []
    );
  }
  if (sequence !== undefined && suite === undefined) {
    return [{ key: "suite", message: "is missing: sequence is given" }];
  }
  if (step !== undefined && sequence === undefined) return [{ key: "sequence", message: "is missing: step is given" }];
  if (typeof line !== "string" || line === "") return [];
  const say = (why: string) => [{ key: "line", message: `is ${JSON.stringify(line)}, ${why}` }];
  if (channel !== "kmsg") return say('but only channel = "kmsg" has lines');
  try {
    const pattern = wholeLine(line);
    return pattern.test("") || pattern.test("any line") ? say("but must not match any line") : [];
  } catch (error) {
    return say(`but must be a regular expression: ${(error as Error).message}`);
  }
}

/**
 * The `line` of a waiver, to test a whole line with.
 *
 * @throws {SyntaxError} If it is no regular expression
 */
export function wholeLine(line: string): RegExp {
  // Alone first: what is put around it must not make sense of it.
  new RegExp(line);
  return new RegExp(`^(?:${line})$`);
}

/** What ssh would take otherwise than it is meant. */
function sshContradictions(ssh: unknown): { key: string; message: string }[] {
  if (typeof ssh !== "object" || ssh === null) return [];
  const problems: { key: string; message: string }[] = [];
  for (const [key, pattern] of Object.entries(SSH_WORDS)) {
    const value = (ssh as Record<string, unknown>)[key];
    // What is no word at all was told already.
    const word = typeof value === "string" && (key.endsWith("_file") || /^[^-\s]\S*$/.test(value));
    if (!word || value === "" || pattern.test(value)) continue;
    problems.push({
      key: `ssh.${key}`,
      message: `is ${JSON.stringify(value)}, but has a character that is not allowed`,
    });
  }
  const { options } = ssh as { options?: unknown };
  for (const [i, option] of (Array.isArray(options) ? options : []).entries()) {
    const why = typeof option === "string" && /^[A-Za-z]+=/.test(option) ? sshOptionProblem(option) : undefined;
    if (why === undefined) continue;
    problems.push({ key: `ssh.options[${i}]`, message: `is ${JSON.stringify(option)}, which is not allowed: ${why}` });
  }
  return problems;
}

/** A known difference, accepted until a date. */
export interface Waiver {
  /** The suite's name; left out only with `line`, for each suite */
  suite?: string;
  /** The sequence's name; left out only with `line`, for each sequence */
  sequence?: string;
  /** The step's number, 1 for the first; without it, each step */
  step?: number;
  /** The channel that may differ */
  channel: Channel;
  /** Of the kernel log, a regular expression: accepts additional lines that it matches as a whole, and nothing else */
  line?: string;
  /** Why this is known and accepted for now */
  reason: string;
  /** The last day that the waiver applies on, as `2027-03-31`, in UTC */
  expires: string;
}

/** A board file's content, keys as in the file, defaults filled in. A path is relative to the file. */
export interface BoardFile {
  /** Where editors find the JSON Schema; of no meaning to twinlink */
  $schema?: string;
  /** The board's name, as it is shown: letters, digits and `. _ -` */
  name: string;
  /** One line on what the board is */
  description: string;
  /** How the board is reached */
  runner: RunnerKind;
  /** Era of the model to compare with */
  era: typeof BOARD_ERAS[number];
  /** devlink handle of the device under test, for example `pci/0000:03:00.0` */
  handle?: string;
  /** Driver of the device, for example `mlx5_core` */
  driver: string;
  /**
   * What the board can do; a sequence that needs more is `unsupported`. Without the key: everything. twinlink finds `netdevsim`,
   * `debugfs`, `listener` and `pcs` on the board by itself: the list does not change those
   */
  capabilities?: Capability[];
  /** What is odd about the board, for its users */
  quirks?: string[];
  /** Which of `ssh` and `serial` the runner uses, where both are there */
  transport?: "ssh" | "serial";
  /** A kernel in QEMU as the board; `memory` of the guest is in MiB, `cmdline` is appended to the kernel's */
  qemu?: {
    kernel: "5.10" | "6.1" | "6.12" | "7.2" | "7.3" | "6.12-debug";
    module?: string;
    module_source?: string;
    pcs_source?: string;
    cmdline?: string;
    memory?: number;
    cpus?: number;
    transport: "ssh" | "serial";
  };
  /** The board over ssh, with the system's OpenSSH client; `options` are `Name=value` of ssh_config(5) */
  ssh?: {
    host: string;
    port?: number;
    user?: string;
    identity_file?: string;
    jump?: string;
    known_hosts_file?: string;
    options?: string[];
  };
  /** The board over a serial line, 8N1, `baud` in bits per second; the password itself never stands in a file */
  serial?: {
    path: string;
    baud: number;
    rtscts: boolean;
    login?: { user: string; password_env?: string; password_command?: string[] };
  };
  /** The board's console, where it is another line than that of `serial`: recorded, and never written to by a run */
  console?: { path: string; baud: number; rtscts: boolean };
  /** Power control, each a command as a list of arguments; `query` prints `on` or `off` */
  power?: { on?: string[]; off?: string[]; cycle?: string[]; query?: string[] };
  /** How long the board takes to boot, in seconds: one that was lost is waited for so long */
  boot_seconds?: number;
  /** A MAC and its PCS on the board, as sysfs names them, for the suite `pcs_board` */
  pcs?: {
    design: PcsDesign;
    mac: { bus: string; driver: string; device: string };
    pcs: { bus: string; driver: string; device: string };
    netdev: string;
  };
  /** A recorded trace (.jsonl or .jsonl.gz) as the board */
  recording?: { trace: string };
  /** Known differences */
  waivers: Waiver[];
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
// An inferred type shows nothing in the documentation, so it is written out; the compiler keeps the two the same.
true satisfies Same<BoardFile, z.infer<typeof boardSchema>>;

/** The JSON Schema of board files, as `board.schema.json` publishes it. */
export function boardJsonSchema(): string {
  const schema = z.toJSONSchema(boardSchema, { io: "input" });
  return JSON.stringify({ title: "twinlink board", ...schema }, null, 2) + "\n";
}
