/**
 * What devlink(8) prints of each object, in its replies and in its monitor (`-j -v -s`): both print the same attributes.
 *
 * @module
 */

import type {
  Devlink,
  Param,
  ParamValue,
  Port,
  Rate,
  Region,
  Reporter,
  Resource,
  Trap,
  TrapGroup,
  TrapPolicer,
} from "./devlink.ts";
import type { Json } from "../observation.ts";

/** The attributes of an object. */
export type Attributes = { [key: string]: Json };

const UNLIMITED = 0xffff_ffff_ffff_ffffn;

/** An instance: whether its last reload failed, and its reload statistics (docs/semantics.md 3.4). */
export function devAttributes(dl: Devlink): Attributes {
  const reload: Attributes = {};
  for (const action of dl.driver.reloadActions) {
    reload[action] = dl.driver.reloadLimits.length > 0 && action === "fw_activate"
      ? { unspecified: dl.reloads[action], no_reset: 0 }
      : { unspecified: dl.reloads[action] };
  }
  const stats: Attributes = {
    reload,
    remote_reload: { driver_reinit: { unspecified: 0 }, fw_activate: { unspecified: 0, no_reset: 0 } },
  };
  const attributes: Attributes = dl.reloadFailed ? { reload_failed: true, stats } : { stats };
  return dl.kernel.era.showsIndex ? { index: dl.index, ...attributes } : attributes;
}

/** A port. The name of its netdev shows only in the netns of the instance. */
export function portAttributes(dl: Devlink, port: Port): Attributes {
  return port.netdev !== null && port.netdev.netns === dl.netns
    ? { type: port.type, netdev: port.netdev.name, ...port.flavour }
    : { type: port.type, ...port.flavour };
}

/** A rate object. */
export function rateAttributes(rate: Rate): Attributes {
  const attributes: Attributes = { type: rate.type };
  if (rate.txShare !== 0) attributes["tx_share"] = rate.txShare;
  if (rate.txMax !== 0) attributes["tx_max"] = rate.txMax;
  if (rate.parent) attributes["parent"] = rate.parent.name;
  return attributes;
}

/** What was set last, effective or not; undefined where there is no value yet. */
export function shownValue(dl: Devlink, param: Param): ParamValue | undefined {
  if (param.spec.cmode === "runtime") return dl.driver.paramGet!(param.spec);
  return param.pending ?? param.value;
}

/** A param; what was set last shows, effective or not. Null where there is no value to show yet. */
export function paramAttributes(dl: Devlink, param: Param): Attributes | null {
  const { spec } = param;
  const value = shownValue(dl, param);
  if (value === undefined) return null;
  const values: Attributes = { cmode: spec.cmode, value };
  if (dl.kernel.era.paramDefaults) values["default"] = param.initial ?? spec.default;
  return { name: spec.name, type: spec.generic ? "generic" : "driver-specific", values: [values] };
}

/** A trap with its statistics; null where the driver's counter cannot be read. Reading it counts (docs/semantics.md 4.5). */
export function trapAttributes(dl: Devlink, trap: Trap): Attributes | null {
  const { spec } = trap;
  let rx: Attributes;
  if (dl.kernel.era.trapDropCounter) {
    const dropped = dl.driver.trapDropped(trap);
    if (dropped < 0) return null;
    rx = { bytes: trap.bytes, packets: trap.packets, dropped };
  } else {
    rx = { bytes: trap.bytes, packets: trap.packets };
  }
  return {
    name: spec.name,
    type: spec.type,
    generic: spec.generic,
    action: trap.action,
    group: trap.group.spec.name,
    metadata: spec.metadata as string[],
    stats: { rx },
  };
}

/** A trap group with its statistics. */
export function groupAttributes(group: TrapGroup): Attributes {
  const stats = { rx: { bytes: group.bytes, packets: group.packets } };
  return group.policer === undefined
    ? { name: group.spec.name, generic: group.spec.generic, stats }
    : { name: group.spec.name, generic: group.spec.generic, policer: group.policer.spec.id, stats };
}

/** A trap policer with its statistics; null where the driver's counter cannot be read. Reading it counts. */
export function policerAttributes(dl: Devlink, policer: TrapPolicer): Attributes | null {
  const dropped = dl.driver.policerDropped(policer);
  if (dropped < 0) return null;
  return { policer: policer.spec.id, rate: policer.rate, burst: policer.burst, stats: { rx: { dropped } } };
}

/** A region as a dump shows it. */
export function regionAttributes(dl: Devlink, region: Region): Attributes {
  const attributes = { size: region.size, snapshot: [...region.snapshots] };
  return dl.kernel.era.regionMax ? { ...attributes, max: region.max } : attributes;
}

/** A health reporter. Date and time of a dump are those of the virtual clock, from 1970 on. */
export function reporterAttributes(dl: Devlink, reporter: Reporter): Attributes {
  const attributes: Attributes = {
    reporter: reporter.name,
    state: reporter.healthy ? "healthy" : "error",
    error: reporter.errors,
    recover: reporter.recoveries,
  };
  if (reporter.dumpedAt !== undefined) {
    const iso = new Date(reporter.dumpedAt).toISOString();
    attributes["last_dump_date"] = iso.slice(0, 10);
    attributes["last_dump_time"] = iso.slice(11, 19);
  }
  if (reporter.recover) {
    attributes["grace_period"] = reporter.gracePeriod;
    if (dl.kernel.era.burstPeriod) attributes["burst_period"] = reporter.burstPeriod;
    attributes["auto_recover"] = reporter.autoRecover;
  }
  if (reporter.dump) attributes["auto_dump"] = reporter.autoDump;
  return attributes;
}

/** The resources of an instance; the validity of a parent shows only while some size waits for a reload. */
export function resourcesAttributes(resources: readonly Resource[], show: boolean = pendingSize(resources)): Json[] {
  const attributes = (resource: Resource): Attributes => {
    const result: Attributes = { name: resource.name, size: size(resource.size) };
    if (resource.size !== resource.sizeNew) result["size_new"] = size(resource.sizeNew);
    if (resource.occupancy) result["occ"] = resource.occupancy();
    result["unit"] = "entry";
    result["size_min"] = size(resource.min);
    result["size_max"] = size(resource.max);
    result["size_gran"] = size(resource.granularity);
    result["dpipe_tables"] = "none";
    if (resource.children.length > 0) {
      if (show) result["size_valid"] = String(resource.sizeValid);
      result["resources"] = resource.children.map(attributes);
    }
    return result;
  };
  return resources.map(attributes);
}

/** Whether the size of any of them is one that the next reload makes true: whether sizes are valid is shown only then. */
export function pendingSize(resources: readonly Resource[]): boolean {
  return resources.some((each) => each.size !== each.sizeNew || pendingSize(each.children));
}

function size(value: bigint): Json {
  return value === UNLIMITED ? "unlimited" : Number(value);
}
