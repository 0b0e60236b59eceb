/** Sizes of resources that are set, refused or pending, on any driver: docs/semantics.md 3.7, 5.3. */

import { assertEquals } from "@std/assert";
import { suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";
import { largest, otherSize, sizesThatDoNotFit, smallest, UNLIMITED } from "./_sizes.ts";

const SET = "5.3: devlink_nl_resource_set_doit()";
const BOUNDS = "O18; 5.3: devlink_resource_validate_size()";
const needs = { resource: "leaf" } as const;

export default suite("resource_sizes", { fixture: theBoard({ ports: 1 }) }, ({ sequence }) => {
  sequence("a size that a resource has already", { source: SET, needs }, async (dut) => {
    const { path, wanted } = dut.resource.leaf();
    await dut.resource.set(path, String(wanted));
    await dut.resource.list();
  });

  sequence("a size is pending until a reload, and is put back", { source: `R21; 3.7; ${SET}`, needs }, async (dut) => {
    for (const resource of dut.inventory().resources.filter(({ leaf }) => leaf).slice(0, 3)) {
      const size = otherSize(resource);
      if (size === undefined) continue;
      await dut.resource.set(resource.path, String(size));
      await dut.resource.list();
      await dut.resource.set(resource.path, String(resource.wanted));
    }
    await dut.resource.list();
  });

  sequence("the smallest size and the largest one", { source: BOUNDS, needs }, async (dut) => {
    const leaf = dut.resource.leaf();
    for (const size of [smallest(leaf), largest(leaf), leaf.wanted]) await dut.resource.set(leaf.path, String(size));
    await dut.resource.list();
  });

  sequence("sizes beyond the bounds are refused", { source: BOUNDS, needs }, async (dut) => {
    for (const { path, min, max } of dut.inventory().resources.filter(({ leaf }) => leaf)) {
      if (max < UNLIMITED) assertEquals(dut.resource.set(path, String(max + 1n)).fails().errno, "EINVAL");
      if (min > 0n) assertEquals(dut.resource.set(path, String(min - 1n)).fails().errno, "EINVAL");
    }
    await dut.resource.list();
  });

  sequence("sizes between two steps of the granularity are refused", { source: BOUNDS, needs }, async (dut) => {
    for (const resource of dut.inventory().resources.filter(({ granularity }) => granularity > 1n)) {
      const size = smallest(resource) + 1n;
      assertEquals(dut.resource.set(resource.path, String(size)).fails().errno, "EINVAL");
    }
    await dut.resource.list();
  });

  sequence("children that are larger than their resource are marked", {
    source: "R19; 5.3: devlink_resource_validate_children()",
    needs: { resource: "tree" },
  }, async (dut) => {
    const wanted = new Map(dut.inventory().resources.map((resource) => [resource.path, resource.wanted]));
    const sizes = sizesThatDoNotFit(dut.inventory());
    for (const { path, size } of sizes) await dut.resource.set(path, size);
    await dut.resource.list();
    for (const { path } of sizes) await dut.resource.set(path, String(wanted.get(path)));
    await dut.resource.list();
  });

  sequence("a path with more slashes than names", { source: "devlink-resource(8)", needs }, async (dut) => {
    const { path, wanted } = dut.resource.leaf();
    await dut.resource.set(`/${path.replaceAll("/", "//")}/`, String(wanted));
    dut.resource.set("/", 1).fails();
    await dut.resource.list();
  });

  sequence("sizes that devlink(8) does not take", { source: "devlink-resource(8)", needs }, async (dut) => {
    const { path } = dut.resource.leaf();
    for (const size of ["many", "-1", "1.5", "18446744073709551616"]) {
      assertEquals(dut.resource.set(path, size).fails().errno, "client");
    }
    await dut.resource.list();
  });
});
