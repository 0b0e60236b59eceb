/** Sequences on how an instance comes and goes: docs/semantics.md 1, 6, L01 to L18. */

import { assert, assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import type { Operation } from "../../model/operation.ts";
import { suite } from "../../sdk/suite.ts";

const BUS = "/sys/bus/netdevsim";
const [NSIM, OTHER] = ["netdevsim/netdevsim10", "netdevsim/netdevsim11"] as const;
const set = (value: number): Operation => ({
  kind: "param.set",
  handle: NSIM,
  name: "max_macs",
  value,
  cmode: "driverinit",
});

const filtering = {
  in: (era: { notifyFilter: boolean }) => era.notifyFilter,
  because: "no filter can be set before 6.8",
};

export default suite("lifecycle", { fixture: netdevsim({ create: false }) }, ({ sequence }) => {
  sequence("a probe announces every object in its order", { source: "L01; 1.5" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    await dut.dev.show();
    await dut.port.list();
    await dut.param.list();
  });

  sequence("a remove announces every object in its order", { source: "L02; 1.5" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 2");
    await netdevsimOf(dut).delDevice("10");
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
    await netdevsimOf(dut).newDevice("10 2");
    await dut.param.set("max_macs", 16);
    await dut.reload();
    await netdevsimOf(dut).unbind();
    await dut.dev.list();
    await netdevsimOf(dut).bind();
    await dut.dev.show();
    await dut.param.list();
    await dut.port.list();
  });

  sequence("an id in use is refused", { source: "L05; 6.2" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    assertEquals(netdevsimOf(dut).newDevice("10 1").fails().errno, "ENOSPC");
    await dut.port.list();
  });

  sequence("a line that is no device is refused", { source: "L06; 6.2" }, async (dut) => {
    for (const line of ["", "a", "10 b", "4294967295", "10 1 1 1"]) netdevsimOf(dut).newDevice(line).either();
    for (const line of ["", "a", "4294967295"]) netdevsimOf(dut).delDevice(line).either();
    await dut.dev.list();
  });

  sequence("a device that is not there cannot be deleted", { source: "L07; 6.2" }, (dut) => {
    assertEquals(netdevsimOf(dut).delDevice("10").fails().errno, "ENOENT");
  });

  sequence("no port, then one", { source: "L08; selftest devlink_trap" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 0");
    await dut.port.list();
    await netdevsimOf(dut).newPort("1");
    await dut.port.list();
    assertEquals(netdevsimOf(dut).newPort("1").fails().errno, "EEXIST");
    await netdevsimOf(dut).delPort("1");
    assertEquals(netdevsimOf(dut).delPort("1").fails().errno, "ENOENT");
    await dut.port.list();
  });

  sequence("bind and unbind refuse what is not so", { source: "L16; 6.1" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    // EBUSY, and ENODEV before 5.13
    netdevsimOf(dut).bind().fails();
    assertEquals(netdevsimOf(dut).bind("netdevsim99").fails().errno, "ENODEV");
    assertEquals(netdevsimOf(dut).unbind("netdevsim99").fails().errno, "ENODEV");
    await netdevsimOf(dut).unbind();
    assertEquals(netdevsimOf(dut).unbind().fails().errno, "ENODEV");
    await netdevsimOf(dut).bind();
    await dut.dev.show();
  });

  sequence("a filter lets messages of one device through", {
    source: "L17; 1.4",
    requires: ["listener"],
    holds: filtering,
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    await netdevsimOf(dut).newDevice("11 1");
    assertEquals(await dut.listen({ handle: OTHER }, set(16)), []);
    assertEquals(await dut.listen({ handle: NSIM }, set(17)), [`new param ${NSIM}`]);
    assertEquals(await dut.listen({}, set(18)), [`new param ${NSIM}`]);
    const gone = await dut.listen({ handle: OTHER }, { kind: "file.write", path: `${BUS}/del_device`, value: "11" });
    assertEquals(gone.at(-1), `del dev ${OTHER}`);
  });

  sequence("a filter of a port holds back messages of other ports, and of nothing else", {
    source: "L17; 1.4",
    requires: ["listener"],
    holds: filtering,
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 3");
    const heard = await dut.listen({ handle: NSIM, port: 1 }, { kind: "dev.reload", handle: NSIM });
    const ports = heard.filter((line) => line.includes(" port "));
    assertEquals([...new Set(ports)].toSorted(), [`del port ${NSIM}/1`, `new port ${NSIM}/1`]);
    assert(heard.includes(`new trap ${NSIM}`));
  });

  sequence("no filter can be set before 6.8", {
    source: "L17; 1.4",
    requires: ["listener"],
    holds: { in: (era) => !era.notifyFilter, because: "from 6.8 on it can" },
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    assertEquals(dut.listen({ handle: OTHER }, set(16)).fails().errno, "EOPNOTSUPP");
    await dut.param.list();
  });
});
