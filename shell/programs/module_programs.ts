/**
 * Programs that load, unload and list modules.
 *
 * @module
 */

import { errorText } from "../errno.ts";
import type { Call, Program } from "../program.ts";
import { readOptions } from "./options.ts";

const lsmod: Program = function* (call) {
  readOptions(call, "");
  const tainted = call.system.modules.length > 0 ? "Tainted: G  " : "Not tainted";
  let text = `Module                  Size  Used by    ${tainted}\n`;
  for (const { name, size, users } of call.system.modules) {
    text += `${name.padEnd(19)} ${String(size).padStart(8)}  ${users.length} ${users.join(",")}\n`;
  }
  yield* call.out(text);
  return 0;
};

/** Returns the name of a module by the name of its file. */
const moduleOf = (path: string) =>
  path.replace(/^.*\//, "").replace(/\.ko(?:\.[gx]z|\.zst)?$/, "").replaceAll("-", "_");

const rmmod: Program = function* (call) {
  const { operands } = readOptions(call, "");
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

/** Returns what happens to a module that netdevsim uses. */
function usedByNetdevsim(call: Call, module: string): boolean {
  return module !== "netdevsim" && call.system.facts.modules.some(([name]) => name === module);
}

/** True if a module can be loaded at all: not where it is built in. */
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
  const { given, operands } = readOptions(call, "rq");
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

/** The programs by name. */
export const MODULE_PROGRAMS: Readonly<Record<string, Program>> = { lsmod, rmmod, modprobe, insmod };
