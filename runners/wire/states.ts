/**
 * The states of the host's end of the wire, in one table. One exchange runs at a time; each has its own group of states:
 *
 * ```text
 * start.sending --sent--> start.waiting --ready----> start.ready
 *       ^                   |   |------ no room ---> start.full
 *       +---- garbled ------+   |------ 3 garbled -> start.garbled
 *                               +------ bound -----> start.silent
 *
 * request.sending --sent--> request.waiting --answer-> request.answered
 *       ^                    |  |  ^   +----- bound -> request.silent
 *       +--- quiet, again ---+  |  |
 *                     damaged --+  +-- healed
 *                               request.healing       (a record exchange runs inside)
 *
 * record.expected --damaged, overtaken, quiet--> record.asking --sent--> record.asked (no part yet), record.parts
 *                                                     ^                         |
 *                                                     +---- answered, quiet ----+
 *   each of them --whole----> record.whole
 *                --bound----> record.absent, or record.damaged if something of the record came
 *                --too long-> record.too-long
 *                --dead-----> record.absent (not from record.parts)
 * ```
 *
 * `exchange.ts` interprets the table without any I/O; `connection.ts` performs the actions.
 *
 * @module
 */

/** The durations of the wire, in ms, each with its reason. */
export const DURATIONS = {
  /** After a request without an answer: send it again */
  answer: { ms: 500, why: "a slow board answers a request sooner than that; each repetition doubles it" },
  /** The most that `answer` grows to */
  answerMost: { ms: 10_000, why: "a board that comes back after a long silence is not kept waiting for longer" },
  /** A record or an answer has begun, and its last byte is this old */
  arriving: { ms: 500, why: "no line and no scheduler pauses for so long in the middle of a record that still comes" },
  /** Parts were requested, and some of the record's parts have arrived */
  part: { ms: 1000, why: "the board answers between two steps; what its bytes take on the line is added" },
  /** Nothing of a record arrived: request it. An option of the connection */
  silence: { ms: 4000, why: "in a plan the board hears nothing, and answers a question as often as it was asked" },
  /** No sign of life in a plan: the board is lost */
  dead: { ms: 8000, why: "eight beats in turn are lost only with the board" },
  /** The time that may count as silence in one go */
  slice: { ms: 1000, why: "this process may have stood still itself, which shows nothing about the board" },
} as const satisfies Record<string, { ms: number; why: string }>;

/** How often a question may bring nothing new: 40 questions are some minutes on the slowest line. */
export const MAX_ASKS = 40;
/** How often the board's half is sent: a line that garbles it three times garbles everything. */
export const MAX_STARTS = 3;

/** A time that an exchange waits for. `life` is not set here: {@linkcode Seen.life} counts it. */
export type Timer = "bound" | "quiet" | "life";

/** An event of an exchange. `seen` follows each other event, until the table has no entry for it. */
export type EventKind = "begin" | "sent" | "healed" | "extended" | "news" | "noise" | "time" | "seen";

/** An action for an exchange: send its text, send the end of a text, give up a record, request parts, heal a damaged record. */
export type Action = "send" | "end text" | "abandon" | "ask" | "heal";

/** A condition on the exchange and on the received data; `exchange.ts` defines each. */
export type Condition =
  | "answer"
  | "answered"
  | "arriving"
  | "arriving answer"
  | "again"
  | "beating"
  | "begun"
  | "bound"
  | "damaged"
  | "dead"
  | "garbled"
  | "incomplete"
  | "lossy"
  | "no room"
  | "overtaken"
  | "parts"
  | "quiet"
  | "ready"
  | "retried"
  | "tired"
  | "too long"
  | "whole";

/** A time for a timer; `exchange.ts` defines each. */
export type Moment =
  | "answer"
  | "arriving"
  | "arriving answer"
  | "asked"
  | "beat"
  | "bound"
  | "at bound"
  | "part"
  | "parts"
  | "silence"
  | "told";

/** A change of an exchange's counters: `later` doubles its patience, `anew` resets it. */
export type Note = "again" | "asked" | "attempt" | "anew" | "later";

