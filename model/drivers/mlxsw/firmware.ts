/**
 * What only the firmware of an ASIC decides, and is known for one firmware, which the emulated Spectrum has
 * (`fixtures/devices/spectrum`).
 *
 * @module
 */

import type { Facts } from "../../facts.ts";

/** The board id that the emulated Spectrum reports. */
const EMULATED = "TWL0000000001";

/** True if the ASIC has the firmware of the emulated Spectrum. */
export const isEmulated = ({ versions }: Facts): boolean => versions.fixed?.["fw.psid"] === EMULATED;

/** True if a port of the facts is one of those that a split made. */
export const isSplit = ({ flavour }: Facts["ports"][number]): boolean => "split_group" in flavour;

/**
 * Returns the indices of the ports that a front panel port is split into (register PMTDB); undefined if the firmware that
 * decides is not known.
 */
export function splitPorts(facts: Facts, port: number, count: number): number[] | undefined {
  if (!isEmulated(facts) || facts.ports.some(isSplit)) return undefined;
  const physical = facts.ports.filter(({ flavour }) => flavour["flavour"] === "physical").length;
  // Each module has three numbers of its own after the numbers of the ports
  return Array.from({ length: count }, (_, at) => at === 0 ? port : physical + 3 * (port - 1) + at);
}
