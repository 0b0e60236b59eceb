/**
 * Suite `mlxsw_port`: ports that are split. Which ports a split creates is the firmware's to say; a reload undoes it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { panelPort, theSwitch } from "./_switch.ts";

const SPLIT = "drivers/net/ethernet/mellanox/mlxsw/spectrum.c: mlxsw_sp_port_split(), mlxsw_sp_port_unsplit()";
const CHECKS = "net/devlink/port.c: devlink_nl_port_split_doit()";

/** Returns the ports by index; up to 6.2 devlink lists ports in the order of their registration. */
const portsOf = (dut: Dut) => [...dut.inventory().ports].sort((a, b) => a.index - b.index);

export default suite("mlxsw_port", { fixture: theSwitch(["t1"]) }, ({ sequence }) => {
  for (const count of [2, 4]) {
    sequence(`a port is split into ${count}, and put together again`, { source: SPLIT }, async (dut) => {
      const { index } = panelPort(dut.inventory());
      const before = portsOf(dut);
      await dut.port.split(index, count);
      await dut.port.list();
      await dut.resource.list();
      await dut.port.unsplit(index);
      await dut.port.list();
      await dut.resource.list();
      assertEquals(portsOf(dut), before);
    });
  }

  sequence("a reload undoes a split", { source: SPLIT, needs: { reload: "driver_reinit" } }, async (dut) => {
    const { index } = panelPort(dut.inventory(), 1);
    const before = portsOf(dut);
    await dut.port.split(index, 2);
    await dut.port.list();
    await dut.reload();
    await dut.port.list();
    assertEquals(portsOf(dut), before);
    assertEquals(dut.port.unsplit(index).fails().errno, "EINVAL");
  });

  sequence("a split is undone when the switch moves to another netns, and on the way back", {
    source: SPLIT,
    needs: { reload: "driver_reinit" },
  }, async (dut) => {
    const { index } = panelPort(dut.inventory());
    await dut.port.split(index, 2);
    await dut.reload({ to: "t1" });
    await dut.in("t1").port.list();
    await dut.in("t1").port.split(index, 2);
    await dut.in("t1").reload({ to: "init" });
    await dut.port.list();
  });

  sequence("counts that no port can be split into, and ports that cannot be split", {
    source: `${CHECKS}; ${SPLIT}`,
  }, async (dut) => {
    const { index } = panelPort(dut.inventory());
    const cpu = dut.inventory().ports.find(({ flavour }) => flavour === "cpu");
    for (const count of [0, 1, 3, 5, 64, 0xffff_ffff]) {
      assertEquals(dut.port.split(index, count).fails().errno, "EINVAL");
    }
    assertEquals(dut.port.unsplit(index).fails().errno, "EINVAL");
    if (cpu) {
      assertEquals(dut.port.split(cpu.index, 2).fails().errno, "EINVAL");
      assertEquals(dut.port.unsplit(cpu.index).fails().errno, "EINVAL");
    }
    assertEquals(dut.port.split(dut.port.absent(200), 2).fails().errno, "ENODEV");
    await dut.port.list();
  });

  sequence("a port that is split cannot be split further", { source: CHECKS }, async (dut) => {
    const { index } = panelPort(dut.inventory());
    await dut.port.split(index, 2);
    dut.port.split(index, 2).either();
    await dut.port.list();
    await dut.port.unsplit(index);
    await dut.port.list();
  });
});
