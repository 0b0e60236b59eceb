/**
 * The interface between a shell and its builtin commands.
 *
 * @module
 */

import { ModelGap } from "../model/gap.ts";
import type { Process } from "./process.ts";
import type { Run } from "./run.ts";
import { ShellError, type ShellState } from "./state.ts";
import type { System } from "./system.ts";

/** A shell, as its builtin commands see it. */
export interface Shell {
  readonly system: System;
  readonly process: Process;
  readonly state: ShellState;
  /** The number of the script line that runs now */
  readonly line: number;
  /** Actions of traps whose signals arrived */
  readonly trapped: string[];
  /** Sets a variable. */
  assign(name: string, value: string): void;
  /** Runs a script in this shell. */
  evaluate(source: string): Run;
  /** Runs a body one nesting level deeper; throws an error of the shell if there are too many levels. */
  nest(body: () => Run, name?: string): Run;
  /** Runs a command by its words. */
  run(argv: readonly string[], functions?: boolean): Run;
  /** Waits until a process ends; returns its exit status. */
  join(child: Process, foreground?: boolean): Run;
}

/** A builtin command. */
export type Builtin = (shell: Shell, argv: readonly string[]) => Run;

/** Parses a number among the arguments of a command; throws an error of the shell if it is not a number. */
export function numeric(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d+$/.test(text)) throw new ShellError(`Illegal number: ${text}`);
  return Number(text);
}

/** Writes to standard output; like dash, prints the same message for every write error. */
export function* print(shell: Pick<Shell, "process">, name: string, text: string): Run {
  if ((yield* shell.process.write(1, text)) === "ok") return 0;
  throw new ShellError(`${name}: ${name}: I/O error`, 1);
}

/** Returns a builtin that is not modelled. */
export function unanswered(why: string) {
  // deno-lint-ignore require-yield
  return function* (_shell: Shell, argv: readonly string[]): Run {
    throw new ModelGap(argv.join(" "), why);
  };
}

/** Refuses options that a builtin does not support here. */
export function withoutOptions(argv: readonly string[], ...had: string[]): void {
  const other = argv.find((word, i) => i > 0 && /^-./.test(word) && !had.includes(word));
  if (other !== undefined) throw new ModelGap(`${argv[0]} ${other}`, "an option of the shell");
}
