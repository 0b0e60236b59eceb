/** However a sequence ends on a real board, its tear-down runs there: nothing is left. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { guestShell, guestTest, testImage } from "../fixtures/qemu/testing.ts";
import { ended, run, start } from "../cli/child.ts";
import { leftOnGuest, until, writeGuestBoard } from "./guest_board.ts";

const image = await testImage("6.12");

const SUITE = `import { netdevsim, suite } from "@twinlink/twinlink";
const fixture = netdevsim({ ports: 1, netns: ["t1"], firmware: ["blocks"] });
export default suite("ends", { fixture }, ({ sequence }) => {
  sequence("it takes a while", { source: "devlink-reload.rst" }, async (dut) => {
    for (let i = 0; i < 4; i++) {
      await dut.reload({ to: "t1" });
      await dut.in("t1").reload({ to: "init" });
      dut.wait(500);
    }
  });
});
`;

guestTest("a sequence that is stopped, diverges or hangs is torn down on the board", image, async (guest) => {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-teardown-" });
  try {
    const [board, suite] = [`${dir}/board.toml`, `${dir}/ends.ts`];
    await writeGuestBoard(board, guest);
    await Deno.writeTextFile(suite, SUITE);
    const before = await leftOnGuest(guest);
    assertEquals(before, "ratelimit");

    // A signal during the body; for Ctrl-C see faults_kernel_test.ts.
    for (const [signal, status] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
      const child = start(["run", suite, "--board", board]);
      const end = ended(child);
      assert(await until(async () => (await leftOnGuest(guest)).includes("netdevsim10")), signal);
      child.kill(signal);
      const { code, stderr } = await end;
      assertEquals(code, status, stderr);
      // The run ends only after the board is restored.
      assertEquals(await leftOnGuest(guest), before, signal);
    }

    // The model of another kernel: its predictions differ from this board.
    const diverges = await run(["run", "reload", "--board", board, "--era", "5.10", "--filter", "a plain reload"]);
    assertEquals(diverges.code, 1, diverges.stdout + diverges.stderr);
    assertMatch(diverges.stdout, /^diverge +reload > /m);
    assertEquals(await leftOnGuest(guest), before);

    // A step that never ends: nobody reads what it writes.
    await guestShell(guest, "mkdir -p /lib/firmware; mkfifo /lib/firmware/blocks");
    const hangs = await run(["run", suite, "--board", board]);
    assertEquals(hangs.code, 1, hangs.stdout + hangs.stderr);
    assertMatch(hangs.stdout, /hang/);
    assertEquals(await leftOnGuest(guest), before);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
