/**
 * Writes an operation as the words of its command line.
 *
 * @module
 */

import type { Operation } from "../operation.ts";
import { COMMAND_FORMS, type DevlinkKind, type Parameters, type ValueForm } from "./forms.ts";

/**
 * Returns the words of a command after `devlink` and its options.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { devlinkWords } from "./words.ts";
 *
 * assertEquals(
 *   devlinkWords({ kind: "trap.set", handle: "netdevsim/netdevsim10", name: "tail_drop", action: "trap" }),
 *   ["trap", "set", "netdevsim/netdevsim10", "trap", "tail_drop", "action", "trap"],
 * );
 * ```
 */
export function devlinkWords(op: Operation<DevlinkKind>): string[] {
  const { words, options, about } = COMMAND_FORMS[op.kind];
  const parameters = op as unknown as Parameters;
  const result = [...words];
  if (about !== undefined && parameters.handle !== undefined) {
    // The last part: a port's index, a region, a rate node. It may be left out if the command also accepts a device.
    const { handle, port, region, node } = parameters;
    const last = about === "dev" ? undefined : about === "region" ? region : port ?? node;
    result.push(last === undefined ? String(handle) : `${handle}/${last}`);
  }
  const all = about !== undefined && parameters.handle === undefined;
  for (const option of options) {
    const value = parameters[option.field];
    if (value === undefined || all && !option.ofAll) continue;
    if (option.none !== undefined && value === (option.alone === undefined ? null : option.alone)) {
      result.push(option.none);
      continue;
    }
    if (option.value === "bandwidths") {
      result.push(option.word, ...value as readonly string[]);
      continue;
    }
    for (const each of option.many ? value as readonly unknown[] : [value]) {
      result.push(option.word, written(each, option.value));
    }
  }
  return result;
}

function written(value: unknown, form: ValueForm): string {
  if (form === "enable") return value ? "enable" : "disable";
  if (form !== "netns") return String(value);
  if (typeof value === "object") return String((value as { pid: number }).pid);
  return value === "init" ? "1" : String(value);
}
