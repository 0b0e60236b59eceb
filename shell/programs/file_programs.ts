/**
 * Programs that make, take away, copy and tell of files and directories.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
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

// deno-lint-ignore require-yield
const rmdir = each("", function* (call, name) {
  const result = call.system.files.remove(call.path(name), call.process.netns);
  return result === "ok" ? undefined : `'${name}': ${errorText(result)}`;
});

// deno-lint-ignore require-yield
const touch = each("", function* (call, name) {
  const opened = call.system.files.open(call.path(name), "a", call.process.netns);
  return "errno" in opened ? `${name}: ${errorText(opened.errno)}` : undefined;
});

/** The modes that chmod(1) is told: in octal, or what all get or lose. */
function modeAfter(mode: number, word: string): number | undefined {
  if (/^[0-7]{3,4}$/.test(word)) return Number.parseInt(word, 8);
  const match = /^a?([+-])([rwx]+)$/.exec(word);
  if (!match) return undefined;
  const bits = [...match[2]!].reduce((sum, letter) => sum | { r: 0o444, w: 0o222, x: 0o111 }[letter]!, 0);
  return match[1] === "+" ? mode | bits : mode & ~bits;
}

const chmod: Program = function* (call) {
  const [word = "", ...names] = call.args;
  const { files } = call.system;
  let status = 0;
  for (const name of names) {
    const found = files.stat(call.path(name), call.process.netns);
    if (!found) {
      yield* call.err(`chmod: ${name}: No such file or directory\n`);
      status = 1;
      continue;
    }
    const mode = modeAfter(found.mode, word);
    if (mode === undefined || !files.chmod(found.path, mode)) {
      throw new ModelGap(
        `chmod ${word} ${name}`,
        "modes other than octal ones and those of all, and files that are not kept",
      );
    }
  }
  return status;
};

function copying(moves: boolean): Program {
  return function* (call) {
    const { operands } = readOptions(call, "f");
    const target = operands.pop();
    if (target === undefined || operands.length === 0) return 1;
    const { files } = call.system;
    const { netns } = call.process;
    let status = 0;
    for (const name of operands) {
      const from = call.path(name);
      if (files.stat(from, netns)?.type === "dir") {
        throw new ModelGap(`${call.argv[0]} ${name}`, "directories that are copied or moved");
      }
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
  const { given, operands } = readOptions(call, "sfn");
  const [target, name, ...others] = operands;
  const path = call.path(name ?? "");
  const { files } = call.system;
  if (
    target === undefined || name === undefined || others.length > 0 || !given.has("s") ||
    files.stat(path, call.process.netns)?.type === "dir"
  ) throw new ModelGap(call.argv.join(" "), "links other than symbolic ones with a name");
  if (given.has("f")) files.remove(path, call.process.netns);
  const result = files.symlink(target, path, call.process.netns);
  if (result === "ok") return 0;
  yield* call.err(`ln: ${name}: ${errorText(result)}\n`);
  return 1;
};

const readlink: Program = function* (call) {
  const { given, operands } = readOptions(call, "fn");
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
  const other = [...options.keys()].find((name) => !/^(?:if|of|bs|count|status)$/.test(name));
  if (other !== undefined) throw new ModelGap(`dd ${other}=`, "an option of the program");
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
  const { given, operands } = readOptions(call, "c:L");
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
    if (format === undefined) throw new ModelGap("stat", "inodes and times of files: say a format with -c");
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
    const text = format.replace(/%(.?)/g, (all, letter: string) => {
      if (fields[letter] === undefined) throw new ModelGap(`stat -c ${all}`, "inodes and times of files");
      return fields[letter];
    });
    yield* call.out(`${text}\n`);
  }
  return status;
};

const basename: Program = function* (call) {
  const [path = "", suffix = ""] = readOptions(call, "").operands;
  const name = path.replace(/\/+$/, "").replace(/^.*\//, "") || "/";
  yield* call.out(
    `${suffix !== "" && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name}\n`,
  );
  return 0;
};

const dirname: Program = function* (call) {
  const path = (readOptions(call, "").operands[0] ?? "").replace(/\/+$/, "");
  yield* call.out(`${path.includes("/") ? path.replace(/\/[^/]*$/, "") || "/" : "."}\n`);
  return 0;
};

const mktemp: Program = function* (call) {
  const { given, operands } = readOptions(call, "d");
  const named = (number: number) =>
    (operands[0] ?? "/tmp/tmp.XXXXXX").replace(
      /X+$/,
      (all) => `${number}aBcDeF${"0123456789".repeat(4)}`.slice(0, all.length),
    );
  let number = 0;
  while (call.system.files.stat(call.path(named(number)), call.process.netns)) number++;
  const path = call.path(named(number));
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
