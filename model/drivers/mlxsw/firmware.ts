/**
 * Decisions of the ASIC's firmware, which are known only for the firmware of the emulated Spectrum
 * (`fixtures/devices/spectrum`).
 *
 * @module
 */

import type { Facts } from "../../facts.ts";

/** The board id that the emulated Spectrum reports. */
const EMULATED = "TWL0000000001";

/** True if the ASIC has the firmware of the emulated Spectrum. */
export const isEmulated = ({ versions }: Facts): boolean => versions.fixed?.["fw.psid"] === EMULATED;

/** True if a port of the facts was made by a split. */
export const isSplit = ({ flavour }: Facts["ports"][number]): boolean => "split_group" in flavour;

/**
 * Returns the indices of the ports into which a front panel port is split (register PMTDB). The firmware decides them: undefined
 * for
 * an unknown firmware.
 */
export function splitPorts(facts: Facts, port: number, count: number): number[] | undefined {
  if (!isEmulated(facts) || facts.ports.some(isSplit)) return undefined;
  const physical = facts.ports.filter(({ flavour }) => flavour["flavour"] === "physical").length;
  // Each module has three further indices, after the indices of all ports
  return Array.from({ length: count }, (_, at) => at === 0 ? port : physical + 3 * (port - 1) + at);
}
