/**
 * Faults of a real board: a guest is described as a remote board and broken in each way that a lab
 * knows. Each fault gives one line and exit status 3, never a pass, and leaves nothing behind.
 */

import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { type Guest } from "../fixtures/mod.ts";
import { guestShell, guestTest, testImage } from "../fixtures/qemu/testing.ts";
import { TwinlinkBinding } from "../runners/lines/serial_binding.ts";
import { ended, run, start } from "../cli/child.ts";

/** Board files for one guest: by ssh and by its serial line. */
async function boardFiles(
  guest: Guest,
  dir: string,
  bootSeconds: number,
): Promise<{ ssh: string; serial: string; stranger: string }> {
  const { host, port, user, identityFile, knownHostsFile } = guest.ssh;
  const common = (name: string) =>
    `name = "${name}-${bootSeconds}"\ndescription = "a guest"\nrunner = "remote"\nboot_seconds = ${bootSeconds}\ndriver = "netdevsim"\nhandle = "netdevsim/netdevsim10"\ndisruption = "power"\n`;
  const ssh = (known: string) =>
    `[ssh]\nhost = "${host}"\nport = ${port}\nuser = "${user}"\nidentity_file = "${identityFile}"\nknown_hosts_file = "${known}"\n`;
  const stranger = `${dir}/known_hosts`;
  await Deno.writeTextFile(stranger, (await Deno.readTextFile(knownHostsFile)).replace(/.{8}$/m, "AAAAAAAA"));
  const files = { ssh: `${dir}/ssh.toml`, serial: `${dir}/serial.toml`, stranger: `${dir}/stranger.toml` };
  await Deno.writeTextFile(files.ssh, common("by-ssh") + ssh(knownHostsFile));
  await Deno.writeTextFile(files.stranger, common("stranger") + ssh(stranger));
  await Deno.writeTextFile(
    files.serial,
    common("by-serial") +
      `[serial]\npath = "${guest.serial.protocol}"\n[serial.login]\nuser = "root"\npassword_env = "GUEST_PASSWORD"\n`,
  );
  return files;
}

/** Returns a run's leftovers on the guest: twinlink's files and processes, devices, netns, the log level. */
async function leftovers(guest: Guest): Promise<string> {
  const { out } = await guestShell(
    guest,
    "ls -d /tmp/twinlink* 2>/dev/null; ls /run/netns 2>/dev/null; ls /sys/bus/netdevsim/devices; " +
      "ps | grep -E 'devlink|ip -o monitor|/dev/kmsg' | grep -v grep; cat /proc/sys/kernel/printk_devkmsg",
  );
  return out.trim();
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 150; i++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("it did not come about within 30 s");
}

const image = await testImage("6.12");

