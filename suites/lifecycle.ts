/** Sequences on how an instance comes and goes: docs/semantics.md 1, 6, L01 to L18. */

import { assertEquals } from "@std/assert";
import { netdevsim } from "../fixtures/netdevsim.ts";
import { suite } from "./suite.ts";

const BUS = "/sys/bus/netdevsim";

export default suite("lifecycle", { fixture: netdevsim({ create: false }) }, ({ sequence }) => {
  sequence("a probe announces every object in its order", { source: "L01; 1.5" }, async (dut) => {
    await dut.netdevsim.newDevice("10 1");
    await dut.dev.show();
    await dut.port.list();
    await dut.param.list();
  });

  sequence("a remove announces every object in its order", { source: "L02; 1.5" }, async (dut) => {
    await dut.netdevsim.newDevice("10 2");
    await dut.netdevsim.delDevice("10");
    await dut.dev.list();
  });

  sequence("nobody sees an instance half registered", { source: "L03; 1.3" }, async (dut) => {
    await dut.during(
      { kind: "file.write", path: `${BUS}/new_device`, value: "10 32" },
      { kind: "port.show" },
    );
    await dut.port.list();
  });

  sequence("unbind and bind start anew", { source: "L04; 6.2" }, async (dut) => {
    await dut.netdevsim.newDevice("10 2");
    await dut.param.set("max_macs", 16);
    await dut.reload();
    await dut.netdevsim.unbind();
    await dut.dev.list();
    await dut.netdevsim.bind();
    await dut.dev.show();
    await dut.param.list();
    await dut.port.list();
  });

  sequence("an id in use is refused", { source: "L05; 6.2" }, async (dut) => {
    await dut.netdevsim.newDevice("10 1");
    assertEquals(dut.netdevsim.newDevice("10 1").fails().errno, "ENOSPC");
    await dut.port.list();
  });

  sequence("a line that is no device is refused", { source: "L06; 6.2" }, async (dut) => {
    for (const line of ["", "a", "10 b", "4294967295", "10 1 1 1"]) dut.netdevsim.newDevice(line).either();
    for (const line of ["", "a", "4294967295"]) dut.netdevsim.delDevice(line).either();
    await dut.dev.list();
  });

  sequence("a device that is not there cannot be deleted", { source: "L07; 6.2" }, (dut) => {
    assertEquals(dut.netdevsim.delDevice("10").fails().errno, "ENOENT");
  });

  sequence("no port, then one", { source: "L08; selftest devlink_trap" }, async (dut) => {
    await dut.netdevsim.newDevice("10 0");
    await dut.port.list();
    await dut.netdevsim.newPort("1");
    await dut.port.list();
    assertEquals(dut.netdevsim.newPort("1").fails().errno, "EEXIST");
    await dut.netdevsim.delPort("1");
    assertEquals(dut.netdevsim.delPort("1").fails().errno, "ENOENT");
    await dut.port.list();
  });

  sequence("bind and unbind refuse what is not so", { source: "L16; 6.1" }, async (dut) => {
    await dut.netdevsim.newDevice("10 1");
    // EBUSY, and ENODEV before 5.13
    dut.netdevsim.bind().fails();
    assertEquals(dut.netdevsim.bind("netdevsim99").fails().errno, "ENODEV");
    assertEquals(dut.netdevsim.unbind("netdevsim99").fails().errno, "ENODEV");
    await dut.netdevsim.unbind();
    assertEquals(dut.netdevsim.unbind().fails().errno, "ENODEV");
    await dut.netdevsim.bind();
    await dut.dev.show();
  });
});
