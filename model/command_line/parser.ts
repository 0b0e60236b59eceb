/**
 * Parses the words of a devlink(8) command line into an operation, or into the errors of devlink(8) if it refuses them. The
 * inverse of {@linkcode devlinkWords}, from the same table.
 *
 * @module
 */

import { CLASSES, parseBandwidths } from "./bandwidths.ts";
import { COMMAND_FORMS, type CommandForm, type CommandOption, type DevlinkKind, OCCUPANCY_SHOW } from "./forms.ts";
import { CHOICES, IDENTIFICATION, MISSING, MISSING_OF, Refusal } from "./refusals.ts";
import { COMMANDS, MONITORED, type Shows, starts, type Verb } from "./verbs.ts";
import type { Operation } from "../operation.ts";

/** The result of parsing a command line of devlink(8). */
export type ParsedCommand =
  | {
    op: Operation<DevlinkKind>;
    /** `ports`: only objects of ports are shown; `occupancy`: the reply is shown as an occupancy */
    shows?: Shows;
  }
  /** The topic of the help that devlink(8) prints, for example `dev` or `port function rate`; the exit status */
  | { help: string; status: 0 | 1 }
  /** `devlink monitor`, with the objects to monitor */
  | { monitor: readonly string[] }
  /** The lines that devlink(8) prints on standard error; it exits with status 1 */
  | { errors: readonly string[]; kind?: DevlinkKind };

/** Finds the devlink port of a netdev, as `bus/device/index`. */
export type PortFinder = (netdev: string) => string | undefined;

/**
 * Parses the words after `devlink` and its global options.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseDevlink } from "./parser.ts";
 *
 * assertEquals(parseDevlink(["trap", "set", "netdevsim/netdevsim10", "trap", "tail_drop", "action", "drop"]), {
 *   op: { kind: "trap.set", handle: "netdevsim/netdevsim10", name: "tail_drop", action: "drop" },
 * });
 * assertEquals(parseDevlink(["d", "r", "netdevsim/netdevsim10", "action", "fly"]), {
 *   errors: ['Unknown reload action "fly"'],
 *   kind: "dev.reload",
 * });
 * ```
 *
 * @param words The words
 * @param portOf Finds a port that is named by its netdev
 */
export function parseDevlink(words: readonly string[], portOf: PortFinder = () => undefined): ParsedCommand {
  const [first, ...rest] = words;
  if (first === undefined) return { help: "", status: 0 };
  const object = Object.keys(COMMANDS).find((name) => starts(first, name));
  if (object === undefined) return { errors: [`Object "${first}" not found`] };
  if (object === "help") return { help: "", status: 0 };
  if (object === "monitor") return monitor(rest);
  let verb = COMMANDS[object]!;
  let topic = verb.help!;
  let args = rest;
  while (verb.verbs) {
    const word = args[0];
    const verbs: Readonly<Record<string, Verb>> = verb.verbs;
    const name = word === undefined ? verb.none! : Object.keys(verbs).find((each) => starts(word, each));
    if (name === undefined) return { errors: [`Command "${word}" not found`] };
    if (name === "help") return { help: topic, status: 0 };
    args = args.slice(1);
    verb = verbs[name]!;
    topic = verb.help ?? topic;
  }
  const kind = verb.kind!;
  // A verb that has its own help accepts `help`, also abbreviated, as its first word
  const helps = verb.bare || kind === "dev.info";
  if (helps && (args.length === 0 ? verb.bare : starts(args[0]!, "help"))) return { help: topic, status: 0 };
  try {
    if (verb.shows === "occupancy") {
      // devlink(8) dumps all instances, and picks the occupancy of the one
      operation(kind, args, portOf, OCCUPANCY_SHOW);
      return { op: operation(kind, [], portOf), shows: verb.shows };
    }
    const op = operation(kind, args, portOf);
    return verb.shows ? { op, shows: verb.shows } : { op };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return verb.shows === "occupancy" ? { errors: error.lines } : { errors: error.lines, kind };
  }
}

function monitor(words: readonly string[]): ParsedCommand {
  const objects: string[] = [];
  for (const word of words) {
    if (starts(word, "help")) return { help: "monitor", status: 0 };
    const object = MONITORED.find((each) => starts(word, each));
    if (object === undefined) return { errors: [`Unknown object "${word}"`] };
    objects.push(object);
  }
  return { monitor: objects.length === 0 ? ["all"] : objects };
}

