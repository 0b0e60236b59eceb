/** Ports and their netdevs, and refused commands on ports, on any driver: docs/semantics.md 5.1. */

import { assertEquals } from "@std/assert";
import { LacksError } from "../../sdk/roles.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

export default suite("port_state", { fixture: theBoard({ ports: 2 }) }, ({ sequence }) => {
  sequence("a port keeps its name while its link goes up and down", {
    source: "5.1: devlink_nl_port_fill()",
    needs: { netdev: true },
  }, async (dut) => {
    const { index, up } = dut.port.withNetdev();
    const shown = await dut.port.get(index);
    for (const wanted of [!up, up]) {
      await (wanted ? dut.link.up(index) : dut.link.down(index));
      assertEquals(await dut.port.get(index), shown);
    }
  });

  sequence("a link that is up is taken up, one that is down is taken down", {
    source: "5.1; net/core/dev.c: __dev_change_flags()",
    needs: { netdev: true },
  }, async (dut) => {
    const { index } = dut.port.withNetdev();
    for (let i = 0; i < 2; i++) await dut.link.up(index);
    for (let i = 0; i < 2; i++) await dut.link.down(index);
    await dut.link.show(index);
  });

  sequence("a port that does not exist has no netdev", { source: "5.1" }, (dut) => {
    const port = dut.port.absent();
    assertEquals(dut.link.show(port).fails().errno, "ENODEV");
    assertEquals(dut.link.up(port).fails().errno, "ENODEV");
  });

  sequence("a physical port has no function", {
    source: "O02; 5.1: devlink_port_function_set()",
    needs: { ports: 1 },
  }, async (dut) => {
    const port = dut.inventory().ports.find(({ flavour }) => flavour === "physical");
    if (!port) throw new LacksError("a physical port");
    const { index } = port;
    dut.port.setFunction(index, { state: "active" }).fails();
    await dut.port.setFunction(index, {});
    await dut.port.get(index);
  });

  sequence("a port shows no reporter of the device", {
    source: "5.6: devlink_health_reporter_get_from_attrs()",
    needs: { ports: 1, reporter: {} },
  }, (dut) => {
    const { index } = dut.port(0);
    assertEquals(dut.health.get(dut.health.any().name, { port: index }).fails().errno, "EINVAL");
    assertEquals(dut.health.set(dut.health.any().name, { port: index, autoDump: true }).fails().errno, "EINVAL");
    dut.perform({ kind: "health.show", handle: dut.handle, port: index }).either();
  });
});
