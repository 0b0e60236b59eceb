/**
 * A power control brings a hung board back: a guest that is described as a remote board, and a program that the
 * board's file names, which switches the guest's power.
 */

import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Guest } from "../fixtures/mod.ts";
import { guestShell, guestTest, testImage } from "../fixtures/qemu/testing.ts";
import { ended, start } from "./child.ts";

/** Sends its request to the reader of `asked`, and prints the answer. */
const PDU = `#!/bin/sh
cd "\${0%/*}" || exit 1
echo "$1" >> log
echo "$1" > asked.part
mv asked.part asked
while [ ! -e answer ]; do sleep 0.1; done
cat answer
rm answer
`;

/** Two sequences: the first lasts long enough to be hit by the hang. */
const SUITE = `import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("power", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("struck", { source: "" }, async (dut) => {
    dut.wait(8000);
    await dut.reload();
  });
  sequence("the next", { source: "" }, async (dut) => {
    await dut.reload();
  });
});
`;

/** Serves the requests of the power program, until it is disposed of. */
function serve(dir: string, act: (action: string) => Promise<string>): AsyncDisposable {
  let on = true;
  const served = (async () => {
    for (; on; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const asked = await Deno.readTextFile(`${dir}/asked`).catch(() => undefined);
      if (asked === undefined) continue;
      await Deno.remove(`${dir}/asked`);
      await Deno.writeTextFile(`${dir}/answer.part`, `${await act(asked.trim())}\n`);
      await Deno.rename(`${dir}/answer.part`, `${dir}/answer`);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      on = false;
      await served;
    },
  };
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("it did not come about within 60 s");
}

const bootOf = async (guest: Guest) => (await guestShell(guest, "cat /proc/sys/kernel/random/boot_id")).out.trim();

guestTest(
  "a board that hangs is noticed, its power is cycled, and the rest agrees",
  await testImage("6.12"),
  async (guest) => {
    const dir = await Deno.makeTempDir({ prefix: "twinlink-power-" });
    try {
      const { host, port, user, identityFile, knownHostsFile } = guest.ssh;
      const pdu = (action: string) => `${action} = ["${dir}/pdu", "${action}"]\n`;
      await Deno.writeTextFile(`${dir}/pdu`, PDU, { mode: 0o755 });
      await Deno.writeTextFile(`${dir}/suite.ts`, SUITE);
      await Deno.writeTextFile(
        `${dir}/board.toml`,
        `name = "rack"\ndescription = "a guest"\nrunner = "remote"\ndriver = "netdevsim"\nhandle = "netdevsim/netdevsim10"\n` +
          `[ssh]\nhost = "${host}"\nport = ${port}\nuser = "${user}"\nidentity_file = "${identityFile}"\n` +
          `known_hosts_file = "${knownHostsFile}"\n[power]\n${pdu("cycle")}${pdu("query")}`,
      );
      await using _ = serve(dir, async (action) => {
        if (action === "cycle") {
          Deno.kill(guest.pid, "SIGCONT");
          await guest.reset();
        }
        return "on";
      });
      const before = await bootOf(guest);
      const child = start(["run", `${dir}/suite.ts`, "--board", `${dir}/board.toml`]);
      await until(async () => (await guestShell(guest, "ls /sys/bus/netdevsim/devices")).out.includes("netdevsim10"));
      Deno.kill(guest.pid, "SIGSTOP");
      const { code, stdout, stderr } = await ended(child);
      // The interrupted sequence is not judged, and is not a pass.
      assertMatch(stdout, /^infra +power > struck/m);
      assertMatch(stdout, /the connection to the board broke: .*it has not answered for too long/);
      assertMatch(stdout, /^agree +power > the next/m, stderr);
      assertEquals(code, 3, stdout + stderr);
      assertEquals(await Deno.readTextFile(`${dir}/log`), "query\ncycle\nquery\n");
      assertNotEquals(await bootOf(guest), before);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
