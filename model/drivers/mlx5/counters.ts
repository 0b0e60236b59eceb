/**
 * Counters of the emulated card, as the driver shows them.
 *
 * @module
 */

import type { Fmsg } from "../../devlink/fmsg.ts";

/** Values of counters by name. */
export type CounterValues = Readonly<Record<string, number>>;

/** The vNIC counters of the emulated card, in the driver's order, with the size of each in bits. */
const VNIC: Readonly<Record<string, 32 | 64>> = {
  total_error_queues: 32,
  send_queue_priority_update_flow: 32,
  cq_overrun: 32,
  invalid_command: 32,
  quota_exceeded_command: 32,
  nic_receive_steering_discard: 64,
};

/** True if the driver shows all the counters, and the values fit. */
export function areShown(values: CounterValues): boolean {
  return Object.entries(values).every(([name, value]) => {
    const largest = VNIC[name] === 32 ? 0xffff_ffff : VNIC[name] === 64 ? Number.MAX_SAFE_INTEGER : -1;
    return Number.isInteger(value) && value >= 0 && value <= largest;
  });
}

/** Writes the diagnosis of reporter vnic. Source: core/diag/reporter_vnic.c, mlx5_reporter_vnic_diagnose_counters() */
export function diagnoseVnic(fmsg: Fmsg, values: CounterValues): void {
  fmsg.begin("pair").name("vNIC env counters").begin("object");
  for (const name of Object.keys(VNIC)) fmsg.pair(name, values[name] ?? 0);
  fmsg.end().end();
}
