/**
 * The builtin commands of dash.
 *
 * @module
 */

import { ModelGap } from "../model/gap.ts";
import { resolvePath } from "./files.ts";
import { escapes, formatPrintf } from "./printf.ts";
import { type Builtin, numeric, print, type Shell, unanswered, withoutOptions } from "./builtin.ts";
import { JOB_BUILTINS } from "./job_builtins.ts";
import { held } from "./memory.ts";
import { readWhole } from "./open_file.ts";
import type { Run } from "./run.ts";
import { ExitControl, LoopControl, ReturnControl, ShellError } from "./state.ts";
import { testExpression } from "./test_command.ts";

/** The special builtins: assignments before them stay in effect after the command (POSIX, 2.14). */
export const SPECIAL_BUILTINS: ReadonlySet<string> = new Set([
  ":",
  ".",
  "break",
  "continue",
  "eval",
  "exec",
  "exit",
  "export",
  "readonly",
  "return",
  "set",
  "shift",
  "times",
  "trap",
  "unset",
]);

const constant = (status: number): Builtin =>
  // deno-lint-ignore require-yield
  function* () {
    return status;
  };

// deno-lint-ignore require-yield
function* test(shell: Shell, argv: readonly string[]): Run {
  const args = argv.slice(1);
  if (argv[0] === "[" && args.pop() !== "]") throw new ShellError("[: missing ]");
  try {
    return Number(!testExpression(args, shell.system.files, shell.process));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ShellError(`${argv[0]}: ${error.message}`);
  }
}

