/**
 * Work items: a kernel thread runs a work item once, even if it is queued several times before it begins.
 *
 * @module
 */

import type { KernelHost } from "./host.ts";
import { Oops, type Steps, type Task } from "./task.ts";
import { STATE } from "./state.ts";

/**
 * One work item. It never runs twice at the same time. If an oops ended the thread that ran it, it never runs again: the
 * workqueue gives a running item to the same thread (kernel/workqueue.c, find_worker_executing_work).
 */
export class Work {
  readonly #kernel: KernelHost;
  readonly #body: (task: Task) => Steps;
  #running = false;
  #pending = false;
  #queued = 0;
  #done = 0;

  [STATE](): readonly unknown[] {
    return [this.#running, this.#pending, this.#queued - this.#done];
  }

  constructor(
    kernel: KernelHost,
    readonly name: string,
    /** True if the work runs only on the CPU that it was queued on */
    readonly bound: boolean,
    body: (task: Task) => Steps,
  ) {
    this.#kernel = kernel;
    this.#body = body;
  }

  /** True if the work is queued or runs. */
  get busy(): boolean {
    return this.#pending || this.#running;
  }

  /** Queues the work; does nothing if it is queued already and has not begun yet. */
  queue(): void {
    if (this.#pending) return;
    this.#pending = true;
    this.#queued++;
    if (this.#running || (this.bound && this.#kernel.stalled)) return;
    this.#kernel.busyWorks++;
    this.#kernel.start(this.name, (task) => this.#run(task), this.#kernel.stepping);
  }

  /** Waits until the work that was queued so far is done. */
  *flush(task: Task): Steps {
    const last = this.#queued;
    while (this.#done < last) yield { kind: "blocked", what: this.name, task: task.name };
  }

  /** Cancels the work, and waits until it no longer runs. */
  *cancel(task: Task): Steps {
    this.#forget();
    while (this.#running) yield { kind: "blocked", what: this.name, task: task.name };
    this.#forget();
  }

  #forget(): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.#done = this.#running ? this.#queued - 1 : this.#queued;
  }

  *#run(task: Task): Steps {
    while (this.#pending) {
      this.#pending = false;
      this.#running = true;
      const last = this.#queued;
      try {
        yield* this.#body(task);
      } catch (error) {
        if (error instanceof Oops && this.bound && this.#kernel.era.deadWorker === "stalls") {
          this.#kernel.stalled = true;
        }
        throw error;
      }
      this.#done = last;
      this.#running = false;
    }
    this.#kernel.busyWorks--;
  }
}