function operation(
  kind: DevlinkKind,
  words: readonly string[],
  portOf: PortFinder,
  form: CommandForm = COMMAND_FORMS[kind],
): Operation<DevlinkKind> {
  const op: Record<string, unknown> = { kind };
  let args = [...words];
  const scope = kind === "resource.show" && args[0] === "scope";
  if (form.about !== undefined && !(form.all && args.length === 0) && !scope) {
    Object.assign(op, subject(form, kind, args.shift(), portOf));
  }
  const found = new Set<string>();
  let unknown: string | undefined;
  while (args.length > 0) {
    const word = args[0]!;
    const option = optionOf(kind, form, word);
    if (!option) {
      unknown ??= word;
      args.shift();
      continue;
    }
    const { field } = option.option;
    found.add(field);
    if (option.alone) {
      op[field] = option.option.alone === undefined ? null : option.option.alone;
      args = args.slice(1);
      continue;
    }
    if (option.option.value === "bandwidths") {
      const texts = args.slice(1, 1 + CLASSES);
      const read = parseBandwidths(texts);
      if (read instanceof Refusal) throw read;
      op[field] = texts;
      args = args.slice(1 + CLASSES);
      continue;
    }
    const text = args[1];
    args = args.slice(2);
    const value = valueOf(kind, option.option, text);
    op[field] = option.option.many ? [...op[field] as unknown[] ?? [], value] : value;
  }
  const lines = missing(kind, form, found, op);
  if (unknown !== undefined) lines.push(`Unknown option "${unknown}"`);
  if (lines.length > 0) throw new Refusal(...lines);
  if (kind === "param.set" && !found.has("value") && !found.has("default")) {
    throw new Refusal("Either value or default must be specified");
  }
  if (kind === "dev.eswitch.set" && found.size === 0) throw new Refusal("Need to set at least one option");
  return op as unknown as Operation<DevlinkKind>;
}

function optionOf(kind: DevlinkKind, form: CommandForm, word: string) {
  // The counters of a table have other names than the commands that set them
  for (const option of form.options) {
    const keyword = kind === "dpipe.table.set" && option.word === "counters" ? "counters_enabled" : option.word;
    if (option.word !== option.none && starts(word, keyword)) return { option, alone: false };
    if (option.none !== undefined && starts(word, option.none)) return { option, alone: true };
  }
  return undefined;
}

function subject(form: CommandForm, kind: DevlinkKind, word: string | undefined, portOf: PortFinder) {
  const { about } = form;
  // Some commands on a port also accept a device
  const named = kind.startsWith("health.") || form === OCCUPANCY_SHOW;
  const either = about === "port" && (named || kind.startsWith("resource.") || form.all || kind === "port.add");
  if (word === undefined) {
    if (about === "dev") throw new Refusal(IDENTIFICATION.device);
    if (about === "port") {
      throw either
        ? new Refusal(
          "One of following identifications expected:",
          IDENTIFICATION.device.replace(" expected", ""),
          IDENTIFICATION.port,
        )
        : new Refusal(`${IDENTIFICATION.port} expected.`);
    }
    if (about === "region") throw new Refusal(IDENTIFICATION.region);
    throw new Refusal(kind === "rate.set" ? IDENTIFICATION.rate : IDENTIFICATION.node);
  }
  const parts = word.split("/");
  if (about === "dev") {
    if (parts.length !== 2) throw new Refusal(IDENTIFICATION.wrong, IDENTIFICATION.device);
    return { handle: word };
  }
  if (about === "region") {
    if (parts.length === 2 && form.all) return { handle: word };
    if (parts.length !== 3) throw new Refusal(IDENTIFICATION.wrong, IDENTIFICATION.region);
    return { handle: parts.slice(0, 2).join("/"), region: parts[2] };
  }
  const handle = parts.slice(0, 2).join("/");
  if (about === "rate") {
    const node = kind === "rate.add" || kind === "rate.del";
    if (parts.length === 1 && !node) return portByNetdev(kind, word, portOf);
    if (parts.length !== 3) {
      throw new Refusal(IDENTIFICATION.wrong, node ? IDENTIFICATION.node : IDENTIFICATION.rate);
    }
    const last = parts[2]!;
    if (/^\d*$/.test(last)) {
      if (node) throw new Refusal("Node name cannot be a devlink port index or empty.");
      return { handle, port: Number(last) };
    }
    return { handle, node: last };
  }
  if (parts.length === 1) return portByNetdev(kind, word, portOf);
  if (parts.length === 2 && either) return { handle: word };
  if (parts.length !== 3) throw new Refusal(IDENTIFICATION.wrongPort, IDENTIFICATION[named ? "either" : "ports"]);
  return { handle, port: number(parts[2]!, `Port index "${parts[2]}" is not a number or not within range`) };
}

