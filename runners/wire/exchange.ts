/**
 * An exchange on the wire as a pure reducer: from its state, an event and the received data, to its next state and its actions.
 * The table in `states.ts` decides; this file defines the words of the table. It reads no clock and no line.
 *
 * @module
 */

import { SHARED } from "./constants.ts";
import {
  type Action,
  type Condition,
  DURATIONS,
  type EventKind,
  MAX_ASKS,
  MAX_STARTS,
  type Moment,
  type Note,
  type Row,
  type State,
  STATES,
} from "./states.ts";

/** An exchange that is running. Times are in ms, as from `Date.now()`. */
export interface Exchange {
  readonly state: State;
  /** When the bound of the board ends, and when the line has been quiet for too long */
  readonly timers: { readonly bound: number; readonly quiet?: number };
  /** The longest time that the board may take, in ms */
  readonly boundMs: number;
  /** How long a line may be silent before a record is requested again, in ms */
  readonly silenceMs: number;
  /** The speed of the line, if it may lose or alter bytes */
  readonly bytesPerMs: number | undefined;
  /** True if the board counts as lost without a sign of life */
  readonly beats: boolean;
  /** How often the request was sent, or the record was requested, without anything new */
  readonly asks: number;
  /** A factor for waits; it doubles with each silence */
  readonly patience: number;
  /** The number of parts at the last question, and the number of frames after its answer */
  readonly known: number;
  readonly answered: number;
  /** The board's count of damaged requests when this request was sent */
  readonly again: number;
  /** The time that was left of the bound at the last wait, in ms */
  readonly leftMs: number;
}

/** The received data at the time of an event. */
export interface Seen {
  now: number;
  /** The time of the last byte, if a record or an answer is incomplete */
  begunAt: number | undefined;
  /** The time of the board's last report that it is alive, and how long it may still be silent, in ms */
  beatAt: number;
  life: number;
  /** For a start: the board's half is ready, has no space, or was damaged */
  ready: boolean;
  noRoom: boolean;
  garbled: boolean;
  /** For a request: its answer has arrived; a record is damaged; the board's count of damaged requests */
  answer: boolean;
  incomplete: boolean;
  again: number;
  /**
   * For a record: it is whole; it is too long; the number of its parts, and of its damaged arrivals; a later record has arrived
   */
  whole: boolean;
  tooLong: boolean;
  parts: number;
  damage: number;
  overtaken: boolean;
  /** The number of parts that the next question asks for */
  wanted: number;
}

/** An event of an exchange. */
export interface ExchangeEvent {
  kind: EventKind;
  /** With `extended`: the time that the board may take from now on, in ms */
  ms?: number;
  /** After a wait: the time that was left of the bound before the wait, in ms */
  leftMs?: number;
}

/** The options at the beginning of an exchange. */
export type Beginning = Partial<Pick<Exchange, "silenceMs" | "bytesPerMs" | "beats">>;

/** Begins an exchange. */
export function begin(
  state: "start.sending" | "request.sending" | "record.expected",
  boundMs: number,
  now: number,
  { silenceMs = DURATIONS.silence.ms, bytesPerMs, beats = false }: Beginning = {},
): Exchange {
  return {
    state,
    timers: { bound: now + boundMs, ...(state === "record.expected" ? { quiet: now + silenceMs } : {}) },
    boundMs,
    silenceMs,
    bytesPerMs,
    beats,
    asks: 0,
    patience: 1,
    known: 0,
    answered: 1,
    again: 0,
    leftMs: boundMs,
  };
}

/**
 * Returns how long an exchange may still take, in ms. A record or an answer that has begun is no silence, even if it takes long
 * on the line.
 */
export function leftMs({ timers }: Exchange, { now, begunAt }: Seen): number {
  return Math.max(timers.bound - now, begunAt === undefined ? 0 : begunAt + DURATIONS.arriving.ms - now);
}

/** Returns the time until the next check is due, in ms from now. */
export function waitMs(at: Exchange, seen: Seen): number {
  const { timers } = STATES[at.state];
  const quiet = timers.includes("quiet") ? at.timers.quiet ?? Infinity : Infinity;
  const life = timers.includes("life") && at.beats && seen.damage === 0 ? seen.life : Infinity;
  return Math.min(leftMs(at, seen), life, Math.max(0, quiet - seen.now));
}

const answerMs = ({ patience }: Exchange) => Math.min(DURATIONS.answer.ms * patience, DURATIONS.answerMost.ms);
const partsMs = ({ bytesPerMs = 1 }: Exchange, { wanted }: Seen) => wanted * SHARED.PART / bytesPerMs;
const arriving = ({ now, begunAt }: Seen, ms: number) => begunAt !== undefined && begunAt + ms > now;

