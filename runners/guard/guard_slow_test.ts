/** The guard on boards that are made of files: each kind of layer between a device and what the board needs of it. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import type { Plan } from "../../diff/trace.ts";
import type { Operation } from "../../model/operation.ts";
import { FakeSysfs, ordinary, SSHD } from "./_fake_sysfs.ts";
import { Guard, RefusedError, takings } from "./guard.ts";

const SSH = { SSH_CONNECTION: "10.0.0.9 40000 10.0.0.2 22" };

const planOf = (...operations: Operation[]): Plan => ({
  suite: "s",
  sequence: "q",
  source: "x",
  steps: operations.map((op, i) => ({ id: i + 1, phase: "body", op })),
});

const unbind = (bus: string, driver: string, name: string): Operation => ({
  kind: "file.write",
  path: `/sys/bus/${bus}/drivers/${driver}/unbind`,
  value: name,
});

/** Returns the guard's refusal of one operation; undefined if the operation passes. */
async function said(
  board: FakeSysfs,
  operation: Operation,
  options: { transport?: string; env?: Record<string, string>; iKnow?: string[]; shell?: readonly string[] } = {},
): Promise<string | undefined> {
  const { transport = "ssh", env = SSH, iKnow = [], shell } = options;
  const guard = new Guard({ board: "lab", transport, iKnow, ask: (script) => board.ask(script, env, shell) });
  try {
    await guard.check([planOf(operation)]);
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return error.message;
  }
}

/** Returns a board whose connection uses `netdev`. */
function overNetdev(netdev: string): FakeSysfs {
  const board = ordinary();
  board.routes["10.0.0.9"] = `10.0.0.9 dev ${netdev} src 10.0.0.2 uid 0`;
  board.addresses[SSHD] = `9: ${netdev}    inet 10.0.0.2/24 scope global ${netdev}`;
  return board;
}

const NIC = unbind("pci", "igb", "0000:01:00.0");
const DISK = unbind("pci", "nvme", "0000:00:02.0");
const DUT = unbind("pci", "mlx5_core", "0000:00:03.0");

Deno.test("guard: the NIC of the connection and the disk of the root are refused in one line, the device under test is not", async () => {
  await using board = ordinary();
  assertEquals(
    await said(board, NIC),
    'Cannot run "s > q" on board "lab": step 1 unbinds 0000:01:00.0, which carries the connection by ssh from 10.0.0.9 ' +
      "(eth0) (add --i-know 0000:01:00.0 if it may be lost)",
  );
  assertEquals(
    await said(board, DISK),
    'Cannot run "s > q" on board "lab": step 1 unbinds 0000:00:02.0, which carries the root filesystem ' +
      "(/dev/nvme0n1p1 on /) (add --i-know 0000:00:02.0 if it may be lost)",
  );
  assertEquals(await said(board, DUT), undefined);
  assertEquals(await said(board, unbind("platform", "fakepcs", "fakepcs.0")), undefined);
  // Unbinding the bridge above a device also takes the device away.
  assertStringIncludes(await said(board, unbind("pci", "pcieport", "0000:00:01.0")) ?? "", "carries the connection");
  // A driver's name may contain blanks.
  await using phy = ordinary();
  phy.device("pci0000:00/0000:00:01.0/0000:01:00.0/mdio_bus/m-0/m-0:01", "mdio_bus", "Marvell 88E308X!88E609X Family");
  phy.supplier(
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0",
    "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/mdio_bus/m-0/m-0:01",
  );
  const phyDriver = unbind("mdio_bus", "Marvell 88E308X!88E609X Family", "m-0:01");
  assertStringIncludes(await said(phy, phyDriver) ?? "", "carries the connection");
  assertEquals(await said(phy, unbind("mdio_bus", "Marvell 88E308X!88E609X Family", "m-0:02")), undefined);
  // A driver that the plan loads later: its folder does not exist yet.
  assertStringIncludes(await said(board, unbind("pci", "later", "0000:01:00.0")) ?? "", "carries the connection");
});