/** The builtin commands by name. */
export const BUILTINS: Readonly<Record<string, Builtin>> = {
  ":": constant(0),
  "true": constant(0),
  "false": constant(1),
  "hash": constant(0),
  ...JOB_BUILTINS,
  "alias": unanswered("other names of commands"),
  "ulimit": unanswered("limits of processes"),
  "umask": unanswered("modes of new files"),
  "test": test,
  "[": test,

  *echo(shell, argv) {
    const bare = argv[1] === "-n";
    const { text, stops } = escapes(argv.slice(bare ? 2 : 1).join(" "));
    return yield* print(shell, "echo", bare || stops ? text : `${text}\n`);
  },

  *printf(shell, argv) {
    const [format, ...args] = argv.slice(argv[1] === "--" ? 2 : 1);
    if (format === undefined) throw new ShellError("printf: usage: printf format [arg ...]");
    const { text, errors } = formatPrintf(format, args);
    const status = yield* print(shell, "printf", text);
    for (const error of errors) throw new ShellError(`printf: ${error}`, 1);
    return status;
  },

  *pwd(shell) {
    return yield* print(shell, "pwd", `${shell.process.cwd}\n`);
  },

  *cd(shell, argv) {
    withoutOptions(argv, "-");
    const target = argv[1] === "-" ? shell.state.get("OLDPWD") : argv[1] ?? shell.state.get("HOME") ?? "/";
    const path = resolvePath(shell.process.cwd, target ?? "");
    const found = shell.system.files.stat(path, shell.process.netns);
    if (found?.type !== "dir") throw new ShellError(`cd: can't cd to ${target}`);
    shell.state.variables.set("OLDPWD", shell.process.cwd);
    shell.process.cwd = path;
    shell.state.variables.set("PWD", path);
    return argv[1] === "-" ? yield* print(shell, "cd", `${path}\n`) : 0;
  },

  // deno-lint-ignore require-yield
  *export(shell, argv) {
    withoutOptions(argv);
    for (const word of argv.slice(1)) {
      const [name, value] = split(word);
      if (value !== undefined) shell.assign(name, value);
      shell.state.exported.add(name);
    }
    return 0;
  },

  // deno-lint-ignore require-yield
  *readonly(shell, argv) {
    withoutOptions(argv);
    for (const word of argv.slice(1)) {
      const [name, value] = split(word);
      if (value !== undefined) shell.assign(name, value);
      shell.state.readonly.add(name);
    }
    return 0;
  },

  // deno-lint-ignore require-yield
  *local(shell, argv) {
    for (const word of argv.slice(1)) {
      const [name, value] = split(word);
      shell.state.makeLocal(name);
      if (value !== undefined) shell.assign(name, value);
    }
    return 0;
  },

  // deno-lint-ignore require-yield
  *unset(shell, argv) {
    const functions = argv[1] === "-f";
    for (const name of argv.slice(1).filter((word) => !/^-[fv]$/.test(word))) {
      if (functions) shell.state.functions.delete(name);
      else if (shell.state.readonly.has(name)) throw new ShellError(`unset: ${name}: is read only`);
      else shell.state.variables.delete(name);
    }
    return 0;
  },

  *set(shell, argv) {
    const { state } = shell;
    if (argv.length === 1) {
      const lines = [...state.variables].sort().map(([name, value]) => `${name}='${value}'\n`);
      return yield* print(shell, "set", lines.join(""));
    }
    const long: Record<string, string> = { errexit: "e", nounset: "u", xtrace: "x", noglob: "f" };
    for (let i = 1; i < argv.length; i++) {
      const word = argv[i]!;
      if (!/^[-+]./.test(word) || word === "--") {
        state.parameters = argv.slice(word === "--" ? i + 1 : i);
        return 0;
      }
      const name = word[1] === "o" ? argv[++i] ?? "" : "";
      const letters = word[1] === "o" ? [long[name] ?? ""] : [...word.slice(1)];
      const unknown = letters.find((letter) => !/^[euxf]$/.test(letter));
      if (unknown !== undefined) throw new ModelGap(`set ${word} ${name}`.trimEnd(), "an option of the shell");
      for (const letter of letters) {
        if (word[0] === "-") state.options.add(letter);
        else state.options.delete(letter);
      }
    }
    return 0;
  },

  // deno-lint-ignore require-yield
  *shift(shell, argv) {
    const count = numeric(argv[1], 1);
    if (count > shell.state.parameters.length) throw new ShellError("shift: can't shift that many");
    shell.state.parameters.splice(0, count);
    return 0;
  },

  // deno-lint-ignore require-yield
  *exit(shell, argv) {
    throw new ExitControl(numeric(argv[1], shell.state.status));
  },

  // deno-lint-ignore require-yield
  *return(shell, argv) {
    throw new ReturnControl(numeric(argv[1], shell.state.status));
  },

  // deno-lint-ignore require-yield
  *break(shell, argv) {
    const levels = Math.min(numeric(argv[1], 1), shell.state.loops);
    if (levels > 0) throw new LoopControl("break", levels);
    return 0;
  },

  // deno-lint-ignore require-yield
  *continue(shell, argv) {
    const levels = Math.min(numeric(argv[1], 1), shell.state.loops);
    if (levels > 0) throw new LoopControl("continue", levels);
    return 0;
  },

  *eval(shell, argv) {
    return yield* shell.nest(() => shell.evaluate(argv.slice(1).join(" ")), "eval: ");
  },

  *"."(shell, argv) {
    const path = resolvePath(shell.process.cwd, argv[1] ?? "");
    const opened = shell.system.files.open(path, "r", shell.process.netns);
    if ("errno" in opened) throw new ShellError(`.: cannot open ${argv[1]}: No such file`);
    const { text } = yield* readWhole(opened.file);
    try {
      return yield* shell.nest(() => shell.evaluate(text), `${argv[1]}: `);
    } catch (error) {
      if (!(error instanceof ReturnControl)) throw error;
      return error.status;
    }
  },

  *command(shell, argv) {
    if (argv[1] === "-v" || argv[1] === "-V") {
      const name = argv[2] ?? "";
      const found = Object.hasOwn(BUILTINS, name) ? name : shell.system.which(name);
      if (found === undefined) return 127;
      return yield* print(shell, "command", `${found}\n`);
    }
    const words = argv.slice(argv[1] === "-p" ? 2 : 1);
    return words.length === 0 ? 0 : yield* shell.run(words, false);
  },

  *type(shell, argv) {
    let status = 0;
    for (const name of argv.slice(1)) {
      const found = shell.system.which(name);
      const special = SPECIAL_BUILTINS.has(name) ? "special " : "";
      const what = shell.state.functions.has(name)
        ? "is a shell function"
        : Object.hasOwn(BUILTINS, name)
        ? `is a ${special}shell builtin`
        : found
        ? `is ${found}`
        : "not found";
      if (what === "not found") status = 127;
      yield* print(shell, "type", what === "not found" ? `${name}: not found\n` : `${name} ${what}\n`);
    }
    return status;
  },

  *read(shell, argv) {
    withoutOptions(argv, "-r");
    const names = argv.slice(1).filter((word) => !word.startsWith("-"));
    const raw = argv.includes("-r");
    let line = "";
    let ended = false;
    for (;;) {
      const piece = yield* shell.process.read(0, 1);
      if (!("text" in piece)) {
        ended = true;
        break;
      }
      if (piece.text === "\n") {
        if (raw || !/(?:^|[^\\])(?:\\\\)*\\$/.test(line)) break;
        line = line.slice(0, -1);
      } else line = held(line + piece.text);
    }
    if (!raw) line = line.replace(/\\(.)/g, "$1");
    const ifs = shell.state.get("IFS") ?? " \t\n";
    const set = ifs === "" ? "[]" : `[${ifs.replace(/[\\\]^-]/g, "\\$&")}]`;
    let rest = /\s/.test(ifs) ? line.replace(new RegExp(`^${set}+|${set}+$`, "g"), "") : line;
    for (const [i, name] of names.entries()) {
      const cut = i === names.length - 1 || ifs === "" ? null : new RegExp(`${set}+`).exec(rest);
      shell.assign(name, cut ? rest.slice(0, cut.index) : rest);
      rest = cut ? rest.slice(cut.index + cut[0].length) : "";
    }
    return ended ? 1 : 0;
  },

  *times(shell) {
    return yield* print(shell, "times", "0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n");
  },

  *getopts(shell, argv) {
    const [options = "", name = ""] = argv.slice(1);
    const words = argv.length > 3 ? argv.slice(3) : shell.state.parameters;
    const index = Number(shell.state.get("OPTIND") ?? "1");
    const word = words[index - 1];
    const offset = Number(shell.state.get("_OPTOFFSET") ?? "1");
    if (word === undefined || !/^-./.test(word) || word === "--") return 1;
    const letter = word[offset]!;
    const at = options.indexOf(letter);
    const last = offset + 1 >= word.length;
    let next = last ? index + 1 : index;
    let nextOffset = last ? 1 : offset + 1;
    if (at < 0) {
      shell.assign(name, "?");
      if (!options.startsWith(":")) yield* shell.process.write(2, `Illegal option -${letter}\n`);
    } else {
      shell.assign(name, letter);
      if (options[at + 1] === ":") {
        shell.assign("OPTARG", last ? words[index] ?? "" : word.slice(offset + 1));
        next = last ? index + 2 : index + 1;
        nextOffset = 1;
      }
    }
    shell.assign("OPTIND", String(next));
    shell.assign("_OPTOFFSET", String(nextOffset));
    return 0;
  },
};

function split(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
