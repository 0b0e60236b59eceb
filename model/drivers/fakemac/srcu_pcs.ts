/**
 * A wrapper that a MAC gets instead of a PCS, and that outlives the PCS. Each call checks if the PCS still exists; the removal of
 * the PCS waits for the calls that are in progress (docs/semantics.md 7.2, posted in 2025, never merged).
 *
 * @module
 */

import type { Pcs, PcsOp } from "../../net/phylink.ts";
import { oops, type Steps, type Task } from "../../kernel/task.ts";
import { STATE } from "../../kernel/state.ts";

/** The wrapper of one PCS; a PCS that is bound again gets a new wrapper. */
export class SrcuPcs implements Pcs {
  #pcs: Pcs | undefined;
  #readers = 0;
  readonly name: string;
  readonly poll: boolean;
  readonly speed: number | null;

  [STATE](): readonly unknown[] {
    return [this.#pcs, this.#readers];
  }

  /** `mended` is false for the wrapper as it was posted: its `pcs_post_config` did not check if the PCS still exists. */
  constructor(pcs: Pcs, readonly mended: boolean) {
    this.#pcs = pcs;
    this.name = `the wrapper of ${pcs.name}`;
    this.poll = pcs.poll;
    this.speed = pcs.speed;
  }

  read(): void {}

  *call(task: Task, op: PcsOp, argument?: string | number): Steps<boolean> {
    const pcs = this.#pcs;
    if (!pcs) return op !== "pcs_get_state" && op !== "pcs_config";
    this.#readers++;
    pcs.read(task, "a wrapper");
    const answer = yield* pcs.call(task, op, argument);
    this.#readers--;
    return answer;
  }

  postConfig(task: Task, frames: string): void {
    if (!this.#pcs && !this.mended) oops(task, `BUG: kernel NULL pointer dereference: pcs_post_config <- ${frames}`);
  }

  /** Removes the PCS from the wrapper: no later call finds the PCS, and no call is in progress at the end. */
  *unregister(task: Task): Steps {
    this.#pcs = undefined;
    while (this.#readers > 0) yield { kind: "blocked", what: "synchronize_srcu", task: task.name };
  }
}
