/** Every object in each form in which devlink(8) shows it, on any driver: docs/semantics.md 1.1, 1.4, 4, 5. */

import { assertEquals } from "@std/assert";
import type { Operation } from "../../model/operation.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

/** Asks for the objects of the instance alone; kernels before 6.4 cannot do that, and devlink(8) refuses it. */
const ofInstance = (dut: Dut, ...kinds: ("trap.show" | "trap.group.show" | "param.show" | "health.show")[]) => {
  for (const kind of kinds) dut.perform({ kind, handle: dut.handle }).either();
};

const LISTS: readonly Operation[] = [
  { kind: "dev.show" },
  { kind: "dev.info" },
  { kind: "port.show" },
  { kind: "param.show" },
  { kind: "health.show" },
  { kind: "region.show" },
  { kind: "trap.show" },
  { kind: "trap.group.show" },
  { kind: "trap.policer.show" },
];

export default suite("show", { fixture: theBoard({ ports: 2, netns: ["t1"] }) }, ({ sequence }) => {
  sequence("an instance alone and among all", { source: "1.1; devlink-dev(8)" }, async (dut) => {
    await dut.dev.show();
    await dut.dev.list();
    await dut.dev.show();
  });

  sequence("what an instance says of itself, twice the same", {
    source: "5.5; net/devlink/dev.c: devlink_nl_info_get_doit()",
  }, async (dut) => {
    const first = dut.dev.info().either().reply;
    await dut.dev.infos();
    assertEquals(dut.dev.info().either().reply, first);
  });

  sequence(
    "every kind of object, of all instances",
    { source: "2.1; net/devlink/netlink.c: devlink_nl_dumpit()" },
    (dut) => {
      for (const list of LISTS) dut.perform(list).either();
    },
  );

  sequence("traps of one instance", {
    source: "net/devlink/trap.c: devlink_nl_trap_get_dumpit()",
    needs: { trap: {} },
  }, async (dut) => {
    ofInstance(dut, "trap.show");
    assertEquals((await dut.trap.list()).map(({ name }) => name), dut.trap.all());
  });

  sequence("a trap of each type by its name", {
    source: "net/devlink/trap.c: devlink_nl_trap_get_doit()",
    needs: { trap: {} },
  }, async (dut) => {
    const { traps } = dut.inventory();
    for (const trap of traps.filter(({ type }, i) => traps.findIndex((one) => one.type === type) === i)) {
      const shown = await dut.trap.get(trap.name);
      assertEquals([shown.type, shown.generic, shown.group], [trap.type, trap.generic, trap.group]);
    }
  });

  sequence("a drop trap of each group by its name", {
    source: "4.4; net/devlink/trap.c: devlink_nl_trap_fill()",
    needs: { trap: { type: "drop" } },
  }, async (dut) => {
    for (const group of dut.trap.group.all()) {
      const [name] = dut.trap.all({ type: "drop", group });
      if (name !== undefined) assertEquals((await dut.trap.get(name)).group, group);
    }
  });

  sequence("trap groups of one instance, and each by its name", {
    source: "net/devlink/trap.c: devlink_nl_trap_group_get_doit()",
    needs: { group: "any" },
  }, async (dut) => {
    ofInstance(dut, "trap.group.show");
    for (const { name, policer } of dut.inventory().groups) {
      assertEquals((await dut.trap.group.get(name)).policer, policer);
    }
  });

  sequence("the first policer and the last one, and none of one instance", {
    source: "net/devlink/trap.c: devlink_nl_trap_policer_get_doit(); devlink-trap(8)",
    needs: { policers: 1 },
  }, async (dut) => {
    const { policers } = dut.inventory();
    for (const { id, rate, burst } of [policers[0]!, policers.at(-1)!]) {
      const shown = await dut.trap.policer.get(id);
      assertEquals([shown.rate, shown.burst], [rate, burst]);
    }
    dut.perform({ kind: "trap.policer.show", handle: dut.handle }).fails();
  });

  sequence("params of one instance, and each by its name", {
    source: "5.2; net/devlink/param.c: devlink_nl_param_get_doit()",
    needs: { param: {} },
  }, async (dut) => {
    ofInstance(dut, "param.show");
    for (const { name } of dut.param.all()) await dut.param.get(name);
  });

  sequence("reporters of one instance, and each by its name", {
    source: "5.6; net/devlink/health.c: devlink_nl_health_reporter_get_doit()",
    needs: { reporter: {} },
  }, async (dut) => {
    ofInstance(dut, "health.show");
    for (const { name } of dut.inventory().reporters) assertEquals((await dut.health.get(name)).reporter, name);
  });

  sequence("regions of one instance, and each by its name", {
    source: "5.4; net/devlink/region.c: devlink_nl_region_get_doit()",
    needs: { region: true },
  }, async (dut) => {
    dut.perform({ kind: "region.show", handle: dut.handle }).either();
    for (const { name, size } of dut.inventory().regions) assertEquals((await dut.region.get(name)).size, size);
  });

  sequence("ports of one instance, and the first and the last by their index", {
    source: "5.1; net/devlink/port.c: devlink_nl_port_get_doit()",
    needs: { ports: 1 },
  }, async (dut) => {
    const { ports } = dut.inventory();
    dut.perform({ kind: "port.show", handle: dut.handle }).either();
    for (const { index } of [ports[0]!, ports.at(-1)!]) await dut.port.get(index);
    await dut.port.list();
  });

  sequence("the tree of resources, twice the same", {
    source: "5.3; net/devlink/resource.c: devlink_nl_resource_dump_doit()",
    needs: { resource: "leaf" },
  }, async (dut) => {
    const first = await dut.resource.list();
    assertEquals(await dut.resource.list(), first);
  });

  sequence("the eswitch, also of a device without one", {
    source: "5.7; net/devlink/dev.c: devlink_nl_eswitch_get_doit()",
  }, (dut) => {
    dut.eswitch.show().either();
    dut.eswitch.show().either();
  });

  sequence(
    "another netns has none of it",
    { source: "1.1; net/devlink/netlink.c: devlink_get_from_attrs_lock()" },
    (dut) => {
      const there = dut.in("t1");
      for (const list of LISTS) there.perform(list).either();
      assertEquals(there.dev.show().fails().errno, "ENODEV");
      assertEquals(there.dev.info().fails().errno, "ENODEV");
    },
  );

  sequence("nothing can be asked by its name from another netns", { source: "1.1; 4.3; 5.2; 5.6" }, (dut) => {
    const there = dut.in("t1");
    assertEquals(there.trap.get("made_up").fails().errno, "ENODEV");
    assertEquals(there.trap.group.get("made_up").fails().errno, "ENODEV");
    assertEquals(there.trap.policer.get(1).fails().errno, "ENODEV");
    assertEquals(there.param.get("made_up").fails().errno, "ENODEV");
    assertEquals(there.health.get("made_up").fails().errno, "ENODEV");
    assertEquals(there.region.get("made_up").fails().errno, "ENODEV");
    assertEquals(there.port.get(dut.port.absent(0)).fails().errno, "ENODEV");
  });
});
