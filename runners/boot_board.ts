/**
 * A board that is a kernel in QEMU: its image is made where it is not there yet, and a guest booted of it.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { bootQemu, buildImage, FixtureError, type Guest } from "../fixtures/mod.ts";
import type { RunnerOptions } from "./runner.ts";

/**
 * Boots a guest for a QEMU board, with the image that its file describes.
 *
 * @throws {FixtureUnavailable} If this machine lacks what the image is made of
 * @throws {FixtureError} If the guest does not come up, or this machine refuses a file or a process that it needs
 * @throws {ModuleError} If a module, or sources of one, that the board's file names cannot be used
 */
export async function bootBoard(board: Board, options: RunnerOptions = {}): Promise<Guest> {
  try {
    return await boot(board, options);
  } catch (error) {
    if (!(error instanceof Error) || !/\(os error \d+\)/.test(error.message)) throw error;
    if (["FixtureUnavailable", "FixtureError", "ModuleError"].includes(error.name)) throw error;
    throw new FixtureError(`Cannot boot board "${board.name}": ${error.message}`, { cause: error });
  }
}

async function boot(board: Board, options: RunnerOptions): Promise<Guest> {
  const { kernel, module, moduleSource, pcsSource, cmdline, memory, cpus } = board.qemu!;
  const progress = options.onProgress ? { onProgress: options.onProgress } : {};
  const image = await buildImage(kernel, {
    ...(module ? { module } : {}),
    ...(moduleSource ? { moduleSource } : {}),
    ...(pcsSource ? { pcsSource } : {}),
    ...progress,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return await bootQemu(image, {
    ...(cmdline ? { cmdline } : {}),
    ...(memory ? { memory } : {}),
    ...(cpus ? { cpus } : {}),
    ...(options.consoleLog ? { consoleLog: options.consoleLog } : {}),
    ...progress,
    ...(options.signal ? { signal: options.signal } : {}),
  });
}
