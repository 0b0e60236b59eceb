/**
 * The cable of an emulated MAC (`fixtures/devices/mgbe`), and the operations of a test on it.
 *
 * @module
 */

import type { Kernel } from "../../kernel/kernel.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { Wire } from "../../net/phylib.ts";
import { NOT_KNOWN, type Result } from "../../observation.ts";
import type { DeviceOperation, Handle } from "../../operation.ts";
import { deviceAt, operated } from "../emulated.ts";

/** The cable at a PHY: drivers do not change its state. */
export class Cable implements Wire {
  plugged = true;
}

/** Performs an operation of a test on the device; undefined if the device is not of this driver, or the outcome is not modelled. */
export function operate(
  kernel: Kernel,
  task: Task,
  handle: Handle,
  operation: DeviceOperation,
): Steps<Result> | undefined {
  const { emulated: cable } = deviceAt(kernel, handle) ?? {};
  if (!(cable instanceof Cable)) return undefined;
  if (operation["clear"] === true) {
    return operated(task, () => {
      cable.plugged = true;
      return { faults: [] };
    });
  }
  const { link } = operation as { link?: { port: number; up: boolean } };
  if (link?.port !== 0 || Object.keys(link).length > 2) return undefined;
  return operated(task, () => {
    const changed = cable.plugged !== link.up;
    cable.plugged = link.up;
    // A suspended PHY has no link, even with a cable
    return { port: 0, up: link.up && NOT_KNOWN, changed };
  });
}
