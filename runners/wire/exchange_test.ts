/** Tests the states of the wire without a line, a board or a clock. */

import { assert, assertEquals } from "@std/assert";
import { begin, type Beginning, type Exchange, leftMs, reduce, type Seen, waitMs } from "./exchange.ts";
import { type EventKind, isEnd, type State, STATES } from "./states.ts";

const NOTHING: Seen = {
  now: 0,
  begunAt: undefined,
  beatAt: -Infinity,
  life: Infinity,
  ready: false,
  noRoom: false,
  garbled: false,
  answer: false,
  incomplete: false,
  again: 0,
  whole: false,
  tooLong: false,
  parts: 0,
  damage: 0,
  overtaken: false,
  wanted: 1,
};

const LOSSY = { bytesPerMs: 11 };

/** An exchange with its own clock: data that is not given stays the same. */
class Bench {
  at: Exchange;
  seen: Seen = { ...NOTHING };

  constructor(kind: Parameters<typeof begin>[0], bound: number, what: Beginning = LOSSY) {
    this.at = begin(kind, bound, 0, what);
    this.on("begin");
  }

  /** Applies an event at a time; returns the actions and the new state. */
  on(kind: EventKind, seen: Partial<Seen> = {}, ms?: number): [string, ...string[]] {
    Object.assign(this.seen, seen);
    const actions: string[] = [];
    for (const event of [{ kind, ...(ms === undefined ? {} : { ms }) }, { kind: "seen" as const }]) {
      if (isEnd(this.at.state)) break;
      const moved = reduce(this.at, event, this.seen);
      this.at = moved?.next ?? this.at;
      actions.push(...moved?.actions ?? []);
    }
    return [this.at.state, ...actions];
  }

  get wait(): number {
    return waitMs(this.at, this.seen);
  }
}

/** Returns a request that was sent. */
function requested(bound: number, what?: Beginning): Bench {
  const bench = new Bench("request.sending", bound, what);
  assertEquals(bench.on("sent"), ["request.waiting"]);
  return bench;
}

Deno.test("each state that is no end has a way out, and each state can be reached", () => {
  const reached = new Set<string>(["start.sending", "request.sending", "record.expected"]);
  for (const [name, { timers, on }] of Object.entries(STATES)) {
    const group = name.split(".")[0]!;
    for (const { to, why } of on) {
      assert(why.length > 0, name);
      if (to) assertEquals(to.split(".")[0], group, `${name} -> ${to}`);
      if (to) reached.add(to);
    }
    if (isEnd(name as State)) continue;
    assert(on.some(({ to }) => to !== undefined), `${name} has no way out`);
    assert(timers.includes("bound"), `${name} may last for ever`);
    // In a state that waits, the bound ends the exchange.
    if (timers.includes("quiet")) assert(on.some((row) => row.on === "seen" && row.if?.includes("bound")), name);
  }
  assertEquals(Object.keys(STATES).filter((name) => !reached.has(name)), []);
});

Deno.test("an entry without a condition is the last one for its event, so that every entry can be reached", () => {
  for (const [name, { on }] of Object.entries(STATES)) {
    for (const [i, row] of on.entries()) {
      if (row.if || row.unless) continue;
      assertEquals(on.slice(i + 1).filter((other) => other.on === row.on), [], `${name}: after "${row.why}"`);
    }
  }
});

Deno.test("a request on a line that loses bytes is repeated after 0.5 s, 1 s, 2 s ... 10 s, until its bound", () => {
  const bench = requested(60_000);
  const times: number[] = [];
  for (;;) {
    const now = bench.seen.now + bench.wait;
    const [state, ...actions] = bench.on("time", { now });
    if (state === "request.silent") break;
    assertEquals([state, actions], ["request.sending", ["send"]]);
    times.push(now);
    bench.on("sent");
  }
  assertEquals(times, [500, 1500, 3500, 7500, 15_500, 25_500, 35_500, 45_500, 55_500]);
  assertEquals(bench.seen.now, 60_000);
});

Deno.test("a request on a line that loses nothing is sent once", () => {
  const bench = requested(60_000, {});
  assertEquals(bench.wait, 60_000);
  assertEquals(bench.on("time", { now: 60_000 }), ["request.silent"]);
});

Deno.test("after a report of a damaged request the request is sent again at once, and the bound stays", () => {
  const bench = requested(5000);
  assertEquals(bench.on("news", { now: 20, again: 1 }), ["request.sending", "send"]);
  bench.on("sent");
  assertEquals(bench.wait, 500);
});

Deno.test("an answer that has begun may end after the bound; an answer that stops in the middle is damaged", () => {
  const bench = requested(400);
  bench.on("noise", { now: 390, begunAt: 390 });
  assertEquals(bench.on("time", { now: 500 }), ["request.waiting"]);
  assertEquals([leftMs(bench.at, bench.seen), bench.wait], [390, 390]);
  bench.on("noise", { now: 880, begunAt: 880 });
  const cut = requested(5000);
  assertEquals(cut.on("time", { now: 500, begunAt: 0 }), ["request.waiting", "abandon"]);
  assertEquals(cut.on("seen", { begunAt: undefined, incomplete: true }), ["request.healing", "heal"]);
  assertEquals(cut.on("healed", { incomplete: false, answer: true }), ["request.answered"]);
});

