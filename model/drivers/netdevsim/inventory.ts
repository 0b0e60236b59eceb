/**
 * The objects that netdevsim registers, by era: for boards whose own device is a netdevsim.
 *
 * @module
 */

import type { Era } from "../../era/mod.ts";
import { type DriverInventory, inventoryOf } from "../driver_inventory.ts";
import { DUMMY_REGION, GROUPS, PARAMS, POLICERS, TRAPS } from "./data.ts";
import { netdevsimEra } from "./era.ts";

/** Returns the objects that netdevsim of an era registers. */
export function netdevsimInventory(era: Era): DriverInventory {
  const { lacks } = netdevsimEra(era);
  const named = (...names: readonly string[]) => names.filter((name) => !lacks.has(name)).map((name) => ({ name }));
  return {
    ...inventoryOf({
      traps: TRAPS,
      groups: GROUPS,
      policers: POLICERS,
      params: PARAMS.filter(({ name }) => !lacks.has(name)),
    }),
    resources: named("IPv4", "IPv4/fib", "IPv4/fib-rules", "IPv6", "IPv6/fib", "IPv6/fib-rules", "nexthops"),
    reporters: named("empty", "dummy"),
    regions: [DUMMY_REGION],
  };
}
