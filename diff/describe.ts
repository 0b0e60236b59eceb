/**
 * Operations as the command lines that an engineer would type.
 *
 * @module
 */

import type { Operation, OperationKind } from "../model/operation.ts";

/** A word of a shell that stands for exactly this text, in double quotes where they do. */
function quote(value: string | number | boolean): string {
  const text = String(value);
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}

/** The words that are there, quoted; a pair is a keyword with its value, left out where the value is. */
function line(
  ...words: (string | number | undefined | readonly [string, string | number | boolean | undefined])[]
): string {
  return words.flatMap((word) => {
    if (word === undefined) return [];
    if (typeof word !== "object") return [quote(word)];
    return word[1] === undefined ? [] : [word[0], quote(word[1])];
  }).join(" ");
}

const netdev = (op: { handle: string; port: number }) => `$(netdev of ${quote(op.handle)}/${op.port})`;

const netnsOf = (to: string | { pid: number } | undefined) => typeof to === "object" ? to.pid : to === "init" ? 1 : to;

const LINES: { [K in OperationKind]: (op: Operation<K>) => string } = {
  "dev.show": (op) => line("devlink", "dev", "show", op.handle),
  "dev.info": (op) => line("devlink", "dev", "info", op.handle),
  "dev.reload": (op) =>
    line("devlink", "dev", "reload", op.handle, ["netns", netnsOf(op.to)], ["action", op.action], ["limit", op.limit]),
  "port.show": (op) => line("devlink", "port", "show", op.handle),
  "param.show": (op) => line("devlink", "dev", "param", "show", op.handle, ["name", op.name]),
  "param.set": (op) =>
    line("devlink", "dev", "param", "set", op.handle, ["name", op.name], ["value", op.value], ["cmode", op.cmode]),
  "resource.show": (op) => line("devlink", "resource", "show", op.handle),
  "resource.set": (op) => line("devlink", "resource", "set", op.handle, ["path", op.path], ["size", op.size]),
  "region.show": (op) => line("devlink", "region", "show", op.region ? `${op.handle}/${op.region}` : op.handle),
  "region.new": (op) => line("devlink", "region", "new", `${op.handle}/${op.region}`, ["snapshot", op.snapshot]),
  "region.del": (op) => line("devlink", "region", "del", `${op.handle}/${op.region}`, ["snapshot", op.snapshot]),
  "health.show": (op) => line("devlink", "health", "show", op.handle, ["reporter", op.reporter]),
  "health.set": (op) =>
    line(
      "devlink",
      "health",
      "set",
      op.handle,
      ["reporter", op.reporter],
      ["grace_period", op.gracePeriod],
      ["auto_recover", op.autoRecover],
      ["auto_dump", op.autoDump],
    ),
  "health.recover": (op) => line("devlink", "health", "recover", op.handle, ["reporter", op.reporter]),
  "trap.show": (op) => line("devlink", "-s", "trap", "show", op.handle, ["trap", op.name]),
  "trap.set": (op) => line("devlink", "trap", "set", op.handle, ["trap", op.name], ["action", op.action]),
  "trap.group.show": (op) => line("devlink", "-s", "trap", "group", "show", op.handle, ["group", op.name]),
  "trap.group.set": (op) =>
    line(
      "devlink",
      "trap",
      "group",
      "set",
      op.handle,
      ["group", op.name],
      ["action", op.action],
      op.policer === null ? "nopolicer" : ["policer", op.policer],
    ),
  "trap.policer.show": (op) => line("devlink", "-s", "trap", "policer", "show", op.handle, ["policer", op.policer]),
  "trap.policer.set": (op) =>
    line(
      "devlink",
      "trap",
      "policer",
      "set",
      op.handle,
      ["policer", op.policer],
      ["rate", op.rate],
      ["burst", op.burst],
    ),
  "link.set": (op) => `ip link set dev ${netdev(op)} ${op.up ? "up" : "down"}`,
  "link.show": (op) => `ip link show dev ${netdev(op)}`,
  "route.add": (op) => line("ip", "route", "add", op.prefix, ["dev", op.dev]),
  "route.del": (op) => line("ip", "route", "del", op.prefix, ["dev", op.dev]),
  "lo.up": () => "ip link set dev lo up",
  "netdev.set": (op) => line("ip", "link", "set", ["dev", op.dev], op.up ? "up" : "down"),
  "netdev.show": (op) => line("ip", "link", "show", ["dev", op.dev]),
  "ethtool.show": (op) => line("ethtool", op.dev),
  "ethtool.restart": (op) => line("ethtool", "-r", op.dev),
  "module.load": (op) =>
    line("modprobe", op.name, ...Object.entries(op.params ?? {}).map(([key, value]) => `${key}=${value}`)),
  "module.unload": (op) => line("rmmod", op.name),
  "netns.add": (op) => line("ip", "netns", "add", op.name),
  "netns.del": (op) => line("ip", "netns", "del", op.name) + (op.until ? `, until ${op.until} is back in init` : ""),
  "file.write": (op) => `echo ${quote(op.value)} > ${quote(op.path)}`,
  "file.read": (op) => line("cat", op.path),
  "wait": (op) => line("sleep", op.ms / 1000),
  "rounds": (op) => {
    const meanwhile = op.meanwhile?.length
      ? `, and all the while ${op.meanwhile.map(describeOperation).join("; ")}`
      : "";
    return `${op.times} times over: ${op.operations.map(describeOperation).join("; ")}${meanwhile}`;
  },
  "during": (op) => `${describeOperation(op.operation)}, and all the while ${describeOperation(op.poll)}`,
};

/**
 * The operation as a command line; `[NETNS]` in front where it is performed in another netns than `init`. What no shell
 * would take as it stands (the netdev of a port) is written so that a reader does.
 *
 * ```ts
 * import { describeOperation } from "./describe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   describeOperation({ kind: "dev.reload", netns: "t1", handle: "netdevsim/netdevsim10", to: "init" }),
 *   "[t1] devlink dev reload netdevsim/netdevsim10 netns 1",
 * );
 * ```
 */
export function describeOperation(op: Operation): string {
  const netns = op.netns === undefined || op.netns === "init" ? "" : `[${op.netns}] `;
  return netns + (LINES[op.kind] as (op: Operation) => string)(op);
}
