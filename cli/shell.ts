/** `twinlink shell`. */

import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { ERA_IDS, eraOf, NEWEST_ERA } from "../model/mod.ts";
import { complete } from "../shell/complete.ts";
import { GAP_STATUS, Session, splitCommands } from "../shell/mod.ts";
import { isComplete } from "../shell/split.ts";
import { visible } from "../boards/visible.ts";
import { command, UsageError } from "./command.ts";
import { ERAS_BY_NAME } from "./_shared.ts";
import type { CtrlC } from "../run/interrupt.ts";
import { print, say } from "../run/output.ts";

/** Returns the era of a kernel by its own name (`6.12`) or by any release (`6.8.0-41-generic`). */
function eraNamed(name: string) {
  try {
    return eraOf(/^\d+\.\d+$/.test(name) ? `${name}.0` : name).id;
  } catch {
    throw new UsageError(
      `Option --era is "${visible(name)}", but must be one of ${ERAS_BY_NAME.join(", ")}, or a kernel release from ${
        ERA_IDS[0]
      } on`,
    );
  }
}

function iproute2Of(version: string): string {
  if (/^\d+\.\d+$/.test(version)) return version;
  throw new UsageError(`Option --iproute2 is "${visible(version)}", but must be a version such as 7.3`);
}

/** Runs a script, a command line at a time; gives the exit status of the last one, or the status for what is not modelled. */
function runScript(session: Session, script: string, json: boolean): number {
  let status = 0;
  let gaps = 0;
  for (const line of splitCommands(script)) {
    const output = json
      ? {}
      : { out: print, err: (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text)) };
    const result = session.run(line, output);
    status = session.ended ?? result.rc;
    gaps += result.gaps.length;
    if (json) print(`${JSON.stringify(result)}\n`);
    if (session.ended !== undefined) break;
  }
  return gaps > 0 ? GAP_STATUS : status;
}

/** Ctrl-\\, as a terminal sends it that makes no signal of it. */
const QUIT = "\x1c";

/** A prompt on a terminal, until its end. */
async function prompt(session: Session, json: boolean, ctrlC: CtrlC, signal: AbortSignal): Promise<number> {
  say(`A machine with Linux ${session.system.release}, as the model has it; Ctrl-D leaves it.`);
  const { stdin, stdout } = process;
  const terminal: Interface = createInterface({
    input: stdin,
    output: stdout,
    historySize: 1000,
    completer: (line: string) => complete(session, line),
  });
  signal.addEventListener("abort", () => terminal.close(), { once: true });
  let held = "";
  let status = 0;
  let closed = false;
  let quit = false;
  terminal.on("close", () => void (closed = true));
  stdin.on("keypress", (_text: unknown, key: { sequence?: string } | undefined) => {
    if (key?.sequence !== QUIT) return;
    quit = true;
    terminal.close();
  });
  const ask = () => {
    if (closed) return;
    terminal.setPrompt(held === "" ? `${session.system.machine.era.id}:${session.cwd}# ` : "> ");
    terminal.prompt();
  };
  const drop = () => {
    if (closed) return;
    held = "";
    print("^C\n");
    // What was typed so far is dropped
    terminal.write(null, { ctrl: true, name: "e" });
    terminal.write(null, { ctrl: true, name: "u" });
    ask();
  };
  terminal.on("SIGINT", drop);
  ctrlC.onPress = drop;
  try {
    ask();
    for await (const line of terminal) {
      held = held === "" ? line : `${held}\n${line}`;
      if (/^\s*$/.test(held)) held = "";
      else if (isComplete(held)) {
        // While a command runs the terminal makes signals of Ctrl-C and Ctrl-\\
        stdin.setRawMode(false);
        ctrlC.pressed();
        status = runScript(session, held, json);
        // After the ^C that the terminal shows
        if (status === 130) print("\n");
        if (!closed) stdin.setRawMode(true);
        held = "";
      }
      if (session.ended !== undefined || quit) break;
      ask();
    }
  } finally {
    terminal.close();
  }
  return quit ? QUIT_STATUS : session.ended ?? status;
}

/** As a shell has it for a program that SIGQUIT ended. */
const QUIT_STATUS = 131;

async function readScript(file: string | undefined): Promise<string> {
  try {
    return file === undefined ? await new Response(Deno.stdin.readable).text() : await Deno.readTextFile(file);
  } catch (error) {
    throw new UsageError(
      `Cannot read script "${visible(file ?? "standard input")}": ${visible((error as Error).message)}`,
    );
  }
}

export default command({
  name: "shell",
  usage: ["[--era ERA] [--iproute2 VERSION] [--json] < SCRIPT", "[--era ERA] [OPTION..] [SCRIPT]"],
  details: `Commands print and do what they would on a machine with that kernel. Nothing real is touched. Time is the
model's own: a sleep takes none. The machine has a POSIX shell, files of sysfs and debugfs, and these programs: devlink,
ip, ethtool, lsmod, insmod, modprobe, rmmod, dmesg, uname, cat, cut, find, grep, head, ls, mkdir, rm, sed, sh, sleep,
sort, tail, timeout, tr, wc.

A script is read from standard input, or from the file SCRIPT. With --json a line is printed for each
command line: command, rc, stdout, stderr, notify (devlink messages by netns, whether anybody listens or not), kmsg
and gaps. The exit status is the status of the last command.

What the model does not have is reported on standard error, wherever the output goes: "twinlink: not modelled: ip rule
add". Such a command has exit status 125, and so has a script with one; with --json it stands in gaps. It does
nothing, so what follows it may differ from a kernel.

At the prompt Ctrl-C ends the command that runs, Ctrl-D and Ctrl-\\ end the shell. SIGINT ends a script, too.`,
  options: {
    "era": {
      type: "text",
      value: "ERA",
      help: `The kernel: ${ERAS_BY_NAME.join(", ")}, or a release (default: ${NEWEST_ERA})`,
    },
    "iproute2": {
      type: "text",
      value: "VERSION",
      help: "The version of iproute2 that it has; 7.3 alone is modelled (default: 7.3)",
    },
    "json": { type: "flag", help: "Print a line of JSON for each command line" },
    "seed": { type: "text", value: "N", help: "Of what the kernel draws at random (default: 1)" },
  },
  run: async (values, operands, { signal, interrupts }) => {
    if (operands.length > 1) throw new UsageError("shell takes one script at most");
    const seed = values.seed ?? "1";
    if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`Option --seed is "${visible(seed)}", but must be a number`);
    interrupts.harmless();
    const [file] = operands;
    using ctrlC = file === undefined && Deno.stdin.isTerminal() ? interrupts.takeCtrlC() : undefined;
    const session = new Session({
      era: eraNamed(values.era ?? NEWEST_ERA),
      iproute2: iproute2Of(values.iproute2 ?? "7.3"),
      seed: Number(seed),
      interrupted: () => {
        if (interrupts.stopped()) signal.throwIfAborted();
        return ctrlC?.pressed() ?? false;
      },
    });
    if (ctrlC) return await prompt(session, values.json, ctrlC, signal);
    return runScript(session, await readScript(file), values.json);
  },
});
