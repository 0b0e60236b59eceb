/**
 * Explains why a board was lost in the middle of a plan: a step without a record is explained by other evidence.
 *
 * @module
 */

import { beginsBoot, consoleText } from "../../diff/console_line.ts";
import { crashOf, describeCrash } from "../../diff/crash.ts";
import type { Loss, SequenceTrace } from "../../diff/trace.ts";
import type { KernelLine } from "../../model/observation.ts";
import { classifyKernelLine } from "./kernel_log.ts";

/** Evidence about a board beside its records. Each source is asked only if those before it do not explain the loss. */
export interface LossEvidence {
  /** The boot id during the plan, as in `/proc/sys/kernel/random/boot_id` */
  bootId: string;
  /** Lines of the board's console since the plan began; the line to the board may be that console */
  said?: () => Promise<readonly string[]> | readonly string[];
  /** Asks for the board's power state; undefined if no query can tell */
  power?: () => Promise<"on" | "off" | undefined>;
  /** Returns the boot id of the board now; undefined if the board does not answer */
  boots?: () => Promise<string | undefined>;
}

/** Losses that the records do not explain. */
const UNEXPLAINED: readonly Loss["reason"][] = ["timeout", "transport"];

/** Returns lines of a console as lines of the kernel log. */
export function consoleLines(lines: readonly string[]): KernelLine[] {
  return lines.map(consoleText).filter((text) => text !== undefined)
    .map((text) => ({ class: classifyKernelLine(text), text }));
}

/** Classes of kernel lines that explain a lost board: its kernel died. */
const DEADLY: ReadonlySet<string> = new Set(["panic", "oops", "kasan", "hung"]);

/** The first line that a kernel logs when it boots. */
const BOOTS = /^Linux version \d/;

/**
 * Returns the end of a kernel as its console shows it; undefined if the console does not show one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { endOfKernel } from "./loss.ts";
 *
 * assertEquals(endOfKernel(["[   12.345678] Kernel panic - not syncing: sysrq triggered crash"]), {
 *   reason: "crash",
 *   detail: "Kernel panic - not syncing: sysrq triggered crash (panic)",
 *   crash: { class: "panic", frames: [] },
 * });
 * assertEquals(endOfKernel(["[    0.000000] Linux version 6.12.0 (gcc)"])?.reason, "reboot");
 * assertEquals(endOfKernel(["[   12.345678] eth0: renamed"]), undefined);
 * ```
 */
export function endOfKernel(said: readonly string[]): Loss | undefined {
  const lines = consoleLines(said);
  const first = lines.findIndex((line) => DEADLY.has(line.class));
  if (first >= 0) {
    const crash = crashOf(lines.slice(first).filter((line) => line.class === "info" || DEADLY.has(line.class)));
    const detail = `${lines[first]!.text}${crash ? ` (${describeCrash(crash)})` : ""}`;
    return { reason: "crash", detail, ...(crash ? { crash } : {}) };
  }
  if (lines.some((line) => BOOTS.test(line.text))) {
    return { reason: "reboot", detail: "its console shows that it boots" };
  }
  return undefined;
}

/** The most lines of a console that are stored for the end of a kernel, and the most characters of a line. */
const MOST_LINES = 2000, MOST_CHARACTERS = 4096;

/** Yields the lines of a file from a place on, each cut to a bound. */
async function* linesFrom(path: string, from: number): AsyncGenerator<string> {
  using file = await Deno.open(path);
  await file.seek(from, Deno.SeekMode.Start);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(256 * 1024);
  let rest = "";
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
    rest = lines.pop()!.slice(0, MOST_CHARACTERS);
    for (const line of lines) yield line.slice(0, MOST_CHARACTERS);
  }
  yield rest;
}

/**
 * Returns the lines of a console's log that show the end of a kernel: all lines from the first deadly one on, and the first
 * lines of boots. The file may have any length; the number of stored lines is bounded.
 *
 * @param from The place in the file to begin at, in bytes
 * @param sinceBoot True to leave out everything before the last boot
 */
export async function linesOfEnd(path: string, from: number, sinceBoot = false): Promise<string[]> {
  let kept: string[] = [];
  let deadly = false;
  for await (const line of linesFrom(path, from)) {
    const boots = beginsBoot(line);
    if (boots && sinceBoot) {
      kept = [];
      deadly = false;
    }
    const [parsed] = consoleLines([line]);
    deadly ||= parsed !== undefined && DEADLY.has(parsed.class);
    if ((boots || deadly) && kept.length < MOST_LINES) kept.push(line);
  }
  return kept;
}

/**
 * Finds why a board was lost, and stores the reason in the first lost step without an explanation. Other traces are not
 * changed.
 */
export async function explainLoss(trace: SequenceTrace, evidence: LossEvidence): Promise<void> {
  const step = trace.steps.find(({ lost }) => lost && UNEXPLAINED.includes(lost.reason));
  if (!step) return;
  const { detail } = step.lost!;
  const words = endOfKernel(await evidence.said?.() ?? []);
  if (words) {
    step.lost = words;
    return;
  }
  if (await evidence.power?.() === "off") {
    step.lost = { reason: "power", detail };
    return;
  }
  const boot = await evidence.boots?.();
  if (boot === undefined) return;
  step.lost = boot === evidence.bootId
    ? { ...step.lost!, detail: `${detail}; the board answers again, in the same boot` }
    : { reason: "reboot", detail: `${detail}; then it answers with boot id ${boot}, before with ${evidence.bootId}` };
}
