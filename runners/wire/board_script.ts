/**
 * The board's scripts as they are sent: without what only people read, with the shared values in front, and the words that start
 * the board's half of the wire.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import type { Shell } from "../lines/shell.ts";
import { SHARED, sharedVariables } from "./constants.ts";
import { cksum, md5 } from "./wire.ts";

/** Below so many ms of a line's time, it does not pay to compress a record on the board. */
const WORTHWHILE_MS = 50;
/** How long a record may take on the line, in ms, and how many bytes it may have however slow that is. */
const LONGEST_MS = 60_000, LEAST_SENT = 128 * 1024;

/** Returns a shell script without comments and indentation. */
export function bare(script: string): string {
  return script.split("\n").map((line) => line.trimStart()).filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => `${line}\n`).join("");
}

/** How the board's half of the wire is started: what is sent for an attempt, and the line that reports a damaged script. */
export interface WireStart {
  /** The text of attempt 1, 2, ... */
  attempt(number: number): string;
  /** Ends a text whose end was damaged */
  readonly end: string;
  /** The line with which the board reports that the script came damaged */
  readonly bad: string;
}

/**
 * Reads agent_wire.sh and makes it ready to be sent.
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
    // Half of it, where the board can read that.
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
  // A line may still wait for the end of the text.
  return { attempt, end: `\n${end}\n`, bad: `@tl-bad ${end}` };
}
