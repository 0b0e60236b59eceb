/** Rate objects: the leafs of VFs, and nodes (docs/semantics.md 5.8, R25, O15). */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import type { Dut } from "../../sdk/dut.ts";
import { type Suite, suite } from "../../sdk/suite.ts";

const holds = {
  in: (era: { ports: { rates: boolean } }) => era.ports.rates,
  because: "there are no rate objects before 5.14",
};

/** Words of `tc-bw`: a bandwidth for each of the 8 traffic classes. */
const bandwidths = (...values: (number | string)[]): string[] => values.map((value, i) => `${i}:${value}`);

/** Two VFs, and with them two leafs. */
async function switchdev(dut: Dut): Promise<void> {
  await netdevsimOf(dut).vfs(2);
  await dut.eswitch.set({ mode: "switchdev" });
}

export default suite("rate", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("nothing of it in legacy mode", { source: "5.8" }, (dut) => {
    dut.rate.list().either();
    dut.rate.add("node1").fails();
    netdevsimOf(dut).vfs(2).either();
    dut.rate.add("node1", { txMax: "1mbit" }).fails();
    dut.rate.add("node1", { txPriority: 1 }).fails();
    dut.rate.add("node1", { tcBw: bandwidths(1, 1, 1, 1, 1, 1, 1, 1) }).fails();
    dut.rate.set(128, { tcBw: bandwidths(1, 1, 1, 1, 1, 1, 1, 1) }).fails();
    dut.rate.set(128, { txMax: "1mbit" }).fails();
    dut.rate.set("node1", { txMax: "1mbit" }).fails();
    dut.rate.get(128).fails();
    dut.rate.get("node1").fails();
    dut.rate.del("node1").fails();
    dut.rate.list().either();
  });

  sequence("the rates of a leaf, and their bounds", { source: "O15; selftest rate_test", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.list();
    await dut.rate.set(128, {});
    await dut.rate.set(128, { txShare: "10mbit" });
    await dut.rate.set(128, { txMax: "100mbit" });
    await dut.rate.get(128);
    await dut.rate.set(128, { txShare: "20Mbit", txMax: "5gbit" });
    await dut.rate.get(128);
    for (const txMax of ["5001mbit", "1tbit", "10500kbit", "1250001bps", "100mibit"]) {
      dut.rate.set(128, { txMax }).fails();
    }
    await dut.rate.get(128);
    await dut.rate.set(129, { txMax: "125000Bps", txShare: "0" });
    await dut.rate.set(129, { txMax: "1000000" });
    await dut.rate.set(129, { txMax: "2.5MBps" });
    await dut.rate.get(129);
    await dut.rate.set(129, { txMax: "0mbit" });
    await dut.rate.get(129);
    await dut.rate.list();
  });

  sequence("what devlink(8) does not send", { source: "devlink-rate(8)", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.set(128, { txShare: "10mbit", txMax: "20mbit" });
    for (const txMax of ["nosuch", "10", "5mbit", "1kbit", "10 mbit", "10mbits", ""]) {
      assertEquals(dut.rate.set(128, { txMax }).fails().errno, "client");
    }
    assertEquals(dut.rate.set(128, { txShare: "30mbit" }).fails().errno, "client");
    assertEquals(dut.rate.set(128, { txShare: "30mbit", txMax: "25mbit" }).fails().errno, "client");
    assertEquals(dut.rate.add("node1", { txShare: "30mbit", txMax: "25mbit" }).fails().errno, "client");
    assertEquals(dut.rate.add("123").fails().errno, "client");
    assertEquals(dut.rate.del("123").fails().errno, "client");
    assertEquals(dut.rate.set("123", { txMax: "1mbit" }).fails().errno, "ENODEV");
    await dut.rate.set("128", { txMax: "30mbit" });
    await dut.rate.list();
  });

  sequence(
    "what is set before the part that fails stays",
    { source: "net/devlink: no rollback", holds },
    async (dut) => {
      await switchdev(dut);
      await dut.rate.add("node1");
      dut.rate.set(128, { txShare: "10mbit", txMax: "6gbit" }).fails();
      await dut.rate.get(128);
      await netdevsimOf(dut).debugfs.read("ports/128/tx_share");
      dut.rate.set("node1", { txMax: "10mbit", parent: "nosuch" }).fails();
      await dut.rate.get("node1");
      dut.rate.set(129, { txMax: "10mbit", txPriority: 1 }).fails();
      await dut.rate.get(129);
    },
  );

  sequence("priority and weight are not netdevsim's", { source: "5.8", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.add("node1");
    dut.rate.set(128, { txPriority: 3 }).fails();
    dut.rate.set(128, { txWeight: 3 }).fails();
    dut.rate.set(128, { txPriority: 3, txWeight: 3, parent: "node1" }).fails();
    dut.rate.set("node1", { txPriority: 3 }).fails();
    dut.rate.set("node1", { txWeight: 3 }).fails();
    dut.rate.add("node2", { txPriority: 3 }).fails();
    dut.rate.add("node2", { txWeight: 3 }).fails();
    dut.rate.set(0, { txWeight: 3 }).fails();
    await dut.rate.list();
  });

  sequence("the bandwidths of traffic classes", { source: "5.8; devlink-rate(8)", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.add("node1");
    // 7.2 takes them, 6.12 does not know them and takes the rest, older ones refuse the whole request
    dut.rate.set(128, { tcBw: bandwidths(60, 10, 0, 0, 30, 0, 0, 0) }).either();
    dut.rate.set("node1", { tcBw: bandwidths(1, 2, 3, 4, 5, 6, 7, 8).reverse(), txMax: "10mbit" }).either();
    dut.rate.add("node2", { tcBw: bandwidths(0, 0, 0, 0, 0, 0, 0, 100), parent: "node1" }).either();
    await dut.rate.list();
    dut.rate.get("node2").either();
    for (const file of ["ports/128", "ports/129", "rate_nodes/node1", "rate_nodes/node2"]) {
      for (const name of ["tc0_bw", "tc1_bw", "tc7_bw"]) netdevsimOf(dut).debugfs.read(`${file}/${name}`).either();
    }
    netdevsimOf(dut).debugfs.write("ports/128/tc0_bw", "7").fails();
    netdevsimOf(dut).debugfs.read("ports/128/tc8_bw").fails();
    // What does not fit into 32 bits, and what is left out
    dut.rate.set(128, { tcBw: bandwidths(4294967295, 4294967296, "", 0, 0, 0, 0, 1) }).either();
    await dut.rate.get(128);
    dut.rate.set(128, { tcBw: bandwidths(0, 0, 0, 0, 0, 0, 0, 0) }).either();
    await dut.rate.get(128);
    dut.rate.set(0, { tcBw: bandwidths(1, 1, 1, 1, 1, 1, 1, 1) }).fails();
    dut.rate.set("nosuch", { tcBw: bandwidths(1, 1, 1, 1, 1, 1, 1, 1) }).fails();
  });

  sequence("bandwidths go first, parents after them", { source: "net/devlink: no rollback", holds }, async (dut) => {
    await switchdev(dut);
    const some = { tcBw: bandwidths(8, 7, 6, 5, 4, 3, 2, 1) };
    const others = { tcBw: bandwidths(1, 1, 1, 1, 1, 1, 1, 1) };
    dut.rate.set(128, { ...some, txShare: "0", txMax: "6gbit" }).fails();
    await dut.rate.get(128);
    dut.rate.set(128, { ...some, parent: "nosuch" }).fails();
    await dut.rate.get(128);
    dut.rate.set(128, { ...others, txPriority: 2 }).fails();
    await dut.rate.get(128);
    dut.rate.add("node1", { ...others, parent: "nosuch" }).fails();
    dut.rate.get("node1").fails();
    // They go with the port, unlike the limits of its VF
    await dut.eswitch.set({ mode: "legacy" });
    dut.rate.add("node1", some).fails();
    dut.rate.set(128, some).fails();
    await dut.eswitch.set({ mode: "switchdev" });
    await dut.rate.get(128);
    netdevsimOf(dut).debugfs.read("ports/128/tc0_bw").either();
  });

  sequence("bandwidths that devlink(8) does not send", { source: "devlink-rate(8)", holds }, async (dut) => {
    await switchdev(dut);
    const refused = [
      ["0:60"],
      bandwidths(1, 1, 1, 1, 1, 1, 1, 1, 1),
      ["0:1", "0:1", "2:1", "3:1", "4:1", "5:1", "6:1", "7:1"],
      ["0:1", ":1", "2:1", "3:1", "4:1", "5:1", "6:1", "7:1"],
      ["0:1", "8:1", "2:1", "3:1", "4:1", "5:1", "6:1", "7:1"],
      ["0:1", "x:1", "2:1", "3:1", "4:1", "5:1", "6:1", "7:1"],
      ["0:1", "1", "2:1", "3:1", "4:1", "5:1", "6:1", "7:1"],
      ["0:1", "1:1:1", "2:1", "3:1", "4:1", "5:1", "6:1", "7:1"],
      bandwidths(1, "x", 1, 1, 1, 1, 1, 1),
      bandwidths(1, " ", 1, 1, 1, 1, 1, 1),
    ];
    for (const tcBw of refused) assertEquals(dut.rate.set(128, { tcBw }).fails().errno, "client");
    await dut.rate.list();
  });

  sequence("a share above the maximum", { source: "devlink-rate(8)", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.set(128, { txMax: "10mbit" });
    assertEquals(dut.rate.set(128, { txShare: "20mbit" }).fails().errno, "client");
    await dut.rate.set(128, { txShare: "10mbit" });
    assertEquals(dut.rate.set(128, { txMax: "9mbit" }).fails().errno, "client");
    // 0 is no maximum
    await dut.rate.set(128, { txShare: "20mbit", txMax: "0" });
    assertEquals(dut.rate.set(128, { txMax: "10mbit" }).fails().errno, "client");
    await dut.rate.get(128);
    assertEquals(dut.rate.add("node1", { txShare: "20mbit", txMax: "10mbit" }).fails().errno, "client");
    // A new node is not asked for first
    await dut.rate.add("node1", { txShare: "20mbit" });
    await dut.rate.list();
  });

  sequence("nodes by their names", { source: "O15; selftest rate_test", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.add("node1");
    assertEquals(dut.rate.add("node1").fails().errno, "EEXIST");
    await dut.rate.add("node2", { txShare: "2mbit", txMax: "20mbit" });
    await dut.rate.add("1a", { parent: "node1" });
    dut.rate.add("node4", { txMax: "3kbit" }).fails();
    dut.rate.add("node5", { parent: "nosuch" }).fails();
    dut.rate.add("node6", { parent: "node6" }).fails();
    await dut.rate.list();
    await dut.rate.get("node2");
    dut.rate.get("node4").fails();
    await dut.rate.set("node2", { txMax: "40mbit" });
    dut.rate.set("nosuch", { txMax: "1mbit" }).fails();
    dut.rate.del("nosuch").fails();
    await dut.rate.del("1a");
    await dut.rate.del("node1");
    await dut.rate.list();
    dut.rate.get(0).fails();
    dut.rate.get(9).fails();
  });

  sequence("parents", { source: "O15; selftest rate_test", holds }, async (dut) => {
    await switchdev(dut);
    for (const node of ["node1", "node2", "node3"]) await dut.rate.add(node);
    await dut.rate.set("node2", { parent: "node1" });
    await dut.rate.set("node3", { parent: "node2" });
    assertEquals(dut.rate.set("node1", { parent: "node1" }).fails().errno, "EINVAL");
    assertEquals(dut.rate.set("node1", { parent: "node2" }).fails().errno, "EEXIST");
    assertEquals(dut.rate.set("node1", { parent: "node3" }).fails().errno, "EEXIST");
    dut.rate.set("node2", { parent: "node3" }).fails();
    await dut.rate.set(128, { parent: "node3" });
    // From 6.3 on another parent can be chosen, before the object must be without one first
    dut.rate.set(128, { parent: "node1" }).either();
    dut.rate.set(128, { parent: "nosuch" }).fails();
    // devlink(8) 7.3 has no words for a node of another device, though 7.3 can have such parents: it is a name like any other
    assertEquals(dut.rate.set(129, { parent: "netdevsim/netdevsim99/node1" }).fails().errno, "ENODEV");
    await dut.rate.list();
    await dut.rate.set(128, { parent: null, txMax: "7mbit" });
    await dut.rate.set(128, { parent: null });
    await dut.rate.set(129, { parent: "node1", txShare: "1mbit" });
    await dut.rate.list();
    assertEquals(dut.rate.del("node1").fails().errno, "EBUSY");
    assertEquals(dut.rate.del("node2").fails().errno, "EBUSY");
    await dut.rate.del("node3");
    await dut.rate.del("node2");
    assertEquals(dut.rate.del("node1").fails().errno, "EBUSY");
    // The leaf goes, and with it what held the node
    await netdevsimOf(dut).delPort("129");
    await dut.rate.del("node1");
    await dut.rate.list();
  });

  sequence("rates in debugfs", { source: "4.6", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.add("node1", { txShare: "3mbit" });
    await dut.rate.add("node2", { txMax: "4mbit", parent: "node1" });
    await dut.rate.set(128, { txShare: "1mbit", txMax: "5gbit", parent: "node2" });
    for (const file of ["ports/128", "ports/129", "rate_nodes/node1", "rate_nodes/node2"]) {
      for (const name of ["tx_share", "tx_max", "rate_parent"]) await netdevsimOf(dut).debugfs.read(`${file}/${name}`);
      netdevsimOf(dut).debugfs.read(`${file}/tc0_bw`).either();
      netdevsimOf(dut).debugfs.read(file).fails();
    }
    netdevsimOf(dut).debugfs.read("ports/0/tx_max").fails();
    netdevsimOf(dut).debugfs.read("rate_nodes/nosuch/tx_max").fails();
    netdevsimOf(dut).debugfs.write("ports/128/tx_max", "3").fails();
    netdevsimOf(dut).debugfs.write("rate_nodes/node1/rate_parent", "node2").fails();
    await netdevsimOf(dut).debugfs.read("ports/0/dev/max_macs");
    // The limits of a VF outlive its port and its rate object
    await dut.rate.set(128, { parent: null });
    assertEquals(await netdevsimOf(dut).debugfs.read("ports/128/rate_parent"), "");
    await dut.rate.del("node2");
    netdevsimOf(dut).debugfs.read("rate_nodes/node2/tx_max").fails();
    await dut.rate.del("node1");
    await dut.eswitch.set({ mode: "legacy" });
    netdevsimOf(dut).debugfs.read("ports/128/tx_max").fails();
    await dut.eswitch.set({ mode: "switchdev" });
    await dut.rate.get(128);
    assertEquals(await netdevsimOf(dut).debugfs.read("ports/128/tx_max"), "5000");
    assertEquals(await netdevsimOf(dut).debugfs.read("ports/128/rate_parent"), "");
    await dut.reload();
    await switchdev(dut);
    assertEquals(await netdevsimOf(dut).debugfs.read("ports/128/tx_max"), "5000");
  });

  sequence("nodes go with the VFs, in a reload too", { source: "R25; 3.10", holds }, async (dut) => {
    await switchdev(dut);
    await dut.rate.add("node1");
    await dut.rate.add("node2", { parent: "node1" });
    await dut.rate.set(129, { parent: "node2" });
    await netdevsimOf(dut).vfs(0);
    await dut.rate.list();
    netdevsimOf(dut).debugfs.read("rate_nodes/node1/tx_max").fails();
    await switchdev(dut);
    await dut.rate.add("node1");
    await dut.rate.set(128, { parent: "node1" });
    await dut.reload();
    await dut.rate.list();
    dut.rate.add("node1").fails();
  });

  // netdevsim takes its nodes down with its VFs alone (drivers/net/netdevsim/dev.c, nsim_dev_reload_destroy): without VFs they
  // stay, which the core warns of in a reload (from 6.3) and when the instance is freed.
  sequence(
    "nodes without VFs are left behind",
    { source: "kernels; drivers/net/netdevsim/dev.c", holds },
    async (dut) => {
      await dut.eswitch.set({ mode: "switchdev" });
      await dut.rate.add("node1", { txMax: "1gbit" });
      await dut.reload();
      await dut.rate.list();
      await dut.eswitch.show();
      await netdevsimOf(dut).debugfs.read("rate_nodes/node1/tx_max");
      await netdevsimOf(dut).unbind();
      await netdevsimOf(dut).bind();
      await dut.rate.list();
    },
  );
}) satisfies Suite;
