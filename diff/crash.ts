/**
 * Describes a crash from the kernel log in a few words: the function and its callers.
 *
 * @module
 */

import type { KernelLine, KernelLineClass, Observation } from "../model/observation.ts";

/** A report of the kernel, identified by its place in the code. */
export interface Crash {
  /** The class of the report */
  class: KernelLineClass;
  /** The function of the report and its callers, the innermost first; empty if the log does not show them */
  frames: string[];
}

/** The gravest first: a step with several reports is described by the gravest. */
const GRAVITY: readonly KernelLineClass[] = ["oops", "panic", "kasan", "lockdep", "hung", "warning"];

const MOST_FRAMES = 3;

const PLACE = /^(?:RIP: \d+:|pc : )([\w.]+)\+0x/;
const KASAN_PLACE = /^BUG: (?:KASAN|KMSAN|KFENCE): .* in ([\w.]+)\+0x/;
// A frame after `? ` is a guess of the unwinder, which makes only guesses if the kernel jumped into data.
const FRAME = /^ +(\? )?([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+/;
const TRACE = /^ ?Call [Tt]race:/;
// `RIP: 0033` is the instruction pointer of user space.
const END = /^ ?<\/TASK>|^RIP: 0033:|^Modules linked in|^---\[ end trace|^Allocated by/;

/** Functions of the reporting code, on top of the stack. */
const REPORTERS =
  /^(dump_stack|dump_backtrace|show_stack|print_|kasan_|__kasan_|__asan_|__warn|report_bug|handle_bug|exc_|asm_exc_|check_)/;

/** Removes the suffix that the compiler adds to a name. */
const plain = (name: string) => name.replace(/\.(constprop|isra|part|cold)\b.*$/, "");

/**
 * Returns the gravest report of a kernel log; undefined if there is no report. Knows the reports of x86 and arm64, from Linux
 * 5.10 to 7.3.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { crashOf, describeCrash } from "./crash.ts";
 *
 * const info = (text: string) => ({ class: "info" as const, text });
 * const crash = crashOf([
 *   { class: "oops", text: "BUG: kernel NULL pointer dereference, address: 0000000000000008" },
 *   info("RIP: 0010:phylink_mac_pcs_get_state+0x7c/0xd0 [phylink]"),
 *   info("Call Trace:"),
 *   info(" <TASK>"),
 *   info(" phylink_resolve+0x31c/0x570 [phylink]"),
 *   info(" ? process_one_work+0x1c7/0x380"),
 *   info(" process_one_work+0x1c7/0x380"),
 * ]);
 * assertEquals(describeCrash(crash!), "oops in phylink_mac_pcs_get_state <- phylink_resolve <- process_one_work");
 * ```
 */
export function crashOf(log: readonly KernelLine[]): Crash | undefined {
  const kind = GRAVITY.find((one) => log.some((line) => line.class === one));
  if (kind === undefined) return undefined;
  const report = log.slice(log.findIndex((line) => line.class === kind));
  const frames: string[] = [];
  const guesses: string[] = [];
  const add = (name: string | undefined, to = frames) => {
    if (name !== undefined && plain(name) !== to.at(-1)) to.push(plain(name));
  };
  add(KASAN_PLACE.exec(report[0]!.text)?.[1]);
  const said = frames.at(-1);
  let inTrace = false;
  for (const { text } of report) {
    if (inTrace) {
      if (END.test(text)) break;
      const [, guess, name] = FRAME.exec(text) ?? [];
      if (name !== undefined && !REPORTERS.test(name)) add(name, guess ? guesses : frames);
    } else if (TRACE.test(text)) inTrace = true;
    else if (frames.length === 0) add(PLACE.exec(text)?.[1]);
  }
  if (frames.length === 0) frames.push(...guesses);
  // The innermost frames may still belong to the reporting code.
  const from = said === undefined ? 0 : Math.max(0, frames.lastIndexOf(said));
  return { class: kind, frames: frames.slice(from, from + MOST_FRAMES) };
}

/** Returns a crash on one line: `oops in F <- G <- H`. */
export function describeCrash({ class: kind, frames }: Crash): string {
  return frames.length > 0 ? `${kind} in ${frames.join(" <- ")}` : kind;
}

/** Findings after which a kernel cannot be trusted. */
export const FATAL: ReadonlySet<KernelLineClass> = new Set(["hung", "oops", "panic"]);

/** True if the kernel broke in a step: a task of it died, or will never end. */
export function breaksKernel({ result, kmsg }: Observation): boolean {
  return result === "hang" || kmsg.some((line) => FATAL.has(line.class));
}

/** True if chance decides whether the kernel breaks in a step, by the model. */
export function mayBreak(expected: Observation): boolean {
  return expected.unknown?.kmsg !== undefined && breaksKernel(expected);
}

/** Matches the line in which slub reports that memory was written after it was freed; it may come in any later step. */
const OVERWRITTEN = /^WARNING: .* at mm\/slub\.c:/;

/** True for a line that may come late, in a step in which the kernel breaks as predicted, or after it: its time is random. */
export function comesLate({ class: kind, text }: KernelLine, expected: Observation, broke: boolean): boolean {
  return kind === "hung" ? hungComesLate(expected, broke) : (broke || breaksKernel(expected)) && OVERWRITTEN.test(text);
}

/** True if a report of a hung task is expected at some time, in a step or after one in which the kernel broke. */
export function hungComesLate(expected: Observation, broke: boolean): boolean {
  return expected.result === "hang" || broke;
}
