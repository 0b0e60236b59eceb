/**
 * The reactions of the driver when a test operates its emulated ASIC (`fixtures/devices/spectrum`), for operations whose outcome
 * is modelled.
 *
 * @module
 */

import type { Kernel } from "../../kernel/kernel.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { NOT_KNOWN, type Result } from "../../observation.ts";
import type { DeviceOperation, Handle } from "../../operation.ts";
import { deviceAt, operated } from "../emulated.ts";
import { Asic, faultOf, reported } from "./emulated_asic.ts";
import { Spectrum } from "./spectrum.ts";

/** The size of an incoming packet of the ASIC, in bytes. */
const PACKET = 64;

/** Failures that the firmware can report (`MLXSW_REG_MFDE_EVENT_ID_*`). */
const EVENTS: ReadonlySet<unknown> = new Set(["CRSPACE_TO", "KVD_IM_STOP", "TEST", "FW_ASSERT", "FATAL_CAUSE"]);

/** Performs the reaction of the driver; undefined if the device is not of this driver, or the outcome is not modelled. */
export function operate(
  kernel: Kernel,
  task: Task,
  handle: Handle,
  operation: DeviceOperation,
): Steps<Result> | undefined {
  const { emulated: asic, data } = deviceAt(kernel, handle) ?? {};
  if (!(asic instanceof Asic)) return undefined;
  const spectrum = data instanceof Spectrum ? data : undefined;
  if (operation["clear"] === true) {
    return operated(task, () => {
      for (const label of asic.plugAll()) spectrum?.cableChanged(label);
      return { faults: asic.faults.clear().map(reported) };
    });
  }
  if (operation["fail"] !== undefined) {
    const fault = faultOf(operation["fail"]);
    // A trap may have several accesses, and the driver stops at the first one that fails
    if (!fault || (fault.access === "HPKT write" && (fault.nth !== 1 || fault.times !== 1))) return undefined;
    return operated(task, () => {
      asic.faults.add(fault);
      return reported(fault);
    });
  }
  if (!spectrum) return undefined;
  const { link, inject, health } = operation as {
    link?: { port: number; up: boolean };
    inject?: { trap: string; port: number; count?: number };
    health?: { event: string };
  };
  const portOf = (index: number) =>
    spectrum.dl.ports.find((port) => port.index === index && port.flavour["flavour"] === "physical");
  if (link) {
    const { port: index, up } = link;
    const port = portOf(index);
    if (!port) return undefined;
    return operated(task, () => {
      const label = Number(port.flavour["port"]);
      const changed = asic.plug(label, up);
      if (changed) spectrum.cableChanged(label);
      return { port: index, up: up && (port.netdev?.up ?? NOT_KNOWN), changed };
    });
  }
  if (inject) {
    const { trap, port, count = 1 } = inject;
    if (!portOf(port) || !spectrum.dl.trapByName.has(trap)) return undefined;
    return operated(task, () => ({ trap, port, count, trapped: spectrum.packets(trap, count, PACKET) }));
  }
  if (health && EVENTS.has(health.event) && spectrum.dl.reporters.length > 0) {
    return operated(task, () => {
      spectrum.firmwareFails(task);
      return { event: health.event, reported: true };
    });
  }
  return undefined;
}
