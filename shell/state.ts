/**
 * The state that a POSIX shell keeps between commands: variables, functions, positional parameters, options, traps.
 *
 * @module
 */

import type { CompoundCommand, CompoundList, Redirected } from "unbash";
import { held } from "./memory.ts";
import type { Run } from "./run.ts";

/** A shell function: its body. */
export interface ShellFunction {
  body: CompoundCommand | Redirected | CompoundList;
  source: string;
}

/** The state of one shell; a subshell has a copy. */
export class ShellState {
  readonly variables = new Map<string, string>();
  readonly exported = new Set<string>();
  readonly readonly = new Set<string>();
  readonly functions = new Map<string, ShellFunction>();
  readonly traps = new Map<string, string>();
  /** `$1` and so on */
  parameters: string[] = [];
  /** The local variables of the function that runs, with their values outside of it */
  locals: Map<string, string | undefined> | undefined;
  /** The number of nested loops that run now */
  loops = 0;
  /** `$?` */
  status = 0;
  /** `$!` */
  lastJob: number | undefined;
  /** The processes that were started in the background and not waited for */
  readonly jobs: number[] = [];
  /** `set -e`, `set -u` and the like, by letter */
  readonly options = new Set<string>();

  constructor(public name: string, readonly pid: number) {}

  /** Returns a copy for a subshell: `$$` stays, jobs are the parent's. */
  fork(): ShellState {
    const copy = new ShellState(this.name, this.pid);
    for (const [name, value] of this.variables) copy.variables.set(name, value);
    for (const name of this.exported) copy.exported.add(name);
    for (const name of this.readonly) copy.readonly.add(name);
    for (const [name, value] of this.functions) copy.functions.set(name, value);
    for (const option of this.options) copy.options.add(option);
    copy.parameters = [...this.parameters];
    copy.status = this.status;
    copy.loops = this.loops;
    copy.locals = this.locals && new Map(this.locals);
    copy.lastJob = this.lastJob;
    return copy;
  }

  /** The exported variables. */
  get environment(): Map<string, string> {
    const result = new Map<string, string>();
    for (const name of this.exported) {
      const value = this.variables.get(name);
      if (value !== undefined) result.set(name, value);
    }
    return result;
  }

  /** Takes the variables that a process inherits. */
  inherit(environment: ReadonlyMap<string, string>, cwd: string): void {
    for (const [name, value] of environment) {
      this.variables.set(name, value);
      this.exported.add(name);
    }
    this.variables.set("PWD", cwd);
    this.variables.set("IFS", " \t\n");
  }

  /** Sets a variable. */
  assign(name: string, value: string): void {
    if (this.readonly.has(name)) throw new ShellError(`${name}: is read only`, 2, true);
    this.variables.set(name, held(value));
  }

  /** Makes a variable local to the function that runs. */
  makeLocal(name: string): void {
    if (!this.locals) throw new ShellError("local: not in a function", 2, true);
    if (!this.locals.has(name)) this.locals.set(name, this.variables.get(name));
  }

  /** Begins a function with its own local variables; returns a callback that ends the function. */
  enterFunction(parameters: string[]): () => void {
    const { locals, loops, parameters: before } = this;
    this.loops = 0;
    const own = new Map<string, string | undefined>();
    this.locals = own;
    this.parameters = parameters;
    return () => {
      for (const [name, value] of own) {
        if (value === undefined) this.variables.delete(name);
        else this.variables.set(name, value);
      }
      this.locals = locals;
      this.loops = loops;
      this.parameters = before;
    };
  }

  /** Sets and exports variables for one command; returns a callback that restores them. */
  lend(assignments: readonly (readonly [name: string, value: string])[]): () => void {
    const before = assignments.map(([name]) => [name, this.variables.get(name), this.exported.has(name)] as const);
    for (const [name, value] of assignments) this.assign(name, value);
    for (const [name] of assignments) this.exported.add(name);
    return () => {
      for (const [name, value, exported] of before) {
        if (value === undefined) this.variables.delete(name);
        else this.variables.set(name, value);
        if (!exported) this.exported.delete(name);
      }
    };
  }

  /** Returns a variable or a special parameter. */
  get(name: string): string | undefined {
    switch (name) {
      case "?":
        return String(this.status);
      case "$":
        return String(this.pid);
      case "!":
        return this.lastJob === undefined ? "" : String(this.lastJob);
      case "#":
        return String(this.parameters.length);
      case "0":
        return this.name;
      case "-":
        return [...this.options].join("");
      case "@":
      case "*":
        return this.parameters.length > 0 ? this.parameters.join(" ") : undefined;
    }
    if (/^\d+$/.test(name)) return this.parameters[Number(name) - 1];
    return this.variables.get(name);
  }
}

/** Thrown by `break` and `continue`. */
export class LoopControl extends Error {
  override name = "LoopControl";
  constructor(readonly kind: "break" | "continue", public levels: number) {
    super(kind);
  }
}

/** Thrown by `return`. */
export class ReturnControl extends Error {
  override name = "ReturnControl";
  constructor(readonly status: number) {
    super("return");
  }
}

/** Thrown by `exit`, and if a shell gives up. */
export class ExitControl extends Error {
  override name = "ExitControl";
  constructor(readonly status: number) {
    super("exit");
  }
}

/** An error that a shell reports in its own words; a fatal one ends the shell. */
export class ShellError extends Error {
  override name = "ShellError";
  constructor(message: string, readonly status = 2, readonly fatal = false) {
    super(message);
  }
}

/** Makes each error of the shell end it: errors of special builtins do (POSIX, 2.8.1). */
export function* fatally(run: Run): Run {
  try {
    return yield* run;
  } catch (error) {
    throw error instanceof ShellError ? new ShellError(error.message, error.status, true) : error;
  }
}
