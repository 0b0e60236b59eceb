/** The netdevs of ports, where devlink uses them (docs/semantics.md 5.1, N17). */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import { type Suite, suite } from "../../sdk/suite.ts";

const withNetns = { fixture: netdevsim({ ports: 2, netns: ["t1"] }) };

export default suite("link", { fixture: netdevsim({ ports: 2 }) }, ({ sequence }) => {
  sequence("up and down", { source: "drivers/net/netdevsim/netdev.c" }, async (dut) => {
    await dut.link.show(0);
    await dut.link.up(0);
    await dut.link.up(0);
    await dut.link.show(0);
    await dut.link.down(0);
    await dut.link.down(0);
    await dut.link.show(0);
    // From 6.9 on it has no carrier any more: nothing is linked to it
    await dut.link.up(0);
    await dut.link.show(0);
    await dut.link.up(1);
    await dut.reload();
    await dut.link.show(0);
    assertEquals(dut.link.up(7).fails().errno, "ENODEV");
  });

  sequence("a port follows the name of its netdev", { source: "5.1; net/devlink/port.c" }, async (dut) => {
    await dut.link.rename(0, "tl0");
    await dut.port.list();
    await dut.link.show(0);
    await dut.link.rename(0, "tl0");
    assertEquals(dut.link.rename(1, "tl0").fails().errno, "EEXIST");
    assertEquals(dut.link.rename(1, "lo").fails().errno, "EEXIST");
    for (const name of ["a b", "", ".", "x/y", "muchtoolonganame"]) {
      assertEquals(dut.link.rename(0, name).fails().errno, "client");
    }
    await dut.link.up(0);
    // Before 6.2 not while it is up
    dut.link.rename(0, "tl1").either();
    dut.link.rename(0, "tl0").either();
    await dut.port.get(0);
    await dut.link.down(0);
    await dut.link.rename(0, "tl2");
    await dut.reload();
    await dut.port.list();
  });

  sequence("a netdev in sysfs", { source: "5.1" }, async (dut) => {
    await dut.link.rename(0, "tl0");
    await netdevsimOf(dut).newPort("11");
    await dut.link.rename(11, "tl11");
    assertEquals(await dut.read("/sys/class/net/tl0/phys_port_name"), "p1");
    assertEquals(await dut.read("/sys/class/net/tl11/phys_port_name"), "p12");
    await netdevsimOf(dut).attribute("net/tl0/phys_port_name");
    await netdevsimOf(dut).attribute("net/tl0/operstate");
    netdevsimOf(dut).attribute("net/tl0/carrier").fails();
    await dut.link.up(0);
    await netdevsimOf(dut).attribute("net/tl0/carrier");
    netdevsimOf(dut).attribute("net/nosuch/carrier").fails();
  });

  sequence("the netdev of a VF in sysfs", {
    source: "5.1",
    holds: { in: (era) => netdevsimEra(era).vfPorts, because: "netdevsim has no ports for its VFs before 5.14" },
  }, async (dut) => {
    await netdevsimOf(dut).vfs(2);
    await dut.eswitch.set({ mode: "switchdev" });
    await dut.link.rename(129, "tlvf");
    assertEquals(await dut.read("/sys/class/net/tlvf/phys_port_name"), "pf0vf1");
    await dut.link.up(129);
    await netdevsimOf(dut).vfs(0);
    dut.read("/sys/class/net/tlvf/phys_port_name").fails();
  });

  sequence("a netdev moves to another netns alone", { source: "N17", ...withNetns }, async (dut) => {
    await dut.link.rename(0, "tl0");
    await dut.link.move(0, "t1");
    await dut.port.list();
    await dut.in("t1").port.list();
    assertEquals(dut.link.show(0).fails().errno, "client");
    assertEquals(dut.link.up(0).fails().errno, "client");
    assertEquals(dut.link.move(0, "t1").fails().errno, "client");
    const there = dut.in("t1").netdev("tl0");
    await there.show();
    await there.up();
    await there.down();
    // Who shows it has its operational state follow first: else that may come before or after the next step
    await there.show();
    await there.up();
    // Its port goes, and the netdev with it
    await netdevsimOf(dut).delPort("0");
    there.show().fails();
    await dut.port.list();
  });

  sequence("a reload gets a netdev back", { source: "N17", ...withNetns }, async (dut) => {
    await dut.link.up(1);
    await dut.link.move(1, "t1");
    await dut.port.list();
    await dut.reload();
    await dut.port.list();
    await dut.link.show(1);
    await dut.link.move(1, "t1");
    await dut.reload({ to: "t1" });
    await dut.in("t1").port.list();
    await dut.in("t1").link.rename(0, "tl0");
    await dut.in("t1").link.move(0, "init");
    await dut.in("t1").port.list();
    await dut.in("t1").reload({ to: "init" });
    await dut.port.list();
  });

  sequence("a name that is taken there", { source: "net/core/dev.c", ...withNetns }, async (dut) => {
    await dut.link.rename(0, "tl0");
    await dut.link.move(0, "t1");
    await dut.link.rename(1, "tl0");
    assertEquals(dut.link.move(1, "t1").fails().errno, "EEXIST");
    await dut.port.list();
    assertEquals(dut.link.move(1, "nosuch").fails().errno, "client");
    await dut.link.move(1, "init");
    await dut.port.list();
  });

  sequence(
    "a netdev outlives its netns",
    { source: "3.6; net/core/dev.c", fixture: netdevsim({ ports: 2 }) },
    async (dut) => {
      await dut.netns.add("t1");
      await dut.link.up(0);
      await dut.link.move(0, "t1");
      await dut.port.list();
      await dut.netns.del("t1", { settle: 500 });
      await dut.port.list();
      await dut.link.show(0);
      await dut.link.up(0);
      await dut.reload();
      await dut.port.list();
    },
  );

  sequence("a netdev comes back where its name is taken", { source: "net/core/dev.c" }, async (dut) => {
    await dut.netns.add("t1");
    await dut.link.rename(0, "tl0");
    await dut.link.move(0, "t1");
    await dut.link.rename(1, "tl0");
    await dut.netns.del("t1", { settle: 500 });
    await dut.port.list();
    await dut.link.show(0);
    await netdevsimOf(dut).delPort("0");
    await dut.link.show(1);
  });

  sequence("a removed device takes its netdev from another netns", { source: "N17", ...withNetns }, async (dut) => {
    await dut.link.move(1, "t1");
    await netdevsimOf(dut).unbind();
    await netdevsimOf(dut).bind();
    await dut.port.list();
    await dut.in("t1").port.list();
  });
}) satisfies Suite;
