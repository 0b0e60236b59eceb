/**
 * Races: the possible outcomes of operations at the same time (docs/semantics.md 2, C01 to C12). The model explores every order that
 * can differ; a board runs them many times, and shows nothing else.
 */

import { assert, assertEquals } from "@std/assert";
import { hardware } from "../../fixtures/hardware.ts";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import type { Era } from "../../model/mod.ts";
import type { Operation } from "../../model/operation.ts";
import type { Dut } from "../../sdk/dut.ts";
import type { RaceOptions, Racing } from "../../sdk/dut_race.ts";
import { suite } from "../../sdk/suite.ts";

const NSIM = "netdevsim/netdevsim10";
const MLX5 = "pci/0000:08:00.0";
const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });
const reload = (handle = NSIM): Operation => ({ kind: "dev.reload", handle });
const device = (file: string, value: string) => write(`/sys/bus/netdevsim/devices/netdevsim10/${file}`, value);
const del = write("/sys/bus/netdevsim/del_device", "10");
const dumpShow: Operation = { kind: "health.dump.show", handle: NSIM, reporter: "dummy" };
const unbind = write("/sys/bus/netdevsim/drivers/netdevsim/unbind", "netdevsim10");

/** The outcomes of a race in which nothing goes wrong. */
function harmless(dut: Dut, racers: readonly Racing[], options?: RaceOptions) {
  const result = dut.race(racers, options);
  assertEquals(result.findings, []);
  return result;
}

/** All results are among those that are allowed. */
function among(results: readonly string[], allowed: readonly string[]): void {
  for (const result of results) assert(allowed.includes(result), `${result} is not among ${allowed.join("; ")}`);
}

const before516 = {
  in: (era: { locks: { holdsReloadsOff: boolean } }) => era.locks.holdsReloadsOff,
  because: "reloads are held off to 5.15",
};
const vfs = {
  in: (era: Era) => netdevsimEra(era).vfPorts,
  because: "5.10 counts VFs without a port",
};
const modern = {
  in: (era: { devlinkMutex: boolean }) => !era.devlinkMutex,
  because: "the instance is locked from 6.0 on",
};

