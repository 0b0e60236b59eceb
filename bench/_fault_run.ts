/**
 * One fault on one board: a plan is run, the fault strikes, and its outcome is compared with what the board really did.
 *
 * @module
 */

import { judge } from "../diff/judge.ts";
import type { SequenceTrace } from "../diff/trace.ts";
import type { SequenceVerdict } from "../diff/verdict.ts";
import { alone } from "../runners/agent/earlier_agents.ts";
import { explainLoss } from "../runners/agent/loss.ts";
import { openSerial } from "../runners/lines/serial.ts";
import type { Hello } from "../runners/agent/hello.ts";
import { AgentSession } from "../runners/agent/session.ts";
import { TransportError } from "../runners/lines/shell.ts";
import { FaultBoard, SHELLS } from "./fault_board.ts";
import { type Between, FAULTS } from "./_fault_kinds.ts";
import { type KnownPlan, knownPlan, type PlanOptions } from "./_fault_plans.ts";
import { Random } from "./random.ts";

/** The result of one fault. */
export interface Outcome {
  fault: string;
  seed: number;
  /** The verdict, or `no session` where the agent could not be started */
  verdict: string;
  /** What is wrong with the verdict; empty if the verdict is right */
  wrong: string[];
  /** The reason of the verdict, as the first step that does not agree states it */
  reason: string;
  /** True if the plan held a difference that must not be missed */
  differs: boolean;
  ms: number;
}

interface Taken {
  observed: SequenceTrace | undefined;
  reason: string;
}

type Opened = { session: AgentSession; hello: Hello };

/** Opens an agent as `openAgent` does: pushes nothing while the agent of another run works on the board. */
const openAlone = async (board: FaultBoard, said: string[]) =>
  await alone(await open(board, said), () => open(board, said), {
    ms: 60_000,
    refuse: (who) => new TransportError(`another agent is at work on the board (${who})`),
    inUse: ({ who }) => new TransportError(`another run has the board (${who})`),
  });

async function open(board: FaultBoard, said: string[], loginTimeoutMs = 30_000): Promise<Opened> {
  const shell = await openSerial({ path: board.address, baudRate: 3_000_000, loginTimeoutMs });
  return await AgentSession.open(shell, {
    silenceMs: 1000,
    onNoise: (line) => void said.push(line),
  });
}

/** Waits until a board answers, and returns its boot id. */
async function bootOf(board: FaultBoard, ms: number): Promise<string | undefined> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    try {
      const { session, hello } = await open(board, [], 5000);
      await session.close();
      return hello.bootId;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  return undefined;
}

/** Compares a verdict with what the board did, and returns what is wrong with the verdict. */
export function faultsOf(known: KnownPlan, verdict: SequenceVerdict, words: readonly string[]): string[] {
  const wrong: string[] = [];
  const runs = (id: number) => words.filter((word) => word === known.words.get(id)).length;
  if (known.differs !== undefined && verdict.verdict === "agree") {
    wrong.push(`step ${known.differs} differs, and all agrees`);
  }
  for (const { id, phase, op, verdict: of, observed, reason = "" } of verdict.steps) {
    if (of === "agree" && id === known.differs) wrong.push(`step ${id} differs, and agrees`);
    if (of === "diverge" && id !== known.differs && observed?.observation?.result !== "hang") {
      wrong.push(
        `step ${id} does not differ, and diverges: ${JSON.stringify(op)} ${
          JSON.stringify(observed?.observation).slice(0, 300)
        }`,
      );
    }
    if (!known.words.has(id)) continue;
    // A plan begins with its tear-down, to clean up after an interrupted run: so a tear-down runs twice.
    const most = phase === "teardown" ? 2 : 1;
    const count = runs(id);
    if (count > most) wrong.push(`step ${id} was run ${count} times`);
    if (of === "agree" && count < most) wrong.push(`step ${id} agrees, and was run ${count} times`);
    if (observed?.lost?.reason === "not-run" && count === most) {
      wrong.push(`step ${id} was run, and is reported as not run (${reason})`);
    }
  }
  const of = new Set(known.words.values());
  for (const word of words) {
    if (!of.has(word)) wrong.push(`a word that no step has: ${JSON.stringify(word).slice(0, 80)}`);
  }
  return wrong;
}

