/**
 * Suite `mlx5_failures`: the card refuses a command of a reload. The reload fails with the errno that the driver makes of the
 * card's status. The instance reports that its reload has failed, and the next reload recovers it. The card is emulated.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { boundTo } from "./_bound.ts";

/** Commands that a load carries out once. */
const COMMANDS = ["ENABLE_HCA", "SET_ISSI", "INIT_HCA"] as const;

/** Statuses of the card, and the errno of each. */
const ERRNO = {
  INT_ERR: "EIO",
  BAD_SYS_STATE_ERR: "EIO",
  BAD_PARAM_ERR: "EINVAL",
  RES_BUSY: "EBUSY",
  LIM_ERR: "ENOMEM",
  NO_RES_ERR: "EAGAIN",
} as const;

export default suite("mlx5_failures", { fixture: theBoard() }, ({ sequence }) => {
  for (const command of COMMANDS) {
    for (const [status, errno] of Object.entries(ERRNO)) {
      sequence(`${command} ends with ${status}: the reload fails, the next one recovers`, {
        source:
          "drivers/net/ethernet/mellanox/mlx5/core/main.c: mlx5_function_setup(); core/cmd.c: cmd_status_to_err()",
      }, async (dut) => {
        await dut.device.fail({ command, status });
        assertEquals(dut.reload().fails().errno, errno);
        assertEquals(dut.inventory().reloadFailed, true);
        await dut.dev.show();
        await dut.port.list();
        await dut.trap.list();
        await dut.reload();
        assertEquals(dut.inventory().reloadFailed, false);
        await dut.dev.show();
        await dut.port.list();
      });
    }
  }

  // ib_core makes the pools of completion queues once the driver is enabled, and takes them away whether it made them or not
  sequence("5.10: mlx5_ib fails as its device is registered: the kernel oopses in the reload", {
    source:
      "drivers/infiniband/core/device.c: enable_device_and_get(), disable_device(); core/cq.c: ib_cq_pool_destroy()",
    fixture: boundTo(true),
    holds: { in: ({ id }) => id === "5.10", because: "from 5.11 on ib_core takes no pools away that it has not made" },
  }, async (dut) => {
    await dut.device.operate({ blueflame: true });
    dut.reload().either();
  });
});
