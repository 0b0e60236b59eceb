/**
 * The handle of a board in plans and traces. A sequence for hardware such as a NIC names the handle of the model's device. On
 * the way to a board it is replaced with the board's own handle, and on the way back with the model's.
 *
 * @module
 */

import type { Plan, SequenceTrace } from "../../diff/trace.ts";
import { hardwareOf } from "../../fixtures/hardware.ts";
import type { Handle } from "../../model/operation.ts";

/** Returns the handle that a plan names for its hardware, if that handle differs from board to board; otherwise undefined. */
export function hardwareHandle({ requires = [] }: Pick<Plan, "requires">): Handle | undefined {
  return requires.map(hardwareOf).find((place) => place?.moves)?.handle;
}

function split(handle: Handle): { bus: string; device: string } {
  const at = handle.indexOf("/");
  return { bus: handle.slice(0, at), device: handle.slice(at + 1) };
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Returns a function that replaces handles in a text: the handle, its paths in sysfs, and the device's name alone, each as a
 * whole word.
 */
function replacer(pairs: readonly (readonly [from: Handle, to: Handle])[]): (text: string) => string {
  const words = new Map<string, string>();
  for (const [from, to] of pairs) {
    const [ours, its] = [split(from), split(to)];
    words.set(from, to);
    words.set(`/sys/bus/${ours.bus}/devices/${ours.device}`, `/sys/bus/${its.bus}/devices/${its.device}`);
    words.set(ours.device, its.device);
  }
  const any = [...words.keys()].map(escaped).join("|");
  // A longer address or name that contains this one names another device.
  const pattern = new RegExp(`(?<![\\w.-])(?:${any})(?![\\w-]|\\.\\w)`, "g");
  return (text) => text.replace(pattern, (word) => words.get(word)!);
}

/** Returns a value with all its texts replaced, also the keys. */
function mapped<T>(value: T, replace: (text: string) => string): T {
  if (typeof value === "string") return replace(value) as T;
  if (Array.isArray(value)) return value.map((one) => mapped(one, replace)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [replace(key), mapped(inner, replace)])) as T;
}

/**
 * Returns the plan with another handle: in its operations, and in the paths and texts that they write.
 *
 * @param from The handle that the plan names
 * @param to The board's handle
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { atHandle } from "./handle_names.ts";
 *
 * const plan = atHandle({
 *   suite: "s",
 *   sequence: "q",
 *   source: "",
 *   steps: [{ id: 1, phase: "body", op: { kind: "dev.reload", handle: "pci/0000:08:00.0" } }],
 * }, "pci/0000:08:00.0", "pci/0000:03:00.0");
 * assertEquals(plan.steps[0]?.op, { kind: "dev.reload", handle: "pci/0000:03:00.0" });
 * ```
 */
export function atHandle(plan: Plan, from: Handle, to: Handle): Plan {
  if (from === to) return plan;
  const replace = replacer([[from, to]]);
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, op: mapped(step.op, replace) })) };
}

/**
 * Returns the trace of a plan that was run by {@linkcode atHandle}, with the plan's own handle. If the board has another device
 * with the plan's handle, the two handles are swapped, so that they stay distinct.
 *
 * @param plan The plan before its handle was replaced
 * @param from The handle that the plan names
 * @param to The board's handle
 */
export function traceFromHandle(trace: SequenceTrace, plan: Plan, from: Handle, to: Handle): SequenceTrace {
  if (from === to) return trace;
  const replace = replacer([[to, from], [from, to]]);
  const steps = trace.steps.map((step) => ({
    ...step,
    op: plan.steps.find(({ id }) => id === step.id)?.op ?? step.op,
    ...(step.observation ? { observation: mapped(step.observation, replace) } : {}),
    ...(step.lost ? { lost: mapped(step.lost, replace) } : {}),
  }));
  return { ...trace, steps };
}
