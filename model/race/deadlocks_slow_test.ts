/** Tests that the explorer finds each deadlock of docs/semantics.md 2.4; the explorer knows none of them in advance. */

import { assert, assertEquals } from "@std/assert";
import type { ExploreOptions } from "./explore.ts";
import type { Explored } from "./explored.ts";
import { BOOTED_ERAS, type EraId, type HardwareId, Machine, type Operation } from "../mod.ts";
import { exploreRace, type Race, type Racer } from "./race.ts";
import type { Design } from "../era/design.ts";

const NSIM = "netdevsim/netdevsim10";
const MLX5 = "pci/0000:08:00.0";
const MLXSW = "pci/0000:01:00.0";
const SUBFUNCTION = "auxiliary/mlx5_core.sf.4";

const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });
const reload = (handle: string): Operation => ({ kind: "dev.reload", handle });
const newDevice = write("/sys/bus/netdevsim/new_device", "10 1");
const newPort = write("/sys/bus/netdevsim/devices/netdevsim10/new_port", "5");
const delDevice = write("/sys/bus/netdevsim/del_device", "10");
const racer = (name: string, ...operations: Operation[]): Racer => ({ name, operations });

interface Setting {
  era: EraId;
  hardware?: HardwareId;
  design?: Design;
  before?: readonly Operation[];
}

function race(
  { era, hardware, design, before = [newDevice] }: Setting,
  racers: readonly Racer[],
  timers = false,
): Race {
  return {
    setUp(lockdep) {
      const machine = new Machine({
        era,
        lockdep,
        ...(hardware ? { hardware: [hardware] } : {}),
        ...(design ? { design } : {}),
      });
      for (const op of hardware ? before.filter((each) => each !== newDevice) : before) machine.perform(op);
      return machine;
    },
    racers,
    timers,
  };
}

/** Explores a race, and asserts that all schedules were explored. */
function found(
  setting: Setting,
  racers: readonly Racer[],
  options: ExploreOptions & { timers?: boolean } = {},
): Explored {
  const explored = exploreRace(race(setting, racers, options.timers), options);
  assert(explored.exhausted, `not exhausted after ${explored.schedules}`);
  return explored;
}

const deadlocks = (explored: Explored) =>
  explored.findings.filter(({ kind }) => kind === "deadlock").map(({ text }) => text).sort();
const findings = (explored: Explored) => explored.findings.map(({ kind, text }) => `${kind}: ${text}`).sort();

Deno.test("D1: a reload holds the instance's lock and registers objects, and the registration takes the lock, too", async (t) => {
  const oldApi: Design = { lockRegime: "instance", locks: { registration: "takes" } };
  for (const [handle, hardware] of [[NSIM, undefined], [MLXSW, "mlxsw"]] as const) {
    const of = (era: EraId, design?: Design) =>
      found({ era, ...(hardware ? { hardware } : {}), ...(design ? { design } : {}) }, [
        racer("reload", reload(handle)),
      ]);
    await t.step(`${handle}: waits for itself`, () => {
      assertEquals(deadlocks(of("6.1", oldApi)), [`reload waits for ${handle}, held by reload`]);
    });
    await t.step(`${handle}: no finding in the regimes of kernels, nor if the lock is marked as held`, () => {
      for (const era of BOOTED_ERAS) assertEquals(findings(of(era)), []);
      for (const lockRegime of ["global_mutex", "global_plus_devl", "instance", "instance_plus_device"] as const) {
        assertEquals(findings(of("6.1", { lockRegime })), [], lockRegime);
      }
      assertEquals(findings(of("6.1", { lockRegime: "rfc_nested_mark" })), []);
    });
  }
});

Deno.test("D1, C08: a mark shows that some task holds the lock: another task then registers without it", () => {
  const explored = found({ era: "6.1", design: { lockRegime: "rfc_nested_mark" } }, [
    racer("reload", reload(NSIM)),
    racer("new_port", newPort),
  ]);
  const race = explored.findings.find(({ text }) => text.includes("unlocked_register_during_marked_command"));
  assertEquals(race?.kind, "assertion");
  for (const lockRegime of ["instance", "instance_plus_device", "global_plus_devl"] as const) {
    const others = found({ era: "6.1", design: { lockRegime } }, [
      racer("reload", reload(NSIM)),
      racer("new_port", newPort),
    ]);
    assertEquals(findings(others), [], lockRegime);
  }
});

