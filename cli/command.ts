/**
 * Defines subcommands: a name, a table of options and a function. Parsing and help are made from the table.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { UsageError } from "../run/usage_error.ts";
import type { Interrupts } from "../run/interrupt.ts";

export { UsageError };

/** One option of a subcommand. */
export interface Option {
  /** `flag` takes no value, `text` one, `list` may be given several times */
  type: "flag" | "text" | "list";
  /** One line for the help, without a period */
  help: string;
  /** The placeholder for the value in the help, for example `DIR` */
  value?: string;
  /** The one-letter form */
  short?: string;
  /** The only values that it takes */
  choices?: readonly string[];
}

/** Options by their long name. */
export type OptionTable = Record<string, Option>;

/** The values of a table's options, as they were given. */
export type Values<T extends OptionTable> = {
  [Name in keyof T]: T[Name]["type"] extends "flag" ? boolean
    : T[Name]["type"] extends "list" ? string[]
    : string | undefined;
};

/** What a subcommand gets beside its arguments. */
export interface CommandContext {
  /** Aborted by the first Ctrl-C or SIGTERM */
  signal: AbortSignal;
  /** For long computations, and for a command that handles Ctrl-C itself */
  interrupts: Interrupts;
}

/** One subcommand. */
export interface Command<T extends OptionTable = OptionTable> {
  name: string;
  /** The arguments after the name; each form is a line */
  usage: readonly string[];
  /** More for the help: paragraphs */
  details?: string;
  options: T;
  /** Does the job and gives the exit status. */
  run(values: Values<T>, operands: string[], context: CommandContext): Promise<number>;
}

/** Makes a subcommand; its `run` is typed by its options. */
export function command<const T extends OptionTable>(definition: Command<T>): Command {
  return definition as unknown as Command;
}

const HELP: Option = { type: "flag", short: "h", help: "Show this help" };

/** Returns the options of a subcommand, plus the common option `--help`. */
export const withHelp = (options: OptionTable): OptionTable => ({ ...options, help: HELP });

/**
 * Reads the arguments of a subcommand.
 *
 * @throws {UsageError} if an option is unknown, lacks its value, has two values, or has a value that it does not accept
 */
export function parseCommand<T extends OptionTable>(
  { name, options }: Pick<Command<T>, "name" | "options">,
  args: readonly string[],
): { values: Values<T> & { help: boolean }; operands: string[] } {
  const table = withHelp(options);
  const of = (type: Option["type"]) => Object.keys(table).filter((key) => table[key]!.type === type);
  const fail = (what: string) => {
    throw new UsageError(`${what} (see "twinlink help ${name}")`);
  };
  const written = (key: string) => `${key.length === 1 ? "-" : "--"}${key}`;
  const shorts = Object.entries(table).flatMap(([key, { short }]) => short ? [[short, key] as const] : []);
  const parsed = parseArgs(args, {
    boolean: of("flag"),
    string: ["_", ...of("text"), ...of("list")],
    // Collects all text options, to detect an option that is given twice.
    collect: [...of("text"), ...of("list")],
    alias: Object.fromEntries(shorts.map(([short, key]) => [key, short])),
    unknown: (arg, key) => {
      if (key === undefined) return true;
      const known = key.replace(/=$/, "");
      if (known in table) return fail(`Option ${written(known)} needs a value: ${table[known]!.value ?? "VALUE"}`);
      const hint = suggestion(key, Object.keys(table)).replace(/"(.*)"/, '"--$1"');
      return fail(`Unknown option "${visible(arg.split("=")[0]!)}" of ${name}${hint}`);
    },
  });
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(table)) {
    if (option.type === "flag") {
      values[key] = parsed[key] === true;
      continue;
    }
    const given = (parsed[key] ?? []) as string[];
    for (const value of given) {
      if (value === "") fail(`Option ${written(key)} needs a value: ${option.value ?? "VALUE"}`);
      if (option.choices && !option.choices.includes(value)) {
        fail(
          `Option ${written(key)} is "${visible(value)}", but must be one of ${option.choices.join(", ")}` +
            suggestion(value, option.choices),
        );
      }
    }
    if (option.type === "text" && given.length > 1) fail(`Option ${written(key)} is given ${given.length} times`);
    values[key] = option.type === "text" ? given[0] : given;
  }
  return { values: values as Values<T> & { help: boolean }, operands: parsed._.map(String) };
}

/** Returns the help of a subcommand, in lines of at most 100 columns; `summary` is one line, without a period. */
export function helpOf({ name, usage, details, options }: Command, summary: string): string {
  const lines = [`twinlink ${name}: ${summary}`, ""];
  usage.forEach((form, i) => lines.push(`${i === 0 ? "Usage: " : "       "}twinlink ${name} ${form}`.trimEnd()));
  if (details) lines.push("", details.trim());
  const rows = Object.entries(withHelp(options)).map(([key, { short, value, help, choices, type }]) => [
    `  ${short ? `-${short}, ` : "    "}--${key}${type === "flag" ? "" : ` ${value ?? "VALUE"}`}`,
    `${help}${type === "list" ? "; may be repeated" : ""}${choices ? `: ${choices.join(", ")}` : ""}`,
  ]);
  const width = Math.max(...rows.map(([left]) => left!.length));
  lines.push("", "Options:", ...rows.map(([left, right]) => `${left!.padEnd(width)}  ${right}`));
  return lines.join("\n") + "\n";
}
