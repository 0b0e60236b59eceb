/**
 * Suite `mlxsw_failures`: the ASIC refuses an access of a reload or of a setting. The reload fails, the instance keeps what its
 * probe has registered, and the next reload recovers it. The ASIC is emulated.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Json } from "../../model/observation.ts";
import type { DeviceOperation } from "../../model/operation.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { theSwitch } from "./_switch.ts";

const MLXSW = "drivers/net/ethernet/mellanox/mlxsw";
const CORE = `${MLXSW}/core.c: mlxsw_core_bus_device_unregister()`;

/** Accesses to registers, with which of a reload it is, and where the driver gives up. */
const ACCESSES = [
  ["SPAD query", 1, "spectrum.c: mlxsw_sp_base_mac_get()"],
  ["HTGT write", 6, "spectrum.c: mlxsw_sp_trap_groups_set()"],
  ["QPCR write", 10, "spectrum_trap.c: mlxsw_sp_trap_policers_init()"],
  ["HTGT write", 12, "spectrum_trap.c: mlxsw_sp_trap_groups_init()"],
  ["PTYS write", 2, "spectrum.c: mlxsw_sp_port_speed_by_width_set()"],
] as const;

const operate = async (dut: Dut, operation: DeviceOperation): Promise<Json> =>
  (await dut.perform({ kind: "device", handle: dut.handle, operation })).reply;
const fail = (dut: Dut, access: string, nth = 1) => operate(dut, { fail: { access, nth, status: "BAD_PARAMETER" } });

/** Shows the objects of the instance. */
async function show(dut: Dut): Promise<void> {
  await dut.dev.show();
  await dut.port.list();
  await dut.trap.list();
  await dut.resource.list();
  await dut.param.list();
  await dut.health.list();
}

export default suite("mlxsw_failures", { fixture: theSwitch(["t1"]) }, ({ sequence }) => {
  for (const [access, nth, place] of ACCESSES) {
    sequence(`the ASIC refuses ${access} number ${nth}: the reload fails, the next one recovers`, {
      source: `${MLXSW}/${place}; ${CORE}`,
      needs: { reload: "driver_reinit", policers: 22 },
    }, async (dut) => {
      await fail(dut, access, nth);
      assertEquals(dut.reload().fails().errno, "EIO");
      assertEquals(dut.inventory().reloadFailed, true);
      await show(dut);
      await dut.reload();
      assertEquals(dut.inventory().reloadFailed, false);
      await show(dut);
    });
  }

  sequence("a reload that fails on the way to another netns leaves the switch there", {
    source: `${CORE}; net/devlink/dev.c: devlink_reload()`,
    needs: { reload: "driver_reinit" },
  }, async (dut) => {
    await fail(dut, "SPAD query");
    assertEquals(dut.reload({ to: "t1" }).fails().errno, "EIO");
    await dut.dev.list();
    await dut.in("t1").dev.show();
    await dut.in("t1").reload({ to: "init" });
    await show(dut);
  });

  sequence("settings of a trap, a group and a policer that the ASIC refuses stay as they were", {
    source:
      `${MLXSW}/spectrum_trap.c: mlxsw_sp_trap_action_set(), mlxsw_sp_trap_group_set(), mlxsw_sp_trap_policer_set()`,
    needs: { trap: { type: "drop" }, group: "any", policers: 3 },
  }, async (dut) => {
    const trap = dut.trap.any({ type: "drop" });
    const group = dut.trap.group.any();
    const { id } = dut.trap.policer.any();
    await fail(dut, "HPKT write");
    assertEquals(dut.trap.set(trap, { action: "trap" }).fails().errno, "EIO");
    await dut.trap.get(trap);
    await fail(dut, "HTGT write");
    assertEquals(dut.trap.group.set(group, { policer: dut.trap.policer.any(2).id }).fails().errno, "EIO");
    await dut.trap.group.get(group);
    await fail(dut, "QPCR write");
    assertEquals(dut.trap.policer.set(id, { rate: 2000 }).fails().errno, "EIO");
    await dut.trap.policer.get(id);
  });

  sequence("packets count as the action of their trap is", {
    source: `${MLXSW}/spectrum_trap.c: mlxsw_sp_rx_drop_listener(); net/devlink/trap.c: devlink_trap_report()`,
    needs: { reload: "driver_reinit", trap: { type: "drop" } },
  }, async (dut) => {
    // The counters begin with it
    await dut.reload();
    const name = dut.trap.any({ type: "drop" });
    const port = dut.port.withNetdev().index;
    const packets = (trap: string, count: number) => ({ inject: { trap, port, count } });
    await operate(dut, packets(name, 3));
    await dut.trap.set(name, { action: "trap" });
    await dut.perform({ kind: "device", handle: dut.handle, operation: packets(name, 10), settle: 500 });
    await dut.trap.get(name);
    await dut.trap.group.list();
    await dut.trap.set(name, { action: "drop" });
    await operate(dut, packets(name, 5));
    await dut.trap.get(name);
  });

  sequence("the firmware reports a failure, which a reload forgets", {
    source: `${MLXSW}/core.c: mlxsw_core_health_event_work()`,
    needs: { reload: "driver_reinit", reporter: { name: "fw_fatal" } },
  }, async (dut) => {
    assertEquals(dut.health.dump("fw_fatal").fails().errno, "EOPNOTSUPP");
    const operation = { health: { event: "FW_ASSERT" } };
    await dut.perform({ kind: "device", handle: dut.handle, operation, settle: 500 });
    await dut.health.list();
    assertEquals(dut.health.recover("fw_fatal").fails().errno, "EOPNOTSUPP");
    await dut.health.clear("fw_fatal");
    await dut.reload();
    await dut.health.list();
  });
});
