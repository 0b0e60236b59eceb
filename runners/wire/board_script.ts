/**
 * The board's scripts as they are sent: without comments and indentation, with the shared values first. And the text that
 * starts the board's half of the wire.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import type { Shell } from "../lines/shell.ts";
import { SHARED, sharedVariables } from "./constants.ts";
import { cksum, md5 } from "./wire.ts";

/** If a line needs less time than this for a record, in ms, compressing the record on the board takes longer than it saves. */
const WORTHWHILE_MS = 50;
/** The longest time of a record on the line, in ms; and the number of bytes that a record may have on any line. */
const LONGEST_MS = 60_000, LEAST_SENT = 128 * 1024;

/** Returns a shell script without comments and indentation. */
export function bare(script: string): string {
  return script.split("\n").map((line) => line.trimStart()).filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => `${line}\n`).join("");
}

/** How the board's half of the wire is started: the text for each attempt, and the line that reports a damaged script. */
export interface WireStart {
  /** The text of attempt 1, 2, ... */
  attempt(number: number): string;
  /** The text that ends a script whose end was damaged */
  readonly end: string;
  /** The line with which the board reports that the script was damaged */
  readonly bad: string;
}

/**
 * Reads agent_wire.sh and prepares it to be sent.
 *
 * @param before A line of shell that runs first
 */
export async function wireStart(before: string, lossy: Shell["lossy"]): Promise<WireStart> {
  const file = await Deno.readTextFile(new URL("../agent/agent_wire.sh", import.meta.url));
  const script = sharedVariables() + bare(file);
  const bytes = new TextEncoder().encode(script);
  const end = `TL_END_${crypto.randomUUID().slice(0, 8)}`;
  const least = lossy ? Math.round(WORTHWHILE_MS * lossy.bytesPerMs) : 999_999_999;
  const most = lossy
    ? Math.min(SHARED.MOST, Math.max(LEAST_SENT, Math.round(LONGEST_MS * lossy.bytesPerMs)))
    : SHARED.MOST;
  const settings = `TL_Z=${least} TL_MOST_SENT=${most} TL_BEAT=${lossy ? 1 : ""}`;
  const attempt = (number: number) => {
    // Compressed to half its size, if the board can decompress it.
    const short = number === 1 && lossy;
    const text = short ? `${gzipSync(script).toString("base64")}\n` : script;
    return `${before}\nTL_A=$(${short ? "base64 -d" : "cat"} <<'${end}'${
      short ? " | gzip -d" : ""
    }\n${text}${end}\n)\n` +
      `if command -v cksum >/dev/null 2>&1; then set -- $(printf '%s\\n' "$TL_A" | cksum); ` +
      `else set -- $(printf '%s\\n' "$TL_A" | md5sum); fi\n` +
      `case $1 in ${cksum(bytes)} | ${md5(bytes)}) eval "$TL_A"; ${settings}; tl_wire ;; ` +
      `*) printf '\\n@tl-bad ${end}\\n' ;; esac\n`;
  };
  // The board may still be waiting for the end of the text.
  return { attempt, end: `\n${end}\n`, bad: `@tl-bad ${end}` };
}
