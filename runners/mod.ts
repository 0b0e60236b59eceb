/**
 * Runners run plans on a target and return traces. Targets are the model, a recording, a kernel in QEMU, a board over ssh or
 * serial, and this host.
 *
 * @module
 */

import { type Board } from "../boards/mod.ts";
import { transportOf, TRANSPORTS } from "../boards/transports/mod.ts";
import type { EraId } from "../model/mod.ts";
import { DeviceRecorder } from "../diff/device_record.ts";
import { FixtureError, type Guest } from "../fixtures/mod.ts";
import { openAgent } from "./agent/agent.ts";
import { bootBoard } from "./boot_board.ts";
import { openBoardLines } from "./lines/board_lines.ts";
import { openLocal } from "./local.ts";
import { openModel } from "./model.ts";
import { openRecording } from "./recording.ts";
import { rebootRemote } from "./renewal.ts";
import type { Runner, RunnerOptions } from "./runner.ts";
import { checkTransport, openGuestTransport, openTransport } from "./lines/transports.ts";

export { RefusedError } from "./guard/guard.ts";
export { checkFit, type Progress, type Runner, type RunnerOptions, UnfitBoardError } from "./runner.ts";
export type { FailedCommand, HeldLock, Hello } from "./agent/hello.ts";
export type { Instance } from "./agent/instances.ts";
export type { Lifelines } from "./guard/guard.ts";
export { type Shell, TransportError } from "./lines/shell.ts";

/**
 * Opens a board.
 *
 * @throws {TransportError} If the board cannot be reached
 * @throws {UnfitBoardError} If the board cannot run plans
 * @throws {FixtureUnavailable} If this machine lacks a part that a QEMU board needs
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadBoard } from "../boards/mod.ts";
 * import { openRunner } from "./mod.ts";
 *
 * const runner = await openRunner(await loadBoard("model"));
 * assertEquals(runner.header.transport, "model");
 * await runner.close();
 * ```
 */
export async function openRunner(board: Board, options: RunnerOptions = {}): Promise<Runner> {
  switch (board.runner) {
    case "model":
      return openModel(board, board.era as EraId, options);
    case "recording":
      return await openRecording(board, board.recording!.trace, options);
    case "local":
      return await openAgent(board, "local", await openLocal(signalOf(options)), options);
    case "remote":
      return await openRemote(board, options);
    case "qemu":
      return await openQemu(board, options);
  }
}

const signalOf = ({ signal }: RunnerOptions): { signal?: AbortSignal } => signal ? { signal } : {};

async function openRemote(board: Board, options: RunnerOptions): Promise<Runner> {
  const transport = options.transport ?? transportOf(board) ?? TRANSPORTS[0];
  checkTransport(board, transport);
  const lines = await openBoardLines(board, transport, options.consoleLog);
  const connect = () => openTransport(board, transport, { binding: lines.line, ...signalOf(options) });
  const { consoleLog: _, ...rest } = options;
  const console = lines.console === undefined ? {} : { consoleLog: lines.console };
  try {
    const runner = await openAgent(board, transport, await connect(), { ...rest, ...console }, undefined, {
      reboot: (session) => rebootRemote(board, session, connect),
      connect,
      ...(board.bootSeconds === undefined ? {} : { bound: board.bootSeconds * 1000 }),
    });
    const close = runner.close;
    runner.close = () => close().finally(() => lines.close());
    return runner;
  } catch (error) {
    await lines.close();
    throw error;
  }
}

async function openQemu(board: Board, options: RunnerOptions): Promise<Runner> {
  const transport = options.transport ?? board.qemu!.transport;
  const recorder = new DeviceRecorder();
  const guest = await bootBoard(board, { ...options, onEvent: (event) => recorder.add(event) });
  try {
    const connect = () => openGuestTransport(guest, transport, signalOf(options));
    const runner = await openAgent(board, transport, await connect(), options, guest, {
      reboot: () => guest.reset(signalOf(options)),
      connect,
      bound: 60_000,
    });
    return withDevices(board, runner, guest, recorder);
  } catch (error) {
    await guest.close();
    throw error;
  }
}

/**
 * Returns a runner whose traces also have the records of the emulated device. After the process of the device has ended, it
 * rejects results of the guest: the driver has lost its device.
 */
function withDevices(board: Board, runner: Runner, { devices }: Guest, recorder: DeviceRecorder): Runner {
  if (devices.length === 0) return runner;
  let lost = false;
  for (const { ended } of devices) ended.then(() => lost = true);
  const { run } = runner;
  runner.run = async (plan) => {
    const trace = await run(plan);
    await Promise.all(devices.map((device) => device.flush()));
    if (lost) throw new FixtureError(`Cannot continue with board "${board.name}": the process of its device has ended`);
    const device = recorder.take();
    return device ? { ...trace, device } : trace;
  };
  return runner;
}
