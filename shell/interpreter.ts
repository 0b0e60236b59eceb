/**
 * Runs parsed scripts as a POSIX shell does (dash): lists, pipelines, compound commands, functions, redirections, jobs.
 *
 * @module
 */

import type {
  AndOr,
  Case,
  Command,
  CommandNode,
  CompoundList,
  For,
  If,
  ParsedScript,
  Pipeline,
  PipelineNode,
  Redirection,
  Statement,
  While,
  Word,
} from "unbash";
import { ModelGap } from "../model/mod.ts";
import { BUILTINS, SPECIAL_BUILTINS } from "./builtins.ts";
import { expandFields, expandPattern, expandText, parseScript, type Surroundings } from "./expand.ts";
import { evaluate } from "./arithmetic.ts";
import { globPaths } from "./files.ts";
import { matches } from "./pattern.ts";
import {
  called,
  held,
  type OpenFile,
  pipe,
  type Process,
  type Run,
  SIGNALS,
  Sink,
  Source,
  SPENT,
  timesText,
} from "./process.ts";
import { redirect } from "./redirection.ts";
import { ExitControl, LoopControl, ReturnControl, ShellError, type ShellState } from "./state.ts";
import type { System } from "./system.ts";

/** How deep functions, `eval` and `.` can be nested: that of dash. */
const MOST_NESTED = 1000;

/** Of so many jobs those that have ended are forgotten: nobody asks for so many of them by `wait`. */
const MOST_ENDED_JOBS = 1024;

/** One shell at work in one process. */
export class Interpreter implements Surroundings {
  /** What traps of signals that came are to do */
  readonly trapped: string[] = [];
  #line = 1;
  #source = "";
  /** Whether a failing command is looked at by somebody: `set -e` lets it pass then */
  #tested = 0;
  #nested = 0;

  constructor(readonly system: System, readonly process: Process, readonly state: ShellState) {}

  /** The line that runs now. */
  get line(): number {
    return this.#line;
  }

  /** Runs a script to its end, traps and all; gives the exit status. */
  *runScript(source: string): Run {
    let status: number;
    try {
      status = yield* this.evaluate(source);
    } catch (error) {
      if (!(error instanceof ExitControl)) throw error;
      status = error.status;
    }
    return yield* this.#leave(status);
  }