/** The shells of boards that are installed here. */
const SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "ash"]].filter(([program]) =>
  ["/usr/bin", "/bin"].some((folder) => existsSync(`${folder}/${program}`))
);

for (const shell of SHELLS) {
  Deno.test(`guard: gives the same answers in ${shell[0]}`, async () => {
    await using board = ordinary();
    board.mount("0:21", "/tmp", "tmpfs", "tmpfs");
    assertStringIncludes(await said(board, NIC, { shell }) ?? "", "the connection by ssh from 10.0.0.9 (eth0)");
    assertStringIncludes(await said(board, DISK, { shell }) ?? "", "the root filesystem (/dev/nvme0n1p1 on /)");
    assertEquals(await said(board, DUT, { shell }), undefined);
    const line = { shell, transport: "serial", env: { TG_TTY: "/dev/ttyS0" } };
    assertStringIncludes(await said(board, DUT, line) ?? "", "not known is the device of the serial line /dev/ttyS0");
  });
}

Deno.test("guard: every way to take a device away is seen, also within other operations", async () => {
  await using board = ordinary();
  const write = (path: string, value = "1"): Operation => ({ kind: "file.write", path, value });
  const poll: Operation = { kind: "wait", ms: 1 };
  const taking: Operation[] = [
    write("/sys/bus/pci/devices/0000:01:00.0/remove"),
    write("/sys/bus/pci/devices/0000:01:00.0/driver_override", "vfio-pci"),
    write("/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs", "0"),
    write("/sys/class/net/eth0/device/reset"),
    write("/sys/class/net/eth0/device/driver/unbind", "0000:01:00.0"),
    write("/sys//bus/../bus/pci/drivers/igb/unbind", "0000:01:00.0\n"),
    write("/sys/bus/pci/drivers/mlx5_core/unbind", "0000:01:00.0"),
    { kind: "dev.reload", handle: "pci/0000:01:00.0" },
    { kind: "netdev.set", dev: "eth0", up: false },
    { kind: "link.set", handle: "pci/0000:01:00.0", port: 0, up: false },
    { kind: "module.unload", name: "igb" },
    { kind: "during", operation: NIC, poll },
    { kind: "rounds", times: 3, operations: [poll], meanwhile: [{ kind: "during", operation: poll, poll: NIC }] },
  ];
  for (const op of taking) assertStringIncludes(await said(board, op) ?? "passed", "10.0.0.9", JSON.stringify(op));
  const harmless: Operation[] = [
    write("/sys/bus/pci/drivers/igb/bind", "0000:01:00.0"),
    write("/sys/class/net/eth0/mtu", "1400"),
    { kind: "netdev.set", dev: "eth0", up: true },
    { kind: "netdev.set", dev: "eth0", up: false, netns: "t1" },
    { kind: "netdev.set", dev: "eth1", up: false },
    { kind: "module.unload", name: "mlx5_core" },
    { kind: "dev.reload", handle: "netdevsim/netdevsim10" },
    { kind: "dev.reload", handle: "pci/0000:00:03.0" },
  ];
  for (const op of harmless) assertEquals(await said(board, op), undefined, JSON.stringify(op));
  assertEquals(takings({ kind: "dev.show" }), []);
});

Deno.test("guard: --i-know passes the device that it names, and no other", async () => {
  await using board = ordinary();
  assertEquals(await said(board, NIC, { iKnow: ["0000:01:00.0"] }), undefined);
  assertEquals(await said(board, NIC, { iKnow: ["pci/0000:01:00.0"] }), undefined);
  assert(await said(board, NIC, { iKnow: ["0000:00:02.0", "eth0", "0000:00:01.0"] }));
  assert(await said(board, DISK, { iKnow: ["0000:01:00.0"] }));
  assertEquals(await said(board, { kind: "module.unload", name: "igb" }, { iKnow: ["0000:01:00.0"] }), undefined);
});

