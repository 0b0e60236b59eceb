/**
 * Why a board was lost in the middle of a plan: a step that has no record is explained by what else is known of the board.
 *
 * @module
 */

import { beginsBoot, consoleText } from "../../diff/console_line.ts";
import { crashOf, describeCrash } from "../../diff/crash.ts";
import type { Loss, SequenceTrace } from "../../diff/trace.ts";
import type { KernelLine } from "../../model/observation.ts";
import { classifyKernelLine } from "./kernel_log.ts";

/** What is known of a board beside its records. Each is asked only where those before it do not tell. */
export interface LossEvidence {
  /** The boot that the plan was run on, as `/proc/sys/kernel/random/boot_id` has it */
  bootId: string;
  /** Lines that the board's console has shown since the plan began; the line itself may be that console */
  said?: () => Promise<readonly string[]> | readonly string[];
  /** Asks if the board has power, where something can tell */
  power?: () => Promise<"on" | "off" | undefined>;
  /** The boot that answers now; undefined where nothing does */
  boots?: () => Promise<string | undefined>;
}

/** Losses that the records do not explain. */
const UNEXPLAINED: readonly Loss["reason"][] = ["timeout", "transport"];

/** Lines of a console as lines of the kernel log. */
export function consoleLines(lines: readonly string[]): KernelLine[] {
  return lines.map(consoleText).filter((text) => text !== undefined)
    .map((text) => ({ class: classifyKernelLine(text), text }));
}

/** With these on its console a board that was lost was lost by its kernel. */
const DEADLY: ReadonlySet<string> = new Set(["panic", "oops", "kasan", "hung"]);

/** What a kernel reports first when it boots. */
const BOOTS = /^Linux version \d/;

/**
 * Returns what a console reports of the end of a kernel; undefined where it shows nothing of it.
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

/** How many lines of a console are stored of the end of a kernel, and how many characters of a line. */
const MOST_LINES = 2000, MOST_CHARACTERS = 4096;

/** Returns the lines of a file from a place on; of one that has no end, its beginning. */
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
 * The lines of a console's log that tell of the end of a kernel: those from the first that is deadly on, and boots. The file may
 * be of any length: what is stored of it is not.
 *
 * @param from The place in the file to begin at, in bytes
 * @param sinceBoot Whether what stands before the last boot is left out
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

/** Finds out why a board was lost, and puts it into the first step that was. A trace that has no such step stays as it is. */
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