Deno.test("D2: netdevsim's own lock for its ports, and a reload that holds the instance's lock", async (t) => {
  const racers = [racer("reload", reload(NSIM)), racer("new_port", newPort)];
  await t.step("the two locks are taken in both orders if a reload holds the instance's lock", () => {
    const taking = exploreRace(
      race({ era: "6.1", design: { lockRegime: "rfc_nested_mark", locks: { portListLock: true } } }, racers),
    );
    assertEquals(deadlocks(taking), [
      `reload waits for port_list_lock of netdevsim10, held by new_port; new_port waits for ${NSIM}, held by reload`,
    ]);
  });
  await t.step("no finding in 5.10, where sysfs disables reloads, which then fail", () => {
    const explored = found({ era: "5.10" }, racers);
    assertEquals(findings(explored), []);
    const results = new Set([...explored.outcomes.keys()].map((outcome) => JSON.parse(outcome).results[0][0]));
    assertEquals([...results].sort(), ["EOPNOTSUPP", "ok"]);
  });
  await t.step("no finding from 5.18 on, where both take the instance's lock", () => {
    for (const era of ["6.1", "6.12", "7.2", "7.3"] as const) assertEquals(findings(found({ era }, racers)), []);
  });
});

const seed003 = (handle: string): Operation[] => [
  { kind: "netns.add", name: "n1" },
  { kind: "dev.reload", handle, to: "n1" },
  { kind: "netns.del", name: "n1" },
];

Deno.test("D3: a reload unregisters a netdev notifier of all netns while a netns dies", async (t) => {
  const racers = (handle: string) => [racer("user", ...seed003(handle))];
  const itself = "cleanup_net waits for pernet_ops_rwsem, held by cleanup_net";
  await t.step("mlx5 with RDMA: on 5.10 and 6.1 the task waits for itself, on later kernels it does not", () => {
    for (const era of ["5.10", "6.1"] as const) {
      assertEquals(deadlocks(found({ era, hardware: "mlx5" }, racers(MLX5))), [itself], era);
    }
    for (const era of ["6.12", "7.2", "7.3"] as const) {
      assertEquals(findings(found({ era, hardware: "mlx5" }, racers(MLX5))), [], era);
    }
  });
  await t.step("by the scope of the notifier: a deadlock only if the scope is all netns", () => {
    for (const era of ["6.1", "6.12"] as const) {
      for (const notifierScope of ["global", "per_net", "dev_net", "module_init"] as const) {
        const explored = found({ era, hardware: "mlx5", design: { notifierScope } }, racers(MLX5));
        assertEquals(deadlocks(explored), notifierScope === "global" ? [itself] : [], `${era} ${notifierScope}`);
      }
    }
  });
  await t.step("no finding without RDMA, nor on mlxsw and netdevsim (N04, N06)", () => {
    for (const era of BOOTED_ERAS) {
      assertEquals(findings(found({ era, hardware: "mlx5_no_rdma" }, racers(MLX5))), [], era);
      assertEquals(findings(found({ era, hardware: "mlxsw" }, racers(MLXSW))), [], era);
      assertEquals(findings(found({ era }, racers(NSIM))), [], era);
    }
  });
  await t.step("after the deadlock, a task that adds a netns hangs (N05)", () => {
    const machine = new Machine({ era: "6.1", hardware: ["mlx5"] });
    for (const op of seed003(MLX5)) machine.perform(op);
    assertEquals(machine.perform({ kind: "netns.add", name: "n2" }).result, "hang");
    const later = new Machine({ era: "6.12", hardware: ["mlx5"] });
    for (const op of seed003(MLX5)) later.perform(op);
    assertEquals(later.perform({ kind: "netns.add", name: "n2" }).result, "ok");
  });
  await t.step("two tasks: a reload of the instance, and the end of a netns without an instance (N07)", () => {
    const before: Operation[] = [{ kind: "netns.add", name: "n1" }];
    const two = [racer("reload", reload(MLX5)), racer("netns del", { kind: "netns.del", name: "n1" })];
    // The end of a netns takes devlink_mutex to look for instances in the netns
    assertEquals(deadlocks(found({ era: "5.10", hardware: "mlx5", before }, two)), [
      "reload waits for pernet_ops_rwsem, held by cleanup_net; cleanup_net waits for devlink_mutex, held by reload",
    ]);
    for (const era of ["6.1", "6.12"] as const) {
      assertEquals(findings(found({ era, hardware: "mlx5", before }, two)), [], era);
    }
  });
});

