/**
 * Options of small programs, as getopt(3) reads them.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import type { Call } from "../program.ts";

/** Options and operands of a command line. */
export interface Options {
  /** The value of each option by its letter, or `""` */
  readonly given: ReadonlyMap<string, string>;
  readonly operands: string[];
}

/**
 * Reads the options of a command line. An option that is not supported here is a gap and never ignored: what it
 * does on a machine is not known.
 *
 * @param call The call of the program whose arguments are read
 * @param letters The letters that it takes, a `:` after those with a value
 * @param args The arguments, where they differ from the arguments of the call
 * @throws {ModelGap} If an option is not supported, lacks its value, or has two values
 */
export function readOptions(call: Pick<Call, "argv" | "args">, letters: string, args = call.args): Options {
  const given = new Map<string, string>();
  const operands: string[] = [];
  const other = (option: string): never => {
    throw new ModelGap(`${call.argv[0]} ${option}`, "an option of the program");
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      operands.push(...args.slice(i + 1));
      break;
    }
    if (!/^-./.test(arg)) {
      operands.push(arg);
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!;
      const index = letters.indexOf(letter);
      if (index < 0 || letter === ":") other(arg.startsWith("--") ? arg : `-${letter}`);
      if (letters[index + 1] !== ":") {
        given.set(letter, "");
        continue;
      }
      const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++i];
      if (value === undefined || (given.get(letter) ?? value) !== value) return other(`-${letter}`);
      given.set(letter, value);
      break;
    }
  }
  return { given, operands };
}
