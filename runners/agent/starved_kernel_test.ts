/** A guest that gets little CPU time from its host: late steps, or steps over their bound, are no difference. */

import { assert, assertEquals } from "@std/assert";
import { loadBoard } from "../../boards/mod.ts";
import { judge } from "../../diff/mod.ts";
import { guestTest, testImage } from "../../fixtures/qemu/testing.ts";
import { compile } from "../../sdk/compile.ts";
import type { Suite } from "../../sdk/suite.ts";
import { openAgent } from "./agent.ts";
import { openSsh } from "../lines/ssh.ts";

/** Stops a process for most of each half second, until this shell is ended. */
const THROTTLE = 'while kill -STOP "$1"; do sleep 0.48; kill -CONT "$1"; sleep 0.02; done';

guestTest("a guest that is stopped 96 % of the time shows no difference and no crash", await testImage("6.12"), async (
  guest,
) => {
  const suite: Suite = (await import("../../suites/netdevsim/reload.ts")).default;
  const runner = await openAgent(await loadBoard("qemu-6.12"), "ssh", await openSsh(guest.ssh), {}, guest);
  const throttle = new Deno.Command("sh", { args: ["-c", THROTTLE, "sh", String(guest.pid)] }).spawn();
  try {
    let starved = 0;
    for (const sequence of suite.sequences.slice(0, 3)) {
      const { plan, expected } = await compile(suite, sequence, "6.12");
      const trace = await runner.run(plan);
      const verdict = judge(expected, trace);
      starved += trace.steps.filter(({ board }) => (board?.late ?? 0) > 0).length;
      assertEquals(["diverge", "crash"].includes(verdict.verdict), false, JSON.stringify(verdict.steps, null, 1));
      // After a lost line no further sequence can run.
      if (verdict.verdict !== "agree") break;
    }
    assert(starved > 0);
  } finally {
    throttle.kill("SIGKILL");
    await throttle.status;
    Deno.kill(guest.pid, "SIGCONT");
    await runner.close();
  }
});
