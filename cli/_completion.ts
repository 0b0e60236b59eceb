/** Derives the completions of a command line from the tables that the help is made from. */

import { SHIPPED_BOARDS } from "../boards/mod.ts";
import { BOARD_SUITES, SHIPPED_SUITES } from "../run/load_suites.ts";
import { type Command, type Option, withHelp } from "./command.ts";
import { COMMANDS, GENERAL, load } from "./subcommands.ts";

/** The possible words at one place of a command line. */
export interface Place {
  /** Names that twinlink knows */
  words: readonly string[];
  /** True if the word may be a path */
  files: boolean;
}

/** An option as it is typed. */
export interface TypedOption {
  /** Without dashes */
  long: string;
  short?: string | undefined;
  help: string;
  /** Its value; undefined for a flag */
  value?: Place;
}

/** A subcommand as it is typed. */
export interface TypedCommand {
  name: string;
  summary: string;
  options: readonly TypedOption[];
  /** The required first word, for example `check` in `twinlink boards check` */
  first?: Place;
  operands: Place;
}

/** Placeholders in the help for names that twinlink knows. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  BOARD: SHIPPED_BOARDS,
  SUITE: [...SHIPPED_SUITES, ...BOARD_SUITES],
};

/** Placeholders in the help for paths. */
const PATHS = ["BOARD", "SUITE", "TRACE", "FILE", "DIR", "OUT", "SCRIPT"];

/** A word that none of the three shells expands. */
const PLAIN = /^[\w.-]+$/;

function place(names: readonly string[]): Place {
  const words = [...new Set(names.flatMap((name) => NAMES[name] ?? []))];
  return { words: words.filter((word) => PLAIN.test(word)), files: names.some((name) => PATHS.includes(name)) };
}

function typedOption([long, { short, help, type, value = "", choices }]: [string, Option]): TypedOption {
  const values = choices
    ? { words: choices.filter((word) => PLAIN.test(word)), files: false }
    : place(value.split("|"));
  return { long, short, help, ...(type === "flag" ? {} : { value: values }) };
}

function typedCommand({ name, usage, options }: Command, summary: string): TypedCommand {
  // Removes options and their values.
  const operands = usage.map((form) => form.replaceAll(/--[a-z-]+( [A-Z][A-Z|]*| [a-z|]+)?/g, "")).join(" ");
  const names = operands.match(/[A-Z]{2,}/g) ?? [];
  const first = operands.match(/[a-z]+/g) ?? [];
  return {
    name,
    summary,
    options: Object.entries(withHelp(options)).map(typedOption),
    ...(first.length > 0 ? { first: { words: first, files: false } } : {}),
    operands: place(names),
  };
}

/** Returns all subcommands as a user types them. */
export async function typedCommands(): Promise<TypedCommand[]> {
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, summary]) => typedCommand(await load(name), summary)),
  );
  const first = { words: Object.keys(COMMANDS), files: false };
  const help = { name: "help", summary: "show a help", options: [], first, operands: place([]) };
  return [...commands, help];
}

/** The options before a subcommand, with their dashes and a line of help each. */
export const GENERAL_OPTIONS: readonly [option: string, help: string][] = Object.entries(GENERAL)
  .flatMap(([forms, help]) => forms.match(/-[\w-]+/g)!.map((form): [string, string] => [form, help]));
