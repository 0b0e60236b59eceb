/**
 * Programs that tell of the machine: uname(1), date(1), dmesg(1), which(1).
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { OTHER_PROGRAMS } from "../other_programs.ts";
import type { Run } from "../process.ts";
import type { Call, Program } from "../program.ts";
import { readOptions } from "./options.ts";

const constant = (status: number): Program =>
  // deno-lint-ignore require-yield
  function* () {
    return status;
  };

const uname: Program = function* (call) {
  const { given } = readOptions(call, "asnrvmo");
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
  // The clock is that of UTC
  const { operands } = readOptions(call, "u");
  const format = operands.find((arg) => arg.startsWith("+"))?.slice(1);
  if (operands.length > 1 || (operands.length === 1 && format === undefined)) {
    throw new ModelGap(`date ${operands.join(" ")}`, "the clock is not set");
  }
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
    : format.replace(/%(.?)/g, (all, letter: string) => {
      if (letter === "%") return "%";
      return fields[letter] ?? unanswered(`date +${all}`);
    });
  yield* call.out(`${text}\n`);
  return 0;
};

function unanswered(what: string): never {
  throw new ModelGap(what, "a part of the program that is not modelled");
}

const dmesg: Program = function* (call) {
  const { given } = readOptions(call, "cCt");
  const { log } = call.system;
  const lines = log.map(({ time, text }) => {
    const stamp = (time / 1000).toFixed(6).padStart(12);
    return given.has("t") ? `${text}\n` : `[${stamp}] ${text}\n`;
  });
  if (!given.has("C")) yield* call.out(lines.join(""));
  if (given.has("c") || given.has("C")) log.length = 0;
  return 0;
};

const which: Program = function* (call) {
  let status = 0;
  for (const name of readOptions(call, "").operands) {
    const path = call.system.which(name);
    if (path === undefined && OTHER_PROGRAMS.has(name)) unanswered(`which ${name}`);
    if (path === undefined) status = 1;
    else yield* call.out(`${path}\n`);
  }
  return status;
};

/** A program that prints one line; it takes no arguments, or these. */
const printing = (text: (call: Call) => string, takes: readonly string[] = []): Program =>
  function* (call): Run {
    const other = call.args.find((arg) => !takes.includes(arg));
    if (other !== undefined) unanswered(`${call.argv[0]} ${other}`);
    yield* call.out(`${text(call)}\n`);
    return 0;
  };

const printingNothing = (only: string): Program =>
  // deno-lint-ignore require-yield
  function* (call) {
    if (call.args.join(" ") !== only) unanswered(call.argv.join(" "));
    return 0;
  };

/** The programs by name. */
export const SYSTEM_PROGRAMS: Readonly<Record<string, Program>> = {
  true: constant(0),
  false: constant(1),
  sync: constant(0),
  // Nobody makes device files here, so nobody waits for them
  udevadm: printingNothing("settle"),
  uname,
  date,
  dmesg,
  which,
  hostname: printing((call) => call.system.hostname),
  whoami: printing(() => "root"),
  nproc: printing(() => "1"),
  id: printing((call) => call.args.includes("-u") ? "0" : "uid=0(root) gid=0(root) groups=0(root)", ["-u"]),
};
