/**
 * The search over interleavings: runs what a few threads do in every order that can make a difference, and says whether that
 * was all of them.
 *
 * A run cannot be taken back, so every schedule is run anew from its start. Which of them differ is found on the way: two
 * steps that touch nothing in common give the same in both orders (dynamic partial-order reduction with source sets, and sleep
 * sets: Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction").
 *
 * @module
 */

import { type Accesses, dependent, EVERYTHING, forgetCells, startRecording, stopRecording } from "./access.ts";
import { type Finding, stuck } from "./finding.ts";
import { readSchedule, writeSchedule } from "./schedule.ts";
import type { SchedulingPoint, Task } from "../task.ts";

/** One thread of what is explored. */
export interface Thread {
  readonly name: string;
  /** What it holds; undefined while it does nothing */
  readonly task: Task | undefined;
  /** Goes on to the next place where another one may run; undefined where it has ended. */
  step(): SchedulingPoint | undefined;
  /** Of one that never ends: how often it has begun anew */
  readonly rounds?: number;
}

/** A run that is under way. */
export interface Run {
  /** In the order in which they came; those that are started meanwhile are put behind */
  readonly threads: readonly Thread[];
  /** What came of it, when all have ended or none can go on. */
  end(): Ending;
}

/** What came of a run. */
export interface Ending {
  /** All that tells it from another run, as a text */
  outcome: string;
  /** What went wrong in it, apart from threads that never end */
  findings: Finding[];
}

/** What is explored: begins a run, the same each time. */
export type Scenario = () => Run;

/** Options of {@linkcode explore}. */
export interface ExploreOptions {
  /**
   * Whether orders are left out that make no difference
   *
   * @default {"dpor"}
   */
  reduction?: "dpor" | "none";
  /** How often a thread that could go on is stopped for another one, at most; no reduction then. @default {Infinity} */
  preemptions?: number;
  /** Ends the search early. @default {Infinity} */
  schedules?: number;
  /** The most steps of one run; one that takes more does not end. @default {5000} */
  steps?: number;
  /** Asked behind each schedule: whether that was enough */
  enough?: (explored: Explored) => boolean;
}

/** What was found. */
export interface Explored {
  /** How many schedules were run to their end */
  schedules: number;
  /** How many were given up, since another one shows the same */
  redundant: number;
  /** Steps of all runs */
  steps: number;
  /** Whether these were all that can differ, within the bound of preemptions if there was one */
  exhausted: boolean;
  /** The outcomes, each with how many schedules showed it and the first of those */
  outcomes: Map<string, { count: number; schedule: string }>;
  /** What went wrong, each once, with the first schedule that showed it */
  findings: (Finding & { schedule: string; count: number })[];
}

/** Nothing as yet. */
export function unexplored(): Explored {
  return { schedules: 0, redundant: 0, steps: 0, exhausted: false, outcomes: new Map(), findings: [] };
}

/** One step of a run. */
interface Event extends Accesses {
  thread: number;
  /** How manieth of its thread it is, from 1 */
  ordinal: number;
  /** By thread, how many of its steps come before this one or are it, whatever the schedule */
  clock: number[];
  /** The lock that it took first */
  acquired: string | undefined;
  /** The cell of the event that it waited for first */
  waited: number;
  /** The names of what it held as it began */
  held: readonly string[];
}

/** A step that was tried at a place and leads nowhere new from there until something that touches the same was done. */
interface Asleep extends Accesses {
  thread: number;
}

/** A place of the search: a state, and what was tried from there. */
interface Place {
  /** Threads as bits */
  enabled: number;
  backtrack: number;
  done: number;
  sleep: Asleep[];
  chosen: number;
  event: Event | undefined;
  /** Who ran before, if it could go on */
  before: number;
  /** Preemptions so far */
  preemptions: number;
}

const lowest = (threads: number): number => 31 - Math.clz32(threads & -threads);
const bit = (thread: number): number => 1 << thread;
/** Threads are bits of a number. */
const MOST_THREADS = 31;
/** So many rounds of all that never end, without anybody else able to move, are a live-lock. */
const LIVELOCK_ROUNDS = 2;

