/** Ports of any driver: docs/semantics.md 5.1, 5.2. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

export default suite("port", { fixture: theBoard({ ports: 2 }) }, ({ sequence }) => {
  sequence("ports have no params", { source: "5.2", needs: { ports: 1 } }, async (dut) => {
    const [port, absent] = [dut.port(0).index, dut.port.absent()];
    assertEquals(await dut.port.params(), { param: {} });
    dut.port.params(port, "nosuch").fails();
    assertEquals(dut.port.params(absent, "nosuch").fails().errno, "ENODEV");
    assertEquals(dut.port.params(port).fails().errno, "client");
    dut.port.setParam(port, { name: "nosuch", value: 1, cmode: "runtime" }).fails();
    dut.port.setParam(absent, { name: "nosuch", value: 1, cmode: "runtime" }).fails();
  });
});
