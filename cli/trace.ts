/** `twinlink trace`. */

import { visible } from "../boards/mod.ts";
import {
  describeOperation,
  type DeviceEvent,
  type DeviceRecord,
  eventLines,
  eventsByStep,
  PerfettoWriter,
  type SequenceTrace,
  type StepTrace,
} from "../diff/mod.ts";
import { FILTER, openTraceFile } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { filterOf } from "./filter.ts";
import { count, print, say } from "../run/output.ts";

/** Returns the result of a step, in a few words. */
function resultOf({ observation, lost }: StepTrace): string {
  if (observation === undefined) return `lost (${lost!.reason})`;
  const { result, extack } = observation;
  return extack ? `${result}: ${extack.text}` : result;
}

const indented = (lines: readonly string[]) => lines.map((line) => `    ${visible(line)}\n`).join("");

/** Returns lines about events that the record left out. */
function leftLines({ left }: DeviceRecord): string[] {
  return left === undefined ? [] : [`... ${count(left, "more line")}, for which the record had no space`];
}

/**
 * Returns a sequence as text.
 *
 * @throws {SyntaxError} If the log of the device is damaged
 */
function sequenceText({ suite, sequence, steps, device }: SequenceTrace, withDevice: boolean): string {
  const seen = withDevice && device ? eventsByStep(device) : new Map<number, DeviceEvent[]>();
  const lines = (step: number) => indented(eventLines(seen.get(step) ?? []));
  const before = seen.has(0) ? `  before step 1\n${lines(0)}` : "";
  const told = steps.map((step) => {
    const phase = step.phase === "body" ? "" : ` (${step.phase})`;
    return `  step ${step.id}${phase}  ${visible(describeOperation(step.op))}  ${visible(resultOf(step))}\n${
      lines(step.id)
    }`;
  });
  const left = withDevice && device ? indented(leftLines(device)) : "";
  return `${visible(`${suite} > ${sequence}`)}\n${before}${told.join("")}${left}`;
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(path, bytes).catch((error) => {
    throw new UsageError(`Cannot write to "${visible(path)}": ${visible(error.message)}`);
  });
}

export default command({
  name: "trace",
  usage: ["TRACE.. [OPTION..]"],
  details:
    `TRACE is a file of "twinlink record" or of "twinlink run --out". With --device, each command that the driver gave to the
board's emulated device follows the step in which it was given, with the device's answer. A file that is damaged is
shown up to there: exit status 3.

--perfetto writes a file that ui.perfetto.dev opens: a board is a process, and sequences, steps, messages, the kernel
log and the accesses of an emulated device are its tracks, on the board's clock. What a step shows has an order, and no
time of its own: it is spread over the step.`,
  options: {
    device: { type: "flag", help: "Show the commands and register accesses that the emulated device saw" },
    perfetto: {
      type: "text",
      value: "FILE",
      help: "Write the traces to this .pftrace for Perfetto, and print nothing",
    },
    filter: FILTER,
  },
  run: async (values, operands, { signal, interrupts }) => {
    interrupts.harmless();
    if (operands.length === 0) throw new UsageError("No trace is named: give the path of one");
    const wanted = filterOf(values.filter);
    const perfetto = values.perfetto === undefined ? undefined : new PerfettoWriter();
    let exit = 0;
    for (const path of operands) {
      await using trace = await openTraceFile(path);
      const { board, transport, kernel } = trace.header;
      perfetto?.board(trace.header);
      if (!perfetto) print(visible(`${board} over ${transport}${kernel && `, Linux ${kernel}`}`) + "\n");
      try {
        for await (const sequence of trace.sequences) {
          signal.throwIfAborted();
          if (!wanted(sequence)) continue;
          if (perfetto) perfetto.sequence(sequence);
          else print(sequenceText(sequence, values.device));
        }
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        say(`twinlink: ${visible(error.message)}`);
        exit = 3;
      }
    }
    if (perfetto) {
      await writeFile(values.perfetto!, perfetto.finish());
      print(`Written: ${visible(values.perfetto!)}\n`);
    }
    return exit;
  },
});
