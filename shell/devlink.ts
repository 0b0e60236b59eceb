/**
 * devlink(8) of iproute2: options, commands, what it prints, and what it says of errors.
 *
 * @module
 */

import { COMMAND_FORMS, type DevlinkKind } from "../model/command_line.ts";
import { parseDevlink } from "../model/command_parser.ts";
import type { Json, Notification, Observation, Operation } from "../model/mod.ts";
import { monitor } from "./devlink_monitor.ts";
import { handlesText, infoText, listsText, messageText, rateText, regionText, reporterText } from "./devlink_text.ts";
import { USAGE } from "./devlink_usage.ts";
import { errorText } from "./errno.ts";
import { writeJson } from "./json_writer.ts";
import type { Call, Program } from "./program.ts";
import type { Run } from "./process.ts";

/** The options of devlink(8). */
export interface DevlinkOptions {
  json: boolean;
  pretty: boolean;
  verbose: boolean;
  statistics: boolean;
  hex: boolean;
  iec: boolean;
  force: boolean;
  netns: string | undefined;
  batch: string | undefined;
}

const SHORT: Readonly<Record<string, keyof DevlinkOptions | "version" | "names">> = {
  V: "version",
  f: "force",
  b: "batch",
  n: "names",
  j: "json",
  p: "pretty",
  v: "verbose",
  s: "statistics",
  N: "netns",
  i: "iec",
  x: "hex",
};
const LONG: Readonly<Record<string, string>> = {
  Version: "V",
  force: "f",
  batch: "b",
  "no-nice-names": "n",
  json: "j",
  pretty: "p",
  verbose: "v",
  statistics: "s",
  Netns: "N",
  iec: "i",
  hex: "x",
};

type Parsed = { options: DevlinkOptions; words: string[] } | { version: true } | { error: string };

/** Options may stand anywhere, as getopt_long(3) of the GNU C library has it. */
function parseOptions(args: readonly string[]): Parsed {
  const options: DevlinkOptions = {
    json: false,
    pretty: false,
    verbose: false,
    statistics: false,
    hex: false,
    iec: false,
    force: false,
    netns: undefined,
    batch: undefined,
  };
  const words: string[] = [];
  const queue = [...args];
  const set = (letter: string, value: string | undefined) => {
    const name = SHORT[letter]!;
    if (name === "netns" || name === "batch") options[name] = value;
    else if (name !== "version" && name !== "names") options[name] = true;
  };
  while (queue.length > 0) {
    const arg = queue.shift()!;
    if (arg === "--") {
      words.push(...queue);
      break;
    }
    if (arg.startsWith("--")) {
      const [name, value] = arg.slice(2).split(/=(.*)/s) as [string, string | undefined];
      const found = Object.keys(LONG).filter((each) => each === name || each.startsWith(name));
      const letter = found.length === 1 || found.includes(name)
        ? LONG[found.includes(name) ? name : found[0]!]
        : undefined;
      if (letter === undefined) return { error: `devlink: unrecognized option '${arg}'` };
      if (letter === "V") return { version: true };
      const takes = letter === "N" || letter === "b";
      const given = takes ? value ?? queue.shift() : undefined;
      if (takes && given === undefined) return { error: `devlink: option '${arg}' requires an argument` };
      set(letter, given);
    } else if (/^-./.test(arg)) {
      for (let i = 1; i < arg.length; i++) {
        const letter = arg[i]!;
        if (!Object.hasOwn(SHORT, letter)) return { error: `devlink: invalid option -- '${letter}'` };
        if (letter === "V") return { version: true };
        if (letter !== "N" && letter !== "b") {
          set(letter, undefined);
          continue;
        }
        const value = i + 1 < arg.length ? arg.slice(i + 1) : queue.shift();
        if (value === undefined) return { error: `devlink: option requires an argument -- '${letter}'` };
        set(letter, value);
        break;
      }
    } else words.push(arg);
  }
  return { options, words };
}

