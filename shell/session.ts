/**
 * A login at the machine: one command line after the other.
 *
 * @module
 */

import type { Notification } from "../model/mod.ts";
import { Interpreter, shellIn } from "./interpreter.ts";
import { held } from "./memory.ts";
import { type OpenFile, Sink, Source } from "./open_file.ts";
import { PROGRAMS } from "./programs.ts";
import { ExitControl, ReturnControl, type ShellState } from "./state.ts";
import { System, type SystemOptions } from "./system.ts";

/** Options of a login. */
export interface SessionOptions extends SystemOptions {
  /** The name of the shell in its messages. @default {"/bin/sh"} */
  name?: string;
  /**
   * Called often while commands run. True is a Ctrl-C: all processes get SIGINT but those that ignore it, such as jobs
   * in the background. What it throws stops the machine for good.
   */
  interrupted?: () => boolean;
}

/** The result of a command line. */
export interface Result {
  command: string;
  /** The exit status */
  rc: number;
  /** The printed text; empty if an {@linkcode Output} takes it */
  stdout: string;
  stderr: string;
  /** devlink messages by netns, also messages without a listener */
  notify: Record<string, Notification[]>;
  /** Lines of the kernel log that came */
  kmsg: string[];
  /** Messages about gaps of the model: after a gap, later results may be wrong */
  gaps: string[];
}

/** Where output goes while a command runs. */
export interface Output {
  out?(text: string): void;
  err?(text: string): void;
}

/** The message for a command that waits for something that never happens. */
const ENDLESS = "(it waits, and nothing more will happen: ended as by Ctrl-C)\n";

/** A login at a machine. */
export class Session {
  readonly system: System;
  readonly #name: string;
  #state: ShellState | undefined;
  #cwd = "/";
  #ended: number | undefined;

  constructor(options: SessionOptions) {
    this.system = new System(options, PROGRAMS);
    this.#name = options.name ?? "/bin/sh";
    const { interrupted } = options;
    const { scheduler } = this.system;
    if (interrupted) {
      scheduler.between = () => {
        if (interrupted()) { for (const process of scheduler.living) process.interrupt(); }
      };
    }
  }

  /** The exit status of the shell, once `exit` has ended it. */
  get ended(): number | undefined {
    return this.#ended;
  }

  /** The working directory. */
  get cwd(): string {
    return this.#cwd;
  }

  /** Runs a command line in the shell of this login, which keeps its variables and its background jobs. */
  run(command: string, output: Output = {}): Result {
    return this.#run(command, output, true);
  }

  /** Runs a command line in a shell of its own, as `sh -c` does; the machine stays as it left it. */
  runAlone(command: string, output: Output = {}): Result {
    return this.#run(command, output, false);
  }

  #run(command: string, output: Output, login: boolean): Result {
    const { system } = this;
    const kept = { out: "", err: "" };
    const keep = (which: "out" | "err") =>
      output[which] ?? ((text: string) => void (kept[which] = held(kept[which] + text)));
    const files = new Map<number, OpenFile>([
      [0, new Source("")],
      [1, new Sink(keep("out"))],
      [2, new Sink(keep("err"))],
    ]);
    system.take();
    system.onGap = (message) => keep("err")(`twinlink: ${message}\n`);
    const process = system.start(files, (own) => {
      if (!login) return shellIn(system, own, this.#name).runScript(command);
      if (this.#state === undefined) this.#state = shellIn(system, own, this.#name).state;
      own.cwd = this.#cwd;
      return this.#line(new Interpreter(system, own, this.#state), command);
    });
    if (!system.scheduler.runUntil(process)) {
      keep("err")(ENDLESS);
      process.kill("INT");
      if (!system.scheduler.runUntil(process)) process.kill("KILL");
      system.scheduler.runUntil(process);
    }
    system.scheduler.settle();
    system.scheduler.reap(process);
    const rc = process.status ?? 137;
    // A shell outlives the command that a signal has ended
    if (login && this.#state) this.#state.status = rc;
    return { command, rc, stdout: kept.out, stderr: kept.err, ...system.take() };
  }

  *#line(shell: Interpreter, command: string) {
    try {
      return yield* shell.evaluate(command);
    } catch (error) {
      if (error instanceof ReturnControl) return error.status;
      if (!(error instanceof ExitControl)) throw error;
      // A prompt outlives what a script would not
      if (/(?:^|[;&|\s])exit\b/.test(command)) this.#ended = error.status;
      return error.status;
    } finally {
      this.#cwd = shell.process.cwd;
    }
  }
}
