/**
 * From the words of a devlink(8) command line to an operation, or to what devlink(8) says where it refuses them: the other
 * direction of {@linkcode devlinkWords}, made from the same table.
 *
 * @module
 */

import { COMMAND_FORMS, type CommandForm, type CommandOption, type DevlinkKind } from "./command_line.ts";
import type { Operation } from "./operation.ts";

/** What a command line of devlink(8) turned out to be. */
export type ParsedCommand =
  | {
    op: Operation<DevlinkKind>;
    /** Only what belongs to a port is shown, or it is shown as an occupancy */
    shows?: Shows;
  }
  /** The help that it prints, by the words in front, for example `dev` or `port function rate`; its exit status */
  | { help: string; status: 0 | 1 }
  /** `devlink monitor`, with the objects that are asked for */
  | { monitor: readonly string[] }
  /** The lines that it prints on standard error: it ends with status 1 */
  | { errors: readonly string[]; kind?: DevlinkKind };

/** What a command shows where that is not what its kind says. */
export type Shows = "ports" | "occupancy";

/** Finds the devlink port of a netdev, as `bus/device/index`. */
export type PortFinder = (netdev: string) => string | undefined;

/** A node of the tree of commands: an object or a verb. */
interface Verb {
  /** In the order in which devlink(8) tries them, since any start of a word will do */
  readonly verbs?: Readonly<Record<string, Verb>>;
  /** Stands for a verb that is left out; `help` shows the help */
  readonly none?: string;
  /** The topic of its help. By default that of the node above */
  readonly help?: string;
  readonly kind?: DevlinkKind;
  /** Whether it shows its help where nothing follows */
  readonly bare?: boolean;
  readonly shows?: Shows;
}

const leaf = (kind: DevlinkKind, bare = false): Verb => ({ kind, bare });
const unknown: Verb = {};

/** The commands, in the order in which devlink(8) tries them. */
const COMMANDS: Readonly<Record<string, Verb>> = {
  help: unknown,
  dev: {
    help: "dev",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("dev.show"),
      list: leaf("dev.show"),
      eswitch: {
        none: "help",
        verbs: { help: unknown, set: leaf("dev.eswitch.set"), show: leaf("dev.eswitch.show") },
      },
      reload: leaf("dev.reload", true),
      param: {
        none: "show",
        verbs: { help: unknown, show: leaf("param.show"), list: leaf("param.show"), set: leaf("param.set") },
      },
      info: leaf("dev.info"),
      flash: leaf("dev.flash", true),
      selftests: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("dev.selftests.show"),
          list: leaf("dev.selftests.show"),
          run: leaf("dev.selftests.run"),
        },
      },
    },
  },
  port: {
    help: "port",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("port.show"),
      list: leaf("port.show"),
      set: leaf("port.set"),
      split: leaf("port.split"),
      unsplit: leaf("port.unsplit"),
      param: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("port.param.show"),
          list: leaf("port.param.show"),
          set: leaf("port.param.set"),
        },
      },
      function: {
        help: "port function",
        none: "help",
        verbs: {
          help: unknown,
          set: leaf("port.function.set", true),
          rate: {
            help: "port function rate",
            none: "show",
            verbs: {
              help: unknown,
              show: leaf("rate.show"),
              list: leaf("rate.show"),
              add: leaf("rate.add"),
              del: leaf("rate.del"),
              set: leaf("rate.set"),
            },
          },
        },
      },
      health: {
        help: "health",
        none: "show",
        verbs: { help: unknown, show: { kind: "health.show", shows: "ports" } },
      },
      add: { kind: "port.add", help: "port add", bare: true },
      del: { kind: "port.del", help: "port del", bare: true },
    },
  },
  sb: {
    help: "sb",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("sb.show"),
      list: leaf("sb.show"),
      pool: {
        none: "show",
        verbs: { help: unknown, show: leaf("sb.pool.show"), list: leaf("sb.pool.show"), set: leaf("sb.pool.set") },
      },
      port: {
        none: "help",
        verbs: {
          help: unknown,
          pool: {
            none: "show",
            verbs: { help: unknown, show: leaf("sb.port.pool.show"), list: leaf("sb.port.pool.show") },
          },
        },
      },
      tc: {
        none: "help",
        verbs: {
          help: unknown,
          bind: {
            none: "show",
            verbs: { help: unknown, show: leaf("sb.tc.bind.show"), list: leaf("sb.tc.bind.show") },
          },
        },
      },
      occupancy: {
        none: "help",
        verbs: {
          help: unknown,
          show: { kind: "sb.show", shows: "occupancy" },
          snapshot: leaf("sb.occupancy.snapshot"),
          clearmax: leaf("sb.occupancy.clearmax"),
        },
      },
    },
  },
  monitor: { help: "monitor" },
  dpipe: {
    help: "dpipe",
    none: "help",
    verbs: {
      help: unknown,
      table: {
        none: "help",
        verbs: {
          help: unknown,
          show: leaf("dpipe.table.show"),
          list: leaf("dpipe.table.show"),
          set: leaf("dpipe.table.set"),
          dump: leaf("dpipe.table.dump"),
        },
      },
      header: { none: "help", verbs: { help: unknown, show: leaf("dpipe.header.show") } },
    },
  },
  resource: {
    help: "resource",
    none: "show",
    verbs: { help: unknown, show: leaf("resource.show"), list: leaf("resource.show"), set: leaf("resource.set") },
  },
  region: {
    help: "region",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("region.show"),
      list: leaf("region.show"),
      del: leaf("region.del"),
      dump: leaf("region.dump"),
      read: leaf("region.read"),
      new: leaf("region.new"),
    },
  },
  health: {
    help: "health",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("health.show"),
      list: leaf("health.show"),
      recover: leaf("health.recover"),
      diagnose: leaf("health.diagnose"),
      test: leaf("health.test"),
      dump: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("health.dump.show"),
          list: leaf("health.dump.show"),
          clear: leaf("health.dump.clear"),
        },
      },
      set: leaf("health.set"),
    },
  },
  trap: {
    help: "trap",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("trap.show"),
      list: leaf("trap.show"),
      set: leaf("trap.set"),
      group: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("trap.group.show"),
          list: leaf("trap.group.show"),
          set: leaf("trap.group.set"),
        },
      },
      policer: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("trap.policer.show"),
          list: leaf("trap.policer.show"),
          set: leaf("trap.policer.set"),
        },
      },
    },
  },
  lc: {
    help: "lc",
    none: "show",
    verbs: { help: unknown, show: leaf("linecard.show"), list: leaf("linecard.show"), set: leaf("linecard.set") },
  },
};

