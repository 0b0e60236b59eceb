/**
 * The parts that all objects of ip(8) share: options, words, errors.
 *
 * @module
 */

import { errorText } from "../errno.ts";
import type { Call } from "../program.ts";
import type { Run } from "../run.ts";

/** The options of ip(8). */
export interface IpOptions {
  oneline: boolean;
  brief: boolean;
  details: boolean;
  statistics: boolean;
  json: boolean;
  pretty: boolean;
  /** 4 or 6, if the command line asks for one address family */
  family: string | undefined;
}

/** True if a word is the start of another one. */
export const starts = (word: string, whole: string) => whole.startsWith(word);

/** Returns the error that ip(8) prints if the kernel refuses a request. */
export function* refused(call: Call, result: string, extack: { text: string; prefix?: string } | null): Run {
  yield* call.err(
    extack
      ? `Error: ${extack.prefix === undefined ? "" : `${extack.prefix}: `}${extack.text}.\n`
      : `RTNETLINK answers: ${errorText(result)}\n`,
  );
  return 2;
}

/** Returns the error that ip(8) prints for a command line that ends too early. */
export function* incomplete(call: Call): Run {
  yield* call.err('Command line is not complete. Try option "help"\n');
  return 255;
}