async function take(
  board: FaultBoard,
  known: KnownPlan,
  options: { strike?: (() => Promise<void>) | undefined; meanwhile?: boolean; returns?: boolean; from?: () => void },
): Promise<Taken> {
  const said: string[] = [];
  let struck: Promise<void> | undefined;
  let opened: Opened | undefined;
  // On a busy machine a start may time out; no step has run yet, so the agent is started again.
  for (let attempt = 1; opened === undefined; attempt++) {
    try {
      opened = await openAlone(board, said);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (attempt === 3) return { observed: undefined, reason: error.message };
    }
  }
  const { session, hello } = opened;
  options.from?.();
  const { strike, meanwhile } = options;
  board.onWord = (word) => {
    if (word !== known.words.get(1)) return;
    struck ??= strike?.() ?? Promise.resolve();
    // The gate is opened even if no step reads it.
    void (meanwhile ? Promise.resolve() : struck).then(() => board.openGate());
  };
  const observed = await session.run(known.plan);
  board.onWord = undefined;
  await struck;
  const silent = observed.steps.some(({ lost }) => lost?.reason === "timeout");
  await session.close({ graceMs: silent ? 1000 : 25_000 });
  await explainLoss(observed, {
    bootId: hello.bootId,
    said: () => said,
    boots: () => bootOf(board, options.returns ? 60_000 : 3000),
  });
  return { observed, reason: "" };
}

/** Puts the files of a plan on the board, and removes the files of the plan before. */
async function prepare(
  board: FaultBoard,
  random: Random,
  name: string,
  options: Partial<PlanOptions>,
): Promise<KnownPlan> {
  const { known, files } = knownPlan(random, name, {
    dir: board.dir,
    witness: board.witness,
    gate: board.gate,
    ...options,
  });
  for (const [path, text] of files) await Deno.writeTextFile(path, text);
  board.words.length = 0;
  // No step of the plan before may have read its gate: close the gate again.
  board.shutGate();
  return known;
}

/** Returns why a sequence does not agree: the reason of the first step that does not agree and has a reason. */
export const whyOf = ({ steps, reason }: SequenceVerdict) => {
  const others = steps.filter(({ verdict }) => verdict !== "agree");
  const first = others.find(({ observed }) => observed?.lost?.reason !== "untold") ?? others[0];
  return reason ?? (first ? `${first.id}: ${first.verdict} ${first.reason ?? ""}` : "");
};

/**
 * True if an outcome is wrong on any machine: a failed step is judged `agree`, or a step ran twice. On a slow machine many get
 * another verdict than the intended one; `deno task bench:faults` counts these outcomes.
 */
export const isLie = ({ fault, verdict, wrong }: Outcome): boolean =>
  wrong.some((one) => /agrees|was run [2-9]|is said not to be/.test(one)) ||
  verdict === "agree" && !FAULTS[fault]!.right.includes("agree");

/** True if an outcome is the intended one. */
export const isMeant = ({ verdict, wrong }: Outcome): boolean => verdict !== "no session" && wrong.length === 0;

/** Makes a board and lets one fault strike it. */
export async function strikeOnce(fault: string, seed: number): Promise<Outcome> {
  const started = Date.now();
  const random = new Random(seed);
  const kind = FAULTS[fault]!;
  let between: Between | undefined;
  await using board = await FaultBoard.open({
    shell: random.of(SHELLS),
    ...(random.next() < 0.3 ? { without: ["bash"] } : {}),
    ...kind.board,
    between: (piece, to) => between ? between(piece, to) : Promise.resolve(piece),
  });
  const middle = kind.middle?.(board);
  const differs = random.next() < 0.2;
  const known = await prepare(board, random, "a", {
    differs,
    ...(middle ? { middle } : {}),
    ...(kind.ends ? { ends: true } : {}),
  });
  const taken = await take(board, known, {
    from: () => between = kind.line?.(random),
    strike: kind.strikes && (() => kind.strikes!(board, random)),
    ...(kind.meanwhile ? { meanwhile: true } : {}),
    ...(kind.returns ? { returns: true } : {}),
  });
  between = undefined;
  const outcome = (verdict: string, wrong: string[], reason: string): Outcome => ({
    fault,
    seed,
    verdict,
    wrong,
    reason,
    differs: known.differs !== undefined,
    ms: Date.now() - started,
  });
  if (!taken.observed) return outcome("no session", [taken.reason], taken.reason);
  const verdict = judge(known.expected, taken.observed);
  const wrong = faultsOf(known, verdict, board.words);
  const right: readonly string[] = known.differs !== undefined
    ? [...kind.right.filter((one) => one !== "agree"), "diverge"]
    : kind.right;
  if (!right.includes(verdict.verdict)) wrong.push(`${verdict.verdict} instead of ${right.join(" or ")}`);
  if (kind.mend) {
    await kind.mend(board);
    const next = await prepare(board, random, "b", {});
    const again = await take(board, next, {});
    const behind = again.observed && judge(next.expected, again.observed);
    if (behind) wrong.push(...faultsOf(next, behind, board.words.filter((word) => word.startsWith("b-"))));
    if (behind?.verdict !== "agree") {
      wrong.push(`once it was repaired: ${behind ? `${behind.verdict}: ${whyOf(behind)}` : again.reason}`);
    }
  }
  return outcome(verdict.verdict, wrong, whyOf(verdict));
}
