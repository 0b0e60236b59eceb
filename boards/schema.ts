/**
 * The allowed content of a board file, as a zod schema: the only source of the types, the checks and `board.schema.json`.
 *
 * @module
 */

import { z } from "zod";
import { ERA_IDS, type EraId, KERNEL_IDS, type KernelId } from "../model/era/mod.ts";
import { type Disruption, DISRUPTIONS } from "../model/disruption.ts";
import { type Channel, CHANNELS } from "../model/observation.ts";
import { type DeviceName, deviceProblems, DEVICES, deviceShape, type DeviceTables } from "./devices/mod.ts";
import { line, lineProblems } from "./transports/serial.ts";
import {
  tableNames,
  type TransportName,
  transportProblems,
  TRANSPORTS,
  transportShape,
  type TransportTables,
} from "./transports/mod.ts";
import { argv, path, text } from "./transports/transport.ts";

/** The ways to reach a board. */
export const RUNNER_KINDS = ["model", "recording", "qemu", "remote", "local"] as const;
/** A way to reach a board: one of {@linkcode RUNNER_KINDS}. */
export type RunnerKind = typeof RUNNER_KINDS[number];

/** The eras that a board file can force; `auto` takes the era from the kernel of the board or of the recording. */
export const BOARD_ERAS: readonly ["auto", ...EraId[]] = ["auto", ...ERA_IDS];

/** Abilities of a board on which sequences depend. */
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
  "emulated",
  "rzn1_miic",
  "serdes_phy",
  "mlx5",
  "mlx5_no_rdma",
  "mlx5_subfunction",
  "mlx5_slave",
  "mlxsw",
  "stmmac_sgmii",
  "stmmac_rgmii",
] as const;
/** An ability of a board: one of {@linkcode CAPABILITIES}. */
export type Capability = typeof CAPABILITIES[number];

/** The ways in which a MAC's driver may hold its PCS (docs/semantics.md 7.3); `fixtures/pcs` has each of them. */
export const PCS_DESIGNS = ["none", "module_ref", "device_ref", "device_link", "notified"] as const;
/** The way in which a MAC's driver holds its PCS: one of {@linkcode PCS_DESIGNS}. */
export type PcsDesign = typeof PCS_DESIGNS[number];

const MODULE = /^\w[\w-]*$/;
const MODULE_MEANT = "the name of a module";

const qemu = z.strictObject({
  kernel: z.enum(KERNEL_IDS).meta({
    description: "The kernel to boot: Debian's, or the one that deno task debug-kernel builds",
  }),
  module: path("A netdevsim.ko to load instead of the one that is built").exactOptional(),
  module_source: path("A folder with sources of netdevsim, built for the kernel").exactOptional(),
  pcs_source: path("A folder with sources of fakemac and fakepcs, built for the kernel").exactOptional(),
  modules_source: path(
    "A folder with sources of modules of the stock kernel, built for it; each takes the place of the stock one",
  ).exactOptional(),
  cmdline: text("Appended to the kernel's command line, for example slub_debug=FZPU").exactOptional(),
  memory: z.int().min(64).max(65536).meta({ description: "Memory of the guest in MiB" }).exactOptional(),
  cpus: z.int().min(1).max(64).meta({ description: "Processors of the guest; 1 by default" }).exactOptional(),
  transport: z.enum(TRANSPORTS).default(TRANSPORTS[0]).meta({ description: "How the guest is spoken to" }),
  device: z.enum(DEVICES).exactOptional().meta({
    description: "An emulated PCI device for a driver of the kernel's own; it is the device under test",
  }),
  modules: z.array(text("One module").regex(MODULE, MODULE_MEANT)).exactOptional().meta({
    description: "Further modules of the stock kernel, loaded at boot in this order",
  }),
  ...deviceShape(),
}).refine((q) => !(q.module && q.module_source), { message: "module and module_source exclude each other" })
  .meta({ description: "A kernel in QEMU as the board" });

const consoleLine = z.strictObject(line).meta({
  description: "The board's console, if it is not the line of [serial]: recorded, and never written to by a run",
});

const power = z.strictObject({
  on: argv("Turns the board on").exactOptional(),
  off: argv("Turns the board off").exactOptional(),
  cycle: argv("Turns the board off and on again; without it, off and then on").exactOptional(),
  query: argv("Prints on or off").exactOptional(),
}).meta({ description: "Power control, for example of a PDU" });

