/**
 * From an operation to what the board runs: the one place that knows the command lines of devlink(8) and ip(8).
 *
 * @module
 */

import type { Operation, OperationKind } from "../model/operation.ts";

/**
 * A word of a POSIX shell that stands for exactly this text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { quote } from "./commands.ts";
 *
 * assertEquals(quote("it's; $(reboot)"), `'it'\\''s; $(reboot)'`);
 * ```
 */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The words that the agent runs for an operation; the first may be one of its functions. */
type Command<K extends OperationKind> = (op: Operation<K>, netns: string) => string[];

const handleAnd = (handle: string | undefined, ...rest: (string | undefined)[]): string[] =>
  handle === undefined ? [] : [handle, ...rest.filter((word) => word !== undefined)];

const named = (keyword: string, value: string | number | boolean | undefined): string[] =>
  value === undefined ? [] : [keyword, String(value)];

const devlink = (flags: string, ...words: string[]) => (netns: string): string[] => [
  "tl_devlink",
  netns,
  ...(flags ? [flags] : []),
  ...words,
];

function target(to: string | { pid: number }): string {
  if (typeof to !== "string") return String(to.pid);
  return to === "init" ? "1" : to;
}

const COMMANDS: { [K in OperationKind]: Command<K> } = {
  "dev.show": (op, ns) => devlink("-js", "dev", "show", ...handleAnd(op.handle))(ns),
  "dev.info": (op, ns) => devlink("-j", "dev", "info", ...handleAnd(op.handle))(ns),
  "dev.reload": (op, ns) =>
    devlink(
      "-j",
      "dev",
      "reload",
      op.handle,
      ...(op.to === undefined ? [] : ["netns", target(op.to)]),
      ...named("action", op.action),
      ...named("limit", op.limit),
    )(ns),
  "port.show": (op, ns) => devlink("-j", "port", "show", ...handleAnd(op.handle))(ns),
  "param.show": (op, ns) =>
    devlink("-j", "dev", "param", "show", ...handleAnd(op.handle, ...named("name", op.name)))(ns),
  "param.set": (op, ns) =>
    devlink(
      "",
      "dev",
      "param",
      "set",
      op.handle,
      "name",
      op.name,
      "value",
      String(op.value),
      "cmode",
      op.cmode,
    )(ns),
  "resource.show": (op, ns) => devlink("-j", "resource", "show", op.handle)(ns),
  "resource.set": (op, ns) => devlink("", "resource", "set", op.handle, "path", op.path, "size", String(op.size))(ns),
  "region.show": (op, ns) =>
    devlink("-j", "region", "show", ...(op.handle ? [op.region ? `${op.handle}/${op.region}` : op.handle] : []))(ns),
  "region.new": (op, ns) =>
    devlink("-j", "region", "new", `${op.handle}/${op.region}`, ...named("snapshot", op.snapshot))(ns),
  "region.del": (op, ns) =>
    devlink("", "region", "del", `${op.handle}/${op.region}`, "snapshot", String(op.snapshot))(ns),
  "health.show": (op, ns) =>
    devlink("-j", "health", "show", ...handleAnd(op.handle, ...named("reporter", op.reporter)))(ns),
  "health.set": (op, ns) =>
    devlink(
      "",
      "health",
      "set",
      op.handle,
      "reporter",
      op.reporter,
      ...named("grace_period", op.gracePeriod),
      ...named("auto_recover", op.autoRecover),
      ...named("auto_dump", op.autoDump),
    )(ns),
  "health.recover": (op, ns) => devlink("", "health", "recover", op.handle, "reporter", op.reporter)(ns),
  "trap.show": (op, ns) => devlink("-jsv", "trap", "show", ...handleAnd(op.handle, ...named("trap", op.name)))(ns),
  "trap.set": (op, ns) => devlink("", "trap", "set", op.handle, "trap", op.name, "action", op.action)(ns),
  "trap.group.show": (op, ns) =>
    devlink("-jsv", "trap", "group", "show", ...handleAnd(op.handle, ...named("group", op.name)))(ns),
  "trap.group.set": (op, ns) =>
    devlink(
      "",
      "trap",
      "group",
      "set",
      op.handle,
      "group",
      op.name,
      ...named("action", op.action),
      ...(op.policer === null ? ["nopolicer"] : named("policer", op.policer)),
    )(ns),
  "trap.policer.show": (op, ns) =>
    devlink("-jsv", "trap", "policer", "show", ...handleAnd(op.handle, ...named("policer", op.policer)))(ns),
  "trap.policer.set": (op, ns) =>
    devlink(
      "",
      "trap",
      "policer",
      "set",
      op.handle,
      "policer",
      String(op.policer),
      ...named("rate", op.rate),
      ...named("burst", op.burst),
    )(ns),
  "link.set": (op, ns) => ["tl_link_set", ns, op.handle, String(op.port), op.up ? "up" : "down"],
  "link.show": (op, ns) => ["tl_link_show", ns, op.handle, String(op.port)],
  "route.add": (op, ns) => ["tl_in", ns, "ip", "route", "add", op.prefix, "dev", op.dev],
  "route.del": (op, ns) => ["tl_in", ns, "ip", "route", "del", op.prefix, "dev", op.dev],
  "lo.up": (_op, ns) => ["tl_in", ns, "ip", "link", "set", "dev", "lo", "up"],
  "netdev.set": (op, ns) => ["tl_in", ns, "ip", "link", "set", "dev", op.dev, op.up ? "up" : "down"],
  "netdev.show": (op, ns) => ["tl_in", ns, "ip", "-o", "link", "show", "dev", op.dev],
  "ethtool.show": (op, ns) => ["tl_in", ns, "ethtool", op.dev],
  "ethtool.restart": (op, ns) => ["tl_in", ns, "ethtool", "-r", op.dev],
  "module.load": (
    op,
  ) => ["modprobe", op.name, ...Object.entries(op.params ?? {}).map(([key, value]) => `${key}=${value}`)],
  "module.unload": (op) => ["rmmod", op.name],
  "netns.add": (op) => ["ip", "netns", "add", op.name],
  "netns.del": (op) => ["tl_netns_del", op.name, op.until ?? ""],
  "file.write": (op, ns) => ["tl_write", ns, op.path, op.value],
  "file.read": (op, ns) => ["tl_read", ns, op.path],
  "wait": (op) => ["tl_sleep", ...sleepOf(op.ms)],
  "during": () => ["tl_during", "tl_operation", "tl_poll"],
  "rounds": (op) => ["tl_rounds", String(op.times), "tl_round", ...(op.meanwhile?.length ? ["tl_meanwhile"] : [])],
};

