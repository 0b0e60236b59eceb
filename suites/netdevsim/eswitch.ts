/** The eswitch of netdevsim, its VFs and their ports (docs/semantics.md 5.7, R23 to R25, O03, O04, O16). */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import type { Era } from "../../model/mod.ts";
import type { Json } from "../../model/observation.ts";
import { type Suite, suite } from "../../sdk/suite.ts";

const holds = {
  in: (era: Era) => netdevsimEra(era).vfPorts,
  because: "netdevsim has no eswitch before 5.14",
};

const ports = (reply: Json): string[] =>
  Object.keys((reply as { port: object }).port).map((handle) => handle.slice(handle.lastIndexOf("/") + 1));

export default suite("eswitch", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("its mode and no other of its modes can be set", { source: "5.7" }, async (dut) => {
    await dut.eswitch.show();
    for (const mode of ["legacy", "switchdev", "switchdev", "switchdev_inactive", "nosuch"]) {
      dut.eswitch.set({ mode }).either();
      await dut.eswitch.show();
    }
    assertEquals(dut.eswitch.set({}).fails().errno, "client");
    for (const inlineMode of ["none", "link", "network", "transport", "nosuch"]) {
      dut.eswitch.set({ inlineMode }).fails();
    }
    for (const encapMode of ["none", "basic", "nosuch"]) dut.eswitch.set({ encapMode }).fails();
    // Settings before the part that fails stay in effect
    dut.eswitch.set({ mode: "legacy", inlineMode: "transport" }).fails();
    await dut.eswitch.show();
    dut.eswitch.set({ mode: "switchdev", encapMode: "basic", inlineMode: "none" }).fails();
    await dut.eswitch.show();
  });

  sequence("the ports of VFs come with switchdev and go with legacy", { source: "O03", holds }, async (dut) => {
    await netdevsimOf(dut).vfs(4);
    assertEquals(ports(await dut.port.list()), ["0"]);
    await dut.eswitch.set({ mode: "switchdev" });
    assertEquals(ports(await dut.port.list()), ["0", "128", "129", "130", "131"]);
    await dut.port.get(128);
    await dut.link.show(129);
    await dut.link.up(129);
    await dut.rate.list();
    await dut.eswitch.set({ mode: "legacy" });
    assertEquals(ports(await dut.port.list()), ["0"]);
    await dut.rate.list();
    assertEquals(await netdevsimOf(dut).attribute("sriov_numvfs"), "4");
    await netdevsimOf(dut).vfs(0);
  });

  sequence("VFs come and go in switchdev", { source: "O03; 5.7", holds }, async (dut) => {
    await dut.eswitch.set({ mode: "switchdev" });
    await netdevsimOf(dut).vfs(2);
    await dut.port.list();
    await dut.rate.list();
    await netdevsimOf(dut).vfs(0);
    // The mode goes with them
    assertEquals(await dut.eswitch.show(), { dev: { [dut.handle]: { mode: "legacy" } } });
    assertEquals(ports(await dut.port.list()), ["0"]);
  });

  sequence("how many VFs", { source: "O04" }, async (dut) => {
    await netdevsimOf(dut).attribute("sriov_numvfs");
    await netdevsimOf(dut).vfs(4);
    await netdevsimOf(dut).vfs(4);
    for (const count of ["2", "5", "x", "", "-1", "4294967296", "0x"]) netdevsimOf(dut).vfs(count).fails();
    await netdevsimOf(dut).vfs(0);
    await netdevsimOf(dut).vfs("0x0");
    for (const count of ["5", "175000", "4294967295"]) netdevsimOf(dut).vfs(count).either();
    netdevsimOf(dut).vfs(0).either();
    await netdevsimOf(dut).vfs("0x3");
    assertEquals(await netdevsimOf(dut).attribute("sriov_numvfs"), "3");
    await dut.reload();
    await netdevsimOf(dut).attribute("sriov_numvfs");
    await netdevsimOf(dut).unbind();
    await netdevsimOf(dut).attribute("sriov_numvfs");
    netdevsimOf(dut).vfs(1).either();
    netdevsimOf(dut).vfs("x").fails();
    await netdevsimOf(dut).bind();
    await netdevsimOf(dut).attribute("sriov_numvfs");
    await dut.eswitch.show();
  });

  sequence("the most VFs", { source: "4.6; drivers/net/netdevsim/dev.c" }, (dut) => {
    const most = (value: string) => netdevsimOf(dut).debugfs.write("max_vfs", value).either();
    netdevsimOf(dut).debugfs.read("max_vfs").either();
    for (const value of ["x", "", "-1", "0x10", "4294967296", "123456789", "12345678", "175000"]) most(value);
    netdevsimOf(dut).debugfs.read("max_vfs").either();
    most("2");
    netdevsimOf(dut).vfs(3).either();
    netdevsimOf(dut).vfs(0).either();
    netdevsimOf(dut).vfs(2).either();
    most("8");
    netdevsimOf(dut).debugfs.read("max_vfs").either();
    dut.reload().either();
    netdevsimOf(dut).debugfs.read("max_vfs").either();
    most("6");
    netdevsimOf(dut).vfs(0).either();
    netdevsimOf(dut).vfs(6).either();
    netdevsimOf(dut).unbind().either();
    netdevsimOf(dut).bind().either();
    netdevsimOf(dut).debugfs.read("max_vfs").either();
  });

  sequence("a reload with VFs in switchdev", { source: "R23", holds }, async (dut) => {
    await netdevsimOf(dut).vfs(2);
    await dut.eswitch.set({ mode: "switchdev" });
    await netdevsimOf(dut).newPort("3");
    await dut.reload();
    assertEquals(ports(await dut.port.list()), ["0"]);
    await dut.rate.list();
    assertEquals(await dut.eswitch.show(), { dev: { [dut.handle]: { mode: "legacy" } } });
    assertEquals(await netdevsimOf(dut).attribute("sriov_numvfs"), "0");
    await netdevsimOf(dut).vfs(1);
    await dut.reload();
    assertEquals(await netdevsimOf(dut).attribute("sriov_numvfs"), "0");
  });

  sequence("a reload in switchdev without VFs", { source: "R24", holds }, async (dut) => {
    await dut.eswitch.set({ mode: "switchdev" });
    await dut.reload();
    assertEquals(await dut.eswitch.show(), { dev: { [dut.handle]: { mode: "switchdev" } } });
    await netdevsimOf(dut).vfs(1);
    assertEquals(ports(await dut.port.list()), ["0", "128"]);
  });

  sequence("unbinding takes mode and VFs along", { source: "6.2; L04", holds }, async (dut) => {
    await netdevsimOf(dut).vfs(2);
    await dut.eswitch.set({ mode: "switchdev" });
    await netdevsimOf(dut).unbind();
    assertEquals(await netdevsimOf(dut).attribute("sriov_numvfs"), "0");
    await netdevsimOf(dut).bind();
    assertEquals(await dut.eswitch.show(), { dev: { [dut.handle]: { mode: "legacy" } } });
    assertEquals(ports(await dut.port.list()), ["0"]);
  });

  sequence("no mode can be set while there are rate nodes", { source: "O16", holds }, async (dut) => {
    await netdevsimOf(dut).vfs(1);
    await dut.eswitch.set({ mode: "switchdev" });
    await dut.rate.add("node1");
    for (const mode of ["legacy", "switchdev", "switchdev_inactive"]) dut.eswitch.set({ mode }).fails();
    dut.eswitch.set({ inlineMode: "link" }).fails();
    await dut.rate.del("node1");
    await dut.eswitch.set({ mode: "legacy" });
  });

  sequence("a port that has the index of a VF's", { source: "5.1, from source", holds }, async (dut) => {
    await netdevsimOf(dut).vfs(2);
    await dut.eswitch.set({ mode: "switchdev" });
    await netdevsimOf(dut).delPort("128");
    await dut.rate.list();
    await netdevsimOf(dut).newPort("128");
    await dut.port.list();
    await dut.rate.list();
    assertEquals(netdevsimOf(dut).newPort("129").fails().errno, "EEXIST");
    await dut.eswitch.set({ mode: "legacy" });
    dut.eswitch.set({ mode: "switchdev" }).fails();
    await dut.eswitch.show();
    await dut.port.list();
    await netdevsimOf(dut).delPort("128");
    await netdevsimOf(dut).newPort("129");
    // The first VF's port came, and went again
    dut.eswitch.set({ mode: "switchdev" }).fails();
    await netdevsimOf(dut).vfs(0);
    await dut.eswitch.set({ mode: "switchdev" });
    netdevsimOf(dut).vfs(2).fails();
    assertEquals(await netdevsimOf(dut).attribute("sriov_numvfs"), "0");
    await dut.eswitch.show();
    assertEquals(ports(await dut.port.list()), ["0", "129"]);
  });

  sequence("a device with VFs moves to another netns", {
    source: "5.7; N01",
    holds,
    fixture: netdevsim({ ports: 1, netns: ["t1"] }),
  }, async (dut) => {
    await netdevsimOf(dut).vfs(2);
    await dut.eswitch.set({ mode: "switchdev" });
    await dut.reload({ to: "t1" });
    const there = dut.in("t1");
    await there.port.list();
    await there.eswitch.show();
    dut.eswitch.show().fails();
    await there.eswitch.set({ mode: "switchdev" });
    await netdevsimOf(dut).vfs(1);
    await there.port.list();
    await there.rate.add("node1");
    await there.rate.set(128, { parent: "node1" });
    await there.rate.list();
    await dut.netns.del("t1", { until: dut.handle });
    await dut.port.list();
    await dut.rate.list();
    await dut.eswitch.show();
  });

  sequence("VFs come and go while the device is reloaded", {
    source: "C04",
    holds: {
      in: (era) => holds.in(era) && era.reloadLocks.includes("instance"),
      because: "without the lock of the instance a reload forgets VFs that come in its midst (from source)",
    },
  }, async (dut) => {
    const vfs = (count: number) => ({
      kind: "file.write" as const,
      path: "/sys/bus/netdevsim/devices/netdevsim10/sriov_numvfs",
      value: String(count),
    });
    await dut.perform({
      kind: "rounds",
      times: 20,
      operations: [vfs(2), { kind: "dev.eswitch.set", handle: dut.handle, mode: "switchdev" }, vfs(0)],
      meanwhile: [{ kind: "dev.reload", handle: dut.handle }, { kind: "rate.show" }],
    });
    // How often it was reloaded is chance, and so is what is reported of it as it goes
    const driver = "/sys/bus/netdevsim/drivers/netdevsim";
    await dut.perform({
      kind: "rounds",
      times: 1,
      operations: [
        { kind: "file.write", path: `${driver}/unbind`, value: "netdevsim10" },
        { kind: "file.write", path: `${driver}/bind`, value: "netdevsim10" },
      ],
    });
    await netdevsimOf(dut).vfs(1);
    await dut.eswitch.set({ mode: "switchdev" });
    await dut.port.list();
  });

  sequence("a reload that failed leaves no VFs", { source: "R07; 3.5", holds }, async (dut) => {
    await netdevsimOf(dut).vfs(2);
    await dut.eswitch.set({ mode: "switchdev" });
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
    dut.reload().fails();
    await dut.port.list();
    await dut.rate.list();
    await dut.eswitch.show();
    assertEquals(await netdevsimOf(dut).attribute("sriov_numvfs"), "0");
    await netdevsimOf(dut).debugfs.write("fail_reload", "n");
    await dut.reload();
    await dut.port.list();
    await dut.eswitch.show();
  });
}) satisfies Suite;
