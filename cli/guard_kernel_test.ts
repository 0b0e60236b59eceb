/**
 * The guard on a real board: a guest whose root is a virtio disk is described as a remote board, by ssh and by its serial
 * line. Sequences that would cut the guest off are refused, others are run.
 */

import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Plan } from "../diff/trace.ts";
import { buildImage, FixtureUnavailable, type Guest, type KernelId } from "../fixtures/mod.ts";
import { DISK_MODULES, stockModules } from "../fixtures/qemu/stock_modules.ts";
import { programPath, sysroot } from "../fixtures/qemu/sysroot.ts";
import { guestShell, guestTest } from "../fixtures/qemu/testing.ts";
import { quote } from "../runners/agent/commands.ts";
import { Guard, RefusedError } from "../runners/guard/guard.ts";
import { openSsh } from "../runners/lines/ssh.ts";
import { type Ran, run } from "./child.ts";

const NETDEV_MODULES = ["bridge", "8021q", "bonding"];

async function imageWithDisk(kernel: KernelId) {
  try {
    return await buildImage(kernel, { extraModules: await stockModules(kernel, [...DISK_MODULES, ...NETDEV_MODULES]) });
  } catch (error) {
    if (error instanceof FixtureUnavailable) return error;
    throw error;
  }
}

/** A guest described as two remote boards, `by-ssh` and `by-serial`, and a folder for their files. */
class Lab implements AsyncDisposable {
  readonly #guest: Guest;
  readonly #dir: string;

  private constructor(guest: Guest, dir: string) {
    this.#guest = guest;
    this.#dir = dir;
  }

  static async of(guest: Guest, more = ""): Promise<Lab> {
    const dir = await Deno.makeTempDir({ prefix: "twinlink-guard-" });
    const { host, port, user, identityFile, knownHostsFile } = guest.ssh;
    const lines = {
      ssh: `host = "${host}"\nport = ${port}\nuser = "${user}"\nidentity_file = "${identityFile}"\n` +
        `known_hosts_file = "${knownHostsFile}"\n`,
      serial: `path = "${guest.serial.protocol}"\n[serial.login]\nuser = "root"\npassword_env = "GUEST_PASSWORD"\n`,
    };
    for (const [line, text] of Object.entries(lines)) {
      await Deno.writeTextFile(
        `${dir}/${line}.toml`,
        `name = "by-${line}"\ndescription = "a guest"\nrunner = "remote"\ndriver = "netdevsim"\n${more}` +
          `handle = "netdevsim/netdevsim10"\n[${line}]\n${text}`,
      );
    }
    return new Lab(guest, dir);
  }

