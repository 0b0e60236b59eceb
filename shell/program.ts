/**
 * The interface of programs on the simulated machine.
 *
 * @module
 */

import { ModelGap } from "../model/gap.ts";
import { resolvePath } from "./files.ts";
import type { Process } from "./process.ts";
import type { Run } from "./run.ts";
import type { Programs, System } from "./system.ts";

/** The environment in which a program runs. */
export interface Call {
  readonly system: System;
  readonly process: Process;
  /** The name of the program, then its arguments */
  readonly argv: readonly string[];
  readonly args: readonly string[];
  /** Writes to standard output; returns `ok` or an errno. */
  out(text: string): Run<string>;
  /** Writes to standard error. */
  err(text: string): Run<string>;
  /** Returns a path made absolute. */
  path(path: string): string;
  /** Runs another program in the same process. */
  exec(argv: readonly string[]): Run;
  /** Runs another program in a new process. */
  execIn(process: Process, argv: readonly string[]): Run;
}

/** A program; it returns its exit status. */
export type Program = (call: Call) => Run;

/** Returns the environment for a program in a process. */
function makeCall(system: System, process: Process, argv: readonly string[]): Call {
  return {
    system,
    process,
    argv,
    args: argv.slice(1),
    out: (text) => process.write(1, text),
    err: (text) => process.write(2, text),
    path: (path) => resolvePath(process.cwd, path),
    exec(words) {
      return this.execIn(process, words);
    },
    *execIn(own, words) {
      let said = "";
      try {
        return yield* system.execute(own, words, (message) => {
          said = message;
          return new NotFound();
        });
      } catch (error) {
        if (error instanceof ModelGap) return system.gap(error);
        if (!(error instanceof NotFound)) throw error;
        yield* own.write(2, `${argv[0]}: can't execute '${words[0]}': No such file or directory\n`);
        return said.endsWith("denied") ? 126 : 127;
      }
    },
  };
}

/** Returns the programs of a machine, made of a table by name. */
export function programsOf(table: Readonly<Record<string, Program>>): Programs {
  return {
    names: new Set(Object.keys(table)),
    *run(system, process, name, argv) {
      const before = process.name;
      process.name = argv.join(" ");
      try {
        return yield* table[name]!(makeCall(system, process, argv));
      } catch (error) {
        if (error instanceof ModelGap) return system.gap(error);
        // The kernel ends the program and not the shell that runs it
        if (error instanceof RangeError) return process.crash(error);
        throw error;
      } finally {
        process.name = before;
      }
    },
  };
}

class NotFound extends Error {
  override name = "NotFound";
}
