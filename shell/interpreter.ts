/**
 * Runs parsed scripts as a POSIX shell does (dash): lists, pipelines, compound commands, functions, redirections, jobs.
 *
 * @module
 */

import type {
  AndOr,
  Command,
  CommandNode,
  CompoundList,
  ParsedScript,
  Pipeline,
  PipelineNode,
  Redirection,
  Statement,
} from "unbash";
import { ModelGap } from "../model/mod.ts";
import { BUILTINS, SPECIAL_BUILTINS } from "./builtins.ts";
import type { Shell } from "./builtin.ts";
import { type Lists, runCase, runFor, runIf, runWhile } from "./compound.ts";
import { parseScript } from "./expand.ts";
import { expandCommand, hasSubstitution } from "./simple_command.ts";
import { evaluate } from "./arithmetic.ts";
import { globPaths } from "./files.ts";
import { held } from "./memory.ts";
import { type OpenFile, Sink, Source } from "./open_file.ts";
import { startPipeline } from "./pipeline.ts";
import type { Process } from "./process.ts";
import { called, type Run, SPENT, timesText } from "./run.ts";
import { redirect } from "./redirection.ts";
import { ExitControl, fatally, LoopControl, ReturnControl, ShellError, ShellState } from "./state.ts";
import type { System } from "./system.ts";

/** How deep functions, `eval` and `.` can be nested: the depth of dash. */
const MOST_NESTED = 1000;

/** If a shell has more jobs than this, it forgets the jobs that have ended. */
const MOST_ENDED_JOBS = 1024;

/** One shell at work in one process. */
export class Interpreter implements Shell, Lists {
  /** Actions of traps whose signals arrived */
  readonly trapped: string[] = [];
  #line = 1;
  #source = "";
  /** The number of callers that test the status of the running command; above 0, `set -e` ignores a failure */
  #tested = 0;
  #nested = 0;
  /** The prefix of messages while a builtin runs a script: `eval: ` */
  #within = "";

  constructor(readonly system: System, readonly process: Process, readonly state: ShellState) {}

  /** The line that runs now. */
  get line(): number {
    return this.#line;
  }

  /** Runs a script to its end, with its traps; returns the exit status. */
  *runScript(source: string): Run {
    let status: number;
    try {
      status = yield* this.evaluate(source);
    } catch (error) {
      if (!(error instanceof ExitControl || error instanceof ReturnControl)) throw error;
      status = error.status;
    }
    return yield* this.#leave(status);
  }

