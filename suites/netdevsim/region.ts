/** Sequences on regions and their snapshots: docs/semantics.md 5.4, O07 to O09, R14. */

import { assertEquals } from "@std/assert";
import { netdevsim, netdevsimOf } from "../../fixtures/netdevsim.ts";
import { suite } from "../../sdk/suite.ts";

const LARGEST = "18446744073709551615";

export default suite("netdevsim_region", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("snapshots come and go", { source: "O07; selftest devlink.sh regions_test" }, async (dut) => {
    await dut.region.list();
    await netdevsimOf(dut).debugfs.write("take_snapshot", "1");
    await netdevsimOf(dut).debugfs.write("take_snapshot", "1");
    await netdevsimOf(dut).debugfs.write("take_snapshot", "");
    await dut.region.list();
    await dut.region.del("dummy", 1);
    assertEquals((await dut.region.get("dummy")).snapshot, [0, 2]);
    await dut.region.new("dummy", 25);
    await dut.region.read("dummy", 25, { address: 0, length: 1 });
    await dut.region.dump("dummy", 25);
    assertEquals(await dut.region.new("dummy"), { regions: { "netdevsim/netdevsim10/dummy": { snapshot: [1] } } });
    await dut.region.get("dummy");
    dut.perform({ kind: "region.show", handle: dut.handle }).either();
  });

  sequence("an id that the kernel chose for a request is not used again", { source: "5.4" }, async (dut) => {
    await dut.region.new("dummy");
    await dut.region.del("dummy", 0);
    dut.region.new("dummy", 0).fails();
    await dut.region.new("dummy");
    // One that the driver took is
    await netdevsimOf(dut).debugfs.write("take_snapshot", "1");
    await dut.region.del("dummy", 2);
    await dut.region.new("dummy", 2);
    await dut.region.del("dummy", 2);
    await netdevsimOf(dut).debugfs.write("take_snapshot", "1");
    await dut.region.get("dummy");
  });

  sequence("a region holds sixteen snapshots", { source: "O08" }, async (dut) => {
    for (let i = 0; i < 16; i++) await dut.region.new("dummy");
    assertEquals(dut.region.new("dummy").fails().errno, "ENOSPC");
    assertEquals(dut.region.new("dummy", 3).fails().errno, "ENOSPC");
    assertEquals(dut.region.new("dummy", 100).fails().errno, "ENOSPC");
    assertEquals(netdevsimOf(dut).debugfs.write("take_snapshot", "1").fails().errno, "ENOSPC");
    await dut.region.get("dummy");
    await dut.region.del("dummy", 15);
    await netdevsimOf(dut).debugfs.write("take_snapshot", "1");
    await dut.region.get("dummy");
  });

  sequence("what is not there", { source: "5.4" }, async (dut) => {
    assertEquals(dut.region.get("nosuch").fails().errno, "EINVAL");
    assertEquals(dut.region.new("nosuch").fails().errno, "EINVAL");
    assertEquals(dut.region.new("nosuch", 1).fails().errno, "EINVAL");
    assertEquals(dut.region.del("nosuch", 1).fails().errno, "EINVAL");
    assertEquals(dut.region.del("dummy", 1).fails().errno, "EINVAL");
    assertEquals(dut.region.dump("nosuch", 1).fails().errno, "EINVAL");
    assertEquals(dut.region.dump("dummy", 1).fails().errno, "EINVAL");
    dut.region.read("nosuch", 1, { address: 0, length: 4 }).fails();
    dut.region.read("dummy", 1, { address: 0, length: 4 }).fails();
    dut.region.read("dummy", 1, { address: 0, length: 0 }).either();
    dut.region.read("dummy", undefined, { address: 0, length: 4 }).fails();
    dut.region.read("nosuch", undefined, { address: 0, length: 4 }).fails();
    const missing = { handle: "netdevsim/netdevsim99", region: "dummy" };
    assertEquals(dut.perform({ kind: "region.new", ...missing }).fails().errno, "ENODEV");
    assertEquals(dut.perform({ kind: "region.dump", ...missing, snapshot: 0 }).fails().errno, "ENODEV");
    await dut.region.list();
  });

  sequence(
    "reading stops at the end of the region",
    { source: "O09; selftest devlink.sh regions_test" },
    async (dut) => {
      await dut.region.new("dummy", 1);
      const read = (address: number | string, length: number | string) =>
        dut.region.read("dummy", 1, { address, length });
      await read(0, 16);
      assertEquals((await read(10, 300)).map(({ data }) => data.length), [256, 44]);
      await read(5, 256);
      assertEquals((await read(32767, 10)).map(({ data }) => data.length), [1]);
      assertEquals(await read(32768, 10), []);
      assertEquals(await read(0, 0), []);
      assertEquals(await read(40000, 0).either().result, "EINVAL");
      assertEquals(read(32769, 10).fails().errno, "EINVAL");
      assertEquals((await read(0, 4_294_967_296)).length, 128);
      await read(32000, LARGEST).either();
      await read(0, LARGEST);
      read(1, LARGEST).fails();
      read(256, LARGEST).fails();
      read(4_294_967_296, 16).fails();
      read(LARGEST, 16).fails();
      read("18446744073709551616", 16).fails();
      read("-1", 16).fails();
    },
  );

  sequence("a snapshot holds what it held, and each something else", { source: "5.4" }, async (dut) => {
    await dut.region.new("dummy", 1);
    await dut.region.new("dummy", 2);
    const read = (snapshot: number) => dut.region.read("dummy", snapshot, { address: 100, length: 64 });
    await read(1);
    await read(2);
    await read(1);
    await dut.region.dump("dummy", 1);
    await dut.region.del("dummy", 1);
    await read(2);
    await dut.region.new("dummy", 1);
    await read(1);
    await dut.region.dump("dummy", 2);
    await read(1);
  });

  sequence(
    "a reload deletes each snapshot; the ids that the kernel chose stay away",
    { source: "R14" },
    async (dut) => {
      await netdevsimOf(dut).debugfs.write("take_snapshot", "1");
      await dut.region.new("dummy");
      await dut.region.new("dummy", 25);
      await dut.reload();
      await dut.region.list();
      dut.region.new("dummy", 1).either();
      await dut.region.new("dummy");
      await dut.region.new("dummy", 25);
      await dut.region.read("dummy", 25, { address: 0, length: 16 });
      await netdevsimOf(dut).debugfs.write("take_snapshot", "1");
      await dut.region.list();
    },
  );

  sequence("a remove deletes what is left", { source: "R14; L02" }, async (dut) => {
    await dut.region.new("dummy", 3);
    await dut.region.new("dummy", 4);
    await netdevsimOf(dut).unbind();
    await dut.region.list();
    await netdevsimOf(dut).bind();
    await dut.region.list();
    await dut.region.new("dummy", 3);
  });

  sequence("where a reload failed there is no region", { source: "R07; 5.4" }, async (dut) => {
    await dut.region.new("dummy", 3);
    await netdevsimOf(dut).debugfs.write("fail_reload", "Y");
    dut.reload().fails();
    await dut.region.list();
    dut.region.get("dummy").fails();
    dut.region.new("dummy").fails();
    dut.region.del("dummy", 3).fails();
    dut.region.dump("dummy", 3).fails();
    dut.region.read("dummy", 3, { address: 0, length: 4 }).fails();
    netdevsimOf(dut).debugfs.write("take_snapshot", "1").fails();
    await netdevsimOf(dut).debugfs.write("fail_reload", "N");
    await dut.reload();
    await dut.region.list();
  });

  sequence("regions of two devices have ids of their own", { source: "5.4" }, async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await dut.region.new("dummy");
    await dut.perform({ kind: "region.new", handle: "netdevsim/netdevsim11", region: "dummy" });
    await dut.region.new("dummy", 5);
    await dut.region.list();
    await dut.region.read("dummy", 0, { address: 0, length: 32 });
    await dut.perform({
      kind: "region.read",
      handle: "netdevsim/netdevsim11",
      region: "dummy",
      snapshot: 0,
      address: 0,
      length: 32,
    });
    await netdevsimOf(dut).delDevice("11");
    await dut.region.list();
  });
});
