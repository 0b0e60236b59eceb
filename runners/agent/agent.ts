/**
 * A runner that uses a shell on a board. ssh, serial, local and a kernel in QEMU all use it.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import { deviceOf } from "../../boards/devices/mod.ts";
import { BoardInUseError } from "../../boards/holder.ts";
import { boardStateFolder } from "../../boards/state.ts";
import { visible } from "../../boards/visible.ts";
import type { Plan, SequenceTrace } from "../../diff/trace.ts";
import { withEra } from "../../diff/header.ts";
import { type EraId, nearestEra } from "../../model/mod.ts";
import { alone } from "./earlier_agents.ts";
import { Guard } from "../guard/guard.ts";
import { Law } from "../guard/law.ts";
import { atHandle, hardwareHandle, traceFromHandle } from "./handle_names.ts";
import type { HeldLock } from "./hello.ts";
import { isGone, lockedDevice, lockFor } from "./lock.ts";
import { KnownLines } from "./known_lines.ts";
import { endOfKernel, explainLoss, linesOfEnd } from "./loss.ts";
import { planInNames, traceInFixtureNames } from "./names.ts";
import { checkFit, type Runner, type RunnerOptions, UnfitBoardError } from "../runner.ts";
import { hasPower } from "../power.ts";
import { bootOf, comeBack, type Renewal } from "../renewal.ts";
import { readyCommands } from "./ready.ts";
import { AgentSession } from "./session.ts";
import { type Shell, TransportError } from "../lines/shell.ts";

/** A kernel in QEMU, with the parts that a runner needs. */
export interface OwnGuest {
  /** The file with all output of the console */
  consoleLog: string;
  close(): Promise<void>;
}

/**
 * Returns the end of the kernel as the board's console shows it, from a place of its log on, or from the last boot on.
 * Undefined if the console shows no end.
 */
export async function lastWords(consoleLog: string, from?: number): Promise<string | undefined> {
  const end = endOfKernel(await linesOfEnd(consoleLog, from ?? 0, from === undefined));
  return end?.reason === "crash" ? end.detail : undefined;
}

/** Returns the era of the model that judges a board. */
function eraFor({ name, era }: Board, kernel: string): EraId {
  if (era !== "auto") return era;
  try {
    return nearestEra(kernel).id;
  } catch {
    throw new UnfitBoardError(
      `Cannot use board "${name}": its kernel "${kernel}" has no release number; set era in the board's file`,
    );
  }
}

/**
 * The most lines of the connection that are stored, to explain the loss of a board. On a serial line they include the
 * console's.
 */
const SAID_KEPT = 2000;

/**
 * How long a lost board may take to answer again, in seconds: the default, and the most if its power control will boot it
 * anyway.
 */
const [BOOT_SECONDS, CONTROLLED_SECONDS] = [60, 10];

/** On a line up to this speed, in bytes per ms, lines that the host knows do not travel again: see `known_lines.ts`. */
const SLOW = 40;

/**
 * Starts the agent on the board that `shell` reaches, and returns a runner for the board.
 *
 * @param options `consoleLog` is the log file of the board's console; it shows crashes
 * @param guest A guest that only this run uses: it is not cleaned up, only ended, and its console log also shows crashes
 * @param renewal How to renew the board after a crash, if it can be renewed
 * @throws {TransportError} If the agent does not answer
 * @throws {UnfitBoardError} If the board cannot run plans
 * @throws {BoardInUseError} If another run has the device
 */
