/**
 * Turns the evidence of a step (exit status, text of iproute2, monitors, kernel log) into an {@linkcode Observation}.
 *
 * @module
 */

import { COMMAND_FORMS, isDevlink } from "../../model/command_line/forms.ts";
import { foldProgress } from "../../model/devlink/flash.ts";
import type { Extack, Json, LinkEvent, Notification, Observation, Result } from "../../model/observation.ts";
import { emptyObservation } from "../../model/observation.ts";
import type { NetnsName, Operation } from "../../model/operation.ts";
import { BrokenProgramError, endedBySignal, failureOf, mustHaveWorked } from "./broken_program.ts";
import { parseKmsg } from "./kernel_log.ts";
import { readRace } from "./race_record.ts";

/** One part of a record: `out`, `err`, `notify NETNS`, `link NETNS`, `kmsg`, `overrun NETNS SOCKET`, `poll`. */
export interface Section {
  name: string;
  text: string;
}

/** A record of a step, split into its sections. */
export interface StepRecord {
  id: number;
  /** Exit status, or `"hang"` */
  rc: number | "hang";
  /** Seconds since the board's boot */
  start: number;
  end: number;
  /** How much of that time the board stood still or had no CPU for the agent's ticks, in seconds. @default {0} */
  late?: number;
  sections: Section[];
}

/** Splits the agent's text at the bounds of its sections, `\n--NONCE NAME\n`. */
export function sectionsOf(text: string, nonce: string): Section[] {
  return text.split(`\n--${nonce} `).map((part, i) => {
    const newline = part.indexOf("\n");
    if (i === 0) return { name: "", text: part };
    return newline < 0 ? { name: part, text: "" } : { name: part.slice(0, newline), text: part.slice(newline + 1) };
  });
}

// Texts of strerror(3) of glibc, and of musl if they differ, as devlink and ip may print them after "answers:".
const ERRNO: Record<string, string> = {
  "Operation not permitted": "EPERM",
  "No such file or directory": "ENOENT",
  "Input/output error": "EIO",
  "I/O error": "EIO",
  "No such device or address": "ENXIO",
  "Argument list too long": "E2BIG",
  "Bad file descriptor": "EBADF",
  "Resource temporarily unavailable": "EAGAIN",
  "Cannot allocate memory": "ENOMEM",
  "Out of memory": "ENOMEM",
  "Permission denied": "EACCES",
  "Bad address": "EFAULT",
  "Device or resource busy": "EBUSY",
  "Resource busy": "EBUSY",
  "File exists": "EEXIST",
  "Invalid cross-device link": "EXDEV",
  "No such device": "ENODEV",
  "Not a directory": "ENOTDIR",
  "Is a directory": "EISDIR",
  "Invalid argument": "EINVAL",
  "File too large": "EFBIG",
  "No space left on device": "ENOSPC",
  "Read-only file system": "EROFS",
  "Numerical result out of range": "ERANGE",
  "Result not representable": "ERANGE",
  "No such process": "ESRCH",
  "Message too long": "EMSGSIZE",
  "Message too large": "EMSGSIZE",
  "Operation not supported": "EOPNOTSUPP",
  "Not supported": "EOPNOTSUPP",
  "Unknown error 524": "ENOTSUPP",
  "Network is unreachable": "ENETUNREACH",
  "Network is down": "ENETDOWN",
  "No buffer space available": "ENOBUFS",
  "Connection timed out": "ETIMEDOUT",
  "Operation timed out": "ETIMEDOUT",
  "Operation canceled": "ECANCELED",
  "Operation already in progress": "EALREADY",
  "Protocol not supported": "EPROTONOSUPPORT",
  "Function not implemented": "ENOSYS",
};

/** Returns an errno's name from its text, or the text itself if it is unknown. */
function errnoOf(text: string): string {
  return ERRNO[text.trim()] ?? text.trim();
}

