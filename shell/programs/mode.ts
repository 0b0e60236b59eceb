/**
 * Modes of files as text.
 *
 * @module
 */

import type { Stat } from "../files.ts";

/** The letters of the types of files. */
export const TYPES = { dir: "d", file: "-", link: "l", char: "c" } as const;

/** Returns a mode as ls(1) prints it: `drwxr-xr-x`. */
export function modeText({ type, mode }: Stat): string {
  let text: string = TYPES[type];
  for (const shift of [6, 3, 0]) {
    const bits = mode >> shift;
    text += `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${bits & 1 ? "x" : "-"}`;
  }
  return mode & 0o1000 ? `${text.slice(0, -1)}t` : text;
}
