/** The law of a board, on boards that are made of files: what a plan may name, by each kind of name. */

import { assertEquals } from "@std/assert";
import { loadFacts } from "../../boards/mod.ts";
import type { Plan } from "../../diff/trace.ts";
import { MAC_WITH_PCS, macWithPcs } from "../../fixtures/mac_with_pcs.ts";
import { hardware } from "../../fixtures/hardware.ts";
import { netdevsim } from "../../fixtures/netdevsim.ts";
import type { Facts } from "../../model/facts.ts";
import type { Operation } from "../../model/operation.ts";
import { FakeSysfs } from "./_fake_sysfs.ts";
import { RefusedError } from "./guard.ts";
import { Law, type LawfulBoard } from "./law.ts";

const OWN = "pci/0000:03:00.0";
const NIC: LawfulBoard = { name: "lab", driver: "mlx5_core", handle: OWN };
const SIM: LawfulBoard = { name: "sim", driver: "netdevsim", handle: "netdevsim/netdevsim10" };

const planOf = (...operations: Operation[]): Plan => ({
  suite: "s",
  sequence: "q",
  source: "x",
  steps: operations.map((op, i) => ({ id: i + 1, phase: "body", op })),
});

/**
 * Returns a board with two cards of one driver; eth0 is on the second card. It also has a switch on the SoC's own bus, and a
 * netns of somebody else.
 */
function lab(): FakeSysfs {
  const board = new FakeSysfs();
  const own = board.device("pci0000:00/0000:00:01.0/0000:03:00.0", "pci", "mlx5_core");
  const other = board.device("pci0000:00/0000:00:02.0/0000:04:00.0", "pci", "mlx5_core");
  board.device("pci0000:00/0000:00:01.0", "pci", "pcieport");
  for (const [index, card] of [own, other].entries()) {
    board.device(`${card.slice("/sys/devices/".length)}/mlx5_core.rdma.${index}`, "auxiliary", "mlx5_ib.rdma");
    board.file(`${card}/sriov_numvfs`, "0");
    board.link(`/sys/class/infiniband/mlx5_${index}`, `${card}/infiniband/mlx5_${index}`);
    board.link(`${card}/subsystem_devices`, "/sys/bus/pci/devices");
  }
  board.netdev("eth1", { device: own });
  board.netdev("eth0", { device: other });
  board.netdev("lo", {});
  board.file("/sys/devices/platform/44050000.switch/uevent", "");
  board.link("/sys/bus/platform/devices/44050000.switch", "/sys/devices/platform/44050000.switch");
  board.link("/sys/module/mlx5_core/drivers/pci:mlx5_core", "/sys/bus/pci/drivers/mlx5_core");
  for (const card of ["0000:03:00.0", "0000:04:00.0"]) board.file(`/sys/kernel/debug/mlx5/${card}/cmd/in`, "");
  board.file("/sys/bus/pci/slots/4/power", "1");
  board.file("/sys/power/state", "");
  board.file("/run/netns/prod", "");
  return board;
}

/** The lab's devlink(8), for instances that have no device: index 0 is the board's own instance, index 1 another one. */
const DEVLINK = `devlink() {
case "$4" in
  devlink_index/0) echo '{"dev":{"${OWN}":{}}}' ;;
  devlink_index/1) echo '{"dev":{"pci/0000:04:00.0":{}}}' ;;
  *) return 1 ;;
esac
}
`;

/** The lab's modprobe and modinfo: mlx5_ib needs mlx5_core, which takes cards of the vendor 15b3. */
const MODULES = `modprobe() {
case "$*" in
  "-D mlx5_ib") echo "insmod /lib/modules/6/mlx5-core.ko.xz"; echo "insmod /lib/modules/6/mlx5_ib.ko debug=1" ;;
  "-D mlx5_core2") echo "insmod /lib/modules/6/mlx5-core.ko.xz" ;;
  "-D dummy") echo "insmod /lib/modules/6/dummy.ko" ;;
  *) return 1 ;;
esac
}
modinfo() {
case "$3" in
  */mlx5-core.ko.xz) echo 'pci:v000014E4d*'; echo 'pci:v000015B3d0000101[37]sv*sd*' ;;
  */dummy.ko) echo 'rtnl-link-dummy' ;;
esac
}
`;