/** Errors of iproute2 about a word that it does not accept; nothing reached the kernel. */
const WRONG_ARGUMENT =
  /^Error: (?:argument ".*" is wrong: |argument of ".*" must be one of |.* is expected rather than )/m;

const PREFIX = /^([a-z][a-z0-9_]*): (.*)$/;

/** Returns the extended ack that iproute2 printed; null if it printed none. */
function extackOf(stderr: string): Extack | null {
  const line = /^(Error|Warning): (.*)$/m.exec(stderr);
  if (!line || WRONG_ARGUMENT.test(stderr)) return null;
  const text = line[2]!.replace(/\.$/, "");
  const prefixed = PREFIX.exec(text);
  const level = line[1] === "Error" ? "error" : "warning";
  return prefixed ? { level, text: prefixed[2]!, prefix: prefixed[1]! } : { level, text };
}

/** Errors of tools; the text of the errno is the group. */
const ERRORS: readonly RegExp[] = [
  // ethtool(8)
  /^(?:netlink error|Flashing failed|Cannot (?:get|set|restart) [^:]*): (.*)$/mg,
  // modprobe(8) and rmmod(8) of kmod and of busybox
  /^(?:modprobe|rmmod): .*: ([^:\n]+)$/mg,
  /^dd: .*: ([^:\n]+)$/mg,
  // A shell's echo
  /: write error: ([^:\n]+)$/mg,
];

/** Errors that rmmod of kmod detects by itself, with the errno that delete_module(2) would return. */
const OF_KMOD: readonly [RegExp, string][] = [
  [/^rmmod: ERROR: Module \S+ is in use/m, "EAGAIN"],
  [/^rmmod: ERROR: Module \S+ is not currently loaded/m, "ENOENT"],
];

/** Returns the result of a command of devlink(8), ip(8), ethtool(8), kmod or dd(1) by its exit status and standard error. */
export function resultOf(rc: number | "hang", stderr: string): Result {
  if (rc === "hang") return "hang";
  if (rc === 0) return "ok";
  if (WRONG_ARGUMENT.test(stderr)) return "client";
  if (endedBySignal(rc, stderr)) return "killed";
  const answers = /(?:kernel|devlink|RTNETLINK) answers: (.*)$/m.exec(stderr);
  if (answers) return errnoOf(answers[1]!);
  const known = OF_KMOD.find(([pattern]) => pattern.test(stderr));
  if (known) return known[1];
  const texts = ERRORS.flatMap((pattern) => [...stderr.matchAll(pattern)].map((match) => match[1]!.trim()));
  const told = texts.find((text) => Object.hasOwn(ERRNO, text));
  if (told !== undefined) return errnoOf(told);
  // dd and a shell's echo print only the kernel's errno.
  if (/^dd: |: write error: /m.test(stderr) && texts.length > 0) return texts.at(-1)!;
  // ip(8) prints the extended ack instead of the errno.
  if (/^Error: /m.test(stderr)) return "unseen";
  return "client";
}

/**
 * Repairs JSON of `devlink monitor -j`. It is one array that is never closed, comes in pieces, and has a missing bracket for
 * health reporters (a bug of iproute2). Closes everything that is open, and drops surplus closing brackets.
 */
function parseLoose(text: string): Json | undefined {
  let fixed = "";
  const open: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"') {
      const from = i;
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
      fixed += text.slice(from, i + 1);
      continue;
    }
    if (char === "{" || char === "[") open.push(char === "{" ? "}" : "]");
    if (char === "}" || char === "]") {
      while (open.length > 0 && open.at(-1) !== char) fixed += open.pop();
      if (open.length === 0) break;
      open.pop();
    }
    fixed += char;
    if (open.length === 0) break;
  }
  try {
    return JSON.parse(fixed + open.toReversed().join(""));
  } catch {
    return undefined;
  }
}

/** State of a monitor: what its next message leaves out because the message before had it. */
export interface MonitorMemory {
  /** The instance of the last health message */
  health?: string;
}

