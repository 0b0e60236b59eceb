/**
 * Sizes of resources, by the bounds that the device gives.
 *
 * @module
 */

import type { InventoryInstance, InventoryResource } from "../../model/mod.ts";
import { LacksError, type ResourceTree, treesOf } from "../../sdk/roles.ts";

/** The size that devlink(8) prints as `unlimited`. */
export const UNLIMITED = 0xffff_ffff_ffff_ffffn;

type Bounds = Pick<InventoryResource, "min" | "max" | "granularity" | "wanted">;

/**
 * Returns another size than a resource is to have: one granularity less, or more where less is below its minimum. Undefined where
 * the bounds leave no other size.
 */
export function otherSize({ min, max, granularity, wanted }: Bounds): bigint | undefined {
  if (wanted - granularity >= min && (wanted - granularity) % granularity === 0n) return wanted - granularity;
  if (wanted + granularity <= max && (wanted + granularity) % granularity === 0n) return wanted + granularity;
  return undefined;
}

/** Returns the largest size of a resource, in its granularity. */
export const largest = ({ max, granularity }: Bounds): bigint => max - max % granularity;

/** Returns the smallest size of a resource, in its granularity. */
export const smallest = ({ min, granularity }: Bounds): bigint => (min + granularity - 1n) / granularity * granularity;

/** A size to set, by the path of its resource. */
export interface Size {
  path: string;
  size: string;
}

const sum = (sizes: readonly bigint[]) => BigInt.asUintN(64, sizes.reduce((all, one) => all + one, 0n));

/** Returns the sizes that make the children of a resource larger than it; undefined where its bounds do not allow that. */
function tooLarge({ parent, children }: ResourceTree): Size[] | undefined {
  const small = smallest(parent);
  const sizable = parent.min < parent.max && small <= largest(parent);
  if (sizable && sum(children.map(({ wanted }) => wanted)) > small) return [{ path: parent.path, size: String(small) }];
  if (sum(children.map(largest)) <= parent.wanted) return undefined;
  return children.map((child) => ({ path: child.path, size: String(largest(child)) }));
}

/**
 * Returns the sizes that make the children of one of the device's resources larger than it.
 *
 * @throws {LacksError} If the bounds of no resource allow that
 */
export function sizesThatDoNotFit(device: InventoryInstance): Size[] {
  for (const tree of treesOf(device)) {
    const sizes = tooLarge(tree);
    if (sizes) return sizes;
  }
  throw new LacksError("a resource whose children can be larger than it");
}