/** What `devlink monitor` can be asked for. */
const MONITORED = ["all", "dev", "port", "lc", "health", "trap", "trap-group", "trap-policer"];

class Refusal extends Error {
  constructor(...readonly: string[]) {
    super(readonly.join("\n"));
  }
}

const DEVICE = 'Devlink identification ("bus_name/dev_name") expected';
const PORT = 'Port identification ("bus_name/dev_name/port_index" or "netdev ifname")';
const RATE = 'Expected "bus_name/dev_name/node" or "bus_name/dev_name/port_index" identification.';
const WRONG = "Wrong identification string format.";

/** What devlink(8) misses, in the order in which it looks for it, by the parameter of the operation. */
const MISSING: readonly (readonly [field: string, text: string])[] = [
  ["type", "Port type not set."],
  ["count", "Port split count option expected."],
  ["pool", "Pool index option expected."],
  ["size", "Pool size option expected."],
  ["thtype", "Pool threshold type option expected."],
  ["tc", "TC index option expected."],
  ["counters", "Dpipe table counter state expected."],
  ["path", "Resource path expected."],
  ["name", "Parameter name expected."],
  ["value", "Value to set expected."],
  ["cmode", "Configuration mode expected."],
  ["snapshot", "Region snapshot id expected."],
  ["address", "Region address value expected."],
  ["length", "Region length value expected."],
  ["reporter", "Reporter's name is expected."],
  ["flavour", "Port flavour is expected."],
  ["pfnum", "Port PCI PF number is expected."],
  ["lc", "Linecard index expected."],
];

/** What is missed of one kind in other words. */
const MISSING_OF: { readonly [K in DevlinkKind]?: Readonly<Record<string, string>> } = {
  "trap.set": { name: "Trap's name is expected." },
  "trap.group.set": { name: "Trap group's name is expected." },
  "dpipe.table.set": { name: "Dpipe table name expected." },
  "dpipe.table.dump": { name: "Dpipe table name expected." },
  "linecard.set": { type: "Linecard type expected." },
  "resource.set": { size: "Resource size expected." },
};