/** The states of the monitors by netns: they do not depend on one another. */
export type MonitorMemories = Map<NetnsName, MonitorMemory>;

/**
 * Reads the output of `devlink -jvs monitor`, whole or a piece of it; `memory` is passed from piece to piece.
 *
 * @throws {SyntaxError} If a message cannot be read
 */
export function parseMonitor(text: string, memory: MonitorMemory = {}): Notification[] {
  const messages: Notification[] = [];
  const [head = "", ...pieces] = text.split('{"command":');
  // Before the first message only the opening of the array may stand; other text is a message that is not understood.
  if (!/^(?:\s|[,\]}]|\{"mon":\[)*$/.test(head)) {
    throw new SyntaxError(`Cannot read a message of devlink monitor: ${JSON.stringify(head.slice(0, 200))}`);
  }
  for (let piece of pieces) {
    // From the second health message of an instance in a row on, iproute2 leaves out the handle. If the messages before were of
    // another instance, iproute2 closes their list only after the name of this instance.
    piece = piece.replace('"health":{],', '"health":{').replace(
      '"health":{{',
      `"health":{${JSON.stringify(memory.health ?? "")}:[{`,
    );
    const message = parseLoose(`{"command":${piece}`);
    if (typeof message !== "object" || message === null || Array.isArray(message)) {
      throw new SyntaxError(`Cannot read a message of devlink monitor: ${JSON.stringify(piece.slice(0, 200))}`);
    }
    const { command, ...rest } = message;
    const [object, about] = Object.entries(rest)[0] ?? [];
    const [handle, attributes] = Object.entries((about ?? {}) as { [key: string]: Json })[0] ?? [];
    if (object === undefined || handle === undefined) {
      throw new SyntaxError(`Cannot read a message of devlink monitor: ${JSON.stringify(piece.slice(0, 200))}`);
    }
    if (object === "health") memory.health = handle;
    const bare = Array.isArray(attributes) ? attributes[0] : attributes;
    messages.push({ command: String(command), object, handle, attributes: (bare ?? {}) as { [key: string]: Json } });
  }
  return messages;
}

const LINK = /^(Deleted )?\d+: ([^:@ ]+)(?:@[^:]*)?: <([^>]*)>.*? state (\S+)/;

/**
 * Reads the output of `ip -o monitor link`. Messages of a netdev without an operational state are left out.
 *
 * @throws {SyntaxError} If a line is not a message
 */
export function parseLinkEvents(text: string): LinkEvent[] {
  const events: LinkEvent[] = [];
  for (const line of text.split("\n")) {
    const match = LINK.exec(line);
    if (!match && line.trim() !== "" && !/^(?:Deleted )?\d+: /.test(line)) {
      throw new SyntaxError(`Cannot read a message of ip monitor: ${JSON.stringify(line.slice(0, 200))}`);
    }
    if (!match) continue;
    events.push({
      event: match[1] ? "del" : "new",
      ifname: match[2]!,
      flags: match[3] === "" ? [] : match[3]!.split(","),
      operstate: match[4]!,
    });
  }
  return events;
}

