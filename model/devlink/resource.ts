/**
 * Resources: the sizes that a user sets, and the check that they fit (docs/semantics.md 5.3).
 *
 * @module
 */

import type { Resource } from "./devlink.ts";
import type { Result } from "../observation.ts";
import type { Task } from "../kernel/task.ts";

const U64 = 0xffff_ffff_ffff_ffffn;

/** Returns a resource as a driver registers it: without a minimum, and of any size unless the driver gives one. */
export function newResource(
  name: string,
  { size = U64, max = U64, children = [] }: { size?: bigint; max?: bigint; children?: Resource[] } = {},
): Resource {
  return {
    name,
    children,
    min: 0n,
    max,
    granularity: 1n,
    size,
    sizeNew: size,
    sizeValid: true,
    occupancy: undefined,
  };
}

/** True if the children of any resource are together larger than the resource. */
export function invalidResource(resources: readonly Resource[]): boolean {
  return resources.some((each) => !each.sizeValid || invalidResource(each.children));
}

/** Returns the resource at a path, with its parent; a path is like `IPv4/fib`. */
export function findResource(
  resources: readonly Resource[],
  path: string,
): { resource: Resource; parent: Resource | undefined } | undefined {
  let list = resources;
  let parent: Resource | undefined;
  let resource: Resource | undefined;
  for (const name of path.split("/")) {
    parent = resource;
    resource = list.find((each) => each.name === name);
    if (!resource) return undefined;
    list = resource.children;
  }
  return resource && { resource, parent };
}

/** Returns a resource and its parent by the id that the driver gave it (`devlink_resource_find()`). */
export function resourceOfId(
  resources: readonly Resource[],
  id: number,
  parent?: Resource,
): { resource: Resource; parent: Resource | undefined } | undefined {
  for (const resource of resources) {
    const found = resource.id === id ? { resource, parent } : resourceOfId(resource.children, id, resource);
    if (found) return found;
  }
  return undefined;
}

/** Sets the new size of a resource. It takes effect at the next reload, when the driver reads it. */
export function setResource(
  task: Task,
  resource: Resource,
  parent: Resource | undefined,
  size: bigint,
  prefix: string | undefined,
): Result {
  let result: Result = "ok";
  if (size > resource.max) result = task.fail("EINVAL", "Size larger than maximum", prefix);
  if (size < resource.min) result = task.fail("EINVAL", "Size smaller than minimum", prefix);
  if (size % resource.granularity !== 0n) result = task.fail("EINVAL", "Wrong granularity", prefix);
  if (result !== "ok") return result;
  resource.sizeNew = size;
  validate(resource);
  if (parent) validate(parent);
  return "ok";
}

/** Checks that the children fit into a resource. The sum of their sizes wraps around, as unsigned 64-bit numbers do: R20. */
function validate(resource: Resource): void {
  let sum = 0n;
  for (const child of resource.children) sum = (sum + child.sizeNew) & U64;
  resource.sizeValid = resource.children.length === 0 || sum <= resource.sizeNew;
}
