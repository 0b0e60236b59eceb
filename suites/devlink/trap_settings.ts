/** Actions of traps and of groups, set and put back, on any driver: docs/semantics.md 4.3. */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { LacksError } from "../../sdk/roles.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const DROP = { trap: { type: "drop" } } as const;
const SET = "T02; 4.3: devlink_trap_action_set()";
const GROUP = "T06; 4.3: devlink_trap_group_action_set()";

/** Returns a group that has drop traps and others. */
function mixedGroup(dut: Dut): string {
  const { traps } = dut.inventory();
  const found = traps.find(({ type, group }) => type !== "drop" && dut.trap.all({ type: "drop", group }).length > 0);
  if (!found) throw new LacksError("a group with drop traps and others");
  return found.group;
}

export default suite("trap_settings", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("a drop trap is set to trap and back", { source: SET, needs: DROP }, async (dut) => {
    const name = dut.trap.any({ type: "drop" });
    for (const action of ["trap", "drop"]) {
      await dut.trap.set(name, { action });
      assertEquals((await dut.trap.get(name)).action, action);
    }
  });

  sequence("a drop trap is set to mirror and back", { source: SET, needs: DROP }, async (dut) => {
    const name = dut.trap.any({ type: "drop" });
    const before = dut.inventory().traps.find((trap) => trap.name === name)!.action;
    // A driver may not be able to mirror
    const { result } = dut.trap.set(name, { action: "mirror" }).either();
    assertEquals((await dut.trap.get(name)).action, result === "ok" ? "mirror" : before);
    await dut.trap.set(name, { action: "drop" });
    assertEquals((await dut.trap.get(name)).action, "drop");
  });

  sequence("the action that a trap has already", { source: SET, needs: { trap: {} } }, async (dut) => {
    for (const type of ["drop", "exception", "control"] as const) {
      const trap = dut.inventory().traps.find((one) => one.type === type);
      if (trap) await dut.trap.set(trap.name, { action: trap.action });
    }
    await dut.trap.list();
  });

  sequence("a trap that is set leaves the others", { source: SET, needs: DROP }, async (dut) => {
    const name = dut.trap.any({ type: "drop" });
    const others = () => dut.inventory().traps.filter((trap) => trap.name !== name);
    const before = others();
    await dut.trap.set(name, { action: "trap" });
    await dut.trap.list();
    assertEquals(others(), before);
  });

  sequence("a trap of each group is set, and put back in another order", { source: SET, needs: DROP }, async (dut) => {
    const names = dut.trap.group.all().flatMap((group) => dut.trap.all({ type: "drop", group }).slice(0, 1));
    // A driver may refuse it for one of them
    for (const name of names) dut.trap.set(name, { action: "trap" }).either();
    await dut.trap.list();
    for (const name of names.toReversed()) dut.trap.set(name, { action: "drop" }).either();
    await dut.trap.list();
  });

  sequence("traps of the driver's own take an action as those of the core do", {
    source: "4.1; devlink-trap.rst, driver-specific traps",
    needs: { trap: { generic: false } },
  }, async (dut) => {
    const name = dut.trap.any({ generic: false });
    const { type, action } = await dut.trap.get(name);
    await dut.trap.set(name, { action: "trap" });
    await dut.trap.set(name, { action: "drop" });
    assertEquals((await dut.trap.get(name)).action, type === "drop" ? "drop" : action);
  });

  sequence("an exception trap keeps its action, and says so", {
    source: "T03; 4.3: devlink_trap_action_set()",
    needs: { trap: { type: "exception" } },
  }, async (dut) => {
    const name = dut.trap.any({ type: "exception" });
    const { action } = await dut.trap.get(name);
    for (const other of ["drop", "mirror"]) {
      await dut.trap.set(name, { action: other });
      assertEquals((await dut.trap.get(name)).action, action);
    }
  });

  sequence("a control trap keeps its action, and says so", {
    source: "T03; 4.3: devlink_trap_action_set()",
    needs: { trap: { type: "control" } },
  }, async (dut) => {
    const name = dut.trap.any({ type: "control" });
    const { action } = await dut.trap.get(name);
    await dut.trap.set(name, { action: "drop" });
    assertEquals((await dut.trap.get(name)).action, action);
  });

  sequence(
    "the action of a group, set and put back",
    { source: GROUP, needs: { ...DROP, group: "any" } },
    async (dut) => {
      const { group } = dut.inventory().traps.find(({ type }) => type === "drop")!;
      for (const action of ["trap", "drop"]) {
        await dut.trap.group.set(group, { action });
        await dut.trap.get(dut.trap.any({ type: "drop", group }));
      }
      await dut.trap.group.get(group);
    },
  );

  sequence("the action of a group leaves the traps of other groups", {
    source: GROUP,
    needs: { ...DROP, group: "any" },
  }, async (dut) => {
    const { group } = dut.inventory().traps.find(({ type }) => type === "drop")!;
    const others = () => dut.inventory().traps.filter((trap) => trap.group !== group);
    const before = others();
    await dut.trap.group.set(group, { action: "trap" });
    await dut.trap.list();
    assertEquals(others(), before);
  });

  sequence("the action of a group goes past its traps that do not drop", {
    source: GROUP,
    needs: { trap: { type: "exception" } },
  }, async (dut) => {
    const group = mixedGroup(dut);
    await dut.trap.group.set(group, { action: "trap" });
    await dut.trap.group.set(group, { action: "drop" });
    await dut.trap.list();
  });

  sequence("a trap that differs from its group is taken along with it", { source: GROUP, needs: DROP }, async (dut) => {
    const name = dut.trap.any({ type: "drop" });
    const { group } = await dut.trap.get(name);
    await dut.trap.set(name, { action: "trap" });
    await dut.trap.group.set(group, { action: "drop" });
    assertEquals((await dut.trap.get(name)).action, "drop");
  });
});
