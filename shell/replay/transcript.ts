/**
 * Transcripts of real machines: commands with what they printed, in blocks.
 *
 * ```
 * ######## [1] CMD: devlink dev show
 * ---- rc=0
 * ---- stdout
 * ---- stderr
 * ---- dmesg
 * ```
 *
 * @module
 */

/** One command of a transcript. */
export interface TranscriptBlock {
  /** Its number in the file */
  number: number;
  command: string;
  rc: number;
  stdout: string;
  stderr: string;
  /** What the kernel logged, a line each, without times */
  kmsg: string[];
}

const BLOCK =
  /^######## \[(\d+)\] CMD: ([^]*?)\n---- rc=(\d+)\n---- stdout\n([^]*?)\n---- stderr\n([^]*?)---- dmesg\n([^]*?)(?=\n######## \[|\n==== |$(?![^]))/gm;

/**
 * Returns the commands of a transcript.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseTranscript } from "./transcript.ts";
 *
 * const [block] = parseTranscript(
 *   "######## [1] CMD: uname\n---- rc=0\n---- stdout\nLinux\n\n---- stderr\n---- dmesg\n[    1.2] hello\n",
 * );
 * assertEquals(block, { number: 1, command: "uname", rc: 0, stdout: "Linux\n", stderr: "", kmsg: ["hello"] });
 * ```
 */
export function parseTranscript(text: string): TranscriptBlock[] {
  return [...text.replaceAll("\r\n", "\n").matchAll(BLOCK)].map((match) => ({
    number: Number(match[1]),
    command: match[2]!,
    rc: Number(match[3]),
    stdout: match[4]!,
    stderr: match[5]!,
    kmsg: match[6]!.split("\n").filter((line) => line.trim() !== "").map((line) => line.replace(/^\[ *[\d.]+\] ?/, "")),
  }));
}

/** A transcript by the name of its file. */
export interface TranscriptFile {
  name: string;
  blocks: TranscriptBlock[];
}

/** Reads the transcripts of one machine from a compressed file, one line of JSON for each command. */
export async function readTranscripts(path: string | URL): Promise<TranscriptFile[]> {
  const file = await Deno.open(path);
  const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  const files = new Map<string, TranscriptBlock[]>();
  for (const line of text.trim().split("\n")) {
    const { file, ...block } = JSON.parse(line) as TranscriptBlock & { file: string };
    const blocks = files.get(file);
    if (blocks) blocks.push(block);
    else files.set(file, [block]);
  }
  return [...files].map(([name, blocks]) => ({ name, blocks }));
}
