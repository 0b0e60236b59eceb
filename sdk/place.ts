/**
 * Places in a suite's file: where a sequence is defined, where a step is performed, where an assertion fails.
 *
 * @module
 */

import { stripAnsiCode } from "@std/fmt/colors";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { visible } from "../boards/visible.ts";

/** The calls that led to a point of a program; the stack is formatted when it is read, which is slow. */
export interface Calls {
  /** As `Error.stack` has it */
  readonly stack?: string;
}

/** Notes the calls that lead here. */
export function callsHere(): Calls {
  const calls: Calls = {};
  Error.captureStackTrace(calls, callsHere);
  return calls;
}

/** A place: a file's URL with line and column, both from 1. */
export interface Place {
  /** The URL of the file */
  file: string;
  /** From 1 */
  line: number;
  /** From 1 */
  column: number;
}

const ROOT = new URL("../", import.meta.url).href;
/** twinlink's own files, which suites call; the suites that ship are not among them. */
const OWN = /^(model|boards|diff|fixtures|sdk|runners|run|cli|shell|fuzz|vendor)\//;

const isOwn = (url: string) => url.startsWith(ROOT) && OWN.test(url.slice(ROOT.length));

function* framesOf({ stack = "" }: Calls): Generator<Place> {
  for (const [, file, line, column] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+):(\d+)\)?$/gm)) {
    yield { file: file!, line: Number(line), column: Number(column) };
  }
}

/** Paths of files of npm packages: in a project's own folder, or in the cache of Deno. */
const LIBRARY = /\/node_modules\/|\/npm\/[^/]+\/.*\d+\.\d+\.\d+/;

/** Returns the innermost call of a suite: in one of `files` if there is one, else outside twinlink and its libraries. */
export function placeIn(calls: Calls, files: readonly string[] = []): Place | undefined {
  const frames = [...framesOf(calls)];
  return frames.find(({ file }) => files.includes(file)) ??
    frames.find(({ file }) => !isOwn(file) && !LIBRARY.test(file));
}

/** Returns the text of an error without colours and blank lines: the errors of assertions have both. */
export function plainText(text: string): string {
  return stripAnsiCode(text).replaceAll(/\n\s*(?=\n)/g, "").trim();
}

/** Returns the path of a place's file: relative if the file is below the working folder. */
export function placePath({ file }: Place): string {
  const path = fileURLToPath(file);
  const near = relative(Deno.cwd(), path);
  return near === "" || near.startsWith("..") ? path : near;
}

/** Returns a place as compilers print it, `mine.ts:8:5`; the path is a {@linkcode placePath}. */
export function placeText(place: Place): string {
  return visible(`${placePath(place)}:${place.line}:${place.column}`);
}
