import { assert, assertEquals, assertThrows } from "@std/assert";
import { BOOTED_ERAS, type EraId, Machine, ModelGap, type Operation, type TreeDirectory } from "./mod.ts";
import { FILE_GAPS } from "./file_gaps.ts";
import { KNOBS, PART_KNOBS } from "./drivers/netdevsim/data.ts";

const DEBUGFS = "/sys/kernel/debug/netdevsim/netdevsim10";

function booted(era: EraId): Machine {
  const machine = new Machine({ era });
  machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 2" });
  return machine;
}

/** Returns the result of an operation; `gap` if the model has no answer. */
function outcome(machine: Machine, op: Operation): string {
  try {
    return machine.perform(op).result;
  } catch (error) {
    if (error instanceof ModelGap) return "gap";
    throw error;
  }
}

/** Returns all files below a directory, without links. */
function* filesBelow(directory: TreeDirectory, path: string): Generator<string> {
  for (const [name, node] of directory.entries()) {
    if (node.type === "file") yield `${path}/${name}`;
    else if (node.type === "dir") yield* filesBelow(node, `${path}/${name}`);
  }
}

/** Files whose writes are modelled, by the last part or parts of their path. */
const TAKEN = new Set([
  "new_device",
  "del_device",
  "link_device",
  "unlink_device",
  "bind",
  "unbind",
  "drivers_autoprobe",
  "drivers_probe",
  "new_port",
  "del_port",
  "sriov_numvfs",
  "max_vfs",
  "take_snapshot",
  "trap_flow_action_cookie",
  "break_health",
  ...[...KNOBS, ...PART_KNOBS].map(({ path }) => path.replace(/^.*\//, "")),
]);

for (const era of BOOTED_ERAS) {
  Deno.test(`every file of ${era}: a write is accepted, refused as on a kernel, or a gap; none is accepted without a model`, () => {
    const paths = [...filesBelow(booted(era).sysfs(), "/sys")];
    assert(paths.length > 120, `${paths.length} files`);
    const wrong = paths.flatMap((path) => {
      // No file understands this value: a file that accepts it all the same ignores the value
      const result = outcome(booted(era), { kind: "file.write", path, value: "?" });
      const modelled = TAKEN.has(path.slice(path.lastIndexOf("/") + 1));
      const named = FILE_GAPS.findIndex(({ files }) => files.test(path)) < FILE_GAPS.length - 2;
      return modelled
        ? (result === "gap" ? [`${path}: ${result}`] : [])
        : (result === "EACCES" || (result === "gap" && named))
        ? []
        : [`${path}: ${result}`];
    });
    assertEquals(wrong, []);
  });

  Deno.test(`every file of ${era}: a read has an answer or is a gap; no existing file is reported as missing`, () => {
    const machine = booted(era);
    const results = [...filesBelow(machine.sysfs(), "/sys")].map((
      path,
    ) => [path, outcome(machine, { kind: "file.read", path })]);
    assertEquals(
      results.filter(([, result]) => !["ok", "gap", "EACCES", "EINVAL", "EOPNOTSUPP"].includes(result!)),
      [],
    );
  });
}

/** Operations that a kernel performs and the model has no answer for; the last ones are those that the model can answer. */
const OPERATIONS: readonly (readonly [result: string, op: Operation])[] = [
  ["ok", { kind: "file.write", path: `${DEBUGFS}/fib/fail_route_delete`, value: "Y" }],
  ["ok", { kind: "file.write", path: `${DEBUGFS}/fib/fail_route_offload`, value: "1" }],
  ["ok", { kind: "file.write", path: `${DEBUGFS}/udp_ports_shared`, value: "on" }],
  ["gap", { kind: "file.write", path: `${DEBUGFS}/fib/nexthop_bucket_activity`, value: "1 0" }],
  ["gap", { kind: "file.write", path: `${DEBUGFS}/ports/0/ethtool/get_err`, value: "95" }],
  ["gap", { kind: "file.write", path: `${DEBUGFS}/psample/enable`, value: "Y" }],
  ["gap", { kind: "file.write", path: "/sys/class/net/eth1/mtu", value: "1400" }],
  ["gap", { kind: "file.write", path: "/sys/class/net/eth1/carrier", value: "1" }],
  ["gap", { kind: "file.read", path: "/sys/class/net/eth1/statistics/rx_bytes" }],
  ["gap", { kind: "file.read", path: "/sys/bus/pci/devices" }],
  ["gap", { kind: "file.write", path: "/proc/sys/net/ipv4/ip_forward", value: "1" }],
  ["gap", { kind: "file.read", path: "/etc/hostname" }],
  ["gap", { kind: "file.remove", path: "/tmp/x" }],
  ["gap", { kind: "file.read", path: "/run/netns/t1" }],
  ["gap", { kind: "route.add", prefix: "fd00::/64", dev: "lo" }],
  ["gap", { kind: "route.add", prefix: "default", dev: "lo" }],
  ["gap", { kind: "route.add", prefix: "10/8", dev: "lo" }],
  ["gap", { kind: "route.del", prefix: "10.0.2.0/24", dev: "eth0" }],
  ["gap", { kind: "netdev.set", dev: "eth0", up: false }],
  ["gap", { kind: "ethtool.show", dev: "lo" }],
  ["gap", { kind: "module.load", name: "dummy" }],
  ["gap", { kind: "module.unload", name: "virtio_net" }],
  ["gap", { kind: "module.load", name: "netdevsim", params: { x: 1 } }],
  ["gap", { kind: "netns.add", name: "init" }],
  ["gap", { kind: "during", operation: { kind: "wait", ms: 1 }, poll: { kind: "ethtool.show", dev: "lo" } }],
  ["gap", { kind: "rounds", times: 1, operations: [{ kind: "module.load", name: "dummy" }] }],
  ["ok", { kind: "file.write", path: `${DEBUGFS}/fib/fail_route_delete`, value: "N" }],
  ["ok", { kind: "file.write", path: `${DEBUGFS}/fib/fail_route_delete`, value: "what" }],
  ["ok", { kind: "file.write", path: `${DEBUGFS}/bpf_bind_accept`, value: "N" }],
  ["ok", { kind: "file.read", path: `${DEBUGFS}/ports/1/ethtool/ring/rx_max_pending` }],
  ["ok", { kind: "file.read", path: "/sys/class/net/eth1/device/net/eth2/operstate" }],
  ["ENOENT", { kind: "file.read", path: `${DEBUGFS}/nosuch` }],
  ["ENOENT", { kind: "file.read", path: "/sys/bus/netdevsim/nosuch" }],
  ["ENOENT", { kind: "file.read", path: "/sys/class/net/nosuch/mtu" }],
  ["EACCES", { kind: "file.write", path: `${DEBUGFS}/nosuch`, value: "1" }],
  ["EACCES", { kind: "file.write", path: "/sys/class/net/eth1/ifindex", value: "1" }],
  ["EISDIR", { kind: "file.write", path: "/sys/bus/netdevsim/devices", value: "1" }],
  ["client", { kind: "route.add", prefix: "10.1.1.0/33", dev: "lo" }],
  ["client", { kind: "nexthop.add", id: 2 ** 32 }],
  ["ok", { kind: "netdev.set", dev: "eth0", up: true }],
];

for (const [result, op] of OPERATIONS) {
  Deno.test(`${JSON.stringify(op).slice(0, 140)}: ${result}; a gap changes nothing`, () => {
    const machine = booted("6.12");
    machine.perform({ kind: "netns.add", name: "t1" });
    const before = JSON.stringify(machine.inventory(), bigint);
    assertEquals(outcome(machine, op), result);
    if (result === "gap") assertEquals(JSON.stringify(machine.inventory(), bigint), before);
    // No lock is left held
    assertEquals(outcome(machine, { kind: "dev.reload", handle: "netdevsim/netdevsim10" }), "ok");
    assertEquals(outcome(machine, { kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: "10" }), "ok");
  });
}

const bigint = (_key: string, value: unknown) => typeof value === "bigint" ? String(value) : value;

Deno.test("fail_route_delete: each removal of a route is a gap, adding a route is not", () => {
  const handle = "netdevsim/netdevsim10";
  const knob = (value: string): Operation => ({ kind: "file.write", path: `${DEBUGFS}/fib/fail_route_delete`, value });
  const link = (up: boolean): Operation => ({ kind: "link.set", handle, port: 0, up });
  const route = (kind: "route.add" | "route.del"): Operation => ({ kind, prefix: "10.9.0.0/16", dev: "lo" });
  const goes: readonly Operation[] = [
    link(false),
    { kind: "link.move", handle, port: 0, to: "t1" },
    { kind: "dev.reload", handle },
    { kind: "dev.eswitch.set", handle, mode: "switchdev" },
    { kind: "file.write", path: "/sys/bus/netdevsim/devices/netdevsim10/del_port", value: "0" },
    { kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: "10" },
    { kind: "file.write", path: "/sys/bus/netdevsim/drivers/netdevsim/unbind", value: "netdevsim10" },
    { kind: "module.unload", name: "netdevsim" },
  ];
  for (const op of goes) {
    const machine = booted("6.12");
    for (const one of [{ kind: "netns.add", name: "t1" } as const, route("route.add"), knob("Y"), link(true)]) {
      assertEquals(outcome(machine, one), "ok");
    }
    assertEquals([op.kind, outcome(machine, op)], [op.kind, "gap"]);
    assertEquals(outcome(machine, route("route.del")), "gap");
    assertEquals(outcome(machine, { kind: "netdev.set", dev: "lo", up: false }), "gap");
    assertEquals(outcome(machine, knob("N")), "ok");
    assertEquals(outcome(machine, route("route.del")), "ok");
    assertEquals([op.kind, outcome(machine, op)], [op.kind, "ok"]);
  }
});

Deno.test("fail_route_offload: after it is set, the flags of routes are a gap", () => {
  const machine = booted("6.12");
  assertEquals(machine.offloads(), true);
  machine.perform({ kind: "file.write", path: `${DEBUGFS}/fib/fail_route_offload`, value: "Y" });
  assertThrows(() => machine.offloads(), ModelGap);
});

Deno.test("udp_ports_shared and udp_ports_open_only: each alone is accepted, both together are a gap", () => {
  const machine = booted("6.12");
  const set = (knob: string): Operation => ({ kind: "file.write", path: `${DEBUGFS}/${knob}`, value: "Y" });
  assertEquals([set("udp_ports_shared"), set("udp_ports_open_only")].map((op) => outcome(machine, op)), ["ok", "gap"]);
});

Deno.test("a gap is reported with the request and the reason, in one line", () => {
  assertThrows(
    () => booted("6.12").perform({ kind: "module.load", name: "dummy" }),
    ModelGap,
    "not modelled: modprobe dummy: the board decides which other modules exist",
  );
});