Deno.test("a step that begins extends the bound of a request, and replaces the bound of a record", () => {
  const request = requested(5000);
  request.on("extended", { now: 10 }, 1000);
  assertEquals(request.at.timers.bound, 5000);
  request.on("extended", {}, 90_000);
  assertEquals(request.at.timers.bound, 90_010);
  const record = new Bench("record.expected", 20_000);
  record.on("extended", { now: 10 }, 1000);
  assertEquals(record.at.timers.bound, 1010);
});

Deno.test("a record is requested again if a later one came, if it is damaged, or after a silence of 4 s", () => {
  assertEquals(new Bench("record.expected", 20_000).on("news", { overtaken: true }), ["record.asking", "ask"]);
  assertEquals(new Bench("record.expected", 20_000).on("news", { damage: 1 }), ["record.asking", "ask"]);
  const bench = new Bench("record.expected", 60_000);
  assertEquals(bench.on("time", { now: 3999 }), ["record.expected"]);
  assertEquals(bench.on("time", { now: 4000 }), ["record.asking", "abandon", "ask"]);
  assertEquals(bench.on("sent"), ["record.asked"]);
  // The board may be in a plan: each wait is twice as long as the one before, with the time of the bytes on the line added.
  assertEquals(Math.round(bench.wait), 8000 + Math.round(1024 / 11));
});

Deno.test("while the board reports that it is alive in a plan, records are not requested again", () => {
  const bench = new Bench("record.expected", 60_000, { ...LOSSY, beats: true });
  assertEquals(bench.on("time", { now: 4000, beatAt: 3500, life: 7500 }), ["record.expected"]);
  assertEquals(bench.wait, 3500);
  assertEquals(bench.on("time", { now: 12_000, life: 0 }), ["record.asking", "abandon", "ask"]);
  const dead = new Bench("record.expected", 60_000, { ...LOSSY, beats: true });
  assertEquals(dead.on("noise", { life: 0 }), ["record.absent"]);
});

Deno.test("on a line that loses nothing, records are never requested again, and a too long record ends the exchange at once", () => {
  const bench = new Bench("record.expected", 20_000, {});
  assertEquals(bench.on("time", { now: 4000 }), ["record.expected"]);
  assertEquals(bench.wait, 16_000);
  assertEquals(bench.on("news", { tooLong: true, damage: 1 }), ["record.too-long"]);
});

Deno.test("parts: the next parts are requested when the question is answered, or a second later", () => {
  const bench = new Bench("record.expected", 20_000);
  assertEquals(bench.on("news", { damage: 1 }), ["record.asking", "ask"]);
  assertEquals(bench.on("sent", { wanted: 1 }), ["record.asked"]);
  assertEquals(bench.on("news", { parts: 1, wanted: 3 }), ["record.asking", "ask"]);
  assertEquals(bench.on("sent"), ["record.parts"]);
  assertEquals([bench.at.known, bench.at.answered, bench.at.asks], [1, 5, 1]);
  // Two of three parts arrive, and nothing more.
  assertEquals(bench.on("news", { now: 100, parts: 3, wanted: 1 }), ["record.parts"]);
  const quiet = bench.seen.now + bench.wait;
  assertEquals(quiet, 1000 + 3 * 1024 / 11);
  assertEquals(bench.on("time", { now: quiet }), ["record.asking", "abandon", "ask"]);
  assertEquals(bench.on("sent"), ["record.parts"]);
  assertEquals(bench.on("news", { whole: true }), ["record.whole"]);
});

Deno.test("an exchange ends after 40 questions without anything new", () => {
  const bench = new Bench("record.expected", Infinity);
  let asked = 0;
  for (let state = "record.expected"; !state.startsWith("record.absent") && asked < 100;) {
    const [next, ...actions] = bench.on("time", { now: bench.seen.now + bench.wait });
    if (actions.includes("ask")) asked++;
    [state] = next === "record.asking" ? bench.on("sent") : [next];
  }
  assertEquals(asked, 40);
  const damaged = new Bench("record.expected", 10, {});
  assertEquals(damaged.on("time", { now: 10, damage: 1 }), ["record.damaged"]);
});

Deno.test("the board's half is sent up to three times, and its end after each damaged attempt", () => {
  const bench = new Bench("start.sending", 30_000);
  const told: string[][] = [];
  for (let i = 0; i < 3; i++) {
    bench.on("sent", { garbled: false });
    told.push(bench.on("noise", { garbled: true }));
  }
  assertEquals(told, [
    ["start.sending", "end text", "send"],
    ["start.sending", "end text", "send"],
    ["start.garbled", "end text"],
  ]);
  for (
    const [seen, end] of [[{ ready: true }, "ready"], [{ noRoom: true }, "full"], [{ now: 30_000 }, "silent"]] as const
  ) {
    const started = new Bench("start.sending", 30_000);
    started.on("sent");
    assertEquals(started.on("noise", seen), [`start.${end}`]);
  }
});
