/**
 * Operations as the command lines that an engineer would type.
 *
 * @module
 */

import { COMMAND_FORMS, type DevlinkKind, isDevlink } from "../model/command_line/forms.ts";
import { devlinkWords } from "../model/command_line/words.ts";
import type { Operation, OperationKind } from "../model/operation.ts";

/** Returns a word of a shell that stands for exactly this text, in double quotes where they do. */
export function quote(value: string | number | boolean): string {
  const text = String(value);
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}

/** Returns the words that are there, quoted; a pair is a keyword with its value, left out where the value is. */
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

const LINES: { [K in Exclude<OperationKind, DevlinkKind>]: (op: Operation<K>) => string } = {
  "link.set": (op) => `ip link set dev ${netdev(op)} ${op.up ? "up" : "down"}`,
  "link.show": (op) => `ip link show dev ${netdev(op)}`,
  "link.move": (op) => `ip link set dev ${netdev(op)} netns ${op.to === "init" ? 1 : quote(op.to)}`,
  "link.rename": (op) => `ip link set dev ${netdev(op)} name ${quote(op.name)}`,
  "ethtool.info": (op) => `ethtool -i ${netdev(op)}`,
  "ethtool.flash": (op) => `ethtool -f ${netdev(op)} ${quote(op.file)}`,
  "route.add": (op) => line("ip", "route", "add", op.prefix, ["dev", op.dev]),
  "route.del": (op) => line("ip", "route", "del", op.prefix, ["dev", op.dev]),
  "nexthop.add": (op) => line("ip", "nexthop", "add", ["id", op.id], "blackhole"),
  "nexthop.del": (op) => line("ip", "nexthop", "del", ["id", op.id]),
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
  "file.write": (op) => `${op.bare ? "printf %s" : "echo"} ${quote(op.value)} > ${quote(op.path)}`,
  "file.remove": (op) => line("rm", "-f", op.path),
  "file.read": (op) => line("cat", op.path),
  "device": (op) => `device ${quote(op.handle)}: ${JSON.stringify(op.operation)}`,
  "wait": (op) => line("sleep", op.ms / 1000),
  "listen": (op) => {
    const filter = op.handle === undefined ? "" : ` ${op.handle}${op.port === undefined ? "" : `/${op.port}`}`;
    return `${describeOperation(op.operation)}, heard by devlink-listen${filter}`;
  },
  "rounds": (op) => {
    const meanwhile = op.meanwhile?.length
      ? `, and all the while ${op.meanwhile.map(describeOperation).join("; ")}`
      : "";
    return `${op.times} times over: ${op.operations.map(describeOperation).join("; ")}${meanwhile}`;
  },
  "race": (op) => {
    const racers = op.racers.map(({ operations, loops }) =>
      `${operations.map(describeOperation).join("; ")}${loops ? ", again and again" : ""}`
    );
    return `${op.runs} times at the same time: ${racers.join(" | ")}`;
  },
  "during": (op) => `${describeOperation(op.operation)}, and all the while ${describeOperation(op.poll)}`,
};

/**
 * Returns the operation as a command line; `[NETNS]` in front where it is performed in another netns than `init`. What no shell
 * would take as it stands (the netdev of a port) is written so that a reader does.
 *
 * ```ts
 * import { describeOperation } from "./describe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   describeOperation({ kind: "dev.reload", netns: "t1", handle: "pci/0000:03:00.0", to: "init" }),
 *   "[t1] devlink dev reload pci/0000:03:00.0 netns 1",
 * );
 * ```
 */
export function describeOperation(op: Operation): string {
  const netns = op.netns === undefined || op.netns === "init" ? "" : `[${op.netns}] `;
  if (isDevlink(op)) {
    const statistics = COMMAND_FORMS[op.kind].flags.includes("s") ? ["-s"] : [];
    return netns + line("devlink", ...statistics, ...devlinkWords(op));
  }
  return netns + (LINES[op.kind] as (op: Operation) => string)(op);
}