/** devlink(8) */
export const devlink: Program = function* (call) {
  const parsed = parseOptions(call.args);
  if ("version" in parsed) {
    yield* call.out(`devlink utility, iproute2-${call.system.iproute2}.0\n`);
    return 0;
  }
  if ("error" in parsed) {
    yield* call.err(`${parsed.error}\nUnknown option.\n${USAGE[""]}`);
    return 1;
  }
  const { options, words } = parsed;
  const { process } = call;
  const before = process.netns;
  if (options.netns !== undefined) {
    if (!call.system.machine.netns.includes(options.netns) || options.netns === "init") {
      yield* call.err(`Cannot open network namespace "${options.netns}": No such file or directory\n`);
      return 1;
    }
    process.netns = options.netns;
  }
  try {
    if (options.batch !== undefined) return yield* batch(call, options, options.batch);
    const { text, status } = yield* command(call, options, words);
    // The writer of JSON ends its output with a line, whatever is in it
    yield* call.out(options.json ? `${text}\n` : text);
    return status;
  } finally {
    process.netns = before;
  }
};

/** Command lines of a file, one after the other. */
function* batch(call: Call, options: DevlinkOptions, file: string): Run {
  let script: string;
  if (file === "-") script = yield* call.process.readAll(0);
  else {
    const opened = call.system.files.open(call.path(file), "r", call.process.netns);
    if ("errno" in opened) {
      yield* call.err(`Cannot open file "${file}" for reading: ${errorText(opened.errno)}\n`);
      return 1;
    }
    script = "";
    for (;;) {
      const piece = yield* opened.file.read();
      if (!("text" in piece)) break;
      script += piece.text;
    }
  }
  let status = 0;
  const texts: string[] = [];
  for (const [i, line] of script.split("\n").entries()) {
    const words = line.replace(/#.*/, "").split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) continue;
    const done = yield* command(call, options, words);
    if (options.json) texts.push(done.text);
    else yield* call.out(done.text);
    if (done.status === 0) continue;
    status = 1;
    yield* call.err(`Command failed ${file}:${i + 1}\n`);
    if (!options.force) break;
  }
  if (options.json) yield* call.out(`${texts.filter((text) => text !== "").join(",")}\n`);
  return status;
}

interface Done {
  text: string;
  status: number;
}

function* command(call: Call, options: DevlinkOptions, words: readonly string[]): Run<Done> {
  const { system, process } = call;
  const parsed = parseDevlink(words, (netdev) => portOf(call, netdev));
  if ("errors" in parsed) {
    const lines = call.system.machine.era.filteredDumps ? parsed.errors : unselectable(parsed);
    yield* call.err(lines.map((line) => `${line}\n`).join(""));
    return { text: "", status: 1 };
  }
  if ("help" in parsed) {
    yield* call.err(USAGE[parsed.help]!);
    return { text: "", status: parsed.status };
  }
  if ("monitor" in parsed) return { text: "", status: yield* monitor(call, options, parsed.monitor) };
  const op = { ...parsed.op, netns: process.netns } as Operation<DevlinkKind>;
  if (op.kind === "dev.flash") return yield* flash(call, op);
  const selector = unsupportedSelector(call, op);
  if (selector.length > 0) {
    yield* call.err(selector.map((line) => `${line}\n`).join(""));
    return { text: "", status: 1 };
  }
  const observation = yield* system.performing(op);
  if (op.kind === "dev.reload") yield { until: system.scheduler.clock.now + system.pace.reload };
  yield* complain(call, op, observation);
  if (observation.result === "hang") yield { ready: () => false };
  const ok = observation.result === "ok";
  const reply = ok ? observation.reply : emptyReply(op);
  const wanted = parsed.shows === "ports"
    ? ofPorts(reply)
    : parsed.shows === "occupancy"
    ? { occupancy: Object.values(reply as Objects)[0] ?? {} }
    : reply;
  const text = wanted === null ? "" : replyText(op, dated(call, shown(op, wanted, options)), options);
  return { text, status: ok ? 0 : 1 };
}

/** What belongs to ports, of objects by handle. */
function ofPorts(reply: Json): Json {
  if (typeof reply !== "object" || reply === null || Array.isArray(reply)) return reply;
  return Object.fromEntries(
    Object.entries(reply).map(([key, objects]) => [
      key,
      Object.fromEntries(Object.entries(objects as object).filter(([handle]) => handle.split("/").length === 3)),
    ]),
  );
}

/** Dates by the clock of the machine: the model counts from its boot. */
export function dated(call: Call, value: Json): Json {
  if (Array.isArray(value)) return value.map((each) => dated(call, each));
  if (typeof value !== "object" || value === null) return value;
  const result: { [key: string]: Json } = {};
  for (const [key, each] of Object.entries(value)) result[key] = dated(call, each);
  const { last_dump_date: day, last_dump_time: time } = result;
  if (typeof day === "string" && typeof time === "string") {
    const then = new Date(Date.parse(`${day}T${time}Z`) + call.system.date).toISOString();
    Object.assign(result, { last_dump_date: then.slice(0, 10), last_dump_time: then.slice(11, 19) });
  }
  return result;
}

/** The devlink port of a netdev in the netns of the caller. */
function portOf(call: Call, netdev: string): string | undefined {
  const { reply } = call.system.machine.perform({ kind: "port.show", netns: call.process.netns });
  const ports = (reply as { port?: Record<string, { netdev?: string }> } | null)?.port ?? {};
  return Object.entries(ports).find(([, port]) => port.netdev === netdev)?.[0];
}

/** What is asked for of one instance without a dump. */
const SELECTED: ReadonlySet<string> = new Set([
  "dev.show",
  "dev.info",
  "resource.show",
  "dev.selftests.show",
  "sb.show",
  "sb.pool.show",
]);

const NO_SELECTORS = "Dump selectors are not supported by kernel for this command";

/** What it says of a handle that it cannot read, where the kernel has no dump of one instance's objects. */
function unselectable({ errors, kind }: { errors: readonly string[]; kind?: DevlinkKind }): readonly string[] {
  if (kind === undefined || !COMMAND_FORMS[kind].all || SELECTED.has(kind) || COMMAND_FORMS[kind].about === "region") {
    return errors;
  }
  const at = errors.findIndex((line) => line.startsWith("Wrong identification") || line.endsWith(" not found"));
  return at < 0 ? errors : [...errors.slice(0, at), NO_SELECTORS];
}

/** What it says where a kernel has no dump of one instance's objects. */
function unsupportedSelector(call: Call, op: Operation<DevlinkKind>): string[] {
  const { handle, kind, ...rest } = op as { handle?: string; kind: string };
  const form = COMMAND_FORMS[op.kind];
  const refused = NO_SELECTORS;
  // Those of the ports of an instance no kernel dumps
  if (op.kind === "port.param.show" && op.handle !== undefined && op.port === undefined) {
    return [`kernel answers: ${errorText("ENODEV")}`, refused];
  }
  if (handle === undefined || !form.all || call.system.machine.era.filteredDumps) return [];
  if (SELECTED.has(kind)) return [];
  const given = Object.entries(rest).some(([key, value]) => key !== "netns" && value !== undefined);
  return given ? [] : [refused];
}

/** What an operation failed with, in devlink's words. */
function* complain(call: Call, op: Operation<DevlinkKind>, { result, extack, reply }: Observation): Run<void> {
  if (extack) {
    const prefix = extack.prefix === undefined ? "" : `${extack.prefix}: `;
    yield* call.err(`${extack.level === "error" ? "Error" : "Warning"}: ${prefix}${extack.text}.\n`);
  }
  if (result === "ok") {
    // A message that comes in several parts leaves an errno of 0 behind, from 5.11 on
    const message = op.kind === "health.diagnose" || op.kind === "health.dump.show";
    if (message && call.system.facts.tellsParts && Object.keys((reply ?? {}) as object).length > 0) {
      yield* call.err("kernel answers: Success\n");
    }
    return;
  }
  if (result === "client") {
    for (const line of clientErrors(call, op)) yield* call.err(`${line}\n`);
    return;
  }
  if (result === "killed" || result === "hang") return;
  yield* call.err(`${op.kind === "dev.flash" ? "devlink" : "kernel"} answers: ${errorText(result)}\n`);
  if (/^dpipe\.(?:table\.(?:show|dump)|header\.show)$/.test(op.kind)) yield* call.err("error get headers Success\n");
}

/** What devlink(8) says where it refuses by itself what the kernel told it of. */
function clientErrors(call: Call, op: Operation<DevlinkKind>): string[] {
  switch (op.kind) {
    case "param.set":
    case "port.param.set": {
      const about = op.kind === "param.set"
        ? { kind: "param.show" as const, handle: op.handle, name: op.name }
        : undefined;
      const { reply } = about ? call.system.machine.perform({ ...about, netns: call.process.netns }) : { reply: null };
      const [param] = Object.values((reply as { param?: Record<string, Json[]> } | null)?.param ?? {})[0] ?? [];
      const values = ((param ?? {}) as { values?: { cmode: string; value: Json }[] }).values ?? [];
      const current = values.find(({ cmode }) => cmode === op.cmode);
      if (!current) return ["Configuration mode not supported"];
      const refused = `Value "${op.value}" is not a number or not within range`;
      if (typeof current.value !== "boolean") return [refused];
      const words = ["false", "true", "0", "1", "disable", "enable"].map((word) => `"${word}"`).join(", ");
      return [`Error: argument of "(null)" must be one of ${words}, not "${op.value}"`, refused];
    }
    case "resource.set":
      if (op.path === "") return [`kernel answers: ${errorText("EINVAL")}`];
      return ["error parsing resource path Invalid argument"];
    default:
      return [];
  }
}

/** Under which key a reply stands that has nothing in it: what is printed where a dump fails. */
const ROOTS: { readonly [K in DevlinkKind]?: string } = {
  "dev.show": "dev",
  "dev.info": "info",
  "dev.eswitch.show": "dev",
  "dev.selftests.show": "selftests",
  "port.show": "port",
  "port.param.show": "param",
  "param.show": "param",
  "rate.show": "rate",
  "resource.show": "resources",
  "region.show": "regions",
  "region.new": "regions",
  "region.dump": "dump",
  "region.read": "read",
  "sb.show": "sb",
  "sb.pool.show": "pool",
  "sb.port.pool.show": "port_pool",
  "sb.tc.bind.show": "tc_bind",
  "dpipe.header.show": "header",
  "linecard.show": "lc",
  "health.show": "health",
  "trap.show": "trap",
  "trap.group.show": "trap_group",
  "trap.policer.show": "trap_policer",
};

function emptyReply(op: Operation<DevlinkKind>): Json {
  const root = ROOTS[op.kind];
  return root === undefined ? null : { [root]: {} };
}

/** A reply without what the options do not ask for, and with what they add. */
function shown(op: Operation<DevlinkKind>, reply: Json, options: DevlinkOptions): Json {
  const without = new Set<string>();
  if (!options.statistics) without.add("stats");
  if (!options.verbose) without.add("metadata");
  const paths = op.kind === "resource.show" && options.verbose;
  const strip = (value: Json, path: string): Json => {
    if (Array.isArray(value)) return value.map((each) => strip(each, path));
    if (typeof value !== "object" || value === null) return value;
    const name = typeof value["name"] === "string" && paths ? `${path}/${value["name"]}` : path;
    const result: { [key: string]: Json } = {};
    for (const [key, each] of Object.entries(value)) {
      if (without.has(key)) continue;
      result[key] = strip(each, name);
      if (key === "name" && paths) result["resource_path"] = name;
    }
    return result;
  };
  return /^(?:health\.d|region\.(?:dump|read))/.test(op.kind) ? reply : strip(reply, "");
}

/** A piece of a region. */
interface Piece {
  address: number;
  data: number[];
}

/** The pieces of a region in JSON: one object, in which all pieces have the same keys. */
function regionJson(op: Operation<DevlinkKind>, reply: Json, options: DevlinkOptions): string | undefined {
  if (op.kind !== "region.dump" && op.kind !== "region.read") return undefined;
  const [[key, pieces] = ["", []]] = Object.entries(reply as { [key: string]: Json });
  if (!Array.isArray(pieces)) return undefined;
  const indent = options.pretty ? "        " : "";
  const [colon, line] = options.pretty ? [": ", "\n"] : [":", ""];
  const members = pieces.flatMap((piece) =>
    Object.entries(piece as { [key: string]: Json }).map(([name, value]) =>
      `${indent}"${name}"${colon}${writeJson(value, options.pretty)}`
    )
  );
  const half = options.pretty ? "    " : "";
  return `{${line}${half}"${key}"${colon}{${line}${members.join(`,${line}`)}${line}${half}}${line}}`;
}

type Objects = { [key: string]: Json };

/** A reply as it is printed. */
function replyText(op: Operation<DevlinkKind>, reply: Json, options: DevlinkOptions): string {
  if (options.json) return regionJson(op, reply, options) ?? writeJson(reply, options.pretty);
  const [root = {}] = Object.values(reply as Objects);
  switch (op.kind) {
    case "health.diagnose":
    case "health.dump.show":
      return messageText(reply as Objects, options.hex);
    case "dev.eswitch.show":
      return handlesText(root as Objects).replace(/^([^:\n]+)$/gm, "$1:");
    case "dev.info":
      return infoText(root as Objects);
    case "dev.reload": {
      const actions = ((root as Objects)["reload_actions_performed"] ?? []) as string[];
      return actions.length > 0
        ? `reload_actions_performed:\n${actions.map((action) => `    ${action}\n`).join("")}`
        : "";
    }
    case "health.show":
      return Object.entries(root as { [handle: string]: Objects[] }).map(([handle, reporters]) =>
        `${handle}:\n${reporters.map((reporter) => reporterText(reporter, 2)).join("")}`
      ).join("");
    case "region.dump":
    case "region.read": {
      const pieces = Array.isArray(root) ? root as unknown as Piece[] : [];
      return pieces.length > 0 ? pieces.map(({ address, data }) => regionText(address, data)).join("") : "\n";
    }
    case "rate.show":
      return handlesText(
        root as Objects,
        (key, value) =>
          key === "tx_max" || key === "tx_share" ? `${key} ${rateText(Number(value), options.iec)}` : `${key} ${value}`,
      );
    case "param.show":
    case "port.param.show":
    case "resource.show":
    case "trap.show":
    case "trap.group.show":
    case "trap.policer.show":
      return listsText(root as Objects);
    default:
      return typeof root === "object" && root !== null && !Array.isArray(root) ? handlesText(root) : "";
  }
}

/** Flashes, and tells of each step as the kernel reports it. */
function* flash(call: Call, op: Operation<"dev.flash">): Run<Done> {
  const { system, process } = call;
  const messages: Notification[] = [];
  const stop = system.listen({
    netns: process.netns,
    notified: (some) =>
      messages.push(...some.filter(({ object, handle }) => object === "flash" && handle === op.handle)),
  });
  let observation: Observation;
  try {
    observation = system.perform(op);
  } finally {
    stop();
  }
  const lines: string[] = [];
  for (const { command, attributes } of messages) {
    if (command !== "status" || typeof attributes["msg"] !== "string") continue;
    const component = attributes["component"];
    const line = `${component === undefined ? "" : `[${component}] `}${attributes["msg"]}`;
    if (lines.at(-1) !== line) lines.push(line);
  }
  if (lines.length > 0) yield* call.out(`${lines.join("\n")}`);
  if (messages.length > 0) yield* call.out("\n");
  yield* complain(call, op, observation);
  return { text: "", status: observation.result === "ok" ? 0 : 1 };
}