  /** Runs a sequence whose body is one statement. */
  async run(on: "ssh" | "serial", step: string, more: string[] = []): Promise<Ran> {
    await Deno.writeTextFile(
      `${this.#dir}/one.ts`,
      `import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("one", { fixture: netdevsim() }, ({ sequence }) => {
  sequence("step", { source: "P09" }, async (dut) => {
    await ${step}.either();
  });
});
`,
    );
    // Each guest has its own state folder: the next guest has the same name, but not the leftovers.
    const env = { GUEST_PASSWORD: this.#guest.login.password, XDG_STATE_HOME: `${this.#dir}/state` };
    return await run(["run", `${this.#dir}/one.ts`, "--board", `${this.#dir}/${on}.toml`, ...more], { env });
  }

  /** Checks that a sequence is refused: one line, nothing pushed, exit status 2. */
  async refuses(on: "ssh" | "serial", step: string, why: RegExp, more: string[] = []): Promise<void> {
    const { code, stdout, stderr } = await this.run(on, step, more);
    const lines = stderr.split("\n").filter((line) => line.startsWith("twinlink: "));
    assertEquals([code, lines.length], [2, 1], `${stdout}${stderr}`);
    assertMatch(stdout, /^1 sequence: 1 not judged: /m);
    assertMatch(lines[0]!, why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}

/** A device on its bus, and its driver. */
interface Bound {
  bus: string;
  driver: string;
  device: string;
}

const unbind = ({ bus, driver, device }: Bound) => `dut.write("/sys/bus/${bus}/drivers/${driver}/unbind", "${device}")`;
const unload = (module: string) => `dut.module("${module}").unload()`;

/** Returns the devices with a driver at a path in sysfs: the device itself, and its parents. */
async function drivers(guest: Guest, path: string): Promise<Bound[]> {
  const { out } = await guestShell(
    guest,
    `d=$(readlink -f ${path}); while [ "$d" != /sys/devices ]; do [ -e $d/driver ] && ` +
      `echo $(basename $(readlink $d/subsystem)) $(basename $(readlink $d/driver)) $(basename $d); d=\${d%/*}; done`,
  );
  return out.trim().split("\n").map((line) => {
    const [bus, driver, device] = line.split(" ");
    return { bus: bus!, driver: driver!, device: device! };
  });
}

/** Runs a script on the guest, which may be longer than a command line of its sshd. */
async function runScript(guest: Guest, script: string): Promise<string> {
  const shell = await openSsh(guest.ssh);
  const writer = shell.writable.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const text = await new Response(shell.readable).text();
  await shell.close();
  return text;
}

/** Puts the guest's address on a VLAN of a bridge over eth0; the connection survives. */
async function moveOntoVlan(guest: Guest): Promise<void> {
  // The guest has no bridge(8).
  const tools = await sysroot("userland");
  const stream = new Blob([await Deno.readFile(programPath(tools.dir, "bridge"))]).stream();
  const gzip = new Uint8Array(await new Response(stream.pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
  const lines = gzip.toBase64().replaceAll(/.{76}/g, "$&\n");
  await runScript(guest, `base64 -d << END | gunzip > /tmp/bridge\n${lines}\nEND\nchmod 755 /tmp/bridge\n`);
  const script = `set -e
modprobe bridge; modprobe 8021q
ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0
ip link set eth0 master br0
/tmp/bridge vlan add dev eth0 vid 5 pvid untagged
/tmp/bridge vlan add dev br0 vid 5 self
ip link add link br0 name br0.5 type vlan id 5
ip link set br0 up; ip link set br0.5 up
ip addr del 10.0.2.15/24 dev eth0; ip addr add 10.0.2.15/24 dev br0.5
ip route add default via 10.0.2.2
echo "the address has moved"`;
  // By name: busybox runs its own sh, and that its own ip. The console tells the end, not a connection in the middle.
  await guestShell(guest, `setsid dash -c ${quote(script)} < /dev/null > /dev/console 2>&1 &`);
  for (let i = 0; i < 300; i++) {
    if ((await Deno.readTextFile(guest.consoleLog)).includes("the address has moved")) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the guest's address was not moved");
}

/** Returns the guard's answer to `unbind` of platform devices, if the board uses `connection` for its connection. */
async function asked(guest: Guest, connection: string, names: string[]): Promise<string[]> {
  const ask = (script: string) => runScript(guest, `SSH_CONNECTION='${connection}'\n${script}`);
  const guard = new Guard({ board: "b", transport: "ssh", ask });
  return await Promise.all(names.map(async (name) => {
    const path = `/sys/bus/platform/drivers/${name.split(".")[0]}/unbind`;
    const op = { kind: "file.write" as const, path, value: name };
    const plan: Plan = { suite: "s", sequence: "q", source: "x", steps: [{ id: 1, phase: "body", op }] };
    const error = await guard.check([plan]).catch((error) => error);
    if (error !== undefined && !(error instanceof RefusedError)) throw error;
    return error?.message ?? "passed";
  }));
}

const image612 = await imageWithDisk("6.12");
const image61 = await imageWithDisk("6.1");

guestTest(
  "guard: a board of somebody else's keeps its root disk and its connection",
  image612,
  async (guest) => {
    await using lab = await Lab.of(guest);
    const nic = await drivers(guest, "/sys/class/net/eth0/device");
    const disk = await drivers(guest, "/sys/class/block/vda/device");
    const uart = await drivers(guest, "/sys/class/tty/ttyS1/device");
    assertEquals([nic, disk].map((one) => one.map(({ driver }) => driver)), [
      ["virtio_net", "virtio-pci"],
      ["virtio_blk", "virtio-pci"],
    ]);

    // The device under test may be unbound, over either line.
    for (const on of ["ssh", "serial"] as const) {
      const ran = await lab.run(on, unbind({ bus: "netdevsim", driver: "netdevsim", device: "netdevsim10" }));
      assertNotEquals(ran.code, 2, ran.stderr);
      assertStringIncludes(ran.stdout, "one > step");
    }
    // Devices that carry the connection may not: the NIC for ssh, the UART for serial; the disk for both.
    for (const one of nic) {
      const at = one.device.replaceAll(".", "\\.");
      await lab.refuses(
        "ssh",
        unbind(one),
        new RegExp(
          `^twinlink: Cannot run "one > step" on board "by-ssh": step 2 unbinds ${at}, which carries the connection ` +
            `by ssh from 10\\.0\\.2\\.2 \\(eth0\\) \\(add --i-know ${at} if it may be lost\\)$`,
        ),
      );
    }
    await lab.refuses("ssh", unload("virtio-net"), /unloads module virtio_net, the driver of virtio\d/);
    assert(uart.length > 0);
    await lab.refuses("serial", unbind(uart[0]!), /which carries the connection over the serial line \(ttyS1\)/);
    const root = /which carries the root filesystem \(\/dev\/vda on \/\)/;
    for (const one of disk) await lab.refuses("ssh", unbind(one), root);
    await lab.refuses("serial", unbind(disk[0]!), root);
    await lab.refuses("ssh", unload("virtio_blk"), /unloads module virtio_blk, .* the root filesystem/);
  },
  { disk: 128 },
);

for (const [kernel, image] of [["6.12", image612], ["6.1", image61]] as const) {
  guestTest(
    `guard: through a VLAN, a bridge and a device link; a device that is named may go (${kernel})`,
    image,
    async (guest) => {
      // A short boot time: without its disk the guest does not come back anyway.
      await using lab = await Lab.of(guest, "boot_seconds = 5\n");
      const [nic] = await drivers(guest, "/sys/class/net/eth0/device");
      const [disk] = await drivers(guest, "/sys/class/block/vda/device");

      // A device link made by the kernel: the PCS of a MAC that would carry the connection.
      const { code, err } = await guestShell(
        guest,
        "modprobe fakemac design=device_link && modprobe fakepcs && sleep 1 && " +
          "ip link set fm1 up && ip addr add 10.9.9.1/24 dev fm1",
      );
      assertEquals(code, 0, err);
      const [pcs, mac] = await asked(guest, "10.9.9.2 1 10.9.9.1 22", ["fakepcs.0", "fakemac.0"]);
      assertMatch(mac!, /which carries the connection by ssh from 10\.9\.9\.2 \(fm1\) \(/);
      assertMatch(pcs!, /which carries the connection by ssh from 10\.9\.9\.2 \(fm1\), as a supplier of fakemac\.0/);
      const ours = await asked(guest, "10.0.2.2 1 10.0.2.15 22", ["fakepcs.0", "fakemac.0"]);
      assertEquals(ours, ["passed", "passed"]);

      await moveOntoVlan(guest);
      await lab.refuses("ssh", unbind(nic!), /the connection by ssh from 10\.0\.2\.2 \(eth0 -> br0 -> br0\.5\)/);
      await lab.refuses("ssh", unload("bridge"), /unloads module bridge, which carries .* \(br0 -> br0\.5\)/);

      // With --i-know for this device, the sequence is pushed and the board loses its disk; another name does not help.
      await lab.refuses("ssh", unbind(disk!), /the root filesystem/, ["--i-know", nic!.device]);
      const named = await lab.run("ssh", unbind(disk!), ["--i-know", disk!.device]);
      assertNotEquals(named.code, 2, named.stderr);
      assertStringIncludes(named.stdout, "one > step");
      const console = await Deno.readTextFile(guest.consoleLog);
      assertMatch(console, /I\/O error|EXT4-fs \(vda\)|Buffer I\/O/);
    },
    { disk: 128 },
  );
}
