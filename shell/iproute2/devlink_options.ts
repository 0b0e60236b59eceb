/**
 * The options of devlink(8), before its words and between them.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";

/** The options of devlink(8). */
export interface DevlinkOptions {
  json: boolean;
  pretty: boolean;
  verbose: boolean;
  statistics: boolean;
  hex: boolean;
  iec: boolean;
  force: boolean;
  netns: string | undefined;
  batch: string | undefined;
}

const SHORT: Readonly<Record<string, keyof DevlinkOptions | "version" | "names">> = {
  V: "version",
  f: "force",
  b: "batch",
  n: "names",
  j: "json",
  p: "pretty",
  v: "verbose",
  s: "statistics",
  N: "netns",
  i: "iec",
  x: "hex",
};
const LONG: Readonly<Record<string, string>> = {
  Version: "V",
  force: "f",
  batch: "b",
  "no-nice-names": "n",
  json: "j",
  pretty: "p",
  verbose: "v",
  statistics: "s",
  Netns: "N",
  iec: "i",
  hex: "x",
};

/** The parsed arguments. */
export type ParsedOptions = { options: DevlinkOptions; words: string[] } | { version: true } | { error: string };

/** Options may stand anywhere, as getopt_long(3) of the GNU C library has it. */
export function parseOptions(args: readonly string[]): ParsedOptions {
  const options: DevlinkOptions = {
    json: false,
    pretty: false,
    verbose: false,
    statistics: false,
    hex: false,
    iec: false,
    force: false,
    netns: undefined,
    batch: undefined,
  };
  const words: string[] = [];
  const queue = [...args];
  const set = (letter: string, value: string | undefined) => {
    const name = SHORT[letter]!;
    if (name === "names") {
      throw new ModelGap("devlink --no-nice-names", "ports by their number instead of their netdev");
    }
    if (name === "netns" || name === "batch") options[name] = value;
    else if (name !== "version") options[name] = true;
  };
  while (queue.length > 0) {
    const arg = queue.shift()!;
    if (arg === "--") {
      words.push(...queue);
      break;
    }
    if (arg.startsWith("--")) {
      const [name, value] = arg.slice(2).split(/=(.*)/s) as [string, string | undefined];
      const found = Object.keys(LONG).filter((each) => each === name || each.startsWith(name));
      const letter = found.length === 1 || found.includes(name)
        ? LONG[found.includes(name) ? name : found[0]!]
        : undefined;
      if (letter === undefined) return { error: `devlink: unrecognized option '${arg}'` };
      if (letter === "V") return { version: true };
      const takes = letter === "N" || letter === "b";
      const given = takes ? value ?? queue.shift() : undefined;
      if (takes && given === undefined) return { error: `devlink: option '${arg}' requires an argument` };
      set(letter, given);
    } else if (/^-./.test(arg)) {
      for (let i = 1; i < arg.length; i++) {
        const letter = arg[i]!;
        if (!Object.hasOwn(SHORT, letter)) return { error: `devlink: invalid option -- '${letter}'` };
        if (letter === "V") return { version: true };
        if (letter !== "N" && letter !== "b") {
          set(letter, undefined);
          continue;
        }
        const value = i + 1 < arg.length ? arg.slice(i + 1) : queue.shift();
        if (value === undefined) return { error: `devlink: option requires an argument -- '${letter}'` };
        set(letter, value);
        break;
      }
    } else words.push(arg);
  }
  return { options, words };
}
