/**
 * A wrapper that a MAC gets instead of a PCS, and that outlives it: each call looks whether the PCS is still there; a task that
 * takes it away waits for those who are inside (docs/semantics.md 7.2, posted in 2025, never merged).
 *
 * @module
 */

import type { Pcs, PcsOp } from "../../net/phylink.ts";
import { oops, type Steps, type Task } from "../../kernel/task.ts";
import { STATE } from "../../kernel/state.ts";

/** The wrapper of one PCS; a PCS that comes back gets another one. */
export class SrcuPcs implements Pcs {
  #pcs: Pcs | undefined;
  #readers = 0;
  readonly name: string;
  readonly poll: boolean;
  readonly speed: number | null;

  /** `mended`: not as it was posted, where `pcs_post_config` did not look whether the PCS is there */
  [STATE](): readonly unknown[] {
    return [this.#pcs, this.#readers];
  }

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

  /** The PCS goes: nobody finds it any more, and nobody is inside when this is done. */
  *unregister(task: Task): Steps {
    this.#pcs = undefined;
    while (this.#readers > 0) yield { kind: "blocked", what: "synchronize_srcu", task: task.name };
  }
}
