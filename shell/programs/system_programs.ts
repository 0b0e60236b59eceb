/**
 * Programs that describe the machine: uname(1), dmesg(1).
 *
 * @module
 */

import type { Program } from "../program.ts";
import { readOptions } from "./options.ts";

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

/** The programs by name. */
export const SYSTEM_PROGRAMS: Readonly<Record<string, Program>> = { uname, dmesg };
