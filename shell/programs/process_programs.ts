/**
 * Programs that run others, wait for them and end them: shells, timeout(1), env(1), killall(1).
 *
 * @module
 */

import { type Process, type Signal, Signalled, SIGNALS, timesText } from "../process.ts";
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

const timeout: Program = function* (call) {
  const args = [...call.args];
  let signal: Signal = "TERM";
  while (args[0]?.startsWith("-")) {
    const option = args.shift()!;
    if (option.startsWith("-s")) signal = (option.slice(2) || args.shift()!).replace(/^SIG/, "") as Signal;
    else if (option.startsWith("-k")) { if (option === "-k") args.shift(); }
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
    process.kill(Object.hasOwn(SIGNALS, signal) ? signal : "TERM");
    yield { ready: () => process.status !== undefined };
    // It is the program itself that is ended, and its shell says so
    if (process.status === 128 + SIGNALS.TERM) yield* call.err("Terminated\n");
  }
  return process.status!;
};

const time: Program = function* (call) {
  const begin = call.system.scheduler.clock.now;
  const status = yield* call.exec(call.args.filter((arg) => arg !== "-p"));
  yield* call.err(timesText(call.system.scheduler.clock.now - begin));
  return status;
};

const sh: Program = function* (call) {
  const args = [...call.args];
  let script: string | undefined;
  const options: string[] = [];
  while (/^-[a-z]+$/.test(args[0] ?? "")) {
    const option = args.shift()!;
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
  try {
    yield { ready: () => process.status !== undefined };
  } catch (error) {
    if (error instanceof Signalled) process.kill(error.signal);
    throw error;
  }
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

/** Runs what follows its own options. */
const passing = (skip = 0): Program =>
  function* (call) {
    const args = call.args.filter((arg, i) => !(i === 0 && arg.startsWith("-"))).slice(skip);
    return args.length > 0 ? yield* call.exec(args) : 0;
  };

const pidof: Program = function* (call) {
  const wanted = call.args.at(-1) ?? "";
  const pids = call.system.scheduler.living.filter(({ name }) => name.split(/\s/)[0] === wanted).map(({ pid }) => pid);
  if (pids.length > 0) yield* call.out(`${pids.join(" ")}\n`);
  return pids.length > 0 ? 0 : 1;
};

const killall: Program = function* (call) {
  const args = [...call.args];
  let signal: Signal = "TERM";
  if (args[0]?.startsWith("-")) signal = args.shift()!.slice(1).replace(/^SIG/, "") as Signal;
  let status = 0;
  for (const wanted of args) {
    const found = call.system.scheduler.living.filter((process) =>
      process !== call.process && process.name.split(/\s/)[0] === wanted
    );
    for (const process of found) process.kill(Object.hasOwn(SIGNALS, signal) ? signal : "TERM");
    if (found.length > 0) continue;
    yield* call.err(`killall: ${wanted}: no process killed\n`);
    status = 1;
  }
  return status;
};

const busybox: Program = function* (call) {
  return call.args.length > 0 ? yield* call.exec(call.args) : 0;
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
  pkill: killall,
  busybox,
  nohup: passing(),
  setsid: passing(),
  nice: passing(),
  stdbuf: passing(),
  chrt: passing(1),
};
