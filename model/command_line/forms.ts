/**
 * The command lines of devlink(8), as data: the one place that defines how each operation is written. Used by the code that sends
 * an operation to a board, shows it to a reader, or reads it from a prompt.
 *
 * @module
 */

import type { Operation, OperationKind, OperationParameters } from "../operation.ts";

/** The kinds of operations that are commands of devlink(8). */
export type DevlinkKind = Exclude<
  OperationKind,
  | "link.set"
  | "link.show"
  | "link.move"
  | "link.rename"
  | "ethtool.info"
  | "ethtool.flash"
  | "ethtool.show"
  | "ethtool.restart"
  | "route.add"
  | "route.del"
  | "nexthop.add"
  | "nexthop.del"
  | "lo.up"
  | "netdev.set"
  | "netdev.show"
  | "module.load"
  | "module.unload"
  | "netns.add"
  | "netns.del"
  | "file.write"
  | "file.read"
  | "file.remove"
  | "device"
  | "wait"
  | "during"
  | "listen"
  | "rounds"
  | "race"
>;

/**
 * The object of a command, the first word after its verb. `dev`: `bus/device`; `port`: `bus/device/index`; `region`:
 * `bus/device/region`; `rate`: `bus/device/index` of a leaf or `bus/device/name` of a node.
 */
export type About = "dev" | "port" | "region" | "rate";

/**
 * How the value of an option is written; `netns`: a name, or the id of a process; `bandwidths`: a word for each traffic class,
 * and the parameter is the array of these words.
 */
export type ValueForm = "text" | "number" | "true" | "enable" | "netns" | "bandwidths";

/** One option of a command: a keyword and its value. */
export interface CommandOption {
  /** The keyword */
  word: string;
  /** The parameter of the operation that the option sets */
  field: string;
  /** The size of a number in devlink(8), in bits. @default {32} */
  bits?: 16 | 64;
  /** How the value is written: `true` is `true` or `false`, `enable` is `enable` or `disable` */
  value: ValueForm;
  /** True if devlink(8) refuses the command without the option */
  required: boolean;
  /** The word that stands for this option with the value `alone`, for example `nopolicer` for null */
  none?: string;
  /** The value that this word stands for. @default {null} */
  alone?: null | true;
  /** True if the option may be given several times: the parameter is an array */
  many?: boolean;
  /** True if the option may be given only if the command is about all objects */
  ofAll?: boolean;
}

/** How a command of devlink(8) is written. */
export interface CommandForm {
  /** Object and verb, for example `trap`, `group`, `set` */
  words: readonly string[];
  /** The object of the command, if it has one */
  about: About | undefined;
  /** True if the object may be left out: the command is then about all objects */
  all: boolean;
  /** Its options, in the order in which they are written */
  options: readonly CommandOption[];
  /** The global options with which devlink(8) shows all it knows, for example `-jsv`; empty if the command shows nothing */
  flags: string;
}

type Fields<K extends DevlinkKind> = Extract<keyof OperationParameters[K], string>;
type Opt<K extends DevlinkKind> = CommandOption & { field: Fields<K> };

const form = <K extends DevlinkKind>(
  words: string,
  about: About | `${About}?` | undefined,
  flags: string,
  ...options: Opt<K>[]
): CommandForm => ({
  words: words.split(" "),
  about: about?.replace("?", "") as About | undefined,
  all: about?.endsWith("?") ?? true,
  options,
  flags,
});

type Extra = Partial<Pick<CommandOption, "value" | "none" | "alone" | "many" | "bits" | "ofAll">>;
const needs = <F extends string>(word: string, field: F, extra: Extra = {}): CommandOption & { field: F } => ({
  word,
  field,
  value: "text",
  required: true,
  ...extra,
});
const may = <F extends string>(word: string, field: F, extra: Extra = {}): CommandOption & { field: F } => ({
  ...needs(word, field, extra),
  required: false,
});
const number: Extra = { value: "number" };
const number16: Extra = { value: "number", bits: 16 };
const number64: Extra = { value: "number", bits: 64 };

const paramSet = [needs("name", "name"), may("value", "value")] as const;
const rate = [
  may("tx_share", "txShare"),
  may("tx_max", "txMax"),
  may("tx_priority", "txPriority", number),
  may("tx_weight", "txWeight", number),
  may("tc-bw", "tcBw", { value: "bandwidths" }),
  may("parent", "parent", { none: "noparent" }),
] as const;
const sb = may("sb", "sb", number);
const pool = may("pool", "pool", number16);

