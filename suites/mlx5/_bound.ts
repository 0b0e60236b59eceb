/** What a sequence of mlx5 begins with: the board's own function with mlx5_ib bound to it, or without. */

import type { Fixture } from "../../sdk/fixture.ts";
import { theBoard } from "../../sdk/the_board.ts";

/** The board's own function, if mlx5_ib is bound to it, or is not; the facts of the board say which it is. */
export function boundTo(rdma: boolean): Fixture {
  const fixture = theBoard();
  const reason = rdma ? "mlx5_ib, bound to the function" : "a function to which mlx5_ib is not bound";
  return {
    ...fixture,
    on: (board) => ({ ...fixture.on!(board), ...(board.facts?.rdma === rdma ? {} : { reason }) }),
  };
}