function replyOf(op: Operation, stdout: string, { sections, end }: StepRecord): Json {
  switch (op.kind) {
    case "link.show":
    case "netdev.show": {
      const event = parseLinkEvents(stdout)[0];
      if (!event) throw new SyntaxError("Cannot read what ip(8) prints of the netdev");
      return { ifname: event.ifname, flags: event.flags, operstate: event.operstate };
    }
    case "during": {
      const polls = pollsOf(sections);
      const seen = new Map(polls.map((poll) => pollAnswer(op.poll, poll)).map((each) => [JSON.stringify(each), each]));
      const answers = [...seen.values()].sort((a, b) =>
        rank(a) - rank(b) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
      );
      const waited = polls.some(({ since }, i) => (polls[i + 1]?.since ?? end) - since > BLOCKED_AFTER);
      return waited ? { seen: answers, waited } : { seen: answers };
    }
    case "listen": {
      const [first, ...heard] = stdout.trimEnd().split("\n");
      if (first !== "listening" || heard.pop() !== "end") throw new SyntaxError("Cannot read what devlink-listen said");
      // devlink(8)'s monitor does not show rate objects, and so the model does not predict them.
      return { heard: heard.filter((line) => !line.includes(" rate ")) };
    }
    case "ethtool.show":
      return ethtoolReply(stdout);
    case "ethtool.info":
      if (!/^driver: /m.test(stdout)) throw new SyntaxError("Cannot read what ethtool(8) prints");
      return Object.fromEntries(
        stdout.split("\n").filter((line) => line !== "").map((line) => {
          const [key, ...rest] = line.split(": ");
          return [key!, rest.join(": ")];
        }),
      );
    case "region.dump":
    case "region.read":
      return { [op.kind === "region.dump" ? "dump" : "read"]: piecesOf(stdout) };
    case "file.read":
    case "file.write":
    case "file.remove":
    case "ethtool.flash":
    case "route.add":
    case "route.del":
    case "nexthop.add":
    case "nexthop.del":
    case "netdev.set":
    case "ethtool.restart":
    case "module.load":
    case "module.unload":
    case "rounds":
      return null;
    default:
      // A command without a reply may still print text: a flash prints its progress.
      if (isDevlink(op) && COMMAND_FORMS[op.kind].flags === "") return null;
      return stdout.trim() === "" ? null : JSON.parse(stdout);
  }
}

/** Returns the pieces of a region: objects with an address and data, all with the same keys. */
function piecesOf(stdout: string): Json[] {
  const pieces = [...stdout.matchAll(/"address":(\d+),"data":(\[[\d,]*\])/g)];
  // For a read of no bytes, iproute2 prints an object without pieces.
  if (!/^\s*\{[^]*\}\s*$/.test(stdout) || pieces.length !== stdout.split('"address":').length - 1) {
    throw new SyntaxError("Cannot read what devlink(8) prints of the region");
  }
  return pieces.map(([, address, data]) => ({ address: Number(address), data: JSON.parse(data!) as number[] }));
}

/** Returns the link settings that `ethtool DEV` prints; null for unknown (`Unknown!`) or missing ones. */
function ethtoolReply(stdout: string): Json {
  const value = (key: string) => new RegExp(`^\\s*${key}: *(.*)$`, "m").exec(stdout)?.[1] ?? "";
  // ethtool(8) always prints this line for a netdev; without it the output is not complete.
  if (!/^(yes|no)\b/.test(value("Link detected"))) throw new SyntaxError("Cannot read what ethtool(8) prints");
  const duplex = value("Duplex").toLowerCase();
  return {
    speed: Number.parseInt(value("Speed")) || null,
    duplex: duplex === "full" || duplex === "half" ? duplex : null,
    autoneg: value("Auto-negotiation") === "on",
    link: value("Link detected").startsWith("yes"),
  };
}

/** One poll of `during`: when it began, its exit status and its output. */
interface Poll {
  since: number;
  status: number;
  text: string;
}

/**
 * Reads the polls of a step: each is a section `poll SECONDS`, followed by a section `polled STATUS`.
 *
 * @throws {SyntaxError} If there is no poll, or a poll has no status
 */
function pollsOf(sections: readonly Section[]): Poll[] {
  const polls = sections.flatMap(({ name, text }, i): Poll[] => {
    const since = /^poll (\d+(?:\.\d+)?)$/.exec(name)?.[1];
    if (since === undefined) return [];
    const status = /^polled (\d+)$/.exec(sections[i + 1]?.name ?? "")?.[1];
    if (status === undefined) throw new SyntaxError("Cannot read a poll: its exit status is missing");
    return [{ since: Number(since), status: Number(status), text }];
  });
  if (polls.length === 0) throw new SyntaxError("Cannot read the polls: there are none");
  return polls;
}

