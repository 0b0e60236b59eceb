/** Sequences on the older interface to a device, ethtool on its netdev: docs/semantics.md 1.6, L09, L10, O14. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

const FILE = "twinlink.bin";

export default suite("ethtool", { fixture: netdevsim({ ports: 2, firmware: [FILE] }) }, ({ sequence }) => {
  sequence("devlink and ethtool tell of the same driver", { source: "O14, L10; 5.5" }, async (dut) => {
    await dut.dev.info();
    await dut.dev.infos();
    assertEquals((await dut.ethtool.info(0))["bus-info"], "netdevsim10");
    await dut.ethtool.info(1);
    await netdevsimOf(dut).newDevice("11 1");
    await dut.dev.infos();
    await dut.perform({ kind: "ethtool.info", handle: "netdevsim/netdevsim11", port: 0 });
    await netdevsimOf(dut).delDevice("11");
    dut.perform({ kind: "dev.info", handle: "netdevsim/netdevsim11" }).fails();
  });

  sequence("a netdev that is made anew tells the same", { source: "L10" }, async (dut) => {
    await dut.reload();
    await dut.ethtool.info(0);
    await netdevsimOf(dut).unbind();
    await netdevsimOf(dut).bind();
    await dut.ethtool.info(1);
    await netdevsimOf(dut).delPort("1");
    dut.ethtool.info(1).fails();
    dut.ethtool.flash(1, FILE).fails();
    await dut.ethtool.info(0);
  });

  sequence("a device whose reload failed still tells of itself", { source: "R07; O14" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_reload", "Y");
    dut.reload().fails();
    await dut.dev.info();
    dut.ethtool.info(0).fails();
    await netdevsimOf(dut).debugfs.write("fail_reload", "N");
    await dut.reload();
    await dut.ethtool.info(0);
  });

  sequence("in another netns", {
    source: "O14",
    fixture: netdevsim({ ports: 1, netns: ["t1"], in: "t1" }),
  }, async (dut) => {
    await dut.in("t1").dev.info();
    await dut.in("t1").ethtool.info(0);
    dut.dev.info().fails();
    await dut.dev.infos();
    dut.ethtool.info(0).fails();
  });

  sequence("ethtool flashes by way of devlink", { source: "L09; 1.6" }, async (dut) => {
    await dut.ethtool.flash(0, FILE);
    await netdevsimOf(dut).debugfs.write("fw_update_status", "N");
    await dut.ethtool.flash(1, FILE);
  });

  sequence("whoever asks the device that ethtool flashes waits", { source: "L09; 2.2" }, async (dut) => {
    await dut.during(
      { kind: "ethtool.flash", handle: dut.handle, port: 0, file: FILE },
      { kind: "health.show", handle: dut.handle, reporter: "empty" },
    );
  });

  sequence("nobody else waits while ethtool flashes: it holds neither RTNL nor a mutex over all", {
    source: "L09; 1.6",
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await dut.during(
      { kind: "ethtool.flash", handle: dut.handle, port: 0, file: FILE },
      { kind: "health.show", handle: "netdevsim/netdevsim11", reporter: "empty" },
    );
    await dut.during({ kind: "ethtool.flash", handle: dut.handle, port: 1, file: FILE }, { kind: "lo.up" });
    await netdevsimOf(dut).delDevice("11");
  });

  sequence("ethtool does not tell why a flash failed", { source: "L09; 1.6" }, (dut) => {
    dut.ethtool.flash(0, "twinlink-missing.bin").either();
  });
});
