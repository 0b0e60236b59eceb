/** Sequences on resources: docs/semantics.md 3.7, 5.3, R18 to R22, O17, O18, N13. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import { suite } from "../../sdk/suite.ts";

const LO = { kind: "lo.up" } as const;

export default suite("netdevsim_resource", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("sizes that are wished for", { source: "R21; 5.3; 3.7" }, async (dut) => {
    await dut.resource.list();
    for (const path of ["IPv4", "IPv4/fib", "IPv4/fib-rules", "IPv6/fib", "IPv6"]) {
      await dut.resource.set(path, 1000);
      await dut.resource.list();
    }
    assertEquals(dut.reload().fails().errno, "EINVAL");
    await dut.resource.set("IPv4", 2000);
    await dut.resource.set("IPv6/fib-rules", 0);
    await dut.resource.list();
    await dut.resource.set("IPv4/fib", "18446744073709551615");
    await dut.resource.set("IPv6", 0);
    await dut.resource.list();
  });

  sequence("children that fill their parent exactly, and one too many", { source: "R19; R20; 5.3" }, async (dut) => {
    await dut.resource.set("IPv6/fib", 60);
    await dut.resource.set("IPv6/fib-rules", 40);
    await dut.resource.set("IPv6", 100);
    await dut.resource.list();
    await dut.reload();
    await dut.resource.set("IPv6/fib", 61);
    await dut.resource.list();
    assertEquals(dut.reload().fails().errno, "EINVAL");
    await dut.resource.set("IPv6/fib", 60);
    await dut.reload();
    await dut.resource.list();
  });

  sequence("a table that is too small for what is there fails the reload", {
    source: "R18; 3.7",
    fixture: netdevsim({ ports: 1, netns: ["t1"], in: "t1" }),
  }, async (dut) => {
    const inside = dut.in("t1");
    await inside.perform(LO);
    await inside.resource.set("IPv4/fib", 0);
    await inside.resource.list();
    inside.reload().fails();
    await inside.dev.show();
    await inside.resource.list();
    await inside.port.list();
    await inside.resource.set("IPv4/fib", 100);
    await inside.reload();
    await inside.resource.list();
    await inside.resource.set("IPv6/fib-rules", 0);
    inside.reload().fails();
    await inside.resource.list();
    await inside.resource.set("IPv6/fib-rules", 10);
    await inside.resource.set("IPv6/fib", 0);
    inside.reload().fails();
    await inside.resource.set("IPv6/fib", 50);
    await inside.reload();
    await inside.resource.list();
  });

  sequence("a netns that has more than fits", {
    source: "N13; selftest resource_test",
    fixture: netdevsim({ ports: 1, netns: ["t1", "t2"], in: "t1" }),
  }, async (dut) => {
    const [t1, t2] = [dut.in("t1"), dut.in("t2")];
    await t1.perform(LO);
    await t2.perform(LO);
    const shown = JSON.stringify(await t1.resource.list());
    const occupied = Number(/"name":"fib","size":"unlimited","occ":(\d+)/.exec(shown)?.[1]);
    await t2.route.add("198.51.100.1/32", { dev: "lo" });
    await t1.resource.set("IPv4/fib", occupied);
    await t1.reload();
    t1.reload({ to: "t2" }).fails();
    await t1.dev.list();
    await t2.dev.show();
    await t2.resource.list();
    await t2.resource.set("IPv4/fib", occupied + 1);
    await t2.reload();
    await t2.resource.list();
    t2.route.add("198.51.100.2/32", { dev: "lo" }).fails();
    await t2.route.del("198.51.100.1/32", { dev: "lo" });
    await t2.route.add("198.51.100.2/32", { dev: "lo" });
    await t2.reload({ to: "t1" });
    await t1.resource.list();
  });

  sequence("nexthop objects are counted, and no more than fit", {
    source: "5.3; selftest netdevsim/nexthop.sh",
    fixture: netdevsim({ ports: 1, netns: ["t1"], in: "t1" }),
    holds: { in: (era) => !netdevsimEra(era).lacks.has("nexthops"), because: "netdevsim counts them from 5.11 on" },
  }, async (dut) => {
    const inside = dut.in("t1");
    inside.nexthop.add(1).fails();
    await inside.perform(LO);
    await inside.nexthop.add(1);
    inside.nexthop.add(1).fails();
    await inside.resource.list();
    await inside.resource.set("nexthops", 1);
    await inside.nexthop.add(2);
    inside.reload().fails();
    await inside.resource.list();
    await inside.nexthop.del(1);
    await inside.reload();
    inside.nexthop.add(3).fails();
    await inside.resource.list();
    await inside.nexthop.del(2);
    inside.nexthop.del(2).fails();
    await inside.resource.list();
    await inside.nexthop.add(3);
    await inside.resource.list();
  });

  sequence("nexthop objects where nobody counts them", {
    source: "5.3",
    fixture: netdevsim({ ports: 1, netns: ["t1"], in: "t1" }),
    holds: { in: (era) => netdevsimEra(era).lacks.has("nexthops"), because: "netdevsim counts them from 5.11 on" },
  }, async (dut) => {
    const inside = dut.in("t1");
    await inside.perform(LO);
    await inside.nexthop.add(1);
    inside.nexthop.add(1).fails();
    await inside.resource.list();
    await inside.nexthop.del(1);
    inside.nexthop.del(1).fails();
  });

  sequence("resources of all instances", {
    source: "O17; 5.3",
    holds: { in: (era) => era.dumpsResources, because: "they can be dumped from 7.0 on" },
    fixture: netdevsim({ ports: 2 }),
  }, async (dut) => {
    await dut.resource.all();
    await dut.resource.all("dev");
    await dut.resource.all("port");
    await netdevsimOf(dut).newDevice("11 1");
    await dut.resource.all();
    await netdevsimOf(dut).delPort("0");
    await dut.resource.all();
    await dut.resource.ofPort(1);
    dut.resource.ofPort(0).fails();
    await netdevsimOf(dut).debugfs.write("fail_reload", "Y");
    dut.reload().fails();
    await dut.resource.all();
    await netdevsimOf(dut).delDevice("11");
  });
});
