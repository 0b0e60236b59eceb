/**
 * A board with its own MAC and PCS: a guest is described as a remote board with a table `[pcs]`. Its modules are
 * loaded and its netdev is renamed before the run.
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Guest } from "../fixtures/mod.ts";
import { guestShell, guestTest, testImage } from "../fixtures/qemu/testing.ts";
import { run } from "../cli/child.ts";

/** Writes the board's file, which claims that its MAC has the design `claimed`. */
async function boardFile(path: string, { ssh }: Guest, claimed: string): Promise<void> {
  await Deno.writeTextFile(
    path,
    `name = "my-board"
description = "a guest"
runner = "remote"
handle = "platform/fakemac.0"
driver = "fakemac"
capabilities = ["pcs_board"]

[pcs]
design = "${claimed}"
mac = { driver = "fakemac", device = "fakemac.0" }
pcs = { driver = "fakepcs", device = "fakepcs.0" }
netdev = "lan0"

[ssh]
host = "${ssh.host}"
port = ${ssh.port}
user = "${ssh.user}"
identity_file = "${ssh.identityFile}"
known_hosts_file = "${ssh.knownHostsFile}"
`,
  );
}

const image = await testImage("6.12");

guestTest(
  "suite pcs_board: a board's own MAC and PCS, as in its file, and not as in its file",
  image,
  async (guest) => {
    const path = await Deno.makeTempFile({ prefix: "twinlink-board-", suffix: ".toml" });
    try {
      const { code } = await guestShell(
        guest,
        "modprobe fakemac design=notified && modprobe fakepcs && ip link set fm0 name lan0",
      );
      assertEquals(code, 0);
      // The sequence that binds the MAC again is left out: the MAC then has new netdevs, with the driver's names.
      const of = (filter: string) => ["run", "pcs_board", "--board", path, "--filter", filter];
      await boardFile(path, guest, "notified");
      const agrees = await run(of("the PCS"));
      assertEquals(agrees.code, 0, `${agrees.stdout}${agrees.stderr}`);
      assertStringIncludes(agrees.stdout, "3 agree");
      // The file claims that the MAC does nothing about its PCS; the MAC takes the link down all the same.
      await boardFile(path, guest, "none");
      const differs = await run(of("unbound while"));
      assertEquals(differs.code, 1, `${differs.stdout}${differs.stderr}`);
      assertStringIncludes(differs.stdout, "fakemac fakemac.0 fm0: Link is Down");
    } finally {
      await Deno.remove(path);
    }
  },
);
