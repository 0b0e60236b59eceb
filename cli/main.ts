/**
 * The command `twinlink`: finds the subcommand, and makes an exit status of whatever happens.
 *
 * @module
 */

import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { runAsMain } from "./entry.ts";
import boards from "./boards.ts";
import check from "./check.ts";
import console from "./console.ts";
import { type Command, type CommandContext, helpOf, parseCommand, UsageError } from "./command.ts";
import doctor from "./doctor.ts";
import fuzz from "./fuzz.ts";
import { print, say } from "../run/output.ts";
import race from "./race.ts";
import record from "./record.ts";
import resume from "./resume.ts";
import run from "./run.ts";
import shell from "./shell.ts";
import trace from "./trace.ts";
import config from "../deno.json" with { type: "json" };

/** The subcommands, in the order of the help. */
const COMMANDS: readonly Command[] = [run, resume, fuzz, race, check, record, trace, boards, console, shell, doctor];

const OVERVIEW = `twinlink: tests devlink on real boards against a reference model

Usage: twinlink COMMAND [ARGUMENT..]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join("\n")}
  help     Show this help, or that of a command

Options:
  -C DIR         Work in this folder
  -h, --help     Show this help, or behind a command that of the command
  -V, --version  Show the versions of twinlink and Deno

Exit status: 0 all agree, 1 a divergence or a crash, 2 wrong usage, configuration or suite, 3 not judged
`;

function find(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found) return found;
  const hint = suggestion(name, [...COMMANDS.map((command) => command.name), "help"]) || ` (see "twinlink help")`;
  throw new UsageError(`Unknown command "${visible(name)}"${hint}`);
}

function enter(folder: string | undefined): void {
  if (folder === undefined) throw new UsageError("Option -C needs a value: DIR");
  try {
    Deno.chdir(folder);
  } catch (error) {
    throw new UsageError(`Cannot work in "${visible(folder)}": ${visible((error as Error).message)}`);
  }
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<number> {
  if (args[0] === "-C") {
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
    print(topic === undefined || topic === "help" || topic.startsWith("-") ? OVERVIEW : helpOf(find(topic)));
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
  const command = find(name);
  const { values, operands } = parseCommand(command, rest);
  if (values.help) {
    print(helpOf(command));
    return 0;
  }
  return await command.run(values, operands, context);
}

if (import.meta.main) await runAsMain((signal, interrupts) => dispatch(Deno.args, { signal, interrupts }));
