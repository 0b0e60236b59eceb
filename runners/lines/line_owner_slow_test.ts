/** The lock of a line while child processes are started, which inherit open files. */

import { assert, assertEquals } from "@std/assert";
import { ownEnvironment } from "../../fixtures/testing.ts";
import { type Line, openLine } from "./pty_line.ts";
import { takeLine } from "./line_state.ts";

/** Runs a test with its own state directory, and a line without a board. */
async function withLine(fn: (line: Line, state: string) => Promise<void>): Promise<void> {
  const state = await Deno.makeTempDir({ prefix: "twinlink-lines-" });
  using _ = ownEnvironment({ XDG_STATE_HOME: state });
  try {
    await using line = await openLine();
    await fn(line, state);
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

Deno.test("a line that was released is free at once, also while processes are being started", () =>
  withLine(async (line, state) => {
    let over = false;
    const starting = (async () => {
      while (!over) await Promise.all(Array.from({ length: 8 }, () => new Deno.Command("true").output()));
    })();
    const folder = `${state}/twinlink/lines/${line.path.slice(1).replaceAll("/", "_")}`;
    let held = 0;
    for (let i = 0; i < 200; i++) {
      const { release } = await takeLine(line.path, "run", `${state}/record`);
      using lock = await Deno.open(`${folder}/lock`, { read: true, write: true });
      assert(!lock.tryLockSync(true));
      release();
      if (!lock.tryLockSync(true)) held++;
      else lock.unlockSync();
    }
    over = true;
    await starting;
    assertEquals(held, 0);
  }));
