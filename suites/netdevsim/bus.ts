/** Sequences on netdevsim's bus, its driver and its module: docs/semantics.md 1.5, 6.1, 6.2, L01 to L18. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import { suite } from "../../sdk/suite.ts";

const BUS = "/sys/bus/netdevsim";

export default suite("bus", { fixture: netdevsim({ create: false }) }, ({ sequence }) => {
  sequence("devices go with their module, in the order in which they came", { source: "L12; 1.5" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 2");
    await netdevsimOf(dut).newDevice("11 1");
    await dut.module("netdevsim").unload();
    await dut.dev.list();
    netdevsimOf(dut).newDevice("10 1").fails();
    await dut.module("netdevsim").load();
    await netdevsimOf(dut).newDevice("10 1");
    await dut.dev.show();
    await dut.port.list();
  });

  sequence("a device belongs to the netns of whoever made it", {
    source: "L13; selftest devlink_in_netns",
    fixture: netdevsim({ create: false, netns: ["t1"] }),
  }, async (dut) => {
    await netdevsimOf(dut.in("t1")).newDevice("10 4");
    await dut.dev.list();
    await dut.port.list();
    await dut.in("t1").dev.list();
    await dut.in("t1").port.list();
    await dut.in("t1").link.show(3);
    // The bus can be used from any netns
    await netdevsimOf(dut).newPort("7");
    await dut.in("t1").port.list();
    await netdevsimOf(dut).unbind();
    await netdevsimOf(dut).bind();
    await dut.in("t1").port.list();
  });

  sequence("several devices at once", { source: "L04; 1.1" }, async (dut) => {
    await netdevsimOf(dut).newDevice("12 1");
    await netdevsimOf(dut).newDevice("11 1");
    await netdevsimOf(dut).newDevice("10 1");
    await dut.dev.list();
    await netdevsimOf(dut).unbind("netdevsim12");
    await dut.dev.list();
    await netdevsimOf(dut).bind("netdevsim12");
    await dut.dev.list();
    await dut.port.list();
    await dut.trap.list();
    await netdevsimOf(dut).delDevice("11");
    await dut.param.list();
    await netdevsimOf(dut).delDevice("12");
  });

  sequence(
    "who looks on holds up neither the coming nor the going of a device",
    { source: "L11; C06" },
    async (dut) => {
      await dut.perform({
        kind: "rounds",
        times: 10,
        operations: [
          { kind: "file.write", path: `${BUS}/new_device`, value: "11 8" },
          { kind: "file.write", path: `${BUS}/del_device`, value: "11" },
        ],
        meanwhile: [{ kind: "dev.show" }, { kind: "port.show" }, { kind: "trap.group.show" }],
      });
      await dut.dev.list();
    },
  );

  sequence(
    "a device that no driver is offered waits for one",
    { source: "L16; 6.1; drivers/base/bus.c" },
    async (dut) => {
      await dut.read(`${BUS}/drivers_autoprobe`);
      await dut.write(`${BUS}/drivers_autoprobe`, "0");
      await dut.read(`${BUS}/drivers_autoprobe`);
      await netdevsimOf(dut).newDevice("10 1");
      await dut.dev.list();
      assertEquals(netdevsimOf(dut).unbind().fails().errno, "ENODEV");
      await dut.write(`${BUS}/drivers_autoprobe`, "1");
      await dut.dev.list();
      await dut.write(`${BUS}/drivers_probe`, "netdevsim10");
      await dut.dev.list();
      await dut.write(`${BUS}/drivers_probe`, "netdevsim10");
      dut.write(`${BUS}/drivers_probe`, "netdevsim99").fails();
    },
  );

  sequence("bind and unbind take a name as it is", { source: "L16; 6.1" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    for (const name of ["", "netdevsim", "netdevsim1", "netdevsim100", "netdevsim10 "]) {
      netdevsimOf(dut).unbind(name).fails();
      netdevsimOf(dut).bind(name).fails();
    }
    await dut.dev.list();
  });

  sequence("VFs of a device without a driver", { source: "L15; 5.1" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    await netdevsimOf(dut).unbind();
    dut.write(`${BUS}/devices/netdevsim10/sriov_numvfs`, "2").either();
    await dut.read(`${BUS}/devices/netdevsim10/sriov_numvfs`);
    await netdevsimOf(dut).bind();
    await dut.read(`${BUS}/devices/netdevsim10/sriov_numvfs`);
    await dut.dev.show();
  });

  sequence("netdevs are not linked by a line that names no netns", {
    source: "drivers/net/netdevsim/bus.c",
    holds: { in: (era) => !netdevsimEra(era).lacks.has("link_device"), because: "netdevs are linked from 6.9 on" },
  }, (dut) => {
    for (const line of ["", "a", "0:1", "0:1 0", "0:1 0:2", "77:1 78:2"]) dut.write(`${BUS}/link_device`, line).fails();
    for (const line of ["", "a", "0", "0:1", "77:1"]) dut.write(`${BUS}/unlink_device`, line).fails();
  });

  sequence("an instance is found by its index", { source: "L18; 1.1" }, async (dut) => {
    await netdevsimOf(dut).newDevice("10 1");
    for (const index of ["99999", "x", "-1", "4294967296", ""]) {
      dut.perform({ kind: "dev.show", handle: `devlink_index/${index}` }).fails();
    }
    dut.perform({ kind: "dev.reload", handle: "devlink_index/99999" }).fails();
  });
});
