/**
 * Suite `mlx5_netns`: a netns ends with a function in it, with mlx5_ib bound and without. Where mlx5_ib is bound, the end of the
 * netns never comes up to 6.2: it holds `pernet_ops_rwsem` for reading, reloads the function into init_net, and the reload
 * removes mlx5_ib. That unregisters a notifier of all netns and wants the semaphore for writing (docs/semantics.md D3, N05, N06).
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Era } from "../../model/mod.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { boundTo } from "./_bound.ts";

const RELOAD = { reload: "driver_reinit" } as const;
const hangs = (era: Era) => era.notifierScope === "global";
/** The end of each netns looks for instances in it under `devlink_mutex`, which a reload holds, too. */
const mutex = (era: Era) => era.devlinkMutex;
const HANGS = { in: hangs, because: "from 6.3 on the notifier of mlx5_ib follows its netdev (D3)" };
const ENDS = { in: (era: Era) => !hangs(era), because: "up to 6.2 the end of the netns waits for itself (D3)" };

const SOURCE = "net/core/net_namespace.c: cleanup_net(); core.c: devlink_pernet_pre_exit(); " +
  "infiniband/hw/mlx5/main.c: mlx5_ib_roce_cleanup(); net/core/dev.c: unregister_netdevice_notifier()";

export default suite("mlx5_netns", { fixture: boundTo(true) }, ({ sequence }) => {
  sequence("mlx5_ib bound: add, move in, delete; the next netns is never made", {
    source: `N05; D3; ${SOURCE}`,
    needs: RELOAD,
    holds: HANGS,
  }, async (dut) => {
    await dut.netns.add("n1");
    await dut.reload({ to: "n1" });
    // It returns at once: a kernel thread ends the netns, and waits for itself
    await dut.netns.del("n1");
    // Until the thread has come to where it waits, a netns can still be made
    await dut.wait(5000);
    await dut.netns.add("n2");
  });

  const raced = (dut: Dut) =>
    dut.race([
      [{ kind: "netns.add", name: "n1" }, { kind: "netns.del", name: "n1" }],
      { kind: "dev.reload", handle: dut.handle },
    ], { runs: 20 });

  sequence("mlx5_ib bound: a reload while a netns ends that has nothing of the function: they wait for each other", {
    source: `N07; D3; ${SOURCE}`,
    needs: RELOAD,
    holds: { in: mutex, because: "from 6.0 on no mutex is held over the reloads of all instances" },
  }, async (dut) => {
    await dut.dev.show();
    assert(raced(dut).has("deadlock"));
  });

  sequence("mlx5_ib bound: a reload while a netns ends that has nothing of the function: both end", {
    source: `N07; D3; ${SOURCE}`,
    needs: RELOAD,
    holds: { in: (era) => !mutex(era), because: "up to 5.19 they may wait for each other" },
  }, async (dut) => {
    await dut.dev.show();
    assertEquals(raced(dut).findings, []);
  });

  for (const rdma of [true, false]) {
    sequence(`mlx5_ib ${rdma ? "" : "not "}bound: add, move in, delete; the function is back`, {
      source: `${rdma ? "N05" : "N06"}; D3; ${SOURCE}`,
      fixture: boundTo(rdma),
      needs: RELOAD,
      ...(rdma ? { holds: ENDS } : {}),
    }, async (dut) => {
      await dut.netns.add("n1");
      await dut.reload({ to: "n1" });
      await dut.netns.del("n1", { until: dut.handle });
      await dut.netns.add("n2");
      await dut.netns.del("n2");
      await dut.dev.show();
    });
  }
});
