/**
 * Task stacks as the agent's `tl_stacks` prints them.
 *
 * @module
 */

import type { TaskStack } from "../../model/race/outcome.ts";

/** Returns the stack of a task from the lines of its `/proc/PID/stack`. */
export function stackOf(task: string, lines: readonly string[]): TaskStack {
  return { task, stack: lines.filter((line) => line !== "").map(frame) };
}

/**
 * Reads the stacks of all tasks: for each task a line `stack NAME`, the lines of its stack, and `@`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readStacks } from "./stacks.ts";
 *
 * assertEquals(readStacks("stack ip\n[<0>] copy_net_ns+0xd3/0x270\n@\n"), [{ task: "ip", stack: ["copy_net_ns"] }]);
 * ```
 */
export function readStacks(text: string): TaskStack[] {
  return [...text.matchAll(/^stack (.*)\n([^]*?)^@$/gm)].map(([, task, lines]) => stackOf(task!, lines!.split("\n")));
}

/** Returns a frame such as `[<0>] devlink_nl_pre_doit+0x1/0x2` without the address and the offset, which differ between boots. */
const frame = (line: string) => line.replace(/^\[<[0-9a-fx]*>\] /, "").replace(/\+0x.*$/, "");
