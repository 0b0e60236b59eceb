/**
 * Where programs read from: the files that they name, else standard input.
 *
 * @module
 */

import { errorText } from "../errno.ts";
import { type Read, readWhole } from "../open_file.ts";
import type { Run } from "../run.ts";
import type { Call } from "../program.ts";

/** An input of a program: a file by its name, or standard input. */
export interface Input {
  name: string;
  read(most?: number): Run<Read>;
}

/** Opens files to read, or standard input if no name is given; prints an error for each file that does not exist. */
export function* inputs(
  call: Call,
  names: readonly string[],
  say: (name: string, why: string) => string,
): Run<(Input | undefined)[]> {
  if (names.length === 0) return [{ name: "-", read: (most) => call.process.read(0, most) }];
  const found: (Input | undefined)[] = [];
  for (const name of names) {
    if (name === "-") {
      found.push({ name, read: (most) => call.process.read(0, most) });
      continue;
    }
    const opened = call.system.files.open(call.path(name), "r", call.process.netns);
    if ("errno" in opened) {
      yield* call.err(`${say(name, errorText(opened.errno))}\n`);
      found.push(undefined);
    } else found.push({ name, read: (most) => opened.file.read(most) });
  }
  return found;
}

/** Reads all of an input; prints an error and returns undefined if it cannot be read. */
export function* whole(call: Call, input: Input, say: (why: string) => string): Run<string | undefined> {
  const { text, errno } = yield* readWhole(input);
  if (errno === undefined) return text;
  yield* call.err(`${say(errorText(errno))}\n`);
  return undefined;
}

/** `head: x: No such file or directory` */
export const plainly = (program: string) => (name: string, why: string) => `${program}: ${name}: ${why}`;
/** `cat: can't open 'x': No such file or directory` */
export const cannot = (program: string) => (name: string, why: string) => `${program}: can't open '${name}': ${why}`;

/** Returns the text of a file up to an error, and its errno; the errno alone if the file cannot be opened. */
export function* readFile(call: Call, path: string): Run<{ errno: string } | { text: string; errno?: string }> {
  const opened = call.system.files.open(path, "r", call.process.netns);
  return "errno" in opened ? opened : yield* readWhole(opened.file);
}

/** Returns the lines of a text; the last one without a newline is one, too. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Returns lines as a text, each with a newline. */
export const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
