/**
 * Suite `mlxsw_reload`: a reload of mlxsw resets the ASIC, whatever it is asked for; what its probe registers stays.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theSwitch } from "./_switch.ts";

const CORE = "drivers/net/ethernet/mellanox/mlxsw/core.c";
const UP = `${CORE}: mlxsw_devlink_core_bus_device_reload_up()`;
const POLICY = `${CORE}: mlxsw_core_devlink_param_fw_load_policy_validate()`;
const DOIT = "net/devlink/dev.c: devlink_nl_reload_doit()";
const BOTH = { reload: { reload_actions_performed: ["driver_reinit", "fw_activate"] } };

export default suite("mlxsw_reload", { fixture: theSwitch(["t1"]) }, ({ sequence }) => {
  sequence("both actions are performed and counted, whichever was asked for", {
    source: `R33; ${UP}`,
    needs: { reload: "fw_activate" },
  }, async (dut) => {
    await dut.dev.show();
    for (const action of ["driver_reinit", "fw_activate"] as const) {
      assertEquals(await dut.reload({ action }), BOTH);
      await dut.dev.show();
    }
  });

  sequence("there is no reload without a reset", { source: DOIT, needs: { reload: "fw_activate" } }, async (dut) => {
    for (const action of ["driver_reinit", "fw_activate"] as const) dut.reload({ action, limit: "no_reset" }).fails();
    await dut.dev.show();
  });

  sequence("a reload that activates firmware moves no switch to another netns", {
    source: DOIT,
    needs: { reload: "fw_activate" },
    holds: { in: ({ netnsMove }) => netnsMove === "between", because: "up to 6.2 any action moves the device" },
  }, async (dut) => {
    assertEquals(dut.reload({ action: "fw_activate", to: "t1" }).fails().errno, "EOPNOTSUPP");
    await dut.dev.show();
  });

  sequence("params and resources stay, traps, ports and reporters come anew", {
    source: `R27; ${CORE}: mlxsw_core_bus_device_register()`,
    needs: { reload: "driver_reinit", reporter: { name: "fw_fatal" } },
  }, async (dut) => {
    await dut.health.set("fw_fatal", { autoDump: false });
    await dut.param.set("fw_load_policy", "flash");
    await dut.reload();
    await dut.health.list();
    await dut.param.list();
    await dut.resource.list();
    await dut.param.set("fw_load_policy", "driver");
    await dut.reload();
    await dut.param.list();
  });

  sequence("firmware is loaded by the driver or as it is in flash, and by no other word", {
    source: POLICY,
    needs: { param: { cmode: "driverinit", type: "string" } },
  }, async (dut) => {
    for (const refused of ["disk", "unknown"]) {
      assertEquals(dut.param.set("fw_load_policy", refused).fails().errno, "EINVAL");
    }
    assertEquals(dut.param.set("fw_load_policy", "made_up").fails().errno, "client");
    await dut.param.list();
    await dut.param.set("fw_load_policy", "flash");
    await dut.param.list();
    await dut.param.set("fw_load_policy", "driver");
  });
});