Deno.test("guard: a connection through a bridge, a bond and a VLAN", async () => {
  await using board = overNetdev("br0.5");
  const second = board.device("platform/ethernet", "platform", "fec:fec");
  board.netdev("eth1", { device: second });
  board.netdev("bond0", { type: "bond", lower: ["eth0", "eth1"] });
  board.netdev("br0", { type: "bridge", lower: ["bond0"] });
  board.netdev("br0.5", { type: "vlan", lower: ["br0"] });
  assertStringIncludes(
    await said(board, NIC) ?? "",
    "the connection by ssh from 10.0.0.9 (eth0 -> bond0 -> br0 -> br0.5)",
  );
  assertStringIncludes(
    await said(board, unbind("platform", "fec", "ethernet")) ?? "",
    "(eth1 -> bond0 -> br0 -> br0.5)",
  );
  assertEquals(await said(board, DUT), undefined);
  // When one of these modules is unloaded, the kernel removes its netdevs without a report.
  for (const [name, upper] of [["bridge", "br0"], ["bonding", "bond0"], ["8021q", "br0.5"]] as const) {
    assertStringIncludes(await said(board, { kind: "module.unload", name }) ?? "", `${upper}`);
  }
});

Deno.test("guard: a connection that receives on one netdev and sends on another, and a connection to an address of lo", async () => {
  await using board = ordinary();
  board.netdev("eth1", { device: board.device("platform/ethernet", "platform", "fec:fec") });
  board.netdev("lo", {});
  const second = unbind("platform", "fec", "ethernet");
  board.addresses[SSHD] = "3: eth1    inet 10.0.0.2/24 scope global eth1";
  assertStringIncludes(await said(board, NIC) ?? "", "(eth0)");
  assertStringIncludes(await said(board, second) ?? "", "(eth1)");
  board.addresses[SSHD] = "1: lo    inet 10.0.0.2/32 scope global lo";
  assertStringIncludes(await said(board, NIC) ?? "", "(eth0)");
  assertEquals(await said(board, second), undefined);
});

Deno.test("guard: a macvlan, and a veth whose other end is a port of a bridge", async () => {
  await using board = overNetdev("veth0");
  board.netdev("mv0", { type: "macvlan", lower: ["eth0"] });
  board.netdev("br0", { type: "bridge", lower: ["mv0"] });
  for (const [name, index, link] of [["veth0", "5", "6"], ["veth1", "6", "5"]] as const) {
    board.netdev(name, {});
    board.file(`/sys/class/net/${name}/ifindex`, index);
    board.file(`/sys/class/net/${name}/iflink`, link);
  }
  board.link("/sys/devices/virtual/net/veth1/master", "/sys/devices/virtual/net/br0");
  assertStringIncludes(await said(board, NIC) ?? "", "(eth0 -> mv0 -> br0 -> veth1 -> veth0)");
  assertEquals(await said(board, DUT), undefined);
});

Deno.test("guard: the supplier of the connection's device, by a device link (P09)", async () => {
  await using board = overNetdev("fm1");
  const mac = board.device("platform/fakemac.0", "platform", "fakemac:fakemac");
  const pcs = board.device("platform/fakepcs.0", "platform", "fakepcs:fakepcs");
  const other = board.device("platform/fakepcs.1", "platform", "fakepcs:fakepcs");
  const clock = board.device("platform/clock", "platform", "clk:clk");
  board.netdev("fm0", { device: mac });
  board.netdev("fm1", { device: mac });
  board.supplier(pcs, clock);
  const pcs0 = unbind("platform", "fakepcs", "fakepcs.0");
  assertEquals(await said(board, pcs0), undefined);
  board.supplier(mac, pcs);
  board.supplier(mac, other, "not tracked");
  assertStringIncludes(
    await said(board, pcs0) ?? "",
    "which carries the connection by ssh from 10.0.0.9 (fm1), as a supplier of fakemac.0",
  );
  assertStringIncludes(await said(board, unbind("platform", "clk", "clock")) ?? "", "as a supplier of fakepcs.0");
  // A stateless link only orders suspend and resume.
  assertEquals(await said(board, unbind("platform", "fakepcs", "fakepcs.1")), undefined);
  assertStringIncludes(await said(board, { kind: "module.unload", name: "fakepcs" }) ?? "", "the driver of fakepcs.0");
});