/** What a value is called that devlink(8) knows a list of, by kind and parameter: the list, and its words of another. */
const CHOICES: {
  readonly [K in DevlinkKind]?: Readonly<Record<string, readonly [string[], (word: string) => string]>>;
} = {
  "dev.reload": {
    action: [["driver_reinit", "fw_activate"], (word) => `Unknown reload action "${word}"`],
    limit: [["no_reset"], (word) => `Unknown reload limit "${word}"`],
  },
  "dev.flash": { overwrite: [["settings", "identifiers"], (word) => `Unknown overwrite section "${word}"`] },
  "dev.eswitch.set": {
    mode: [["legacy", "switchdev", "switchdev_inactive"], (word) => `Unknown eswitch mode "${word}"`],
    inlineMode: [["none", "link", "network", "transport"], (word) => `Unknown eswitch inline mode "${word}"`],
    encapMode: [["none", "basic"], (word) => `Unknown eswitch encap mode "${word}"`],
  },
  "port.set": { type: [["auto", "eth", "ib"], (word) => `Unknown port type "${word}"`] },
  "port.add": {
    flavour: [
      ["physical", "cpu", "dsa", "pcipf", "pcivf", "pcisf", "virtual", "unused"],
      (word) => `Error: argument "${word}" is wrong: unknown flavour`,
    ],
  },
  "port.function.set": {
    state: [["active", "inactive"], (word) => `Error: argument "${word}" is wrong: unknown state`],
  },
  "param.set": { cmode: [["runtime", "driverinit", "permanent"], (word) => `Unknown configuration mode "${word}"`] },
  "port.param.set": {
    cmode: [["runtime", "driverinit", "permanent"], (word) => `Unknown configuration mode "${word}"`],
  },
  "resource.show": { scope: [["dev", "port"], (word) => `Unknown resource scope "${word}"`] },
  "trap.set": { action: [["drop", "trap", "mirror"], (word) => `Unknown trap action "${word}"`] },
  "trap.group.set": { action: [["drop", "trap", "mirror"], (word) => `Unknown trap action "${word}"`] },
};

/** Whether a word is the start of a keyword, which is enough for devlink(8). */
const starts = (word: string, keyword: string) => keyword.startsWith(word);

