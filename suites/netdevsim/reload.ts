/** Sequences on `devlink dev reload`: docs/semantics.md 3, R01 to R36. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

export default suite("netdevsim_reload", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("a reload that fails on the way up leaves the instance torn down and failed", {
    source: "R07; selftest reload_test",
  }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
    assertEquals(dut.reload().fails().errno, "EINVAL");
    await dut.dev.show();
    await dut.port.list();
    await dut.trap.list();
    dut.trap.get("source_mac_is_multicast").fails();
    dut.trap.set("source_mac_is_multicast", { action: "trap" }).fails();
    await dut.region.list();
    await dut.health.list();
    await dut.param.list();
    netdevsimOf(dut).debugfs.write("take_snapshot", "1").fails();
  });

  sequence("a failed instance recovers by the next reload", { source: "R08; selftest reload_test" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
    dut.reload().fails();
    await netdevsimOf(dut).debugfs.write("fail_reload", "n");
    await dut.reload();
    await dut.dev.show();
    await dut.port.list();
    await dut.trap.list();
  });

  sequence("a reload that the driver forbids changes nothing", { source: "R09; selftest reload_test" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("dont_allow_reload", "y");
    assertEquals(dut.reload().fails().errno, "EOPNOTSUPP");
    await dut.dev.show();
    await dut.port.list();
    await dut.trap.list();
    await netdevsimOf(dut).debugfs.write("dont_allow_reload", "n");
    await dut.reload();
  });

  sequence("a second failure announces nothing", { source: "R10; 3.5" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
    dut.reload().fails();
    dut.reload().fails();
    await dut.dev.show();
  });

  sequence("a failed instance is removed cleanly", { source: "R11" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
    dut.reload().fails();
    await netdevsimOf(dut).delDevice("10");
    await dut.dev.list();
  });

  sequence("a port that was added is lost", { source: "R12" }, async (dut) => {
    await netdevsimOf(dut).newPort("7");
    await dut.port.list();
    await dut.reload();
    await dut.port.list();
  });

  sequence("a port that was deleted comes back", {
    source: "R13",
    fixture: netdevsim({ ports: 2 }),
  }, async (dut) => {
    await netdevsimOf(dut).delPort("0");
    await dut.port.list();
    await dut.reload();
    await dut.port.list();
  });

  sequence("health reporters start anew", { source: "R15; 5.6" }, async (dut) => {
    await dut.health.set("dummy", { autoRecover: false });
    await netdevsimOf(dut).debugfs.write("health/break_health", "broken on purpose");
    await dut.health.list();
    await dut.reload();
    await dut.health.list();
  });

  sequence("driverinit params take effect", { source: "R16; selftest params_test" }, async (dut) => {
    await dut.param.set("max_macs", 16);
    await dut.param.set("test1", false);
    await dut.param.list();
    await netdevsimOf(dut).debugfs.read("max_macs");
    await netdevsimOf(dut).debugfs.read("test1");
    await dut.reload();
    assertEquals(await netdevsimOf(dut).debugfs.read("max_macs"), "16");
    assertEquals(await netdevsimOf(dut).debugfs.read("test1"), "N");
    await dut.param.list();
  });

  sequence("driverinit params wait for a reload that succeeds", { source: "R17" }, async (dut) => {
    await dut.param.set("max_macs", 16);
    await netdevsimOf(dut).debugfs.write("fail_reload", "y");
    dut.reload().fails();
    await netdevsimOf(dut).debugfs.read("max_macs");
    await dut.param.list();
    await netdevsimOf(dut).debugfs.write("fail_reload", "n");
    await dut.reload();
    assertEquals(await netdevsimOf(dut).debugfs.read("max_macs"), "16");
  });

  sequence("a resource size takes effect and is enforced", {
    source: "R18; selftest resource_test",
    fixture: netdevsim({ ports: 1, netns: ["t1"], in: "t1" }),
  }, async (dut) => {
    const inside = dut.in("t1");
    await inside.perform({ kind: "lo.up" });
    const before = JSON.stringify(await inside.resource.list());
    const occupied = Number(/"name":"fib","size":"unlimited","occ":(\d+)/.exec(before)?.[1]);
    await inside.resource.set("IPv4/fib", occupied + 1);
    await inside.resource.list();
    await inside.reload();
    await inside.resource.list();
    await inside.route.add("198.51.100.1/32", { dev: "lo" });
    await inside.resource.list();
    inside.route.add("198.51.100.2/32", { dev: "lo" }).fails();
    await inside.resource.list();
  });

  sequence("a tree of sizes that do not fit stops the reload", { source: "R19; 3.2 #2" }, async (dut) => {
    await dut.resource.set("IPv4", 50);
    await dut.resource.set("IPv4/fib", 100);
    await dut.resource.set("IPv4/fib-rules", 1);
    await dut.resource.list();
    assertEquals(dut.reload().fails().errno, "EINVAL");
    await dut.dev.show();
    await dut.port.list();
  });

  sequence("the sum of the children wraps around", { source: "R20; 5.3" }, async (dut) => {
    await dut.resource.set("IPv4", 200);
    await dut.resource.set("IPv4/fib", 100);
    await dut.resource.list();
    await dut.reload();
    await dut.resource.list();
  });

  sequence("a size that no driver reads stays pending", { source: "R21; 3.7" }, async (dut) => {
    await dut.resource.set("IPv4/fib", 500);
    await dut.resource.set("IPv4/fib-rules", 500);
    await dut.resource.set("IPv4", 1000);
    await dut.reload();
    await dut.resource.list();
  });

  sequence("an invalid resource tree hides an unsupported action", { source: "R22; 3.2 #2 before #3" }, async (dut) => {
    await dut.resource.set("IPv4", 50);
    await dut.resource.set("IPv4/fib", 100);
    await dut.resource.set("IPv4/fib-rules", 1);
    assertEquals(dut.reload({ action: "fw_activate" }).fails().errno, "EINVAL");
    await dut.dev.show();
  });
});
