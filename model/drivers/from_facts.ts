/**
 * Creates the objects of an instance from a board's facts, for driver models that begin with an existing device.
 *
 * @module
 */

import type { Devlink, Param, Port, Region, Reporter, Resource } from "../devlink/devlink.ts";
import type { ParamSpec, TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "../devlink/driver.ts";
import { newReporter, type ReporterOps } from "../devlink/health.ts";
import { portHandle } from "../devlink/port.ts";
import type { Facts, ParamFact, PortFact, ReporterFact, ResourceFact } from "../facts.ts";
import type { Json } from "../observation.ts";

/** Adds the policers, groups and traps that the facts list. */
export function addTraps(dl: Devlink, facts: Facts): void {
  dl.policers = facts.policers.map((fact) => ({
    spec: policerSpec(fact),
    rate: fact.rate,
    burst: fact.burst,
    reads: 0,
  }));
  dl.groups = facts.groups.map(({ name, generic, policer = 0 }) => {
    const spec: TrapGroupSpec = { name, generic, policer };
    return { spec, policer: dl.policers.find((one) => one.spec.id === policer), packets: 0, bytes: 0 };
  });
  for (const spec of facts.traps) {
    const group = dl.groups.find((one) => one.spec.name === spec.group);
    if (!group) continue;
    const trap = { spec: spec as TrapSpec, group, action: spec.action, packets: 0, bytes: 0 };
    dl.traps.push(trap);
    dl.trapByName.set(spec.name, trap);
  }
}

/** Stores the value of a param that is not of mode driverinit: devlink asks the driver for such a value. */
export type Remember = (spec: ParamSpec, value: number | boolean | string) => void;

/** Returns a param in its first mode; its other modes are shown as they were read. */
export function paramOf(fact: ParamFact, remember: Remember): Param {
  const spec = paramSpec(fact);
  const value = fact.values[0]?.value;
  if (spec.cmode !== "driverinit" && value !== undefined) remember(spec, value);
  return { spec, value, initial: spec.cmode === "driverinit" ? spec.default : undefined, pending: undefined };
}

/** Returns a reporter with the operations that it has by its fact. */
export function reporterOf(fact: ReporterFact, ops: Partial<ReporterOps>): Reporter {
  const reporter = newReporter(fact.name, {
    recover: fact.gracePeriod === undefined ? undefined : ops.recover,
    dump: fact.autoDump === undefined ? undefined : ops.dump,
    diagnose: ops.diagnose,
  });
  reporter.gracePeriod = fact.gracePeriod ?? 0;
  reporter.autoRecover = fact.autoRecover ?? reporter.autoRecover;
  reporter.autoDump = fact.autoDump ?? reporter.autoDump;
  return reporter;
}

/** Returns a region without snapshots. */
export function regionOf(dl: Devlink, { name, size, max = Infinity }: Facts["regions"][number]): Region {
  return { name, size, max, handle: `${dl.handle}/${name}`, snapshots: [], contents: new Map() };
}

/** Returns a port; if its fact has a netdev, the netdev is in the initial netns. */
export function portOf(
  dl: Devlink,
  { index, type, flavour, netdev, up, params = [], resources = [] }: PortFact,
  remember: Remember = () => {},
): Port {
  const { kernel } = dl;
  const port: Port = {
    index,
    handle: portHandle(dl, index),
    flavour,
    type: type as Port["type"],
    netdev: null,
    resources: resources.map(resourceOf),
    params: params.map((fact) => paramOf(fact, remember)),
    rate: undefined,
  };
  if (netdev !== undefined) {
    port.netdev = kernel.addNetdev(kernel.init, netdev, ["BROADCAST", "MULTICAST"], "UP");
    port.netdev.up = up ?? false;
  }
  return port;
}

/** Returns the spec of a policer. devlink(8) prints no bounds of policers, so there are none. */
function policerSpec({ policer, rate, burst }: Facts["policers"][number]): TrapPolicerSpec {
  return { id: policer, rate, burst, rateMin: 0, rateMax: Infinity, burstMin: 0, burstMax: Infinity };
}

function paramSpec({ name, generic, values }: ParamFact): ParamSpec {
  const [first, ...others] = values;
  const value = first?.value;
  return {
    name,
    generic,
    type: typeof value === "boolean" ? "bool" : typeof value === "string" ? "string" : "u32",
    cmode: first?.cmode ?? "permanent",
    default: first?.default,
    others: others as Json[],
  };
}

/** Returns a resource and its children. */
export function resourceOf({ name, size, min, max, granularity, unit, occupied, children }: ResourceFact): Resource {
  // An unlimited size is 2^64 in facts, and the greatest number of 64 bits in the kernel
  const big = (value: number) => value >= 2 ** 64 ? 2n ** 64n - 1n : BigInt(Math.trunc(value));
  return {
    name,
    children: children.map(resourceOf),
    min: big(min),
    max: big(max),
    granularity: big(Math.max(1, granularity)),
    size: big(size),
    sizeNew: big(size),
    sizeValid: true,
    occupancy: occupied === undefined ? undefined : () => occupied,
    unit,
  };
}