/** A driver's name as sysfs shows it: it may have blanks, as in "Marvell 88E1510", and an exclamation mark for a slash. */
const DRIVER = /^(?!\.{1,2}$)[\w.:,+()!#-]+( [\w.:,+()!#-]+)*$/;
const DRIVER_MEANT = "a driver of /sys/bus/BUS/drivers, with ! for a slash in its name";

const bound = (what: string) =>
  z.strictObject({
    bus: text("The bus in sysfs").regex(/^[\w:-]+$/, "a bus of /sys/bus").default("platform"),
    driver: text("The driver on that bus").regex(DRIVER, DRIVER_MEANT),
    device: text("The device, as it is written to bind and unbind").regex(/^[\w.:@,-]+$/, "a device's name in sysfs"),
  }).meta({ description: `The ${what}, as sysfs names it` });

const pcs = z.strictObject({
  design: z.enum(PCS_DESIGNS).meta({ description: "How the MAC's driver holds on to its PCS" }),
  mac: bound("MAC"),
  pcs: bound("PCS"),
  netdev: text("The MAC's netdev that uses the PCS").regex(/^[\w.:@-]{1,15}$/, "a netdev's name"),
}).meta({ description: "A MAC and its PCS on the board, for the suite pcs_board" });

const ready = z.strictObject({
  modules: z.array(text("One module").regex(MODULE, MODULE_MEANT)).min(1).exactOptional().meta({
    description: "Modules to load with modprobe, in this order",
  }),
  commands: z.array(text("One line for sh").regex(/^\P{Cc}+$/u, "one line, without control characters")).min(1)
    .exactOptional().meta({ description: "Commands to run by sh, after the modules, in this order" }),
}).meta({
  description:
    "Makes the board ready, as root, each time that twinlink connects to it and after each boot; each command " +
    "must end with status 0 within 30 s, however often it has been run",
});

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
  driver: text("Driver of the device, as sysfs names it, for example mlx5_core")
    .regex(DRIVER, DRIVER_MEANT),
  capabilities: z.array(z.enum(CAPABILITIES)).exactOptional().meta({
    description: "What the board can do; a sequence that needs more is unsupported. Without the key: everything. " +
      "twinlink finds netdevsim, debugfs, listener and pcs on the board by itself: the list does not change those",
  }),
  disruption: z.enum(DISRUPTIONS).exactOptional().meta({
    description:
      "How far a sequence may go on the device: reads, changes (settings, which it puts back), link (takes the " +
      "link down), resets, or power (what no tear-down undoes: flash, a kernel that breaks); one that goes further is " +
      "unsupported. resets by default, and no bound for kernels in QEMU",
  }),
  quirks: z.array(text("One quirk")).exactOptional().meta({
    description: "What is odd about the board, for its users",
  }),
  transport: z.enum(TRANSPORTS).exactOptional().meta({
    description: `Which of ${tableNames("and")} the runner uses, if the board has several`,
  }),
  qemu: qemu.exactOptional(),
  ...transportShape(),
  console: consoleLine.exactOptional(),
  power: power.exactOptional(),
  boot_seconds: z.int().min(1).max(3600).exactOptional().meta({
    description:
      "How long the board takes to boot: one that was lost is waited for so long; 60, or 300 after a power cycle",
  }),
  ready: ready.exactOptional(),
  pcs: pcs.exactOptional(),
  recording: recording.exactOptional(),
  waivers: z.array(waiver).default([]),
  learned: path("Expectations that twinlink learn wrote (.toml): compared where the model has no answer")
    .exactOptional(),
});

/** Returns contradictions between keys of a board file; `board` may violate the schema. */
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
    const tables = TRANSPORTS.filter(has);
    if (tables.length === 0) {
      problem(TRANSPORTS[0], `is missing: runner = "remote" needs the table ${tableNames("or")}`);
    }
    if (tables.length > 1 && !has("transport")) {
      problem("transport", `is missing: with both ${tableNames("and", tables)}, say which one is used`);
    }
    if (!has("handle")) {
      problem(
        "handle",
        `is missing: runner = "remote" needs the handle of the device under test; "twinlink boards new" lists the handles of a board`,
      );
    }
  }
  if (TRANSPORTS.some((name) => name === transport) && !has(String(transport))) {
    problem("transport", `is "${transport}", but the table [${transport}] is missing`);
  }
  const owners: Record<string, RunnerKind> = {
    qemu: "qemu",
    recording: "recording",
    ...Object.fromEntries(TRANSPORTS.map((name) => [name, "remote"] as const)),
    console: "remote",
    ready: "remote",
  };
  for (const [key, owner] of Object.entries(owners)) {
    if (has(key) && RUNNER_KINDS.some((kind) => kind === runner) && runner !== owner) {
      problem(key, `is of no use with runner = "${runner}"; it belongs to runner = "${owner}"`);
    }
  }
  for (const { key, message } of [...transportProblems(board), ...deviceProblems(board)]) problem(key, message);
  for (const { key, message } of lineProblems(board.console)) problem(`console.${key}`, message);
  for (const [i, waiver] of (Array.isArray(board.waivers) ? board.waivers : []).entries()) {
    for (const { key, message } of waiverContradictions(waiver)) problem(`waivers[${i}].${key}`, message);
  }
  return problems;
}

