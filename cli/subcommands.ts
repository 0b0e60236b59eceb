/**
 * Which subcommands there are: the help and the completion of shells are made from this.
 *
 * @module
 */

import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { type Command, UsageError } from "./command.ts";

/** The subcommands by name, in the order of the help, with a line for it. `NAME.ts` is loaded when it is called. */
export const COMMANDS: Readonly<Record<string, string>> = {
  init: "write a project of your own: a first suite, a board, a CI job",
  run: "run suites on boards and compare what they show with the model",
  resume: "resume a run after twinlink or its machine died",
  fuzz: "generate sequences, run them on a board and compare what it shows with the model",
  race: "perform operations at the same time: on the model in every order that can differ, on a board many times",
  check: "judge recorded traces off line, with the model of today",
  learn: "write what boards showed and the model does not know as expectations to review",
  record: "run suites on a board and keep its trace in a file",
  report: "write the page of a saved run, or compare two runs",
  history: "list the runs of a folder: pass rate, times, flake rate and last change by board and sequence",
  trace: "show recorded traces: the steps, and what an emulated device saw between them",
  boards: "list the boards that ship; write, check, describe or probe one, read its facts",
  console: "the console of a board on this terminal, recorded",
  shell: "a prompt that behaves like a machine with a kernel of the model",
  doctor: "list what this machine lacks and how to fix it",
  completion: "print what completes command lines in bash, zsh or fish",
};

/** The options that stand before a subcommand, with a line for the help. */
export const GENERAL: Readonly<Record<string, string>> = {
  "-C DIR": "Work in this folder",
  "-h, --help": "Show this help, or, after a command, the help of the command",
  "-V, --version": "Show the versions of twinlink and Deno",
};

/**
 * Loads a subcommand.
 *
 * @throws {UsageError} If there is no command of that name
 */
export async function load(name: string): Promise<Command> {
  if (!Object.hasOwn(COMMANDS, name)) {
    const hint = suggestion(name, [...Object.keys(COMMANDS), "help"]) || ` (see "twinlink help")`;
    throw new UsageError(`Unknown command "${visible(name)}"${hint}`);
  }
  // Deno reads every file whose path it finds in the text when it starts: nearly the whole tree.
  const { href } = new URL(`./${name}.ts`, import.meta.url);
  return (await import(href)).default;
}
