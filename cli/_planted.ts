/** What the tests of planted bugs share: edits on a copy of a driver's source, and where a run found the first difference. */

import { assertEquals } from "@std/assert";
import type { OperationKind } from "../model/operation.ts";
import type { Channel } from "../model/observation.ts";
import type { BoardResult } from "./orchestrate.ts";

/** A change of a file of a driver. */
export interface Edit {
  file: string;
  /** The beginning of a function's definition, to edit in it only */
  within?: string;
  /** Text that stands there exactly once */
  find: string;
  put: string;
}

/** Where a bug must be found first. */
export interface Place {
  suite: string;
  sequence: string;
  step: OperationKind;
  channel: Channel;
}

/** A bug to plant, and where it must be found first, of all the sequences of the suite. */
export interface Plant {
  /** What is wrong with the driver */
  bug: string;
  edits: Edit[];
  found: Place;
}

/** A copy of the driver's source with the bugs in it; remove it behind the test. */
export async function planted(plants: readonly Plant[], source: string): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-planted-" });
  for await (const entry of Deno.readDir(source)) {
    if (entry.isFile) await Deno.copyFile(`${source}/${entry.name}`, `${dir}/${entry.name}`);
  }
  for (
    const { file, within, find, put, bug } of plants.flatMap(({ edits, bug }) => edits.map((e) => ({ ...e, bug })))
  ) {
    const text = await Deno.readTextFile(`${dir}/${file}`);
    // A declaration may come before the definition.
    const from = within === undefined ? 0 : text.lastIndexOf(within);
    const to = within === undefined ? text.length : text.indexOf("\n}\n", from) + 1;
    const place = text.slice(from, to);
    assertEquals([from >= 0, place.split(find).length - 1], [true, 1], `${bug}: the place to edit is in ${file}`);
    await Deno.writeTextFile(`${dir}/${file}`, text.slice(0, from) + place.replace(find, () => put) + text.slice(to));
  }
  return dir;
}

/** The first channel that does not agree, in the order of the run; undefined where all do. */
export function firstFinding({ results }: BoardResult): Place | undefined {
  for (const { verdict } of results) {
    for (const step of verdict.steps) {
      for (const { channel, verdict: of } of step.channels) {
        if (of === "diverge" || of === "crash") {
          return { suite: verdict.suite, sequence: verdict.sequence, step: step.op.kind, channel };
        }
      }
    }
  }
}
