/**
 * JSON as iproute2 writes it: without a space, or `-p`retty with its own ideas of where an array begins.
 *
 * @module
 */

import type { Json } from "../../model/observation.ts";

/** Returns a value as iproute2 writes it. */
export function writeJson(value: Json, pretty: boolean, depth = 0): string {
  if (!pretty) return JSON.stringify(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[ ]";
    return `[ ${value.map((each) => writeJson(each, pretty, depth + 1)).join(",")} ]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    const indent = "    ".repeat(depth + 1);
    const lines = entries.map(([key, each]) =>
      `${indent}${JSON.stringify(key)}: ${writeJson(each, pretty, depth + 1)}`
    );
    return `{\n${lines.join(",\n")}\n${"    ".repeat(depth)}}`;
  }
  return JSON.stringify(value);
}
