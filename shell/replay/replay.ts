/**
 * Replays transcripts of real machines on the model and compares them.
 *
 * @module
 */

import { eraOf } from "../../model/mod.ts";
import { type Result, Session, type SessionOptions } from "../session.ts";
import { PACE, type Pace } from "../system.ts";
import { normalised, overlapping, unreliable } from "./rules.ts";
import type { TranscriptBlock, TranscriptFile } from "./transcript.ts";

/** The differences in one part of a command. */
export interface Difference {
  part: "rc" | "stdout" | "stderr" | "kmsg";
  /** The lines of the machine that the model has not, and the other way round, the first few of them */
  machine: string[];
  model: string[];
}

/** The comparison of one command. */
export interface Compared {
  file: string;
  number: number;
  command: string;
  differences: Difference[];
  /** The rules that changed something on either side */
  rules: string[];
  /** The reason why the command is not compared; undefined if it is compared */
  leftOut: string | undefined;
  /** What the model has no answer for: it agrees in nothing then */
  gaps: readonly string[];
}

/** The comparison of all commands of a machine. */
export interface Replay {
  /** The kernel of the machine, and the era that stands for it */
  release: string;
  era: string;
  commands: Compared[];
}

/** Other paces that a machine may have: the order of jobs depends on the pace. */
const PACES: readonly Pace[] = [
  // Jobs in the background first, then those in the foreground
  { ...PACE, start: (process) => process.parent ? 1 : 20 },
  { ...PACE, start: (process) => process.parent ? 40 : 20 },
  // A slower machine, and a faster one
  { start: () => 40, reload: 120 },
  { start: () => 60, reload: 300 },
  { start: () => 8, reload: 30 },
  { start: () => 8, reload: 20 },
  // Commands that take time from lock to lock, and run in the midst of each other
  ...Array.from({ length: 32 }, (_, seed) => jumbled(seed)),
];

/** Returns a pace at which the speed of every job depends on a seed. */
function jumbled(seed: number): Pace {
  const drawn = (pid: number) => Math.imul(pid * 31 + seed * 7919 + 1, 2654435761) >>> 0;
  return { start: ({ pid }) => 1 + drawn(pid) % 40, reload: 0, step: [0.5, 1, 2][seed % 3]! };
}

/** One machine of the model, that can be taken back to before its last command. */
class Machine {
  #session: Session;
  readonly #done: { command: string; pace: Pace }[] = [];

  constructor(readonly options: SessionOptions) {
    this.#session = new Session(options);
  }

  /** Runs the next command. */
  run(command: string, pace = PACE): Result {
    this.#done.push({ command, pace });
    return this.#perform(this.#session, command, pace);
  }

  /** Runs the last command again, at another pace, as if it had not been run. */
  again(pace: Pace): Result {
    const session = new Session(this.options);
    const last = this.#done.at(-1)!;
    for (const { command, pace } of this.#done.slice(0, -1)) this.#perform(session, command, pace);
    last.pace = pace;
    this.#session = session;
    return this.#perform(session, last.command, pace);
  }

  #perform(session: Session, command: string, pace: Pace): Result {
    session.system.pace = pace;
    const result = session.runAlone(command);
    // The recorder of the transcript took the kernel's log away after each command
    session.system.log.length = 0;
    return result;
  }
}

/** Replays the transcripts of one machine in their order, on one machine of the model. */
export function replay(files: readonly TranscriptFile[]): Replay {
  const text = files.flatMap(({ blocks }) => blocks.map(({ stdout }) => stdout)).join("\n");
  const release = /^Linux version (\S+)/m.exec(text)?.[1] ?? /^Linux \S+ (\d+\.\d+\S*)/m.exec(text)?.[1];
  if (release === undefined) throw new SyntaxError("Cannot replay transcripts: no command in them tells the kernel");
  const era = eraOf(release);
  // Debian's kernels name themselves so; others here are small ones for debugging
  const build = /^Linux version .*#\d.*\bDebian \d/m.test(text) ? "debian" : "debug";
  const machine = new Machine({ era: era.id, release, build });
  const commands = files.flatMap(({ name, blocks }) => blocks.map((block) => replayed(machine, name, block)));
  return { release, era: era.id, commands };
}

function replayed(machine: Machine, file: string, block: TranscriptBlock): Compared {
  const first = compare(file, block, machine.run(block.command));
  if (agrees(first) || !overlapping(block.command)) return first;
  // What jobs at the same time come to depends on who is faster: any outcome of the model may be the machine's
  for (const pace of PACES) {
    const other = compare(file, block, machine.again(pace));
    if (agrees(other)) return { ...other, rules: [...other.rules, "pace"] };
  }
  machine.again(PACE);
  return first;
}

function compare(file: string, block: TranscriptBlock, result: Result): Compared {
  const { number, command } = block;
  const used = new Set<string>();
  const differences: Difference[] = [];
  if (result.rc !== block.rc) {
    differences.push({ part: "rc", machine: [String(block.rc)], model: [String(result.rc)] });
  }
  for (const part of ["stdout", "stderr"] as const) {
    const machine = normalised(block[part], command, used);
    const model = normalised(result[part], command, used);
    if (machine !== model) differences.push({ part, ...unlike(machine, model) });
  }
  const [machine, model] = [block.kmsg, result.kmsg].map((lines) =>
    lines.filter((line) => !ELSEWHERE.test(line)).join("\n")
  );
  if (machine !== model) differences.push({ part: "kmsg", ...unlike(machine!, model!) });
  return { file, number, command, differences, rules: [...used], leftOut: unreliable(block), gaps: result.gaps };
}

/** Lines of the kernel log that are of the machine's own devices. */
const ELSEWHERE = /^(?:IPv6: ADDRCONF|eth\d: renamed|random:|NOTICE: Automounting)/;

/**
 * True if status, output and errors of a command agree. The kernel's log does not count. A command with a part that is not
 * modelled does not agree.
 */
export function agrees({ differences, gaps }: Compared): boolean {
  return gaps.length === 0 && differences.every(({ part }) => part === "kmsg");
}

const SHOWN = 6;

/** Returns the first lines that one side has and the other has not. */
function unlike(machine: string, model: string): { machine: string[]; model: string[] } {
  const [a, b] = [machine.split("\n"), model.split("\n")];
  const rest = (lines: string[], others: string[]) => {
    const left = new Map<string, number>();
    for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
    return lines.filter((line) => {
      const count = left.get(line) ?? 0;
      if (count > 0) left.set(line, count - 1);
      return count === 0;
    });
  };
  const [own, others] = [rest(a, b), rest(b, a)];
  if (own.length > 0 || others.length > 0) return { machine: own.slice(0, SHOWN), model: others.slice(0, SHOWN) };
  const at = a.findIndex((line, i) => line !== b[i]);
  return { machine: a.slice(at, at + 2), model: b.slice(at, at + 2) };
}
