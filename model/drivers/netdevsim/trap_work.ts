/**
 * The work of netdevsim that makes packets; each trap that does not drop reports them.
 *
 * @module
 */

import type { Devlink } from "../../devlink/devlink.ts";
import type { Timer } from "../../kernel/host.ts";
import { acquire, Condition, pause, type Steps, type Task } from "../../kernel/task.ts";
import { FRAME, JIFFY, TRAP_INTERVAL } from "./data.ts";
import { STATE } from "../../kernel/state.ts";

/** The work `nsim_dev_trap_report_work` of one device. */
export class TrapWork implements Timer {
  /** The virtual time at which the next packets are trapped, in ms */
  due = 0;
  #stopped = false;
  /** The task that is making packets now */
  #worker: Task | undefined;
  readonly #idle: Condition;
  readonly #dl: Devlink;
  /** Returns the number of ports that are up */
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

  /** Starts the work. */
  start(): void {
    const kernel = this.#dl.kernel;
    this.due = kernel.now + TRAP_INTERVAL;
    if (!kernel.exploring) kernel.timers.push(this);
    else if (kernel.exploring === "with timers") {
      kernel.start("nsim_dev_trap_report_work", (task) => this.thread(task), true);
    }
  }

  /** Stops the work, and waits until it no longer runs. */
  *stop(task: Task): Steps {
    this.#dl.kernel.cancel(this);
    this.#stopped = true;
    this.#idle.changed();
    if (this.#dl.kernel.exploring) yield* this.#idle.wait(task);
    this.#stopped = false;
  }

  /**
   * Makes packets once, as a thread for the explorer. The work only tries the instance's lock, since teardown waits for the work
   * with
   * the lock held (D7). A design in which it waits for the lock exists in no kernel.
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

  /** Makes packets. The work only tries the instance's lock, since teardown waits for the work with the lock held (D7). */
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
