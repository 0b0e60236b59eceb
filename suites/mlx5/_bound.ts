/** The drivers of the board's own function: a sequence begins with mlx5_ib bound to it, or without, and may bind mlx5_core. */

import type { Dut } from "../../sdk/dut.ts";
import type { Fixture } from "../../sdk/fixture.ts";
import type { Settling } from "../../sdk/dut_subject.ts";
import { theBoard } from "../../sdk/the_board.ts";

/** Returns the board's own function, if mlx5_ib is bound to it, or is not; the facts of the board say which it is. */
export function boundTo(rdma: boolean): Fixture {
  const fixture = theBoard();
  const reason = rdma ? "mlx5_ib, bound to the function" : "a function to which mlx5_ib is not bound";
  return {
    ...fixture,
    on: (board) => ({ ...fixture.on!(board), ...(board.facts?.rdma === rdma ? {} : { reason }) }),
  };
}

/** Binds the board's own function to mlx5_core, and unbinds it. */
export function driverOf(dut: Dut) {
  const [bus, device] = dut.handle.split("/") as [string, string];
  const driver = dut.driver(bus, "mlx5_core");
  return { bind: (options?: Settling) => driver.bind(device, options), unbind: () => driver.unbind(device) };
}
