/**
 * The command `twinlink`: finds the subcommand, and turns every outcome into an exit status.
 *
 * @module
 */

import { suggestion } from "../boards/suggestion.ts";
import { visible } from "../boards/visible.ts";
import { runAsMain } from "./entry.ts";
import { type CommandContext, helpOf, parseCommand, UsageError } from "./command.ts";
import { COMMANDS, GENERAL, load } from "./subcommands.ts";
import { print, say } from "../run/output.ts";
import config from "../deno.json" with { type: "json" };

const OVERVIEW = `twinlink: tests devlink on real boards against a reference model

Usage: twinlink COMMAND [ARGUMENT..]

${Object.entries(COMMANDS).map(([name, summary]) => `  ${name.padEnd(12)}${summary}`).join("\n")}
  help        Show this help, or the help of a command

Options:
${Object.entries(GENERAL).map(([option, help]) => `  ${option.padEnd(15)}${help}`).join("\n")}

Exit status: 0 all agree, 1 a divergence or a crash, 2 wrong usage, configuration or suite, 3 not judged
`;

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
  // -C may be given several times, as in git: a task gives the first.
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
    const hint = suggestion(name, ["--help", "--version"]) || `; options stand after a command (see "twinlink help")`;
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
