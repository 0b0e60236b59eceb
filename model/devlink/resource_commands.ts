/**
 * `devlink resource`.
 *
 * @module
 */

import { change, type Command, get, type Scene } from "../command.ts";
import { type Devlink, instancesOf, leave, lockInstance, type Resource } from "./devlink.ts";
import { pendingSize, resourcesAttributes } from "./message.ts";
import type { Json, Result } from "../observation.ts";
import { findResource, resourceOfId, setResource } from "./resource.ts";
import type { Steps } from "../kernel/task.ts";

/** The kinds of {@linkcode RESOURCE_COMMANDS}. */
export type ResourceKind = "resource.show" | "resource.set";

/** The operations on resources by their kind. */
export const RESOURCE_COMMANDS: { [K in ResourceKind]: Command<K> } = {
  *"resource.show"(scene, { handle, port: index, scope }) {
    // devlink(8) takes either a handle or a scope
    if (scope !== undefined && (handle !== undefined || (scope !== "dev" && scope !== "port"))) return "client";
    if (handle === undefined) {
      return scene.kernel.era.dumpsResources ? yield* dumpAll(scene, scope) : "EOPNOTSUPP";
    }
    return yield* get(scene, handle, (dl) => {
      if (index === undefined || !scene.kernel.era.dumpsResources) return reply(dl, dl.handle, dl.resources);
      const port = dl.ports.find((each) => each.index === index);
      return port ? reply(dl, port.handle, port.resources) : "ENODEV";
    });
  },

  "resource.set": (scene, { handle, path, size }) => {
    const text = String(size);
    return change(scene, handle, (dl) => {
      // devlink(8) splits the path at slashes and ignores empty names
      const names = path.split("/").filter((name) => name !== "");
      // Without a name it asks for the resource with the id 0
      const found = names.length === 0 ? resourceOfId(dl.resources, 0) : findResource(dl.resources, names.join("/"));
      if (!/^\d+$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) return "client";
      // devlink(8) reads all resources first, to find the id (iproute2, cmd_resource_set())
      if (dl.resources.length === 0) return "EOPNOTSUPP";
      if (!found) return names.length === 0 ? "EINVAL" : "client";
      return setResource(scene.task, found.resource, found.parent, BigInt(text), dl.kernel.era.corePrefix);
    });
  },
};

function reply(dl: Devlink, handle: string, resources: readonly Resource[]): { reply: Json } | Result {
  return resources.length > 0
    ? { reply: { resources: { [handle]: resourcesAttributes(dl, resources) } } }
    : "EOPNOTSUPP";
}

/**
 * Shows the resources of all instances and of their ports. devlink(8) remembers the index of the port that it printed last (0 at
 * first), even after it has printed an instance: a port with that index is then printed under the handle of its instance.
 * devlink(8) also remembers that a size was pending: from then on it shows for all instances if their sizes are valid.
 */
function* dumpAll({ kernel, task, netns }: Scene, scope: string | undefined): Steps<Result> {
  const found: { [handle: string]: Json[] } = {};
  let last = 0;
  let pending = false;
  const attributes = (dl: Devlink, resources: readonly Resource[]) =>
    resourcesAttributes(dl, resources, pending ||= pendingSize(resources));
  const add = (dl: Devlink) => {
    const own = scope !== "port" && dl.resources.length > 0;
    if (own) found[dl.handle] = attributes(dl, dl.resources);
    if (scope === "dev") return;
    for (const { index, handle, resources } of dl.ports) {
      if (resources.length === 0) continue;
      const list = attributes(dl, resources);
      if (own && index === last && !dl.ports.some((port) => port.handle in found)) found[dl.handle]!.push(...list);
      else found[handle] = list;
      last = index;
    }
  };
  for (const dl of [...instancesOf(kernel)]) {
    if (dl.netns !== netns || !dl.visible || !(yield* lockInstance(task, dl))) continue;
    if (dl.netns === netns) add(dl);
    leave(task, dl);
  }
  task.observation.reply = { resources: found };
  return "ok";
}
