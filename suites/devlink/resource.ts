/** Resources of any driver: docs/semantics.md 5.3, O18. */

import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

export default suite("resource", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("what cannot be set", { source: "O18; 5.3", needs: { resource: "tree" } }, async (dut) => {
    const [parent, leaf] = [dut.resource.tree().parent.path, dut.resource.leaf().path];
    dut.resource.set(`${parent}/nosuch`, 1).fails();
    dut.resource.set("nosuch", 1).fails();
    dut.resource.set(`${leaf}/more`, 1).fails();
    dut.resource.set(leaf, "18446744073709551616").fails();
    dut.resource.set(leaf, "many").fails();
    await dut.resource.list();
  });

  sequence("resources of all instances, where they cannot be asked for", {
    source: "5.3",
    needs: { resource: "leaf" },
    holds: { in: (era) => !era.dumpsResources, because: "the others can" },
  }, async (dut) => {
    dut.resource.all().fails();
    dut.resource.all("port").fails();
    // The port is not looked at
    await dut.resource.ofPort(0);
    await dut.resource.ofPort(7);
  });
});
