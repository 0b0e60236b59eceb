/**
 * The report as one HTML file for people, which needs no server and no network.
 *
 * @module
 */

import type { DeviceRecord } from "../trace.ts";
import { type AboutRun, type Board, runOf } from "./html/data.ts";
import { pageOf } from "./html/page.ts";
import type { Reporter, Write } from "./reporter.ts";

export type { AboutRun } from "./html/data.ts";

/** Writes the page when the run on all boards is over. */
export function htmlReporter(write: Write, about: AboutRun = {}): Reporter {
  const boards: Board[] = [];
  let id = 0;
  return {
    begin: (header) =>
      void boards.push({ header, name: `${header.board} over ${header.transport}`, results: [], leftOut: [] }),
    leftOut: (sequence) => void boards.at(-1)?.leftOut.push(sequence),
    sequence: (verdict, device?: DeviceRecord) =>
      void boards.at(-1)?.results.push({ id: ++id, verdict, ...(device ? { device } : {}) }),
    end: (_, end) => {
      if (end) boards.at(-1)!.end = end;
    },
    done: (summary, end) => write(pageOf(runOf(about, boards, summary, end))),
  };
}