const CONDITIONS: Record<Condition, (at: Exchange, seen: Seen) => boolean> = {
  "again": ({ again }, seen) => seen.again > again,
  "answer": (_, { answer }) => answer,
  "answered": ({ answered }, { parts, damage }) => parts + damage >= answered,
  "arriving": (_, seen) => arriving(seen, DURATIONS.arriving.ms),
  "arriving answer": (at, seen) => arriving(seen, answerMs(at)),
  "beating": ({ silenceMs }, { now, beatAt }) => now < beatAt + silenceMs,
  "begun": (_, { begunAt }) => begunAt !== undefined,
  "bound": (at, seen) => leftMs(at, seen) <= 0,
  "damaged": (_, { damage }) => damage > 0,
  "dead": ({ beats }, { life }) => beats && life <= 0,
  "garbled": (_, { garbled }) => garbled,
  "incomplete": (_, { incomplete }) => incomplete,
  "lossy": ({ bytesPerMs }) => bytesPerMs !== undefined,
  "no room": (_, { noRoom }) => noRoom,
  "overtaken": (_, { overtaken }) => overtaken,
  "parts": (_, { parts }) => parts > 0,
  "quiet": ({ timers }, { now }) => timers.quiet !== undefined && now >= timers.quiet,
  "ready": (_, { ready }) => ready,
  "retried": ({ asks }) => asks >= MAX_STARTS,
  "tired": ({ asks }) => asks >= MAX_ASKS,
  "too long": (_, { tooLong }) => tooLong,
  "whole": (_, { whole }) => whole,
};

const MOMENTS: Record<Moment, (at: Exchange, seen: Seen, event: ExchangeEvent) => number> = {
  "answer": (at, { now }) => now + answerMs(at),
  "arriving": (_, { begunAt = 0 }) => begunAt + DURATIONS.arriving.ms,
  "arriving answer": (at, { begunAt = 0 }) => begunAt + answerMs(at),
  "asked": (at, seen) => seen.now + at.silenceMs * at.patience + partsMs(at, seen),
  "beat": ({ silenceMs }, { beatAt }) => beatAt + silenceMs,
  "bound": ({ boundMs }, { now }) => now + boundMs,
  "at bound": ({ timers }) => timers.bound,
  "part": (_, { now }) => now + DURATIONS.part.ms,
  "parts": (at, seen) => seen.now + DURATIONS.part.ms + partsMs(at, seen),
  "silence": ({ silenceMs }, { now }) => now + silenceMs,
  "told": (_, { now }, { ms = 0 }) => now + ms,
};

const NOTES: Record<Note, (at: Exchange, seen: Seen) => Partial<Exchange>> = {
  "again": (_, { again }) => ({ again }),
  "anew": () => ({ patience: 1 }),
  // If an answer brings new parts, the count of questions starts again.
  "asked": ({ asks, known }, { parts, damage, wanted }) => ({
    asks: parts > known ? 1 : asks + 1,
    known: parts,
    answered: parts + damage + wanted,
  }),
  "attempt": ({ asks }) => ({ asks: asks + 1 }),
  "later": ({ patience }) => ({ patience: patience * 2 }),
};

/**
 * Returns the next state of an exchange after an event, with the actions; undefined if the table has no entry for the event.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { begin, reduce } from "./exchange.ts";
 *
 * const seen = {
 *   now: 0, begunAt: undefined, beatAt: 0, life: Infinity, ready: false, noRoom: false, garbled: false, answer: false,
 *   incomplete: false, again: 0, whole: false, tooLong: false, parts: 0, damage: 0, overtaken: false, wanted: 1,
 * };
 * const sending = begin("request.sending", 5000, 0, { bytesPerMs: 11 });
 * assertEquals(reduce(sending, { kind: "begin" }, seen)?.actions, ["send"]);
 * const waiting = reduce(sending, { kind: "sent" }, seen)!.next;
 * assertEquals(waiting.state, "request.waiting");
 * assertEquals(reduce(waiting, { kind: "time" }, { ...seen, now: 500 })?.actions, ["send"]);
 * ```
 */
export function reduce(
  at: Exchange,
  event: ExchangeEvent,
  seen: Seen,
): { next: Exchange; actions: readonly Action[] } | undefined {
  const now = event.leftMs === undefined ? at : { ...at, leftMs: event.leftMs };
  const row = STATES[at.state].on.find((row) => row.on === event.kind && fits(row, at, seen));
  if (!row) return now === at ? undefined : { next: now, actions: [] };
  let next: Exchange = { ...now, state: row.to ?? at.state };
  for (const note of row.note ?? []) next = { ...next, ...NOTES[note](next, seen) };
  const timers: { bound: number; quiet?: number } = { ...next.timers };
  for (const timer of ["bound", "quiet"] as const) {
    const [set, push] = [row.set?.[timer], row.push?.[timer]];
    if (set) timers[timer] = MOMENTS[set](next, seen, event);
    if (push) timers[timer] = Math.max(timers[timer] ?? 0, MOMENTS[push](next, seen, event));
  }
  return { next: { ...next, timers }, actions: row.do ?? [] };
}

function fits(row: Row, at: Exchange, seen: Seen): boolean {
  return (row.if ?? []).every((name) => CONDITIONS[name](at, seen)) &&
    !(row.unless ?? []).some((name) => CONDITIONS[name](at, seen));
}
