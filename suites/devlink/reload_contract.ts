/**
 * The contract of `devlink dev reload` on any driver: what is refused, in which order and with what left as it was; what is the same
 * after a reload; what takes effect with it. docs/semantics.md 3.
 */

import { assertEquals, assertMatch } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { firstOf } from "../../sdk/roles.ts";
import type { DevlinkError } from "../../sdk/step.ts";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { otherValue } from "./_other_value.ts";
import { otherSize, sizesThatDoNotFit } from "./_sizes.ts";

const CHECKS = "devlink-reload.rst; net/devlink/dev.c: devlink_nl_reload_doit()";
const REINIT = { reload: "driver_reinit" } as const;
const ACTION = "Requested reload action is not supported by the driver";
const NUMBER = { cmode: "driverinit", type: "u32" } as const;
const FLAG = { cmode: "driverinit", type: "bool" } as const;

/** Expects a refusal by its errno and by the end of its message. */
const refused = ({ errno, extack }: DevlinkError, wanted: string, text: string) => {
  assertEquals(errno, wanted);
  assertMatch(extack ?? "", new RegExp(`${text}$`));
};

/** Expects the refusal of an action; older kernels give no message for a driver without any reload. */
const lacking = (dut: Dut, error: DevlinkError) =>
  refused(error, "EOPNOTSUPP", dut.inventory().reloadActions.length > 0 ? ACTION : "");

/** Shows that the instance is as it was: no reload failed, and its objects are there. */
async function untouched(dut: Dut): Promise<void> {
  await dut.dev.show();
  await dut.port.list();
  await dut.trap.list();
  assertEquals(dut.inventory().reloadFailed, false);
}

/** Sets sizes that do not fit; returns the operations that restore the earlier sizes. */
async function overfill(dut: Dut): Promise<() => Promise<void>> {
  const wanted = new Map(dut.inventory().resources.map((resource) => [resource.path, String(resource.wanted)]));
  const sizes = sizesThatDoNotFit(dut.inventory());
  for (const { path, size } of sizes) await dut.resource.set(path, size);
  return async () => {
    for (const { path } of sizes) await dut.resource.set(path, wanted.get(path)!);
  };
}

/** A file below /run/netns that is no netns: devlink(8) opens it, the kernel refuses it. */
async function withNoNetns(dut: Dut, body: (name: string) => Promise<void> | void): Promise<void> {
  await dut.write("/run/netns/nonetns", "not a netns");
  await body("nonetns");
  await dut.netns.del("nonetns");
}

