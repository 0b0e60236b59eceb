/**
 * Lists the devlink instances of a board, by commands that only show.
 *
 * @module
 */

import { z } from "zod";
import type { Handle } from "../../model/operation.ts";
import { quote } from "./commands.ts";

/** A devlink instance of a board. All of it is text of the board. */
export interface Instance {
  /** Its handle, `BUS/DEVICE` */
  handle: Handle;
  /** Its driver in sysfs, else in `devlink dev info`; empty if neither has it */
  driver: string;
}

/** Prints all instances. */
export const LIST_INSTANCES = "devlink -js dev show 2> /dev/null\n";

const listed = z.object({ dev: z.record(z.string(), z.unknown()) });

/**
 * Reads the handles in the output of {@linkcode LIST_INSTANCES}; undefined if it is no list.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { handlesIn } from "./instances.ts";
 *
 * assertEquals(handlesIn('{"dev":{"pci/0000:03:00.0":{},"pci/0000:03:00.1":{}}}'), [
 *   "pci/0000:03:00.0",
 *   "pci/0000:03:00.1",
 * ]);
 * assertEquals(handlesIn("devlink: not found"), undefined);
 * ```
 */
export function handlesIn(printed: string): Handle[] | undefined {
  const { success, data } = listed.safeParse(jsonOf(printed));
  return success ? Object.keys(data.dev).filter((key) => /^[^/\s]+\/[^/\s]+$/.test(key)) : undefined;
}

/** Returns lines of sh that print a line for each instance: its driver in sysfs, else the answer of `devlink dev info`. */
export function driversScript(handles: readonly Handle[]): string {
  return handles.map((handle) => {
    const [bus = "", device = ""] = handle.split("/");
    const link = quote(`/sys/bus/${bus}/devices/${device}/driver`);
    return `{ readlink ${link} || devlink -j dev info ${quote(handle)} || echo; } 2> /dev/null | head -n 1\n`;
  }).join("");
}

/** Reads the output of {@linkcode driversScript} for the same handles. */
export function instancesOf(handles: readonly Handle[], printed: string): Instance[] {
  const lines = printed.split("\n");
  return handles.map((handle, i) => ({ handle, driver: driverIn(lines[i] ?? "", handle) }));
}

function driverIn(line: string, handle: Handle): string {
  if (!line.startsWith("{")) return line.trim().split("/").at(-1)!;
  const info = z.object({ info: z.record(z.string(), z.object({ driver: z.string() })) });
  return info.safeParse(jsonOf(line)).data?.info[handle]?.driver ?? "";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
