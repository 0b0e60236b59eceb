/** Consoles of real kernels: a guest's own, and the console of a guest that is a board with two UARTs behind a console server. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ownEnvironment } from "../fixtures/testing.ts";
import { parseBoard } from "../boards/board.ts";
import { guestTest, kernelTest, testImage } from "../fixtures/qemu/testing.ts";
import { findSer2net, startSer2net } from "../runners/lines/ser2net.ts";
import { openRunner } from "../runners/mod.ts";
import { run } from "./child.ts";
import { startOnTerminal } from "./on_terminal.ts";

const image = await testImage("6.12");

guestTest(
  "a board by RFC 2217 with its console on a second UART: it agrees, and its console is recorded",
  image,
  async (guest) => {
    const program = await findSer2net();
    if (program === undefined && Deno.env.get("TWINLINK_REQUIRE_KERNELS") !== "1") return;
    assert(program, "ser2net is not on this machine");
    const dir = await Deno.makeTempDir({ prefix: "twinlink-uarts-" });
    try {
      await using server = await startSer2net(program, guest.serial.protocol);
      await using console = await startSer2net(program, guest.serial.console);
      const board = `${dir}/board.toml`;
      await Deno.writeTextFile(
        board,
        `name = "two-uarts"\ndescription = "a guest"\nrunner = "remote"\ndriver = "netdevsim"\n` +
          `handle = "netdevsim/netdevsim10"\n[serial]\npath = "${server.rfc2217}"\n` +
          `[serial.login]\nuser = "root"\npassword_env = "GUEST_PASSWORD"\n[console]\npath = "${console.tcp}"\n`,
      );
      const env = { GUEST_PASSWORD: guest.login.password, XDG_STATE_HOME: dir };
      const args = ["run", "lifecycle", "--filter", "probe", "--board", board, "--out", `${dir}/out`];
      const { code, stdout, stderr } = await run(args, { env });
      assertEquals(code, 0, `${stdout}${stderr}`);
      assertMatch(stdout, /^agree +lifecycle > /m);
      const record = await Deno.readTextFile(`${dir}/out/console-two-uarts-serial.log`);
      // The record has the board's log of the login on its other line, and no bytes of the protocol.
      assertMatch(record, /login\[\d+\]: root login on 'ttyS1'/);
      assert(!record.includes("@tl"), record);
      assert(!record.includes(guest.login.password));
      const lines = [...Deno.readDirSync(`${dir}/twinlink/lines`)].map(({ name }) => name);
      assertEquals(lines.length, 2);
      const cast = await Deno.readTextFile(`${dir}/out/console-two-uarts-serial.cast`);
      const times = cast.trim().split("\n").slice(1).map((event) => JSON.parse(event)[0]);
      assertEquals(times, times.toSorted((a, b) => a - b));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);

guestTest("a board over ssh that dies prints why on its console", image, async (guest) => {
  const { host, port, user, identityFile, knownHostsFile } = guest.ssh;
  const dir = await Deno.makeTempDir({ prefix: "twinlink-words-" });
  using _ = ownEnvironment({ XDG_STATE_HOME: dir });
  try {
    const board = parseBoard(
      `name = "dying"\ndescription = "a guest"\nrunner = "remote"\ndriver = "netdevsim"\n` +
        `handle = "netdevsim/netdevsim10"\n[ssh]\nhost = "${host}"\nport = ${port}\nuser = "${user}"\n` +
        `identity_file = "${identityFile}"\nknown_hosts_file = "${knownHostsFile}"\n` +
        `[console]\npath = "${guest.serial.console}"\n`,
      `${dir}/board.toml`,
    );
    const runner = await openRunner(board);
    try {
      const trace = await runner.run({
        suite: "console",
        sequence: "panic",
        source: "",
        steps: [{ id: 1, phase: "body", op: { kind: "file.write", path: "/proc/sysrq-trigger", value: "c" } }],
      });
      const lost = trace.steps[0]?.lost;
      assertEquals(lost?.reason, "crash");
      assertMatch(lost?.detail ?? "", /^Kernel panic - not syncing: sysrq triggered crash/);
    } finally {
      await runner.close();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

await kernelTest(
  "6.12",
  "console: a guest is booted for it, shown from its first word on, and ends with it",
  async () => {
    const state = await Deno.makeTempDir({ prefix: "twinlink-guest-console-" });
    try {
      await using terminal = startOnTerminal(["console", "qemu-6.12"], { XDG_STATE_HOME: state });
      await terminal.see("Linux version 6.12.");
      await terminal.see("root@twinlink:");
      // The shell starts before typing works, so the line is typed repeatedly; an extra newline does no harm.
      const typing = setInterval(() => terminal.type("uname -s''r\n"), 500);
      await terminal.see("\nLinux 6.12.");
      clearInterval(typing);
      terminal.type("\x1dq");
      assertEquals(await terminal.exited, 0);
      const record = /recorded in (\S+)/.exec(terminal.shown)![1]!;
      assertStringIncludes(await Deno.readTextFile(record), "Linux version 6.12.");
    } finally {
      await Deno.remove(state, { recursive: true });
    }
  },
);