interface Asked {
  iKnow?: string[];
  board?: LawfulBoard;
  facts?: Facts;
  lab?: FakeSysfs;
  requires?: string[];
}

/** Returns the law's refusal of operations; undefined if they pass. */
async function said(operations: Operation | Operation[], asked: Asked = {}): Promise<string | undefined> {
  await using own = asked.lab ? undefined : lab();
  const files = asked.lab ?? own!;
  const law = new Law({
    board: asked.board ?? NIC,
    facts: asked.facts,
    iKnow: asked.iKnow ?? [],
    ask: (script) => files.ask(DEVLINK + MODULES + script, {}),
  });
  const { requires } = asked;
  try {
    await law.check([{ ...planOf(...[operations].flat()), ...(requires ? { requires } : {}) }]);
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return error.message;
  }
}

const refused = (what: string, step = 1) =>
  `Cannot run "s > q" on board "lab": step ${step} ${what}, and the board's handle is ${OWN}`;

const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });

Deno.test("law: another devlink instance is refused in each place where an operation names one", async () => {
  const other = "pci/0000:04:00.0";
  const reload: Operation = { kind: "dev.reload", handle: other };
  const show: Operation = { kind: "dev.show" };
  for (
    const op of [
      reload,
      { kind: "dev.show", handle: other },
      { kind: "link.set", handle: other, port: 0, up: false },
      { kind: "during", operation: reload, poll: show },
      { kind: "during", operation: show, poll: { kind: "port.show", handle: other } },
      { kind: "listen", handle: other, operation: show },
      { kind: "rounds", times: 2, operations: [show], meanwhile: [reload] },
      { kind: "race", racers: [{ operations: [reload] }], runs: 1, seed: 1, before: [], after: [], shown: [] },
    ] satisfies Operation[]
  ) {
    assertEquals(await said(op), refused(`names ${other}`), JSON.stringify(op));
    assertEquals(await said(JSON.parse(JSON.stringify(op).replaceAll(other, OWN))), undefined, JSON.stringify(op));
  }
  const n1: Operation[] = [{ kind: "netns.add", name: "n1" }, { kind: "netns.del", name: "n1", until: other }];
  assertEquals(await said(n1), refused(`names ${other}`, 2));
  assertEquals(await said({ kind: "dev.reload", handle: "devlink_index/1" }), refused("names devlink_index/1"));
  assertEquals(await said({ kind: "dev.reload", handle: "devlink_index/0" }), undefined);
});

Deno.test("law: a name that does not exist on the board is accepted", async () => {
  for (
    const op of [
      { kind: "dev.show", handle: "pci/0000:ff:1f.7" },
      { kind: "dev.show", handle: "devlink_index/99" },
      { kind: "netdev.show", dev: "nosuch" },
      { kind: "netns.del", name: "nonetns" },
      write("/sys/bus/pci/drivers/mlx5_core/unbind", "0000:ff:1f.7"),
      write("/sys/bus/pci/devices/0000:ff:1f.7/remove", "1"),
      write("/sys/kernel/debug/nosuch/file", "1"),
    ] satisfies Operation[]
  ) assertEquals(await said(op), undefined, JSON.stringify(op));
});