Deno.test("guard: the PHY of a netdev, and the physical function of a virtual one", async () => {
  await using board = ordinary();
  const phy = board.device("platform/mdio/mdio:01", "mdio_bus", "Marvell:marvell");
  const pf = board.device("pci0000:00/0000:00:04.0", "pci", "ixgbe:ixgbe");
  board.link("/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0/phydev", phy);
  board.link("/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/physfn", pf);
  assertStringIncludes(await said(board, unbind("mdio_bus", "Marvell", "mdio:01")) ?? "", "(eth0)");
  const vfs: Operation = { kind: "file.write", path: "/sys/bus/pci/devices/0000:00:04.0/sriov_numvfs", value: "0" };
  assertStringIncludes(await said(board, vfs) ?? "", "writes to sriov_numvfs of");
});

Deno.test("guard: a root on dm over md over two disks, on a loop device, on btrfs, on NFS and on flash", async () => {
  const root = async (build: (board: FakeSysfs) => void, ...devices: string[]) => {
    await using board = new FakeSysfs();
    board.device("pci0000:00/0000:00:03.0", "pci", "mlx5_core:mlx5_core");
    board.routes["10.0.0.1"] = "10.0.0.1 via 10.0.0.254 dev eth0 src 10.0.0.2";
    for (const name of ["a", "b"]) {
      const disk = board.device(`platform/sata-${name}`, "platform", "ahci:ahci");
      board.block(name === "a" ? "8:0" : "8:16", `sd${name}`, { device: disk });
    }
    board.netdev("eth0", { device: board.device("platform/ethernet", "platform", "fec:fec") });
    build(board);
    const local = { transport: "local", env: {} };
    for (const name of devices) {
      const message = await said(board, {
        kind: "file.write",
        path: `/sys/bus/platform/devices/${name}/remove`,
        value: "1",
      }, local);
      assertStringIncludes(message ?? "passed", "the root filesystem (");
    }
    assertEquals(await said(board, DUT, local), undefined);
  };
  const sdx = (name: string) => `/sys/devices/platform/sata-${name}/block/sd${name}`;
  await root(
    (board) => {
      const md = board.block("9:0", "md0", { slaves: [sdx("a"), sdx("b")] });
      board.block("253:0", "dm-0", { slaves: [md] });
      board.mount("253:0", "/", "ext4", "/dev/mapper/root");
    },
    "sata-a",
    "sata-b",
  );
  await root((board) => {
    const md = board.block("9:0", "md0", { slaves: [sdx("a")] });
    board.block("259:0", "md0p1", { partitionOf: md });
    board.mount("259:0", "/", "ext4", "/dev/md0p1");
  }, "sata-a");
  await root((board) => {
    board.mount("8:0", "/media/card", "ext4", "/dev/sda");
    const loop = board.block("7:0", "loop0", {});
    board.file(`${loop}/loop/backing_file`, "/media/card/root.img");
    board.mount("7:0", "/", "squashfs", "/dev/loop0");
  }, "sata-a");
  await root(
    (board) => {
      for (const name of ["a", "b"]) board.link(`/sys/fs/btrfs/1234/devices/sd${name}`, sdx(name));
      board.mount("0:30", "/", "btrfs", "/dev/sda");
    },
    "sata-a",
    "sata-b",
  );
  await root(
    (board) => board.mount("0:20", "/", "nfs4", "10.0.0.1:/srv/board", "rw,vers=4.2,addr=10.0.0.1"),
    "ethernet",
  );
  await root((board) => {
    board.mount("8:16", "/media/ro", "squashfs", "/dev/sdb");
    board.mount("0:31", "/", "overlay", "overlay", "rw,lowerdir=/media/ro,upperdir=/run/up,workdir=/run/work");
    board.mount("0:32", "/run", "tmpfs", "tmpfs");
  }, "sata-b");
  await root((board) => {
    const flash = board.device("platform/spi/spi0.0", "spi", "spi-nor");
    board.device("platform/spi", "platform", "spi-imx:spi_imx");
    board.link("/sys/class/mtd/mtd3", `${flash}/mtd/mtd3`);
    board.file("/sys/class/ubi/ubi0/mtd_num", "3");
    board.mount("0:33", "/", "ubifs", "ubi0:rootfs");
  }, "spi");
});

