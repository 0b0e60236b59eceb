/**
 * Programs that tell of the machine, or run others: sleep, uname, dmesg, modules, shells.
 *
 * @module
 */

import { errorText } from "./errno.ts";
import { readOptions } from "./options.ts";
import type { Call, Program } from "./program.ts";
import { type Process, type Run, type Signal, Signalled, SIGNALS } from "./process.ts";

const constant = (status: number): Program =>
  // deno-lint-ignore require-yield
  function* () {
    return status;
  };

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

const uname: Program = function* (call) {
  const { given } = readOptions(call.args, "asnrvmpio");
  const { system } = call;
  const fields: [string, string][] = [
    ["s", "Linux"],
    ["n", system.hostname],
    ["r", system.release],
    ["v", system.version],
    ["m", "x86_64"],
    ["o", "GNU/Linux"],
  ];
  const wanted = fields.filter(([letter]) =>
    given.has("a") || given.has(letter) || (given.size === 0 && letter === "s")
  );
  yield* call.out(`${wanted.map(([, text]) => text).join(" ")}\n`);
  return 0;
};

const date: Program = function* (call) {
  const now = new Date(call.system.time);
  const format = call.args.find((arg) => arg.startsWith("+"))?.slice(1);
  const two = (value: number) => String(value).padStart(2, "0");
  const iso = now.toISOString();
  const [day, month] = now.toUTCString().split(/,? /) as [string, string];
  const name = now.toUTCString().split(" ")[2]!;
  void month;
  const fields: Record<string, string> = {
    s: String(Math.floor(now.getTime() / 1000)),
    N: String(now.getUTCMilliseconds() * 1_000_000).padStart(9, "0"),
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: two(now.getUTCHours()),
    M: two(now.getUTCMinutes()),
    S: two(now.getUTCSeconds()),
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
  };
  const text = format === undefined
    ? `${day} ${name} ${String(now.getUTCDate()).padStart(2)} ${iso.slice(11, 19)} UTC ${iso.slice(0, 4)}`
    : format.replace(/%([sNYmdHMSFT])/g, (_all, letter: string) => fields[letter]!);
  yield* call.out(`${text}\n`);
  return 0;
};

const dmesg: Program = function* (call) {
  const { given } = readOptions(call.args, "cCtwHTn:s:r");
  const { log } = call.system;
  const lines = log.map(({ time, text }) => {
    const stamp = (time / 1000).toFixed(6).padStart(12);
    return given.has("t") ? `${text}\n` : `[${stamp}] ${text}\n`;
  });
  if (!given.has("C")) yield* call.out(lines.join(""));
  if (given.has("c") || given.has("C")) log.length = 0;
  return 0;
};

const lsmod: Program = function* (call) {
  const tainted = call.system.modules.length > 0 ? "Tainted: G  " : "Not tainted";
  let text = `Module                  Size  Used by    ${tainted}\n`;
  for (const { name, size, users } of call.system.modules) {
    text += `${name.padEnd(19)} ${String(size).padStart(8)}  ${users.length} ${users.join(",")}\n`;
  }
  yield* call.out(text);
  return 0;
};