/** Returns the answer of a poll; for a port dump, the number of ports. Null if the poll failed or printed nothing. */
function pollAnswer(poll: Operation, { status, text }: Poll): Json {
  const failure = failureOf(status, "");
  if (failure !== undefined) throw new BrokenProgramError(`a poll ${failure}`);
  if (status !== 0 || text.trim() === "") return null;
  if (poll.kind !== "port.show") return replyOf(poll, text, { id: 0, rc: 0, start: 0, end: 0, sections: [] });
  const ports = Object.keys((JSON.parse(text) as { port?: object }).port ?? {}).length;
  return ports === 0 ? null : ports;
}

function rank(answer: Json): number {
  return answer === null ? -1 : typeof answer === "number" ? answer : Number.MAX_SAFE_INTEGER;
}

/** The time between two ticks of the agent, in seconds. */
const TICK = 1;

/** A step that takes longer is `blocked`; in seconds of the board's own time. */
const BLOCKED_AFTER = 3;

/**
 * Returns the observation of a step.
 *
 * @throws {SyntaxError} If a reply cannot be read
 * @throws {BrokenProgramError} If a program of the board did no work
 */
export function observe(op: Operation, record: StepRecord, memories: MonitorMemories = new Map()): Observation {
  const observation = emptyObservation();
  const text = (name: string) => record.sections.find((section) => section.name === name)?.text ?? "";
  const stderr = text("err");
  observation.kmsg = parseKmsg(text("kmsg"));
  if (record.rc !== "hang") mustHaveWorked(record.rc, stderr, observation.kmsg);
  observation.result = resultOf(record.rc, stderr);
  observation.extack = extackOf(stderr);
  // A race that could not be set up again still reports the runs so far
  if (op.kind === "race" && (record.rc === 0 || (record.rc !== "hang" && /^runs \d+$/m.test(text("out"))))) {
    const worked = (rc: number, stderr: string) => mustHaveWorked(rc, stderr, observation.kmsg);
    const reader = { worked, result: resultOf, reply: (one: Operation, out: string) => replyOf(one, out, record) };
    const reply = readRace(op, text("out"), reader);
    observation.reply = reply as unknown as Json;
    if (reply.outcomes.some(({ results }) => results.flat().includes("hang"))) record = { ...record, rc: "hang" };
    if (record.rc === "hang") observation.result = "hang";
  } else if (observation.result === "ok") {
    if (op.kind === "file.read") observation.sysfs = text("out").replace(/\n$/, "");
    else observation.reply = replyOf(op, text("out"), record);
  }
  // The link messages of a thousand rounds are many, and no evidence.
  const sections = op.kind === "rounds" || op.kind === "race" ? [] : record.sections;
  for (const { name, text } of sections) {
    const [kind, netns] = name.split(" ");
    if (kind === "notify") {
      const memory = memories.get(netns!) ?? {};
      memories.set(netns!, memory);
      observation.notify[netns!] = foldProgress(parseMonitor(text, memory));
    }
    if (kind === "link") observation.link[netns!] = parseLinkEvents(text);
  }
  for (const byNetns of [observation.notify, observation.link]) {
    for (const [netns, messages] of Object.entries(byNetns)) if (messages.length === 0) delete byNetns[netns];
  }
  // A wait asks nothing of the subsystem: a late wake-up of a busy board is no evidence.
  const allowed = op.kind === "wait" || op.kind === "rounds" || op.kind === "race" ? Infinity : 0;
  // A late tick may report a stall from before the step.
  const stoodStill = Math.max(0, (record.late ?? 0) - TICK);
  observation.time = record.rc === "hang"
    ? "hang"
    : record.end - record.start - stoodStill - allowed > BLOCKED_AFTER
    ? "blocked"
    : "immediate";
  return observation;
}
