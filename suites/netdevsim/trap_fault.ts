/** Sequences on traps whose driver is made to fail, on their counters and on the cookie: docs/semantics.md 4.3-4.6, T01 to T20. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import type { Era } from "../../model/mod.ts";
import { suite } from "../../sdk/suite.ts";

const DROPS = { in: (era: Era) => era.trapDropCounter, because: "traps have a drop counter from 5.11 on" };
const COOKIE = "trap_flow_action_cookie";

export default suite("trap_fault", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("the cookie of trapped packets", { source: "T20; 4.5; drivers/net/netdevsim/dev.c" }, async (dut) => {
    netdevsimOf(dut).debugfs.read(COOKIE).fails();
    await netdevsimOf(dut).debugfs.write(COOKIE, "0123456789abcdef");
    assertEquals(await netdevsimOf(dut).debugfs.read(COOKIE), "0123456789abcdef");
    for (const bad of ["abc", "zz", "12 4", "0x12"]) netdevsimOf(dut).debugfs.write(COOKIE, bad).fails();
    assertEquals(await netdevsimOf(dut).debugfs.read(COOKIE), "0123456789abcdef");
    await netdevsimOf(dut).debugfs.write(COOKIE, "FF");
    await netdevsimOf(dut).debugfs.read(COOKIE);
    await netdevsimOf(dut).debugfs.write(COOKIE, "");
    await netdevsimOf(dut).debugfs.read(COOKIE);
    await netdevsimOf(dut).debugfs.write(COOKIE, "11".repeat(200));
    await dut.reload();
    assertEquals((await netdevsimOf(dut).debugfs.read(COOKIE)).length, 400);
    await netdevsimOf(dut).unbind();
    await netdevsimOf(dut).bind();
    netdevsimOf(dut).debugfs.read(COOKIE).fails();
  });

  sequence(
    "a cookie without a newline loses its last digit",
    { source: "drivers/net/netdevsim/dev.c" },
    async (dut) => {
      const { debugfs } = netdevsimOf(dut);
      await debugfs.write(COOKIE, "123", { bare: true });
      assertEquals(await debugfs.read(COOKIE), "12");
      for (const bad of ["1234", "xyz", "0123456789abcdef"]) debugfs.write(COOKIE, bad, { bare: true }).fails();
      assertEquals(await debugfs.read(COOKIE), "12");
      await debugfs.write(COOKIE, "abcdx", { bare: true });
      assertEquals(await debugfs.read(COOKIE), "abcd");
      // An empty text causes no `write(2)`
      await debugfs.write(COOKIE, "", { bare: true });
      await debugfs.read(COOKIE);
      await debugfs.write(COOKIE, "1", { bare: true });
      assertEquals(await debugfs.read(COOKIE), "");
      await debugfs.write("fail_reload", "Y", { bare: true });
      dut.reload().fails();
    },
  );

  sequence("files that can only be written", { source: "fs/libfs.c; fs/sysfs/file.c; kernels" }, (dut) => {
    const { debugfs } = netdevsimOf(dut);
    for (const file of ["take_snapshot", "health/break_health"]) debugfs.read(file).fails();
    const bus = "/sys/bus/netdevsim";
    const files = ["new_device", "del_device", "drivers_probe", "drivers/netdevsim/bind", "drivers/netdevsim/unbind"];
    for (const file of files) dut.read(`${bus}/${file}`).fails();
    for (const file of ["new_port", "del_port"]) dut.read(`${bus}/devices/${dut.handle.split("/")[1]}/${file}`).fails();
  });

  sequence("a group whose policer the driver refuses", { source: "T10; 4.6" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_trap_group_set", "Y");
    dut.trap.group.set("l2_drops", { policer: 1 }).fails();
    dut.trap.group.set("l3_drops", { policer: null }).fails();
    dut.trap.group.set("l3_drops", { policer: 1337 }).fails();
    await dut.trap.group.list();
    // An action is no matter of the group's own callback
    await dut.trap.group.set("l3_drops", { action: "mirror" });
    dut.trap.group.set("acl_drops", { action: "trap", policer: 1 }).fails();
    dut.trap.group.set("mc_snooping", { action: "drop", policer: null }).fails();
    await dut.trap.list();
    await netdevsimOf(dut).debugfs.write("fail_trap_group_set", "N");
    await dut.trap.group.set("l2_drops", { policer: 1 });
    await dut.trap.group.list();
  });

  sequence("a policer that the driver does not set", { source: "T10; 4.6" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_set", "Y");
    dut.trap.policer.set(1, { rate: 1500 }).fails();
    dut.trap.policer.set(1, { burst: 64 }).fails();
    // The core checks the bounds first
    dut.trap.policer.set(1, { rate: 0 }).fails();
    dut.trap.policer.set(9, { rate: 1500 }).fails();
    await dut.trap.policer.list();
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_set", "N");
    await dut.trap.policer.set(1, { rate: 1500, burst: 64 });
    await dut.trap.policer.get(1);
  });

  sequence("bounds of rate and burst, at their edges", { source: "T07; 4.3" }, async (dut) => {
    for (const rate of [1, 8000]) await dut.trap.policer.set(2, { rate });
    for (const burst of [8, 65536]) await dut.trap.policer.set(2, { burst });
    for (const rate of [0, 8001]) dut.trap.policer.set(2, { rate }).fails();
    for (const burst of [0, 7, 65537]) dut.trap.policer.set(2, { burst }).fails();
    dut.trap.policer.set(2, { rate: 8001, burst: 7 }).fails();
    dut.trap.policer.set(2, { rate: 5000, burst: 7 }).fails();
    await dut.trap.policer.get(2);
  });

  sequence("a policer's drops are counted by who reads them", { source: "4.5" }, async (dut) => {
    await dut.trap.policer.get(1);
    await dut.trap.policer.get(1);
    await dut.trap.policer.list();
    await dut.trap.policer.get(2);
    await dut.reload();
    await dut.trap.policer.list();
  });

  sequence("a policer whose drops cannot be read", { source: "T10; 4.4; 4.6" }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_counter_get", "Y");
    dut.trap.policer.get(1).fails();
    dut.trap.policer.list().either();
    await dut.reload();
    await dut.trap.list();
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_counter_get", "N");
    await dut.trap.policer.list();
  });

  // Found by a generated sequence on 6.12: the later device was expected
  sequence("a dump ends at a policer whose drops cannot be read, whatever devices follow", {
    source: "4.6; net/devlink/netlink.c devlink_nl_dumpit",
  }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await dut.trap.policer.list();
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_counter_get", "Y");
    dut.trap.policer.list().either();
    await netdevsimOf(dut).debugfs.write("fail_trap_policer_counter_get", "N");
    await dut.write("/sys/kernel/debug/netdevsim/netdevsim11/fail_trap_policer_counter_get", "Y");
    dut.trap.policer.list().either();
    await netdevsimOf(dut).delDevice("11");
  });

  sequence("a trap whose drops cannot be read", { source: "T10; 4.4; 4.6", holds: DROPS }, async (dut) => {
    await netdevsimOf(dut).debugfs.write("fail_trap_drop_counter_get", "Y");
    dut.trap.get("tail_drop").fails();
    dut.trap.list().either();
    await dut.trap.set("tail_drop", { action: "trap" });
    await dut.trap.group.list();
    await dut.reload();
    await netdevsimOf(dut).debugfs.write("fail_trap_drop_counter_get", "N");
    await dut.trap.list();
  });

  sequence("one counter of drops for all traps, over reloads", { source: "T11; 4.5", holds: DROPS }, async (dut) => {
    await dut.trap.list();
    await dut.trap.get("tail_drop");
    await dut.trap.group.list();
    await dut.trap.get("tail_drop");
    await dut.reload();
    await dut.trap.list();
  });

  sequence("what an action does to a trap that counts", {
    source: "T05; T16; 4.5",
    fixture: netdevsim({ ports: 2 }),
  }, async (dut) => {
    await dut.trap.set("tail_drop", { action: "mirror" });
    await dut.link.up(1);
    await dut.wait(1500);
    await dut.link.down(1);
    await dut.trap.list();
    await dut.trap.group.list();
    await dut.trap.policer.list();
    await netdevsimOf(dut).delPort("1");
    await dut.link.up(0);
    await dut.wait(500);
    await dut.link.down(0);
    await dut.trap.list();
    await dut.reload();
    await dut.trap.list();
    await dut.trap.group.list();
  });

  sequence("traps of an instance without ports", { source: "4.5", fixture: netdevsim({ ports: 0 }) }, async (dut) => {
    await dut.trap.set("tail_drop", { action: "trap" });
    await dut.wait(500);
    await dut.trap.list();
    await dut.trap.group.list();
    await dut.reload();
    await dut.trap.get("tail_drop");
  });

  sequence("ports go and come while packets are trapped", { source: "T14; selftest devlink_trap" }, async (dut) => {
    await dut.trap.set("tail_drop", { action: "trap" });
    await dut.link.up(0);
    await dut.perform({
      kind: "rounds",
      times: 20,
      operations: [
        { kind: "file.write", path: "/sys/bus/netdevsim/devices/netdevsim10/new_port", value: "7" },
        { kind: "link.set", handle: dut.handle, port: 7, up: true },
        { kind: "file.write", path: "/sys/bus/netdevsim/devices/netdevsim10/del_port", value: "7" },
      ],
      meanwhile: [{ kind: "trap.group.show" }],
    });
    await dut.link.down(0);
    await dut.port.list();
  });

  sequence("reloads while packets are trapped", { source: "R26; selftest dev_del_test" }, async (dut) => {
    await dut.perform({
      kind: "rounds",
      times: 15,
      operations: [
        { kind: "trap.group.set", handle: dut.handle, name: "l2_drops", action: "trap" },
        { kind: "link.set", handle: dut.handle, port: 0, up: true },
        { kind: "wait", ms: 150 },
        { kind: "dev.reload", handle: dut.handle },
      ],
      meanwhile: [{ kind: "trap.group.show" }],
    });
    await dut.trap.group.get("l2_drops");
    assertEquals((await dut.trap.get("vlan_tag_mismatch")).action, "drop");
  });
});
