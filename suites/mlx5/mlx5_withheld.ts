/**
 * Suite `mlx5_withheld`: the card does not answer a command. The driver waits for a minute, gives the command up, and goes on as if
 * the card had refused it, with `ETIMEDOUT`. The card is emulated.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { driverOf } from "./_bound.ts";

const CORE = "drivers/net/ethernet/mellanox/mlx5/core";
const WAIT = `${CORE}/cmd.c: wait_func()`;

/** Commands that a load needs, and the caller that gives up. */
const NEEDED = [
  ["QUERY_ISSI", "main.c: mlx5_core_set_issi()"],
  ["INIT_HCA", "main.c: mlx5_function_open()"],
] as const;

async function recovers(dut: Dut): Promise<void> {
  await dut.reload();
  assertEquals(dut.inventory().reloadFailed, false);
  await dut.dev.show();
  await dut.port.list();
}

export default suite("mlx5_withheld", { fixture: theBoard() }, ({ sequence }) => {
  for (const [command, place] of NEEDED) {
    sequence(`${command} gets no answer: the reload fails after a minute, the next one recovers`, {
      source: `${WAIT}; ${place}`,
    }, async (dut) => {
      await dut.device.withhold({ command });
      assertEquals(dut.reload().fails().errno, "ETIMEDOUT");
      assertEquals(dut.inventory().reloadFailed, true);
      await dut.dev.show();
      await dut.port.list();
      await recovers(dut);
    });
  }

  // Finding: to change how it waits for answers the driver takes all slots of the command queue, and the lost slot never comes back
  sequence("CREATE_EQ gets no answer: the reload gives it up after a minute, and hangs", {
    source: `D9; ${CORE}/eq.c: create_async_eqs(); cmd.c: mlx5_cmd_allowed_opcode(), mlx5_cmd_comp_handler()`,
  }, async (dut) => {
    await dut.device.withhold({ command: "CREATE_EQ" });
    await dut.reload();
  });

  sequence("DISABLE_HCA gets no answer: the reload takes a minute", {
    source: `${WAIT}; main.c: mlx5_function_disable()`,
  }, async (dut) => {
    await dut.device.withhold({ command: "DISABLE_HCA" });
    await dut.reload();
    await recovers(dut);
  });

  sequence("ALLOC_PD gets no answer: the reload succeeds after a minute without a netdev, and the next one hangs", {
    source: `D9; ${WAIT}, wait_func_handle_exec_timeout(); en_common.c: mlx5e_create_mdev_resources()`,
  }, async (dut) => {
    await dut.device.withhold({ command: "ALLOC_PD" });
    await dut.reload();
    await dut.port.list();
    await dut.reload();
  });

  sequence("INIT_HCA gets no answer as the driver binds: the probe fails after a minute, the next one works", {
    source: `${WAIT}; main.c: probe_one()`,
  }, async (dut) => {
    const { unbind, bind } = driverOf(dut);
    await unbind();
    await dut.device.withhold({ command: "INIT_HCA" });
    bind().fails();
    await dut.dev.list();
    await bind();
    await dut.dev.show();
  });

  sequence("INIT_HCA gets no answer as the card recovers: the recovery fails after a minute, a reload brings it back", {
    source: `${WAIT}; health.c: mlx5_health_try_recover()`,
    needs: { reporter: { name: "fw_fatal" } },
    holds: { in: ({ id }) => id !== "5.10", because: "5.10 has other words for a recovery that fails" },
  }, async (dut) => {
    await dut.health.set("fw_fatal", { gracePeriod: 0 });
    await dut.device.withhold({ command: "INIT_HCA" });
    await dut.device.health({ nic: 1, healAt: "restart" }, { settle: 75_000 });
    assertEquals((await dut.health.get("fw_fatal")).state, "error");
    await dut.reload();
    await dut.port.list();
    await driverOf(dut).unbind();
    await driverOf(dut).bind();
  });

  sequence("a reading of the vnic reporter gets no answer: it shows 0 after a minute, and the next reload hangs", {
    source: `D9; 6.6; ${WAIT}; diag/reporter_vnic.c: mlx5_reporter_vnic_diagnose_counters()`,
    needs: { reporter: { name: "vnic" } },
  }, async (dut) => {
    await dut.device.counters({ vnic: { cq_overrun: 3 } });
    await dut.device.withhold({ command: "QUERY_VNIC_ENV" });
    await dut.health.diagnose("vnic");
    await dut.health.diagnose("vnic");
    await dut.reload();
  });

  sequence("dev info gets no answer, and the next reload hangs", {
    source: `D9; 6.6; ${WAIT}; fw.c: mlx5_fw_version_query(); devlink.c: mlx5_devlink_info_get()`,
  }, async (dut) => {
    await dut.device.withhold({ command: "ACCESS_REG", register: "MCQS" });
    await dut.dev.info();
    await dut.dev.info();
    await dut.reload();
  });
});