export default suite("race", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("reloads of two devices at the same time", { source: "C01; 2.2" }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    const { results, states } = harmless(dut, [reload(), reload("netdevsim/netdevsim11")], {
      after: [write("/sys/bus/netdevsim/del_device", "11")],
    });
    assertEquals([results, states.length], [["ok | ok"], 1]);
    await dut.write("/sys/bus/netdevsim/del_device", "11");
  });

  sequence("reloads of one device at the same time", { source: "C02; 2.2" }, (dut) => {
    const { results, states, exhausted } = harmless(dut, [reload(), reload(), reload()]);
    assertEquals([results, states.length, exhausted], [["ok | ok | ok"], 1, true]);
    assert(states[0]!.includes("driver_reinit3;"));
  });

  sequence("ports come and go while the device reloads", { source: "C03; D2" }, (dut) => {
    const ports = [device("new_port", "5"), device("del_port", "5")];
    const { results } = harmless(dut, [reload(), ports]);
    // The port of before the reload is not among the ports that it brings back
    among(results, ["ok | ok ok", "ok | ok ENOENT", "EOPNOTSUPP | ok ok"]);
  });

  sequence("VFs while the device reloads", { source: "C04", holds: vfs }, (dut) => {
    const { results } = harmless(dut, [reload(), [device("sriov_numvfs", "2"), device("sriov_numvfs", "0")]]);
    among(results, ["ok | ok ok"]);
  });

  sequence("the driver is unbound while the device reloads", { source: "C05; C11; 2.2" }, (dut) => {
    const { results, exhausted } = harmless(dut, [reload(), unbind]);
    assert(exhausted);
    among(results, ["ok | ok", "ENODEV | ok", "EOPNOTSUPP | ok"]);
  });

  sequence("dumps while the device goes", { source: "C06; 2.1", holds: modern }, (dut) => {
    const { results } = harmless(dut, [{ kind: "port.show" }, del]);
    assertEquals(results, ["ok | ok"]);
  });

  sequence("packets are trapped while the device reloads", { source: "C07; D7; R26" }, async (dut) => {
    await dut.link.up(0);
    await dut.trap.set("source_mac_is_multicast", { action: "trap" });
    const { results } = harmless(dut, [reload()], { timers: true });
    assertEquals(results, ["ok"]);
    await dut.reload();
    assertEquals((await dut.trap.get("source_mac_is_multicast")).action, "drop");
  });

  sequence("packets are trapped while a port goes", { source: "T14" }, async (dut) => {
    await dut.link.up(0);
    harmless(dut, [[device("del_port", "0"), device("new_port", "0")]], { timers: true });
  });

  sequence("a dump of a reporter and a reload: one waits for the other", {
    source: "2.1; 5.6",
    holds: {
      in: (era) => era.devlinkMutex || era.locks.requests.one["health.dump.show"] === undefined,
      because: "from 6.0 to 6.5 a dump looks at its reporter without the lock of the instance",
    },
  }, (dut) => {
    const { results, states } = harmless(dut, [dumpShow, reload()]);
    // The dump is stored, and stays or goes with the reporter of before the reload
    assertEquals([results, states.length], [["ok | ok"], 2]);
  });

  sequence("a dump of a reporter while the device reloads", {
    source: "2.1; 5.6",
    holds: {
      in: (era) => !era.devlinkMutex && era.locks.requests.one["health.dump.show"] === "reporters",
      because: "to 5.19 one mutex is over all requests, and from 6.3 on a dump takes the lock of the instance",
    },
  }, (dut) => {
    const { results, states } = harmless(dut, [dumpShow, reload()]);
    // In between there is no reporter
    assertEquals([results, states.length], [["EINVAL | ok", "ok | ok"], 2]);
  });

  sequence("a driver takes a snapshot while another one is asked for", { source: "2.1; 5.4" }, (dut) => {
    const { results } = harmless(dut, [
      write("/sys/kernel/debug/netdevsim/netdevsim10/take_snapshot", "1"),
      { kind: "region.new", handle: NSIM, region: "dummy" },
    ]);
    among(results, ["ok | ok"]);
  });

  sequence("nested mark: a register without the lock", { source: "C08; 2.3; D1", holds: modern }, (dut) => {
    const { findings } = dut.race([reload(), device("new_port", "5")], { design: { lockRegime: "rfc_nested_mark" } });
    assert(findings.some((text) => text.includes("unlocked_register_during_marked_command")), findings.join("\n"));
  });

  sequence("a lock for each list: no update of a trap is lost", { source: "C09; 2.3", holds: modern }, (dut) => {
    const set: Operation = { kind: "trap.set", handle: NSIM, name: "source_mac_is_multicast", action: "trap" };
    const { states, has } = dut.race([reload(), set], { design: { lockRegime: "rfc_list_locks" } });
    assert(!has("deadlock"));
    assert(states.length <= 2);
  });

  sequence("three at a time: what any two of them do not show", { source: "C10; 2.1", holds: modern }, (dut) => {
    const { exhausted } = harmless(dut, [reload(), { kind: "trap.show" }, device("new_port", "5")]);
    assert(exhausted);
  });

  sequence("a netns dies while a device in it is flashed", {
    source: "C12",
    fixture: netdevsim({ ports: 1, netns: ["t1"], firmware: ["race_fw"] }),
  }, async (dut) => {
    await dut.reload({ to: "t1" });
    const { results, has } = dut.race([
      { kind: "dev.flash", handle: NSIM, file: "race_fw", netns: "t1" },
      { kind: "netns.del", name: "t1" },
      { kind: "netns.add", name: "t2" },
    ], { schedules: 500, runs: 0 });
    assert(!has("deadlock") && !has("hang"));
    among(results, ["ok | ok | ok", "client | ok | ok", "ENODEV | ok | ok"]);
    await dut.in("t1").reload({ to: "init" });
  });

  sequence("who asks for ports while a device comes", { source: "L03; 1.3", holds: modern }, (dut) => {
    const created = write("/sys/bus/netdevsim/new_device", "11 2");
    const { explored } = harmless(dut, [{ kind: "port.show" }, created], {
      after: [write("/sys/bus/netdevsim/del_device", "11")],
    });
    const seen = new Set([...explored.outcomes.keys()].map((outcome) => JSON.parse(outcome).results[0][0]));
    // The dump shows all ports of the instance or none, never some of them
    assertEquals([...seen].sort(), ["ok 1", "ok 3"]);
  });

  sequence("ethtool flashes while the driver is unbound", {
    source: "L09; 1.6",
    fixture: netdevsim({ ports: 1, firmware: ["race_fw"] }),
    holds: modern,
  }, (dut) => {
    const flash: Operation = { kind: "ethtool.flash", handle: NSIM, port: 0, file: "race_fw" };
    harmless(dut, [flash, unbind], { schedules: 500, runs: 0 });
  });

  sequence("ethtool asks for the version while the device goes", { source: "L10; 1.6" }, (dut) => {
    const { findings } = dut.race([{ kind: "ethtool.info", handle: NSIM, port: 0 }, del]);
    // 5.10 keeps nothing alive between RTNL and the lock of the instance [pred]
    for (const text of findings) assert(text.includes("use-after-free: devlink_compat_running_version"), text);
  });

  sequence("pollers while the device goes", { source: "L11; D6", holds: modern }, (dut) => {
    const poll = { loop: { kind: "dev.show", handle: NSIM } } as const;
    harmless(dut, [del, poll, poll], { schedules: 300 });
  });

  sequence("a reload that is held off", { source: "R35; 1.6", holds: before516 }, (dut) => {
    const { results } = harmless(dut, [reload(), device("new_port", "5")]);
    assert(results.includes("EOPNOTSUPP | ok"), results.join("; "));
  });

  sequence("an instance that must not be reloaded", {
    source: "R36; 1.6",
    fixture: hardware("mlx5_slave"),
  }, async (dut) => {
    // Up to 6.2 there is no message; later the driver gives one
    assertEquals(dut.reload().fails().errno, "EOPNOTSUPP");
    await dut.dev.show();
  });

  sequence("add, move in, delete: netdevsim", { source: "N04; D3" }, (dut) => {
    const [add, move] = seed003(NSIM);
    // A netns dies some time after it is deleted
    harmless(dut, [[add!, move!, { kind: "netns.del", name: "n1", until: NSIM }]]);
  });

  sequence("add, move in, delete: a ConnectX with RDMA", {
    source: "N05; D3",
    fixture: hardware("mlx5"),
  }, async (dut) => {
    await dut.dev.show();
    for (const notifierScope of ["per_net", "dev_net", "module_init"] as const) {
      harmless(dut, [seed003(MLX5)], { design: { notifierScope } });
    }
    assert(dut.race([seed003(MLX5)], { design: { notifierScope: "global" } }).has("deadlock"));
  });

  sequence("add, move in, delete: a ConnectX without RDMA", {
    source: "N06; D3",
    fixture: hardware("mlx5_no_rdma"),
  }, async (dut) => {
    await dut.dev.show();
    for (const notifierScope of ["global", "dev_net"] as const) {
      harmless(dut, [seed003(MLX5)], { design: { notifierScope } });
    }
  });

  sequence("a reload while a netns dies that has nothing of it", {
    source: "N07; D3",
    fixture: hardware("mlx5"),
  }, async (dut) => {
    await dut.dev.show();
    const two: Racing[] = [[{ kind: "netns.add", name: "n1" }, { kind: "netns.del", name: "n1" }], reload(MLX5)];
    for (const lockRegime of ["instance", "instance_plus_device"] as const) {
      harmless(dut, two, { design: { lockRegime, notifierScope: "global" } });
    }
    // With devlink_mutex, under which the instances of the dying netns are looked for
    const { has } = dut.race(two, { design: { lockRegime: "global_mutex", notifierScope: "global" } });
    assert(has("deadlock"));
  });

  sequence("a reload that registers, and a registration that takes the lock it holds", {
    source: "D1; 2.4",
    holds: modern,
  }, (dut) => {
    const { has } = dut.race([reload()], { design: { lockRegime: "instance", locks: { registration: "takes" } } });
    assert(has("deadlock"));
    for (const lockRegime of ["global_mutex", "global_plus_devl", "instance", "instance_plus_device"] as const) {
      assertEquals(dut.race([reload()], { design: { lockRegime } }).findings, [], lockRegime);
    }
  });

  sequence("netdevsim's own lock over its ports, and a reload that holds the instance", {
    source: "D2; 2.4",
    holds: modern,
  }, (dut) => {
    const two = [reload(), device("new_port", "5")];
    const { has } = dut.race(two, { design: { lockRegime: "rfc_nested_mark", locks: { portListLock: true } } });
    assert(has("deadlock"));
    harmless(dut, two);
  });

  sequence("ethtool that keeps RTNL while it waits for the instance", { source: "D4; 2.4", holds: modern }, (dut) => {
    const two: Operation[] = [reload(), { kind: "ethtool.info", handle: NSIM, port: 0 }];
    assert(dut.race(two, { design: { locks: { compat: "under rtnl" } } }).has("deadlock"));
    harmless(dut, two);
  });

  sequence("a driver that takes its device's lock in a reload", {
    source: "D5; 2.4",
    fixture: hardware("mlxsw"),
  }, async (dut) => {
    await dut.dev.show();
    const drivers = { deviceLockInReload: true };
    const one = [reload("pci/0000:01:00.0")];
    assert(dut.race(one, { design: { lockRegime: "instance_plus_device", drivers } }).has("deadlock"));
    // Before 6.8 it is the other way round than in an unbind, which a reload alone cannot show but to lockdep
    const before = dut.race(one, { design: { lockRegime: "instance", drivers } });
    assertEquals([before.has("deadlock"), before.has("lock order")], [false, true]);
  });

  sequence("pollers that keep an instance from going for ever", { source: "D6; 2.4", holds: modern }, (dut) => {
    const poll = { loop: { kind: "dev.show", handle: NSIM } } as const;
    const design = { lockRegime: "instance", locks: { unregister: "users" } } as const;
    assert(dut.race([del, poll, poll], { design, schedules: 500 }).has("live-lock"));
  });

  sequence("work that waits for the lock, where its end is waited for with it", {
    source: "D7; 2.4",
    holds: modern,
  }, (dut) => {
    assert(dut.race([reload()], { design: { locks: { trapWork: "waits" } }, timers: true }).has("deadlock"));
  });

  sequence("two instances, one part of the other: who is first", {
    source: "D8; 2.4",
    fixture: hardware("mlx5_subfunction"),
    holds: { in: (era) => era.locks.nestedOrder !== "none", because: "before 6.8 no two are locked at a time" },
  }, async (dut) => {
    await dut.dev.show();
    const handle = "auxiliary/mlx5_core.sf.4";
    const rate: Operation = { kind: "rate.set", handle, node: "1", txShare: "1mbit", txMax: "10mbit" };
    const of = (nestedOrder: "parent first" | "nested first", kernels: "parent first" | "nested first") =>
      dut.race([reload(MLX5), rate, reload(handle)], {
        design: { drivers: { nestedOrder }, locks: { nestedOrder: kernels } },
      }).has("deadlock");
    assertEquals([of("parent first", "nested first"), of("nested first", "parent first")], [true, true]);
    assertEquals([of("parent first", "parent first"), of("nested first", "nested first")], [false, false]);
  });

  sequence("a health report while the device reloads hangs both", {
    source: "debugfs_remove() in nsim_dev_health_exit(), the instance locked; found by race --all-pairs",
    holds: modern,
  }, (dut) => {
    const report = write("/sys/kernel/debug/netdevsim/netdevsim10/health/break_health", "broken");
    const { explored } = dut.race([reload(), report]);
    assertEquals(explored.findings.map(({ kind }) => kind), ["deadlock"]);
  });
});

function seed003(handle: string): Operation[] {
  return [
    { kind: "netns.add", name: "n1" },
    { kind: "dev.reload", handle, to: "n1" },
    { kind: "netns.del", name: "n1" },
  ];
}