Deno.test("guard: a root filesystem in memory needs no device, but a filesystem that the agent needs does", async () => {
  await using board = new FakeSysfs();
  const disk = board.device("platform/mmc", "platform", "sdhci:sdhci");
  board.block("179:0", "mmcblk0", { device: disk });
  board.mount("0:2", "/", "rootfs", "rootfs");
  const local = { transport: "local", env: {} };
  const mmc = unbind("platform", "sdhci", "mmc");
  assertEquals(await said(board, mmc, local), undefined);
  board.mount("179:0", "/tmp", "ext4", "/dev/mmcblk0");
  assertStringIncludes(await said(board, mmc, local) ?? "", "a filesystem that it needs (/dev/mmcblk0 on /tmp)");
});

Deno.test("guard: the port of a serial line, also as the console", async () => {
  await using board = ordinary();
  const port = board.device("platform/uart", "platform", "8250:8250");
  board.link("/sys/class/tty/ttyS1", `${port}/tty/ttyS1`);
  board.file("/sys/class/tty/console/active", "tty0 ttyS1");
  board.link("/sys/class/tty/tty0", "/sys/devices/virtual/tty/tty0");
  const uart = unbind("platform", "8250", "uart");
  const over = (tty: string) => ({ transport: "serial", env: { TG_TTY: tty } });
  assertStringIncludes(
    await said(board, uart, over("/dev/ttyS1")) ?? "",
    "the connection over the serial line (ttyS1)",
  );
  assertStringIncludes(
    await said(board, uart, over("/dev/console")) ?? "",
    "the connection over the serial line (ttyS1)",
  );
  // Then its NIC may be taken away.
  assertEquals(await said(board, NIC, over("/dev/ttyS1")), undefined);
  assertStringIncludes(
    await said(board, NIC, over("/dev/pts/0")) ?? "",
    "not known is the device of the serial line /dev/pts/0",
  );
});

Deno.test("guard: a plan is refused if a need cannot be determined, and --i-know names the device", async () => {
  const unknown = async (board: FakeSysfs, what: string, env: Record<string, string> = SSH) => {
    const message = await said(board, DUT, { env });
    assertStringIncludes(message ?? "passed", `and the board may need it: not known is ${what}`);
    assertStringIncludes(message!, "(add --i-know 0000:00:03.0 if it may be lost)");
    assertEquals(await said(board, DUT, { env, iKnow: ["0000:00:03.0"] }), undefined);
    assertEquals(await said(board, unbind("platform", "fakepcs", "fakepcs.0"), { env }), undefined);
  };
  {
    await using board = ordinary();
    await unknown(board, "the netdev of the connection", {});
    await unknown(board, "the netdev of the connection by ssh from 10.9.9.9", {
      SSH_CONNECTION: "10.9.9.9 1 10.8.8.8 22",
    });
    Deno.removeSync(`${board.root}/proc/self/mountinfo`, {});
    await unknown(board, "its root filesystem");
  }
  {
    await using board = overNetdev("tun0");
    board.netdev("tun0", {});
    await unknown(board, "what is below netdev tun0, which carries the connection");
  }
  {
    await using board = ordinary();
    board.mount("0:40", "/", "overlay", "overlay", "rw,lowerdir=/gone/lower,upperdir=/gone/up");
    await unknown(board, "the device of the root filesystem (its layer /gone/lower cannot be seen)");
  }
  {
    await using board = ordinary();
    board.mount("0:41", "/", "zfs", "tank/root");
    await unknown(board, "the device of the root filesystem (tank/root on /), a filesystem of type zfs");
  }
  {
    await using board = ordinary();
    board.block("43:0", "nbd0", {});
    board.mount("43:0", "/", "ext4", "/dev/nbd0");
    await unknown(board, "what is below nbd0, which carries the root filesystem");
  }
});

