/** Sequences on the end of a netns with an instance in it, and on netdevs that move alone: docs/semantics.md 3.6, N01 to N18. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

export default suite("netns_end", { fixture: netdevsim({ ports: 1, netns: ["t1"] }) }, ({ sequence }) => {
  sequence("a netns dies with an instance whose reload fails", { source: "N15; 3.5; 3.6" }, async (dut) => {
    await dut.reload({ to: "t1" });
    await netdevsimOf(dut).debugfs.write("fail_reload", "Y");
    await dut.netns.del("t1", { until: dut.handle });
    await dut.dev.show();
    await dut.port.list();
    await netdevsimOf(dut).debugfs.write("fail_reload", "N");
    await dut.reload();
    await dut.dev.show();
    await dut.port.list();
  });

  sequence("a netns dies with an instance that failed before", { source: "N15; 3.6" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_reload", "Y");
    dut.reload({ to: "t1" }).fails();
    await netdevsimOf(dut).debugfs.write("fail_reload", "N");
    await dut.netns.del("t1", { until: dut.handle });
    await dut.dev.show();
    await dut.port.list();
  });

  sequence("two instances come back from one netns", {
    source: "N03; N07",
    fixture: netdevsim({ ports: 2, netns: ["t1"] }),
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await dut.reload({ to: "t1" });
    await dut.perform({ kind: "dev.reload", handle: "netdevsim/netdevsim11", to: "t1" });
    await dut.in("t1").dev.list();
    await dut.netns.del("t1", { until: "netdevsim/netdevsim11" });
    await dut.dev.list();
    await dut.port.list();
    await netdevsimOf(dut).delDevice("11");
  });

  sequence("an instance is reloaded while the netns of another one dies", {
    source: "N07; D3",
    fixture: netdevsim({ ports: 1 }),
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await netdevsimOf(dut).newDevice("12 1");
    await dut.perform({
      kind: "rounds",
      times: 2,
      operations: [
        { kind: "netns.add", name: "n1" },
        { kind: "dev.reload", handle: "netdevsim/netdevsim11", to: "n1" },
        { kind: "netns.del", name: "n1", until: "netdevsim/netdevsim11" },
      ],
      meanwhile: [{ kind: "dev.reload", handle: "netdevsim/netdevsim12" }],
    });
    // How often it was reloaded is chance, and so is what is reported of it as it goes
    await dut.perform({
      kind: "rounds",
      times: 1,
      operations: [{ kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: "12" }],
    });
    await dut.dev.list();
    await dut.port.list();
    await netdevsimOf(dut).delDevice("11");
  });

  sequence("made in a netns, out of it, and its maker's netns dies", {
    source: "L13; N02; 3.6",
    fixture: netdevsim({ ports: 1, netns: ["t1"], in: "t1" }),
  }, async (dut) => {
    await dut.in("t1").reload({ to: "init" });
    await dut.port.list();
    await dut.netns.del("t1");
    await dut.reload();
    await dut.dev.show();
  });

  sequence("a moved instance loses the ports that were added", { source: "N01; R12; 3.9" }, async (dut) => {
    await netdevsimOf(dut).newPort("5");
    await dut.region.new("dummy");
    await dut.trap.set("tail_drop", { action: "trap" });
    await dut.reload({ to: "t1" });
    await dut.in("t1").port.list();
    await dut.in("t1").region.list();
    assertEquals((await dut.in("t1").trap.get("tail_drop")).action, "drop");
    await netdevsimOf(dut).newPort("5");
    await dut.in("t1").link.show(5);
    await dut.in("t1").reload({ to: "t1" });
    await dut.in("t1").dev.show();
  });

  sequence(
    "a netns dies with nothing in it but an instance whose driver is gone",
    { source: "N03; 6.2" },
    async (dut) => {
      await dut.reload({ to: "t1" });
      await netdevsimOf(dut).unbind();
      await dut.netns.del("t1");
      await netdevsimOf(dut).bind();
      await dut.dev.show();
      await dut.port.list();
    },
  );
});
