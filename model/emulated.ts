/**
 * Operations on the emulated device of a guest: the model of the driver predicts how the driver reacts.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { operatedBy } from "./drivers/mod.ts";
import { ModelGap } from "./gap.ts";

/** The operation on an emulated device. */
export const DEVICE_COMMANDS: { readonly device: Command<"device"> } = {
  *device({ kernel, task }, { handle, operation }) {
    const steps = operatedBy(kernel, task, handle, operation);
    if (!steps) {
      throw new ModelGap(
        `operation ${Object.keys(operation).join(", ")} of device ${handle}`,
        "only the model of its driver knows what the driver does then",
      );
    }
    return yield* steps;
  },
};