/** One entry of the table. For an event, the first entry that fits is used, and no other. */
export interface Row {
  on: EventKind;
  /** Conditions that must all be true */
  if?: readonly Condition[];
  /** Conditions that must all be false */
  unless?: readonly Condition[];
  /** The next state; without it, the same */
  to?: State;
  /** Timers that get a new time */
  set?: Partial<Record<Timer, Moment>>;
  /** Timers that get a new time if it is later than their own */
  push?: Partial<Record<Timer, Moment>>;
  note?: readonly Note[];
  do?: readonly Action[];
  why: string;
}

/** A state: the timers that run in it, and the entries for events. */
export interface StateEntry {
  timers: readonly Timer[];
  on: readonly Row[];
}

const START = ["start.sending", "start.waiting", "start.ready", "start.full", "start.garbled", "start.silent"] as const;
const REQUEST = [
  "request.sending",
  "request.waiting",
  "request.healing",
  "request.answered",
  "request.silent",
] as const;
const RECORD = [
  "record.expected",
  "record.asking",
  "record.asked",
  "record.parts",
  "record.whole",
  "record.damaged",
  "record.absent",
  "record.too-long",
] as const;

/** The name of a state: its exchange, a dot, and the state in it. */
export type State = typeof START[number] | typeof REQUEST[number] | typeof RECORD[number];

const END: StateEntry = { timers: [], on: [] };

/** Returns the entries that end a record, for each state that waits for one. */
const recordEnds = (had: "record.absent" | "record.damaged"): readonly Row[] => [
  { on: "seen", if: ["whole"], to: "record.whole", why: "its checksum fits" },
  { on: "seen", if: ["too long"], unless: ["lossy"], to: "record.too-long", why: "no byte of the length is damaged" },
  { on: "seen", if: ["too long", "tired"], to: "record.too-long", why: "the board sends this length each time" },
  { on: "seen", if: ["tired", "damaged"], to: "record.damaged", why: "asking did not help" },
  { on: "seen", if: ["bound", "damaged"], to: "record.damaged", why: "something of it came, but not the whole" },
  { on: "seen", if: ["tired"], to: had, why: "asking did not help" },
  { on: "seen", if: ["bound"], to: had, why: "the board may not take longer" },
];

/** The entries that wait for a record, for each of these states. */
const recordWaits: readonly Row[] = [
  { on: "extended", set: { bound: "told" }, why: "the board begins a step, whose bound is known" },
  { on: "time", if: ["quiet", "arriving"], set: { quiet: "arriving" }, why: "the record is long and still comes" },
];
const recordQuiet: readonly Row[] = [
  {
    on: "time",
    if: ["quiet"],
    unless: ["lossy"],
    set: { quiet: "at bound" },
    why: "a line that loses nothing brings the record when the board sends it",
  },
  {
    on: "time",
    if: ["quiet"],
    to: "record.asking",
    note: ["later"],
    do: ["abandon", "ask"],
    why: "the record, or the question for it, was lost",
  },
];
const recordAnswered: Row = {
  on: "seen",
  if: ["lossy", "answered"],
  to: "record.asking",
  do: ["ask"],
  why: "all that the last question can bring has come, and the record is not whole",
};
const recordDead: Row = {
  on: "seen",
  if: ["dead"],
  unless: ["damaged"],
  to: "record.absent",
  why: "the plan runs no more; damaged records are asked for after the plan, when nothing beats",
};