Deno.test("D4: RTNL is taken inside the instance's lock, never outside", async (t) => {
  const racers = [
    racer("reload", reload(NSIM)),
    racer("ethtool -i", { kind: "ethtool.info", handle: NSIM, port: 0 }),
  ];
  await t.step("a deadlock if ethtool keeps RTNL while it waits for the instance's lock", () => {
    for (const era of ["6.1", "6.12"] as const) {
      const explored = found({ era, design: { locks: { compat: "under rtnl" } } }, racers);
      assertEquals(deadlocks(explored), [
        `reload waits for rtnl, held by ethtool -i; ethtool -i waits for ${NSIM}, held by reload`,
      ]);
    }
  });
  await t.step("no deadlock with ethtool of real kernels", () => {
    for (const era of ["5.10", "6.1", "6.12", "7.2"] as const) {
      assertEquals(deadlocks(found({ era }, racers)), [], era);
    }
  });
  await t.step("a deadlock if a driver holds RTNL while 6.1 announces its ports", () => {
    const design: Design = { drivers: { rtnlOverReload: true } };
    const one = [racer("reload", reload(MLXSW))];
    assertEquals(deadlocks(found({ era: "6.1", hardware: "mlxsw", design }, one)), [
      "reload waits for rtnl, held by reload",
    ]);
    assertEquals(findings(found({ era: "6.12", hardware: "mlxsw", design }, one)), []);
  });
});

Deno.test("D5: a driver takes its device's lock in a reload, which holds that lock from 6.8 on", () => {
  const design: Design = { drivers: { deviceLockInReload: true } };
  const unbind = write("/sys/bus/pci/drivers/mlxsw_spectrum/unbind", "0000:01:00.0");
  const one = [racer("reload", reload(MLXSW))];
  for (const era of ["6.12", "7.2", "7.3"] as const) {
    assertEquals(deadlocks(found({ era, hardware: "mlxsw", design }, one)), [
      "reload waits for device 0000:01:00.0, held by reload",
    ]);
  }
  assertEquals(deadlocks(found({ era: "6.1", hardware: "mlxsw", design }, one)), []);
  // Before 6.8 it is a deadlock with an unbind, which holds the device's lock while it waits until all users are gone
  const two = found({ era: "6.1", hardware: "mlxsw", design }, [...one, racer("unbind", unbind)]);
  assertEquals(deadlocks(two), [
    `reload waits for device 0000:01:00.0, held by unbind; unbind waits for users of ${MLXSW}, held by reload`,
  ]);
});

Deno.test("D6: pollers overlap, so that there is always a user", () => {
  const pollers: Racer[] = ["poll 1", "poll 2"].map((name) => ({
    name,
    operations: [{ kind: "dev.show", handle: NSIM }],
    loops: true,
  }));
  const of = (design: Design) =>
    exploreRace(race({ era: "6.1", design }, [racer("del_device", delDevice), ...pollers]), {
      schedules: 500,
      enough: ({ findings }) => findings.length > 0,
    }).findings.map(({ kind, text }) => `${kind}: ${text}`);
  assertEquals(of({ lockRegime: "instance", locks: { unregister: "users" } }), [
    `live-lock: del_device waits for users of ${NSIM}, and never finds it so`,
  ]);
  assertEquals(of({ lockRegime: "instance" }), []);
  assertEquals(of({ lockRegime: "instance_plus_device" }), []);
  assertEquals(of({ lockRegime: "global_plus_devl" }), []);
});

Deno.test("D7: the work that makes packets only tries the lock, since its end is awaited with the lock held", () => {
  const one = [racer("reload", reload(NSIM))];
  for (const era of ["6.1", "6.12", "7.2", "7.3"] as const) {
    assertEquals(findings(found({ era }, one, { timers: true })), [], era);
    const waits = found({ era, design: { locks: { trapWork: "waits" } } }, one, { timers: true });
    assertEquals(deadlocks(waits), [
      `reload waits for trap work of netdevsim10, held by nsim_dev_trap_report_work; ` +
      `nsim_dev_trap_report_work waits for ${NSIM}, held by reload`,
    ]);
  }
});

