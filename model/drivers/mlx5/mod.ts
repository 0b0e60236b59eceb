/**
 * The model of mlx5_core: a ConnectX by the facts of its board, and the driver's behaviour
 * (drivers/net/ethernet/mellanox/mlx5/core).
 *
 * @module
 */

import type { Facts } from "../../facts.ts";
import { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { DriverModel } from "../driver.ts";
import { instantiate as generic } from "../generic/instantiate.ts";
import { registerDrivers } from "./drivers.ts";
import { operate } from "./card.ts";
import { mlx5Era } from "./era.ts";
import { RACE } from "./race.ts";

/** Adds the function to its bus, bound as in the facts; on a kernel whose driver nobody read, it uses the generic driver. */
function* instantiate(kernel: Kernel, task: Task, facts: Facts): Steps {
  const [bus, name] = facts.handle.split("/") as [string, string];
  // A subfunction is a device of the auxiliary bus: its driver is another part of mlx5_core
  if (bus !== "pci" || !mlx5Era(kernel.era).modelled) return yield* generic(kernel, task, facts);
  yield* registerDrivers(kernel, task, facts, { adopts: true });
  yield* kernel.core.addDevice(task, new Device(kernel, bus, name));
}

/** mlx5_core. */
export const mlx5: DriverModel = {
  name: "mlx5",
  drivers: ["mlx5_core"],
  instantiate,
  operate,
  race: RACE,
  log: [/^mlx5_core(\.eth)? /, /^infiniband mlx5_\d+: /],
  logPlaces: [{
    id: "mlx5-place",
    pattern: /(?<=^mlx5_core \S+: \w+):\d+:\(pid \d+\)(?=: )/,
    reason: "names the line of the source and the process",
    source: "core/mlx5_core.h: mlx5_core_err()",
  }, {
    id: "mlx5-ib-place",
    pattern: /(?<=^infiniband \S+: \w+):\d+:\(pid \d+\)(?=: )/,
    reason: "names the line of the source and the process",
    source: "drivers/infiniband/hw/mlx5/mlx5_ib.h: mlx5_ib_err()",
  }],
  chatter: [{
    id: "mlx5-card",
    pattern: /^mlx5_core \S+: (firmware version: |[\d.]+ Gb\/s available PCIe bandwidth|PTM is not supported by PCIe$)/,
    reason: "describes the card and its slot",
    source: "core/main.c, drivers/pci/pci.c",
  }, {
    id: "mlx5-capabilities",
    pattern:
      /^mlx5_core \S+: (MLX5E: StrdRq\(|Supported tc offload range - |mlx5e_tc_post_act_init:|mlx5_pci_vsc_init:|handle_hca_cap:)/,
    reason: "lists what the card can do",
    source: "core/en_main.c, core/en_tc.c, core/lib/pci_vsc.c, core/main.c",
  }, {
    id: "mlx5-health-buffer",
    pattern:
      /^mlx5_core \S+: print_health_info: (assert_|fw_ver |time |hw_id |rfr |crr |severity |irisc_index |synd |ext_synd |raw fw_ver )/,
    reason: "lists what the firmware of the card reports of its error",
    source: "core/health.c: print_health_info()",
  }, {
    id: "mlx5-flow-counters",
    pattern: /^mlx5_core \S+: Flow counters bulk query buffer size increased, bulk_query_len\(\d+\)$/,
    reason: "tells of a buffer that work makes some time after a probe",
    source: "core/fs_counters.c: mlx5_fc_stats_bulk_query_buf_realloc()",
  }, {
    id: "mlx5-vital",
    pattern: /^mlx5_core \S+: wait vital counter value 0x[0-9a-f]+ after \d+ iterations$/,
    reason: "tells the health counter of the card as it is then",
    source: "core/main.c: wait_vital()",
  }, {
    id: "mlx5-link",
    pattern: /^mlx5_core \S+ \S+: Link (up|down)$/,
    reason: "the link of the card comes and goes with the board's cable",
    source: "core/en_main.c: mlx5e_update_carrier()",
  }],
};
