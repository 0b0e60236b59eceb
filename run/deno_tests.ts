/**
 * Sequences as tests of `deno test`: each runs on the board in the environment variable `TWINLINK_BOARD` (@default
 * `model`), over the line that `TWINLINK_TRANSPORT` names (@default the line in the board's file).
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Board, loadBoard, type TransportName } from "../boards/mod.ts";
import { isTransport, TRANSPORTS } from "../boards/transports/mod.ts";
import { type SequenceVerdict, terminalReporter } from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { openRunner, type Runner, type RunnerOptions } from "../runners/mod.ts";
import { holdsIn, type Sequence, type Suite } from "../sdk/suite.ts";
import { leaseBoard } from "./lease.ts";
import { orchestrate } from "./orchestrate.ts";
import { openSuites } from "./suite_process.ts";

let board: Board | undefined;
/** The open board. It stays open from test to test: to boot a kernel takes longer than a sequence. */
let runner: Runner | undefined;
let lease: AsyncDisposable | undefined;
let broken = false;

async function sharedRunner(board: Board, options: RunnerOptions): Promise<Runner> {
  if (broken) await closeBoard();
  lease ??= await leaseBoard(board, { doing: "deno test", signal: options.signal });
  runner ??= await openRunner(board, options);
  const { header, has, facts } = runner;
  return {
    header,
    has,
    ...(facts ? { facts } : {}),
    guard: async (plans) => await runner!.guard?.(plans),
    run: async (plan) => {
      const trace = await runner!.run(plan);
      broken ||= trace.steps.some(({ lost }) => lost && lost.reason !== "overrun" && lost.reason !== "not-recorded");
      return trace;
    },
    close: () => Promise.resolve(),
  };
}

/** How many sequences were judged, and how many have no meaning on the board's kernel. */
let [judged, meaningless] = [0, 0];

/**
 * Closes the board after the tests of a file.
 *
 * @throws {Error} If no sequence was judged: no test failed then, but that is not a pass
 */
export async function closeTestBoard(): Promise<void> {
  await closeBoard();
  const nothing = meaningless > 0 && judged === 0;
  [judged, meaningless] = [0, 0];
  if (nothing) throw new Error(`Nothing was tested on board "${board!.name}": no sequence has a meaning on its kernel`);
}

/** Closes the board; the next test opens it again. */
async function closeBoard(): Promise<void> {
  const open = runner;
  runner = undefined;
  broken = false;
  await open?.close();
  await lease?.[Symbol.asyncDispose]();
  lease = undefined;
}

function lineWanted(): TransportName[] {
  const wanted = Deno.env.get("TWINLINK_TRANSPORT");
  if (wanted === undefined || wanted === "") return [];
  if (isTransport(wanted)) return [wanted];
  throw new TypeError(`Cannot use TWINLINK_TRANSPORT "${wanted}": it must be ${TRANSPORTS.join(" or ")}`);
}

function report(verdict: SequenceVerdict): string {
  const parts: string[] = [];
  terminalReporter((text) => parts.push(text), { color: !Deno.noColor }).sequence(verdict);
  return parts.join("").trimEnd();
}

/** The suites by file; their code runs in a process of its own, as with the command. */
const opened = new Map<string, Promise<Suite[]>>();

/** Returns a suite whose code runs in its own process; the given suite if the file does not export it. */
async function apart(suite: Suite, sequence: Sequence): Promise<Suite> {
  const itself = { ...suite, sequences: [sequence] };
  if (!sequence.at) return itself;
  const { file } = sequence.at;
  // `deno test` has checked the types.
  if (!opened.has(file)) opened.set(file, openSuites([fileURLToPath(file)], { check: false }));
  const [found] = await opened.get(file)!;
  const sequences = found?.sequences.filter(({ name }) => name === sequence.name) ?? [];
  return found?.name === suite.name && sequences.length === 1 ? { ...found, sequences } : itself;
}

/**
 * Makes a test of each sequence of a suite, under `deno test` alone: each runs on the board that the environment variable
 * `TWINLINK_BOARD` names (the model by default). Elsewhere it does nothing. Returns the suite.
 *
 * @example
 * ```ts ignore
 * import { suite, testSuite, theBoard } from "@twinlink/twinlink";
 *
 * export default testSuite(suite("mine", { fixture: theBoard() }, ({ sequence }) => {
 *   sequence("a reload keeps the ports", { source: "devlink-reload.rst" }, async (dut) => {
 *     await dut.reload();
 *   });
 * }));
 * ```
 */
export function testSuite(suite: Suite): Suite {
  // Outside of `deno test`, `Deno.test` does nothing.
  Deno.test.afterAll(closeTestBoard);
  for (const sequence of suite.sequences) {
    Deno.test({
      name: `${suite.name} > ${sequence.name}`,
      fn: (test) => runAsTest(suite, sequence, test),
      // A board stays up between the tests of a file.
      sanitizeOps: false,
      sanitizeResources: false,
    });
  }
  return suite;
}

/**
 * Runs a sequence on the board of `TWINLINK_BOARD`. A sequence without a meaning on the board's kernel is an ignored step.
 *
 * @throws {Error} with the report of the sequence, unless it agrees or a waiver accepts what differs
 * @throws {BoardError} if there is no such board
 * @throws {SuiteError} if the sequence fails on the model already
 */
export async function runAsTest(
  suite: Suite,
  sequence: Sequence,
  test: Pick<Deno.TestContext, "step">,
): Promise<void> {
  board ??= await loadBoard(Deno.env.get("TWINLINK_BOARD") || "model");
  const [result] = await orchestrate([board], [await apart(suite, sequence)], {
    transports: lineWanted(),
    open: sharedRunner,
  }).catch((error: Error) => {
    // The error is the suite's, and its message has the place: the calls inside twinlink are left out.
    if (error.name === "SuiteError") error.stack = `${error.name}: ${error.message}`;
    throw error;
  });
  if (result?.infra) throw result.infra;
  const verdict = result?.results[0]?.verdict;
  if (result?.header && !holdsIn(sequence, result.header.era as EraId)) {
    meaningless++;
    const name = `no meaning on kernels of ${result.header.era}: ${sequence.holds?.because}`;
    await test.step({ name, ignore: true, fn: () => {} });
    return;
  }
  judged++;
  if (!verdict) throw new Error(`${suite.name} > ${sequence.name} was not run`);
  if (verdict.verdict === "unsupported") {
    throw new Error(`Cannot test ${suite.name} > ${sequence.name} on board "${board.name}": ${verdict.reason}`);
  }
  if (verdict.verdict !== "agree" && verdict.verdict !== "waived") throw new Error(`\n${report(verdict)}`);
}
