/** Trap groups and their policers on any driver: docs/semantics.md 4.3, T07 to T09. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

/** A policer that no device has. */
const NO_POLICER = 1337;
const BIND = "T08; 4.3: devlink_trap_group_set()";

export default suite("trap_groups", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("a group that is bound is unbound and bound as before", {
    source: BIND,
    needs: { group: "bound", policers: 1 },
  }, async (dut) => {
    const name = dut.trap.group.any("bound");
    const { policer } = await dut.trap.group.get(name);
    await dut.trap.group.set(name, { policer: null });
    assertEquals((await dut.trap.group.get(name)).policer, undefined);
    await dut.trap.group.set(name, { policer: policer! });
    assertEquals((await dut.trap.group.get(name)).policer, policer);
  });

  sequence("a group that is free is bound and unbound", {
    source: BIND,
    needs: { group: "free", policers: 1 },
  }, async (dut) => {
    const name = dut.trap.group.any("free");
    const { id } = dut.trap.policer.any();
    // A driver may bind no policer to a group of samples
    const { result } = dut.trap.group.set(name, { policer: id }).either();
    assertEquals((await dut.trap.group.get(name)).policer, result === "ok" ? id : undefined);
    await dut.trap.group.set(name, { policer: null });
    assertEquals((await dut.trap.group.get(name)).policer, undefined);
  });

  sequence("a group that is free is unbound", { source: BIND, needs: { group: "free", policers: 1 } }, async (dut) => {
    const name = dut.trap.group.any("free");
    await dut.trap.group.set(name, { policer: null });
    await dut.trap.group.get(name);
  });

  sequence(
    "two groups have the same policer",
    { source: BIND, needs: { group: "bound", policers: 1 } },
    async (dut) => {
      const [first, second] = [dut.trap.group.any("any", 0), dut.trap.group.any("any", 1)];
      const { id } = dut.trap.policer.any();
      for (const name of [first, second]) await dut.trap.group.set(name, { policer: id });
      await dut.trap.group.list();
    },
  );

  sequence(
    "a group goes from one policer to another",
    { source: BIND, needs: { group: "bound", policers: 2 } },
    async (dut) => {
      const name = dut.trap.group.any("bound");
      for (const nth of [1, 0, 1]) {
        const { id } = dut.trap.policer.any(nth);
        await dut.trap.group.set(name, { policer: id });
        assertEquals((await dut.trap.group.get(name)).policer, id);
      }
    },
  );

  sequence("a policer that does not exist leaves a group as it is", {
    source: BIND,
    needs: { group: "bound", policers: 1 },
  }, async (dut) => {
    const name = dut.trap.group.any("bound");
    const { policer } = await dut.trap.group.get(name);
    const refused = dut.trap.group.set(name, { policer: NO_POLICER }).fails();
    assertEquals(refused.errno, "ENOENT");
    assertEquals((await dut.trap.group.get(name)).policer, policer);
  });

  sequence("action and policer in one command", {
    source: "4.3: devlink_nl_trap_group_set_doit()",
    needs: { group: "bound", policers: 2, trap: { type: "drop" } },
  }, async (dut) => {
    const { group } = dut.inventory().traps.find(({ type }) => type === "drop")!;
    await dut.trap.group.set(group, { action: "trap", policer: dut.trap.policer.any(1).id });
    await dut.trap.get(dut.trap.any({ type: "drop", group }));
    await dut.trap.group.get(group);
  });

  sequence("a policer keeps the values that it is set to again", {
    source: "T07; 4.3: devlink_trap_policer_set()",
    needs: { policers: 1 },
  }, async (dut) => {
    const { id, rate, burst } = dut.trap.policer.any();
    await dut.trap.policer.set(id, { rate });
    await dut.trap.policer.set(id, { burst });
    await dut.trap.policer.set(id, { rate, burst });
    await dut.trap.policer.get(id);
  });

  sequence("a policer takes the rate of another one and keeps its burst", {
    source: "T07; 4.3: devlink_trap_policer_set()",
    needs: { policers: 2 },
  }, async (dut) => {
    const [first, second] = [dut.trap.policer.any(0), dut.trap.policer.any(1)];
    await dut.trap.policer.set(first.id, { rate: second.rate });
    const { rate, burst } = await dut.trap.policer.get(first.id);
    assertEquals([rate, burst], [second.rate, first.burst]);
  });

  sequence("a policer takes rate and burst of another one", {
    source: "T07; 4.3: devlink_trap_policer_set()",
    needs: { policers: 2 },
  }, async (dut) => {
    const [first, second] = [dut.trap.policer.any(0), dut.trap.policer.any(1)];
    await dut.trap.policer.set(first.id, { rate: second.rate, burst: second.burst });
    await dut.trap.policer.get(first.id);
    await dut.trap.policer.get(second.id);
  });
});
