import { assertEquals } from "@std/assert";
import { BOOTED_ERAS, type BootedEraId, type EraId, ERAS, Machine, type Operation } from "../mod.ts";

const handle = "netdevsim/netdevsim10";
const health = { handle, reporter: "dummy" } as const;
const BREAK = "/sys/kernel/debug/netdevsim/netdevsim10/health/break_health";
const SNAPSHOT = "/sys/kernel/debug/netdevsim/netdevsim10/take_snapshot";

/** Requests about one instance. */
const ONE = {
  "dev.show": { kind: "dev.show", handle },
  "dev.info": { kind: "dev.info", handle },
  "dev.eswitch.show": { kind: "dev.eswitch.show", handle },
  "dev.eswitch.set": { kind: "dev.eswitch.set", handle, mode: "legacy" },
  "dev.selftests.show": { kind: "dev.selftests.show", handle },
  "port.show": { kind: "port.show", handle, port: 0 },
  "port.split": { kind: "port.split", handle, port: 0, count: 2 },
  "port.unsplit": { kind: "port.unsplit", handle, port: 0 },
  "param.show": { kind: "param.show", handle, name: "max_macs" },
  "resource.show": { kind: "resource.show", handle },
  "region.new": { kind: "region.new", handle, region: "dummy", snapshot: 1 },
  "region.dump": { kind: "region.dump", handle, region: "dummy", snapshot: 1 },
  "region.del": { kind: "region.del", handle, region: "dummy", snapshot: 1 },
  "trap.show": { kind: "trap.show", handle, name: "fid_miss" },
  "trap.set": { kind: "trap.set", handle, name: "source_mac_is_multicast", action: "trap" },
  "trap.policer.set": { kind: "trap.policer.set", handle, policer: 1, rate: 2000 },
  "sb.show": { kind: "sb.show", handle, sb: 0 },
  "health.show": { kind: "health.show", ...health },
  "health.set": { kind: "health.set", ...health, autoDump: true },
  "health.recover": { kind: "health.recover", ...health },
  "health.diagnose": { kind: "health.diagnose", ...health },
  "health.test": { kind: "health.test", ...health },
  "health.dump.show": { kind: "health.dump.show", ...health },
  "health.dump.clear": { kind: "health.dump.clear", ...health },
} as const satisfies Record<string, Operation>;

/** Dumps of all instances. */
const ALL = [
  "dev.show",
  "dev.info",
  "dev.selftests.show",
  "port.show",
  "param.show",
  "region.show",
  "trap.show",
  "trap.group.show",
  "trap.policer.show",
  "health.show",
  "sb.show",
  "linecard.show",
  "rate.show",
] as const;

type Request = keyof typeof ONE | `all ${(typeof ALL)[number]}`;

/**
 * The locks of each request, in their order, by the kernels' source. A request that is not named takes the lock of the instance.
 * An era that is not named takes the same locks as the era before it.
 * To 5.19 `devlink_mutex` is over all of it. 5.10: net/core/devlink.c, 6.1: net/devlink/leftover.c, later: net/devlink/.
 */
const SOURCE: { readonly [K in BootedEraId]?: { mutex: boolean; others: { [K in Request]?: string } } } = {
  "5.10": {
    mutex: true,
    others: {
      // DEVLINK_NL_FLAG_NO_LOCK in devlink_nl_ops[]
      "dev.eswitch.show": "",
      "dev.eswitch.set": "",
      "port.split": "",
      "port.unsplit": "",
      // The same, and devlink_health_reporter_get_from_attrs()
      "health.show": "reporters",
      "health.set": "reporters",
      "health.recover": "reporters",
      "health.diagnose": "reporters",
      "health.test": "reporters",
      "health.dump.clear": "reporters",
      // devlink_health_reporter_get_from_cb()
      "health.dump.show": "reporters",
      // devlink_nl_cmd_get_dumpit()
      "all dev.show": "",
      // devlink_nl_cmd_health_reporter_get_dumpit(): reporters of devices, then reporters of ports
      "all health.show": "reporters instance",
    },
  },
  "6.1": {
    mutex: false,
    others: {
      // devlink_health_reporter_get_from_cb()
      "health.dump.show": "reporters",
      "all health.show": "reporters instance",
      // devlink_nl_cmd_linecard_get_dumpit(): linecards_lock
      "all linecard.show": "",
    },
  },
  // devlink_nl_pre_doit(), devlink_nl_dumpit(), devlink_health_reporter_get_from_cb_lock()
  "6.12": { mutex: false, others: {} },
};

/** Returns the locks that an operation takes, in their order, without locks that are taken under the instance's lock. */
function taken(era: EraId, op: Operation): string {
  const machine = new Machine({ era });
  machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
  const locks: string[] = [];
  for (const { kind, what } of machine.task(op)) if (kind === "lock") locks.push(what);
  return locks.filter((name) => /^(netdevsim\/|devlink_mutex)/.test(name))
    .map((name) => name.startsWith("devlink_mutex") ? "mutex" : name.endsWith(" reporters") ? "reporters" : "instance")
    .join(" ");
}

Deno.test("the locks of each request, by era, match the kernel's source", () => {
  for (const [i, era] of BOOTED_ERAS.entries()) {
    const { mutex, others } = SOURCE[BOOTED_ERAS.slice(0, i + 1).findLast((id) => SOURCE[id])!]!;
    const lacks = ERAS[era].objects.lacks;
    const expected: Record<string, string> = {};
    const found: Record<string, string> = {};
    const hold = (request: Request, op: Operation) => {
      if (
        /selftests/.test(request) && lacks.includes("selftests") ||
        /linecard/.test(request) && lacks.includes("linecard")
      ) {
        return;
      }
      if (/rate/.test(request) && !ERAS[era].ports.rates) return;
      expected[request] = [...mutex ? ["mutex"] : [], others[request] ?? "instance"].join(" ").trim();
      found[request] = taken(era, op);
    };
    for (const [request, op] of Object.entries(ONE)) hold(request as Request, op);
    for (const kind of ALL) hold(`all ${kind}`, { kind });
    assertEquals(found, expected, era);
  }
});

Deno.test("the locks that drivers and files take outside of requests, by era", () => {
  const of = (path: string) =>
    (["5.10", "6.1", "6.12", "7.2"] as const).map((era) => taken(era, { kind: "file.write", path, value: "1" }));
  // devlink_region_snapshot_id_get() and devlink_region_snapshot_create(); from 6.0 on the region has a lock of its own
  assertEquals(of(SNAPSHOT), ["instance instance", "", "", ""]);
  // devlink_health_report(): for the recovery, and from 6.3 on for the dump
  assertEquals(of(BREAK), ["", "instance", "instance instance", "instance instance"]);
});

Deno.test("to 5.17 the eswitch makes ports without the lock of the instance, which each registration takes", () => {
  for (const era of ["5.15", "5.16", "5.18", "6.1", "6.12"] as const) {
    const machine = new Machine({ era });
    const numvfs = "/sys/bus/netdevsim/devices/netdevsim10/sriov_numvfs";
    const results = ([
      { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" },
      { kind: "file.write", path: numvfs, value: "2" },
      { kind: "dev.eswitch.set", handle, mode: "switchdev" },
      { kind: "file.write", path: numvfs, value: "0" },
      { kind: "file.write", path: numvfs, value: "1" },
      { kind: "dev.eswitch.set", handle, mode: "legacy" },
    ] as const).map((op) => machine.perform(op).result);
    assertEquals(results, Array(6).fill("ok"), era);
  }
});
