/** Instances of any driver that move between network namespaces: docs/semantics.md 3.3, 3.6, N01 to N09. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const needs = { reload: "driver_reinit" } as const;

export default suite("netns", { fixture: theBoard({ ports: 1, netns: ["t1"] }) }, ({ sequence }) => {
  sequence("a reload moves the instance", { source: "N01; selftest netns_reload_test", needs }, async (dut) => {
    await dut.reload({ to: "t1" });
    await dut.dev.list();
    await dut.in("t1").dev.list();
    await dut.in("t1").port.list();
    await dut.in("t1").trap.list();
  });

  sequence("from netns to netns, and out of reach", {
    source: "N02; selftest netns_reload_test",
    fixture: theBoard({ ports: 2, netns: ["t1", "t2"] }),
    needs,
  }, async (dut) => {
    await dut.reload({ to: "t1" });
    await dut.in("t1").reload({ to: "t2" });
    assertEquals(dut.reload().fails().errno, "ENODEV");
    assertEquals(dut.in("t1").reload().fails().errno, "ENODEV");
    await dut.in("t2").port.list();
    await dut.in("t2").reload({ to: "init" });
    await dut.port.list();
  });

  sequence("a netns that is none", { source: "N08; 3.2 #8b", needs }, async (dut) => {
    // devlink(8) opens the name: a file that is no netns reaches the kernel, a name that is not there does not.
    await dut.write("/run/netns/nonetns", "not a netns");
    assertEquals(dut.reload({ to: "nonetns" }).fails().errno, "EINVAL");
    await dut.netns.del("nonetns");
    assertEquals(dut.reload({ to: "nosuch" }).fails().errno, "client");
    await dut.dev.show();
    await dut.port.list();
  });

  sequence("the netns that it is in already", { source: "N09", needs }, async (dut) => {
    await dut.reload({ to: "init" });
    await dut.dev.show();
    await dut.in("t1").dev.list();
  });

  sequence("an instance is named by a process of its netns", { source: "N02; 3.1", needs }, async (dut) => {
    await dut.reload({ to: { pid: 1 } });
    await dut.dev.show();
    await dut.reload({ to: "t1" });
    await dut.in("t1").reload({ to: { pid: 1 } });
    await dut.dev.show();
  });
});