/**
 * Reads the words behind `devlink` and its options.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseDevlink } from "./command_parser.ts";
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
 * @param portOf Where a port may be named by its netdev
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
  // Verbs that have a help of their own take it for the first word, as any start of it
  const helps = verb.bare || kind === "dev.info";
  if (helps && (args.length === 0 ? verb.bare : starts(args[0]!, "help"))) return { help: topic, status: 0 };
  try {
    // The occupancy of one instance is looked for among that of all
    const op = operation(kind, verb.shows === "occupancy" ? [] : args, portOf);
    return verb.shows ? { op, shows: verb.shows } : { op };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { errors: error.message.split("\n"), kind };
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

function operation(kind: DevlinkKind, words: readonly string[], portOf: PortFinder): Operation<DevlinkKind> {
  const form = COMMAND_FORMS[kind];
  const op: Record<string, unknown> = { kind };
  let args = [...words];
  const scope = kind === "resource.show" && args[0] === "scope";
  if (form.about !== undefined && !(form.all && args.length === 0) && !scope) {
    Object.assign(op, subject(form, kind, args.shift(), portOf));
  }
  const found = new Set<string>();
  while (args.length > 0) {
    const word = args[0]!;
    const option = optionOf(kind, form, word);
    if (!option) throw new Refusal(`Unknown option "${word}"`);
    const { field } = option.option;
    found.add(field);
    if (option.alone) {
      op[field] = option.option.alone === undefined ? null : option.option.alone;
      args = args.slice(1);
      continue;
    }
    const text = args[1];
    args = args.slice(2);
    const value = valueOf(kind, option.option, text);
    op[field] = option.option.many ? [...op[field] as unknown[] ?? [], value] : value;
  }
  require(kind, form, found, op);
  return op as unknown as Operation<DevlinkKind>;
}

function optionOf(kind: DevlinkKind, form: CommandForm, word: string) {
  // The counters of a table are called otherwise than what sets them
  for (const option of form.options) {
    const keyword = kind === "dpipe.table.set" && option.word === "counters" ? "counters_enabled" : option.word;
    if (option.word !== option.none && starts(word, keyword)) return { option, alone: false };
    if (option.none !== undefined && starts(word, option.none)) return { option, alone: true };
  }
  return undefined;
}

function subject(form: CommandForm, kind: DevlinkKind, word: string | undefined, portOf: PortFinder) {
  const { about } = form;
  // Some take a device as well
  const either = about === "port" && (kind.startsWith("health.") || kind.startsWith("resource.") || form.all ||
    kind === "port.add");
  if (word === undefined) {
    if (about === "dev") throw new Refusal(DEVICE);
    if (about === "port") {
      throw either
        ? new Refusal("One of following identifications expected:", DEVICE.replace(" expected", ""), PORT)
        : new Refusal(`${PORT} expected.`);
    }
    if (about === "region") throw new Refusal('Expected "bus_name/dev_name/region" identification.');
    const node = 'Expected "bus_name/dev_name/node" identification.';
    throw new Refusal(kind === "rate.set" ? RATE : node);
  }
  const parts = word.split("/");
  if (about === "dev") {
    if (parts.length !== 2) throw new Refusal(WRONG, DEVICE);
    return { handle: word };
  }
  if (about === "region") {
    if (parts.length === 2 && form.all) return { handle: word };
    if (parts.length !== 3) throw new Refusal(WRONG, 'Expected "bus_name/dev_name/region" identification.');
    return { handle: parts.slice(0, 2).join("/"), region: parts[2] };
  }
  const handle = parts.slice(0, 2).join("/");
  if (about === "rate") {
    const node = kind === "rate.add" || kind === "rate.del";
    if (parts.length === 1 && !node) return portByNetdev(kind, word, portOf);
    if (parts.length !== 3) {
      throw new Refusal(WRONG, node ? 'Expected "bus_name/dev_name/node" identification.' : RATE);
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
  if (parts.length !== 3) throw new Refusal(WRONG, DEVICE);
  return { handle, port: number(parts[2]!, `Port index "${parts[2]}" is not a number or not within range`) };
}

function portByNetdev(kind: DevlinkKind, netdev: string, portOf: PortFinder) {
  const port = portOf(netdev);
  if (port === undefined) {
    const why = kind.startsWith("health.") ? [`Netdevice "${netdev}" not found`] : [WRONG, DEVICE];
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
  if (option.value === "number") return number(text, refusal);
  if (option.value === "netns") return /^\d+$/.test(text) ? (text === "1" ? "init" : { pid: Number(text) }) : text;
  if (/^tx(?:Share|Max)$/.test(field) && !/^\d+(?:\.\d+)?(?:[kmgt]i?)?(?:bit|bps)?$/i.test(text)) {
    throw new Refusal(`Invalid rate value: "${text}"`);
  }
  return text;
}

function require(kind: DevlinkKind, form: CommandForm, found: ReadonlySet<string>, op: Record<string, unknown>): void {
  const needed = new Set(form.options.filter((option) => option.required).map((option) => option.field));
  if (kind === "port.add") needed.add("pfnum");
  if (kind === "port.split") needed.add("count");
  if (kind === "trap.policer.show" && op.handle !== undefined) needed.add("policer");
  if (kind === "port.param.set") needed.add("value");
  const own = MISSING_OF[kind] as Readonly<Record<string, string>> | undefined;
  const listed = kind === "resource.set" ? MISSING.toReversed() : MISSING;
  const missing = listed.filter(([field]) => needed.has(field) && !found.has(field)).map(([field, text]) =>
    own?.[field] ?? text
  );
  if (missing.length > 0) throw new Refusal(...new Set(missing));
  if (kind === "param.set" && !found.has("value") && !found.has("default")) {
    throw new Refusal("Either value or default must be specified");
  }
  if (kind === "dev.eswitch.set" && found.size === 0) throw new Refusal("Need to set at least one option");
  const known = new Set(MISSING.map(([field]) => field));
  if ([...needed].some((field) => !found.has(field) && !known.has(field))) {
    throw new Refusal("BUG: unknown argument required but not found");
  }
}

/**
 * The words that may stand next in a devlink(8) command line: objects and verbs, then options of the command. Handles are
 * the caller's to find.
 *
 * @param words The words so far
 */
export function nextWords(words: readonly string[]): string[] {
  let verbs: Readonly<Record<string, Verb>> | undefined = COMMANDS;
  let verb: Verb | undefined;
  for (const [i, word] of words.entries()) {
    if (!verbs) {
      // Behind the handle: options, where the word before is not one that takes a value
      const form: CommandForm | undefined = verb?.kind && COMMAND_FORMS[verb.kind];
      if (!form) return [];
      const last: string = words.at(-1)!;
      if (words.length - i > 1 && form.options.some((option) => option.word === last)) return [];
      return form.options.flatMap(({ word, none }) => none === undefined ? [word] : [word, none]);
    }
    const name: string | undefined = Object.keys(verbs).find((each) => starts(word, each));
    if (name === undefined) return [];
    verb = verbs[name]!;
    verbs = verb.verbs;
  }
  return verbs ? Object.keys(verbs) : [];
}