/** Returns the errors of a waiver: missing keys, and a `line` that does not work. */
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
 * Returns the `line` of a waiver as a pattern for a whole line of the kernel log.
 *
 * @throws {SyntaxError} If it is not a regular expression
 */
export function wholeLine(line: string): RegExp {
  // Check the text alone first: the surrounding pattern must not make an invalid text valid.
  new RegExp(line);
  return new RegExp(`^(?:${line})$`);
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
  /** For the kernel log, a regular expression: the waiver accepts only additional lines that match it as a whole */
  line?: string;
  /** The reason why this is known and accepted for now */
  reason: string;
  /** The last day that the waiver applies on, as `2027-03-31`, in UTC */
  expires: string;
}

/** The table `[qemu]`: a kernel in QEMU as the board. */
export interface QemuTable extends DeviceTables {
  /** The kernel to boot */
  kernel: KernelId;
  /** Path of a netdevsim.ko to load instead of the netdevsim.ko that twinlink builds */
  module?: string;
  /** Folder with sources of netdevsim, built for the kernel */
  module_source?: string;
  /** Folder with sources of fakemac and fakepcs, built for the kernel */
  pcs_source?: string;
  /** Folder with sources of stock modules; each replaces the stock module */
  modules_source?: string;
  /** Appended to the kernel's command line */
  cmdline?: string;
  /** Memory of the guest in MiB */
  memory?: number;
  /** Processors of the guest; 1 by default */
  cpus?: number;
  /** The transport to the guest */
  transport: TransportName;
  /** An emulated PCI device, the device under test */
  device?: DeviceName;
  /** Further modules of the stock kernel, loaded at boot in this order */
  modules?: string[];
}

/** A board file's content, keys as in the file, defaults filled in. A path is relative to the file. */
export interface BoardFile extends TransportTables {
  /** The path of the JSON Schema for editors; twinlink ignores it */
  $schema?: string;
  /** The board's name in reports: letters, digits and `. _ -` */
  name: string;
  /** A description of the board, in one line */
  description: string;
  /** The way to reach the board */
  runner: RunnerKind;
  /** Era of the model to compare with */
  era: typeof BOARD_ERAS[number];
  /** devlink handle of the device under test, for example `pci/0000:03:00.0` */
  handle?: string;
  /** Driver of the device, for example `mlx5_core` */
  driver: string;
  /**
   * The abilities of the board; a sequence that needs another one is `unsupported`. Without the key the board has all. twinlink
   * detects `netdevsim`, `debugfs`, `listener` and `pcs` on the board itself, whatever the list has
   */
  capabilities?: Capability[];
  /** The largest disruption of a sequence on the device. The default is `resets`; a guest of twinlink's has no bound */
  disruption?: Disruption;
  /** Peculiarities of the board, for its users */
  quirks?: string[];
  /** The transport that the runner uses, if the board's file has several */
  transport?: TransportName;
  /** A kernel in QEMU as the board */
  qemu?: QemuTable;
  /** The board's console, if it is not the line of `serial`: a run records it, and never writes to it */
  console?: { path: string; baud: number; rtscts: boolean };
  /** Power control, each a command as a list of arguments; `query` prints `on` or `off` */
  power?: { on?: string[]; off?: string[]; cycle?: string[]; query?: string[] };
  /** The longest time in which the board boots, in seconds: twinlink waits this long for a lost board */
  boot_seconds?: number;
  /** Makes the board ready, as root, at each connection and after each boot: modules, then commands of sh */
  ready?: { modules?: string[]; commands?: string[] };
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
  /** A file of learned expectations (.toml): they are compared if the model has no answer */
  learned?: string;
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
// Documentation shows nothing for an inferred type, so the type is written out; the compiler keeps the two identical.
true satisfies Same<BoardFile, z.infer<typeof boardSchema>>;

/** Returns the JSON Schema of board files, as `board.schema.json` publishes it. */
export function boardJsonSchema(): string {
  const schema = z.toJSONSchema(boardSchema, { io: "input" });
  return JSON.stringify({ title: "twinlink board", ...schema }, null, 2) + "\n";
}
