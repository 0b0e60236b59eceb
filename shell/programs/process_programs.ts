/**
 * Programs that run others, wait for them and end them: shells, timeout(1), env(1), killall(1).
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { type Process, type Signal, SIGNALS, timesText } from "../process.ts";
import type { Call, Program } from "../program.ts";
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

/** A program in a process of its own, which can be sent signals. */
function child(call: Call, argv: readonly string[]): Process {
  const { process, system } = call;
  const options = { files: process.files, cwd: process.cwd, netns: process.netns, env: process.env, parent: process };
  const started = system.scheduler.start(options, (own) => call.execIn(own, argv));
  started.name = argv.join(" ");
  return started;
}

/** A signal by its name or its number. */
function signalOf(program: string, word: string): Signal {
  const found = Object.entries(SIGNALS).find(([name, number]) =>
    name === word.replace(/^SIG/, "") || String(number) === word
  );
  if (!found) throw new ModelGap(`${program}: signal ${word}`, "a signal that is not modelled");
  return found[0] as Signal;
}

const timeout: Program = function* (call) {
  const args = [...call.args];
  let signal = "TERM";
  while (args[0]?.startsWith("-")) {
    const option = args.shift()!;
    if (option.startsWith("-s")) signal = option.slice(2) || (args.shift() ?? "");
    else throw new ModelGap(`timeout ${option}`, "an option of the program");
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
    process.kill(signalOf("timeout", signal));
    yield { ready: () => process.status !== undefined };
    // It is the program itself that is ended, and its shell says so
    if (process.status === 128 + SIGNALS.TERM) yield* call.err("Terminated\n");
  }
  return process.status!;
};

const time: Program = function* (call) {
  const begin = call.system.scheduler.clock.now;
  const [first = ""] = call.args;
  if (first.startsWith("-")) throw new ModelGap(`time ${first}`, "an option of the program");
  const status = yield* call.exec(call.args);
  yield* call.err(timesText(call.system.scheduler.clock.now - begin));
  return status;
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
    const shell = call.system.shell(own, name, args);
    for (const option of options) shell.state.options.add(option);
    return shell.runScript(script!);
  });
  yield* call.process.join(process, true);
  call.system.scheduler.reap(process);
  if (process.status === 128 + SIGNALS.KILL) yield* call.err("Killed\n");
  if (process.status === 128 + SIGNALS.TERM) yield* call.err("Terminated\n");
  return process.status!;
};

const env: Program = function* (call) {
  const args = [...call.args];
  const added = new Map(call.process.env);
  while (args.length > 0 && (/^\w+=/.test(args[0]!) || args[0] === "-i")) {
    const word = args.shift()!;
    if (word === "-i") added.clear();
    else added.set(word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1));
  }
  if (args[0]?.startsWith("-")) throw new ModelGap(`env ${args[0]}`, "an option of the program");
  if (args.length > 0) {
    const before = call.process.env;
    call.process.env = added;
    try {
      return yield* call.exec(args);
    } finally {
      call.process.env = before;
    }
  }
  yield* call.out([...added].map(([name, value]) => `${name}=${value}\n`).join(""));
  return 0;
};

/** Runs what follows its own words, which make no difference here. */
const passing = (own: RegExp = /^$/): Program =>
  function* (call) {
    const all = call.args.join(" ");
    const words = own.exec(all)?.[0] ?? "";
    const args = call.args.slice(words === "" ? 0 : words.trim().split(" ").length);
    if (args.length === 0 || args[0]!.startsWith("-")) {
      throw new ModelGap(call.argv.join(" "), "an option of the program");
    }
    return yield* call.exec(args);
  };

const pidof: Program = function* (call) {
  const [wanted = "", ...others] = call.args;
  if (others.length > 0 || wanted.startsWith("-")) throw new ModelGap(call.argv.join(" "), "more than one name");
  const pids = call.system.scheduler.living.filter(({ name }) => name.split(/\s/)[0] === wanted).map(({ pid }) => pid);
  if (pids.length > 0) yield* call.out(`${pids.join(" ")}\n`);
  return pids.length > 0 ? 0 : 1;
};

const killall: Program = function* (call) {
  const args = [...call.args];
  const signal = signalOf("killall", args[0]?.startsWith("-") ? args.shift()!.slice(1) : "TERM");
  let status = 0;
  for (const wanted of args) {
    const found = call.system.scheduler.living.filter((process) =>
      process !== call.process && process.name.split(/\s/)[0] === wanted
    );
    for (const process of found) process.kill(signal);
    if (found.length > 0) continue;
    yield* call.err(`killall: ${wanted}: no process killed\n`);
    status = 1;
  }
  return status;
};

const busybox: Program = function* (call) {
  const [first = ""] = call.args;
  if (first === "" || first.startsWith("-")) throw new ModelGap(`busybox ${first}`, "the list of its programs");
  return yield* call.exec(call.args);
};

/** The programs by name. */
export const PROCESS_PROGRAMS: Readonly<Record<string, Program>> = {
  sleep,
  timeout,
  time,
  sh,
  dash: sh,
  env,
  pidof,
  killall,
  busybox,
  nohup: passing(),
  setsid: passing(),
  nice: passing(/^(?:-n -?\d+ |-?-\d+ )/),
  stdbuf: passing(/^(?:-[ioe][0L] )+/),
  chrt: passing(/^(?:-[fro] )?\d+ /),
};
