/** For tests of the command `console`: a board on a real line, and the record of a console. */

import { assert, assertEquals } from "@std/assert";
import { ownEnvironment } from "../fixtures/testing.ts";
import { type Line, type LineOptions, openLine } from "../runners/lines/pty_line.ts";

/** The start of a board's file, without the table of its line. */
export const REMOTE = `name = "bench"
description = "d"
runner = "remote"
handle = "pci/0000:03:00.0"
driver = "mlx5_core"
`;

/** A board of a test. */
export interface Bench {
  /** The line that the board is on */
  line: Line;
  /** The board's file */
  file: string;
  /** The environment of commands that use the board */
  env: { XDG_STATE_HOME: string };
}

/** Calls `fn` with a board on a line of the test harness, with a state directory of its own. */
export async function bench(options: LineOptions, fn: (bench: Bench) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-console-" });
  using _ = ownEnvironment({ XDG_STATE_HOME: dir });
  try {
    await using line = await openLine(options);
    const file = `${dir}/board.toml`;
    await Deno.writeTextFile(file, `${REMOTE}[serial]\npath = "${line.path}"\n`);
    await fn({ line, file, env: { XDG_STATE_HOME: dir } });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Returns the bytes of the record that a console names in its output, the same text from the timed record, and the times. */
export async function recordOf(shown: string): Promise<{ bytes: string; cast: string; times: number[] }> {
  const path = /recorded in (\S+)\.log/.exec(shown)![1]!;
  const bytes = Array.from(await Deno.readFile(`${path}.log`), (byte) => String.fromCharCode(byte)).join("");
  const [header, ...events] = (await Deno.readTextFile(`${path}.cast`)).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals([header.version, header.title], [2, "bench"]);
  assert(events.every(([, kind]) => kind === "o"));
  return { bytes, cast: events.map(([, , text]) => text).join(""), times: events.map(([time]) => time) };
}
