/**
 * The work of netdevsim that makes packets, which each trap that does not drop reports.
 *
 * @module
 */

import type { Devlink } from "../../devlink/devlink.ts";
import type { Timer } from "../../kernel/host.ts";
import { acquire, Condition, pause, type Steps, type Task } from "../../kernel/task.ts";
import { FRAME, JIFFY, TRAP_INTERVAL } from "./data.ts";
import { STATE } from "../../kernel/state.ts";

/** `nsim_dev_trap_report_work` of one device. */
export class TrapWork implements Timer {
  /** When the next packets are trapped */
  due = 0;
  #stopped = false;
  /** The task that makes packets right now */
  #worker: Task | undefined;
  readonly #idle: Condition;
  readonly #dl: Devlink;
  /** How many ports are up */
  readonly #up: () => number;

  [STATE](): readonly unknown[] {
    return [this.#stopped, this.#worker];
  }

  constructor(name: string, dl: Devlink, up: () => number) {
    this.#dl = dl;
    this.#up = up;
    this.#idle = new Condition(
      `trap work of ${name}`,
      () => this.#worker === undefined,
      () => this.#worker ? [this.#worker] : [],
    );
  }

  /** Begins to make packets. */
  start(): void {
    const kernel = this.#dl.kernel;
    this.due = kernel.now + TRAP_INTERVAL;
    if (!kernel.exploring) kernel.timers.push(this);
    else if (kernel.exploring === "with timers") {
      kernel.start("nsim_dev_trap_report_work", (task) => this.thread(task), true);
    }
  }

  /** Ends it, and waits for the tasks that use it. */
  *stop(task: Task): Steps {
    this.#dl.kernel.cancel(this);
    this.#stopped = true;
    this.#idle.changed();
    if (this.#dl.kernel.exploring) yield* this.#idle.wait(task);
    this.#stopped = false;
  }

  /**
   * The work that makes packets, as a thread of its own among others: once, and not again. It only tries the lock, since
   * teardown waits for it with the lock held (D7). One that waits for it instead is what no kernel has.
   */
  *thread(task: Task): Steps {
    const { lock } = this.#dl;
    yield* pause(task, "its turn");
    this.#idle.changed();
    if (this.#stopped) return;
    this.#worker = task;
    if (this.#dl.kernel.era.locks.trapWork === "waits") yield* acquire(task, lock);
    else {
      yield* pause(task, `${lock.name}, if it is free`);
      if (!lock.tryTake(task)) return this.#end();
    }
    this.#report();
    lock.release(task);
    this.#end();
  }

  #end(): void {
    this.#worker = undefined;
    this.#idle.changed();
  }

  /** The work that makes packets; it only tries the lock, since teardown waits for it with the lock held (D7). */
  run(now: number): void {
    if (this.#dl.lock.owner !== null) {
      this.due = now + JIFFY;
      return;
    }
    this.due = now + TRAP_INTERVAL;
    this.#report();
  }

  #report(): void {
    const up = this.#up();
    if (up === 0) return;
    for (const trap of this.#dl.traps) {
      if (trap.action === "drop") continue;
      trap.packets += up;
      trap.bytes += up * FRAME;
      trap.group.packets += up;
      trap.group.bytes += up * FRAME;
    }
  }
}
