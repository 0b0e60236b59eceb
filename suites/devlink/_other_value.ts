/**
 * Values that a param can be set to, whatever the driver.
 *
 * @module
 */

import type { InventoryParam } from "../../model/mod.ts";

/**
 * Returns another value than a param has: the other one of a bool, a neighbour of a number. Undefined for a text: nobody but the
 * driver knows its other values.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { otherValue } from "./_other_value.ts";
 *
 * assertEquals(otherValue({ value: 32 }), 31);
 * assertEquals(otherValue({ value: true }), false);
 * ```
 */
export function otherValue({ value }: Pick<InventoryParam, "value">): number | boolean | undefined {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value > 1 ? value - 1 : value + 1;
  return undefined;
}
