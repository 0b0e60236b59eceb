/**
 * Restores a board's own device to its state before a sequence.
 *
 * @module
 */

import type { InventoryInstance, Operation } from "../model/mod.ts";

/** The state of an instance that can be restored. It is a copy, since the inventory changes with its machine. */
export type Remembered =
  & Pick<
    InventoryInstance,
    "handle" | "netns" | "reloadFailed" | "reloadActions" | "ports" | "traps" | "groups" | "policers"
  >
  & Pick<InventoryInstance, "params" | "resources" | "regions" | "reporters">;

/** Copies the state that can be restored. */
export function remember(device: InventoryInstance): Remembered {
  const { handle, netns, reloadFailed, reloadActions, ports, traps, groups, policers } = device;
  const { params, resources, regions, reporters } = device;
  return structuredClone({
    handle,
    netns,
    reloadFailed,
    reloadActions,
    ports,
    traps,
    groups,
    policers,
    params,
    resources,
    regions,
    reporters,
  });
}

/**
 * Returns the operations that restore an instance; an empty list if nothing was changed.
 *
 * @param reloaded True if the sequence reloaded the instance: its driver may have made new netdevs, and these are down
 */
export function restoration(
  before: Remembered,
  after: InventoryInstance | undefined,
  reloaded: boolean,
): Operation[] {
  if (!after) return [];
  const { handle } = before;
  const ops: Operation[] = [];
  const now = after.netns;
  if (now !== before.netns && now !== undefined) {
    ops.push({ kind: "dev.reload", handle, to: { pid: 1 }, ...(now === "init" ? {} : { netns: now }) });
  }
  let reload = after.reloadFailed && !before.reloadFailed;
  for (const { path, wanted, size } of before.resources) {
    const resource = after.resources.find((one) => one.path === path);
    if (!resource || (resource.wanted === wanted && resource.size === size)) continue;
    ops.push({ kind: "resource.set", handle, path, size: String(wanted) });
    // A reload may have put the size into effect, even if only the driver knows
    reload ||= resource.size !== size || reloaded;
  }
  for (const { name, cmode, value } of before.params) {
    const param = after.params.find((one) => one.name === name);
    if (!param || value === undefined || param.value === value) continue;
    ops.push({ kind: "param.set", handle, name, value, cmode });
    reload ||= cmode === "driverinit" && !param.pending;
  }
  if (reload) ops.push({ kind: "dev.reload", handle });
  const renewed = reload || reloaded || now !== before.netns;
  for (const { name, action } of before.traps) {
    const trap = after.traps.find((one) => one.name === name);
    if (trap && trap.action !== action) ops.push({ kind: "trap.set", handle, name, action });
  }
  for (const { name, policer } of before.groups) {
    const group = after.groups.find((one) => one.name === name);
    if (group && group.policer !== policer) {
      ops.push({ kind: "trap.group.set", handle, name, policer: policer ?? null });
    }
  }
  for (const { id, rate, burst } of before.policers) {
    const policer = after.policers.find((one) => one.id === id);
    if (policer && (policer.rate !== rate || policer.burst !== burst)) {
      ops.push({ kind: "trap.policer.set", handle, policer: id, rate, burst });
    }
  }
  for (const { name, recovers, dumps, dumped, gracePeriod, autoRecover, autoDump } of before.reporters) {
    const reporter = after.reporters.find((one) => one.name === name);
    if (!reporter) continue;
    const wrong = {
      ...(recovers && reporter.gracePeriod !== gracePeriod ? { gracePeriod } : {}),
      ...(recovers && reporter.autoRecover !== autoRecover ? { autoRecover } : {}),
      ...(dumps && reporter.autoDump !== autoDump ? { autoDump } : {}),
    };
    if (Object.keys(wrong).length > 0) ops.push({ kind: "health.set", handle, reporter: name, ...wrong });
    if (reporter.dumped && !dumped) ops.push({ kind: "health.dump.clear", handle, reporter: name });
  }
  for (const { name, snapshots } of after.regions) {
    const own = before.regions.find((one) => one.name === name)?.snapshots ?? [];
    for (const snapshot of snapshots.filter((id) => !own.includes(id))) {
      ops.push({ kind: "region.del", handle, region: name, snapshot });
    }
  }
  for (const { index, netdev, up, netns } of before.ports) {
    const port = after.ports.find((one) => one.index === index);
    if (!netdev || !port?.netdev) continue;
    if (port.netns !== netns && port.netns !== undefined && netns !== undefined) {
      ops.push({ kind: "link.move", handle, port: index, to: netns, netns: port.netns });
    }
    if (port.up !== up || (up && renewed)) ops.push({ kind: "link.set", handle, port: index, up });
  }
  return ops;
}
