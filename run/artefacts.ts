/**
 * Writes the files of `--out`: each file appears whole or not at all.
 *
 * @module
 */

import { join } from "node:path";
import { type AboutRun, type SequenceTrace, type TraceHeader, TraceWriter } from "../diff/mod.ts";
import { Report, type ReportName, REPORTS } from "./reports.ts";

const encoder = new TextEncoder();

/** Writes a text file so that no reader sees a part of it: writes a temporary file beside it, then renames that. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  try {
    const file = await Deno.open(part, { write: true, create: true, truncate: true });
    try {
      let rest = encoder.encode(text);
      while (rest.length > 0) rest = rest.subarray(await file.write(rest));
      await file.syncData();
    } finally {
      file.close();
    }
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

/**
 * A trace file that appears when it is whole. An incomplete trace stays under the same name with
 * `.part` in it: a reader gets its sequences, and that it was cut short.
 */
export class TraceArtefact {
  readonly path: string;
  readonly #part: string;
  readonly #writer: TraceWriter;

  private constructor(path: string, part: string, writer: TraceWriter) {
    this.path = path;
    this.#part = part;
    this.#writer = writer;
  }

  /** Begins the file. */
  static async create(path: string, header: TraceHeader): Promise<TraceArtefact> {
    const gz = path.endsWith(".gz") ? ".gz" : "";
    const part = `${path.slice(0, path.length - gz.length)}.part${gz}`;
    return new TraceArtefact(path, part, await TraceWriter.create(part, header));
  }

  /** Adds a sequence. */
  async sequence(trace: SequenceTrace): Promise<void> {
    await this.#writer.sequence(trace);
  }

  /** Ends the file and gives its path; if `whole` is false, the end line is left out. */
  async close(whole: boolean): Promise<string> {
    if (!whole) {
      await this.#writer[Symbol.asyncDispose]();
      return this.#part;
    }
    await this.#writer.close();
    await Deno.rename(this.#part, this.path);
    return this.path;
  }
}

/** The reports of `--out`, by file name. */
export const REPORT_FILES: Readonly<Record<string, ReportName>> = {
  "report.html": "html",
  "junit.xml": "junit",
  "results.ktap": "ktap",
  "verdicts.jsonl": "jsonl",
};

/** The page of `twinlink report A B`, in the folder of B. */
export const COMPARE_PAGE = "compare.html";

/** True for the name of a file that a run, or a report on it, leaves in its folder beside its plan. */
export const isRunFile = (name: string): boolean =>
  /^(trace-.*\.jsonl|console-.*\.log)$/.test(name) || Object.hasOwn(REPORT_FILES, name) || name === COMPARE_PAGE;

/** The reports of a run as files: collected during the run, and written when it ends. */
export function reportFiles(
  several: boolean,
  about?: AboutRun,
): { reports: Report[]; write(folder: string): Promise<string[]> } {
  const texts = new Map<string, string[]>(Object.keys(REPORT_FILES).map((name) => [name, []]));
  return {
    reports: Object.entries(REPORT_FILES).map(([file, name]) =>
      new Report(REPORTS[name], (text) => void texts.get(file)!.push(text), { color: false, several, about })
    ),
    write: async (folder) => {
      for (const [name, parts] of texts) await writeWhole(join(folder, name), parts.join(""));
      return [...texts.keys()].map((name) => join(folder, name));
    },
  };
}

/** Makes a text fit for a file name: letters, digits, dots, dashes. */
export function fileWord(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, "_").replace(/^\.+/, "_");
}
