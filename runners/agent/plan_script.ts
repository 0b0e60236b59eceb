/**
 * Translates a plan into the program that the agent runs: the whole sequence, in functions of `agent.sh`.
 *
 * @module
 */

import type { Plan, PlannedStep } from "../../diff/trace.ts";
import type { Operation } from "../../model/operation.ts";
import { batchCommand } from "./batch.ts";
import { boundOf, commandOf, quote, settleOf } from "./commands.ts";
import { FINDINGS } from "./kernel_log.ts";
import { raceBound, raceLines } from "./race_script.ts";
import { SHARED } from "../wire/constants.ts";
import { announcement } from "../wire/wire.ts";

/**
 * Returns the plan as lines of POSIX sh. The agent runs a plan with the same `planId` only once, however often it is pushed.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { planScript } from "./plan_script.ts";
 *
 * const script = planScript({
 *   suite: "trap",
 *   sequence: "set",
 *   source: "T02",
 *   steps: [{
 *     id: 1,
 *     phase: "body",
 *     op: { kind: "trap.set", handle: "pci/0000:03:00.0", name: "tail_drop", action: "it's" },
 *   }],
 * }, "a1");
 * assertStringIncludes(
 *   script,
 *   "tl_step 1 20 tl_devlink init trap set pci/0000:03:00.0 trap tail_drop action 'it'\\''s'",
 * );
 * ```
 */
export function planScript(plan: Plan, planId: string): string {
  const lines: string[] = [];
  lines.push(`tl_plan_begin ${planId} || return 0`);
  lines.push(...leftovers(plan), "tl_forget");
  // If the kernel is expected to hang or break, each step gets its own record at once.
  if (plan.hangs !== undefined || plan.breaks !== undefined) lines.push("TL_EACH=1");
  let phase = "setup";
  for (const step of plan.steps) {
    const { id, op, phase: next } = step;
    if (next !== phase) lines.push(next === "teardown" ? "tl_teardown" : `TL_PHASE=${next}`);
    phase = next;
    if (op.kind === "netns.del") lines.push(`tl_unwatch ${op.name}`);
    if (op.kind === "during") {
      lines.push(`tl_operation() { ${words(op.operation)}; }`, `tl_poll() { ${words(op.poll)}; }`);
    }
    if (op.kind === "listen") lines.push(`tl_operation() { ${words(op.operation)}; }`);
    if (op.kind === "rounds") {
      lines.push(`tl_round() { ${inTurn(op.operations, " && ")}; }`);
      if (op.meanwhile?.length) lines.push(`tl_meanwhile() { ${inTurn(op.meanwhile, "; ")}; }`);
    }
    if (op.kind === "rounds" || op.kind === "race") lines.push(`TL_SIFT=${quote(FINDINGS)}`);
    lines.push(announcement(planId, id).replace("@", "tl_begin "));
    const settle = settleOf(op);
    if (settle) lines.push(`TL_SETTLE=${quote(settle.join(" "))}`);
    if (op.kind === "race") lines.push(...raceLines(id, boundIn(plan, step), op));
    else lines.push(stepOf(id, boundIn(plan, step), op));
    if (op.kind === "netns.add") lines.push(`tl_watch ${op.name}`);
  }
  lines.push(`tl_plan_end ${planId}`);
  return lines.join("\n") + "\n";
}

const words = (op: Operation) => commandOf(op).map(quote).join(" ");

/** Returns the line that runs a step: by a server if possible, else by a process of its own. */
function stepOf(id: number, bound: number, op: Operation): string {
  const command = commandOf(op);
  const batch = batchCommand(command);
  if (batch) {
    return `tl_devlink_step ${id} ${bound} ${batch.netns} ${quote(batch.flags)} ${batch.words.join(" ")}`;
  }
  const file = fileCommand(command);
  return file ? `tl_file_step ${id} ${bound} ${file.map(quote).join(" ")}` : `tl_step ${id} ${bound} ${words(op)}`;
}

/**
 * Returns `tl_read` or `tl_write` as a command for a long-lived shell: `NETNS read PATH` or `NETNS write PATH TEXT`; undefined
 * if the shell cannot run it.
 */
function fileCommand([name, netns = "", path = "", text, bare]: readonly string[]): string[] | undefined {
  if (!/^\w+$/.test(netns) || path.includes("\n")) return undefined;
  if (name === "tl_read") return [netns, "read", path];
  // Some echo(1) read a first word with a dash as an option, and backslashes as escapes; each of them appends a newline.
  const plain = text !== undefined && bare === undefined && !/^-|[\\\n]/.test(text);
  return name === "tl_write" && plain ? [netns, "write", path, text] : undefined;
}

/** Returns the operations of a round, each in a subshell, since some of them exec. */
function inTurn(operations: readonly Operation[], between: string): string {
  return operations.map((op) => {
    const [, ...settle] = settleOf(op) ?? [];
    return [`(${words(op)})`, ...(settle.length > 0 ? [settle.join(" ")] : [])].join(" && ");
  }).join(between);
}

/**
 * Returns lines that remove what an interrupted run may have left. They run before the plan; no record shows them, and nobody
 * judges them.
 */
function leftovers({ steps }: Plan): string[] {
  const bounded = (op: Operation) => `tl_bounded ${SHARED.CLEAR_SECONDS} ${words(op)}`;
  // A fault that is still set in an emulated device would affect the plan.
  const devices = steps.flatMap(({ op, phase }) => op.kind === "device" && phase === "teardown" ? [bounded(op)] : []);
  const ends = steps.flatMap(({ op, phase }) => {
    if (op.kind === "netns.add") return [`tl_clear_netns ${quote(op.name)}`];
    if (op.kind !== "file.write" || phase !== "teardown") return [];
    const file = fileCommand(commandOf(op));
    return file ? [`tl_clear_file ${[file[0]!, ...file.slice(2)].map(quote).join(" ")}`] : [bounded(op)];
  });
  // A module is unloaded after the module that uses it.
  const modules = steps.flatMap(({ op, phase }) =>
    op.kind === "module.unload" && phase === "teardown" ? [`tl_clear_module ${quote(op.name)}`] : []
  );
  return [...devices, ...ends.toReversed(), ...modules];
}

// Long enough for any operation that works. A step that hangs is not worth a longer wait.
const HANGS_AFTER = 5;

/**
 * Returns the bound of a step in seconds: a short one if the model predicts a hang. The time that the model predicts is added.
 */
export function boundIn(plan: Plan, { id, op }: PlannedStep): number {
  if (op.kind === "race") return raceBound(op);
  const bound = id === plan.hangs && op.kind !== "rounds" ? HANGS_AFTER : boundOf(op);
  return bound + (plan.takes?.[id] ?? 0);
}
