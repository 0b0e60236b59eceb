/** Sequences on devlink traps, trap groups and trap policers: docs/semantics.md 4, T01 to T20. */

import { assert, assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

export default suite("netdevsim_trap", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
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

  sequence("the driver's fault knobs", { source: "T10; 4.6; selftest devlink_trap" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_trap_group_set", "Y");
    dut.trap.group.set("l3_drops", { policer: 2 }).fails();
    await dut.trap.group.get("l3_drops");
    dut.trap.group.set("l3_drops", { action: "trap", policer: 2 }).fails();
    await dut.trap.get("blackhole_route");
    await netdevsimOf(dut).debugfs.write("fail_trap_group_set", "N");
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_set", "Y");
    dut.trap.policer.set(1, { rate: 1500 }).fails();
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_set", "N");
    await dut.trap.policer.get(1);
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_counter_get", "Y");
    dut.trap.policer.get(1).fails();
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_counter_get", "N");
    // Traps have a drop counter, and its knob, from 5.11 on
    netdevsimOf(dut).debugfs.write("fail_trap_drop_counter_get", "Y").either();
    dut.trap.get("blackhole_route").either();
    netdevsimOf(dut).debugfs.write("fail_trap_drop_counter_get", "N").either();
    await dut.trap.list();
  });

  sequence("one drop counter serves all traps", { source: "T11; 4.5" }, async (dut) => {
    await dut.trap.get("source_mac_is_multicast");
    await dut.trap.get("vlan_tag_mismatch");
    await dut.trap.get("source_mac_is_multicast");
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
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
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
