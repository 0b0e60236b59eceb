/**
 * Programs that wait, and that run others: sleep(1), timeout(1), sh(1).
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import type { Process } from "../process.ts";
import { type Signal, signalOf, SIGNALS } from "../signals.ts";
import type { Call, Program } from "../program.ts";
import { shellIn } from "../interpreter.ts";
import { readFile } from "./input.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

const sleep: Program = function* (call) {
  let seconds = 0;
  for (const arg of call.args) {
    const match = /^(\d*\.?\d+)([smhd]?)$/.exec(arg);
    if (!match) {
      yield* call.err(`sleep: invalid number '${arg}'\n`);
      return 1;
    }
    seconds += Number(match[1]) * (UNITS[match[2]!] ?? 1);
  }
  yield { until: call.system.scheduler.clock.now + seconds * 1000 };
  return 0;
};

/** Returns a program in a process of its own, which can be sent signals. */
function child(call: Call, argv: readonly string[]): Process {
  const { process, system } = call;
  const options = { files: process.files, cwd: process.cwd, netns: process.netns, env: process.env, parent: process };
  const started = system.scheduler.start(options, (own) => call.execIn(own, argv));
  started.name = argv.join(" ");
  return started;
}

const timeout: Program = function* (call) {
  const args = [...call.args];
  let signal: Signal = "TERM";
  while (args[0]?.startsWith("-")) {
    const option = args.shift()!;
    if (option.startsWith("-s")) {
      const name = option.slice(2) || (args.shift() ?? "");
      const found = signalOf(name);
      if (!found) throw new ModelGap(`timeout -s ${name}`, "a signal that is not modelled");
      signal = found;
    } else throw new ModelGap(`timeout ${option}`, "an option of the program");
  }
  const limit = /^(\d*\.?\d+)([smhd]?)$/.exec(args.shift() ?? "");
  if (!limit || args.length === 0) {
    yield* call.err("BusyBox v1.37.0 multi-call binary.\n\nUsage: timeout [-s SIG] [-k KILL_SECS] SECS PROG ARGS\n");
    return 1;
  }
  const { clock } = call.system.scheduler;
  const end = clock.now + Number(limit[1]) * (UNITS[limit[2]!] ?? 1) * 1000;
  const process = child(call, args);
  while (process.status === undefined && clock.now < end) {
    yield* call.system.scheduler.waitFor(process, end);
  }
  if (process.status === undefined) {
    process.kill(signal);
    yield { ready: () => process.status !== undefined };
    // The signal ends the program, and the shell of the program reports it
    if (process.status === 128 + SIGNALS.TERM) yield* call.err("Terminated\n");
  }
  return process.status!;
};

const sh: Program = function* (call) {
  const args = [...call.args];
  let script: string | undefined;
  const options: string[] = [];
  while (/^-./.test(args[0] ?? "")) {
    const option = args.shift()!;
    if (/[^clseux]/.test(option.slice(1))) throw new ModelGap(`sh ${option}`, "an option of the shell");
    options.push(...option.slice(1).replace(/[cls]/g, ""));
    if (option.includes("c")) {
      script = args.shift() ?? "";
      break;
    }
  }
  let name = script === undefined ? call.argv[0]! : args.shift() ?? call.argv[0]!;
  if (script === undefined) {
    const file = args.shift();
    if (file === undefined) script = yield* call.process.readAll(0);
    else {
      const content = yield* readFile(call, call.path(file));
      if (!("text" in content)) {
        yield* call.err(`${name}: 0: cannot open ${file}: No such file\n`);
        return 2;
      }
      script = content.text;
      name = file;
    }
  }
  const { cwd } = call.process;
  const process = call.system.scheduler.start({
    files: call.process.files,
    cwd,
    netns: call.process.netns,
    env: call.process.env,
    parent: call.process,
  }, (own) => {
    const shell = shellIn(call.system, own, name, args);
    for (const option of options) shell.state.options.add(option);
    return shell.runScript(script!);
  });
  yield* call.process.join(process, true);
  call.system.scheduler.reap(process);
  if (process.status === 128 + SIGNALS.KILL) yield* call.err("Killed\n");
  if (process.status === 128 + SIGNALS.TERM) yield* call.err("Terminated\n");
  return process.status!;
};

/** The programs by name. */
export const PROCESS_PROGRAMS: Readonly<Record<string, Program>> = { sleep, timeout, sh };
