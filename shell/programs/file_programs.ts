/**
 * Programs that make and remove files and directories: mkdir(1), rm(1).
 *
 * @module
 */

import { errorText } from "../errno.ts";
import { resolvePath } from "../files.ts";
import type { Run } from "../run.ts";
import type { Call, Program } from "../program.ts";
import { readOptions } from "./options.ts";

/** Returns a program that does one thing to each of its operands. */
function each(
  letters: string,
  act: (call: Call, name: string, given: ReadonlyMap<string, string>) => Run<string | undefined>,
): Program {
  return function* (call) {
    const { given, operands } = readOptions(call, letters);
    let status = 0;
    for (const name of operands) {
      const error = yield* act(call, name, given);
      if (error === undefined) continue;
      yield* call.err(`${call.argv[0]}: ${error}\n`);
      status = 1;
    }
    return status;
  };
}

// deno-lint-ignore require-yield
const mkdir = each("p", function* (call, name, given) {
  const { files } = call.system;
  const { netns } = call.process;
  const path = call.path(name);
  if (given.has("p")) {
    const parts = path.split("/").filter((part) => part !== "");
    for (let i = 1; i <= parts.length; i++) {
      const result = files.mkdir(`/${parts.slice(0, i).join("/")}`, netns);
      if (result !== "ok" && result !== "EEXIST") return `can't create directory '${name}': ${errorText(result)}`;
    }
    return undefined;
  }
  const result = files.mkdir(path, netns);
  return result === "ok" ? undefined : `can't create directory '${name}': ${errorText(result)}`;
});

// deno-lint-ignore require-yield
const rm = each("rfR", function* (call, name, given) {
  const { files } = call.system;
  const { netns } = call.process;
  const remove = (path: string): string => {
    if (given.has("r") || given.has("R")) {
      const stat = files.stat(path, netns, false);
      if (stat?.type === "dir") { for (const entry of files.list(path, netns) ?? []) remove(resolvePath(path, entry)); }
    } else if (files.stat(path, netns, false)?.type === "dir") return "EISDIR";
    return files.remove(path, netns);
  };
  const result = remove(call.path(name));
  if (result === "ok" || (result === "ENOENT" && given.has("f"))) return undefined;
  return result === "EISDIR" ? `'${name}' is a directory` : `can't remove '${name}': ${errorText(result)}`;
});

/** The programs by name. */
export const FILE_PROGRAMS: Readonly<Record<string, Program>> = { mkdir, rm };
