/** Traps, trap groups and trap policers of any driver: docs/semantics.md 4, T01 to T15. */

import { assert, assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

/** A policer that no device has. */
const NO_POLICER = 1337;

/** Returns the core's refusal of a name that none of these objects has. */
const missing = (objects: readonly unknown[]) => objects.length > 0 ? "ENOENT" : "EOPNOTSUPP";

export default suite("trap", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("the inventory", { source: "T01; 4.2; selftest devlink_trap" }, async (dut) => {
    const { traps, groups, policers } = dut.inventory();
    assertEquals((await dut.trap.list()).length, traps.length);
    assertEquals((await dut.trap.group.list()).length, groups.length);
    assertEquals((await dut.trap.policer.list()).length, policers.length);
  });

  sequence("a drop trap takes every action", {
    source: "T02; selftest devlink_trap",
    needs: { trap: { type: "drop" } },
  }, async (dut) => {
    const wanted = new Map<string, string>();
    for (const { name, action: before } of (await dut.trap.list()).filter((trap) => trap.type === "drop")) {
      wanted.set(name, before);
      // A driver may refuse any of them, and mirroring above all
      for (const action of ["trap", "drop", "mirror"]) {
        if (dut.trap.set(name, { action }).either().result === "ok") wanted.set(name, action);
      }
    }
    assert((await dut.trap.list()).every(({ name, type, action }) => type !== "drop" || action === wanted.get(name)));
  });

  sequence("the action of another trap stays, with a warning", {
    source: "T03; 4.3",
    needs: { trap: { type: "exception" } },
  }, async (dut) => {
    for (const trap of (await dut.trap.list()).filter((trap) => trap.type !== "drop")) {
      await dut.trap.set(trap.name, { action: "drop" });
      // The driver is asked for the action that the trap has, and may have no way to mirror
      dut.trap.set(trap.name, { action: trap.action }).either();
      assertEquals((await dut.trap.get(trap.name)).action, trap.action);
    }
  });

  sequence("names that are not there", { source: "T04; 4.3", needs: { trap: { type: "drop" } } }, (dut) => {
    const { groups, policers } = dut.inventory();
    assertEquals(dut.trap.get("made_up").fails().errno, "ENOENT");
    assertEquals(dut.trap.set("made_up", { action: "trap" }).fails().errno, "ENOENT");
    assertEquals(dut.trap.set(dut.trap.inGroup(2), { action: "made_up" }).fails().errno, "client");
    assertEquals(dut.trap.group.get("made_up").fails().errno, missing(groups));
    assertEquals(dut.trap.group.set("made_up", { action: "trap" }).fails().errno, missing(groups));
    assertEquals(dut.trap.policer.get(NO_POLICER).fails().errno, missing(policers));
    assertEquals(dut.trap.policer.set(NO_POLICER, { rate: 1000 }).fails().errno, missing(policers));
  });

  sequence("the action of a group goes to its drop traps", {
    source: "T06; selftest devlink_trap",
    needs: { group: "any" },
  }, async (dut) => {
    for (const group of await dut.trap.group.list()) {
      // A driver may refuse it for a trap of the group
      dut.trap.group.set(group.name, { action: "trap" }).either();
      await dut.trap.list();
      dut.trap.group.set(group.name, { action: "drop" }).either();
    }
    await dut.trap.list();
  });

  sequence("a group is bound to a policer and unbound", {
    source: "T08; selftest devlink_trap",
    needs: { group: "bound", policers: 2 },
  }, async (dut) => {
    const [bound, free] = [dut.trap.group.any("bound"), dut.trap.group.any("free")];
    const [first, second] = [dut.trap.policer.any(0).id, dut.trap.policer.any(1).id];
    await dut.trap.group.set(bound, { policer: second });
    await dut.trap.group.get(bound);
    assertEquals(dut.trap.group.set(bound, { policer: NO_POLICER }).fails().errno, "ENOENT");
    await dut.trap.group.get(bound);
    await dut.trap.group.set(bound, { policer: null });
    await dut.trap.group.get(bound);
    // A driver may bind no policer to a group of samples
    dut.trap.group.set(free, { policer: first }).either();
    await dut.trap.group.list();
  });

  sequence("a group set that fails half-way keeps its first half", {
    source: "T09; 4.3",
    needs: { group: "bound" },
  }, async (dut) => {
    const group = dut.trap.group.any("bound");
    const trap = dut.trap.any({ type: "drop", group });
    assertEquals(dut.trap.group.set(group, { action: "trap", policer: NO_POLICER }).fails().errno, "ENOENT");
    await dut.trap.get(trap);
    await dut.trap.group.get(group);
  });

  sequence(
    "reload puts traps, groups and policers back to their defaults",
    {
      source: "T12; 3.11",
      needs: { reload: "driver_reinit", trap: { type: "drop" }, group: "free", policers: 1 },
    },
    async (dut) => {
      const names = dut.trap.all();
      const policer = dut.trap.policer.any().id;
      for (const trap of (await dut.trap.list()).filter((trap) => trap.type === "drop")) {
        dut.trap.set(trap.name, { action: "trap" }).either();
      }
      await dut.trap.policer.set(policer, { rate: 2000, burst: 16 });
      dut.trap.group.set(dut.trap.group.any("free"), { policer }).either();
      await dut.reload();
      await dut.trap.get(dut.trap.any({ type: "drop" }));
      await dut.trap.list();
      await dut.trap.group.list();
      await dut.trap.policer.list();
      assertEquals(dut.trap.all(), names);
    },
  );

  sequence("reload announces groups and policers", {
    source: "T13; 3.11",
    needs: { reload: "driver_reinit", group: "any", policers: 3 },
  }, async (dut) => {
    await dut.trap.policer.set(dut.trap.policer.any(1).id, { rate: 4000 });
    await dut.trap.group.set(dut.trap.group.any("any", 3), { policer: dut.trap.policer.any(2).id });
    await dut.reload();
  });

  sequence("setting is silent", {
    source: "T15; 4.3",
    needs: { trap: { type: "drop" }, group: "any", policers: 3 },
  }, async (dut) => {
    dut.trap.set(dut.trap.inGroup(2), { action: "mirror" }).either();
    await dut.trap.group.set(dut.trap.group.any("any", 4), { action: "trap", policer: dut.trap.policer.any().id });
    await dut.trap.policer.set(dut.trap.policer.any(2).id, { rate: 100, burst: 1024 });
  });

  sequence("a group set that commits a part, by each of its reasons", {
    source: "T09; 4.3",
    needs: { group: "any", policers: 3 },
  }, async (dut) => {
    const [first, middle, last] = [0, 2, 5].map((nth) => dut.trap.group.any("any", nth)) as [string, string, string];
    for (const group of [first, middle, last]) {
      dut.trap.group.set(group, { action: "mirror", policer: NO_POLICER }).fails();
    }
    await dut.trap.list();
    await dut.trap.group.set(first, { action: "trap", policer: dut.trap.policer.any(2).id });
    await dut.trap.group.set(last, { action: "drop" });
    await dut.trap.group.set(last, { action: "trap", policer: null });
    await dut.trap.list();
    await dut.trap.group.list();
  });
});
