/**
 * The command `twinlink`: finds the subcommand, and makes an exit status of whatever happens.
 *
 * @module
 */

import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { runAsMain } from "./entry.ts";
import { type Command, type CommandContext, helpOf, parseCommand, UsageError } from "./command.ts";
import { print, say } from "../run/output.ts";
import config from "../deno.json" with { type: "json" };

/** The subcommands by name, in the order of the help, with a line for it. `NAME.ts` is loaded when it is called. */
export const COMMANDS: Readonly<Record<string, string>> = {
  init: "write a project of your own: a first suite, a board, a CI job",
  run: "run suites on boards and compare what they show with the model",
  resume: "go on with a run after twinlink or its machine died",
  fuzz: "generate sequences, run them on a board and compare what it shows with the model",
  race: "perform operations at the same time: on the model in every order that can differ, on a board many times",
  check: "judge recorded traces off line, with the model of today",
  learn: "write what boards showed and the model does not know as expectations to review",
  record: "run suites on a board and keep its trace in a file",
  report: "write the page of a run that was kept, or compare two runs",
  history: "list the runs of a folder: pass rate, times, flake rate and last change by board and sequence",
  trace: "show recorded traces: the steps, and what an emulated device saw between them",
  boards: "list the boards that ship; write, check, describe or probe one, read its facts",
  console: "the console of a board on this terminal, recorded",
  shell: "a prompt that behaves like a machine with a kernel of the model",
  doctor: "list what this machine lacks and how to fix it",
};

const OVERVIEW = `twinlink: tests devlink on real boards against a reference model

Usage: twinlink COMMAND [ARGUMENT..]

${Object.entries(COMMANDS).map(([name, summary]) => `  ${name.padEnd(9)}${summary}`).join("\n")}
  help     Show this help, or that of a command

Options:
  -C DIR         Work in this folder
  -h, --help     Show this help, or behind a command that of the command
  -V, --version  Show the versions of twinlink and Deno

Exit status: 0 all agree, 1 a divergence or a crash, 2 wrong usage, configuration or suite, 3 not judged
`;

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

function enter(folder: string | undefined): void {
  if (folder === undefined) throw new UsageError("Option -C needs a value: DIR");
  try {
    Deno.chdir(folder);
  } catch (error) {
    throw new UsageError(`Cannot work in "${visible(folder)}": ${visible((error as Error).message)}`);
  }
}

const helpFor = async (name: string) => helpOf(await load(name), COMMANDS[name]!);

/**
 * Runs a command line and returns its exit status.
 *
 * @throws {UsageError} If the command line is wrong
 */
export async function dispatch(args: readonly string[], context: CommandContext): Promise<number> {
  // Several, as git has it: a task gives the first one.
  while (args[0] === "-C") {
    enter(args[1]);
    args = args.slice(2);
  }
  const [name, ...rest] = args;
  if (name === undefined) {
    say(OVERVIEW.trimEnd());
    return 2;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    const topic = name === "help" ? rest[0] : undefined;
    print(topic === undefined || topic === "help" || topic.startsWith("-") ? OVERVIEW : await helpFor(topic));
    return 0;
  }
  if (name === "--version" || name === "-V") {
    print(`twinlink ${config.version} (Deno ${Deno.version.deno}, ${Deno.build.os} ${Deno.build.arch})\n`);
    return 0;
  }
  if (name.startsWith("-")) {
    const hint = suggestion(name, ["--help", "--version"]) || `; options stand behind a command (see "twinlink help")`;
    throw new UsageError(`Unknown option "${visible(name)}"${hint}`);
  }
  const command = await load(name);
  const { values, operands } = parseCommand(command, rest);
  if (values.help) {
    print(helpOf(command, COMMANDS[name]!));
    return 0;
  }
  return await command.run(values, operands, context);
}

if (import.meta.main) await runAsMain((signal, interrupts) => dispatch(Deno.args, { signal, interrupts }));
