/**
 * The search over interleavings: runs the steps of a few threads in every order that can make a difference, and reports if all
 * such orders were run.
 *
 * A run cannot be undone, so each schedule is run from its start. The search finds during the runs which schedules differ: two
 * steps without common state have the same result in both orders (dynamic partial-order reduction with source sets, and sleep
 * sets: Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction").
 *
 * @module
 */

import { type Accesses, dependent, forgetCells } from "../kernel/access.ts";
import { bit, Execution, type Scenario } from "./execution.ts";
import { type Explored, tally, unexplored } from "./explored.ts";

/** Options of {@linkcode explore}. */
export interface ExploreOptions {
  /**
   * `dpor` leaves out the orders that make no difference
   *
   * @default {"dpor"}
   */
  reduction?: "dpor" | "none";
  /** The most preemptions of a schedule; with a bound, there is no reduction. @default {Infinity} */
  preemptions?: number;
  /** The most schedules; the search then ends early. @default {Infinity} */
  schedules?: number;
  /** The most steps of one run; a longer run is cut. @default {5000} */
  steps?: number;
  /** Called after each schedule; true ends the search */
  enough?: (explored: Explored) => boolean;
}

/** One step of a run. */
interface Event extends Accesses {
  thread: number;
  /** The number of the step within its thread, from 1 */
  ordinal: number;
  /** By thread: the number of its steps that come before this step, or are this step, in any schedule */
  clock: number[];
  /** The lock that the step took first */
  acquired: string | undefined;
  /** The cell of the event that the step waited for first */
  waited: number;
  /** The names of the locks that the thread held when the step began */
  held: readonly string[];
}

/** A step that was tried at a place. To run it again is useless until a step with an access to the same state has run. */
interface Asleep extends Accesses {
  thread: number;
}

/** A place of the search: a state, and the threads that were tried from it. */
interface Place {
  /** Threads as bits */
  enabled: number;
  backtrack: number;
  done: number;
  sleep: Asleep[];
  chosen: number;
  event: Event | undefined;
  /** The thread that ran before, if it could continue */
  before: number;
  /** Preemptions so far */
  preemptions: number;
}

/** The most threads: each is a bit of a number. */
const MOST_THREADS = 31;
/**
 * Explores the possible outcomes of a scenario.
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

  /** Runs one schedule: the choices made so far, then the first possible thread at each place. Returns false if the run was cut. */
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
      // The last place of the earlier run now chooses another thread: its step is new
      if (depth < replayed && place.event) {
        execution.step(chosen);
        clocks[chosen] = place.event.clock;
      } else this.#step(execution, place, depth, clocks);
      if (execution.run.threads.length > MOST_THREADS) throw new RangeError("Cannot explore more than 31 threads");
      if (this.#reduces) this.#inherit(execution, clocks, place.event!.clock);
      before = chosen;
    }
  }

  /** Gives each new thread the clock of the step that started it, since it begins after that step. */
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

  /**
   * Records the steps that come before this step in any schedule; for each earlier step that races with it, has the other order
   * tried.
   */
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
      // The holder had to release the lock before: the reverse order is the other order in which the two threads take the lock
      const held = other.thread === holder && i > taken && other.held.includes(event.acquired!);
      if (!held && !races.includes(i)) races.push(i);
      join(clock, other.clock);
    }
    clock[thread] = event.ordinal;
    event.clock = clock;
    for (const i of races) this.#reverse(i, event, depth);
  }

  /** Has the search try a schedule in which a step, and the steps that it needs, come before the step at a place. */
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

  /** Has the search also try other orders for the locks and events that blocked threads wait for at the end. */
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

  /** Goes back to the last place with an untried choice; returns false if there is no such place. */
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

const lowest = (threads: number): number => 31 - Math.clz32(threads & -threads);

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

/** True if a step is among the steps that a clock has passed. */
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
  // No step comes before the threads that exist at the start
  return thread < execution.initial ? [] : clock.slice();
}
