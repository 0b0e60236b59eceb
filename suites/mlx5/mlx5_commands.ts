/**
 * Suite `mlx5_commands`: the outcome of a reload whose card refuses one of the commands of unload and load, and of a fault that
 * meets the driver elsewhere. The card is emulated.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { type Sequence, suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { driverOf } from "./_bound.ts";

const CORE = "drivers/net/ethernet/mellanox/mlx5/core";

/** Commands that the function needs: the card's status, the errno of the reload, and the caller that gives up. */
const NEEDED = [
  ["QUERY_PAGES", "LIM_ERR", "ENOMEM", "main.c: mlx5_function_enable()"],
  ["ACCESS_REG", "BAD_PARAM_ERR", "EINVAL", "main.c: set_hca_ctrl()", "HOST_ENDIANNESS"],
  ["QUERY_HCA_CAP", "BAD_SYS_STATE_ERR", "EIO", "main.c: set_hca_cap()"],
  ["SET_HCA_CAP", "BAD_PARAM_ERR", "EINVAL", "main.c: set_hca_cap()"],
  ["ALLOC_UAR", "NO_RES_ERR", "EAGAIN", "main.c: mlx5_load()"],
  ["CREATE_EQ", "LIM_ERR", "ENOMEM", "eq.c: create_async_eqs()"],
] as const;

/** Commands of the Ethernet part alone. */
const ETHERNET = [
  ["ALLOC_PD", "NO_RES_ERR", "en_common.c: mlx5e_create_mdev_resources()"],
  ["ALLOC_TRANSPORT_DOMAIN", "LIM_ERR", "en_common.c: mlx5e_create_mdev_resources()"],
  ["CREATE_MKEY", "RES_BUSY", "en_common.c: mlx5e_create_mdev_resources()"],
  ["CREATE_TIS", "BAD_PARAM_ERR", "en_common.c: mlx5e_create_mdev_resources()"],
  ["CREATE_CQ", "INT_ERR", "en_main.c: mlx5e_open_drop_rq()"],
  ["CREATE_RQ", "LIM_ERR", "en_main.c: mlx5e_open_drop_rq()"],
  ["CREATE_RQT", "LIM_ERR", "en/rx_res.c: mlx5e_rx_res_create()"],
  ["CREATE_TIR", "LIM_ERR", "en/rss.c: mlx5e_rss_create_tir()"],
] as const;

/** Before 5.11 the Ethernet part is no device of its own, and a reload keeps its netdev. */
const KEPT: Sequence["holds"] = {
  in: ({ id }) => id === "5.10",
  because: "from 5.11 on a reload removes the Ethernet part, and adds it again",
};
const REMADE: Sequence["holds"] = {
  in: ({ id }) => id !== "5.10",
  because: "before 5.11 the Ethernet part is no device of its own",
};

/** Commands of the load in a probe. */
const PROBED = ["ENABLE_HCA", "INIT_HCA", "CREATE_EQ"] as const;

/** Commands that the driver can do without. */
const OPTIONAL = [
  ["DISABLE_HCA", "INT_ERR", "main.c: mlx5_function_disable()"],
  ["QUERY_ISSI", "LIM_ERR", "main.c: mlx5_core_set_issi()"],
  ["ALLOC_Q_COUNTER", "LIM_ERR", "en_main.c: mlx5e_create_q_counters()"],
  ["MODIFY_RQ", "BAD_PARAM_ERR", "en_main.c: mlx5e_open_drop_rq()"],
] as const;

/** Shows the device; returns how many ports there are, on the function's instance or on the one that is nested in it. */
async function show(dut: Dut): Promise<number> {
  await dut.dev.show();
  await dut.trap.list();
  const { port } = await dut.port.list() as { port: object };
  return Object.keys(port).length;
}

async function recovers(dut: Dut): Promise<void> {
  await dut.reload();
  assertEquals(dut.inventory().reloadFailed, false);
  assertEquals(await show(dut), 1);
}

