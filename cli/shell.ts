/** `twinlink shell`. */

import { createInterface, type Interface } from "node:readline";
import { eraOf } from "../model/mod.ts";
import { complete } from "../shell/complete.ts";
import { GAP_STATUS, Session, splitCommands } from "../shell/mod.ts";
import { isComplete } from "../shell/split.ts";
import { visible } from "../boards/visible.ts";
import { command, UsageError } from "./command.ts";
import { ERAS_BY_NAME } from "./_shared.ts";
import { print, say } from "./output.ts";

/** The era of a kernel by its own name (`6.12`) or by any release (`6.8.0-41-generic`). */
function eraNamed(name: string) {
  try {
    return eraOf(/^\d+\.\d+$/.test(name) ? `${name}.0` : name).id;
  } catch {
    throw new UsageError(
      `Option --era is "${visible(name)}", but must be one of ${
        ERAS_BY_NAME.join(", ")
      }, or a kernel release from 5.10 on`,
    );
  }
}

function iproute2Of(version: string): string {
  if (/^\d+\.\d+$/.test(version)) return version;
  throw new UsageError(`Option --iproute2 is "${visible(version)}", but must be a version such as 7.3`);
}

/** Runs a script, a command line at a time; gives the exit status of the last one, or that of what is not modelled. */
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

/** A prompt on a terminal, until its end. */
async function prompt(session: Session, json: boolean, signal: AbortSignal): Promise<number> {
  say(`A machine with Linux ${session.system.release}, as the model has it; Ctrl-D leaves it.`);
  const terminal: Interface = createInterface({
    input: (await import("node:process")).default.stdin,
    output: (await import("node:process")).default.stdout,
    historySize: 1000,
    completer: (line: string) => complete(session, line),
  });
  signal.addEventListener("abort", () => terminal.close(), { once: true });
  let held = "";
  let status = 0;
  let closed = false;
  terminal.on("close", () => void (closed = true));
  const ask = () => {
    if (closed) return;
    terminal.setPrompt(held === "" ? `${session.system.machine.era.id}:${session.cwd}# ` : "> ");
    terminal.prompt();
  };
  terminal.on("SIGINT", () => {
    held = "";
    print("^C\n");
    // What was typed so far is dropped
    terminal.write(null, { ctrl: true, name: "e" });
    terminal.write(null, { ctrl: true, name: "u" });
    ask();
  });
  ask();
  for await (const line of terminal) {
    held = held === "" ? line : `${held}\n${line}`;
    if (/^\s*$/.test(held)) held = "";
    else if (isComplete(held)) {
      status = runScript(session, held, json);
      held = "";
    }
    if (session.ended !== undefined) break;
    ask();
  }
  terminal.close();
  return session.ended ?? status;
}

export default command({
  name: "shell",
  summary: "a prompt that behaves like a machine with a kernel of the model",
  usage: ["[--era ERA] [--iproute2 VERSION] [--json] < SCRIPT", "[--era ERA] [OPTION..] [SCRIPT]"],
  details: `devlink, ip, ethtool, rmmod, modprobe, files of sysfs and debugfs, and what a small machine has of a shell's
programs print and do what they would on a machine with that kernel. Nothing real is touched. Time is the
model's own: a sleep takes none.

A script is read from standard input, or from the file SCRIPT. With --json a line is printed for each
command line: command, rc, stdout, stderr, notify (devlink messages by netns, whether anybody listens or not), kmsg
and gaps. The exit status is that of the last command.

What the model does not have says so on standard error, wherever the output goes: "twinlink: not modelled: ip rule
add". Such a command has exit status 125, and so has a script with one; with --json it stands in gaps. It does
nothing, so what follows it may differ from a kernel.`,
  options: {
    "era": { type: "text", value: "ERA", help: `The kernel: ${ERAS_BY_NAME.join(", ")}, or a release (default: 7.3)` },
    "iproute2": { type: "text", value: "VERSION", help: "The version of iproute2 that it has (default: 7.3)" },
    "json": { type: "flag", help: "Print a line of JSON for each command line" },
    "seed": { type: "text", value: "N", help: "Of what the kernel draws at random (default: 1)" },
  },
  run: async (values, operands, { signal }) => {
    if (operands.length > 1) throw new UsageError("shell takes one script at most");
    const seed = values.seed ?? "1";
    if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`Option --seed is "${visible(seed)}", but must be a number`);
    const session = new Session({
      era: eraNamed(values.era ?? "7.3"),
      iproute2: iproute2Of(values.iproute2 ?? "7.3"),
      seed: Number(seed),
    });
    const [file] = operands;
    if (file === undefined && Deno.stdin.isTerminal()) return await prompt(session, values.json, signal);
    let script: string;
    try {
      script = file === undefined ? await new Response(Deno.stdin.readable).text() : await Deno.readTextFile(file);
    } catch (error) {
      throw new UsageError(
        `Cannot read script "${visible(file ?? "standard input")}": ${visible((error as Error).message)}`,
      );
    }
    return runScript(session, script, values.json);
  },
});