guestTest("faults of a real board: one line each, exit 3, and nothing is left on it", image, async (guest) => {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-faults-" });
  try {
    const board = await boardFiles(guest, dir, 5);
    const password = { env: { GUEST_PASSWORD: guest.login.password } };
    const refused = async (args: string[], why: RegExp, options = {}) => {
      const { code, stdout, stderr } = await run(["run", "lifecycle", ...args], options);
      const lines = stderr.split("\n").filter((line) => line.includes("not judged:"));
      assertEquals([code, lines.length], [3, 1], `${stdout}${stderr}`);
      assertMatch(lines[0]!, why);
      assert(!/^agree/m.test(stdout), stdout);
    };
    const before = await leftovers(guest);
    assertEquals(before, "ratelimit");

    // Without a fault the run passes, and leaves nothing.
    assertEquals((await run(["run", "lifecycle", "--filter", "probe", "--board", board.ssh])).code, 0);
    assertEquals((await run(["run", "lifecycle", "--filter", "probe", "--board", board.serial], password)).code, 0);
    assertEquals(await leftovers(guest), before);

    await refused(["--board", board.stranger], /host key/i);
    await refused(["--board", board.serial], /password/i, { env: { GUEST_PASSWORD: "wrong" } });
    const port = await TwinlinkBinding.open({ path: guest.serial.protocol, baudRate: 115200 });
    await refused(["--board", board.serial], /in use/, password);
    await port.close();

    await guestShell(guest, "mv $(command -v devlink) /tmp/devlink.away");
    await refused(["--board", board.ssh], /devlink of iproute2 is not on the board/);
    await guestShell(guest, "mv /tmp/devlink.away /usr/sbin/devlink");

    await guestShell(guest, "rmmod netdevsim");
    await refused(["--board", board.ssh], /no netdevsim/);
    await guestShell(guest, "modprobe netdevsim || insmod /lib/modules/netdevsim.ko");
    assertEquals((await run(["run", "lifecycle", "--filter", "probe", "--board", board.ssh])).code, 0);

    // No space for the output of the monitors: nothing may pass.
    await guestShell(guest, "mount -t tmpfs -o size=128k none /tmp");
    const full = await run(["run", "reload", "--filter", "plain", "--board", board.ssh]);
    assertEquals(full.code, 3, full.stdout + full.stderr);
    assertMatch(full.stdout, /^indeterminate +reload > a plain reload/m);
    assertStringIncludes(full.stdout, "no space is left in /tmp/");
    await guestShell(guest, "umount /tmp");

    // Ctrl-C during a sequence: the sequence finishes on the board, with its tear-down.
    const child = start(["run", "netdevsim_trap", "--filter", "counted", "--board", board.ssh]);
    await until(async () => (await leftovers(guest)).includes("netdevsim10"));
    child.kill("SIGINT");
    assertEquals((await ended(child)).code, 130);
    assertEquals(await leftovers(guest), before);

    // The line is cut during a sequence: it finishes in the same way, without a request from twinlink.
    const cut = start(["run", "netdevsim_trap", "--filter", "counted", "--board", board.ssh]);
    await until(async () => (await leftovers(guest)).includes("netdevsim10"));
    cut.kill("SIGKILL");
    await ended(cut);
    await until(async () => await leftovers(guest) === before);

    // The board is lost during a sequence: `infra`, and the rest is not judged.
    const lost = start(["run", "netdevsim_trap", "--filter", "counted", "--board", board.ssh]);
    await until(async () => (await leftovers(guest)).includes("netdevsim10"));
    Deno.kill(guest.pid, "SIGKILL");
    const { code, stdout } = await ended(lost);
    assertEquals(code, 3, stdout);
    assertStringIncludes(stdout, "infra");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Returns the id of the guest's boot. */
const bootOf = async (guest: Guest) => (await guestShell(guest, "cat /proc/sys/kernel/random/boot_id")).out.trim();

guestTest(
  "a kernel that breaks on a real board: the hang is reported, the board rebooted, the rest agrees",
  image,
  async (guest) => {
    const dir = await Deno.makeTempDir({ prefix: "twinlink-renewal-" });
    try {
      const board = await boardFiles(guest, dir, 300);
      const before = await bootOf(guest);
      const { code, stdout, stderr } = await run(["run", "pcs", "--filter", "none: the MAC", "--board", board.ssh]);
      assertEquals(code, 0, `${stdout}${stderr}`);
      // The first breaks the kernel and leaves RTNL held for ever; the board is rebooted through the shell that still answers.
      assertMatch(stdout, /^agree +pcs > none: the MAC unbound after its PCS/m);
      assertMatch(stdout, /note +the kernel broke in step \d+ as the model predicted: oops in phylink_/);
      assertMatch(stdout, /note +step \d+ hangs, as the model predicted/);
      assertMatch(stdout, /^agree +pcs > none: the MAC is probed before its PCS/m);
      assertNotEquals(await bootOf(guest), before);
      assertEquals(await leftovers(guest), "ratelimit");
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
  { cmdline: "slub_debug=FZPU" },
);
