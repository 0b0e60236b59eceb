/**
 * Options of small programs, as getopt(3) reads them.
 *
 * @module
 */

/** Options and operands of a command line. */
export interface Options {
  /** By letter: what stood behind it, or `""` */
  readonly given: ReadonlyMap<string, string>;
  readonly operands: string[];
  /** The first option that is unknown, or that lacks its value */
  readonly unknown: string | undefined;
}

/**
 * Reads the options of a command line.
 *
 * @param args The arguments
 * @param letters The letters that it takes, a `:` behind those with a value
 */
export function readOptions(args: readonly string[], letters: string): Options {
  const given = new Map<string, string>();
  const operands: string[] = [];
  let unknown: string | undefined;
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
      if (index < 0 || letter === ":") {
        unknown ??= letter;
        break;
      }
      if (letters[index + 1] !== ":") {
        given.set(letter, "");
        continue;
      }
      const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++i];
      if (value === undefined) unknown ??= letter;
      else given.set(letter, value);
      break;
    }
  }
  return { given, operands, unknown };
}
