/**
 * Suite `mlxsw_trap`: settings of traps, groups and policers that mlxsw refuses; a reload resets all of them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theSwitch } from "./_switch.ts";

const TRAP = "drivers/net/ethernet/mellanox/mlxsw/spectrum_trap.c";
const POLICER = `${TRAP}: mlxsw_sp_trap_policer_set()`;

export default suite("mlxsw_trap", { fixture: theSwitch(["t1"]) }, ({ sequence }) => {
  sequence("a reload sets actions, bindings and rates back to what the driver declares", {
    source: `${TRAP}: mlxsw_sp_devlink_traps_init()`,
    needs: { reload: "driver_reinit", trap: { type: "drop" }, policers: 3 },
  }, async (dut) => {
    await dut.reload();
    const settings = () => [dut.inventory().traps, dut.inventory().groups, dut.inventory().policers];
    const declared = settings();
    await dut.trap.set(dut.trap.any({ type: "drop" }), { action: "trap" });
    await dut.trap.group.set(dut.trap.group.any("any", 1), { action: "trap", policer: dut.trap.policer.any(2).id });
    await dut.trap.group.set(dut.trap.group.any("any", 2), { policer: null });
    await dut.trap.policer.set(dut.trap.policer.any(0).id, { rate: 2000, burst: 512 });
    await dut.trap.list();
    await dut.trap.group.list();
    await dut.trap.policer.list();
    await dut.reload();
    await dut.trap.list();
    await dut.trap.group.list();
    await dut.trap.policer.list();
    assertEquals(settings(), declared);
  });

  sequence("packets can be trapped or dropped, and not be mirrored", {
    source: `${TRAP}: mlxsw_sp_trap_action_set()`,
    needs: { trap: { type: "drop" } },
  }, async (dut) => {
    const trap = dut.trap.any({ type: "drop" });
    assertEquals(dut.trap.set(trap, { action: "mirror" }).fails().errno, "EINVAL");
    await dut.trap.set(trap, { action: "trap" });
    assertEquals(dut.trap.set(trap, { action: "mirror" }).fails().errno, "EINVAL");
    await dut.trap.get(trap);
    const group = dut.trap.group.any();
    assertEquals(dut.trap.group.set(group, { action: "mirror" }).fails().errno, "EINVAL");
    await dut.trap.list();
  });

  sequence("a trap that mirrors refuses the action that it has", {
    source: `${TRAP}: mlxsw_sp_trap_action_set(); net/devlink/trap.c: __devlink_trap_action_set()`,
    needs: { trap: { type: "control" } },
  }, async (dut) => {
    for (const { name, action } of dut.inventory().traps.filter(({ type }) => type === "control")) {
      const { result } = dut.trap.set(name, { action }).either();
      assertEquals(result, action === "mirror" ? "EINVAL" : "ok", name);
    }
    await dut.trap.list();
  });

  sequence("bursts of a policer are powers of two, within its bounds", {
    source: `${POLICER}; reg.h: MLXSW_REG_QPCR_LOWEST_CBS`,
    needs: { policers: 1 },
  }, async (dut) => {
    const { id, rate, burst } = dut.trap.policer.any();
    for (const refused of [17, 100, 4095, 8, 1 << 25]) {
      assertEquals(dut.trap.policer.set(id, { burst: refused }).fails().errno, "EINVAL");
    }
    for (const taken of [16, 128, 1 << 24]) await dut.trap.policer.set(id, { burst: taken });
    await dut.trap.policer.get(id);
    await dut.trap.policer.set(id, { rate, burst });
  });

  sequence("rates of a policer from 1 to 2,000,000,000 packets a second", {
    source: `${POLICER}; reg.h: MLXSW_REG_QPCR_HIGHEST_CIR`,
    needs: { policers: 1 },
  }, async (dut) => {
    const { id, rate } = dut.trap.policer.any();
    for (const refused of [0, 2_000_000_001]) {
      assertEquals(dut.trap.policer.set(id, { rate: refused }).fails().errno, "EINVAL");
    }
    for (const taken of [1, 2_000_000_000]) await dut.trap.policer.set(id, { rate: taken });
    await dut.trap.policer.get(id);
    await dut.trap.policer.set(id, { rate });
  });

  sequence("the traps come and go with the switch that moves to another netns", {
    source: `${TRAP}: mlxsw_sp_devlink_traps_fini()`,
    needs: { reload: "driver_reinit", trap: { type: "drop" } },
  }, async (dut) => {
    const there = dut.in("t1");
    await dut.trap.set(dut.trap.any({ type: "drop" }), { action: "trap" });
    await dut.reload({ to: "t1" });
    await there.trap.list();
    await there.trap.set(dut.trap.any({ type: "drop" }), { action: "trap" });
    await there.reload({ to: "init" });
    await dut.trap.list();
  });
});
