/** Sequences on instances that move between network namespaces: docs/semantics.md 3.3, 3.6, N01 to N18. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

export default suite("netdevsim_netns", { fixture: netdevsim({ ports: 1, netns: ["t1"] }) }, ({ sequence }) => {
  sequence("an instance outlives its netns", {
    source: "N03; selftest netns_reload_test",
    fixture: netdevsim({ ports: 2, netns: ["t1"] }),
  }, async (dut) => {
    await dut.reload({ to: "t1" });
    await dut.netns.del("t1", { until: dut.handle });
    await dut.dev.show();
    await dut.port.list();
    await dut.trap.list();
  });

  sequence("add, move in, delete", { source: "N04; D3", fixture: netdevsim({ ports: 1 }) }, async (dut) => {
    await dut.netns.add("n1");
    await dut.reload({ to: "n1" });
    await dut.netns.del("n1", { until: dut.handle });
    await dut.netns.add("n2");
    await dut.netns.del("n2");
    await dut.dev.show();
  });

  sequence("a move that fails on the way up has moved", { source: "N11; 3.5" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
    dut.reload({ to: "t1" }).fails();
    await dut.dev.list();
    await dut.in("t1").dev.show();
    await netdevsimOf(dut).debugfs.write("fail_reload", "n");
    await dut.in("t1").reload();
    await dut.in("t1").dev.show();
    await dut.in("t1").port.list();
  });

  sequence("a move that the driver forbids stays", { source: "N12; 3.5" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("dont_allow_reload", "y");
    assertEquals(dut.reload({ to: "t1" }).fails().errno, "EOPNOTSUPP");
    await dut.dev.show();
    await dut.in("t1").dev.list();
    await dut.trap.list();
  });
});
