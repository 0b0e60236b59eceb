/** The first suite of a project: it runs on any board whose device has a drop trap. */

import { assertEquals } from "@std/assert";
import { suite, testSuite, theBoard } from "@twinlink/twinlink";

export default testSuite(suite("first", { fixture: theBoard() }, ({ sequence }) => {
  sequence("a drop trap takes the action trap", {
    source: "Documentation/networking/devlink/devlink-trap.rst",
    needs: { trap: { type: "drop" } },
  }, async (dut) => {
    const trap = dut.trap.any({ type: "drop" });
    await dut.trap.set(trap, { action: "trap" });
    assertEquals((await dut.trap.get(trap)).action, "trap");
  });

  sequence("an unknown trap is refused", {
    source: "Documentation/networking/devlink/devlink-trap.rst",
    needs: { trap: { type: "drop" } },
  }, async (dut) => {
    await dut.trap.set("no_such_trap", { action: "trap" }).fails();
  });
}));
