/**
 * The reactions of the driver when a test operates its emulated card (`fixtures/devices/connectx`), for operations whose outcome
 * is modelled.
 *
 * @module
 */

import type { Kernel } from "../../kernel/kernel.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { type Json, NOT_KNOWN, type Result } from "../../observation.ts";
import type { DeviceOperation, Handle } from "../../operation.ts";
import { deviceAt, operated } from "../emulated.ts";
import { commandNamed } from "./commands.ts";
import { areShown, type CounterValues } from "./counters.ts";
import { Card, type Health, isWell, WELL } from "./emulated_card.ts";
import { faultOf, reported, targetOf } from "./faults.ts";
import { Mlx5 } from "./function.ts";

/** Performs the reaction of the driver; undefined if the device is not bound to it, or the outcome is not modelled. */
export function operate(
  kernel: Kernel,
  task: Task,
  handle: Handle,
  operation: DeviceOperation,
): Steps<Result> | undefined {
  const { emulated: card, data } = deviceAt(kernel, handle) ?? {};
  if (!(card instanceof Card)) return undefined;
  const mlx5 = data instanceof Mlx5 ? data : undefined;
  const { blueflame } = operation;
  if (typeof blueflame === "boolean") {
    return mlx5?.blueflame(blueflame) ? operating(task, card, () => ({ blueflame })) : undefined;
  }
  const netdev = mlx5?.netdev;
  const plug = (cable: boolean) => {
    const changed = card.plug(cable);
    if (changed && netdev?.up) kernel.linkwatch.carrier(netdev, cable);
    return changed;
  };
  if (operation["clear"] === true) {
    const heal = isWell(card.health) ? () => {} : mlx5?.health.change(WELL);
    return heal && operating(task, card, () => {
      heal();
      plug(true);
      return { faults: card.clear().map(reported) };
    });
  }
  const { health } = operation as { health?: Partial<Health> & { healAt?: "restart"; healAfterMs?: number } };
  if (health) {
    const { healAt, healAfterMs, ...given } = health;
    const change = healAfterMs === undefined ? mlx5?.health.change(given, healAt === "restart") : undefined;
    return change && operating(task, card, () => {
      change();
      return { ...card.health };
    });
  }
  const { link } = operation as { link?: { port: number; up: boolean } };
  if (link) {
    const { port, up } = link;
    if (port !== 0) return undefined;
    // The driver sets the port up while its netdev is up (en_main.c: mlx5e_open(), mlx5e_close(), mlx5e_nic_enable())
    return operating(task, card, () => ({ port, changed: plug(up), up: up && (netdev ? netdev.up : NOT_KNOWN) }));
  }
  const { counters } = operation as { counters?: Record<string, CounterValues> };
  if (counters) {
    const { vnic, ...others } = counters;
    if (!vnic || Object.keys(others).length > 0 || !areShown(vnic)) return undefined;
    return operating(task, card, () => {
      card.count(vnic);
      return { vnic: { ...vnic } };
    });
  }
  const fault = faultOf(operation);
  const command = fault && commandNamed(targetOf(fault));
  if (!command) return undefined;
  if (command.repeated && (fault.nth !== 1 || fault.times !== 1)) return undefined;
  if (command.part === "ethernet" && !card.ethernetAlone) return undefined;
  return operating(task, card, () => {
    card.faults.add(fault);
    return reported(fault);
  });
}

/** Operates an emulated card. */
function operating(task: Task, card: Card, does: () => Json): Steps<Result> {
  return operated(task, () => {
    card.operated = true;
    return does();
  });
}
