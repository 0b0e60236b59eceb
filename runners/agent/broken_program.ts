/**
 * Programs of a board that did no work: not found, not startable, or ended by a signal. The result of such a program shows
 * nothing about the kernel.
 *
 * @module
 */

import type { KernelLine } from "../../model/observation.ts";

/** A program on the board failed by itself; the step that ran it is lost as `tool`. */
export class BrokenProgramError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "BrokenProgramError";
}

/** Signals by their number on x86, arm64 and riscv64 (include/uapi/asm-generic/signal.h). */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** An assertion of devlink(8) on JSON that an error of the kernel left unfinished. The kernel did answer. */
const ASSERTION = /Assertion `.*' failed/;

/** Errors of a program that started but could not work: the kernel was not asked. */
const UNABLE =
  /error while loading shared libraries|^exec of ".*" failed: |Failed to connect to devlink Netlink|(?:Cannot|can't) fork|fork: |Cannot (?:open|bind) netlink socket/m;

/** True if a signal ended the program, by its exit status in a shell. ethtool(8) and iproute2 end with 255 by themselves. */
export function endedBySignal(status: number, stderr: string): boolean {
  return status > 128 && status < 255 && !ASSERTION.test(stderr);
}

/**
 * Returns why a program did no work, as a phrase that follows its name; undefined if it ended by itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failureOf } from "./broken_program.ts";
 *
 * assertEquals(failureOf(139, "Segmentation fault\n"), "was ended by SIGSEGV (status 139)");
 * assertEquals(failureOf(126, ""), "cannot be executed (status 126)");
 * assertEquals(failureOf(1, "kernel answers: Invalid argument\n"), undefined);
 * ```
 */
export function failureOf(status: number, stderr: string): string | undefined {
  if (endedBySignal(status, stderr)) {
    const signal = status - 128;
    // The kernel sends SIGKILL when memory is short.
    const hint = signal === 9 ? ", as when memory is short" : "";
    return `was ended by ${SIGNALS[signal] ?? `signal ${signal}`} (status ${status})${hint}`;
  }
  if (status === 127) return "is not found or cannot be loaded (status 127)";
  if (status === 126) return "cannot be executed (status 126)";
  return status !== 0 && UNABLE.test(stderr) ? `cannot work (status ${status})` : undefined;
}

/**
 * Throws if a program of a step did no work. If the kernel log of the step has a finding, it does not throw: an oops kills the
 * task that caused it, and then that is what the kernel did.
 *
 * @throws {BrokenProgramError} With the known reason
 */
export function mustHaveWorked(status: number, stderr: string, kmsg: readonly KernelLine[]): void {
  const failure = failureOf(status, stderr);
  if (failure === undefined) return;
  const broke = kmsg.some((line) => line.class !== "info" && line.class !== "stale");
  if (broke && endedBySignal(status, stderr)) return;
  throw new BrokenProgramError([`it ${failure}`, ...wordsOf(stderr), ...wordsOf(logOf(kmsg))].join("; "));
}

/** Kernel lines about a program that crashed, or that the kernel killed because memory is short. */
const DEATH =
  /\bsegfault at |\btrap (?:invalid opcode|divide error)|general protection|Out of memory|oom-kill|Killed process/;

function logOf(kmsg: readonly KernelLine[]): string {
  return kmsg.findLast((line) => DEATH.test(line.text))?.text ?? "";
}

/** Returns the last line with content, as a part of a sentence. */
function wordsOf(text: string): string[] {
  const line = text.split("\n").map((line) => line.trim()).filter((line) => line !== "").at(-1);
  return line === undefined ? [] : [line.slice(0, 200)];
}
