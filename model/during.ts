/**
 * The operation `during`: polls repeatedly while another operation runs.
 *
 * @module
 */

import type { Command, Scene } from "./command.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { emptyObservation, type Json, NOT_KNOWN, type Result } from "./observation.ts";
import type { Operation, OperationKind } from "./operation.ts";
import { type SchedulingPoint, type Steps, Task } from "./kernel/task.ts";

/** The longest time of a poll that does not count as waiting, in ms: the same as for a step (see `time` in observation.ts). */
const PROMPT = 3000;

/** Returns the command for a kind of operation. */
export type Commands = (kind: OperationKind) => Command<OperationKind>;

/**
 * Performs `during`: starts a poll at each place where the operation could be preempted; a poll that has to wait is tried again
 * later. The answers of the polls are all answers that a board can show.
 */
export function* during(
  { kernel, task, netns }: Scene,
  op: Operation<"during">,
  commands: Commands,
): Steps<Result> {
  const { observation } = task;
  const told = new Map<string, Json>();
  let polls: { task: Task; steps: Steps<Result>; since: number }[] = [];
  let waited = false;

  const begin = () => {
    const polling = new Task("poll", emptyObservation(), false);
    const where = op.poll.netns === undefined ? netns : kernel.netns.get(op.poll.netns);
    if (!where) return void told.set("null", null);
    const steps = commands(op.poll.kind)({ kernel, task: polling, netns: where }, op.poll);
    polls.push({ task: polling, steps, since: kernel.now });
  };
  const tryAll = () => {
    polls = polls.filter((poll) => {
      const next = poll.steps.next();
      if (!next.done) return true;
      waited ||= kernel.now - poll.since > PROMPT;
      const answer = next.value === "ok" ? shorten(op.poll, poll.task.observation.reply) : null;
      told.set(JSON.stringify(answer), answer);
      return false;
    });
  };

  const where = op.operation.netns === undefined ? netns : kernel.netns.get(op.operation.netns);
  if (!where) return "client";
  const inner = new Task(op.operation.kind, observation, true);
  const steps = commands(op.operation.kind)({ kernel, task: inner, netns: where }, op.operation);
  begin();
  tryAll();
  let result: Result = "ok";
  for (;;) {
    const next = steps.next();
    begin();
    tryAll();
    if (next.done) {
      result = next.value;
      break;
    }
    // While the operation waits for time to pass, polls that wait for the operation cannot continue either
    if (next.value.kind === "blocked" && !stepWorkers(kernel, begin, tryAll)) yield next.value;
  }
  stepWorkers(kernel, begin, tryAll);
  tryAll();
  const answers = [...told.values()];
  const seen = answers.toSorted((a, b) => rank(a) - rank(b) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (waited) observation.reply = { seen, waited };
  // The duration in the device is not modelled, so it is not known if a poll has to wait
  else observation.reply = observation.untimed === undefined ? { seen } : { seen, waited: NOT_KNOWN };
  return result;
}

/** Runs the kernel threads, and polls at each of their stops. */
function stepWorkers(kernel: Kernel, begin: () => void, tryAll: () => void): boolean {
  let moved = false;
  for (const worker of [...kernel.workers]) {
    worker.task.observation = kernel.observation;
    for (;;) {
      const next: IteratorResult<SchedulingPoint, void> = worker.steps.next();
      begin();
      tryAll();
      if (next.done) {
        kernel.workers.splice(kernel.workers.indexOf(worker), 1);
        moved = true;
        break;
      }
      if (next.value.kind === "blocked") break;
      moved = true;
    }
  }
  return moved;
}

function rank(answer: Json): number {
  return answer === null ? -1 : typeof answer === "number" ? answer : Number.MAX_SAFE_INTEGER;
}

/** Returns the reply of a poll; a port dump is shortened to its number of ports, and an empty dump is no answer. */
function shorten(poll: Operation, reply: Json): Json {
  if (poll.kind !== "port.show") return reply;
  const ports = Object.keys((reply as { port: object }).port).length;
  return ports === 0 ? null : ports;
}
