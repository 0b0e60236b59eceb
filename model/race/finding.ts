/**
 * The findings of a run: threads that never end, with the reason, and findings in the kernel log.
 *
 * @module
 */

import type { KernelLine } from "../observation.ts";
import type { SchedulingPoint, Task } from "../kernel/task.ts";

/**
 * `deadlock`: threads wait for each other, or a thread for itself; `hang`: a thread waits for a thread that never continues;
 * `lost wake-up`: no thread is left that can make the awaited event happen; `live-lock`: other threads loop, and the thread never
 * runs; `lock order`: locks were taken in orders that together are a cycle; `dead object`: an access to a freed object;
 * `assertion`: a state that the kernel or the lock regime forbids
 */
export type FindingKind =
  | "deadlock"
  | "hang"
  | "lost wake-up"
  | "live-lock"
  | "lock order"
  | "dead object"
  | "assertion";

/** A finding of a run. */
export interface Finding {
  kind: FindingKind;
  text: string;
  /** For a deadlock: each task, and the lock that it waits for, which the next task holds; the first task is next after the last */
  cycle: readonly { task: string; waitsFor: string }[];
}

/** A thread that has not ended, and the place where it stopped. */
export interface Waiting {
  readonly thread: { readonly name: string; readonly task: Task | undefined; readonly rounds?: number };
  readonly point: SchedulingPoint | undefined;
}

/** Describes why threads do not end. */
export function stuck(waiting: readonly Waiting[], livelock: boolean): Finding[] {
  const finite = waiting.filter(({ thread }) => thread.rounds === undefined);
  if (livelock) {
    return finite.map(({ thread, point }) => ({
      kind: "live-lock",
      text: `${thread.name} waits for ${point?.what ?? "its turn"}, and never finds it so`,
      cycle: [],
    }));
  }
  const findings: Finding[] = [];
  const told = new Set<Waiting>();
  const holdersOf = (one: Waiting): readonly Waiting[] => {
    const holders = one.point?.on?.holders() ?? [];
    return waiting.filter(({ thread }) => thread.task !== undefined && holders.includes(thread.task));
  };
  for (const one of finite) {
    const cycle = cycleFrom(one, holdersOf);
    if (!cycle || cycle.some((each) => told.has(each))) continue;
    for (const each of cycle) told.add(each);
    const first = cycle.reduce((a, b) => waiting.indexOf(a) <= waiting.indexOf(b) ? a : b);
    const at = cycle.indexOf(first);
    const turned = [...cycle.slice(at), ...cycle.slice(0, at)];
    findings.push({
      kind: "deadlock",
      text: turned.map(({ thread, point }, i) =>
        `${thread.name} waits for ${point!.what}, held by ${turned[(i + 1) % turned.length]!.thread.name}`
      ).join("; "),
      cycle: turned.map(({ thread, point }) => ({ task: thread.name, waitsFor: point!.what })),
    });
  }
  for (const one of finite) {
    if (told.has(one)) continue;
    const holders = one.point?.on?.holders() ?? [];
    findings.push(
      holders.length > 0
        ? {
          kind: "hang",
          text: `${one.thread.name} waits for ${one.point!.what}, held by ${holders[0]!.name}, which never goes on`,
          cycle: [],
        }
        : { kind: "lost wake-up", text: `${one.thread.name} waits for ${one.point?.what ?? "nothing"}`, cycle: [] },
    );
  }
  return findings;
}

/** Returns the cycle of waiting threads that a thread is in, if there is one. */
function cycleFrom(start: Waiting, holdersOf: (one: Waiting) => readonly Waiting[]): Waiting[] | undefined {
  const way: Waiting[] = [];
  const seen = new Set<Waiting>();
  const walk = (one: Waiting): boolean => {
    way.push(one);
    for (const next of holdersOf(one)) {
      if (next === start) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      if (walk(next)) return true;
    }
    way.pop();
    return false;
  };
  return walk(start) ? way : undefined;
}

const KINDS: Partial<Record<KernelLine["class"], FindingKind>> = {
  lockdep: "lock order",
  kasan: "dead object",
  stale: "dead object",
  oops: "dead object",
  warning: "assertion",
  panic: "assertion",
  hung: "hang",
};

/** Returns the finding that a line of the kernel log reports; undefined if it reports none. */
export function findingOf(line: KernelLine): Finding | undefined {
  const kind = KINDS[line.class];
  return kind && { kind, text: line.text, cycle: [] };
}
