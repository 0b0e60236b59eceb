/**
 * A board that is a kernel in QEMU: its image is made where it is not there yet, and a guest booted of it.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { bootQemu, buildImage, type Guest } from "../fixtures/mod.ts";
import type { RunnerOptions } from "./runner.ts";

/**
 * Boots a guest for a QEMU board, with the image that its file describes.
 *
 * @throws {FixtureUnavailable} If what it is made of cannot be had here
 */
export async function bootBoard(board: Board, options: RunnerOptions = {}): Promise<Guest> {
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
