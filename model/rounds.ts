/**
 * The operation `rounds`: repeats operations while others run.
 *
 * @module
 */

import type { Scene } from "./command.ts";
import type { Commands } from "./during.ts";
import { stepWorker } from "./kernel/kernel.ts";
import { emptyObservation, type Result } from "./observation.ts";
import type { Operation } from "./operation.ts";
import { HungTask, Oops, type SchedulingPoint, type Steps, Task } from "./kernel/task.ts";

/** The time between two rounds, in ms. */
const PACE = 5;

/**
 * Performs `rounds`: at each place where another thread could continue, the next thread is drawn at random, from the seed of the
 * machine. Only findings are recorded.
 */
export function* rounds(scene: Scene, op: Operation<"rounds">, commands: Commands): Steps<Result> {
  const { kernel, task } = scene;
  const was = kernel.stepping;
  const shown = emptyObservation();
  kernel.stepping = true;
  kernel.observation = shown;
  let failure: Result = "ok";
  let over = false;

  const perform = function* (one: Operation, name: string): Steps<Result> {
    const netns = one.netns === undefined ? scene.netns : kernel.netns.get(one.netns);
    if (!netns) return "client";
    try {
      const inner = new Task(name, shown, true);
      return yield* commands(one.kind)({ kernel, task: inner, netns }, one);
    } catch (error) {
      if (error instanceof Oops) return "killed";
      if (error instanceof HungTask) return "hang";
      throw error;
    }
  };
  const tell = () => {
    kernel.observation = task.observation;
    task.observation.kmsg.push(...shown.kmsg.filter((line) => line.class !== "info"));
  };
  const main = function* (): Steps {
    for (let round = 0; round < op.times; round++) {
      for (const one of op.operations) {
        failure = yield* perform(one, one.kind);
        if (failure !== "ok") return;
        kernel.advance(PACE + (one.settle ?? 0));
      }
    }
  };
  const meanwhile = function* (): Steps {
    while (!over) {
      for (const one of op.meanwhile ?? []) {
        yield* perform(one, one.kind);
        yield { kind: "pause", what: "the next one", task: one.kind };
      }
    }
  };

  const own = main();
  const others = op.meanwhile && op.meanwhile.length > 0 ? meanwhile() : undefined;
  let otherDone = others === undefined;
  for (let stalled = 0; !over || !otherDone;) {
    const ready = [
      ...(over ? [] : [own]),
      ...(otherDone ? [] : [others!]),
      ...kernel.workers.map((worker) => worker.steps),
    ];
    const steps = ready[kernel.random(ready.length)]!;
    const next: IteratorResult<SchedulingPoint, void> = stepWorker(steps);
    if (next.done) {
      if (steps === own) over = true;
      else if (steps === others) otherDone = true;
      else kernel.workers.splice(kernel.workers.findIndex((worker) => worker.steps === steps), 1);
    }
    stalled = next.done || next.value.kind !== "blocked" ? 0 : stalled + 1;
    if (stalled <= STALLED * ready.length) continue;
    if (kernel.wakeNext()) stalled = 0;
    else {
      tell();
      while (true) yield { kind: "blocked", what: "its rounds to end", task: task.name };
    }
  }
  kernel.stepping = was;
  kernel.runWorkers();
  tell();
  return failure;
}

/** After this many draws for each task without a step forward, no task can go on. */
const STALLED = 40;
