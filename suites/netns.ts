/** Sequences on instances that move between network namespaces: docs/semantics.md 3.3, 3.6, N01 to N18. */

import { assertEquals } from "@std/assert";
import { netdevsim } from "../fixtures/netdevsim.ts";
import { suite } from "./suite.ts";

export default suite("netns", { fixture: netdevsim({ ports: 1, netns: ["t1"] }) }, ({ sequence }) => {
  sequence("a reload moves the instance", { source: "N01; selftest netns_reload_test" }, async (dut) => {
    await dut.reload({ to: "t1" });
    await dut.dev.list();
    await dut.in("t1").dev.list();
    await dut.in("t1").port.list();
    await dut.in("t1").trap.list();
  });

  sequence("from netns to netns, and out of reach", {
    source: "N02; selftest netns_reload_test",
    fixture: netdevsim({ ports: 2, netns: ["t1", "t2"] }),
  }, async (dut) => {
    await dut.reload({ to: "t1" });
    await dut.in("t1").reload({ to: "t2" });
    assertEquals(dut.reload().fails().errno, "ENODEV");
    assertEquals(dut.in("t1").reload().fails().errno, "ENODEV");
    await dut.in("t2").port.list();
    await dut.in("t2").reload({ to: "init" });
    await dut.port.list();
  });

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

  sequence("a netns that is none", { source: "N08; 3.2 #8b" }, async (dut) => {
    // devlink(8) opens the name: a file that is no netns reaches the kernel, a name that is not there does not.
    await dut.write("/run/netns/nonetns", "not a netns");
    assertEquals(dut.reload({ to: "nonetns" }).fails().errno, "EINVAL");
    await dut.netns.del("nonetns");
    assertEquals(dut.reload({ to: "nosuch" }).fails().errno, "client");
    await dut.dev.show();
    await dut.port.list();
  });

  sequence("the netns that it is in already", { source: "N09" }, async (dut) => {
    await dut.reload({ to: "init" });
    await dut.dev.show();
    await dut.in("t1").dev.list();
  });

  sequence("a move that fails on the way up has moved", { source: "N11; 3.5" }, async (dut) => {
    await dut.debugfs.write("fail_reload", "y");
    dut.reload({ to: "t1" }).fails();
    await dut.dev.list();
    await dut.in("t1").dev.show();
    await dut.debugfs.write("fail_reload", "n");
    await dut.in("t1").reload();
    await dut.in("t1").dev.show();
    await dut.in("t1").port.list();
  });

  sequence("a move that the driver forbids stays", { source: "N12; 3.5" }, async (dut) => {
    await dut.debugfs.write("dont_allow_reload", "y");
    assertEquals(dut.reload({ to: "t1" }).fails().errno, "EOPNOTSUPP");
    await dut.dev.show();
    await dut.in("t1").dev.list();
    await dut.trap.list();
  });
});
