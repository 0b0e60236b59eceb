/** Sequences on flash updates and what waits for them: docs/semantics.md 1.6, 2.2, 5.5, O12, O13. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

const FILE = "twinlink.bin";
const MISSING = "twinlink-missing.bin";

export default suite("flash", { fixture: netdevsim({ ports: 1, firmware: [FILE] }) }, ({ sequence }) => {
  sequence("a flash tells how far it has come", {
    source: "O12; selftest devlink.sh fw_flash_test",
  }, async (dut) => {
    await dut.flash(FILE);
    await dut.dev.info();
  });

  sequence("a file that is not there", { source: "O12; 5.5" }, (dut) => {
    dut.flash(MISSING).either();
    dut.flash(`../firmware/${FILE}`).either();
  });

  sequence("a component by its name", { source: "O12; selftest devlink.sh fw_flash_test" }, async (dut) => {
    await dut.flash(FILE, { component: "fw.mgmt" });
    dut.flash(FILE, { component: "fw.nosuch" }).either();
  });

  sequence("what is to be overwritten has to be allowed", {
    source: "O12; selftest devlink.sh fw_flash_test",
  }, async (dut) => {
    assertEquals(await netdevsimOf(dut).debugfs.read("fw_update_overwrite_mask"), "0");
    assertEquals(dut.flash(FILE, { overwrite: ["settings"] }).fails().errno, "EOPNOTSUPP");
    await netdevsimOf(dut).debugfs.write("fw_update_overwrite_mask", "1");
    assertEquals(dut.flash(FILE, { overwrite: ["identifiers"] }).fails().errno, "EOPNOTSUPP");
    assertEquals(dut.flash(FILE, { overwrite: ["settings", "identifiers"] }).fails().errno, "EOPNOTSUPP");
    await dut.flash(FILE, { overwrite: ["settings"] });
    await netdevsimOf(dut).debugfs.write("fw_update_overwrite_mask", "2");
    assertEquals(dut.flash(FILE, { overwrite: ["settings"] }).fails().errno, "EOPNOTSUPP");
    dut.flash(MISSING, { overwrite: ["settings"] }).fails();
  });

  sequence("a flash without status", { source: "O12; selftest devlink.sh fw_flash_test" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fw_update_status", "N");
    await netdevsimOf(dut).debugfs.write("fw_update_overwrite_mask", "3");
    await dut.flash(FILE, { overwrite: ["settings", "identifiers"] });
    // Less than is allowed
    await dut.flash(FILE, { overwrite: ["identifiers"] });
  });

  sequence("how long a piece takes", { source: "O12; drivers/net/netdevsim/dev.c" }, async (dut) => {
    netdevsimOf(dut).debugfs.read("fw_update_flash_chunk_time_ms").either();
    netdevsimOf(dut).debugfs.write("fw_update_flash_chunk_time_ms", "0").either();
    await dut.flash(FILE);
  });

  sequence("a reload puts back what governs a flash", { source: "5.5" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fw_update_status", "N");
    await netdevsimOf(dut).debugfs.write("fw_update_overwrite_mask", "3");
    netdevsimOf(dut).debugfs.write("fw_update_flash_chunk_time_ms", "7").either();
    await dut.reload();
    await netdevsimOf(dut).debugfs.read("fw_update_status");
    await netdevsimOf(dut).debugfs.read("fw_update_overwrite_mask");
    netdevsimOf(dut).debugfs.read("fw_update_flash_chunk_time_ms").either();
  });

  sequence("a flash of a device that is not there", { source: "5.5" }, (dut) => {
    dut.perform({ kind: "dev.flash", handle: "netdevsim/netdevsim99", file: FILE }).fails();
    dut.perform({ kind: "dev.flash", netns: "init", handle: "pci/0000:ff:1f.7", file: MISSING }).fails();
  });

  sequence("whoever asks the same device waits for its flash", { source: "O13; 2.2" }, async (dut) => {
    await dut.during(
      { kind: "dev.flash", handle: dut.handle, file: FILE },
      { kind: "trap.policer.set", handle: dut.handle, policer: 1, rate: 1000 },
    );
  });

  sequence("whoever asks another device waits where one mutex is over all", { source: "O13; 2.2" }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await dut.during(
      { kind: "dev.flash", handle: dut.handle, file: FILE },
      { kind: "trap.policer.set", handle: "netdevsim/netdevsim11", policer: 1, rate: 1000 },
    );
    await netdevsimOf(dut).delDevice("11");
  });

  sequence("whoever lists ports waits for the flash of any device", { source: "O13; 2.2" }, async (dut) => {
    await dut.during({ kind: "dev.flash", handle: dut.handle, file: FILE }, { kind: "port.show" });
  });

  sequence("the driver takes no port while it flashes", { source: "O13; 2.2" }, async (dut) => {
    await dut.during(
      { kind: "dev.flash", handle: dut.handle, file: FILE },
      { kind: "file.write", path: "/sys/bus/netdevsim/devices/netdevsim10/new_port", value: "0" },
    );
  });
});
