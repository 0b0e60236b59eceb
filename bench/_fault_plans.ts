/**
 * Plans whose true answers are known without a model, because the steps use plain files: what a step must show, and which word it
 * writes to the witness, a tty of the board, each time that it runs.
 *
 * @module
 */

import type { Plan, PlannedStep, SequenceTrace, StepTrace } from "../diff/trace.ts";
import { emptyObservation, type Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import type { Random } from "./random.ts";

/** A plan with its truth. */
export interface KnownPlan {
  plan: Plan;
  /** The expected trace; at the step `differs` the board shows something else */
  expected: SequenceTrace;
  /** The word that each step writes to the witness, by the step's number */
  words: Map<number, string>;
  /** The step that does not do what is expected: no run of this plan may agree */
  differs: number | undefined;
}

/** Contents of files by their paths; they are written to the board before the plan runs. */
export type Files = Map<string, string>;

// Texts in a reply that look like records, marks or kernel lines.
const TRAPS = [
  "@tl1 3 12 4038471504",
  "@tl1 4 0 4294967295",
  "[   12.345678] netdevsim netdevsim10 eth1: renamed from eth0",
  "@1 00000000",
  "TL_END_",
  "--x step 1",
  "board # ",
  "login: ",
  "",
];

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 $`\"'\\{}[]()<>|&;#~!?*%.,:/-_+=@";

/** Returns lines of text, `length` characters in all; some lines look like records, marks or kernel lines. */
export function textOf(random: Random, length: number): string {
  let text = "";
  while (text.length < length) {
    if (random.next() < 0.2) text += `\n${random.of(TRAPS)}\n`;
    else text += Array.from({ length: random.whole(1, 120) }, () => random.of([...LETTERS])).join("") + "\n";
  }
  return text.slice(0, length - 1) + "x";
}

/** Returns a random length of a reply: 10 bytes to 15 kB, each order of magnitude equally often. */
const sizeOf = (random: Random) => Math.floor(10 * 1500 ** random.next());

/** Options of {@linkcode knownPlan}. */
export interface PlanOptions {
  /** Folder on the board for its files */
  dir: string;
  /** The tty that steps write to */
  witness: string;
  /** A file whose read blocks until the fault has struck */
  gate: string;
  /** Number of steps in the body. @default {6 to 14} */
  steps?: number;
  /** True if one step of the plan does not do what is expected. @default {false} */
  differs?: boolean;
  /** An operation for the middle of the body, and the expected observation. */
  middle?: { op: Operation; shows: Partial<Observation> };
  /** True if the plan ends with this operation, because the operation hangs */
  ends?: boolean;
}

/** Makes a plan, and the files that it reads. */
export function knownPlan(random: Random, name: string, options: PlanOptions): { known: KnownPlan; files: Files } {
  const { dir, witness } = options;
  const files: Files = new Map();
  const words = new Map<number, string>();
  const steps: PlannedStep[] = [];
  const shown: Partial<Observation>[] = [];
  const add = (phase: PlannedStep["phase"], op: Operation, shows: Partial<Observation> = {}) => {
    steps.push({ id: steps.length + 1, phase, op });
    shown.push(shows);
  };
  const write = (phase: PlannedStep["phase"]) => {
    const word = `${name}-${steps.length + 1}-${random.whole(0, 1e9)}`;
    words.set(steps.length + 1, word);
    add(phase, { kind: "file.write", path: witness, value: word });
  };
  const read = () => {
    const path = `${dir}/${name}-${steps.length + 1}`;
    const text = textOf(random, sizeOf(random));
    files.set(path, text);
    add("body", { kind: "file.read", path }, { sysfs: text.replace(/\n$/, "") });
  };
  const others: (() => void)[] = [
    read,
    read,
    () => write("body"),
    () => write("body"),
    () => add("body", { kind: "file.write", path: "/dev/full", value: "1" }, { result: "ENOSPC" }),
    () => add("body", { kind: "file.read", path: `${dir}/none` }, { result: "ENOENT" }),
    () => add("body", { kind: "wait", ms: random.whole(1, 200) }),
  ];
  write("setup");
  add("setup", { kind: "file.read", path: options.gate }, { sysfs: "open" });
  const length = options.steps ?? random.whole(6, 14);
  for (let i = 0; i < length; i++) {
    if (options.middle && i === length >> 1) {
      write("body");
      add("body", options.middle.op, options.middle.shows);
    }
    random.of(others)();
  }
  if (files.size === 0) read();
  write("body");
  const last = steps.findIndex(({ op }) => op === options.middle?.op);
  if (options.ends) steps.splice(last + 1);
  else write("teardown");
  let differs: number | undefined;
  if (options.differs && steps.some(({ op }) => op.kind === "file.read" && files.has(op.path))) {
    // The step reads a file with other contents than the expected contents.
    const read = steps.filter(({ op }) => op.kind === "file.read" && files.has(op.path));
    const { op } = random.of(read);
    const { path } = op as Operation<"file.read">;
    files.set(path, files.get(path)!.slice(0, -1) + "y");
    differs = steps.find((step) => step.op === op)!.id;
  }
  const about = { suite: "faults", sequence: name, source: "" };
  const expected: StepTrace[] = steps.map((step, i) => ({
    ...step,
    observation: { ...emptyObservation(), ...shown[i] },
  }));
  const hangs = options.ends ? { hangs: steps.length } : {};
  return {
    known: { plan: { ...about, steps, ...hangs }, expected: { ...about, steps: expected }, words, differs },
    files,
  };
}