export async function openAgent(
  board: Board,
  transport: string,
  shell: Shell,
  options: RunnerOptions = {},
  guest?: OwnGuest,
  renewal?: Renewal,
): Promise<Runner> {
  const { signal, onStep, onNoise, onProgress } = options;
  const said: string[] = [];
  const consoleLog = guest?.consoleLog ?? options.consoleLog;
  let running: Plan | undefined;
  const slow = shell.lossy !== undefined && shell.lossy.bytesPerMs <= SLOW;
  const knownPath = slow ? `${boardStateFolder(board.name)}/known.json.gz` : "";
  const known = slow ? await KnownLines.load(knownPath) : undefined;
  const lock = guest ? undefined : await lockFor(board, options.doing ?? "twinlink");
  const start = async (shell: Shell, gone?: string) => {
    const { session, hello } = await AgentSession.open(shell, {
      ...(lock ? { lock: { ...lock, ...(gone === undefined ? {} : { gone }) } } : {}),
      ...(signal ? { signal } : {}),
      ...(known ? { known } : {}),
      ready: readyCommands(board),
      ...(guest && board.handle !== undefined && deviceOf(board) ? { device: board.handle } : {}),
      onStep: (step) => {
        if (!running) return onStep?.(step);
        unnamed({ ...running, steps: [step] }, running).steps.forEach((named) => onStep?.(named));
      },
      onNoise: (line) => {
        if (said.length < SAID_KEPT) said.push(line);
        onNoise?.(line);
      },
    });
    // A guest that only this run uses may be broken.
    const guard = guest ? undefined : new Guard({
      board: board.name,
      transport,
      iKnow: options.iKnow ?? [],
      ask: (script) => session.ask(script),
    });
    return { session, hello, guard };
  };
  const { handle: own } = board;
  /** Returns the names of the board's MAC and PCS, for a plan that uses the names of the fixture. */
  const pcsOf = ({ requires = [] }: Plan) => requires.includes("pcs_board") ? board.pcs : undefined;
  /** Returns the plan in the board's names. */
  const named = (plan: Plan) => {
    const pcs = pcsOf(plan);
    const inNames = pcs ? planInNames(plan, pcs) : plan;
    const from = hardwareHandle(plan);
    return own === undefined || from === undefined ? inNames : atHandle(inNames, from, own);
  };
  const unnamed = (trace: SequenceTrace, plan: Plan) => {
    const from = hardwareHandle(plan);
    const back = own === undefined || from === undefined ? trace : traceFromHandle(trace, plan, from, own);
    const pcs = pcsOf(plan);
    return pcs ? traceInFixtureNames(back, plan, pcs) : back;
  };
  const inUse = ({ how, pid, who }: HeldLock) =>
    new BoardInUseError(
      `Cannot use board "${board.name}": ` + (how === "never"
        ? visible(who)
        : `${visible(who)} has ${lockedDevice(board)} there; --wait waits until it is free; if that run is gone, ` +
          `end process ${pid} on the board`),
    );
  let { session, hello, guard } = await start(shell);
  if (!guest && hello.root) {
    const { connect } = renewal ?? {};
    const anew = connect && (async (gone?: string) => await start(await connect(), gone));
    ({ session, hello, guard } = await alone({ session, hello, guard }, anew, {
      wait: options.wait ?? false,
      onWait: (held) =>
        onProgress?.(
          held
            ? { phase: "wait:", detail: `${visible(held.who)} has it` }
            : { phase: "wait", detail: "for the agent of an earlier run to come to its tear-down" },
        ),
      isGone,
      inUse,
      refuse: (who) =>
        new UnfitBoardError(`Cannot use board "${board.name}": the agent of another run is at work on it (${who})`),
      signal,
    }));
  }
  let closing: Promise<void> | undefined;
  const close = () =>
    closing ??= session.close(guest ? { graceMs: 0 } : {}).then(() => known?.save(knownPath)).finally(() =>
      guest?.close()
    );
  const renew = async ({ reboot, connect, bound }: Renewal) => {
    onProgress?.({ phase: "reboot", detail: "the kernel broke" });
    await reboot(session);
    await session.close({ graceMs: 0 });
    const opened = await comeBack(board, async () => {
      const opened = await start(await connect());
      try {
        checkFit(board, opened.hello);
        if (opened.hello.bootId !== hello.bootId) return opened;
      } catch (error) {
        await opened.session.close({ graceMs: 0 });
        throw error;
      }
      await opened.session.close({ graceMs: 0 });
      return undefined;
    }, { ...(bound === undefined ? {} : { bound }), signal });
    ({ session, guard } = opened);
    closing = undefined;
    const { kernel } = opened.hello;
    if (kernel !== hello.kernel) {
      throw new TransportError(`Cannot renew board "${board.name}": it came back with kernel ${kernel}`);
    }
    ({ hello } = opened);
    // Another run may have locked the device first.
    if (hello.held) throw inUse(hello.held);
  };
  // Another shell can use the line only after the session has released it.
  const bootBehind = async ({ connect }: Renewal) => {
    await session.close({ graceMs: 0 });
    const { bootSeconds = BOOT_SECONDS, power } = board;
    const seconds = power?.cycle || power?.on ? Math.min(bootSeconds, CONTROLLED_SECONDS) : bootSeconds;
    return await bootOf(connect, { ms: seconds * 1000, signal });
  };
  try {
    checkFit(board, hello);
    const { kernel, iproute2, freedMemory } = hello;
    const memory = freedMemory === "kept" ? {} : { freedMemory };
    const era = eraFor(board, kernel);
    const read = board.handle === undefined ? undefined : await session.facts(board.handle);
    const facts = read ? { facts: read } : {};
    // Only this run uses a guest.
    const law = own === undefined || guest ? undefined : new Law({
      board: { ...board, handle: own },
      facts: read,
      iKnow: options.iKnow ?? [],
      ask: (script) => session.ask(script),
    });
    const admit = async (plans: readonly Plan[]) => {
      // The guard is first, since its report is more complete.
      await guard?.check(plans);
      await law?.check(plans);
    };
    return {
      header: withEra({ board: board.name, transport, kernel, iproute2, ...memory, ...facts }, era, board.driver),
      has: hello.has,
      ...facts,
      ...(read ? { readFacts: () => session.facts(read.handle) } : {}),
      instances: () => session.instances(),
      ...(guest ? {} : { lifelines: () => guard!.lifelines() }),
      get boot() {
        return hello.bootId;
      },
      guard: (plans) => admit(plans.map(named)),
      run: async (plan: Plan): Promise<SequenceTrace> => {
        const pushed = named(plan);
        running = plan;
        await admit([pushed]);
        const from = consoleLog ? (await Deno.stat(consoleLog)).size : 0;
        said.length = 0;
        const trace = await session.run(pushed);
        await explainLoss(trace, {
          bootId: hello.bootId,
          said: async () => [...consoleLog ? await linesOfEnd(consoleLog, from) : [], ...guest ? [] : said],
          power: () => hasPower(board),
          ...(renewal && !guest ? { boots: () => bootBehind(renewal) } : {}),
        });
        return unnamed(trace, plan);
      },
      ...(renewal ? { renew: () => renew(renewal) } : {}),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
