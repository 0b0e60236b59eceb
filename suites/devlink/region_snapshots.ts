/** Snapshots of regions on any driver: docs/semantics.md 5.4. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

const needs = { region: true } as const;

export default suite("region_snapshots", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("a snapshot with an id of its own comes and goes", {
    source: "O07; 5.4: devlink_nl_region_new_doit()",
    needs,
  }, async (dut) => {
    const { name } = dut.region.any();
    await dut.region.new(name, 41);
    await dut.region.get(name);
    assertEquals(dut.region.any().snapshots.includes(41), true);
    await dut.region.del(name, 41);
    await dut.region.get(name);
    assertEquals(dut.region.any().snapshots.includes(41), false);
  });

  sequence("an id that is in use, and one that is gone", { source: "O07; 5.4", needs }, async (dut) => {
    const { name } = dut.region.any();
    await dut.region.new(name, 41);
    assertEquals(dut.region.new(name, 41).fails().errno, "EEXIST");
    await dut.region.del(name, 41);
    assertEquals(dut.region.del(name, 41).fails().errno, "EINVAL");
    await dut.region.new(name, 41);
  });

  sequence("several snapshots are shown in their order", { source: "5.4", needs }, async (dut) => {
    const { name } = dut.region.any();
    for (const id of [43, 41, 42]) await dut.region.new(name, id);
    await dut.region.get(name);
    await dut.region.del(name, 41);
    await dut.region.list();
  });

  sequence("a snapshot holds what it held", { source: "5.4: devlink_nl_region_read_dumpit()", needs }, async (dut) => {
    const { name } = dut.region.any();
    await dut.region.new(name, 41);
    const read = () => dut.region.read(name, 41, { address: 0, length: 16 });
    const first = await read();
    assertEquals(await read(), first);
  });

  sequence("a read ends where the region ends", { source: "O09; 5.4", needs }, async (dut) => {
    const { name, size } = dut.region.any();
    await dut.region.new(name, 41);
    const [piece] = await dut.region.read(name, 41, { address: size - 4, length: 16 });
    assertEquals(piece?.data.length, 4);
    dut.region.read(name, 41, { address: size + 1, length: 4 }).fails();
  });

  sequence("a snapshot that does not exist is not read", { source: "5.4", needs }, async (dut) => {
    const { name } = dut.region.any();
    assertEquals(dut.region.del(name, 41).fails().errno, "EINVAL");
    dut.region.read(name, 41, { address: 0, length: 4 }).fails();
    await dut.region.get(name);
  });

  sequence("no more snapshots than a region holds", { source: "O08; 5.4", needs }, async (dut) => {
    const { name, max, snapshots } = dut.region.any();
    const free = Math.min(max, 64) - snapshots.length;
    for (let i = 0; i < free; i++) await dut.region.new(name, 100 + i);
    if (max <= 64) assertEquals(dut.region.new(name, 41).fails().errno, "ENOSPC");
    await dut.region.del(name, 100);
    await dut.region.new(name, 41);
  });
});