/** The table. */
export const STATES: Readonly<Record<State, StateEntry>> = {
  "start.sending": {
    timers: ["bound"],
    on: [
      { on: "begin", do: ["send"], why: "the board's half comes with its checksum" },
      { on: "sent", to: "start.waiting", note: ["attempt"], why: "the board compares the checksum, then answers" },
    ],
  },
  "start.waiting": {
    timers: ["bound"],
    on: [
      { on: "seen", if: ["ready"], to: "start.ready", why: "the board's half greets" },
      { on: "seen", if: ["no room"], to: "start.full", why: "the board's half cannot keep what it sends" },
      {
        on: "seen",
        if: ["garbled", "retried"],
        to: "start.garbled",
        do: ["end text"],
        why: "the line garbles each attempt",
      },
      {
        on: "seen",
        if: ["garbled"],
        to: "start.sending",
        do: ["end text", "send"],
        why: "a damaged line may be the end of the text, so the end is sent again first",
      },
      { on: "seen", if: ["bound"], to: "start.silent", why: "the board may not take longer" },
    ],
  },
  "start.ready": END,
  "start.full": END,
  "start.garbled": END,
  "start.silent": END,

  "request.sending": {
    timers: ["bound"],
    on: [
      { on: "begin", do: ["send"], why: "the board does a request once, however often it comes" },
      {
        on: "sent",
        if: ["lossy"],
        to: "request.waiting",
        note: ["again"],
        set: { quiet: "answer" },
        why: "request or answer may be lost",
      },
      { on: "sent", to: "request.waiting", note: ["again"], why: "a line that loses nothing brings the answer" },
    ],
  },
  "request.waiting": {
    timers: ["bound", "quiet"],
    on: [
      { on: "extended", push: { bound: "told" }, why: "the board begins a step, whose bound is known" },
      { on: "news", if: ["lossy"], push: { quiet: "answer" }, why: "the board is at work" },
      { on: "noise", if: ["lossy", "begun"], push: { quiet: "arriving answer" }, why: "an answer has begun" },
      {
        on: "time",
        if: ["quiet", "arriving answer"],
        push: { quiet: "arriving answer" },
        why: "the answer is long and still comes",
      },
      { on: "time", if: ["quiet", "begun"], do: ["abandon"], why: "the end of a record was lost" },
      {
        on: "time",
        if: ["quiet"],
        to: "request.sending",
        note: ["later"],
        do: ["send"],
        why: "request or answer was lost",
      },
      { on: "seen", if: ["incomplete"], to: "request.healing", do: ["heal"], why: "it may be the answer" },
      { on: "seen", if: ["answer"], to: "request.answered", why: "its sum fits" },
      { on: "seen", if: ["bound"], to: "request.silent", why: "the board may not take longer" },
      { on: "seen", if: ["lossy", "again"], to: "request.sending", do: ["send"], why: "the board got damaged words" },
    ],
  },
  "request.healing": {
    timers: ["bound"],
    on: [{ on: "healed", to: "request.waiting", why: "the record is whole, or cannot be healed" }],
  },
  "request.answered": END,
  "request.silent": END,

  "record.expected": {
    timers: ["bound", "quiet", "life"],
    on: [
      ...recordEnds("record.absent"),
      recordDead,
      recordAnswered,
      {
        on: "seen",
        if: ["lossy", "overtaken"],
        to: "record.asking",
        do: ["ask"],
        why: "the board sends records in their order: this one was lost",
      },
      ...recordWaits,
      { on: "news", push: { bound: "bound", quiet: "silence" }, note: ["anew"], why: "the agent is at work" },
      {
        on: "time",
        if: ["quiet", "beating"],
        set: { quiet: "beat" },
        why: "the plan runs: what the board has to say, it will say",
      },
      ...recordQuiet,
    ],
  },
  "record.asking": {
    timers: ["bound"],
    on: [
      {
        on: "sent",
        if: ["parts"],
        to: "record.parts",
        note: ["asked"],
        set: { quiet: "parts" },
        why: "the board answers questions for parts",
      },
      {
        on: "sent",
        to: "record.asked",
        note: ["asked"],
        set: { quiet: "asked" },
        why: "the board may be in a plan, where it hears nothing",
      },
    ],
  },
  "record.asked": {
    timers: ["bound", "quiet", "life"],
    on: [
      ...recordEnds("record.absent"),
      recordDead,
      recordAnswered,
      ...recordWaits,
      { on: "news", push: { bound: "bound", quiet: "silence" }, note: ["anew"], why: "the agent is at work" },
      ...recordQuiet,
    ],
  },
  "record.parts": {
    timers: ["bound", "quiet"],
    on: [
      ...recordEnds("record.damaged"),
      recordAnswered,
      ...recordWaits,
      { on: "news", push: { bound: "bound", quiet: "part" }, note: ["anew"], why: "the parts come" },
      ...recordQuiet,
    ],
  },
  "record.whole": END,
  "record.damaged": END,
  "record.absent": END,
  "record.too-long": END,
};

/** Returns true if an exchange is over in this state. */
export function isEnd(state: State): boolean {
  return STATES[state].on.length === 0;
}
