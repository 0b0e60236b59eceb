import { assert, assertEquals } from "@std/assert";
import { cellOf, reading, writing } from "../kernel/access.ts";
import type { Scenario } from "./execution.ts";
import { explore } from "./explore.ts";
import type { Explored } from "./explored.ts";
import { Lockdep } from "../kernel/lockdep.ts";
import { type Body, threadsOf } from "./scenario.ts";
import { readSchedule, writeSchedule } from "./schedule.ts";
import { acquire, Condition, Lock, RwLock } from "../kernel/task.ts";

/** One action of a thread in a generated scenario. */
type Act =
  | { kind: "under"; lock: number; acts: Act[] }
  | { kind: "take"; lock: number }
  | { kind: "read" | "write"; rw: number; acts: Act[] }
  | { kind: "set" | "get"; cell: number }
  | { kind: "try"; lock: number }
  | { kind: "get-reference" | "put-reference" | "wait" };

/** Returns a scenario of generated threads on three locks, a read-write lock, three numbers and a count that threads wait for. */
function scenarioOf(threads: readonly (readonly Act[])[]): Scenario {
  const lockdep = new Lockdep();
  return () => {
    const locks = [0, 1, 2].map((i) => new Lock(`lock ${i}`, "list", lockdep, { key: `lock ${i}` }));
    const rws = [new RwLock("rw", "pernet", lockdep)];
    const numbers = [0, 0, 0];
    const cells = numbers.map((_, i) => cellOf(`number ${i}`));
    const logs = threads.map((): string[] => []);
    let references = 1;
    const gone = new Condition("references", () => references <= 0);
    const bodyOf = (acts: readonly Act[], log: string[], me: number): Body =>
      function* (pause, task) {
        for (const act of acts) {
          switch (act.kind) {
            case "under":
              yield* acquire(task, locks[act.lock]!);
              yield* bodyOf(act.acts, log, me)(pause, task);
              locks[act.lock]!.release(task);
              break;
            case "take":
              if (task.held.includes(locks[act.lock]!)) locks[act.lock]!.release(task);
              else yield* acquire(task, locks[act.lock]!);
              break;
            case "read":
            case "write":
              yield* act.kind === "read" ? rws[act.rw]!.acquireRead(task) : rws[act.rw]!.acquireWrite(task);
              yield* bodyOf(act.acts, log, me)(pause, task);
              rws[act.rw]!.release(task);
              break;
            case "set":
              yield* pause("set");
              writing(cells[act.cell]!);
              numbers[act.cell] = numbers[act.cell]! * 3 + me + 1;
              break;
            case "get":
              yield* pause("get");
              reading(cells[act.cell]!);
              log.push(String(numbers[act.cell]));
              break;
            case "try": {
              yield* pause("try");
              const lock = locks[act.lock]!;
              const got = lock.tryTake(task);
              log.push(got ? "got" : "not");
              if (got) lock.release(task);
              break;
            }
            case "get-reference":
            case "put-reference":
              yield* pause("reference");
              references += act.kind === "get-reference" ? 1 : -1;
              gone.changed();
              break;
            case "wait":
              yield* gone.wait(task);
              log.push("gone");
          }
        }
      };
    return threadsOf(
      threads.map((_, i) => `t${i}`),
      threads.map((acts, i) => bodyOf(acts, logs[i]!, i)),
      () => `${numbers.join()} ${logs.map((log) => log.join(" ")).join("; ")}`,
    );
  };
}

/** Returns a small generator of scenarios, the same for the same seed. */
function generator(seed: number) {
  let state = seed >>> 0;
  const below = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 4294967296 * bound);
  };
  const acts = (most: number, depth: number): Act[] => Array.from({ length: 1 + below(most) }, () => act(depth));
  const act = (depth: number): Act => {
    switch (below(depth > 0 ? 9 : 6)) {
      case 0:
        return { kind: "get", cell: below(3) };
      case 1:
        return { kind: "set", cell: below(3) };
      case 2:
        return { kind: "try", lock: below(3) };
      case 3:
        return { kind: below(2) ? "get-reference" : "put-reference" };
      case 4:
        return below(3) ? { kind: "put-reference" } : { kind: "wait" };
      case 5:
        return { kind: "set", cell: below(3) };
      case 6:
      case 7:
        return { kind: "under", lock: below(3), acts: acts(2, depth - 1) };
      default:
        return { kind: below(2) ? "read" : "write", rw: 0, acts: acts(2, depth - 1) };
    }
  };
  return { below, acts };
}