  /** What the trap of `EXIT` does, then the status. */
  *#leave(status: number): Run {
    const trap = this.state.traps.get("EXIT");
    if (trap === undefined) return status;
    this.state.traps.delete("EXIT");
    this.state.status = status;
    try {
      yield* this.evaluate(trap);
    } catch (error) {
      if (!(error instanceof ExitControl)) throw error;
      return error.status;
    }
    return status;
  }

  /** Runs a script in this shell. */
  *evaluate(source: string): Run {
    const script = parseScript(source);
    if (script.errors?.length) {
      const { message, pos } = script.errors[0]!;
      const line = source.slice(0, pos).split("\n").length;
      yield* this.process.write(2, `${this.state.name}: ${line}: Syntax error: ${message}\n`);
      throw new ExitControl(2);
    }
    return yield* this.#script(script, source);
  }

  *#script(script: ParsedScript, source: string): Run {
    const before = this.#source;
    this.#source = script.source ?? source;
    try {
      return yield* this.#statements(script.commands);
    } finally {
      this.#source = before;
    }
  }

  *#statements(statements: readonly Statement[]): Run {
    for (const statement of statements) {
      if (this.process.spend()) yield SPENT;
      this.#line = 1 + (this.#source.slice(0, statement.pos).match(/\n/g)?.length ?? 0);
      if (statement.background) {
        this.state.status = yield* this.#background(statement.command);
      } else this.state.status = yield* this.#andOr(statement.command);
      while (this.trapped.length > 0) yield* this.evaluate(this.trapped.shift()!);
    }
    return this.state.status;
  }

  *#background(command: PipelineNode | AndOr): Run {
    const files = new Map(this.process.files);
    files.set(0, new Source(""));
    let process: Process;
    try {
      process = this.#fork(files, (shell) => shell.#andOr(command));
    } catch (error) {
      if (!(error instanceof ShellError)) throw error;
      return yield* this.#complain(error);
    }
    // A shell without job control: what it runs in the background does not hear Ctrl-C, unless it asks for it by itself
    process.ignored.add("INT").add("QUIT");
    process.name = this.#source.slice(command.pos, command.end);
    const { jobs } = this.state;
    this.state.lastJob = process.pid;
    jobs.push(process.pid);
    if (jobs.length % MOST_ENDED_JOBS === 0) this.#forgetJobs();
    return 0;
  }

  #forgetJobs(): void {
    const { scheduler } = this.system;
    const jobs = this.state.jobs.map((pid) => scheduler.find(pid)).filter((job) => job !== undefined);
    for (const job of jobs) scheduler.reap(job);
    this.state.jobs.splice(0, Infinity, ...jobs.filter((job) => job.status === undefined).map(({ pid }) => pid));
  }

  /** A subshell in a process of its own. */
  #fork(files: Map<number, OpenFile>, body: (shell: Interpreter) => Run): Process {
    const { system, state, process } = this;
    const line = this.#line;
    const source = this.#source;
    const options = { files, cwd: process.cwd, netns: process.netns, env: process.env, parent: process };
    return system.scheduler.start(options, function* (child): Run {
      const shell = new Interpreter(system, child, state.fork());
      shell.#line = line;
      shell.#source = source;
      let status: number;
      try {
        status = yield* body(shell);
      } catch (error) {
        if (error instanceof ExitControl || error instanceof ReturnControl) status = error.status;
        else if (error instanceof LoopControl) status = 0;
        else if (error instanceof ShellError) status = yield* shell.#complain(error);
        else throw error;
      }
      return yield* shell.#leave(status);
    });
  }

  *#andOr(node: PipelineNode | AndOr): Run {
    if (node.type !== "AndOr") return yield* this.#pipeline(node);
    let status = 0;
    for (const [i, command] of node.commands.entries()) {
      const last = i === node.commands.length - 1;
      if (i > 0 && (node.operators[i - 1] === "&&") !== (status === 0)) continue;
      if (!last) this.#tested++;
      try {
        status = yield* this.#pipeline(command);
      } finally {
        if (!last) this.#tested--;
      }
      this.state.status = status;
    }
    return status;
  }

  *#pipeline(node: PipelineNode): Run {
    if (node.type !== "Pipeline") return yield* this.#checked(node);
    const negated = node.prefixes.filter(({ type }) => type === "Negation").length % 2 === 1;
    const timed = node.prefixes.some(({ type }) => type === "Time");
    const begin = this.system.scheduler.clock.now;
    if (negated) this.#tested++;
    let status: number;
    try {
      status = node.commands.length === 1 ? yield* this.#checked(node.commands[0]!) : yield* this.#stages(node);
    } finally {
      if (negated) this.#tested--;
    }
    if (timed) {
      yield* this.process.write(2, timesText(this.system.scheduler.clock.now - begin));
    }
    return negated ? Number(status === 0) : status;
  }

  /** The parts of a pipeline, each in a process of its own. */
  *#stages(node: Pipeline): Run {
    if (!this.system.scheduler.hasRoom(node.commands.length)) throw new ShellError("Cannot fork", 2, true);
    const children: Process[] = [];
    let input: OpenFile | undefined;
    for (const [i, command] of node.commands.entries()) {
      const files = new Map(this.process.files);
      if (input) files.set(0, input);
      const next = i < node.commands.length - 1 ? pipe() : undefined;
      if (next) {
        files.set(1, next.writer);
        if (node.operators[i] === "|&") files.set(2, next.writer);
      }
      children.push(this.#fork(files, (shell) => shell.#command(command)));
      input?.release();
      next?.writer.release();
      input = next?.reader;
    }
    for (const child of children) yield* this.join(child);
    return children.at(-1)!.status!;
  }

  /** Waits for a process to end and gives its status. */
  *join(child: Process, foreground = true): Run {
    yield* this.process.join(child, foreground);
    this.system.scheduler.reap(child);
    return child.status!;
  }

  *#checked(node: CommandNode): Run {
    const status = yield* this.#command(node);
    this.state.status = status;
    if (status !== 0 && this.#tested === 0 && this.state.options.has("e")) throw new ExitControl(status);
    return status;
  }

  *#command(node: CommandNode): Run {
    try {
      return yield* this.#perform(node);
    } catch (error) {
      if (error instanceof ModelGap) return this.system.gap(error);
      if (!(error instanceof ShellError)) throw error;
      return yield* this.#complain(error);
    }
  }

  *#complain(error: ShellError): Run {
    yield* this.process.write(2, `${this.state.name}: ${this.#line}: ${error.message}\n`);
    if (error.fatal) throw new ExitControl(error.status);
    return error.status;
  }

  *#perform(node: CommandNode): Run {
    switch (node.type) {
      case "Command":
        return yield* this.#simple(node);
      case "Redirected":
        return yield* this.#redirected(node.redirects, () => this.#perform(node.command));
      case "BraceGroup":
        return yield* this.#list(node.body);
      case "Subshell": {
        const child = this.#fork(this.process.files, (shell) => shell.#list(node.body));
        return yield* this.join(child);
      }
      case "If":
        return yield* this.#if(node);
      case "For":
        return yield* this.#for(node);
      case "While":
        return yield* this.#while(node);
      case "Case":
        return yield* this.#case(node);
      case "Function":
        this.state.functions.set(node.name.value, { body: node.body, source: this.#source });
        return 0;
      case "ArithmeticCommand":
        if (!node.expression) return 1;
        return Number(evaluate(node.expression, this.state, (text) => text) === 0n);
      default:
        throw new ShellError(`Syntax error: "${node.type}" is no word of a POSIX shell`);
    }
  }

  *#list(list: CompoundList): Run {
    return yield* this.#statements(list.commands);
  }

  *#tests(list: CompoundList): Run<boolean> {
    this.#tested++;
    try {
      return (yield* this.#list(list)) === 0;
    } finally {
      this.#tested--;
    }
  }

  *#if(node: If): Run {
    if (yield* this.#tests(node.clause)) return yield* this.#list(node.then);
    for (const elif of node.elif) if (yield* this.#tests(elif.clause)) return yield* this.#list(elif.then);
    if (node.else) return yield* this.#list(node.else);
    return 0;
  }

  *#for(node: For): Run {
    const words = node.wordlist ? yield* expandFields(node.wordlist, this) : [...this.state.parameters];
    let status = 0;
    for (const word of words) {
      this.state.variables.set(node.name.value, word);
      const turn = yield* this.#turn(node.body);
      status = turn.status;
      if (turn.ends) break;
    }
    return status;
  }

  *#while(node: While): Run {
    let status = 0;
    for (;;) {
      if ((yield* this.#tests(node.clause)) !== (node.kind === "while")) return status;
      const turn = yield* this.#turn(node.body);
      status = turn.status;
      if (turn.ends) return status;
    }
  }

  /** One turn of a loop; says whether it was the last. */
  *#turn(body: CompoundList): Run<{ status: number; ends: boolean }> {
    try {
      return { status: yield* this.#list(body), ends: false };
    } catch (error) {
      if (!(error instanceof LoopControl)) throw error;
      if (--error.levels > 0) throw error;
      return { status: 0, ends: error.kind === "break" };
    }
  }

  *#case(node: Case): Run {
    const text = yield* expandText(node.word, this);
    let falls = false;
    for (const item of node.items) {
      let hit = falls;
      for (const word of item.pattern) hit ||= matches(yield* expandPattern(word, this), text);
      if (!hit) continue;
      const status = yield* this.#list(item.body);
      if (item.terminator !== ";&") return status;
      falls = true;
    }
    return 0;
  }

  /** A simple command: assignments, words, redirections. */
  *#simple(node: Command): Run {
    const words: Word[] = node.name ? [node.name] : [];
    for (const part of node.suffix) {
      if (part.type === "Word") words.push(part);
      // In front of a command it is an assignment; behind it a word as any other
      else if (part.type === "Assignment") {
        words.push({ type: "Word", text: part.text, value: part.text, pos: part.pos, end: part.end, ...partsOf(part) });
      }
    }
    const redirections = node.redirects;
    const argv = yield* expandFields(words, this);
    const assignments: [string, string][] = [];
    for (const part of node.prefix) {
      if (part.type !== "Assignment" || part.value.type !== "Word") continue;
      assignments.push([part.name, yield* expandText(part.value, this)]);
    }
    if (this.state.options.has("x") && argv.length > 0) yield* this.process.write(2, `+ ${argv.join(" ")}\n`);
    if (argv.length === 0) {
      const { status } = this.state;
      return yield* this.#redirected(redirections, function* (shell) {
        for (const [name, value] of assignments) shell.assign(name, value);
        // The status of an assignment is that of the command substitution in it
        return hasSubstitution(node) ? shell.state.status : assignments.length > 0 ? 0 : status;
      });
    }
    const name = argv[0]!;
    if (name === "exec") return yield* this.#exec(argv.slice(1), redirections);
    const special = SPECIAL_BUILTINS.has(name);
    const saved = special ? [] : assignments.map(([key]) => [key, this.state.variables.get(key)] as const);
    const exported = assignments.filter(([key]) => !this.state.exported.has(key)).map(([key]) => key);
    for (const [key, value] of assignments) this.assign(key, value);
    if (!special) { for (const key of exported) this.state.exported.add(key); }
    try {
      return yield* this.#redirected(redirections, () => this.run(argv));
    } finally {
      if (!special) {
        for (const key of exported) this.state.exported.delete(key);
        for (const [key, value] of saved) {
          if (value === undefined) this.state.variables.delete(key);
          else this.state.variables.set(key, value);
        }
      }
    }
  }

  /** Sets a variable. */
  assign(name: string, value: string): void {
    if (this.state.readonly.has(name)) throw new ShellError(`${name}: is read only`);
    this.state.variables.set(name, held(value));
  }

  /** Runs a command by its words: a function, what is built in, or a program. */
  *run(argv: readonly string[], functions = true): Run {
    const name = argv[0]!;
    const own = functions ? this.state.functions.get(name) : undefined;
    if (own) return yield* this.#call(own, argv.slice(1));
    const builtin = BUILTINS[name];
    if (builtin) return yield* builtin(this, argv);
    return yield* this.program(argv);
  }

  /** Runs a program; says so where there is none of that name. */
  *program(argv: readonly string[]): Run {
    this.process.env = this.state.environment;
    return yield* this.system.execute(this.process, argv, (message, status) => new ShellError(message, status));
  }

  *#call(own: { body: Parameters<Interpreter["_body"]>[0]; source: string }, args: string[]): Run {
    const { parameters } = this.state;
    const source = this.#source;
    this.state.parameters = args;
    this.#source = own.source;
    try {
      return yield* this.nest(() => this._body(own.body));
    } catch (error) {
      if (!(error instanceof ReturnControl)) throw error;
      return error.status;
    } finally {
      this.state.parameters = parameters;
      this.#source = source;
    }
  }

  /** Runs a function, or what `eval` and `.` run, a level deeper. The shell gives up where there are too many levels. */
  *nest(body: () => Run, name = ""): Run {
    if (this.#nested >= MOST_NESTED) {
      throw new ShellError(`${name}Maximum function recursion depth (${MOST_NESTED}) reached`, 2, true);
    }
    this.#nested++;
    try {
      return yield* called(body());
    } finally {
      this.#nested--;
    }
  }

  /** The body of a function. */
  *_body(body: CommandNode | CompoundList): Run {
    return body.type === "CompoundList" ? yield* this.#list(body) : yield* this.#command(body);
  }

  *#exec(argv: readonly string[], redirections: readonly Redirection[]): Run {
    for (const redirection of redirections) yield* redirect(redirection, this);
    if (argv.length === 0) return 0;
    throw new ExitControl(yield* this.program(argv));
  }

  /** Does something with redirections in force. */
  *#redirected(redirections: readonly Redirection[], body: (shell: Interpreter) => Run): Run {
    if (redirections.length === 0) return yield* body(this);
    const { files } = this.process;
    const before = new Map(files);
    for (const file of before.values()) file.retain();
    try {
      for (const redirection of redirections) yield* redirect(redirection, this);
      try {
        return yield* body(this);
      } catch (error) {
        if (!(error instanceof ShellError)) throw error;
        // Said where the command itself would have said it
        return yield* this.#complain(error);
      }
    } finally {
      for (const file of files.values()) file.release();
      files.clear();
      for (const [fd, file] of before) files.set(fd, file);
    }
  }

  // What expansion asks for

  *substitute(script: ParsedScript, source: string): Run<string> {
    const files = new Map(this.process.files);
    let text = "";
    files.set(1, new Sink((piece) => void (text = held(text + piece))));
    const child = this.#fork(files, (shell) => shell.#script(script, source === "" ? shell.#source : source));
    this.state.status = yield* this.join(child);
    return text;
  }

  glob(pattern: string): string[] {
    return globPaths(this.system.files, pattern, this.process.cwd, this.process.netns);
  }
}

/** The status of a process that a signal ended, and what a shell says of it. */
export function deathNotice(status: number): string | undefined {
  const signal = Object.entries(SIGNALS).find(([, number]) => number === status - 128)?.[0];
  if (signal === "TERM") return "Terminated";
  if (signal === "KILL") return "Killed";
  return status === 134 ? "Aborted" : undefined;
}

function hasSubstitution(node: Command): boolean {
  return node.prefix.some((part) =>
    part.type === "Assignment" && part.value.type === "Word" && /\$\(|`/.test(part.value.text)
  );
}

function partsOf(part: { value: unknown; name: string; text: string }): Partial<Word> {
  const value = part.value as Word;
  if (!value.parts) return { value: part.text.slice(0, part.text.indexOf("=") + 1) + value.value };
  const head = part.text.slice(0, part.text.indexOf("=") + 1);
  return { parts: [{ type: "Literal", pos: 0, end: 0, value: head, text: head }, ...value.parts] };
}
