/**
 * Programs that make, take away, copy and tell of files and directories.
 *
 * @module
 */

import { errorText } from "../errno.ts";
import { resolvePath } from "../files.ts";
import type { Run } from "../process.ts";
import type { Call, Program } from "../program.ts";
import { readFile } from "./input.ts";
import { modeText } from "./mode.ts";
import { readOptions } from "./options.ts";

/** A program that does one thing to each of its operands. */
function each(
  letters: string,
  act: (call: Call, name: string, given: ReadonlyMap<string, string>) => Run<string | undefined>,
): Program {
  return function* (call) {
    const { given, operands } = readOptions(call.args, letters);
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
const mkdir = each("pm:", function* (call, name, given) {
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
const rm = each("rfRi", function* (call, name, given) {
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

// deno-lint-ignore require-yield
const rmdir = each("p", function* (call, name) {
  const result = call.system.files.remove(call.path(name), call.process.netns);
  return result === "ok" ? undefined : `'${name}': ${errorText(result)}`;
});

// deno-lint-ignore require-yield
const touch = each("cmat:d:", function* (call, name) {
  const opened = call.system.files.open(call.path(name), "a", call.process.netns);
  return "errno" in opened ? `${name}: ${errorText(opened.errno)}` : undefined;
});

// deno-lint-ignore require-yield
const chmod = each("R", function* (_call, _name) {
  return undefined;
});

function copying(moves: boolean): Program {
  return function* (call) {
    const { operands } = readOptions(call.args, "afrRpiv");
    const target = operands.pop();
    if (target === undefined || operands.length === 0) return 1;
    const { files } = call.system;
    const { netns } = call.process;
    let status = 0;
    for (const name of operands) {
      const from = call.path(name);
      const into = files.stat(call.path(target), netns)?.type === "dir";
      const to = into ? resolvePath(call.path(target), name.slice(name.lastIndexOf("/") + 1)) : call.path(target);
      const content = yield* readFile(call, from);
      if (!("text" in content) || content.errno !== undefined) {
        const what = moves ? `can't rename '${name}'` : `can't stat '${name}'`;
        yield* call.err(`${call.argv[0]}: ${what}: ${errorText(content.errno!)}\n`);
        status = 1;
        continue;
      }
      const opened = files.open(to, "w", netns);
      const result = "errno" in opened ? opened.errno : yield* opened.file.write(content.text);
      if (result !== "ok") {
        yield* call.err(`${call.argv[0]}: can't create '${target}': ${errorText(result)}\n`);
        status = 1;
      } else if (moves) files.remove(from, netns);
    }
    return status;
  };
}

const ln: Program = function* (call) {
  const { operands } = readOptions(call.args, "sfn");
  const [target, name] = operands;
  if (target === undefined || name === undefined) return 1;
  const result = call.system.files.symlink(target, call.path(name), call.process.netns);
  if (result === "ok") return 0;
  yield* call.err(`ln: ${name}: ${errorText(result)}\n`);
  return 1;
};

const readlink: Program = function* (call) {
  const { given, operands } = readOptions(call.args, "fnm");
  const { files } = call.system;
  for (const name of operands) {
    const path = call.path(name);
    const found = files.stat(path, call.process.netns, given.has("f"));
    const text = given.has("f") ? found?.path ?? path : found?.target;
    if (text === undefined) return 1;
    yield* call.out(`${text}${given.has("n") ? "" : "\n"}`);
  }
  return 0;
};

const dd: Program = function* (call) {
  const options = new Map(call.args.map((arg) => arg.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const size = (text: string) => Number.parseInt(text) * ({ k: 1024, M: 1048576 }[text.replace(/^\d+/, "")] ?? 1);
  const block = size(options.get("bs") ?? "512");
  const count = options.has("count") ? Number(options.get("count")) : Infinity;
  const from = options.get("if");
  const to = options.get("of");
  const { files } = call.system;
  const { netns } = call.process;
  const input = from === undefined ? undefined : files.open(call.path(from), "r", netns);
  if (input && "errno" in input) {
    yield* call.err(`dd: can't open '${from}': ${errorText(input.errno)}\n`);
    return 1;
  }
  const output = to === undefined ? undefined : files.open(call.path(to), "w", netns);
  if (output && "errno" in output) {
    yield* call.err(`dd: can't open '${to}': ${errorText(output.errno)}\n`);
    return 1;
  }
  const tally = { in: [0, 0], out: [0, 0] };
  let status = 0;
  for (let i = 0; i < count; i++) {
    const piece = yield* (input ? input.file.read(block) : call.process.read(0, block));
    if (!("text" in piece)) {
      if ("errno" in piece) {
        yield* call.err(`dd: error reading '${from}': ${errorText(piece.errno)}\n`);
        status = 1;
      }
      break;
    }
    tally.in[piece.text.length === block ? 0 : 1]!++;
    const result = yield* (output ? output.file.write(piece.text) : call.out(piece.text));
    if (result !== "ok") {
      yield* call.err(`dd: error writing '${to}': ${errorText(result)}\n`);
      status = 1;
      break;
    }
    tally.out[piece.text.length === block ? 0 : 1]!++;
  }
  if (options.get("status") !== "none") {
    yield* call.err(`${tally.in.join("+")} records in\n${tally.out.join("+")} records out\n`);
  }
  return status;
};

const stat: Program = function* (call) {
  const { given, operands } = readOptions(call.args, "c:Lft");
  let status = 0;
  for (const name of operands) {
    const found = call.system.files.stat(call.path(name), call.process.netns, given.has("L"));
    if (!found) {
      yield* call.err(`stat: can't stat '${name}': No such file or directory\n`);
      status = 1;
      continue;
    }
    const octal = (found.mode & 0o7777).toString(8);
    const format = given.get("c");
    const fields: Record<string, string> = {
      a: octal,
      A: modeText(found),
      n: name,
      s: String(found.size),
      F: { dir: "directory", file: "regular file", link: "symbolic link", char: "character special file" }[found.type],
      U: "root",
      G: "root",
      u: "0",
      g: "0",
    };
    yield* call.out(
      format === undefined
        ? `  File: ${name}\n  Size: ${String(found.size).padEnd(10)}\tBlocks: 0          IO Block: 4096   ${
          fields["F"]
        }\nAccess: (${octal.padStart(4, "0")}/${modeText(found)})  Uid: (    0/    root)   Gid: (    0/    root)\n`
        : `${format.replace(/%([aAnsFUGug])/g, (_all, letter: string) => fields[letter]!)}\n`,
    );
  }
  return status;
};

const basename: Program = function* (call) {
  const [path = "", suffix = ""] = call.args;
  const name = path.replace(/\/+$/, "").replace(/^.*\//, "") || "/";
  yield* call.out(
    `${suffix !== "" && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name}\n`,
  );
  return 0;
};

const dirname: Program = function* (call) {
  const path = (call.args[0] ?? "").replace(/\/+$/, "");
  yield* call.out(`${path.includes("/") ? path.replace(/\/[^/]*$/, "") || "/" : "."}\n`);
  return 0;
};

const mktemp: Program = function* (call) {
  const { given, operands } = readOptions(call.args, "dp:tu");
  const name = (operands[0] ?? "/tmp/tmp.XXXXXX").replace(
    /X+$/,
    (all) => "aBcDeF0123456789".repeat(4).slice(0, all.length),
  );
  const path = call.path(name);
  if (given.has("d")) call.system.files.mkdir(path, call.process.netns);
  else call.system.files.open(path, "w", call.process.netns);
  yield* call.out(`${path}\n`);
  return 0;
};

/** The programs by name. */
export const FILE_PROGRAMS: Readonly<Record<string, Program>> = {
  mkdir,
  rm,
  rmdir,
  touch,
  chmod,
  cp: copying(false),
  mv: copying(true),
  ln,
  readlink,
  realpath: function* (call) {
    return yield* readlink({ ...call, args: ["-f", ...call.args] });
  },
  dd,
  stat,
  basename,
  dirname,
  mktemp,
};
