/**
 * The values that the two halves share: the host's TypeScript and the board's scripts. This table is their only place. The
 * scripts get them as variables of the shell, `TLC_` and the name in the table, before the script that is sent.
 *
 * @module
 */

/** Digits of the sum of few words, of the checksum of many, and of the MD5 that stands for a known line. */
const SUM_DIGITS = 6, LONG_SUM_DIGITS = 8, KNOWN_DIGITS = 8;

/** The shared values, by name. */
export const SHARED = {
  /** What a record's header begins with, after a line feed */
  RECORD: "@tl1",
  /** The whole line with which a board reports that it is alive */
  BEAT: "@~",
  /** How often it sends this while a plan runs, in seconds */
  BEAT_SECONDS: 1,
  /** The line with which the board's half gives up: its folder has no space for so many bytes, which the agent itself needs */
  NO_ROOM: "@tl-no-room",
  SPACE: 100_000,
  /** What a request, an answer and a piece of a script begin with */
  REQUEST: "@",
  ANSWER: "=",
  PIECE: "+",
  /** First words of answers: the half is ready; a request came damaged; its pieces are missing; its number is unknown */
  READY: "ready",
  AGAIN: "again",
  MISSING: "missing",
  UNEXPECTED: "unexpected",
  /** and: the script has begun; the output is too long to be sent */
  BEGUN: "begun",
  OVER: "over",
  /** Up to how many characters a shell makes a sum by arithmetic: a process takes longer than that from there on */
  FEW: 160,
  /** That sum: the next is this times the last one, and the character, modulo a prime that keeps 32-bit shells exact */
  SUM_FACTOR: 131,
  SUM_MODULUS: 8_388_593,
  /** How many hexadecimal digits of a sum stand on the line: of few words, and of many */
  SUM_DIGITS,
  LONG_SUM_DIGITS,
  /** Shell patterns for these digits, and for the digits with the sign in front */
  SUM_SHAPE: "[0-9a-f]".repeat(SUM_DIGITS),
  SUM_SKIP: "?".repeat(1 + SUM_DIGITS),
  SUM_SKIP_MORE: "?".repeat(LONG_SUM_DIGITS - SUM_DIGITS),
  LONG_SUM_SKIP: "?".repeat(LONG_SUM_DIGITS),
  /** Bytes of a record that go into one part: lost ones are sent again, so that a part takes a tenth of a second at 115200 baud */
  PART: 1024,
  /** Bytes that a record, and any file of the agent, may have */
  MOST: 8 * 1024 * 1024,
  /** Characters of a line from which on its MD5 stands for it, if the host has it: a shorter one is hardly longer than that */
  LONG: 300,
  /** How many digits of an MD5 tell the board that the host has a line: a wrong guess is found by the checksum */
  KNOWN_DIGITS,
  KNOWN_SKIP: "?".repeat(KNOWN_DIGITS),
  /** How long the removal of something that an interrupted run left may take, in seconds */
  CLEAR_SECONDS: 20,
  /** First word of an answer of a race whose program did no work; its exit status follows */
  BROKEN: "tl-broken",
  /** Words in a record from which nothing is evidence: more was shown than is taken; the board's disk is full */
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
