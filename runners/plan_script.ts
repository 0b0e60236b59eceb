/**
 * From a plan to the program that the agent runs: the whole sequence, in the words of `agent.sh`.
 *
 * @module
 */

import type { Plan, PlannedStep } from "../diff/trace.ts";
import { boundOf, commandOf, quote } from "./commands.ts";

/**
 * The plan as lines of POSIX sh. The agent runs a plan of one `id` once, however often it is pushed.
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
 *     op: { kind: "trap.set", handle: "netdevsim/netdevsim10", name: "tail_drop", action: "it's" },
 *   }],
 * }, "a1");
 * assertStringIncludes(
 *   script,
 *   "tl_step 1 20 tl_devlink init trap set netdevsim/netdevsim10 trap tail_drop action 'it'\\''s'",
 * );
 * ```
 */
export function planScript(plan: Plan, id: string): string {
  const words = (op: PlannedStep["op"]) => commandOf(op).map(quote).join(" ");
  const lines: string[] = [];
  lines.push(`tl_plan_begin ${id} || return 0`);
  // What an earlier, interrupted run may have left behind goes first, unseen and unjudged.
  const leftovers = plan.steps.flatMap(({ op, phase }) =>
    op.kind === "netns.add"
      ? [`ip netns del ${quote(op.name)}`]
      : op.kind === "file.write" && phase === "teardown"
      ? [words(op)]
      : []
  );
  lines.push(...leftovers.toReversed().map((line) => `${line} > /dev/null 2>&1`));
  lines.push("tl_forget");
  let phase = "setup";
  for (const { id, op, phase: next } of plan.steps) {
    if (next !== phase) lines.push(`TL_PHASE=${next}`);
    phase = next;
    if (op.kind === "netns.del") lines.push(`tl_unwatch ${op.name}`);
    if (op.kind === "during") {
      lines.push(`tl_operation() { ${words(op.operation)}; }`, `tl_poll() { ${words(op.poll)}; }`);
    }
    lines.push(`tl_step ${id} ${boundOf(op)} ${words(op)}`);
    if (op.kind === "netns.add") lines.push(`tl_watch ${op.name}`);
  }
  lines.push(`tl_plan_end ${id}`);
  return lines.join("\n") + "\n";
}
