/**
 * A board that is a kernel in QEMU: builds its image if it is missing, and boots a guest from the image.
 *
 * @module
 */

import { deviceOf } from "../boards/devices/mod.ts";
import { type Board, BoardError, visible } from "../boards/mod.ts";
import type { DeviceEvent } from "../fixtures/devices/mod.ts";
import {
  bootQemu,
  buildImage,
  FixtureError,
  type Guest,
  type Image,
  loadedModules,
  type WorkOptions,
} from "../fixtures/mod.ts";
import type { RunnerOptions } from "./runner.ts";

/** Options of {@linkcode bootBoard}. */
export interface BootBoardOptions extends RunnerOptions {
  /** Called with each event of the board's emulated device */
  onEvent?: (event: DeviceEvent) => void;
}

/**
 * Boots a guest for a QEMU board, with the image that its file describes.
 *
 * @throws {BoardError} If the emulated device of the board rejects an option of the board's file
 * @throws {FixtureUnavailable} If this machine lacks a part that the image needs
 * @throws {FixtureError} If the guest does not boot, or this machine refuses a file or a process that it needs
 * @throws {ModuleError} If a module, or its sources, that the board's file names cannot be used
 */
export async function bootBoard(board: Board, options: BootBoardOptions = {}): Promise<Guest> {
  try {
    return await boot(board, options);
  } catch (error) {
    // The emulated device rejects an option by a TypeError.
    if (error instanceof TypeError && deviceOf(board)) {
      throw new BoardError([visible(`${board.file}: ${error.message}`)]);
    }
    if (!(error instanceof Error) || !/\(os error \d+\)/.test(error.message)) throw error;
    if (["FixtureUnavailable", "FixtureError", "ModuleError"].includes(error.name)) throw error;
    throw new FixtureError(`Cannot boot board "${board.name}": ${error.message}`, { cause: error });
  }
}

/**
 * Builds the image for a board in QEMU, or returns the image from the cache.
 *
 * @throws {FixtureUnavailable} If this machine lacks a part that the image needs
 * @throws {ModuleError} If a module, or its sources, that the board's file names cannot be used
 */
export async function boardImage(board: Board, work: WorkOptions): Promise<Image> {
  const { kernel, module, moduleSource, pcsSource, modulesSource, modules } = board.qemu!;
  return await buildImage(kernel, {
    ...(module ? { module } : {}),
    ...(moduleSource ? { moduleSource } : {}),
    ...(pcsSource ? { pcsSource } : {}),
    ...(modulesSource ? { modulesSource } : {}),
    ...await loadedModules(kernel, deviceOf(board)?.kind, modules, work),
    ...work,
  });
}

async function boot(board: Board, options: BootBoardOptions): Promise<Guest> {
  const { cmdline, memory, cpus } = board.qemu!;
  const work = {
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  };
  const device = deviceOf(board);
  const image = await boardImage(board, work);
  return await bootQemu(image, {
    ...(cmdline ? { cmdline } : {}),
    ...(memory ? { memory } : {}),
    ...(cpus ? { cpus } : {}),
    ...(options.consoleLog ? { consoleLog: options.consoleLog } : {}),
    ...(device ? { devices: [{ ...device, ...(options.onEvent ? { onEvent: options.onEvent } : {}) }] } : {}),
    ...work,
  });
}