export default suite("reload_contract", { fixture: theBoard({ ports: 2, netns: ["t1"] }) }, ({ sequence }) => {
  sequence("each action and limit that the driver supports is performed", {
    source: `R02; 3.1; ${CHECKS}`,
    needs: REINIT,
  }, async (dut) => {
    const { reloadActions, reloadLimits } = dut.inventory();
    if (reloadActions.includes("driver_reinit")) await dut.reload({ action: "driver_reinit" });
    // A card without new firmware refuses the activation
    if (reloadActions.includes("fw_activate")) dut.reload({ action: "fw_activate" }).either();
    // From 6.12 on the policy refuses it all the same
    if (reloadLimits.includes("no_reset")) dut.reload({ action: "fw_activate", limit: "no_reset" }).either();
    await dut.dev.show();
  });

  sequence("what was performed is answered to a reload that names it, and to no other", {
    source: "R02; net/devlink/dev.c: devlink_nl_reload_actions_performed_snd()",
    needs: REINIT,
  }, async (dut) => {
    assertEquals(await dut.reload(), null);
    const { reload } = await dut.reload({ action: "driver_reinit" }) as { reload: Record<string, string[]> };
    // A driver may perform more than it was asked for
    assertEquals(reload["reload_actions_performed"]!.includes("driver_reinit"), true);
  });

  sequence(
    "each reload is counted",
    { source: "3.4; net/devlink/dev.c: devlink_reload_stats_update()", needs: REINIT },
    async (dut) => {
      await dut.dev.show();
      for (let i = 0; i < 3; i++) await dut.reload();
      await dut.dev.show();
    },
  );

  sequence(
    "a reload that is refused is not counted",
    { source: "3.4", needs: { reloadLacks: "fw_activate" } },
    async (dut) => {
      const before = await dut.dev.show();
      dut.reload({ action: "fw_activate" }).fails();
      assertEquals(await dut.dev.show(), before);
    },
  );

  sequence("an action that the driver lacks: refused with the reason, nothing is touched", {
    source: `R03; 3.2 #3; ${CHECKS}`,
    needs: { reloadLacks: "fw_activate" },
  }, async (dut) => {
    lacking(dut, dut.reload({ action: "fw_activate" }).fails());
    await untouched(dut);
  });

  sequence("a reinit without a reset is refused, nothing is touched", {
    source: `R04; 3.2 #6, #7; ${CHECKS}`,
    needs: REINIT,
  }, async (dut) => {
    dut.reload({ limit: "no_reset" }).fails();
    dut.reload({ action: "driver_reinit", limit: "no_reset" }).fails();
    await untouched(dut);
  });

  sequence("the action is checked before the limit, where the policy takes the limit", {
    source: `3.2 #3 before #6; ${CHECKS}`,
    needs: { reloadLacks: "fw_activate" },
    holds: { in: (era) => era.limitRefusedBy === "reload", because: "the policy refuses the limit before all checks" },
  }, (dut) => {
    lacking(dut, dut.reload({ action: "fw_activate", limit: "no_reset" }).fails());
  });

  sequence("the policy refuses a limit before the action is checked", {
    source: "3.2; net/devlink/netlink_gen.c: devlink_reload_nl_policy",
    needs: { reloadLacks: "fw_activate" },
    holds: { in: (era) => era.limitRefusedBy === "policy", because: "older kernels check the limit in the reload" },
  }, (dut) => {
    const { errno } = dut.reload({ action: "fw_activate", limit: "no_reset" }).fails();
    assertEquals(errno, "EINVAL");
  });

  sequence("sizes that do not fit: refused with the reason, nothing is touched", {
    source: `R19; 3.2 #2; ${CHECKS}`,
    needs: { ...REINIT, resource: "tree" },
  }, async (dut) => {
    const putBack = await overfill(dut);
    refused(dut.reload().fails(), "EINVAL", "resources size validation failed");
    await untouched(dut);
    await putBack();
  });

  sequence("sizes are checked before the action", {
    source: `R22; 3.2 #2 before #3; ${CHECKS}`,
    needs: { ...REINIT, reloadLacks: "fw_activate", resource: "tree" },
  }, async (dut) => {
    const putBack = await overfill(dut);
    refused(dut.reload({ action: "fw_activate" }).fails(), "EINVAL", "resources size validation failed");
    await putBack();
    lacking(dut, dut.reload({ action: "fw_activate" }).fails());
  });

  sequence("sizes are checked before the netns", {
    source: `3.2 #2 before #8; ${CHECKS}`,
    needs: { ...REINIT, resource: "tree" },
  }, async (dut) => {
    const putBack = await overfill(dut);
    dut.reload({ to: "t1" }).fails();
    await untouched(dut);
    await putBack();
  });

  sequence("sizes that were put right let the reload through", {
    source: "R19; 3.2 #2",
    needs: { ...REINIT, resource: "tree" },
  }, async (dut) => {
    const putBack = await overfill(dut);
    dut.reload().fails();
    await putBack();
    await dut.reload();
    await dut.resource.list();
  });

  sequence("the action is checked before the netns", {
    source: `3.2 #3 before #8b; ${CHECKS}`,
    needs: { reloadLacks: "fw_activate" },
  }, (dut) =>
    withNoNetns(dut, (to) => {
      lacking(dut, dut.reload({ action: "fw_activate", to }).fails());
    }));

  sequence("a file that is no netns: refused with the reason, nothing is touched", {
    source: `N08; 3.2 #8b; ${CHECKS}`,
    needs: REINIT,
  }, (dut) =>
    withNoNetns(dut, async (to) => {
      refused(dut.reload({ to }).fails(), "EINVAL", "Unknown network namespace");
      await untouched(dut);
    }));

  sequence(
    "a netns or a process that devlink(8) does not find",
    { source: "3.1; devlink-dev(8)", needs: REINIT },
    async (dut) => {
      assertEquals(dut.reload({ to: "nosuch" }).fails().errno, "client");
      assertEquals(dut.reload({ to: { pid: 4_194_305 } }).fails().errno, "client");
      await untouched(dut);
    },
  );

  sequence("only a reinit changes the netns", {
    source: `3.2 #8d; ${CHECKS}`,
    needs: REINIT,
    holds: { in: (era) => era.netnsMove === "between", because: "older kernels check that nowhere" },
  }, async (dut) => {
    assertEquals(dut.reload({ action: "fw_activate", to: "t1" }).fails().errno, "EOPNOTSUPP");
    await untouched(dut);
    await dut.in("t1").dev.list();
  });

  sequence("nobody reloads an instance of another netns", { source: "1.1; 3.1", needs: REINIT }, async (dut) => {
    assertEquals(dut.in("t1").reload().fails().errno, "ENODEV");
    assertEquals(dut.in("t1").reload({ action: "fw_activate" }).fails().errno, "ENODEV");
    assertEquals(dut.in("t1").reload({ to: "t1" }).fails().errno, "ENODEV");
    await untouched(dut);
  });

  sequence("a reload keeps the ports", { source: "R01; 3.9", needs: { ...REINIT, ports: 1 } }, async (dut) => {
    const before = dut.inventory().ports.map(({ index }) => index);
    await dut.port.list();
    await dut.reload();
    await dut.port.list();
    assertEquals(dut.inventory().ports.map(({ index }) => index), before);
  });

  sequence("a reload keeps the reporters", { source: "R15; 3.9", needs: { ...REINIT, reporter: {} } }, async (dut) => {
    const before = dut.inventory().reporters.map(({ name }) => name);
    await dut.health.list();
    await dut.reload();
    await dut.health.list();
    assertEquals(dut.inventory().reporters.map(({ name }) => name), before);
  });

  sequence(
    "a reload keeps the params and their values",
    { source: "R16; 3.8", needs: { ...REINIT, param: {} } },
    async (dut) => {
      const before = dut.param.all();
      await dut.param.list();
      await dut.reload();
      await dut.param.list();
      assertEquals(dut.param.all(), before);
    },
  );

  sequence("a reload keeps the traps", { source: "T12; 3.9", needs: { ...REINIT, trap: {} } }, async (dut) => {
    const before = dut.trap.all();
    await dut.trap.list();
    await dut.reload();
    await dut.trap.list();
    assertEquals(dut.trap.all(), before);
  });

  sequence(
    "a reload keeps trap groups and policers",
    { source: "T13; 3.11", needs: { ...REINIT, group: "any" } },
    async (dut) => {
      const before = dut.inventory().groups;
      await dut.reload();
      await dut.trap.group.list();
      await dut.trap.policer.list();
      assertEquals(dut.inventory().groups, before);
    },
  );

  sequence("a reload keeps the regions", { source: "R14; 5.4", needs: { ...REINIT, region: true } }, async (dut) => {
    const before = dut.inventory().regions.map(({ name }) => name);
    await dut.reload();
    await dut.region.list();
    assertEquals(dut.inventory().regions.map(({ name }) => name), before);
  });

  sequence("a reload keeps what the instance says of itself", { source: "5.5", needs: REINIT }, async (dut) => {
    const before = dut.dev.info().either().reply;
    await dut.reload();
    assertEquals(dut.dev.info().either().reply, before);
  });

  sequence("a number that waits takes effect with the reload", {
    source: "R16; 3.8: devlink_params_driverinit_load_new(); selftest params_test",
    needs: { ...REINIT, param: NUMBER },
  }, async (dut) => {
    const param = dut.param.where(NUMBER);
    await dut.param.set(param.name, otherValue(param)!);
    await dut.param.get(param.name);
    await dut.reload();
    await dut.param.get(param.name);
    await dut.param.set(param.name, param.value!);
    await dut.reload();
    await dut.param.get(param.name);
  });

  sequence("a bool that waits takes effect with the reload", {
    source: "R16; 3.8: devlink_params_driverinit_load_new()",
    needs: { ...REINIT, param: FLAG },
  }, async (dut) => {
    const param = dut.param.where(FLAG);
    await dut.param.set(param.name, otherValue(param)!);
    await dut.reload();
    await dut.param.get(param.name);
    await dut.param.set(param.name, param.value!);
    await dut.reload();
    await dut.param.get(param.name);
  });

  sequence("a value that was put back before the reload changes nothing", {
    source: "3.8",
    needs: { ...REINIT, param: NUMBER },
  }, async (dut) => {
    const param = dut.param.where(NUMBER);
    await dut.param.set(param.name, otherValue(param)!);
    await dut.param.set(param.name, param.value!);
    await dut.reload();
    await dut.param.get(param.name);
    assertEquals(dut.param.where(NUMBER).value, param.value);
  });

  sequence("a reload that is refused leaves a value waiting", {
    source: "R17; 3.8",
    needs: { ...REINIT, param: NUMBER },
  }, async (dut) => {
    const param = dut.param.where(NUMBER);
    await dut.param.set(param.name, otherValue(param)!);
    await withNoNetns(dut, (to) => void dut.reload({ to }).fails());
    await dut.param.get(param.name);
    await dut.param.set(param.name, param.value!);
  });

  sequence("a size that waits takes effect with the reload", {
    source: "R18; R21; 3.7",
    needs: { ...REINIT, resource: "leaf" },
  }, async (dut) => {
    const sizable = dut.inventory().resources.filter((one) => one.leaf && one.min < one.max);
    const leaf = firstOf(sizable, "a resource whose size can change");
    await dut.resource.set(leaf.path, String(otherSize(leaf) ?? leaf.wanted));
    await dut.resource.list();
    await dut.reload();
    await dut.resource.list();
    await dut.resource.set(leaf.path, String(leaf.wanted));
    await dut.reload();
    await dut.resource.list();
  });

  sequence("a move to another netns and back", { source: `N01; 3.3; ${CHECKS}`, needs: REINIT }, async (dut) => {
    await dut.reload({ to: "t1" });
    await dut.in("t1").dev.show();
    await dut.in("t1").reload({ to: "init" });
    await untouched(dut);
  });

  sequence("a move is answered and counted as a reinit", { source: "N01; 3.4", needs: REINIT }, async (dut) => {
    await dut.reload({ action: "driver_reinit", to: "t1" });
    await dut.in("t1").dev.show();
    await dut.in("t1").reload({ action: "driver_reinit", to: "init" });
    await dut.dev.show();
  });

  sequence("a reload while a link is up", {
    source: "3.9; net/core/dev.c: unregister_netdevice_many()",
    needs: { ...REINIT, netdev: true },
  }, async (dut) => {
    const { index } = dut.port.withNetdev();
    await dut.link.up(index);
    await dut.reload();
    await dut.port.get(index);
    await dut.link.down(index);
  });

  sequence("a reload while ports are shown", {
    source: "2.2; net/devlink/netlink.c: devlink_nl_pre_doit()",
    needs: { ...REINIT, ports: 1 },
  }, async (dut) => {
    await dut.during({ kind: "dev.reload", handle: dut.handle }, { kind: "port.show" });
    await dut.port.list();
  });

  sequence("a reload while instances are shown in another netns", {
    source: "2.1; net/devlink/netlink.c: devlink_nl_dumpit()",
    needs: REINIT,
  }, async (dut) => {
    await dut.during({ kind: "dev.reload", handle: dut.handle }, { kind: "port.show", netns: "t1" });
    await dut.dev.show();
  });
});