/**
 * The words that the agent runs for an operation.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { commandOf } from "./commands.ts";
 *
 * assertEquals(
 *   commandOf({ kind: "trap.set", handle: "netdevsim/netdevsim10", name: "tail_drop", action: "trap" }),
 *   ["tl_devlink", "init", "trap", "set", "netdevsim/netdevsim10", "trap", "tail_drop", "action", "trap"],
 * );
 * ```
 */
export function commandOf(op: Operation): string[] {
  return (COMMANDS[op.kind] as Command<OperationKind>)(op, op.netns ?? "init");
}

/** A time as the agent takes it: in seconds, and rounded up for a sleep(1) that knows whole ones only. */
const sleepOf = (ms: number): string[] => [String(ms / 1000), String(Math.ceil(ms / 1000))];

/** The words that let an operation settle, a bound in seconds in front; undefined where it is not asked for. */
export function settleOf(op: Operation): string[] | undefined {
  if (op.settle === undefined) return undefined;
  return [String(4 + Math.ceil(op.settle / 1000)), "tl_settle", ...sleepOf(op.settle)];
}

/** The bound of a step in seconds: how long the board may take before the step is a hang. */
export function boundOf(op: Operation): number {
  switch (op.kind) {
    case "wait":
      return 10 + Math.ceil(op.ms / 1000);
    case "rounds":
      return 20 + Math.ceil(op.times * op.operations.reduce((sum, inner) => sum + longestOf(inner), 0));
    default:
      return 20;
  }
}

/** How long an operation of a round may take, in seconds. */
function longestOf(op: Operation): number {
  const waits = op.kind === "wait" ? op.ms / 1000 : 0;
  return 0.5 + waits + (op.settle === undefined ? 0 : 1 + op.settle / 1000);
}
