/** Commands that the devlink core or devlink(8) refuses before any driver is called: docs/semantics.md 4.3, 5.1 to 5.7. */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

/** A name that no device has. */
const NAME = "made_up";

/** Returns the core's refusal of an unknown trap, group or policer; it differs if the instance has none of that kind at all. */
const missing = (objects: readonly unknown[]) => objects.length > 0 ? "ENOENT" : "EOPNOTSUPP";

/** True if a kernel refuses the ports that commands of `devlink port` name, whatever the driver can do. */
const findsPorts = {
  in: (era: { ports: { findPort: readonly string[] } }) => era.ports.findPort.includes("unsplit"),
  because: "before 6.0 the driver is asked first",
};

export default suite("refuse", { fixture: theBoard({ ports: 1, netns: ["t1"] }) }, ({ sequence }) => {
  sequence("a trap that does not exist", { source: "T04; 4.3: devlink_trap_item_get_from_info()" }, async (dut) => {
    const errno = missing(dut.inventory().traps);
    assertEquals(dut.trap.get(NAME).fails().errno, errno);
    for (const action of ["drop", "trap", "mirror"]) {
      assertEquals(dut.trap.set(NAME, { action }).fails().errno, errno);
    }
    await dut.trap.list();
  });

  sequence("the name of a trap is compared letter by letter", {
    source: "net/devlink/trap.c: devlink_trap_item_lookup()",
    needs: { trap: {} },
  }, (dut) => {
    const name = dut.trap.any();
    for (const other of [name.toUpperCase(), name.slice(0, -1), `${name}s`]) {
      assertEquals(dut.trap.get(other).fails().errno, "ENOENT");
      assertEquals(dut.trap.set(other, { action: "trap" }).fails().errno, "ENOENT");
    }
  });

  sequence("an action that devlink(8) does not know", {
    source: "devlink-trap(8)",
    needs: { trap: { type: "drop" }, group: "any" },
  }, async (dut) => {
    const trap = dut.trap.any({ type: "drop" });
    for (const action of [NAME, "DROP", "pass"]) {
      assertEquals(dut.trap.set(trap, { action }).fails().errno, "client");
      assertEquals(dut.trap.group.set(dut.trap.group.any(), { action }).fails().errno, "client");
    }
    await dut.trap.get(trap);
  });

  sequence("a trap group that does not exist", {
    source: "T04; 4.3: devlink_trap_group_item_get_from_info()",
  }, async (dut) => {
    const errno = missing(dut.inventory().groups);
    assertEquals(dut.trap.group.get(NAME).fails().errno, errno);
    assertEquals(dut.trap.group.set(NAME, { action: "drop" }).fails().errno, errno);
    assertEquals(dut.trap.group.set(NAME, { policer: 1 }).fails().errno, errno);
    assertEquals(dut.trap.group.set(NAME, { policer: null }).fails().errno, errno);
    await dut.trap.group.list();
  });

  sequence("a policer that does not exist", {
    source: "T04; 4.3: devlink_trap_policer_item_get_from_info()",
  }, async (dut) => {
    const errno = missing(dut.inventory().policers);
    for (const policer of [1337, 4_294_967_295]) {
      assertEquals(dut.trap.policer.get(policer).fails().errno, errno);
      assertEquals(dut.trap.policer.set(policer, { rate: 1000 }).fails().errno, errno);
      assertEquals(dut.trap.policer.set(policer, { burst: 128 }).fails().errno, errno);
    }
    await dut.trap.policer.list();
  });

  sequence("a param that does not exist", { source: "O05; 5.2: devlink_param_get_from_info()" }, async (dut) => {
    assertEquals(dut.param.get(NAME).fails().errno, "EINVAL");
    for (const cmode of ["runtime", "driverinit", "permanent"] as const) {
      dut.param.set(NAME, 1, { cmode }).fails();
      dut.param.set(NAME, true, { cmode }).fails();
    }
    await dut.param.list();
  });

  sequence("the name of a param is compared letter by letter", {
    source: "net/devlink/param.c: devlink_param_find_by_name()",
    needs: { param: {} },
  }, (dut) => {
    const { name } = dut.param.where();
    for (const other of [name.toUpperCase(), name.slice(0, -1), `${name}s`]) {
      assertEquals(dut.param.get(other).fails().errno, "EINVAL");
    }
  });

  sequence("a reporter that does not exist", { source: "5.6: devlink_health_reporter_find_by_name()" }, async (dut) => {
    assertEquals(dut.health.get(NAME).fails().errno, "EINVAL");
    assertEquals(dut.health.set(NAME, { autoDump: true }).fails().errno, "EINVAL");
    assertEquals(dut.health.recover(NAME).fails().errno, "EINVAL");
    assertEquals(dut.health.diagnose(NAME).fails().errno, "EINVAL");
    assertEquals(dut.health.dump(NAME).fails().errno, "EINVAL");
    assertEquals(dut.health.clear(NAME).fails().errno, "EINVAL");
    assertEquals(dut.health.test(NAME).fails().errno, "EINVAL");
    await dut.health.list();
  });

  sequence("the name of a reporter is compared letter by letter", {
    source: "net/devlink/health.c: devlink_health_reporter_find_by_name()",
    needs: { reporter: {} },
  }, (dut) => {
    const { name } = dut.health.any();
    for (const other of [name.toUpperCase(), `${name}s`]) {
      assertEquals(dut.health.get(other).fails().errno, "EINVAL");
      assertEquals(dut.health.set(other, { autoDump: false }).fails().errno, "EINVAL");
      assertEquals(dut.health.clear(other).fails().errno, "EINVAL");
    }
  });

  sequence("a region that does not exist", { source: "5.4: devlink_region_get_by_name()" }, async (dut) => {
    assertEquals(dut.region.get(NAME).fails().errno, "EINVAL");
    assertEquals(dut.region.new(NAME).fails().errno, "EINVAL");
    assertEquals(dut.region.new(NAME, 1).fails().errno, "EINVAL");
    assertEquals(dut.region.del(NAME, 1).fails().errno, "EINVAL");
    dut.region.dump(NAME, 1).fails();
    dut.region.read(NAME, 1, { address: 0, length: 4 }).fails();
    await dut.region.list();
  });

  sequence("a port that does not exist is not shown", { source: "5.1: devlink_port_get_from_attrs()" }, async (dut) => {
    for (const port of [dut.port.absent(), dut.port.absent(100_000), dut.port.absent(4_294_967_295)]) {
      assertEquals(dut.port.get(port).fails().errno, "ENODEV");
    }
    await dut.port.list();
  });

  sequence("a port that does not exist is not changed", {
    source: "O02; 5.1: devlink_nl_pre_doit()",
    holds: findsPorts,
  }, async (dut) => {
    const port = dut.port.absent();
    assertEquals(dut.port.set(port, "eth").fails().errno, "ENODEV");
    assertEquals(dut.port.split(port, 2).fails().errno, "ENODEV");
    assertEquals(dut.port.unsplit(port).fails().errno, "ENODEV");
    await dut.port.list();
  });

  sequence("a port that does not exist has no function", {
    source: "O02; 5.1: devlink_nl_port_set_doit()",
    holds: { in: (era) => era.ports.functionSettings.includes("state"), because: "before 6.0 there is no state" },
  }, (dut) => {
    const port = dut.port.absent();
    assertEquals(dut.port.setFunction(port, { hwAddr: "00:11:22:33:44:55" }).fails().errno, "ENODEV");
    assertEquals(dut.port.setFunction(port, { state: "active" }).fails().errno, "ENODEV");
  });

  sequence(
    "a port that does not exist has no params",
    { source: "5.2: devlink_nl_cmd_port_param_get_doit()" },
    (dut) => {
      const port = dut.port.absent();
      assertEquals(dut.port.params(port, NAME).fails().errno, "ENODEV");
      assertEquals(dut.port.setParam(port, { name: NAME, value: 1, cmode: "runtime" }).fails().errno, "ENODEV");
    },
  );

  sequence("words on ports that devlink(8) does not know", { source: "devlink-port(8)" }, (dut) => {
    const port = dut.port.absent();
    assertEquals(dut.port.set(port, NAME).fails().errno, "client");
    assertEquals(dut.port.split(port).fails().errno, "client");
    assertEquals(dut.port.add({ flavour: NAME, pfnum: 0 }).fails().errno, "client");
    assertEquals(dut.port.setFunction(port, { state: NAME }).fails().errno, "client");
    assertEquals(dut.port.setFunction(port, { hwAddr: "zz" }).fails().errno, "client");
    assertEquals(dut.port.params(port).fails().errno, "client");
  });

  sequence("modes of an eswitch that devlink(8) does not know", { source: "devlink-dev(8)" }, (dut) => {
    assertEquals(dut.eswitch.set({ mode: NAME }).fails().errno, "client");
    assertEquals(dut.eswitch.set({ inlineMode: NAME }).fails().errno, "client");
    assertEquals(dut.eswitch.set({ encapMode: NAME }).fails().errno, "client");
    assertEquals(dut.eswitch.set({}).fails().errno, "client");
    dut.eswitch.show().either();
  });

  sequence("a region's numbers that devlink(8) does not take", {
    source: "devlink-region(8)",
  }, (dut) => {
    assertEquals(dut.region.new(NAME, 4_294_967_296).fails().errno, "client");
    assertEquals(dut.region.del(NAME, 4_294_967_296).fails().errno, "client");
    assertEquals(dut.region.read(NAME, 1, { address: "-1", length: 4 }).fails().errno, "client");
    assertEquals(dut.region.read(NAME, 1, { address: 0, length: "18446744073709551616" }).fails().errno, "client");
  });

  sequence("a firmware file that does not exist", {
    source: "O12; 5.5: devlink_nl_flash_update_doit()",
    holds: { in: (era) => era.objects.flash.by === "core", because: "before 5.11 the driver looks for the file" },
  }, (dut) => {
    dut.flash("twinlink-missing.bin").fails();
    dut.dev.info().either();
  });

  const fromElsewhere = (name: string, source: string, ask: (there: Dut) => void) =>
    sequence(name, { source }, async (dut) => {
      ask(dut.in("t1"));
      await dut.dev.show();
    });

  fromElsewhere("nothing of traps is set from another netns", "1.1; 4.3", (there) => {
    assertEquals(there.trap.set(NAME, { action: "trap" }).fails().errno, "ENODEV");
    assertEquals(there.trap.group.set(NAME, { action: "trap" }).fails().errno, "ENODEV");
    assertEquals(there.trap.policer.set(1, { rate: 1 }).fails().errno, "ENODEV");
  });

  fromElsewhere("nothing else is changed from another netns", "1.1; 5.4; 5.6", (there) => {
    assertEquals(there.health.set(NAME, { autoDump: true }).fails().errno, "ENODEV");
    assertEquals(there.health.recover(NAME).fails().errno, "ENODEV");
    assertEquals(there.health.clear(NAME).fails().errno, "ENODEV");
    assertEquals(there.region.new(NAME).fails().errno, "ENODEV");
    assertEquals(there.eswitch.set({ mode: "legacy" }).fails().errno, "ENODEV");
  });
});
