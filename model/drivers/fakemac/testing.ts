/** For tests: machines with a MAC and its PCS, and operations on them. */

import { assertEquals } from "@std/assert";
import {
  BOOTED_ERAS,
  type EraId,
  ERAS,
  type FreedMemory,
  Machine,
  type Observation,
  type Operation,
} from "../../mod.ts";

export const BOOTED = BOOTED_ERAS.filter((id) => ERAS[id].phylink.selects);
export const DRIVERS = "/sys/bus/platform/drivers";
export const KNOBS = "/sys/kernel/debug/fakemac";

export const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value, settle: 1200 });
export const read = (path: string): Operation => ({ kind: "file.read", path });
export const unbind = (device = "fakepcs.0") => write(`${DRIVERS}/${device.split(".")[0]}/unbind`, device);
export const bind = (device = "fakepcs.0") => write(`${DRIVERS}/${device.split(".")[0]}/bind`, device);
export const cable = (plugged: boolean, dev = "fm0") => write(`${KNOBS}/${dev}/cable`, plugged ? "1" : "0");
export const set = (up: boolean, dev = "fm0"): Operation => ({ kind: "netdev.set", dev, up, settle: 1200 });
export const unload = (name: string): Operation => ({ kind: "module.unload", name, settle: 1200 });

export interface Options {
  freedMemory?: FreedMemory;
  poll?: 0 | 1;
  self?: 0 | 1;
}

/** Returns a machine with MAC and PCS bound, after step s1. */
export function bound(era: EraId, design: string, { freedMemory, ...params }: Options = {}): Machine {
  const machine = new Machine({ era, freedMemory: freedMemory ?? "kept" });
  assertEquals(machine.perform({ kind: "module.load", name: "fakemac", params: { design, ...params } }).result, "ok");
  assertEquals(machine.perform({ kind: "module.load", name: "fakepcs", settle: 300 }).result, "ok");
  return machine;
}

/** Returns a machine after steps s1 and s2: the link is up, too. */
export function linked(era: EraId, design: string, options: Options = {}): Machine {
  const machine = bound(era, design, options);
  assertEquals(machine.perform(set(true)).result, "ok");
  assertEquals(carrier(machine), "1");
  return machine;
}

export function carrier(machine: Machine, dev = "fm0"): string {
  const { result, sysfs } = machine.perform(read(`/sys/class/net/${dev}/carrier`));
  return sysfs ?? result;
}

export const log = ({ kmsg }: Observation) => kmsg.map(({ text }) => text.replace("fakemac fakemac.0 fm0: ", ""));
export const findings = ({ kmsg }: Observation) =>
  kmsg.filter((line) => line.class !== "info").map((line) => line.class);
export const links = ({ link }: Observation) =>
  (link["init"] ?? []).map(({ event, ifname, operstate }) => `${event} ${ifname} ${operstate}`);

/** Returns the result of one step of docs/semantics.md 7.3, in a few words. */
export function outcome(machine: Machine, step: Operation): string {
  const observation = machine.perform(step);
  const found = [...new Set(findings(observation))].join(",");
  return [observation.result, found].filter(Boolean).join(" ");
}
