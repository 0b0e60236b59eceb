/**
 * The model of mlxsw: a Spectrum switch by the facts of its board, and the driver's behaviour
 * (drivers/net/ethernet/mellanox/mlxsw).
 *
 * @module
 */

import type { Era } from "../../era/mod.ts";
import type { Facts } from "../../facts.ts";
import type { DriverModel } from "../driver.ts";
import { type DriverInventory, inventoryOf } from "../driver_inventory.ts";
import { ASIC_DRIVERS, isLater } from "./asic.ts";
import { instantiate } from "./drivers.ts";
import { mlxswEra } from "./era.ts";
import { operate } from "./operate.ts";
import { paramsOf } from "./params.ts";
import { RACE } from "./race.ts";
import { KVD_PARTS, RESOURCES } from "./resources.ts";
import { groupsOf, policersOf, trapsOf } from "./traps.ts";

/** Returns the objects that the driver registers for a switch, if the driver of the era was read. */
function inventory(of: Era, facts: Facts): DriverInventory {
  const era = mlxswEra(of);
  if (!era.modelled) return {};
  const later = isLater(facts.driver);
  const resources = later ? RESOURCES : [...RESOURCES, ...KVD_PARTS];
  return {
    ...inventoryOf({
      traps: trapsOf(era, later),
      groups: groupsOf(era, later),
      // The firmware decides the number of policers beside the driver's own
      policers: policersOf(era, { policers: facts.policers.length > era.ownPolicers ? facts.policers : [] }),
      params: paramsOf(facts.driver),
    }),
    resources: resources.filter((name) => !era.lacksResources.has(name)).map((name) => ({ name })),
    reporters: [{ name: "fw_fatal" }],
    regions: [],
  };
}

/** The drivers of Spectrum, Spectrum-2, Spectrum-3 and Spectrum-4. */
export const mlxsw: DriverModel = {
  name: "mlxsw",
  drivers: ASIC_DRIVERS,
  instantiate,
  inventory,
  operate,
  race: RACE,
  log: [/^mlxsw_(core|pci|spectrum[234]?) /, /^mlxsw_spectrum[234]?: /],
  logPlaces: [{
    id: "mlxsw-transaction",
    pattern: /(?<=^mlxsw_spectrum[234]? \S+: EMAD reg access failed \()tid=[0-9a-f]+,/,
    reason: "names the transaction, which begins at random",
    source: "core.c: mlxsw_reg_trans_wait()",
  }],
  chatter: [{
    id: "mlxsw-emad-retry",
    pattern: /^mlxsw_spectrum[234]? \S+: EMAD retries \(\d+\/5\) \(tid=[0-9a-f]+\)$/,
    reason: "the ASIC was slow to answer, and the driver has asked again",
    source: "core.c: mlxsw_reg_trans_wait()",
  }, {
    id: "mlxsw-link",
    pattern: /^mlxsw_spectrum[234]? \S+ \S+( \(unregistering\))?: link (up|down)$/,
    reason: "the link of a port comes and goes with the board's cable",
    source: "spectrum.c: mlxsw_sp_pude_event_func()",
  }],
};
