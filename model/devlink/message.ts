/**
 * The attributes that devlink(8) prints of each object. Replies and the monitor (`-j -v -s`) print the same attributes.
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
import type { ShownObject } from "./driver.ts";
import type { Json } from "../observation.ts";

/** The attributes of an object. */
export type Attributes = { [key: string]: Json };

/** Returns the shown attributes of an object, after its driver has completed them. */
const shown = ({ driver }: Devlink, object: ShownObject, attributes: Attributes): Attributes =>
  driver.shown ? driver.shown(object, attributes) : attributes;

const UNLIMITED = 0xffff_ffff_ffff_ffffn;

/** Returns the attributes of an instance: if its last reload failed, and its reload statistics (docs/semantics.md 3.4). */
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
  const nested = dl.nested.filter(({ registered }) => registered).map(({ handle }) => [handle, {}] as const);
  if (nested.length > 0) attributes["nested_devlink"] = Object.fromEntries(nested);
  return shown(dl, "dev", dl.kernel.era.showsIndex ? { index: dl.index, ...attributes } : attributes);
}

/** Returns the attributes of a port. The name of its netdev is shown only if the netdev is in the netns of the instance. */
export function portAttributes(dl: Devlink, port: Port): Attributes {
  return shown(
    dl,
    "port",
    port.netdev !== null && port.netdev.netns === dl.netns
      ? { type: port.type, netdev: port.netdev.name, ...port.flavour }
      : { type: port.type, ...port.flavour },
  );
}

/** Returns the attributes of a rate object. */
export function rateAttributes(rate: Rate): Attributes {
  const attributes: Attributes = { type: rate.type };
  if (rate.txShare !== 0) attributes["tx_share"] = rate.txShare;
  if (rate.txMax !== 0) attributes["tx_max"] = rate.txMax;
  if (rate.parent) attributes["parent"] = rate.parent.name;
  for (const [i, bandwidth] of rate.bandwidths.entries()) if (bandwidth !== 0) attributes[`tc_${i}`] = bandwidth;
  return attributes;
}

/** Returns the value of a param that was set last, effective or not; undefined if the param has no value yet. */
export function shownValue(dl: Devlink, param: Param): ParamValue | undefined {
  if (param.spec.cmode === "driverinit" || !dl.driver.paramGet) return param.pending ?? param.value;
  const value = dl.driver.paramGet(param.spec);
  if (value === undefined) dl.driver.paramUnread?.(param.spec, dl.kernel.observation);
  return value;
}

/** Returns the attributes of a param, with the value that was set last, effective or not. Null if the param has no value yet. */
export function paramAttributes(dl: Devlink, param: Param): Attributes | null {
  const { spec } = param;
  const what = { name: spec.name, type: spec.generic ? "generic" : "driver-specific" };
  // The core does not ask the driver for the value of an unpublished param (devlink_nl_param_fill(), to 5.15)
  if (param.published === false && spec.cmode !== "driverinit") return shown(dl, "param", { ...what, values: [] });
  const value = shownValue(dl, param);
  if (value === undefined) return null;
  const values: Attributes = { cmode: spec.cmode, value };
  const first = param.initial ?? spec.default;
  if (dl.kernel.era.paramDefaults && first !== undefined) values["default"] = first;
  return shown(dl, "param", { ...what, values: [values, ...spec.others ?? []] });
}

/**
 * Returns a trap with its statistics; null if the driver's counter cannot be read. Each read is counted (docs/semantics.md 4.5).
 */
export function trapAttributes(dl: Devlink, trap: Trap): Attributes | null {
  const { spec } = trap;
  const rx: Attributes = { bytes: trap.bytes, packets: trap.packets };
  const dropped = dl.kernel.era.trapDropCounter ? dl.driver.trapDropped?.(trap) : undefined;
  if (dropped !== undefined) {
    if (dropped < 0) return null;
    rx["dropped"] = dropped;
  }
  return shown(dl, "trap", {
    name: spec.name,
    type: spec.type,
    generic: spec.generic,
    action: trap.action,
    group: trap.group.spec.name,
    metadata: spec.metadata as string[],
    stats: { rx },
  });
}

/** Returns a trap group with its statistics. */
export function groupAttributes(dl: Devlink, group: TrapGroup): Attributes {
  const stats = { rx: { bytes: group.bytes, packets: group.packets } };
  return shown(
    dl,
    "group",
    group.policer === undefined
      ? { name: group.spec.name, generic: group.spec.generic, stats }
      : { name: group.spec.name, generic: group.spec.generic, policer: group.policer.spec.id, stats },
  );
}

/** Returns a trap policer with its statistics; null if the driver's counter cannot be read. Each read is counted. */
export function policerAttributes(dl: Devlink, policer: TrapPolicer): Attributes | null {
  const dropped = dl.driver.policerDropped?.(policer) ?? 0;
  if (dropped < 0) return null;
  const { rate, burst } = policer;
  return shown(dl, "policer", { policer: policer.spec.id, rate, burst, stats: { rx: { dropped } } });
}

/** Returns a region as a dump shows it. */
export function regionAttributes(dl: Devlink, region: Region): Attributes {
  const attributes = { size: region.size, snapshot: [...region.snapshots] };
  return shown(dl, "region", dl.kernel.era.regionMax ? { ...attributes, max: region.max } : attributes);
}

/** Returns the attributes of a health reporter. Date and time of a dump come from the virtual clock, which starts in 1970. */
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
  return shown(dl, "reporter", attributes);
}

/** Returns the resources of an instance; the validity of a parent is shown only while a size waits for a reload. */
export function resourcesAttributes(
  dl: Devlink,
  resources: readonly Resource[],
  show: boolean = pendingSize(resources),
): Json[] {
  const attributes = (resource: Resource): Attributes => {
    const result: Attributes = { name: resource.name, size: size(resource.size) };
    if (resource.size !== resource.sizeNew) result["size_new"] = size(resource.sizeNew);
    if (resource.occupancy) result["occ"] = resource.occupancy();
    result["unit"] = resource.unit ?? "entry";
    // iproute2: resource_show() prints the bounds of a size only if the size can change
    if (resource.min !== resource.max) {
      result["size_min"] = size(resource.min);
      result["size_max"] = size(resource.max);
      result["size_gran"] = size(resource.granularity);
    }
    result["dpipe_tables"] = "none";
    if (resource.children.length > 0) {
      if (show) result["size_valid"] = String(resource.sizeValid);
      result["resources"] = resource.children.map(attributes);
    }
    return shown(dl, "resource", result);
  };
  return resources.map(attributes);
}

/** True if the size of a resource waits for a reload: only then the validity of sizes is shown. */
export function pendingSize(resources: readonly Resource[]): boolean {
  return resources.some((each) => each.size !== each.sizeNew || pendingSize(each.children));
}

function size(value: bigint): Json {
  return value === UNLIMITED ? "unlimited" : Number(value);
}
