/** The table `[ready]` on a real board: a guest that is described as a remote board, over ssh and over its serial line. */

import { assertEquals, assertRejects } from "@std/assert";
import { parseBoard } from "../../boards/mod.ts";
import type { Guest } from "../../fixtures/mod.ts";
import { guestShell, guestTest, testImage } from "../../fixtures/qemu/testing.ts";
import { openRunner, UnfitBoardError } from "../mod.ts";

const PASSWORD = "TWINLINK_READY_TEST_PASSWORD";

/** Returns a board file of a guest, with a table `[ready]`. */
async function boardOf(guest: Guest, line: "ssh" | "serial", ready: string) {
  const { host, port, user, identityFile, knownHostsFile } = guest.ssh;
  const tables = {
    ssh:
      `[ssh]\nhost = "${host}"\nport = ${port}\nuser = "${user}"\nidentity_file = "${identityFile}"\nknown_hosts_file = "${knownHostsFile}"\n`,
    serial:
      `[serial]\npath = "${guest.serial.protocol}"\n[serial.login]\nuser = "root"\npassword_env = "${PASSWORD}"\n`,
  };
  return await parseBoard(
    `name = "ready-${line}"\ndescription = "a guest"\nrunner = "remote"\ndriver = "netdevsim"\n` +
      `handle = "netdevsim/netdevsim10"\n${tables[line]}[ready]\n${ready}`,
    "ready.toml",
  );
}

const image = await testImage("6.12");

guestTest("a board is made ready when it is opened, and again after a reboot", image, async (guest) => {
  Deno.env.set(PASSWORD, guest.login.password);
  try {
    for (const line of ["ssh", "serial"] as const) {
      const board = await boardOf(
        guest,
        line,
        'modules = ["dummy"]\ncommands = ["echo ready >> /run/ready", "sleep 5"]\n',
      );
      const shown = async () =>
        (await guestShell(guest, "[ -d /sys/module/dummy ] && cat /run/ready; rmmod dummy; rm /run/ready")).out;
      const runner = await openRunner(board);
      try {
        assertEquals(await shown(), "ready\n", line);
        await runner.renew!();
        assertEquals(await shown(), "ready\n", `${line}, after a reboot`);
      } finally {
        await runner.close();
      }
      const missing = await boardOf(guest, line, 'modules = ["no-such-module"]\ncommands = ["echo >> /run/ready"]\n');
      const { message } = await assertRejects(() => openRunner(missing), UnfitBoardError);
      const why = 'it does not get ready: ready.modules[0]: "modprobe no-such-module" ends with status 1 there: ';
      assertEquals(message.replace(/(status 1 there: ).*/, "$1"), `Cannot use board "ready-${line}": ${why}`);
      assertEquals((await guestShell(guest, "ls /run/ready 2> /dev/null")).out, "");
    }
  } finally {
    Deno.env.delete(PASSWORD);
  }
});
