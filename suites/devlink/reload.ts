/** `devlink dev reload` on any driver: docs/semantics.md 3, R01 to R14. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const REINIT = { reload: "driver_reinit" } as const;

export default suite("reload", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence(
    "a plain reload announces every object in its order",
    { source: "R01; selftest reload_test", needs: REINIT },
    async (dut) => {
      await dut.reload();
      await dut.dev.show();
      await dut.port.list();
    },
  );

  sequence("two ports go in reverse and come back in order", {
    source: "R01",
    fixture: theBoard({ ports: 2 }),
    needs: { ...REINIT, ports: 2 },
  }, async (dut) => {
    await dut.reload();
    await dut.port.list();
    await dut.reload();
    await dut.dev.show();
  });

  sequence("a reload that names its action answers with what was performed", {
    source: "R02",
    needs: REINIT,
  }, async (dut) => {
    await dut.reload({ action: "driver_reinit" });
    await dut.dev.show();
  });

  sequence("an action that the driver lacks is refused", {
    source: "R03; 3.2 #3",
    needs: { reloadLacks: "fw_activate" },
  }, async (dut) => {
    assertEquals(dut.reload({ action: "fw_activate" }).fails().errno, "EOPNOTSUPP");
    await dut.dev.show();
    await dut.trap.list();
  });

  sequence("a limit that the driver lacks is refused", {
    source: "R04; 3.2 #6, #7",
    needs: { limit: false },
  }, async (dut) => {
    dut.reload({ action: "driver_reinit", limit: "no_reset" }).fails();
    dut.reload({ action: "fw_activate", limit: "no_reset" }).fails();
    await dut.dev.show();
  });

  sequence("snapshots go with their region", { source: "R14", needs: { ...REINIT, region: true } }, async (dut) => {
    const { name } = dut.region.any();
    await dut.region.new(name);
    await dut.region.new(name);
    await dut.region.new(name, 25);
    await dut.region.list();
    await dut.reload();
    await dut.region.list();
    await dut.region.new(name);
    await dut.region.list();
  });
});
