/**
 * Suite `mlxsw_kvd`: the KVD of the first Spectrum, a memory that a reload divides again.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";
import { resourceAt, theSwitch } from "./_switch.ts";

const SPECTRUM = "drivers/net/ethernet/mellanox/mlxsw/spectrum.c";
const SIZES = `${SPECTRUM}: mlxsw_sp_kvd_sizes_get()`;
const VALIDATION = "net/devlink/resource.c: devlink_resource_validate_children(); dev.c: devlink_resources_validate()";

const [LINEAR, DOUBLE, SINGLE] = ["kvd/linear", "kvd/hash_double", "kvd/hash_single"] as const;

const sizeOf = (dut: Dut, path: string) => resourceAt(dut.inventory(), path).size;

/** Sets sizes; returns the sizes that were set before. */
async function setSizes(dut: Dut, sizes: Readonly<Record<string, bigint>>): Promise<Record<string, bigint>> {
  const before: Record<string, bigint> = {};
  for (const [path, size] of Object.entries(sizes)) {
    before[path] = resourceAt(dut.inventory(), path).wanted;
    await dut.resource.set(path, String(size));
  }
  return before;
}

/** Returns the sizes after a number of entries moves from one part to another. */
function moved(dut: Dut, from: string, to: string): Record<string, bigint> {
  const [source, target] = [from, to].map((path) => resourceAt(dut.inventory(), path)) as [
    ReturnType<typeof resourceAt>,
    ReturnType<typeof resourceAt>,
  ];
  const step = source.granularity * 16n;
  return { [from]: source.wanted - step, [to]: target.wanted + step };
}

export default suite("mlxsw_kvd", { fixture: theSwitch() }, ({ sequence }) => {
  sequence("entries go from those of single size to those of double size, and a reload makes it so", {
    source: SIZES,
    needs: { resource: "tree" },
  }, async (dut) => {
    const sizes = moved(dut, SINGLE, DOUBLE);
    const before = await setSizes(dut, sizes);
    await dut.resource.list();
    assertEquals([sizeOf(dut, SINGLE), sizeOf(dut, DOUBLE)], [before[SINGLE], before[DOUBLE]]);
    await dut.reload();
    await dut.resource.list();
    assertEquals([sizeOf(dut, SINGLE), sizeOf(dut, DOUBLE)], [sizes[SINGLE], sizes[DOUBLE]]);
    await setSizes(dut, before);
    await dut.reload();
    await dut.resource.list();
  });

  sequence("a reload that only activates firmware divides the KVD, too", {
    source: `${SIZES}; core.c: mlxsw_devlink_core_bus_device_reload_up()`,
    needs: { resource: "tree", reload: "fw_activate" },
  }, async (dut) => {
    const sizes = moved(dut, DOUBLE, SINGLE);
    const before = await setSizes(dut, sizes);
    await dut.reload({ action: "fw_activate" });
    assertEquals(sizeOf(dut, SINGLE), sizes[SINGLE]);
    await dut.resource.list();
    await setSizes(dut, before);
    await dut.reload();
    await dut.resource.list();
  });

  sequence("parts that are larger than the KVD: no reload, until they fit", {
    source: VALIDATION,
    needs: { resource: "tree" },
  }, async (dut) => {
    const { max } = resourceAt(dut.inventory(), SINGLE);
    const before = await setSizes(dut, { [SINGLE]: max });
    await dut.resource.list();
    for (const action of ["driver_reinit", "fw_activate"] as const) {
      assertEquals(dut.reload({ action }).fails().errno, "EINVAL");
    }
    // Nothing was taken down
    await dut.trap.list();
    await dut.port.list();
    await dut.dev.show();
    assertEquals([sizeOf(dut, SINGLE), dut.inventory().reloadFailed], [before[SINGLE], false]);
    await setSizes(dut, before);
    await dut.reload();
    await dut.resource.list();
  });

  sequence("the parts of the linear part: it cannot shrink below them", {
    source: `${VALIDATION}; spectrum1_kvdl.c: mlxsw_sp1_kvdl_resources_register()`,
    needs: { resource: "tree" },
  }, async (dut) => {
    const { wanted, granularity } = resourceAt(dut.inventory(), LINEAR);
    const before = await setSizes(dut, { [LINEAR]: wanted - granularity * 16n });
    await dut.resource.list();
    assertEquals(dut.reload().fails().errno, "EINVAL");
    const chunks = resourceAt(dut.inventory(), `${LINEAR}/large_chunks`);
    const parts = await setSizes(dut, { [`${LINEAR}/large_chunks`]: chunks.wanted - chunks.granularity * 4n });
    await dut.resource.list();
    await dut.reload();
    await dut.resource.list();
    await setSizes(dut, { ...before, ...parts });
    await dut.reload();
    await dut.resource.list();
  });

  sequence("sizes that the KVD cannot have: off its granularity, beyond the bounds of a part, and its own", {
    source:
      `${SPECTRUM}: mlxsw_sp_resource_size_params_prepare(); net/devlink/resource.c: devlink_resource_validate_size()`,
    needs: { resource: "tree" },
  }, async (dut) => {
    for (const path of [LINEAR, DOUBLE, SINGLE, "kvd"]) {
      const { wanted, min, max, granularity } = resourceAt(dut.inventory(), path);
      for (const size of [wanted + 1n, max + granularity, ...min > 0n ? [min - granularity] : []]) {
        assertEquals(dut.resource.set(path, String(size)).fails().errno, "EINVAL", path);
      }
    }
    await dut.resource.list();
    await dut.reload();
  });
});
