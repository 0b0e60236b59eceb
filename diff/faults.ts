/**
 * The faults of a board: how each fault is detected, and the verdict of the step in which it is seen.
 *
 * @module
 */

import type { KernelLineClass } from "../model/observation.ts";
import type { LossReason } from "./trace.ts";
import type { Verdict } from "./verdict.ts";

/** One kind of fault. */
export interface FaultKind {
  /** The verdict of the step that it is seen in; none of them is a pass */
  verdict: Exclude<Verdict, "agree" | "waived" | "unsupported">;
  /** What it means, for a reader of the report */
  means: string;
  /** How twinlink detects it */
  known: string;
}

/** Faults of lost steps, by the loss reason in the trace. */
export const LOSSES: Readonly<Record<LossReason, FaultKind>> = {
  "timeout": {
    verdict: "indeterminate",
    means: "no reply within the step's bound",
    known: "the line is open, and neither the step's record nor a sign of life of the agent comes",
  },
  "untold": {
    verdict: "indeterminate",
    means: "the board was lost before it reported the step",
    known:
      "the agent has begun a later step, or fell silent in an earlier one, and the record of this one did not come",
  },
  "damaged": {
    verdict: "infra",
    means: "the reply came damaged",
    known: "length or checksum of the record are wrong each time that it is asked for",
  },
  "transport": {
    verdict: "infra",
    means: "the connection to the board broke",
    known: "the line hangs up, or ssh ends; a board that answers no keepalive of ssh for 10 s is lost too",
  },
  "power": {
    verdict: "infra",
    means: "the board has no power",
    known: "it was lost, and its power control reports off",
  },
  "reboot": {
    verdict: "crash",
    means: "the board rebooted while the step ran",
    known: "it was lost, and it answers with another boot id, or its console shows the beginning of a boot",
  },
  "crash": {
    verdict: "crash",
    means: "the board's kernel broke",
    known: "it was lost, and its console shows a panic, an oops or a report of KASAN",
  },
  "overrun": {
    verdict: "indeterminate",
    means: "the kernel dropped messages",
    known: "a monitor's netlink socket counts drops, a monitor ended, or a mark in the kernel log did not come back",
  },
  "full": {
    verdict: "indeterminate",
    means: "the board has no space left",
    known: "the agent could not write down what the step showed",
  },
  "too-long": {
    verdict: "indeterminate",
    means: "the board showed more than is taken over",
    known: "a file of the agent, or a record, is over its bound; the detail states which, and how many bytes it has",
  },
  "tool": {
    verdict: "infra",
    means: "a program on the board did not work",
    known: "it ends with status 126 or 127, or a signal ends it and the kernel log of the step has no finding",
  },
  "not-run": {
    verdict: "indeterminate",
    means: "the step was not run",
    known: "a step before it did not end, or broke the kernel",
  },
  "not-recorded": {
    verdict: "indeterminate",
    means: "the recording does not hold the step",
    known: "the recording lacks it, or holds another operation in its place",
  },
  "not-modelled": {
    verdict: "model-gap",
    means: "the model has no answer for this step",
    known: "what it asks for exists on a kernel, and the model does not have it",
  },
};

/** Faults of steps with a record, if the model did not predict them. `info` and `stale` (a removed PCS) are not faults. */
export const REPORTS: Readonly<Record<"hang" | Exclude<KernelLineClass, "info" | "stale">, FaultKind>> = {
  "hang": {
    verdict: "diverge",
    means: "the step did not end",
    known:
      "the agent is alive and has ended the step at its bound; the step of a board starved of CPU time is indeterminate",
  },
  "warning": { verdict: "crash", means: "the kernel warned", known: "WARN, refcount_t, ref_tracker in its log" },
  "lockdep": { verdict: "crash", means: "lockdep reported", known: "a report of lock order or state in its log" },
  "kasan": { verdict: "crash", means: "freed memory was used", known: "a report of KASAN, KMSAN or KFENCE in its log" },
  "hung": {
    verdict: "crash",
    means: "a task or a CPU is stuck",
    known: "the hung task detector, a lockup, an RCU stall",
  },
  "oops": { verdict: "crash", means: "a task of the kernel died", known: "BUG, Oops, a fault in its log" },
  "panic": { verdict: "crash", means: "the kernel stopped", known: "a panic in its log" },
};
