/**
 * Runners take plans to a target and bring back traces: the model, a recording, a kernel in QEMU, a board over ssh or
 * serial, this host.
 *
 * @module
 */

import { type Board, BoardError } from "../boards/mod.ts";
import type { EraId } from "../model/mod.ts";
import { openAgent } from "./agent.ts";
import { bootBoard } from "./boot_board.ts";
import { type BoardLines, openBoardLines } from "./board_lines.ts";
import { openLocal } from "./local.ts";
import { openModel } from "./model.ts";
import { openRecording } from "./recording.ts";
import { rebootRemote } from "./renewal.ts";
import type { Runner, RunnerOptions } from "./runner.ts";
import { openSerial } from "./serial.ts";
import { type Shell, TransportError } from "./shell.ts";
import { openSsh } from "./ssh.ts";

export { RefusedError } from "./guard.ts";
export { checkFit, type Progress, type Runner, type RunnerOptions, UnfitBoardError } from "./runner.ts";
export type { FailedCommand, Hello } from "./session.ts";
export { type Shell, TransportError } from "./shell.ts";

/**
 * Opens a board.
 *
 * @throws {TransportError} If it cannot be reached
 * @throws {UnfitBoardError} If it cannot run plans
 * @throws {FixtureUnavailable} If what a QEMU board is made of cannot be had here
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
  const { ssh, serial } = board;
  const transport = options.transport ?? board.transport ?? (ssh ? "ssh" : "serial");
  if (transport === "ssh" && !ssh) {
    throw new BoardError([`Cannot open board "${board.name}" over ssh: its file has no [ssh]`]);
  }
  if (transport === "serial" && !serial) {
    throw new BoardError([`Cannot open board "${board.name}" over serial: its file has no [serial]`]);
  }
  const lines = await openBoardLines(board, transport, options.consoleLog);
  const connect = () =>
    transport === "ssh" ? openSsh({ ...ssh!, ...signalOf(options) }) : openSerialOf(serial!, lines, options);
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

function openSerialOf(
  serial: NonNullable<Board["serial"]>,
  lines: BoardLines,
  options: RunnerOptions,
): Promise<Shell> {
  const { login } = serial;
  return openSerial({
    path: serial.path,
    ...(lines.serial ? { binding: lines.serial } : {}),
    baudRate: serial.baud,
    rtscts: serial.rtscts,
    ...(login ? { login: { user: login.user, password: () => passwordOf(login) } } : {}),
    ...signalOf(options),
  });
}

/** A login's password: from the environment or a command of the board file, never from the file itself. */
async function passwordOf(
  login: NonNullable<NonNullable<Board["serial"]>["login"]>,
): Promise<string | null> {
  if (login.passwordEnv) return Deno.env.get(login.passwordEnv) ?? null;
  if (!login.passwordCommand) return null;
  const [program, ...args] = login.passwordCommand;
  const { stdout } = await new Deno.Command(program!, { args, stdin: "null", stderr: "inherit" }).output().catch(
    (error: Error) => {
      throw new TransportError(`Cannot get the password of ${login.user} by ${program}: ${error.message}`);
    },
  );
  return new TextDecoder().decode(stdout).split("\n")[0] ?? null;
}

async function openQemu(board: Board, options: RunnerOptions): Promise<Runner> {
  const transport = options.transport ?? board.qemu!.transport;
  const guest = await bootBoard(board, options);
  try {
    const connect = () =>
      transport === "ssh" ? openSsh({ ...guest.ssh, ...signalOf(options) }) : openSerial({
        path: guest.serial.protocol,
        login: { user: guest.login.user, password: () => guest.login.password },
        ...signalOf(options),
      });
    return await openAgent(board, transport, await connect(), options, guest, {
      reboot: () => guest.reset(signalOf(options)),
      connect,
      bound: 60_000,
    });
  } catch (error) {
    await guest.close();
    throw error;
  }
}
