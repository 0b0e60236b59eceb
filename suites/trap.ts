/** Sequences on devlink traps, trap groups and trap policers: docs/semantics.md 4, T01 to T20. */

import { assert, assertEquals } from "@std/assert";
import { netdevsim } from "../fixtures/netdevsim.ts";
import { suite } from "./suite.ts";

export default suite("trap", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("the inventory", { source: "T01; 4.2; selftest devlink_trap" }, async (dut) => {
    assertEquals((await dut.trap.list()).length, 14);
    assertEquals((await dut.trap.group.list()).length, 6);
    assertEquals((await dut.trap.policer.list()).length, 3);
  });

  sequence("a drop trap takes every action", { source: "T02; selftest devlink_trap" }, async (dut) => {
    for (const trap of (await dut.trap.list()).filter((trap) => trap.type === "drop")) {
      for (const action of ["trap", "drop", "mirror"]) await dut.trap.set(trap.name, { action });
    }
    assert((await dut.trap.list()).every((trap) => trap.type !== "drop" || trap.action === "mirror"));
  });

  sequence("the action of another trap stays, with a warning", { source: "T03; 4.3" }, async (dut) => {
    for (const trap of (await dut.trap.list()).filter((trap) => trap.type !== "drop")) {
      await dut.trap.set(trap.name, { action: "drop" });
      await dut.trap.set(trap.name, { action: trap.action });
      assertEquals((await dut.trap.get(trap.name)).action, trap.action);
    }
  });

  sequence("names that are not there", { source: "T04; 4.3" }, (dut) => {
    assertEquals(dut.trap.get("made_up").fails().errno, "ENOENT");
    assertEquals(dut.trap.set("made_up", { action: "trap" }).fails().errno, "ENOENT");
    assertEquals(dut.trap.set("tail_drop", { action: "made_up" }).fails().errno, "client");
    assertEquals(dut.trap.group.get("made_up").fails().errno, "ENOENT");
    assertEquals(dut.trap.group.set("made_up", { action: "trap" }).fails().errno, "ENOENT");
    assertEquals(dut.trap.policer.get(1337).fails().errno, "ENOENT");
    assertEquals(dut.trap.policer.set(1337, { rate: 1000 }).fails().errno, "ENOENT");
  });

  sequence("packets are counted while a port is up", { source: "T05; 4.5; selftest devlink_trap" }, async (dut) => {
    await dut.wait(500);
    await dut.trap.list();
    await dut.trap.set("tail_drop", { action: "trap" });
    await dut.link.up(0);
    await dut.wait(2000);
    await dut.link.down(0);
    assert((await dut.trap.get("tail_drop")).stats.rx.packets > 0);
    await dut.trap.list();
    await dut.trap.group.list();
    await dut.trap.set("tail_drop", { action: "drop" });
    await dut.trap.get("tail_drop");
  });

  sequence("the action of a group goes to its drop traps", { source: "T06; selftest devlink_trap" }, async (dut) => {
    for (const group of await dut.trap.group.list()) {
      await dut.trap.group.set(group.name, { action: "trap" });
      await dut.trap.list();
      await dut.trap.group.set(group.name, { action: "drop" });
    }
    await dut.trap.list();
  });

  sequence("rate and burst have their bounds", { source: "T07; 4.3" }, async (dut) => {
    assertEquals(dut.trap.policer.set(1, { rate: 0 }).fails().errno, "EINVAL");
    assertEquals(dut.trap.policer.set(1, { rate: 9000 }).fails().errno, "EINVAL");
    assertEquals(dut.trap.policer.set(1, { burst: 2 }).fails().errno, "EINVAL");
    assertEquals(dut.trap.policer.set(1, { burst: 65537 }).fails().errno, "EINVAL");
    assertEquals(dut.trap.policer.set(1, { rate: 0, burst: 65537 }).fails().errno, "EINVAL");
    await dut.trap.policer.set(1, { rate: 1, burst: 8 });
    await dut.trap.policer.set(2, { rate: 8000, burst: 65536 });
    await dut.trap.policer.set(3, { rate: 2500 });
    await dut.trap.policer.list();
  });

  sequence("a group is bound to a policer and unbound", { source: "T08; selftest devlink_trap" }, async (dut) => {
    await dut.trap.group.set("l3_drops", { policer: 2 });
    await dut.trap.group.get("l3_drops");
    assertEquals(dut.trap.group.set("l3_drops", { policer: 1337 }).fails().errno, "ENOENT");
    await dut.trap.group.get("l3_drops");
    await dut.trap.group.set("l3_drops", { policer: null });
    await dut.trap.group.get("l3_drops");
    await dut.trap.group.set("l2_drops", { policer: 1 });
    await dut.trap.group.list();
  });

  sequence("a group set that fails half-way keeps its first half", { source: "T09; 4.3" }, async (dut) => {
    assertEquals(dut.trap.group.set("l3_drops", { action: "trap", policer: 1337 }).fails().errno, "ENOENT");
    await dut.trap.get("blackhole_route");
    await dut.trap.group.get("l3_drops");
  });

  sequence("the driver's fault knobs", { source: "T10; 4.6; selftest devlink_trap" }, async (dut) => {
    await dut.debugfs.write("fail_trap_group_set", "Y");
    dut.trap.group.set("l3_drops", { policer: 2 }).fails();
    await dut.trap.group.get("l3_drops");
    dut.trap.group.set("l3_drops", { action: "trap", policer: 2 }).fails();
    await dut.trap.get("blackhole_route");
    await dut.debugfs.write("fail_trap_group_set", "N");
    await dut.debugfs.write("fail_trap_policer_set", "Y");
    dut.trap.policer.set(1, { rate: 1500 }).fails();
    await dut.debugfs.write("fail_trap_policer_set", "N");
    await dut.trap.policer.get(1);
    await dut.debugfs.write("fail_trap_policer_counter_get", "Y");
    dut.trap.policer.get(1).fails();
    await dut.debugfs.write("fail_trap_policer_counter_get", "N");
    // Traps have a drop counter, and its knob, from 5.11 on
    dut.debugfs.write("fail_trap_drop_counter_get", "Y").either();
    dut.trap.get("blackhole_route").either();
    dut.debugfs.write("fail_trap_drop_counter_get", "N").either();
    await dut.trap.list();
  });

  sequence("one drop counter serves all traps", { source: "T11; 4.5" }, async (dut) => {
    await dut.trap.get("source_mac_is_multicast");
    await dut.trap.get("vlan_tag_mismatch");
    await dut.trap.get("source_mac_is_multicast");
  });

  sequence(
    "reload puts traps, groups and policers back to their defaults",
    { source: "T12; 3.11" },
    async (dut) => {
      for (const trap of (await dut.trap.list()).filter((trap) => trap.type === "drop")) {
        await dut.trap.set(trap.name, { action: "trap" });
      }
      await dut.trap.policer.set(1, { rate: 2000, burst: 16 });
      await dut.trap.group.set("l2_drops", { policer: 1 });
      await dut.reload();
      assertEquals((await dut.trap.get("source_mac_is_multicast")).action, "drop");
      await dut.trap.list();
      await dut.trap.group.list();
      await dut.trap.policer.list();
    },
  );

  sequence("reload announces groups and policers", { source: "T13; 3.11" }, async (dut) => {
    await dut.trap.policer.set(2, { rate: 4000 });
    await dut.trap.group.set("buffer_drops", { policer: 3 });
    await dut.reload();
  });

  sequence("setting is silent", { source: "T15; 4.3" }, async (dut) => {
    await dut.trap.set("tail_drop", { action: "mirror" });
    await dut.trap.group.set("acl_drops", { action: "trap", policer: 1 });
    await dut.trap.policer.set(3, { rate: 100, burst: 1024 });
  });

  sequence("a second port doubles the rate", {
    source: "T16; 4.5",
    fixture: netdevsim({ ports: 2 }),
  }, async (dut) => {
    await dut.link.up(0);
    await dut.link.up(1);
    await dut.wait(2000);
    await dut.link.down(0);
    await dut.link.down(1);
    await dut.trap.list();
  });

  sequence("a failed instance has no traps", { source: "T17; 3.5" }, async (dut) => {
    await dut.debugfs.write("fail_reload", "y");
    dut.reload().fails();
    await dut.trap.list();
    assertEquals(dut.trap.get("tail_drop").fails().errno, "EOPNOTSUPP");
    assertEquals(dut.trap.set("tail_drop", { action: "trap" }).fails().errno, "EOPNOTSUPP");
    assertEquals(dut.trap.group.get("l2_drops").fails().errno, "EOPNOTSUPP");
    assertEquals(dut.trap.group.set("l2_drops", { action: "trap" }).fails().errno, "EOPNOTSUPP");
    assertEquals(dut.trap.policer.get(1).fails().errno, "EOPNOTSUPP");
    assertEquals(dut.trap.policer.set(1, { rate: 1000 }).fails().errno, "EOPNOTSUPP");
  });
});
