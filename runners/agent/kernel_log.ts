/**
 * The kernel log of a board: reads the records of `/dev/kmsg` and classifies their lines.
 *
 * @module
 */

import type { KernelLine, KernelLineClass } from "../../model/observation.ts";

/**
 * Patterns of findings; the first match wins. The texts are in lib/bug.c, kernel/panic.c, kernel/locking/lockdep.c,
 * mm/kasan and kernel/hung_task.c. grep -E must also accept the patterns, except for `\\d`.
 */
const CLASSES: readonly [KernelLineClass, RegExp][] = [
  ["stale", / on a removed PCS$/],
  ["panic", /^Kernel panic - not syncing/],
  ["kasan", /^BUG: (KASAN|KMSAN|KFENCE): /],
  ["lockdep", /possible (circular|recursive|irq) lock|inconsistent lock state|^WARNING: .*(lock held|unlock balance)/],
  ["hung", /blocked for more than \d+ seconds|^watchdog: BUG: soft lockup|rcu: INFO: .* stall/],
  [
    "oops",
    /^(BUG: |Oops|Internal error: |Unable to handle kernel |general protection fault|kernel BUG at|stack segment|invalid opcode)/,
  ],
  ["warning", /^WARNING: |^refcount_t: |^unregister_netdevice: waiting for|^ref_tracker: |^leaked reference/],
];

/**
 * An extended regular expression (POSIX) that matches records of `/dev/kmsg` with a finding, or with a line of the report after
 * it: its place in the code, the stack, the task.
 */
export const FINDINGS: string = [
  ...CLASSES.map(([, { source }]) => source),
  "\\+0x[0-9a-f]+/0x[0-9a-f]",
  "^(RIP: |Call [Tt]race:|CPU: |Workqueue: |Modules linked in: |pc : | <)",
].join("|").replaceAll("\\d", "[0-9]").replaceAll("^", "(^[^;]*;|\\\\x0a)");

/**
 * Returns the class of a line of the kernel log.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifyKernelLine } from "./kernel_log.ts";
 *
 * assertEquals(classifyKernelLine("BUG: KASAN: slab-use-after-free in phylink_mac_pcs_get_state+0x1/0x2"), "kasan");
 * assertEquals(classifyKernelLine("igb 0000:01:00.0 eth1: renamed from eth0"), "info");
 * ```
 */
export function classifyKernelLine(text: string): KernelLineClass {
  return CLASSES.find(([, pattern]) => pattern.test(text))?.[0] ?? "info";
}

/** A record: priority, sequence number, time, flags, further fields that a reader must skip, and its text. */
const HEAD = /^(\d+),\d+,\d+,[^;]*;(.*)$/;

/**
 * From this priority on a line comes from a program: the kernel does not let programs log as the kernel (`devkmsg_write` in
 * printk.c).
 */
const USER = 8;

/**
 * Reads lines in the format of `/dev/kmsg` (`priority,sequence,microseconds,flags;text`, Documentation/ABI/testing/dev-kmsg).
 * Of the continuation lines (` KEY=value`) only the device is stored. A line that a program wrote is never a finding.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseKmsg } from "./kernel_log.ts";
 *
 * assertEquals(parseKmsg("6,812,514,-;usb 1-1: USB disconnect\n SUBSYSTEM=usb\n DEVICE=+usb:1-1\n14,813,515,-;Oops\n"), [
 *   { class: "info", text: "usb 1-1: USB disconnect", device: "+usb:1-1" },
 *   { class: "info", text: "Oops", user: true },
 * ]);
 * ```
 */
export function parseKmsg(text: string): KernelLine[] {
  const lines: KernelLine[] = [];
  let record: KernelLine[] = [];
  for (const line of text.split("\n")) {
    const [, device] = /^ DEVICE=(.+)$/.exec(line) ?? [];
    if (device !== undefined) { for (const one of record) one.device = device; }
    const [, priority, escaped] = HEAD.exec(line) ?? [];
    if (escaped === undefined) continue;
    const plain = escaped.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    record = plain.split("\n").filter((part) => part !== "").map((part): KernelLine =>
      Number(priority) >= USER
        ? { class: "info", text: part, user: true }
        : { class: classifyKernelLine(part), text: part }
    );
    lines.push(...record);
  }
  return lines;
}
