/**
 * A device of a driver that nobody modelled, on a real kernel: a netdevsim device that existed before the run, judged by its facts
 * alone. Results of the devlink core are compared, results of the driver alone are gaps, and the device is restored.
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { guestShell, guestTest, testImage } from "../fixtures/qemu/testing.ts";
import { run } from "../cli/child.ts";
import { writeGuestBoard } from "./guest_board.ts";
import { DEVLINK_SUITES } from "./load_suites.ts";

/** Prints the state that must not change. Left out: the number of routes, random addresses of the driver, the board's own link. */
const STATE =
  "for what in 'dev param show' 'trap show' 'trap group show' 'trap policer show' 'health show' 'port show' " +
  "'region show'; do devlink -j $what; done; ip -br link | grep -v '^eth0 ' | sed 's/[0-9a-f:]\\{17\\}//'; ls /run/netns; " +
  "devlink -j resource show netdevsim/netdevsim3 | sed 's/\"occ\":[0-9]*//g'";

for (const kernel of ["5.10", "6.12"] as const) {
  guestTest(
    `a driver that nobody modelled on ${kernel}: no false difference, and the device is left as it was`,
    await testImage(kernel),
    async (guest) => {
      const dir = await Deno.makeTempDir({ prefix: "twinlink-any-driver-" });
      try {
        await guestShell(guest, "echo '3 2' > /sys/bus/netdevsim/new_device");
        const board = `${dir}/board.toml`;
        await writeGuestBoard(board, guest, undefined, { driver: "generic", handle: "netdevsim/netdevsim3" });
        const before = await guestShell(guest, STATE);
        const { code, stdout, stderr } = await run([
          "run",
          ...DEVLINK_SUITES,
          "--board",
          board,
          "--json",
          "--out",
          `${dir}/out`,
        ], { env: { XDG_STATE_HOME: `${dir}/state` } });
        const verdicts = new Map<string, number>();
        const wrong: string[] = [];
        for (const line of stdout.trim().split("\n")) {
          const record = JSON.parse(line);
          if (record.type !== "sequence") continue;
          verdicts.set(record.verdict, (verdicts.get(record.verdict) ?? 0) + 1);
          if (record.verdict === "diverge" || record.verdict === "crash") {
            wrong.push(`${record.suite} > ${record.sequence}`);
          }
        }
        assertEquals(wrong, [], stderr);
        assertEquals(code, 3, stderr);
        assertEquals((verdicts.get("agree") ?? 0) > 20, true, JSON.stringify([...verdicts]));
        const after = await guestShell(guest, STATE);
        assertEquals(after.out, before.out);
        assertEquals(stderr.includes("is not as it was before the run"), false, stderr);
        assertStringIncludes(stdout, "only netdevsim knows");
        // `check` gives the same verdicts, by the facts in the trace's header.
        const again = await run(["check", `${dir}/out/trace-guest-ssh.jsonl`, "--json"]);
        const summaries = [stdout, again.stdout].map((text) => JSON.parse(text.trim().split("\n").at(-1)!));
        assertEquals(summaries[1].sequences, summaries[0].sequences);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    },
  );
}
