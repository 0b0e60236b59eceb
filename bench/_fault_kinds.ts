/**
 * The faults of the campaign, and the verdicts that a run may have under each.
 *
 * @module
 */

import type { Verdict } from "../diff/verdict.ts";
import type { Operation } from "../model/operation.ts";
import type { Observation } from "../model/observation.ts";
import type { BoardOptions, FaultBoard } from "./fault_board.ts";
import type { Random } from "./random.ts";

/** Changes, delays or drops bytes on the line: returns the bytes that replace the given bytes. */
export type Between = NonNullable<BoardOptions["between"]>;

/** A fault. */
export interface Fault {
  /** The right verdicts if only this fault is wrong; without `agree` if the plan cannot agree under this fault */
  right: readonly Verdict[];
  /** What the line does to bytes after the agent has started */
  line?: (random: Random) => Between;
  /** What happens to the board in the middle of the plan */
  strikes?: (board: FaultBoard, random: Random) => Promise<void>;
  /** Undoes the fault, so that the next plan on this board agrees */
  mend?: (board: FaultBoard) => Promise<void>;
  /** True if the board answers again by itself, some time after the fault */
  returns?: true;
  /** An operation in the middle of the plan */
  middle?: (board: FaultBoard) => { op: Operation; shows: Partial<Observation> };
  /** Options of the board */
  board?: BoardOptions;
  /** True if the plan ends with the step in the middle, which hangs as predicted */
  ends?: true;
  /** True if the plan continues while the fault strikes */
  meanwhile?: true;
}

/** Changes single bytes; each byte is changed with this probability. */
const bytes =
  (change: (byte: number, random: Random) => number[], rate = 1e-4) => (random: Random): Between => (piece) => {
    const out: number[] = [];
    for (const byte of piece) {
      if (random.next() < rate) out.push(...change(byte, random));
      else out.push(byte);
    }
    return Promise.resolve(new Uint8Array(out));
  };

/** Delays the line once for `ms`, after some hundred bytes. */
const stalls = (ms: number) => (random: Random): Between => {
  let left = random.whole(1, 6000);
  return async (piece) => {
    if (left > 0 && (left -= piece.length) <= 0) await new Promise((resolve) => setTimeout(resolve, ms));
    return piece;
  };
};

const recovers: readonly Verdict[] = ["agree", "infra", "indeterminate"];
const OOPS = `BUG: kernel NULL pointer dereference, address: 0000000000000008
Oops: 0000 [#1] SMP
RIP: 0010:nsim_dev_reload_down+0x1c/0x50 [netdevsim]
Call Trace:
 <TASK>
 devlink_reload+0xd1/0x1f0
 devlink_nl_reload_doit+0x3a1/0x4d0
 </TASK>
---[ end trace 0000000000000000 ]---`;
const LOCKDEP = `======================================================
WARNING: possible circular locking dependency detected
6.12.0 #1 Not tainted
------------------------------------------------------
devlink/123 is trying to acquire lock:`;
const PANIC = `${OOPS}
Kernel panic - not syncing: Fatal exception`;

/** All faults, by their names. */
export const FAULTS: Record<string, Fault> = {
  "none": { right: ["agree"] },
  "bytes dropped": { right: recovers, line: bytes(() => []) },
  "bytes doubled": { right: recovers, line: bytes((byte) => [byte, byte]) },
  "bits flipped": { right: recovers, line: bytes((byte, random) => [byte ^ (1 << random.whole(0, 7))]) },
  "line breaks": { right: recovers, line: bytes((byte) => [0, byte]) },
  "stall of 5 s": { right: recovers, line: stalls(5000) },
  "kernel lines": {
    right: recovers,
    meanwhile: true,
    strikes: async (board, random) => {
      for (let i = 0; i < 40; i++) {
        await board.printk(`netdevsim netdevsim10 eth${i}: Link is Up - 10Gbps/Full`, "console");
        await new Promise((resolve) => setTimeout(resolve, random.whole(0, 20)));
      }
    },
  },
  "unplugged": { right: ["infra"], strikes: (board) => board.unplug(), mend: (board) => board.replug() },
  "board killed": { right: ["indeterminate"], strikes: (board) => board.die(), mend: (board) => board.boot() },
  "board hangs": {
    right: ["indeterminate"],
    strikes: (board) => Promise.resolve(board.hang()),
    mend: (board) => Promise.resolve(board.goOn()),
  },
  // The connection stays open, and no byte comes.
  "console server hangs": {
    right: ["indeterminate", "infra"],
    board: { served: true },
    strikes: (board) => Promise.resolve(board.server!.signal("SIGSTOP")),
    mend: (board) => Promise.resolve(board.server!.signal("SIGCONT")),
  },
  "board stands still for 2 s": {
    right: recovers,
    meanwhile: true,
    strikes: async (board) => {
      board.hang();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      board.goOn();
    },
  },
  "board rebooted": { right: ["crash"], strikes: (board) => board.reboot(), returns: true },
  "step hangs": {
    right: ["diverge"],
    middle: (board) => ({ op: { kind: "file.read", path: board.stuck }, shows: { sysfs: "" } }),
  },
  "step hangs, as predicted": {
    right: ["agree"],
    ends: true,
    middle: (board) => ({ op: { kind: "file.read", path: board.stuck }, shows: { result: "hang", time: "hang" } }),
  },
  "no space": { right: ["indeterminate"], strikes: (board) => board.fill() },
  "tool missing": {
    right: ["infra"],
    middle: () => ({ op: { kind: "route.add", prefix: "192.0.2.0/24", dev: "eth0" }, shows: {} }),
  },
  "oops": { right: ["crash"], strikes: (board) => board.printk(OOPS, "both"), mend: (board) => board.reboot() },
  "oops, some time": {
    // If the fault is late, it strikes after the plan.
    right: ["crash", "agree"],
    meanwhile: true,
    strikes: async (board, random) => {
      await new Promise((resolve) => setTimeout(resolve, random.whole(0, 400)));
      await board.printk(OOPS, "both");
    },
  },
  "oops on the console, then silence": {
    right: ["crash"],
    strikes: async (board) => {
      await board.printk(OOPS, "console");
      await board.die();
    },
    mend: (board) => board.boot(),
  },
  "panic": {
    right: ["crash"],
    strikes: async (board) => {
      await board.die();
      await board.printk(PANIC, "console");
    },
    mend: (board) => board.boot(),
  },
  "lockdep": { right: ["crash"], strikes: (board) => board.printk(LOCKDEP, "both") },
};