Deno.test("guard: without a complete answer a plan is refused; control characters of the board are printed escaped", async () => {
  const answers = [undefined, "", "device\t/sys/devices/x\tpci\t\ty\n", "target\t0\t/sys/devices/x\n"];
  for (const answer of answers) {
    const guard = new Guard({ board: "lab", transport: "ssh", ask: () => Promise.resolve(answer) });
    const error = await assertRejects(() => guard.check([planOf(DUT)]), RefusedError);
    assertStringIncludes(error.message, "the board did not answer");
    assertEquals(error.answered, false);
  }
  const evil = "target\t0\t/sys/d\ndevice\t/sys/d\tpci\t\t\x1b[2J\rroot\ndone\n";
  const guard = new Guard({ board: "lab", transport: "ssh", ask: () => Promise.resolve(evil) });
  const error = await assertRejects(() => guard.check([planOf(DUT)]), RefusedError);
  assertStringIncludes(error.message, "\\e[2J\\rroot");
  assertEquals(error.answered, true);
});

Deno.test("guard: the board is asked each question once, and nothing for a harmless plan", async () => {
  await using board = ordinary();
  let asked = 0;
  const ask = (script: string) => {
    asked++;
    return board.ask(script, SSH);
  };
  const guard = new Guard({ board: "lab", transport: "ssh", ask });
  await guard.check([planOf({ kind: "dev.show" }, { kind: "wait", ms: 1 })]);
  assertEquals(asked, 0);
  await guard.check([planOf(DUT), planOf(DUT, DUT)]);
  await guard.check([planOf(DUT)]);
  assertEquals(asked, 1);
  await assertRejects(() => guard.check([planOf(DUT), planOf({ kind: "wait", ms: 1 }, NIC)]), RefusedError, "step 2");
  assertEquals(asked, 2);
});

Deno.test("guard: lists what the board needs with the devices that carry it, and what twinlink could not find", async () => {
  await using board = ordinary();
  const guardOver = (transport: string, env: Record<string, string>) =>
    new Guard({ board: "lab", transport, ask: (script) => board.ask(script, env) });
  const { carried, unknown } = await guardOver("ssh", SSH).lifelines();
  const by = new Map(carried.map(({ what, by }) => [what, by]));
  assertEquals(by.get("the root filesystem (/dev/nvme0n1p1 on /)")?.includes("0000:00:02.0"), true);
  assertEquals(by.get("the connection by ssh from 10.0.0.9 (eth0)")?.includes("0000:01:00.0"), true);
  assertEquals(carried.some(({ by }) => by.includes("0000:00:03.0")), false);
  assertEquals(unknown, []);
  assertEquals((await guardOver("serial", { TG_TTY: "/dev/ttyS0" }).lifelines()).unknown, [
    "the device of the serial line /dev/ttyS0",
  ]);
  const silent = new Guard({ board: "lab", transport: "ssh", ask: () => Promise.resolve(undefined) });
  assertEquals(await silent.lifelines(), { carried: [], unknown: ["its devices (the board did not answer)"] });
});
