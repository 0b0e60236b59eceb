/**
 * What goes wrong in a run: threads that never end and why, and what the kernel log tells.
 *
 * @module
 */

import type { KernelLine } from "../observation.ts";
import type { SchedulingPoint, Task } from "../kernel/task.ts";

/**
 * `deadlock`: threads wait for each other, or one for itself; `hang`: one waits for another that never goes on; `lost wake-up`:
 * what it waits for, nobody is left to bring about; `live-lock`: others go round and round, and it never gets its turn;
 * `lock order`: locks were taken in orders that together are a cycle; `dead object`: somebody touched what is gone;
 * `assertion`: the kernel or the regime of its locks forbids that something is
 */
export type FindingKind =
  | "deadlock"
  | "hang"
  | "lost wake-up"
  | "live-lock"
  | "lock order"
  | "dead object"
  | "assertion";

/** Something that went wrong. */
export interface Finding {
  kind: FindingKind;
  text: string;
  /** Of a deadlock: who waits for what, held by the next one, and the last by the first */
  cycle: readonly { task: string; waitsFor: string }[];
}

/** A thread that has not ended, and where it stopped. */
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

/** Returns a cycle that somebody is in, who waits for whom. */
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

/** Returns what a line of the kernel log tells that went wrong, if anything. */
export function findingOf(line: KernelLine): Finding | undefined {
  const kind = KINDS[line.class];
  return kind && { kind, text: line.text, cycle: [] };
}
