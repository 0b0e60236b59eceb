/** Regions of any driver and their snapshots: docs/semantics.md 5.4, O07. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const LARGEST = 4_294_967_295;

export default suite("region", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("an id of 32 bits, in use or not", { source: "O07", needs: { region: true } }, async (dut) => {
    const { name } = dut.region.any();
    await dut.region.new(name, LARGEST);
    await dut.region.new(name, 7);
    assertEquals(dut.region.new(name, 7).fails().errno, "EEXIST");
    dut.region.new(name, LARGEST + 1).fails();
    await dut.region.get(name);
    await dut.region.del(name, LARGEST);
    await dut.region.new(name, LARGEST);
    await dut.region.read(name, LARGEST, { address: 0, length: 4 });
  });
});