/** The forms of all commands, by the kind of their operation. */
export const COMMAND_FORMS: { readonly [K in DevlinkKind]: CommandForm } = {
  "dev.show": form("dev show", "dev?", "-js"),
  "dev.info": form("dev info", "dev?", "-j"),
  "dev.reload": form<"dev.reload">(
    "dev reload",
    "dev",
    "-j",
    may("netns", "to", { value: "netns" }),
    may("action", "action"),
    may("limit", "limit"),
  ),
  "dev.flash": form<"dev.flash">(
    "dev flash",
    "dev",
    "",
    needs("file", "file"),
    may("component", "component"),
    may("overwrite", "overwrite", { many: true }),
  ),
  "dev.eswitch.show": form("dev eswitch show", "dev", "-j"),
  "dev.eswitch.set": form<"dev.eswitch.set">(
    "dev eswitch set",
    "dev",
    "",
    may("mode", "mode"),
    may("inline-mode", "inlineMode"),
    may("encap-mode", "encapMode"),
  ),
  "dev.selftests.show": form("dev selftests show", "dev?", "-j"),
  "dev.selftests.run": form<"dev.selftests.run">("dev selftests run", "dev", "-j", may("id", "id")),
  "port.show": form("port show", "port?", "-j"),
  "port.set": form<"port.set">("port set", "port", "", needs("type", "type")),
  "port.split": form<"port.split">("port split", "port", "", may("count", "count", number)),
  "port.unsplit": form("port unsplit", "port", ""),
  "port.add": form<"port.add">(
    "port add",
    "port",
    "-j",
    needs("flavour", "flavour"),
    may("pfnum", "pfnum", number16),
    may("sfnum", "sfnum", number),
    may("controller", "controller", number),
  ),
  "port.del": form("port del", "port", ""),
  "port.function.set": form<"port.function.set">(
    "port function set",
    "port",
    "",
    may("hw_addr", "hwAddr"),
    may("state", "state"),
    may("roce", "roce", { value: "enable" }),
    may("migratable", "migratable", { value: "enable" }),
    may("ipsec_crypto", "ipsecCrypto", { value: "enable" }),
    may("ipsec_packet", "ipsecPacket", { value: "enable" }),
    may("max_io_eqs", "maxIoEqs", number),
  ),
  "port.param.show": form<"port.param.show">("port param show", "port?", "-j", may("name", "name")),
  "port.param.set": form<"port.param.set">("port param set", "port", "", ...paramSet, needs("cmode", "cmode")),
  "param.show": form<"param.show">("dev param show", "dev?", "-j", may("name", "name")),
  "param.set": form<"param.set">(
    "dev param set",
    "dev",
    "",
    ...paramSet,
    may("default", "default", { none: "default", alone: true }),
    needs("cmode", "cmode"),
  ),
  "rate.show": form("port function rate show", "rate?", "-j"),
  "rate.set": form<"rate.set">("port function rate set", "rate", "", ...rate),
  "rate.add": form<"rate.add">("port function rate add", "rate", "", ...rate),
  "rate.del": form("port function rate del", "rate", ""),
  "resource.show": form<"resource.show">("resource show", "port?", "-j", may("scope", "scope", { ofAll: true })),
  "resource.set": form<"resource.set">(
    "resource set",
    "dev",
    "",
    needs("path", "path"),
    needs("size", "size", number64),
  ),
  "region.show": form("region show", "region?", "-j"),
  "region.new": form<"region.new">("region new", "region", "-j", may("snapshot", "snapshot", number)),
  "region.del": form<"region.del">("region del", "region", "", needs("snapshot", "snapshot", number)),
  "region.dump": form<"region.dump">("region dump", "region", "-j", needs("snapshot", "snapshot", number)),
  "region.read": form<"region.read">(
    "region read",
    "region",
    "-j",
    may("snapshot", "snapshot", number),
    needs("address", "address", number64),
    needs("length", "length", number64),
  ),
  "sb.show": form<"sb.show">("sb show", "dev?", "-j", sb),
  "sb.pool.show": form<"sb.pool.show">("sb pool show", "dev?", "-j", sb, pool),
  "sb.pool.set": form<"sb.pool.set">(
    "sb pool set",
    "dev",
    "",
    sb,
    needs("pool", "pool", number16),
    needs("size", "size", number),
    needs("thtype", "thtype"),
  ),
  "sb.port.pool.show": form<"sb.port.pool.show">("sb port pool show", "port?", "-j", sb, pool),
  "sb.tc.bind.show": form<"sb.tc.bind.show">(
    "sb tc bind show",
    "port?",
    "-j",
    sb,
    may("tc", "tc", number16),
    may("type", "type"),
  ),
  "sb.port.pool.set": form<"sb.port.pool.set">(
    "sb port pool set",
    "port",
    "",
    sb,
    needs("pool", "pool", number16),
    needs("th", "threshold", number),
  ),
  "sb.tc.bind.set": form<"sb.tc.bind.set">(
    "sb tc bind set",
    "port",
    "",
    sb,
    needs("tc", "tc", number16),
    needs("type", "type"),
    needs("pool", "pool", number16),
    needs("th", "threshold", number),
  ),
  "sb.occupancy.snapshot": form<"sb.occupancy.snapshot">("sb occupancy snapshot", "dev", "", sb),
  "sb.occupancy.clearmax": form<"sb.occupancy.clearmax">("sb occupancy clearmax", "dev", "", sb),
  "dpipe.table.show": form<"dpipe.table.show">("dpipe table show", "dev", "-j", may("name", "name")),
  "dpipe.table.set": form<"dpipe.table.set">(
    "dpipe table set",
    "dev",
    "",
    needs("name", "name"),
    needs("counters", "counters", { value: "enable" }),
  ),
  "dpipe.table.dump": form<"dpipe.table.dump">("dpipe table dump", "dev", "-j", needs("name", "name")),
  "dpipe.header.show": form("dpipe header show", "dev", "-j"),
  "linecard.show": form<"linecard.show">("lc show", "dev?", "-j", may("lc", "lc", number)),
  "linecard.set": form<"linecard.set">(
    "lc set",
    "dev",
    "",
    needs("lc", "lc", number),
    needs("type", "type", { none: "notype" }),
  ),
  "health.show": form<"health.show">("health show", "port?", "-j", may("reporter", "reporter")),
  "health.set": form<"health.set">(
    "health set",
    "port",
    "",
    needs("reporter", "reporter"),
    may("grace_period", "gracePeriod", number64),
    may("auto_recover", "autoRecover", { value: "true" }),
    may("auto_dump", "autoDump", { value: "true" }),
    may("burst_period", "burstPeriod", number64),
  ),
  "health.recover": form<"health.recover">("health recover", "port", "", needs("reporter", "reporter")),
  "health.diagnose": form<"health.diagnose">("health diagnose", "port", "-j", needs("reporter", "reporter")),
  "health.dump.show": form<"health.dump.show">("health dump show", "port", "-j", needs("reporter", "reporter")),
  "health.dump.clear": form<"health.dump.clear">("health dump clear", "port", "", needs("reporter", "reporter")),
  "health.test": form<"health.test">("health test", "port", "", needs("reporter", "reporter")),
  "trap.show": form<"trap.show">("trap show", "dev?", "-jsv", may("trap", "name")),
  "trap.set": form<"trap.set">("trap set", "dev", "", needs("trap", "name"), may("action", "action")),
  "trap.group.show": form<"trap.group.show">("trap group show", "dev?", "-jsv", may("group", "name")),
  "trap.group.set": form<"trap.group.set">(
    "trap group set",
    "dev",
    "",
    needs("group", "name"),
    may("action", "action"),
    may("policer", "policer", { value: "number", none: "nopolicer" }),
  ),
  "trap.policer.show": form<"trap.policer.show">(
    "trap policer show",
    "dev?",
    "-jsv",
    may("policer", "policer", number),
  ),
  "trap.policer.set": form<"trap.policer.set">(
    "trap policer set",
    "dev",
    "",
    needs("policer", "policer", number),
    may("rate", "rate", number64),
    may("burst", "burst", number64),
  ),
};

/** The form of `sb occupancy show`, which devlink(8) composes of two dumps: it has no operation of its own. */
export const OCCUPANCY_SHOW: CommandForm = {
  words: ["sb", "occupancy", "show"],
  about: "port",
  all: false,
  options: [sb],
  flags: "-j",
};

/** True if an operation is a command of devlink(8). */
export function isDevlink(op: Operation): op is Operation<DevlinkKind> {
  return Object.hasOwn(COMMAND_FORMS, op.kind);
}

/** The parameters of an operation of any kind. */
export type Parameters = Readonly<Record<string, unknown>>;
