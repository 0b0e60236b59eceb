/**
 * Translates an operation into the command that the board runs.
 *
 * @module
 */

import { COMMAND_FORMS, type DevlinkKind, isDevlink } from "../../model/command_line/forms.ts";
import { devlinkWords } from "../../model/command_line/words.ts";
import { FIRMWARE } from "../../model/devlink/flash.ts";
import type { DeviceOperation, Operation, OperationKind } from "../../model/operation.ts";

/**
 * Returns a word of a POSIX shell that stands for exactly this text.
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

const COMMANDS: { [K in Exclude<OperationKind, DevlinkKind>]: Command<K> } = {
  "link.set": (op, ns) => ["tl_link_set", ns, op.handle, String(op.port), op.up ? "up" : "down"],
  "link.show": (op, ns) => ["tl_link_show", ns, op.handle, String(op.port)],
  "link.move": (op, ns) => ["tl_link_move", ns, op.handle, String(op.port), op.to === "init" ? "1" : op.to],
  "link.rename": (op, ns) => ["tl_link_rename", ns, op.handle, String(op.port), op.name],
  "ethtool.info": (op, ns) => ["tl_ethtool", ns, op.handle, String(op.port), "-i"],
  "ethtool.flash": (op, ns) => ["tl_ethtool", ns, op.handle, String(op.port), "-f", op.file],
  "route.add": (op, ns) => ["tl_in", ns, "ip", "route", "add", op.prefix, "dev", op.dev],
  "route.del": (op, ns) => ["tl_in", ns, "ip", "route", "del", op.prefix, "dev", op.dev],
  "nexthop.add": (op, ns) => ["tl_in", ns, "ip", "nexthop", "add", "id", String(op.id), "blackhole"],
  "nexthop.del": (op, ns) => ["tl_in", ns, "ip", "nexthop", "del", "id", String(op.id)],
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
  "file.write": (op, ns) => [
    op.path.startsWith(FIRMWARE) ? "tl_firmware" : "tl_write",
    ns,
    op.path,
    op.value,
    ...op.bare ? ["bare"] : [],
  ],
  "file.remove": (op) => ["rm", "-f", op.path],
  "file.read": (op, ns) => ["tl_read", ns, op.path],
  "device": (op) => ["tl_device", op.handle, mailboxText(op.operation)],
  "wait": (op) => ["tl_pass", ...sleepOf(op.ms)],
  "during": () => ["tl_during", "tl_operation", "tl_poll"],
  "listen": (op, ns) => {
    const port = op.port === undefined ? "" : `/${op.port}`;
    return ["tl_listen", ns, "tl_operation", ...(op.handle === undefined ? [] : [`${op.handle}${port}`])];
  },
  "race": (op) => ["tl_race", String(op.racers.length), String(op.runs), String(op.seed)],
  "rounds": (op) => ["tl_rounds", String(op.times), "tl_round", ...(op.meanwhile?.length ? ["tl_meanwhile"] : [])],
};

/**
 * Returns the words that the agent runs for an operation.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { commandOf } from "./commands.ts";
 *
 * assertEquals(
 *   commandOf({ kind: "trap.set", handle: "pci/0000:03:00.0", name: "tail_drop", action: "trap" }),
 *   ["tl_devlink", "init", "trap", "set", "pci/0000:03:00.0", "trap", "tail_drop", "action", "trap"],
 * );
 * ```
 */
export function commandOf(op: Operation): string[] {
  const netns = op.netns ?? "init";
  if (isDevlink(op)) {
    const { flags } = COMMAND_FORMS[op.kind];
    return ["tl_devlink", netns, ...(flags === "" ? [] : [flags]), ...devlinkWords(op)];
  }
  return (COMMANDS[op.kind] as Command<typeof op.kind>)(op as never, netns);
}

/** Returns an operation as text for the mailbox of an emulated device: JSON in ASCII, so that each character is one byte. */
function mailboxText(operation: DeviceOperation): string {
  return JSON.stringify(operation).replaceAll(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Returns a time as the agent's functions take it: in seconds, then rounded up for a sleep(1) that takes only whole seconds. */
const sleepOf = (ms: number): string[] => [String(ms / 1000), String(Math.ceil(ms / 1000))];

/** Returns the words that let an operation settle, after a bound in seconds; undefined if the operation does not settle. */
export function settleOf(op: Operation): string[] | undefined {
  if (op.settle === undefined) return undefined;
  return [String(4 + Math.ceil(op.settle / 1000)), "tl_settle", ...sleepOf(op.settle)];
}

/** Returns the bound of a step in seconds: a step that takes longer hangs. */
export function boundOf(op: Operation): number {
  switch (op.kind) {
    case "wait":
      return 10 + Math.ceil(op.ms / 1000);
    case "rounds":
      return 20 + Math.ceil(op.times * op.operations.reduce((sum, inner) => sum + longestOf(inner), 0));
    case "dev.flash":
    case "ethtool.flash":
      return 45;
    case "dev.reload":
    case "netns.del":
    case "file.write":
      // These operations may reset a device: a switch ASIC needs 20 s for a reset
      return 60;
    case "during":
      return Math.max(boundOf(op.operation), boundOf(op.poll));
    case "listen":
      return boundOf(op.operation);
    default:
      return 20;
  }
}

/** Returns the longest time that an operation of a round may take, in seconds. */
function longestOf(op: Operation): number {
  const waits = op.kind === "wait" ? op.ms / 1000 : 0;
  return 0.5 + waits + (op.settle === undefined ? 0 : 1 + op.settle / 1000);
}
