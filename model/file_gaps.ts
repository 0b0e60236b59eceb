/**
 * Files that a kernel has and for which the model has no answer, as data: the paths, and the reasons. The initial content of such
 * a file may be known (tree.ts); the effect of a write is not.
 *
 * @module
 */

import type { FileGap } from "./drivers/driver.ts";
import { DRIVERS } from "./drivers/mod.ts";

const NETDEV = String.raw`/net/[^/]+/`;
const file = (pattern: string, why: string): FileGap => ({ files: new RegExp(pattern), why });

/** The files; the first match gives the reason. */
export const FILE_GAPS: readonly FileGap[] = [
  ...DRIVERS.flatMap(({ fileGaps = [] }) => fileGaps),
  file("^/sys/kernel/debug/tracing/", "tracing: the model has no tracepoints"),
  file("^/sys/(?:bus|devices|module)/.*uevent$", "messages to udev (lib/kobject_uevent.c)"),
  file("/power(?:/|$)", "power management of a device"),
  file(`${NETDEV}queues(?:/|$)`, "the queues of a netdev"),
  file(`${NETDEV}statistics(?:/|$)`, "the counters of a netdev"),
  file(`${NETDEV}carrier$`, "a write sets the carrier where a netdev's driver allows it"),
  file(`${NETDEV}(?:address|broadcast|addr_assign_type)$`, "MAC addresses are drawn at random"),
  file(`${NETDEV}`, "attributes of a netdev other than its link's state (net/core/net-sysfs.c)"),
  file("^/proc/", "the model has no /proc"),
  file("^/sys/", "a part of sysfs outside the modelled devices and their netdevs"),
  file("", "a file outside /sys, /run and /lib/firmware"),
];

/** Returns the reason why the model has no answer for a file. */
export const reasonOf = (path: string): string => FILE_GAPS.find(({ files }) => files.test(path))!.why;
