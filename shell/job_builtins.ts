/**
 * The builtin commands of dash for jobs and signals: wait, kill, jobs, trap.
 *
 * @module
 */

import { ModelGap } from "../model/gap.ts";
import { type Builtin, print } from "./builtin.ts";
import { deathNotice, type Signal, signalOf, SIGNALS } from "./signals.ts";
import { ShellError } from "./state.ts";

/** The commands by name. */
export const JOB_BUILTINS: Readonly<Record<string, Builtin>> = {
  *wait(shell, argv) {
    const { jobs } = shell.state;
    const { scheduler } = shell.system;
    if (argv.length === 1) {
      const all = jobs.splice(0).map((pid) => scheduler.find(pid));
      for (const process of all) if (process) yield* shell.join(process, false);
      return 0;
    }
    let status = 0;
    for (const word of argv.slice(1)) {
      const process = scheduler.find(Number(word.replace(/^%/, "")));
      if (!process) {
        status = 127;
        continue;
      }
      status = yield* shell.join(process, false);
      const notice = deathNotice(status);
      if (notice !== undefined) yield* shell.process.write(2, `${notice}\n`);
    }
    return status;
  },

  *kill(shell, argv) {
    let signal: Signal | undefined = "TERM";
    let words = argv.slice(1);
    if (words[0] === "-l") return yield* print(shell, "kill", `${Object.keys(SIGNALS).join(" ")}\n`);
    const probe = words[0] === "-0";
    if (words[0] === "-s") {
      signal = signalOf(words[1] ?? "");
      words = words.slice(2);
    } else if (words[0]?.startsWith("-") && words[0] !== "--") {
      if (!probe) signal = signalOf(words[0].slice(1));
      words = words.slice(1);
    }
    if (signal === undefined) throw new ShellError("kill: Illegal option");
    let status = 0;
    for (const word of words) {
      const own = Number(word) === shell.state.pid;
      const process = own ? shell.process : shell.system.scheduler.find(Number(word.replace(/^%/, "")));
      if (!process || process.status !== undefined) {
        yield* shell.process.write(2, `${shell.state.name}: ${shell.line}: kill: No such process\n\n`);
        status = 1;
      } else if (!probe) {
        process.kill(signal);
        // A process that kills itself stops here
        if (process === shell.process) yield { turn: true };
      }
    }
    return status;
  },

  *jobs(shell) {
    const lines = shell.state.jobs.flatMap((pid, i) => {
      const process = shell.system.scheduler.find(pid);
      if (!process || process.status !== undefined) return [];
      return `[${i + 1}] ${i === shell.state.jobs.length - 1 ? "+" : " "} Running`.padEnd(29) + `${process.name}\n`;
    });
    return yield* print(shell, "jobs", lines.join(""));
  },

  // deno-lint-ignore require-yield
  *trap(shell, argv) {
    const [action, ...names] = argv.slice(1);
    if (action === undefined && shell.state.traps.size > 0) throw new ModelGap("trap", "a list of traps");
    if (action === undefined) return 0;
    for (const word of names.length > 0 ? names : [action]) {
      const name = word === "0" ? "EXIT" : word.toUpperCase().replace(/^SIG/, "");
      const signal = signalOf(name);
      if (names.length === 0 || action === "-") {
        shell.state.traps.delete(name);
        if (signal) shell.process.handlers.delete(signal);
        continue;
      }
      shell.state.traps.set(name, action);
      if (signal) shell.process.handlers.set(signal, () => shell.trapped.push(action));
    }
    return 0;
  },
};
