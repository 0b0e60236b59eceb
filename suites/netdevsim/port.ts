/** Ports: how they come and go, and what is refused of them (docs/semantics.md 5.1, R12, R13, O01, O02, O17). */

import { assert, assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import type { Json } from "../../model/observation.ts";
import { type Suite, suite } from "../../sdk/suite.ts";

const shown = (reply: Json): string[] =>
  Object.keys((reply as { port: object }).port).map((handle) => handle.slice(handle.lastIndexOf("/") + 1));

export default suite("netdevsim_port", { fixture: netdevsim({ ports: 2 }) }, ({ sequence }) => {
  sequence("a port comes and goes by its index", { source: "O01" }, async (dut) => {
    await netdevsimOf(dut).newPort("5");
    assertEquals(netdevsimOf(dut).newPort("5").fails().errno, "EEXIST");
    await dut.port.get(5);
    await dut.link.show(5);
    await netdevsimOf(dut).delPort("5");
    assertEquals(netdevsimOf(dut).delPort("5").fails().errno, "ENOENT");
    assertEquals(dut.port.get(5).fails().errno, "ENODEV");
    assertEquals(dut.link.show(5).fails().errno, "ENODEV");
    assertEquals(shown(await dut.port.list()), ["0", "1"]);
  });

  sequence("the ports are shown in an order", { source: "net/devlink/port.c; kernels" }, async (dut) => {
    for (const index of ["9", "3", "128", "7"]) await netdevsimOf(dut).newPort(index);
    await dut.port.list();
    await netdevsimOf(dut).delPort("0");
    await netdevsimOf(dut).newPort("0");
    await dut.port.list();
    await dut.dev.show();
  });

  sequence("an added port is lost in a reload, a removed one comes back", { source: "R12; R13" }, async (dut) => {
    await netdevsimOf(dut).newPort("7");
    await netdevsimOf(dut).delPort("0");
    assertEquals(shown(await dut.port.list()), ["1", "7"]);
    await dut.reload();
    assertEquals(shown(await dut.port.list()), ["0", "1"]);
    await netdevsimOf(dut).delPort("0");
    await netdevsimOf(dut).delPort("1");
    assertEquals(shown(await dut.port.list()), []);
    await dut.reload();
    assertEquals(shown(await dut.port.list()), ["0", "1"]);
  });

  sequence(
    "the greatest index",
    { source: "drivers/net/netdevsim; kernels: devlink(8) shows it as -1" },
    async (dut) => {
      await netdevsimOf(dut).newPort("4294967295");
      await dut.port.get(4294967295);
      await dut.port.list();
      await netdevsimOf(dut).delPort("4294967295");
    },
  );

  sequence("ports come and go while they are shown", { source: "C06" }, async (dut) => {
    const write = (file: string) => ({
      kind: "file.write" as const,
      path: `/sys/bus/netdevsim/devices/netdevsim10/${file}`,
      value: "5",
    });
    await dut.perform({
      kind: "rounds",
      times: 20,
      operations: [write("new_port"), write("del_port")],
      meanwhile: [{ kind: "port.show" }, { kind: "port.show", handle: dut.handle, port: 5 }],
    });
    assertEquals(shown(await dut.port.list()), ["0", "1"]);
  });

  sequence("what new_port takes", { source: "5.1; drivers/net/netdevsim/bus.c" }, (dut) => {
    const lines = [
      [
        "x",
        "",
        "-1",
        "+6",
        " 7",
        "8 ",
        "0x10",
        "017",
        "4294967296",
        "4294967297",
        "20 21",
        "5x",
        "18446744073709551616",
      ],
      ["22 02:00:00:00:00:22", "23 01:00:00:00:00:22", "24 00:00:00:00:00:00", "25 02:00:00:00:22", "26 2:0:0:0:0:1"],
      ["27 02:00:00:00:00:22:33", "28 02-00-00-00-00-22", "29 02:00:00:00:00:zz"],
    ].flat();
    for (const line of lines) {
      netdevsimOf(dut).newPort(line).either();
      dut.port.list().either();
    }
  });

  sequence("what del_port takes", { source: "5.1; drivers/net/netdevsim/bus.c" }, async (dut) => {
    for (const line of ["x", "", "-1", "4294967296", "0 1", "01 "]) netdevsimOf(dut).delPort(line).fails();
    await netdevsimOf(dut).delPort("0x0");
    await netdevsimOf(dut).delPort("01");
    assertEquals(shown(await dut.port.list()), []);
  });

  sequence("ports cannot be set, split, added or deleted", { source: "O02" }, (dut) => {
    for (const type of ["eth", "ib", "auto", "notset", "nosuch"]) dut.port.set(0, type).fails();
    dut.port.set(9, "eth").fails();
    for (const count of [2, 3, 0, undefined]) dut.port.split(0, count).fails();
    dut.port.split(9, 2).fails();
    dut.port.unsplit(0).fails();
    dut.port.unsplit(9).fails();
    dut.port.add({ flavour: "pcisf", pfnum: 0, sfnum: 88 }).fails();
    dut.port.add({ port: 3, flavour: "pcisf", pfnum: 0, sfnum: 88, controller: 1 }).fails();
    dut.port.add({ flavour: "pcipf", pfnum: 0 }).fails();
    dut.port.add({ flavour: "physical", pfnum: 0 }).fails();
    dut.port.add({ flavour: "pcisf" }).fails();
    dut.port.add({ flavour: "nosuch", pfnum: 0 }).fails();
    dut.port.del(0).fails();
    dut.port.del(9).fails();
  });

  sequence("a function has no address that could be set", { source: "O02; 5.1" }, (dut) => {
    const addresses = [
      "00:11:22:33:44:55",
      "01:11:22:33:44:55",
      "00:00:00:00:00:00",
      "ff:ff:ff:ff:ff:ff",
      "00:11:22:33:44",
      "00:11:22:33:44:55:66",
      "0",
      "zz",
    ];
    for (const hwAddr of addresses) dut.port.setFunction(0, { hwAddr }).fails();
    dut.port.setFunction(9, { hwAddr: addresses[0]! }).fails();
  });

  sequence("a function has nothing else that could be set", { source: "O02; 5.1" }, async (dut) => {
    dut.port.setFunction(0, { state: "active" }).fails();
    dut.port.setFunction(0, { state: "inactive" }).fails();
    assertEquals(dut.port.setFunction(0, { state: "nosuch" }).fails().errno, "client");
    for (const roce of [true, false]) dut.port.setFunction(0, { roce }).fails();
    dut.port.setFunction(0, { migratable: true }).fails();
    dut.port.setFunction(0, { ipsecCrypto: true }).fails();
    dut.port.setFunction(0, { ipsecPacket: true }).fails();
    dut.port.setFunction(0, { maxIoEqs: 8 }).fails();
    dut.port.setFunction(0, { hwAddr: "00:11:22:33:44:55", state: "active" }).fails();
    dut.port.setFunction(0, { state: "active", roce: true }).fails();
    dut.port.setFunction(0, { roce: true, migratable: false, maxIoEqs: 4 }).fails();
    dut.port.setFunction(0, { hwAddr: "01:11:22:33:44:55", maxIoEqs: 4 }).fails();
    await dut.port.setFunction(0, {});
    dut.port.setFunction(9, { state: "active" }).fails();
  });

  sequence("a port's resources", {
    source: "O17",
    holds: { in: (era) => era.ports.resources, because: "ports have no resources before 7.0" },
  }, async (dut) => {
    const resources = JSON.stringify(await dut.port.resources(0));
    assert(resources.includes("test_resource"));
    await netdevsimOf(dut).newPort("5");
    await dut.port.resources(5);
    assertEquals(dut.port.resources(9).fails().errno, "ENODEV");
    await netdevsimOf(dut).vfs(1);
    await dut.eswitch.set({ mode: "switchdev" });
    dut.port.resources(128).fails();
    await dut.reload();
    await dut.port.resources(1);
  });
}) satisfies Suite;
