/**
 * Suite `mlx5_card`: the driver's reaction to events at the card: its cable, its counters. The card is emulated.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Json } from "../../model/observation.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const EN_MAIN = "drivers/net/ethernet/mellanox/mlx5/core/en_main.c";

/** A netdev may take up to a second to follow its carrier. */
const SETTLE = { settle: 1500 };

/** Returns the port of the card, on the function's instance or on the one that is nested in it. */
async function portOf(dut: Dut): Promise<{ handle: string; port: number }> {
  const { port } = await dut.port.list() as { port: Record<string, unknown> };
  const [, handle, index] = /^(.*)\/(\d+)$/.exec(Object.keys(port)[0]!)!;
  return { handle: handle!, port: Number(index) };
}

export default suite("mlx5_card", { fixture: theBoard() }, ({ sequence }) => {
  sequence("the cable of a netdev that is down goes and comes: nobody hears of it", {
    source: `${EN_MAIN}: mlx5e_nic_enable(), mlx5e_update_carrier()`,
  }, async (dut) => {
    await dut.device.link(0, false, SETTLE);
    await dut.port.list();
    await dut.device.link(0, false);
    await dut.device.link(0, true, SETTLE);
    await dut.port.list();
  });

  sequence("the carrier of a netdev follows the cable of the card", {
    source: `${EN_MAIN}: async_event(), mlx5e_update_carrier(); net/core/link_watch.c`,
  }, async (dut) => {
    const at = await portOf(dut);
    const link = async () => {
      const { reply } = await dut.perform({ kind: "link.show", ...at });
      return (reply as { operstate: Json }).operstate;
    };
    // A netdev that comes up without a cable has no carrier at first; with one, when its carrier comes is chance
    await dut.device.link(0, false);
    await dut.perform({ kind: "link.set", ...at, up: true, ...SETTLE });
    assertEquals(await link(), "DOWN");
    for (const up of [true, false, true]) {
      await dut.device.link(0, up, SETTLE);
      assertEquals(await link(), up ? "UP" : "DOWN");
      await dut.port.list();
    }
    await dut.perform({ kind: "link.set", ...at, up: false, ...SETTLE });
    await dut.port.list();
  });

  sequence("the vnic reporter shows the counters of the card, until they are cleared", {
    source: "drivers/net/ethernet/mellanox/mlx5/core/diag/reporter_vnic.c: mlx5_reporter_vnic_diagnose_counters()",
    needs: { reporter: { name: "vnic" } },
  }, async (dut) => {
    await dut.device.counters({ vnic: { cq_overrun: 3, nic_receive_steering_discard: 2 ** 40 } });
    await dut.health.diagnose("vnic");
    await dut.device.counters({ vnic: { total_error_queues: 2 ** 32 - 1 } });
    await dut.reload();
    await dut.health.diagnose("vnic");
    await dut.device.clear();
    await dut.health.diagnose("vnic");
  });

  sequence("a cable that is out stays out when the function is reloaded, until clear plugs it in", {
    source: `${EN_MAIN}: mlx5e_nic_enable()`,
  }, async (dut) => {
    await dut.device.link(0, false);
    await dut.reload();
    const at = await portOf(dut);
    await dut.perform({ kind: "link.set", ...at, up: true, ...SETTLE });
    await dut.perform({ kind: "link.show", ...at });
    await dut.device.clear(SETTLE);
    await dut.perform({ kind: "link.show", ...at });
    await dut.perform({ kind: "link.set", ...at, up: false, ...SETTLE });
  });
});