export default suite("mlx5_commands", { fixture: theBoard({ netns: ["t1"] }) }, ({ sequence }) => {
  for (const [command, status, errno, place, register] of NEEDED) {
    const name = register === undefined ? command : `${command} of ${register}`;
    sequence(`${name} ends with ${status}: the reload fails, the next one recovers`, {
      source: `${CORE}/${place}`,
    }, async (dut) => {
      await dut.device.fail({ command, status, ...(register === undefined ? {} : { register }) });
      assertEquals(dut.reload().fails().errno, errno);
      assertEquals(dut.inventory().reloadFailed, true);
      await show(dut);
      await recovers(dut);
    });
  }

  // Finding: mlx5_attach_device() ignores that the auxiliary device's probe fails, so the reload returns 0 without a netdev
  for (const [command, status, place] of ETHERNET) {
    sequence(`${command} ends with ${status}: the reload succeeds, and leaves no netdev until the next one`, {
      source: `6.5; ${CORE}/${place}; dev.c: mlx5_attach_device(), mlx5_rescan_drivers_locked()`,
      holds: REMADE,
    }, async (dut) => {
      await dut.device.fail({ command, status });
      await dut.reload();
      assertEquals([dut.inventory().reloadFailed, await show(dut)], [false, 0]);
      await recovers(dut);
    });

    sequence(`${command} ends with ${status}: the reload succeeds, and leaves a netdev that is not attached`, {
      source: `6.5; ${CORE}/${place}; dev.c: mlx5_attach_interface()`,
      holds: KEPT,
    }, async (dut) => {
      await dut.device.fail({ command, status });
      await dut.reload();
      assertEquals([dut.inventory().reloadFailed, await show(dut)], [false, 1]);
      const { port } = await dut.port.list() as { port: object };
      const [, handle, index] = /^(.*)\/(\d+)$/.exec(Object.keys(port)[0]!)!;
      const up = dut.perform({ kind: "link.set", handle: handle!, port: Number(index), up: true });
      assertEquals(up.fails().errno, "ENODEV");
      await recovers(dut);
    });
  }

  for (const command of PROBED) {
    sequence(`${command} ends with LIM_ERR as the driver binds: the probe fails, the next one works`, {
      source: `${CORE}/main.c: mlx5_init_one(), probe_one()`,
    }, async (dut) => {
      const { unbind, bind } = driverOf(dut);
      await unbind();
      await dut.device.fail({ command, status: "LIM_ERR" });
      bind().fails();
      await dut.dev.list();
      await bind();
      await show(dut);
    });
  }

  for (const [kept, holds] of [[true, KEPT], [false, REMADE]] as const) {
    sequence(
      `ALLOC_PD ends with LIM_ERR as the driver binds: no netdev, ${kept ? "not even after" : "until"} a reload`,
      {
        source:
          `6.5; ${CORE}/en_common.c: mlx5e_create_mdev_resources(); dev.c: mlx5_add_device(), mlx5_attach_device()`,
        holds,
      },
      async (dut) => {
        const { unbind, bind } = driverOf(dut);
        await unbind();
        await dut.device.fail({ command: "ALLOC_PD", status: "LIM_ERR" });
        await bind();
        assertEquals(await show(dut), 0);
        await dut.reload();
        assertEquals(await show(dut), kept ? 0 : 1);
        await unbind();
        await bind();
        assertEquals(await show(dut), 1);
      },
    );
  }

  sequence("INIT_HCA ends with LIM_ERR as the card recovers: it is left, until a reload brings the function back", {
    source: `${CORE}/health.c: mlx5_health_try_recover(); main.c: mlx5_recover_device()`,
    needs: { reporter: { name: "fw_fatal" } },
    holds: { in: ({ id }) => id !== "5.10", because: "5.10 has other words for a recovery that fails" },
  }, async (dut) => {
    await dut.health.set("fw_fatal", { gracePeriod: 0 });
    await dut.device.fail({ command: "INIT_HCA", status: "LIM_ERR" });
    await dut.device.health({ nic: 1, healAt: "restart" }, { settle: 12_000 });
    assertEquals((await dut.health.get("fw_fatal")).state, "error");
    await dut.port.list();
    await dut.reload();
    await dut.health.list();
    await show(dut);
    // Nothing else resets the state of the reporter
    const { unbind, bind } = driverOf(dut);
    await unbind();
    await bind();
  });

  sequence("QUERY_VNIC_ENV ends with LIM_ERR: the vnic reporter shows 0", {
    source: `6.6; ${CORE}/diag/reporter_vnic.c: mlx5_reporter_vnic_diagnose_counters()`,
    needs: { reporter: { name: "vnic" } },
  }, async (dut) => {
    await dut.device.counters({ vnic: { cq_overrun: 3 } });
    await dut.device.fail({ command: "QUERY_VNIC_ENV", status: "LIM_ERR" });
    await dut.health.diagnose("vnic");
    await dut.health.diagnose("vnic");
    await dut.reload();
  });

  sequence("a reading of the versions ends with LIM_ERR: dev info shows 0.0.0000", {
    source: `6.6; ${CORE}/fw.c: mlx5_fw_version_query(); devlink.c: mlx5_devlink_info_get()`,
  }, async (dut) => {
    await dut.device.fail({ command: "ACCESS_REG", register: "MCQS", status: "LIM_ERR" });
    await dut.dev.info();
    await dut.dev.info();
    await dut.reload();
  });

  for (const [command, status, place] of OPTIONAL) {
    sequence(`${command} ends with ${status}: the reload goes on without it`, {
      source: `${CORE}/${place}`,
    }, async (dut) => {
      await dut.device.fail({ command, status });
      await dut.reload();
      assertEquals([dut.inventory().reloadFailed, await show(dut)], [false, 1]);
      await recovers(dut);
    });
  }

  sequence("the second QUERY_PAGES of a load ends with LIM_ERR: the reload fails, the next one recovers", {
    source: `${CORE}/main.c: mlx5_function_open()`,
  }, async (dut) => {
    await dut.device.fail({ command: "QUERY_PAGES", status: "LIM_ERR", nth: 2 });
    assertEquals(dut.reload().fails().errno, "ENOMEM");
    await recovers(dut);
  });

  sequence("two commands that the card refuses fail a reload each", {
    source: `${CORE}/main.c: mlx5_function_setup()`,
  }, async (dut) => {
    await dut.device.fail({ command: "INIT_HCA", status: "LIM_ERR" });
    await dut.device.fail({ command: "ENABLE_HCA", status: "RES_BUSY" });
    assertEquals(dut.reload().fails().errno, "EBUSY");
    assertEquals(dut.reload().fails().errno, "ENOMEM");
    await recovers(dut);
  });

  sequence("a command that fails twice fails the second and the third reload", {
    source: `${CORE}/main.c: mlx5_function_open()`,
  }, async (dut) => {
    await dut.device.fail({ command: "INIT_HCA", status: "INT_ERR", nth: 2, times: 2 });
    await dut.reload();
    for (let time = 0; time < 2; time++) assertEquals(dut.reload().fails().errno, "EIO");
    await recovers(dut);
  });

  sequence("a fault that no command has met is taken back by clear", {
    source: `${CORE}/main.c: mlx5_function_setup()`,
  }, async (dut) => {
    await dut.device.fail({ command: "INIT_HCA", status: "INT_ERR" });
    await dut.device.fail({ command: "SET_ISSI", status: "INT_ERR", nth: 2 });
    await dut.device.clear();
    await recovers(dut);
  });

  sequence("a netns that ends while the card refuses INIT_HCA gives the device back, and its reload has failed", {
    source: "net/devlink/core.c: devlink_pernet_pre_exit()",
  }, async (dut) => {
    await dut.reload({ to: "t1" });
    await dut.device.fail({ command: "INIT_HCA", status: "INT_ERR" });
    await dut.netns.del("t1", { until: dut.handle });
    assertEquals(dut.inventory().reloadFailed, true);
    await dut.dev.show();
    await recovers(dut);
    await dut.netns.add("t1");
  });
});