/** A run, with what the search has to know of each thread. */
export class Execution {
  readonly run: Run;
  /** Where each of them stopped */
  readonly points: (SchedulingPoint | undefined)[] = [];
  /** Threads that have ended, as bits */
  ended = 0;
  readonly endless: boolean;
  /** How many threads there were at its start */
  readonly initial: number;
  steps = 0;
  #idle = 0;
  /** By thread: its rounds when somebody that ends could move last */
  #rounds: number[] = [];
  /** The same when one of them did */
  #moved: number[] = [];

  constructor(scenario: Scenario) {
    this.run = scenario();
    this.initial = this.run.threads.length;
    this.endless = this.run.threads.some((thread) => thread.rounds !== undefined);
  }

  /** Those that can go on, as bits. */
  enabled(): number {
    const { threads } = this.run;
    let result = 0;
    for (let i = 0; i < threads.length; i++) if (this.#canGo(i)) result |= bit(i);
    return this.endless ? this.#fair(result) : result;
  }

  #canGo(i: number): boolean {
    if (this.ended & bit(i)) return false;
    const point = this.points[i];
    if (point === undefined || point.kind === "pause") return true;
    if (point.on !== undefined) return point.on.ready(this.run.threads[i]!.task!);
    return (this.#idle & bit(i)) === 0;
  }

  /** Those that never end wait for the others after a while, if these can go on. */
  #fair(enabled: number): number {
    const { threads } = this.run;
    let finite = 0;
    for (let i = 0; i < threads.length; i++) if (threads[i]!.rounds === undefined) finite |= bit(i);
    if ((finite & ~this.ended) === 0) return 0;
    if ((enabled & finite) === 0) return this.#even(enabled);
    threads.forEach((thread, i) => {
      if (thread.rounds !== undefined && thread.rounds - (this.#moved[i] ?? 0) >= LIVELOCK_ROUNDS) enabled &= ~bit(i);
    });
    return enabled;
  }

  /** Of those that never end nobody gets far ahead of the others. */
  #even(enabled: number): number {
    const { threads } = this.run;
    const ahead = (i: number) => threads[i]!.rounds! - (this.#rounds[i] ?? 0);
    let least = Infinity;
    for (let i = 0; i < threads.length; i++) if (enabled & bit(i)) least = Math.min(least, ahead(i));
    for (let i = 0; i < threads.length; i++) {
      if (enabled & bit(i) && ahead(i) >= least + LIVELOCK_ROUNDS) enabled &= ~bit(i);
    }
    return enabled;
  }

  /** Whether all that never end went round and round while nobody else could move. */
  livelock(): boolean {
    const { threads } = this.run;
    let starving = false;
    for (let i = 0; i < threads.length; i++) {
      if (threads[i]!.rounds !== undefined || this.ended & bit(i)) continue;
      starving = !this.#canGo(i);
      if (!starving) break;
    }
    if (!starving) {
      threads.forEach((thread, i) => this.#rounds[i] = Math.max(this.#rounds[i] ?? 0, thread.rounds ?? 0));
      return false;
    }
    return threads.every(({ rounds }, i) => rounds === undefined || rounds - (this.#rounds[i] ?? 0) > LIVELOCK_ROUNDS);
  }

  /** Lets a thread go on; says what it touched. */
  step(i: number): Accesses {
    const thread = this.run.threads[i]!;
    const blind = this.points[i]?.kind === "blocked" && this.points[i]!.on === undefined;
    let held = 0;
    let shared = 0;
    const holds = thread.task?.held;
    if (holds !== undefined) {
      for (const lock of holds) {
        if (lock.shared) shared |= lock.cell;
        else held |= lock.cell;
      }
    }
    startRecording();
    const point = thread.step();
    const accesses = stopRecording();
    accesses.reads |= shared;
    accesses.writes |= blind ? EVERYTHING : held;
    this.points[i] = point;
    if (point === undefined) this.ended |= bit(i);
    if (point?.kind === "blocked" && point.on === undefined && blind) this.#idle |= bit(i);
    else this.#idle = point?.kind === "blocked" && point.on === undefined ? bit(i) : 0;
    this.steps++;
    if (this.endless && thread.rounds === undefined) this.#moved = this.run.threads.map((each) => each.rounds ?? 0);
    return accesses;
  }

  /** What came of it. */
  finish(livelock: boolean): Ending {
    const { outcome, findings } = this.run.end();
    const { threads } = this.run;
    const waiting = threads.map((thread, i) => ({ thread, point: this.points[i], ended: (this.ended & bit(i)) !== 0 }));
    return { outcome, findings: [...findings, ...stuck(waiting.filter(({ ended }) => !ended), livelock)] };
  }
}

/**
 * Explores what a scenario can come to.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explore } from "./explore.ts";
 * import { threadsOf } from "./scenario.ts";
 *
 * // Two threads that add to a number without a lock: an update may be lost
 * const { outcomes, exhausted } = explore(() => {
 *   let value = 0;
 *   return threadsOf(["a", "b"], function* (pause) {
 *     const seen = value;
 *     yield* pause("between");
 *     value = seen + 1;
 *   }, () => String(value));
 * }, { reduction: "none" });
 * assertEquals([[...outcomes.keys()].sort(), exhausted], [["1", "2"], true]);
 * ```
 */
export function explore(scenario: Scenario, options: ExploreOptions = {}): Explored {
  forgetCells();
  return new Search(scenario, options).run();
}

class Search {
  readonly #scenario: Scenario;
  readonly #reduces: boolean;
  readonly #preemptions: number;
  readonly #schedules: number;
  readonly #steps: number;
  readonly #enough: ExploreOptions["enough"];
  readonly #places: Place[] = [];
  readonly #explored = unexplored();

  constructor(scenario: Scenario, options: ExploreOptions) {
    this.#scenario = scenario;
    this.#preemptions = options.preemptions ?? Infinity;
    this.#reduces = (options.reduction ?? "dpor") === "dpor" && this.#preemptions === Infinity;
    this.#schedules = options.schedules ?? Infinity;
    this.#steps = options.steps ?? 5000;
    this.#enough = options.enough;
  }

  run(): Explored {
    const explored = this.#explored;
    let whole = true;
    do {
      if (!this.#one()) whole = false;
      if (explored.schedules + explored.redundant >= this.#schedules || this.#enough?.(explored)) {
        explored.exhausted = whole && !this.#next();
        return explored;
      }
    } while (this.#next());
    explored.exhausted = whole;
    return explored;
  }

  /** Runs one schedule: the choices that were made so far, and from there on the first ones. False where it was cut short. */
  #one(): boolean {
    const execution = new Execution(this.#scenario);
    if (execution.endless && this.#reduces) throw new TypeError("Cannot leave out schedules of threads that never end");
    const places = this.#places;
    const clocks: number[][] = [];
    const replayed = places.length;
    let before = -1;
    for (let depth = 0;; depth++) {
      let place: Place;
      const livelock = execution.endless && execution.livelock();
      if (depth < replayed) place = places[depth]!;
      else {
        const enabled = execution.enabled();
        if (enabled === 0 || livelock) return this.#ended(execution, livelock);
        if (depth >= this.#steps) return this.#cut(execution);
        const fresh = this.#place(enabled, before, places[depth - 1]);
        if (!fresh) {
          this.#explored.redundant++;
          this.#explored.steps += execution.steps;
          return true;
        }
        places.push(place = fresh);
      }
      const { chosen } = place;
      // The last place that was kept goes another way now: its step is a new one
      if (depth < replayed && place.event) {
        execution.step(chosen);
        clocks[chosen] = place.event.clock;
      } else this.#step(execution, place, depth, clocks);
      if (execution.run.threads.length > MOST_THREADS) throw new RangeError("Cannot explore more than 31 threads");
      if (this.#reduces) this.#inherit(execution, clocks, place.event!.clock);
      before = chosen;
    }
  }

  /** A thread that was started begins behind the step that started it. */
  #inherit(execution: Execution, clocks: number[][], clock: number[]): void {
    for (let i = execution.run.threads.length - 1; i >= 0 && clocks[i] === undefined; i--) {
      if (execution.points[i] === undefined && !(execution.ended & bit(i))) clocks[i] = started(execution, i, clock);
    }
  }

  #place(enabled: number, before: number, last: Place | undefined): Place | undefined {
    let sleep: Asleep[] = [];
    let preemptions = 0;
    if (last) {
      preemptions = last.preemptions + preempts(last, last.chosen);
      if (this.#reduces && last.sleep.length > 0) {
        sleep = last.sleep.filter((one) => one.thread !== last.chosen && !dependent(one, last.event!));
      }
    }
    let choice = enabled;
    for (const one of sleep) choice &= ~bit(one.thread);
    if (choice === 0) return undefined;
    const chosen = before >= 0 && choice & bit(before) ? before : lowest(choice);
    const canGo = before >= 0 && (enabled & bit(before)) !== 0 ? before : -1;
    const place: Place = {
      enabled,
      backtrack: this.#reduces ? bit(chosen) : enabled,
      done: 0,
      sleep,
      chosen,
      event: undefined,
      before: canGo,
      preemptions,
    };
    if (canGo >= 0 && preemptions >= this.#preemptions) place.backtrack = bit(canGo);
    return place;
  }

  #step(execution: Execution, place: Place, depth: number, clocks: number[][]): void {
    const { chosen } = place;
    const point = execution.points[chosen];
    const holds = execution.run.threads[chosen]!.task?.held;
    const held = this.#reduces && holds && holds.length > 0 ? holds.map((lock) => lock.name) : NOTHING;
    const accesses = execution.step(chosen);
    if (!this.#reduces) {
      place.event = NO_EVENT;
      return;
    }
    const on = point?.on;
    const event: Event = {
      thread: chosen,
      ordinal: 0,
      reads: accesses.reads,
      writes: accesses.writes,
      acquired: on?.lock ? on.name : undefined,
      waited: on && !on.lock ? on.cell : 0,
      held,
      clock: [],
    };
    place.event = event;
    this.#order(event, depth, clocks[chosen]);
    clocks[chosen] = event.clock;
  }

  /** Says behind which steps this one comes whatever the schedule, and has those that could come behind it tried there. */
  #order(event: Event, depth: number, own: number[] | undefined): void {
    const places = this.#places;
    const clock = own ? own.slice() : [];
    const { thread } = event;
    event.ordinal = (clock[thread] ?? 0) + 1;
    const before = clock.slice();
    const races: number[] = [];
    let holder = -1;
    let taken = depth;
    if (event.acquired !== undefined) {
      for (let i = depth - 1; i >= 0; i--) {
        const other = places[i]!.event!;
        if (other.acquired !== event.acquired) continue;
        if (other.thread !== thread) {
          holder = other.thread;
          taken = i;
          if (!follows(before, other)) races.push(i);
        }
        break;
      }
    }
    for (let i = depth - 1; i >= 0; i--) {
      const other = places[i]!.event!;
      if (other.thread === thread) continue;
      if (event.waited & other.writes && !follows(before, other)) races.push(i);
      if (follows(clock, other) || !dependent(other, event)) continue;
      // Whoever held the lock had to give it back before: the other order is that of the two who took it
      const held = other.thread === holder && i > taken && other.held.includes(event.acquired!);
      if (!held && !races.includes(i)) races.push(i);
      join(clock, other.clock);
    }
    clock[thread] = event.ordinal;
    event.clock = clock;
    for (const i of races) this.#reverse(i, event, depth);
  }

  /** Has it tried to let a step, and what it needs, come before the step at a place. */
  #reverse(at: number, event: Event, depth: number): void {
    const places = this.#places;
    const place = places[at]!;
    const first = place.event!;
    const between: Event[] = [];
    for (let i = at + 1; i < depth; i++) {
      const other = places[i]!.event!;
      if (!follows(other.clock, first)) between.push(other);
    }
    between.push(event);
    let seen = 0;
    let initials = 0;
    between.forEach((one, k) => {
      if (seen & bit(one.thread)) return;
      seen |= bit(one.thread);
      for (let j = 0; j < k; j++) if (follows(one.clock, between[j]!)) return;
      initials |= bit(one.thread);
    });
    if (initials & place.backtrack) return;
    const possible = initials & place.enabled;
    if (possible & bit(event.thread)) place.backtrack |= bit(event.thread);
    else if (possible) place.backtrack |= possible & -possible;
    else place.backtrack |= place.enabled;
  }

  #ended(execution: Execution, livelock: boolean): boolean {
    if (this.#reduces) this.#pending(execution);
    tally(this.#explored, execution, this.#choices(), { livelock, cut: false });
    return true;
  }

  /** What those who never went on waited for could have come the other way round, too. */
  #pending(execution: Execution): void {
    const { threads } = execution.run;
    const depth = this.#places.length;
    for (let i = 0; i < threads.length; i++) {
      const on = execution.points[i]?.on;
      if (execution.ended & bit(i) || !on) continue;
      const last = this.#places.findLast((place) => place.chosen === i)?.event;
      this.#order(
        {
          thread: i,
          ordinal: 0,
          reads: 0,
          writes: on.cell,
          acquired: on.lock ? on.name : undefined,
          waited: on.lock ? 0 : on.cell,
          held: NOTHING,
          clock: [],
        },
        depth,
        last?.clock,
      );
    }
  }

  #cut(execution: Execution): boolean {
    tally(this.#explored, execution, this.#choices(), { livelock: false, cut: true });
    return false;
  }

  #choices(): number[] {
    return this.#places.map((place) => place.chosen);
  }

  /** Goes back to the last place from where another way is to be tried; false where there is none. */
  #next(): boolean {
    const places = this.#places;
    for (let place = places.at(-1); place; place = places.at(-1)) {
      place.done |= bit(place.chosen);
      if (this.#reduces) {
        const { reads, writes } = place.event!;
        place.sleep.push({ thread: place.chosen, reads, writes });
      }
      let left = place.backtrack & ~place.done;
      for (const one of place.sleep) left &= ~bit(one.thread);
      if (left !== 0) {
        place.chosen = lowest(left);
        place.event = undefined;
        return true;
      }
      places.pop();
    }
    return false;
  }
}

/** How often a schedule stops a thread that could go on for another one. */
export function preemptionsOf(scenario: Scenario, schedule: string): number {
  const execution = new Execution(scenario);
  let before = -1;
  let preemptions = 0;
  for (const chosen of readSchedule(schedule)) {
    if (before >= 0 && before !== chosen && execution.enabled() & bit(before)) preemptions++;
    execution.step(chosen);
    before = chosen;
  }
  return preemptions;
}

/** Adds what came of a run to what was found so far. */
export function tally(
  explored: Explored,
  execution: Execution,
  choices: readonly number[],
  { livelock, cut }: { livelock: boolean; cut: boolean },
): void {
  explored.schedules++;
  explored.steps += execution.steps;
  const found: Finding[] = [];
  if (cut) found.push({ kind: "live-lock", text: `no end after ${execution.steps} steps`, cycle: [] });
  else {
    const { outcome, findings } = execution.finish(livelock);
    found.push(...findings);
    const known = explored.outcomes.get(outcome);
    if (known) known.count++;
    else explored.outcomes.set(outcome, { count: 1, schedule: writeSchedule(choices) });
  }
  for (const finding of found) {
    const known = explored.findings.find(({ kind, text }) => kind === finding.kind && text === finding.text);
    if (known) known.count++;
    else explored.findings.push({ ...finding, schedule: writeSchedule(choices), count: 1 });
  }
}

const NOTHING: readonly string[] = [];
const NO_EVENT: Event = {
  thread: 0,
  ordinal: 0,
  reads: 0,
  writes: 0,
  clock: [],
  acquired: undefined,
  waited: 0,
  held: NOTHING,
};

function preempts(place: Place, chosen: number): number {
  return place.before >= 0 && place.before !== chosen ? 1 : 0;
}

/** Whether a step is among those that a clock has behind it. */
function follows(clock: readonly number[], event: Event): boolean {
  return (clock[event.thread] ?? 0) >= event.ordinal;
}

function join(clock: number[], other: readonly number[]): void {
  for (let i = 0; i < other.length; i++) {
    const count = other[i] ?? 0;
    if (count > (clock[i] ?? 0)) clock[i] = count;
  }
  for (let i = 0; i < clock.length; i++) clock[i] ??= 0;
}

function started(execution: Execution, thread: number, clock: readonly number[]): number[] {
  // Threads of the start have nothing before them
  return thread < execution.initial ? [] : clock.slice();
}
