/**
 * The values that the host's TypeScript and the board's scripts share. This table is their only place. The scripts get the
 * values as variables of the shell, which are sent first: `TLC_` and the name in the table.
 *
 * @module
 */

/** The number of digits of a short text's sum, of a long text's checksum, and of the MD5 that names a known line. */
const SUM_DIGITS = 6, LONG_SUM_DIGITS = 8, KNOWN_DIGITS = 8;

/** The shared values, by name. */
export const SHARED = {
  /** The beginning of a record's header, after a line feed */
  RECORD: "@tl1",
  /** The line with which a board reports that it is alive */
  BEAT: "@~",
  /** The time between two such lines while a plan runs, in seconds */
  BEAT_SECONDS: 1,
  /** The line with which the board's half gives up: its folder lacks space for this many bytes, which the agent itself needs */
  NO_ROOM: "@tl-no-room",
  SPACE: 100_000,
  /** The beginnings of a request, an answer and a piece of a script */
  REQUEST: "@",
  ANSWER: "=",
  PIECE: "+",
  /** First words of answers: the board's half is ready; a request was damaged; its pieces are missing; its number is unknown */
  READY: "ready",
  AGAIN: "again",
  MISSING: "missing",
  UNEXPECTED: "unexpected",
  /** More first words of answers: the script has begun; the output is too long to be sent */
  BEGUN: "begun",
  OVER: "over",
  /** For texts up to this many characters the shell computes the sum itself; for longer texts a process is faster */
  FEW: 160,
  /** The sum of a short text: sum = (sum * factor + character) modulo a prime, small enough to be exact in 32-bit shells */
  SUM_FACTOR: 131,
  SUM_MODULUS: 8_388_593,
  /** The number of hexadecimal digits of a sum on the line: for short texts, and for long ones */
  SUM_DIGITS,
  LONG_SUM_DIGITS,
  /** Shell patterns for these digits, and for the digits after the request's sign */
  SUM_SHAPE: "[0-9a-f]".repeat(SUM_DIGITS),
  SUM_SKIP: "?".repeat(1 + SUM_DIGITS),
  SUM_SKIP_MORE: "?".repeat(LONG_SUM_DIGITS - SUM_DIGITS),
  LONG_SUM_SKIP: "?".repeat(LONG_SUM_DIGITS),
  /** The bytes of a record in one part: a lost part is sent again, so a part takes only a tenth of a second at 115200 baud */
  PART: 1024,
  /** The most bytes of a record, and of any file of the agent */
  MOST: 8 * 1024 * 1024,
  /** A line of at least this many characters is replaced with its MD5 if the host has it: for shorter lines this saves little */
  LONG: 300,
  /** How many digits of its MD5 name a known line to the board; the checksum detects a line that only has the same digits */
  KNOWN_DIGITS,
  KNOWN_SKIP: "?".repeat(KNOWN_DIGITS),
  /** The longest time to remove something that an interrupted run left, in seconds */
  CLEAR_SECONDS: 20,
  /** First word of an answer of a race whose program did no work; its exit status follows */
  BROKEN: "tl-broken",
  /** Phrases in a record without evidence: more was printed than the bound allows; the board's disk is full */
  TOO_LONG: "is over the bound of",
  FULL: "no space is left",
} as const;

/**
 * Returns the shared values as one line of POSIX sh.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { sharedVariables } from "./constants.ts";
 *
 * assertStringIncludes(sharedVariables(), "TLC_PART='1024'");
 * ```
 */
export function sharedVariables(): string {
  return Object.entries(SHARED).map(([name, value]) => `TLC_${name}='${value}'`).join(" ") + "\n";
}