/** The name of a module by that of its file. */
const moduleOf = (path: string) =>
  path.replace(/^.*\//, "").replace(/\.ko(?:\.[gx]z|\.zst)?$/, "").replaceAll("-", "_");

const rmmod: Program = function* (call) {
  const { operands } = readOptions(call.args, "fwas");
  let status = 0;
  for (const name of operands) {
    const module = moduleOf(name);
    const { result } = usedByNetdevsim(call, module)
      ? { result: call.system.modules.find(({ name }) => name === module)!.users.length > 0 ? "EAGAIN" : "ok" }
      : isThere(call, module)
      ? call.system.perform({ kind: "module.unload", name: module })
      : { result: "ENOENT" };
    if (result === "ok") continue;
    if (result === "hang") yield { ready: () => false };
    yield* call.err(`rmmod: can't unload module '${name}': ${errorText(result)}\n`);
    status = 1;
  }
  return status;
};

/** What becomes of a module that netdevsim uses. */
function usedByNetdevsim(call: Call, module: string): boolean {
  return module !== "netdevsim" && call.system.facts.modules.some(([name]) => name === module);
}

/** Whether a module can be loaded at all: not where it is built in. */
function isThere(call: Call, module: string): boolean {
  return module !== "netdevsim" || call.system.facts.modules.length > 0;
}

function load(call: Call, name: string, args: readonly string[]) {
  const params = Object.fromEntries(args.map((arg) => arg.split(/=(.*)/s).slice(0, 2) as [string, string]));
  if (usedByNetdevsim(call, moduleOf(name))) return "ok";
  if (!isThere(call, moduleOf(name))) return "client";
  return call.system.perform({ kind: "module.load", name: moduleOf(name), params }).result;
}

const modprobe: Program = function* (call) {
  const { given, operands } = readOptions(call.args, "raqvsDbl");
  const [name, ...rest] = operands;
  if (name === undefined) return 1;
  if (given.has("r")) return yield* rmmod({ ...call, args: operands });
  const result = load(call, name, rest);
  if (result === "ok") return 0;
  if (!given.has("q")) {
    yield* call.err(
      result === "client"
        ? `modprobe: module ${name} not found in modules.dep\n`
        : `modprobe: can't load module ${name}: ${errorText(result)}\n`,
    );
  }
  return 1;
};

const insmod: Program = function* (call) {
  const [path, ...rest] = call.args;
  if (path === undefined) return 1;
  const module = moduleOf(path);
  const loaded = call.system.modules.some(({ name }) => name === module);
  const result = loaded ? "EEXIST" : load(call, path, rest);
  if (result === "ok") return 0;
  yield* call.err(`insmod: can't insert '${path}': ${errorText(result === "client" ? "ENOENT" : result)}\n`);
  return result === "EEXIST" ? 239 : 254;
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
  const seconds = (call.system.scheduler.clock.now - begin) / 1000;
  const figure = (value: number) => `${Math.floor(value / 60)}m ${(value % 60).toFixed(2)}s`;
  yield* call.err(`real\t${figure(seconds)}\nuser\t${figure(0)}\nsys\t${figure(0)}\n`);
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
      const opened = call.system.files.open(call.path(file), "r", call.process.netns);
      if ("errno" in opened) {
        yield* call.err(`${name}: 0: cannot open ${file}: No such file\n`);
        return 2;
      }
      script = "";
      for (;;) {
        const piece = yield* opened.file.read();
        if (!("text" in piece)) break;
        script += piece.text;
      }
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

const printing = (text: (call: Call) => string): Program =>
  function* (call): Run {
    yield* call.out(`${text(call)}\n`);
    return 0;
  };

/** Runs what follows its own options. */
const passing = (skip = 0): Program =>
  function* (call) {
    const args = call.args.filter((arg, i) => !(i === 0 && arg.startsWith("-"))).slice(skip);
    return args.length > 0 ? yield* call.exec(args) : 0;
  };

const which: Program = function* (call) {
  let status = 0;
  for (const name of call.args) {
    const path = call.system.which(name);
    if (path === undefined) status = 1;
    else yield* call.out(`${path}\n`);
  }
  return status;
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

const expr: Program = function* (call) {
  const args = [...call.args];
  const or = (): string => {
    let left = and();
    while (args[0] === "|") {
      args.shift();
      const right = and();
      if (left === "" || left === "0") left = right;
    }
    return left;
  };
  const and = (): string => {
    let left = compare();
    while (args[0] === "&") {
      args.shift();
      const right = compare();
      if (left === "" || left === "0" || right === "" || right === "0") left = "0";
    }
    return left;
  };
  const compare = (): string => {
    let left = sum();
    while (/^(?:=|==|!=|<|<=|>|>=)$/.test(args[0] ?? "")) {
      const operator = args.shift()!;
      const right = sum();
      const [a, b] = /^-?\d+$/.test(left) && /^-?\d+$/.test(right) ? [Number(left), Number(right)] : [left, right];
      const holds = { "=": a === b, "==": a === b, "!=": a !== b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b };
      left = holds[operator as keyof typeof holds] ? "1" : "0";
    }
    return left;
  };
  const sum = (): string => {
    let left = product();
    while (args[0] === "+" || args[0] === "-") {
      const operator = args.shift();
      const right = Number(product());
      left = String(operator === "+" ? Number(left) + right : Number(left) - right);
    }
    return left;
  };
  const product = (): string => {
    let left = args.shift() ?? "";
    while (/^[*/%:]$/.test(args[0] ?? "")) {
      const operator = args.shift();
      const right = args.shift() ?? "";
      if (operator === ":") {
        const match = new RegExp(`^${right.replace(/\\([()])/g, "$1")}`).exec(left);
        left = match?.[1] ?? String(match?.[0].length ?? 0);
      } else {
        const [a, b] = [Number(left), Number(right)];
        left = String(operator === "*" ? a * b : operator === "/" ? Math.trunc(a / b) : a % b);
      }
    }
    return left;
  };
  const value = or();
  yield* call.out(`${value}\n`);
  return value === "" || value === "0" ? 1 : 0;
};

const busybox: Program = function* (call) {
  return call.args.length > 0 ? yield* call.exec(call.args) : 0;
};

/** The programs by name. */
export const SYSTEM_PROGRAMS: Readonly<Record<string, Program>> = {
  true: constant(0),
  false: constant(1),
  sync: constant(0),
  mount: constant(0),
  umount: constant(0),
  udevadm: constant(0),
  sleep,
  uname,
  date,
  dmesg,
  lsmod,
  rmmod,
  modprobe,
  insmod,
  timeout,
  time,
  sh,
  dash: sh,
  env,
  which,
  pidof,
  killall,
  pkill: killall,
  expr,
  busybox,
  hostname: printing((call) => call.system.hostname),
  whoami: printing(() => "root"),
  nproc: printing(() => "1"),
  id: printing((call) => call.args.includes("-u") ? "0" : "uid=0(root) gid=0(root) groups=0(root)"),
  uptime: printing((call) => ` up ${Math.floor(call.system.uptime / 60000)} min,  load average: 0.00, 0.00, 0.00`),
  nohup: passing(),
  setsid: passing(),
  nice: passing(),
  stdbuf: passing(),
  chrt: passing(1),
};
