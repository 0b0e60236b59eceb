/**
 * An exchange on the wire as a pure reducer: from its state, an event and what has come, to its next state and what is to be
 * done. The table in `states.ts` decides; here are the meanings of the table's words. No clock and no line is read here.
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

/** An exchange that runs. Moments are in ms, as `Date.now()` has them. */
export interface Exchange {
  readonly state: State;
  /** When the board's time is over, and when the line has been quiet for too long */
  readonly timers: { readonly bound: number; readonly quiet?: number };
  /** How long the board may take, in ms */
  readonly boundMs: number;
  /** How long a line may be silent before a record is asked for, in ms */
  readonly silenceMs: number;
  /** How fast the line is, if it may lose or alter bytes */
  readonly bytesPerMs: number | undefined;
  /** True if the board is lost without a sign of life */
  readonly beats: boolean;
  /** How often this was asked for, or sent, without anything new */
  readonly asks: number;
  /** Doubles with each silence */
  readonly patience: number;
  /** How many parts there were at the last question, and how many frames there will be after its answer */
  readonly known: number;
  readonly answered: number;
  /** How often the board had reported damaged requests when this was sent */
  readonly again: number;
  /** How much of the bound was left at the last wait, in ms */
  readonly leftMs: number;
}

/** What has come, at the moment of an event. */
export interface Seen {
  now: number;
  /** When the last byte came, while a record or an answer is incomplete */
  begunAt: number | undefined;
  /** When the board last said that it is alive, and how long it may still be silent, in ms */
  beatAt: number;
  life: number;
  /** Start: the board's half greets, has no space, or came garbled */
  ready: boolean;
  noRoom: boolean;
  garbled: boolean;
  /** Request: its answer is there; a record is damaged; how often the board reported damaged requests */
  answer: boolean;
  incomplete: boolean;
  again: number;
  /** Record: it is whole; it is too long; how many of its parts came, and how often it came damaged; a later record came */
  whole: boolean;
  tooLong: boolean;
  parts: number;
  damage: number;
  overtaken: boolean;
  /** How many parts the next question is about */
  wanted: number;
}

/** What happens to an exchange. */
export interface ExchangeEvent {
  kind: EventKind;
  /** With `extended`: how long the board may take from now on, in ms */
  ms?: number;
  /** After a wait: how much of the bound was left before it, in ms */
  leftMs?: number;
}

/** What an exchange begins with. */
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

/** Returns how long an exchange may still take, in ms. What has begun to come is no silence, however long it takes on the line. */
export function leftMs({ timers }: Exchange, { now, begunAt }: Seen): number {
  return Math.max(timers.bound - now, begunAt === undefined ? 0 : begunAt + DURATIONS.arriving.ms - now);
}

/** Returns how long nothing needs to be looked at, in ms from now. */
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
  // An answer that brings something is a reason to go on asking.
  "asked": ({ asks, known }, { parts, damage, wanted }) => ({
    asks: parts > known ? 1 : asks + 1,
    known: parts,
    answered: parts + damage + wanted,
  }),
  "attempt": ({ asks }) => ({ asks: asks + 1 }),
  "later": ({ patience }) => ({ patience: patience * 2 }),
};

/**
 * Returns what an event makes of an exchange, and what is to be done; undefined if the event leads nowhere in this state.
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