Deno.test("law: only netdevs of the own device may be named", async () => {
  for (
    const op of [
      { kind: "netdev.set", dev: "eth0", up: false },
      { kind: "netdev.show", dev: "eth0" },
      { kind: "ethtool.restart", dev: "eth0" },
      { kind: "route.add", dev: "eth0", prefix: "192.0.2.0/24" },
      { kind: "file.read", path: "/sys/class/net/eth0/carrier" },
      write("/sys//class/./net/eth0/mtu", "9000"),
      write("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "1"),
    ] satisfies Operation[]
  ) {
    assertEquals(await said(op), refused("names netdev eth0"), JSON.stringify(op));
    assertEquals(await said(JSON.parse(JSON.stringify(op).replaceAll("eth0", "eth1"))), undefined, JSON.stringify(op));
  }
  assertEquals(await said({ kind: "route.add", dev: "lo", prefix: "192.0.2.0/24" }), undefined);
  assertEquals(await said({ kind: "netdev.set", dev: "lo", up: false }), refused("names netdev lo"));
  assertEquals(await said(write("/proc/sys/net/ipv4/conf/all/forwarding", "1")), undefined);
  // A new name of the own port, given by the plan; and any name in a netns that the plan adds.
  const rename: Operation = { kind: "link.rename", handle: OWN, port: 0, name: "eth0" };
  assertEquals(await said([rename, { kind: "netdev.show", dev: "eth0" }]), undefined);
  const inside: Operation = { kind: "netdev.set", dev: "eth0", up: true, netns: "n1" };
  assertEquals(await said([{ kind: "netns.add", name: "n1" }, inside]), undefined);
});

Deno.test("law: netdevs and nested instances in the facts need no answer of the board", async () => {
  const facts = await loadFacts(new URL("../../boards/examples/connectx-7-ssh.facts.json", import.meta.url).pathname);
  const law = new Law({ board: NIC, facts, ask: () => Promise.reject(new Error("the board is not to be asked")) });
  await law.check([planOf(
    { kind: "netdev.show", dev: "eth1" },
    { kind: "port.show", handle: "auxiliary/mlx5_core.eth.0" },
    { kind: "dev.reload", handle: OWN },
    { kind: "dev.show" },
    write("/sys/bus/pci/drivers/mlx5_core/unbind", "0000:03:00.0"),
    write("/sys/bus/pci/devices/0000:03:00.0/sriov_numvfs", "2"),
    { kind: "file.read", path: "/sys/kernel/debug/mlx5/0000:03:00.0/cmd/in" },
    write("/lib/firmware/fw.bin", "x"),
    { kind: "netns.add", name: "n1" },
    { kind: "netns.del", name: "n1" },
  )]);
});

Deno.test("law: other bus addresses are refused in any file", async () => {
  const drivers = "/sys/bus/pci/drivers/mlx5_core";
  for (
    const [path, value, what] of [
      [`${drivers}/unbind`, "0000:04:00.0", "names pci/0000:04:00.0"],
      [`${drivers}/bind`, " 0000:04:00.0 ", "names pci/0000:04:00.0"],
      ["/sys/bus/pci/drivers_probe", "0000:04:00.0", "names pci/0000:04:00.0"],
      ["/sys/bus/auxiliary/drivers/mlx5_ib.rdma/unbind", "mlx5_core.rdma.1", "names auxiliary/mlx5_core.rdma.1"],
      ["/sys/bus/pci/devices/0000:04:00.0/reset", "1", 'writes "1" to /sys/bus/pci/devices/0000:04:00.0/reset'],
      [
        "/sys/bus/pci/devices/0000:03:00.0/../../0000:00:02.0/0000:04:00.0/remove",
        "1",
        'writes "1" to /sys/bus/pci/devices/0000:03:00.0/../../0000:00:02.0/0000:04:00.0/remove',
      ],
      [
        "/sys/bus/pci/devices/0000:03:00.0/driver/0000:04:00.0/remove",
        "1",
        'writes "1" to /sys/bus/pci/devices/0000:03:00.0/driver/0000:04:00.0/remove',
      ],
      [
        "/sys/bus/pci/devices/0000:03:00.0/driver/unbind",
        "0000:04:00.0",
        'writes "0000:04:00.0" to /sys/bus/pci/devices/0000:03:00.0/driver/unbind',
      ],
      [
        "/sys/module/mlx5_core/drivers/pci:mlx5_core/unbind",
        "0000:04:00.0",
        'writes "0000:04:00.0" to /sys/module/mlx5_core/drivers/pci:mlx5_core/unbind',
      ],
      [
        "/sys/devices/pci0000:00/0000:00:02.0/0000:04:00.0/sriov_numvfs",
        "2",
        'writes "2" to /sys/devices/pci0000:00/0000:00:02.0/0000:04:00.0/sriov_numvfs',
      ],
      // The bridge above would take the own device with it, but is not the own device.
      [
        "/sys/bus/pci/devices/0000:00:01.0/remove",
        "1",
        'writes "1" to /sys/bus/pci/devices/0000:00:01.0/remove',
      ],
      ["/sys/class/net/eth0/device/remove", "1", 'writes "1" to /sys/class/net/eth0/device/remove'],
      ["/sys/class/infiniband/mlx5_1/node_desc", "x", 'writes "x" to /sys/class/infiniband/mlx5_1/node_desc'],
      ["/sys/kernel/debug/mlx5/0000:04:00.0/cmd/in", "x", 'writes "x" to /sys/kernel/debug/mlx5/0000:04:00.0/cmd/in'],
      ["/sys/bus/pci/slots/4/power", "0", 'writes "0" to /sys/bus/pci/slots/4/power'],
      [
        "/sys/bus/platform/devices/44050000.switch/driver_override",
        "x",
        'writes "x" to /sys/bus/platform/devices/44050000.switch/driver_override',
      ],
    ] as const
  ) assertEquals(await said(write(path, value)), refused(what), path);
});

Deno.test("law: everything below the own device in sysfs is own, by any path", async () => {
  for (
    const [path, value] of [
      ["/sys/bus/pci/drivers/mlx5_core/unbind", "0000:03:00.0"],
      ["/sys/bus/auxiliary/drivers/mlx5_ib.rdma/unbind", "mlx5_core.rdma.0"],
      ["/sys/bus/pci/devices/0000:03:00.0/driver/unbind", "0000:03:00.0"],
      ["/sys/module/mlx5_core/drivers/pci:mlx5_core/unbind", "0000:03:00.0"],
      ["/sys/devices/pci0000:00/0000:00:01.0/0000:03:00.0/sriov_numvfs", "2"],
      ["/sys/class/net/eth1/device/sriov_numvfs", "2"],
      ["/sys/class/infiniband/mlx5_0/node_desc", "x"],
      ["/sys/kernel/debug/mlx5/0000:03:00.0/cmd/in", "x"],
      ["/sys/bus/pci/drivers_autoprobe", "0"],
      ["/sys/module/mlx5_core/parameters/debug_mask", "1"],
    ] as const
  ) assertEquals(await said(write(path, value)), undefined, path);
});

Deno.test("law: a netns of somebody else is refused", async () => {
  assertEquals(await said({ kind: "netns.del", name: "prod" }), refused("names netns prod"));
  assertEquals(await said({ kind: "dev.show", netns: "prod" }), refused("names netns prod"));
  assertEquals(await said({ kind: "file.remove", path: "/run/netns/prod" }), refused("names netns prod"));
  assertEquals(await said([{ kind: "netns.add", name: "prod" }, { kind: "netns.del", name: "prod" }]), undefined);
});

Deno.test("law: on a board whose driver is netdevsim, a plan may create its own devices", async () => {
  const { setup, teardown } = netdevsim({ ports: 2, netns: ["n1"], firmware: ["fw"] });
  const plan = [...setup, write("/sys/bus/netdevsim/new_device", "11 1"), ...teardown];
  const uses: Operation[] = [
    { kind: "dev.reload", handle: "netdevsim/netdevsim11" },
    write("/sys/bus/netdevsim/drivers/netdevsim/unbind", "netdevsim11"),
    write("/sys/bus/netdevsim/devices/netdevsim11/new_port", "3"),
    write("/sys/kernel/debug/netdevsim/netdevsim11/fail_reload", "Y"),
  ];
  await using files = lab();
  // A device of somebody else, or one that an interrupted run has left.
  files.device("netdevsim11", "netdevsim", "netdevsim");
  files.file("/sys/kernel/debug/netdevsim/netdevsim11/fail_reload", "N");
  assertEquals(await said([...plan, ...uses], { board: SIM, lab: files }), undefined);
  const why = (what: string) =>
    `Cannot run "s > q" on board "sim": step 1 ${what}, and the board's handle is netdevsim/netdevsim10`;
  assertEquals(await said(uses[0]!, { board: SIM, lab: files }), why("names netdevsim/netdevsim11"));
  assertEquals(await said(uses[1]!, { board: SIM, lab: files }), why("names netdevsim/netdevsim11"));
  assertEquals(
    await said(uses[3]!, { board: SIM, lab: files }),
    why('writes "Y" to /sys/kernel/debug/netdevsim/netdevsim11/fail_reload'),
  );
  assertEquals(
    await said(write("/sys/bus/netdevsim/del_device", "11"), { board: SIM, lab: files }),
    why("names netdevsim/netdevsim11"),
  );
  assertEquals(await said(plan, { lab: files }), refused("makes a device of netdevsim", 3));
});

Deno.test("law: devices and netdevs of the modules in fixtures/pcs are own", async () => {
  const { setup, teardown } = macWithPcs();
  await using files = lab();
  files.device("platform/fakemac.0", "platform", "fakemac");
  files.device("platform/fakepcs.0", "platform", "fakepcs");
  files.netdev("fm0", { device: "/sys/devices/platform/fakemac.0" });
  files.file("/sys/kernel/debug/fakemac/fm0/cable", "1");
  const body: Operation[] = [
    write(MAC_WITH_PCS.unbind("fakepcs"), "fakepcs.0"),
    { kind: "netdev.set", dev: "fm0", up: true },
    write(MAC_WITH_PCS.cable("fm0"), "0"),
  ];
  assertEquals(await said([...setup, ...body, ...teardown], { lab: files }), undefined);
  assertEquals(await said(body, { lab: files }), refused("names platform/fakepcs.0"));
});

Deno.test("law: a MAC and a PCS in the board's file are own, and so is hardware that it lists", async () => {
  const board: LawfulBoard = {
    name: "lab",
    driver: "mlx5_core",
    handle: OWN,
    pcs: {
      design: "none",
      mac: { bus: "platform", driver: "mac", device: "44050000.switch" },
      pcs: { bus: "pci", driver: "pcs", device: "0000:04:00.0" },
      netdev: "eth0",
    },
  };
  const own: Operation[] = [
    { kind: "netdev.set", dev: "eth0", up: false },
    write("/sys/bus/platform/drivers/mac/unbind", "44050000.switch"),
    write("/sys/bus/pci/drivers/pcs/unbind", "0000:04:00.0"),
  ];
  assertEquals(await said(own, { board }), undefined);
  const rebound = [...hardware("rzn1_miic").teardown];
  const requires = ["rzn1_miic"];
  assertEquals(await said(rebound, { requires }), refused("names platform/44050000.switch", 2));
  assertEquals(await said(rebound, { requires, board: { ...NIC, capabilities: ["rzn1_miic"] } }), undefined);
  assertEquals(
    await said(rebound, { board: { ...NIC, capabilities: ["rzn1_miic"] } }),
    refused("names platform/44050000.switch", 2),
  );
});

Deno.test("law: without a complete answer, names that are not known to be own are refused", async () => {
  for (const answer of [undefined, "", "0\tperhaps\n", "7\town\n"]) {
    const law = new Law({ board: NIC, facts: undefined, ask: () => Promise.resolve(answer) });
    const error = await law.check([planOf({ kind: "netdev.show", dev: "eth1" })]).catch((error) => error);
    assertEquals(
      [error.name, error.answered, error.message],
      [
        "RefusedError",
        false,
        `Cannot run "s > q" on board "lab": step 1 names netdev eth1, and the board does not tell what that is; ` +
        `the board's handle is ${OWN}`,
      ],
    );
  }
});

Deno.test("law: names are quoted for the board's shell, and safe to print", async () => {
  await using files = lab();
  const evil = `eth0; touch ${files.root}/pwned; \u001b[2J$(touch ${files.root}/pwned)`;
  assertEquals(await said({ kind: "netdev.show", dev: evil }, { lab: files }), undefined);
  assertEquals(await said({ kind: "dev.show", handle: `pci/${evil}` }, { lab: files }), undefined);
  assertEquals([...Deno.readDirSync(files.root)].some(({ name }) => name === "pwned"), false);
  const law = new Law({ board: NIC, facts: undefined, ask: () => Promise.resolve(undefined) });
  const error = await law.check([planOf({ kind: "netdev.show", dev: evil })]).catch((error) => error);
  assertEquals(["\u001b", "\n"].some((character) => error.message.includes(character)), false);
});

Deno.test("law: the board is asked about a name only once", async () => {
  await using files = lab();
  let asked = 0;
  const law = new Law({
    board: NIC,
    facts: undefined,
    ask: (script) => {
      asked++;
      return files.ask(DEVLINK + script, {});
    },
  });
  const plan = planOf({ kind: "netdev.show", dev: "eth1" });
  await law.check([plan, plan]);
  await law.check([plan]);
  assertEquals(asked, 1);
});

Deno.test("law: a plan may name what the user allowed, and what is below it, and nothing else", async () => {
  const unbind = write("/sys/bus/pci/drivers/mlx5_core/unbind", "0000:04:00.0");
  for (const name of ["0000:04:00.0", "pci/0000:04:00.0"]) {
    const iKnow = [name];
    assertEquals(await said(unbind, { iKnow }), undefined);
    assertEquals(await said({ kind: "dev.reload", handle: "pci/0000:04:00.0" }, { iKnow }), undefined);
    assertEquals(await said({ kind: "netdev.set", dev: "eth0", up: false }, { iKnow }), undefined);
    assertEquals(await said(write("/sys/class/net/eth0/device/sriov_numvfs", "2"), { iKnow }), undefined);
  }
  const iKnow = ["eth0"];
  assertEquals(await said({ kind: "netdev.set", dev: "eth0", up: false }, { iKnow }), undefined);
  assertEquals(await said(unbind, { iKnow }), refused("names pci/0000:04:00.0"));
});

Deno.test("law: a module is unloaded only if no other device uses its drivers", async () => {
  const unload = (name: string): Operation => ({ kind: "module.unload", name });
  // Both cards use mlx5_core: unloading it would take the other card, too.
  const shared = refused("unloads mlx5_core, which other devices use, too");
  assertEquals(await said(unload("mlx5_core")), shared);
  assertEquals(await said(unload("mlx5-core")), shared);
  assertEquals(await said(unload("nosuch")), undefined);
  await using alone = lab();
  alone.link("/sys/module/pcieport/drivers/pci:pcieport", "/sys/bus/pci/drivers/pcieport");
  const bridge = { ...NIC, handle: "pci/0000:00:01.0" };
  assertEquals(await said(unload("pcieport"), { lab: alone, board: bridge }), undefined);
});

Deno.test("law: a module is loaded only if it and the modules that it needs take no other device", async () => {
  const load = (name: string): Operation => ({ kind: "module.load", name });
  const taken = (name: string) => refused(`loads ${name}, which takes other devices`);
  // A loaded module stays as it is. A module that the board lacks cannot be loaded.
  for (const name of ["mlx5_core", "nosuch", "dummy", "mlx5_ib"]) assertEquals(await said(load(name)), undefined, name);
  await using free = lab();
  const card = free.device("pci0000:00/0000:00:03.0/0000:05:00.0", "pci");
  free.file(`${card}/modalias`, "pci:v000015B3d00001013sv0sd0");
  assertEquals(await said(load("mlx5_ib"), { lab: free }), taken("mlx5_ib"));
  assertEquals(await said(load("mlx5-core2"), { lab: free }), taken("mlx5_core2"));
  assertEquals(await said(load("dummy"), { lab: free }), undefined);
  assertEquals(await said(load("mlx5_ib"), { lab: free, iKnow: ["0000:05:00.0"] }), undefined);
  // A device that has a driver stays with it.
  free.link(`${card}/driver`, "/sys/bus/pci/drivers/vfio-pci");
  assertEquals(await said(load("mlx5_ib"), { lab: free }), undefined);
  await using own = lab();
  own.file("/sys/bus/pci/devices/0000:05:00.0/modalias", "pci:v000015B3d00001013sv0sd0");
  assertEquals(await said(load("mlx5_ib"), { lab: own, board: { ...NIC, handle: "pci/0000:05:00.0" } }), undefined);
});