function portByNetdev(kind: DevlinkKind, netdev: string, portOf: PortFinder) {
  const port = portOf(netdev);
  if (port === undefined) {
    const why = /^(?:port\.(?:show|add)|resource|rate)/.test(kind)
      ? [IDENTIFICATION.wrong, IDENTIFICATION.device]
      : [`Netdevice "${netdev}" not found`];
    throw new Refusal("RTNETLINK answers: No such device", ...why);
  }
  const at = port.lastIndexOf("/");
  return { handle: port.slice(0, at), port: Number(port.slice(at + 1)) };
}

function number(text: string, refusal: string, most = 0xffff_ffffn): number {
  if (!/^\d+$/.test(text) || BigInt(text) > most) throw new Refusal(refusal);
  return Number(text);
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  false: false,
  true: true,
  0: false,
  1: true,
  disable: false,
  enable: true,
};

function valueOf(kind: DevlinkKind, option: CommandOption, text: string | undefined): unknown {
  const { field } = option;
  const wide = field === "address" || field === "length" || (kind === "resource.set" && field === "size") ||
    field === "gracePeriod" || field === "burstPeriod" || field === "rate" || field === "burst";
  if (text === undefined) {
    throw new Refusal(
      option.value === "number" || wide ? "Unsigned number argument expected" : "String parameter expected",
    );
  }
  const choices = (CHOICES[kind] as Readonly<Record<string, readonly [string[], (word: string) => string]>> | undefined)
    ?.[field];
  if (choices && !choices[0].includes(text)) throw new Refusal(choices[1](text));
  if (option.value === "true" || option.value === "enable") {
    const value = BOOLEANS[text];
    if (value === undefined) {
      const words = Object.keys(BOOLEANS).filter((word) => !/^\d$/.test(word));
      const list = [words[0], words[1], "0", "1", words[2], words[3]].map((word) => `"${word}"`).join(", ");
      throw new Refusal(
        `Error: argument of "(null)" must be one of ${list}, not "${text}"`,
        `"${text}" is not a valid boolean value`,
      );
    }
    return value;
  }
  const refusal = `"${text}" is not a number or not within range`;
  if (wide) {
    const value = number(text, refusal, 0xffff_ffff_ffff_ffffn);
    return Number.isSafeInteger(value) ? value : text;
  }
  if (option.value === "number") return number(text, refusal, 2n ** BigInt(option.bits ?? 32) - 1n);
  if (option.value === "netns") return /^\d+$/.test(text) ? (text === "1" ? "init" : { pid: Number(text) }) : text;
  if (/^tx(?:Share|Max)$/.test(field) && !/^\d+(?:\.\d+)?(?:[kmgt]i?)?(?:bit|bps)?$/i.test(text)) {
    throw new Refusal(`Invalid rate value: "${text}"`);
  }
  return text;
}

/** Returns what devlink(8) reports about required options that are missing. */
function missing(
  kind: DevlinkKind,
  form: CommandForm,
  found: ReadonlySet<string>,
  op: Record<string, unknown>,
): string[] {
  const needed = new Set(form.options.filter((option) => option.required).map((option) => option.field));
  if (kind === "port.add") needed.add("pfnum");
  if (kind === "port.split") needed.add("count");
  if (kind === "trap.policer.show" && op.handle !== undefined) needed.add("policer");
  if (kind === "port.param.set") needed.add("value");
  const own = MISSING_OF[kind] as Readonly<Record<string, string>> | undefined;
  const listed = kind === "resource.set" ? MISSING.toReversed() : MISSING;
  const texts = listed.filter(([field]) => needed.has(field) && !found.has(field)).map(([field, text]) =>
    own?.[field] ?? text
  );
  if (texts.length > 0) return [...new Set(texts)];
  const known = new Set(MISSING.map(([field]) => field));
  const bug = [...needed].some((field) => !found.has(field) && !known.has(field));
  return bug ? ["BUG: unknown argument required but not found"] : [];
}
