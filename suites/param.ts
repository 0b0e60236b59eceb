/** Sequences on params: docs/semantics.md 3.8, 5.2, O05, O06, R16, R17. */

import { assertEquals } from "@std/assert";
import { netdevsim } from "../fixtures/netdevsim.ts";
import type { Era } from "../model/mod.ts";
import { suite } from "./suite.ts";

const DEFAULTS = { in: (era: Era) => era.paramDefaults, because: "params have a default from 7.0 on" };

export default suite("param", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("values that are set are told of", { source: "R16; 5.2; selftest params_test" }, async (dut) => {
    await dut.param.set("max_macs", 16);
    await dut.param.set("max_macs", 16);
    await dut.param.get("max_macs");
    await dut.param.set("max_macs", 0);
    await dut.param.set("max_macs", 4294967295);
    await dut.param.set("test1", false);
    await dut.param.set("test1", "disable");
    await dut.param.set("test1", "enable");
    await dut.param.list();
  });

  sequence("what cannot be set", { source: "O05; 5.2" }, async (dut) => {
    dut.param.get("nosuch").fails();
    dut.param.set("nosuch", 1).fails();
    dut.param.set("nosuch", 1, { cmode: "runtime" }).fails();
    dut.param.set("max_macs", 1, { cmode: "runtime" }).fails();
    dut.param.set("max_macs", 1, { cmode: "permanent" }).fails();
    dut.param.set("max_macs", "many").fails();
    dut.param.set("max_macs", "4294967296").fails();
    dut.param.set("test1", "maybe").fails();
    dut.param.set("test1", 2).fails();
    await dut.param.list();
  });

  sequence("params go and come with the instance", { source: "L04; 3.8" }, async (dut) => {
    await dut.param.set("max_macs", 16);
    await dut.debugfs.read("max_macs");
    await dut.netdevsim.unbind();
    await dut.param.list();
    await dut.netdevsim.bind();
    await dut.debugfs.read("max_macs");
    await dut.param.list();
  });

  sequence(
    "a value that waits is kept over a reload that fails, and one that is forbidden",
    { source: "R17; 3.8" },
    async (dut) => {
      await dut.param.set("test1", false);
      await dut.debugfs.write("dont_allow_reload", "Y");
      dut.reload().fails();
      await dut.debugfs.read("test1");
      await dut.debugfs.write("dont_allow_reload", "N");
      await dut.debugfs.write("fail_reload", "Y");
      dut.reload().fails();
      await dut.param.set("test1", true);
      await dut.param.list();
      await dut.debugfs.write("fail_reload", "N");
      await dut.reload();
      assertEquals(await dut.debugfs.read("test1"), "Y");
    },
  );

  sequence(
    "what the driver uses can be written beside the param",
    { source: "4.6; drivers/net/netdevsim/dev.c" },
    async (dut) => {
      await dut.debugfs.write("max_macs", "7");
      await dut.param.get("max_macs");
      await dut.reload();
      assertEquals(await dut.debugfs.read("max_macs"), "32");
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
      await dut.debugfs.read("max_macs");
      await dut.reload();
      assertEquals(await dut.debugfs.read("max_macs"), "32");
      await dut.param.set("test1", false);
      await dut.param.reset("test1");
      await dut.param.list();
      await dut.param.reset("test2", { cmode: "runtime" });
    },
  );

  sequence("a param that takes effect at once", { source: "O06; 5.2", holds: DEFAULTS }, async (dut) => {
    await dut.param.set("test2", 5, { cmode: "runtime" });
    assertEquals(await dut.debugfs.read("test2"), "5");
    await dut.param.get("test2");
    await dut.reload();
    await dut.param.list();
    await dut.debugfs.write("test2", "77");
    await dut.param.get("test2");
    await dut.param.set("test2", 77, { cmode: "runtime" });
    await dut.param.reset("test2", { cmode: "runtime" });
    assertEquals(await dut.debugfs.read("test2"), "1234");
    dut.param.reset("test2").fails();
    dut.param.reset("test2", { cmode: "permanent" }).fails();
    dut.param.set("test2", 1).fails();
    await dut.param.list();
  });

  sequence("a kernel that has no defaults", {
    source: "O06; net/devlink/param.c: devlink_param_value_get_from_info",
    holds: { in: (era) => !era.paramDefaults, because: "the others have defaults" },
  }, async (dut) => {
    dut.param.reset("max_macs").fails();
    // Of a bool, no value is false
    await dut.param.reset("test1");
    await dut.param.list();
    await dut.param.reset("test1");
    dut.param.reset("test1", { cmode: "runtime" }).fails();
    dut.param.reset("nosuch").fails();
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
    await dut.debugfs.read("max_macs");
    await dut.debugfs.read("test1");
  });
});