  /** Runs the trap of `EXIT`, then returns the exit status. */
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
    // Without job control, a background process ignores Ctrl-C, unless the process itself sets a handler
    process.ignored.add("INT").add("QUIT");
    process.name = this.#source.slice(command.pos, command.end);
    const { jobs } = this.state;
    this.state.lastJob = process.pid;
    jobs.push(process.pid);
    if (jobs.length % MOST_ENDED_JOBS === 0) jobs.splice(0, Infinity, ...this.system.scheduler.reapEnded(jobs));
    return 0;
  }

  /** Starts a subshell in a new process. */
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

  /** Runs the commands of a pipeline, each in its own process. */
  *#stages(node: Pipeline): Run {
    if (!this.system.scheduler.hasRoom(node.commands.length)) throw new ShellError("Cannot fork", 2, true);
    const children = startPipeline(
      node,
      this.process.files,
      (command, files) => this.#fork(files, (shell) => shell.#command(command)),
    );
    for (const child of children) yield* this.join(child);
    return children.at(-1)!.status!;
  }

  /** Waits for a process to end and returns its exit status. */
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
        return yield* this.list(node.body);
      case "Subshell": {
        const child = this.#fork(this.process.files, (shell) => shell.list(node.body));
        return yield* this.join(child);
      }
      case "If":
        return yield* runIf(node, this);
      case "For":
        return yield* runFor(node, this);
      case "While":
        return yield* runWhile(node, this);
      case "Case":
        return yield* runCase(node, this);
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

  /** Runs the commands of a list. */
  *list(list: CompoundList): Run {
    return yield* this.#statements(list.commands);
  }

  /** Runs a list whose failure `set -e` ignores; true if it succeeds. */
  *tests(list: CompoundList): Run<boolean> {
    this.#tested++;
    try {
      return (yield* this.list(list)) === 0;
    } finally {
      this.#tested--;
    }
  }

  /** Runs a simple command: assignments, words, redirections. */
  *#simple(node: Command): Run {
    const redirections = node.redirects;
    const { argv, assignments } = yield* expandCommand(node, this);
    if (this.state.options.has("x") && argv.length > 0) yield* this.process.write(2, `+ ${argv.join(" ")}\n`);
    if (argv.length === 0) {
      const { status } = this.state;
      return yield* this.#redirected(redirections, function* (shell) {
        for (const [name, value] of assignments) shell.assign(name, value);
        // The status of an assignment is the status of the command substitution in it
        return hasSubstitution(node) ? shell.state.status : assignments.length > 0 ? 0 : status;
      });
    }
    const name = argv[0]!;
    if (name === "exec") return yield* fatally(this.#exec(argv.slice(1), redirections));
    if (SPECIAL_BUILTINS.has(name)) {
      for (const [key, value] of assignments) this.assign(key, value);
      return yield* fatally(this.#redirected(redirections, () => fatally(this.run(argv))));
    }
    const restore = this.state.lend(assignments);
    try {
      return yield* this.#redirected(redirections, () => this.run(argv));
    } finally {
      restore();
    }
  }

  /** Sets a variable. */
  assign(name: string, value: string): void {
    this.state.assign(name, value);
  }

  /** Runs a command by its words: a function, a builtin, or a program. */
  *run(argv: readonly string[], functions = true): Run {
    const name = argv[0]!;
    const own = functions ? this.state.functions.get(name) : undefined;
    if (own) return yield* this.#call(own, argv.slice(1));
    const builtin = BUILTINS[name];
    if (builtin) return yield* builtin(this, argv);
    return yield* this.program(argv);
  }

  /** Runs a program; throws an error of the shell if no program has that name. */
  *program(argv: readonly string[], within = this.#within): Run {
    this.process.env = this.state.environment;
    return yield* this.system.execute(
      this.process,
      argv,
      (message, status) => new ShellError(within + message, status),
    );
  }

  *#call(own: { body: Parameters<Interpreter["_body"]>[0]; source: string }, args: string[]): Run {
    const leave = this.state.enterFunction(args);
    const source = this.#source;
    this.#source = own.source;
    try {
      return yield* this.nest(() => this._body(own.body));
    } catch (error) {
      if (!(error instanceof ReturnControl)) throw error;
      return error.status;
    } finally {
      leave();
      this.#source = source;
    }
  }

  /** Runs a function, or a script of `eval` or `.`, one nesting level deeper. The shell fails if there are too many levels. */
  *nest(body: () => Run, name = ""): Run {
    if (this.#nested >= MOST_NESTED) {
      throw new ShellError(`${name}Maximum function recursion depth (${MOST_NESTED}) reached`, 2, true);
    }
    const within = this.#within;
    this.#nested++;
    this.#within = name || within;
    try {
      return yield* called(body());
    } finally {
      this.#nested--;
      this.#within = within;
    }
  }

  /** Runs the body of a function. */
  *_body(body: CommandNode | CompoundList): Run {
    return body.type === "CompoundList" ? yield* this.list(body) : yield* this.#command(body);
  }

  *#exec(argv: readonly string[], redirections: readonly Redirection[]): Run {
    for (const redirection of redirections) yield* redirect(redirection, this);
    if (argv.length === 0) return 0;
    throw new ExitControl(yield* this.program(argv, "exec: "));
  }

  /** Runs a body while redirections are in effect. */
  *#redirected(redirections: readonly Redirection[], body: (shell: Interpreter) => Run): Run {
    if (redirections.length === 0) return yield* body(this);
    const restore = this.process.saveFiles();
    try {
      for (const redirection of redirections) yield* redirect(redirection, this);
      try {
        return yield* body(this);
      } catch (error) {
        if (!(error instanceof ShellError)) throw error;
        // The error goes to the standard error of the redirected command
        return yield* this.#complain(error);
      }
    } finally {
      restore();
    }
  }

  // Methods that expansion calls

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

/** Returns a new shell in a process, with the variables that it inherits. */
export function shellIn(
  system: System,
  process: Process,
  name: string,
  parameters: readonly string[] = [],
): Interpreter {
  const state = new ShellState(name, process.pid);
  state.inherit(process.env, process.cwd);
  state.parameters = [...parameters];
  return new Interpreter(system, process, state);
}