Deno.test("D8: two instances, one nested in the other: a driver and a kernel lock them in different orders", () => {
  const racers = [
    racer("reload function", reload(MLX5)),
    racer("rate set", { kind: "rate.set", handle: SUBFUNCTION, node: "1", txShare: "1mbit", txMax: "10mbit" }),
    racer("reload subfunction", reload(SUBFUNCTION)),
  ];
  const of = (era: EraId, nestedOrder?: "parent first" | "nested first") =>
    found(
      { era, hardware: "mlx5_subfunction", ...(nestedOrder ? { design: { drivers: { nestedOrder } } } : {}) },
      racers.filter(({ name }) => name !== "reload subfunction" || nestedOrder === "nested first"),
    );
  assertEquals(deadlocks(of("6.12")), []);
  assertEquals(deadlocks(of("7.3")), []);
  assert(
    deadlocks(of("7.3", "parent first")).includes(
      `reload function waits for ${SUBFUNCTION}, held by rate set; rate set waits for ${MLX5}, held by reload function`,
    ),
  );
  assert(
    deadlocks(of("6.12", "nested first")).includes(
      `rate set waits for ${SUBFUNCTION}, held by reload subfunction; reload subfunction waits for ${MLX5}, held by rate set`,
    ),
  );
});

Deno.test("the fate of traps by their lifetime (docs/semantics.md 3.11)", () => {
  const of = (trapLifetime: "reload" | "probe" | "reload_asserting") => {
    const machine = new Machine({ era: "6.1", design: { trapLifetime } });
    machine.perform(newDevice);
    machine.perform({ kind: "trap.set", handle: NSIM, name: "source_mac_is_multicast", action: "trap" });
    const { notify, kmsg } = machine.perform(reload(NSIM));
    machine.perform(reload(NSIM));
    const { reply } = machine.perform({ kind: "trap.show", handle: NSIM, name: "source_mac_is_multicast" });
    const count = (object: string) => notify["init"]!.filter((message) => message.object === object).length;
    return [
      (reply as { trap: Record<string, { action: string }[]> }).trap[NSIM]![0]!.action,
      count("trap"),
      count("trap-group"),
      count("trap-policer"),
      kmsg.length,
    ];
  };
  assertEquals(of("reload"), ["drop", 28, 12, 6, 0]);
  assertEquals(of("probe"), ["trap", 0, 0, 0, 0]);
  assertEquals(of("reload_asserting"), ["drop", 28, 0, 0, 4]);
});

Deno.test("1.6, R36: an instance that must not be reloaded, by the source of its driver's operations", () => {
  const of = (era: EraId, opsMode: "static" | "set_ops" | "set_reload_ops") => {
    const machine = new Machine({ era, hardware: ["mlx5_slave"], design: { opsMode } });
    const { result, extack } = machine.perform(reload(MLX5));
    return `${result} ${extack?.text ?? ""}`.trim();
  };
  const byDriver = "EOPNOTSUPP reload is unsupported for multi port slave";
  const byCore = "EOPNOTSUPP Requested reload action is not supported by the driver";
  for (const era of ["5.10", "5.15", "5.16", "6.1"] as const) {
    for (const opsMode of ["static", "set_ops", "set_reload_ops"] as const) {
      assertEquals(of(era, opsMode), "EOPNOTSUPP", `${era} ${opsMode}`);
    }
  }
  for (const era of ["6.3", "6.12", "7.2", "7.3"] as const) {
    assertEquals([of(era, "static"), of(era, "set_ops"), of(era, "set_reload_ops")], [byDriver, byCore, byCore], era);
  }
  // The kernel checks the reload switch after all other checks, and the reload feature before them
  const limited = (era: EraId) => {
    const machine = new Machine({ era, hardware: ["mlx5_slave"] });
    const request = { kind: "dev.reload", handle: MLX5, limit: "no_reset" } as const;
    return machine.perform(request).extack?.text;
  };
  assertEquals([limited("5.15"), limited("6.1")], ["Requested limit is invalid for this action", undefined]);
});
