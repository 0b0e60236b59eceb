/** Sequences on params: docs/semantics.md 3.8, 5.2, O05, O06, R16, R17. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import type { Era } from "../../model/mod.ts";
import { suite } from "../../sdk/suite.ts";

const DEFAULTS = { in: (era: Era) => era.paramDefaults, because: "params have a default from 7.0 on" };

export default suite("netdevsim_param", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("params go and come with the instance", { source: "L04; 3.8" }, async (dut) => {
    await dut.param.set("max_macs", 16);
    await netdevsimOf(dut).debugfs.read("max_macs");
    await netdevsimOf(dut).unbind();
    await dut.param.list();
    await netdevsimOf(dut).bind();
    await netdevsimOf(dut).debugfs.read("max_macs");
    await dut.param.list();
  });

  sequence(
    "a value that waits is kept over a reload that fails, and one that is forbidden",
    { source: "R17; 3.8" },
    async (dut) => {
      await dut.param.set("test1", false);
      await netdevsimOf(dut).debugfs.write("dont_allow_reload", "Y");
      dut.reload().fails();
      await netdevsimOf(dut).debugfs.read("test1");
      await netdevsimOf(dut).debugfs.write("dont_allow_reload", "N");
      await netdevsimOf(dut).debugfs.write("fail_reload", "Y");
      dut.reload().fails();
      await dut.param.set("test1", true);
      await dut.param.list();
      await netdevsimOf(dut).debugfs.write("fail_reload", "N");
      await dut.reload();
      assertEquals(await netdevsimOf(dut).debugfs.read("test1"), "Y");
    },
  );

  sequence(
    "what the driver uses can be written beside the param",
    { source: "4.6; drivers/net/netdevsim/dev.c" },
    async (dut) => {
      await netdevsimOf(dut).debugfs.write("max_macs", "7");
      await dut.param.get("max_macs");
      await dut.reload();
      assertEquals(await netdevsimOf(dut).debugfs.read("max_macs"), "32");
    },
  );

  sequence(
    "params back to their default",
    { source: "O06; selftest params_default_test", holds: DEFAULTS },
    async (dut) => {
      await dut.param.reset("max_macs");
      await dut.param.set("max_macs", 16);
      await dut.reload();
      await dut.param.list();
      await dut.param.reset("max_macs");
      await dut.param.list();
      await netdevsimOf(dut).debugfs.read("max_macs");
      await dut.reload();
      assertEquals(await netdevsimOf(dut).debugfs.read("max_macs"), "32");
      await dut.param.set("test1", false);
      await dut.param.reset("test1");
      await dut.param.list();
      await dut.param.reset("test2", { cmode: "runtime" });
    },
  );

  sequence("a param that takes effect at once", { source: "O06; 5.2", holds: DEFAULTS }, async (dut) => {
    await dut.param.set("test2", 5, { cmode: "runtime" });
    assertEquals(await netdevsimOf(dut).debugfs.read("test2"), "5");
    await dut.param.get("test2");
    await dut.reload();
    await dut.param.list();
    await netdevsimOf(dut).debugfs.write("test2", "77");
    await dut.param.get("test2");
    await dut.param.set("test2", 77, { cmode: "runtime" });
    await dut.param.reset("test2", { cmode: "runtime" });
    assertEquals(await netdevsimOf(dut).debugfs.read("test2"), "1234");
    dut.param.reset("test2").fails();
    dut.param.reset("test2", { cmode: "permanent" }).fails();
    dut.param.set("test2", 1).fails();
    await dut.param.list();
  });

  sequence("params of an instance that moves", {
    source: "N01; 3.3",
    fixture: netdevsim({ ports: 1, netns: ["t1"] }),
  }, async (dut) => {
    await dut.param.set("max_macs", 16);
    await dut.reload({ to: "t1" });
    await dut.param.list();
    await dut.in("t1").param.list();
    await dut.in("t1").param.set("test1", false);
    await dut.in("t1").reload({ to: "init" });
    await dut.param.list();
    await netdevsimOf(dut).debugfs.read("max_macs");
    await netdevsimOf(dut).debugfs.read("test1");
  });
});