const found = ({ outcomes, findings }: Explored) => ({
  outcomes: [...outcomes.keys()].sort(),
  findings: findings.filter(({ kind }) => kind !== "lock order").map(({ kind, text }) => `${kind}: ${text}`).sort(),
});

Deno.test("schedules that are left out make no difference: generated threads, compared with all schedules", () => {
  let all = 0;
  let left = 0;
  let stuck = 0;
  let compared = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const { below, acts } = generator(seed);
    const threads = Array.from({ length: 2 + below(2) }, () => acts(3, 2));
    const scenario = scenarioOf(threads);
    const plain = explore(scenario, { reduction: "none", schedules: 1000 });
    if (!plain.exhausted) continue;
    const reduced = explore(scenario);
    assert(reduced.exhausted);
    assertEquals(found(reduced), found(plain), `seed ${seed}: ${JSON.stringify(threads)}`);
    assert(reduced.schedules <= plain.schedules);
    compared++;
    all += plain.schedules;
    left += reduced.schedules;
    if (reduced.findings.some(({ kind }) => kind === "deadlock")) stuck++;
  }
  assert(compared > 200, `${compared} compared`);
  assert(stuck > 5, `${stuck} with a deadlock`);
  assert(left * 5 < all, `${left} of ${all} schedules`);
});

Deno.test("two threads without common state are one schedule", () => {
  const threads: Act[][] = [0, 1].map((cell) => Array.from({ length: 6 }, (): Act => ({ kind: "set", cell })));
  assertEquals(explore(scenarioOf(threads)).schedules, 1);
  assertEquals(explore(scenarioOf(threads), { reduction: "none" }).schedules, 3432);
});

Deno.test("two threads that take two locks in opposite orders: the cycle, and its schedule", () => {
  const both = (first: number, second: number): Act[] => [
    { kind: "under", lock: first, acts: [{ kind: "under", lock: second, acts: [] }] },
  ];
  const { findings, exhausted } = explore(scenarioOf([both(0, 1), both(1, 0)]));
  assert(exhausted);
  assertEquals(findings.map(({ kind }) => kind).toSorted(), ["deadlock", "lock order"]);
  const deadlock = findings.find(({ kind }) => kind === "deadlock")!;
  assertEquals(deadlock.text, "t0 waits for lock 1, held by t1; t1 waits for lock 0, held by t0");
  assertEquals(deadlock.cycle, [{ task: "t0", waitsFor: "lock 1" }, { task: "t1", waitsFor: "lock 0" }]);
});

Deno.test("a reader that comes after a waiting writer: a deadlock that does not exist without the writer", () => {
  const { findings } = explore(scenarioOf([
    [{ kind: "read", rw: 0, acts: [{ kind: "under", lock: 0, acts: [] }] }],
    [{ kind: "under", lock: 0, acts: [{ kind: "read", rw: 0, acts: [] }] }],
    [{ kind: "write", rw: 0, acts: [] }],
  ]));
  const texts = findings.filter(({ kind }) => kind === "deadlock").map(({ text }) => text);
  assertEquals(texts, ["t0 waits for lock 0, held by t1; t1 waits for rw, held by t2; t2 waits for rw, held by t0"]);
});

Deno.test("a wait for an event that no thread can make happen any more is a lost wake-up", () => {
  const { findings } = explore(scenarioOf([[{ kind: "wait" }], [{ kind: "set", cell: 0 }]]));
  assertEquals(findings.map(({ kind, text }) => `${kind}: ${text}`), ["lost wake-up: t0 waits for references"]);
});

Deno.test("schedules as text", () => {
  for (const choices of [[], [0], [0, 0, 0, 1, 0], [1, 1, 2, 30, 30]]) {
    assertEquals(readSchedule(writeSchedule(choices)), choices);
  }
  assertEquals(writeSchedule([0, 0, 0, 1, 0]), "a3ba");
});
