/**
 * The texts that kernels log for a failure. The model holds the texts of 6.12; this file translates them for older kernels.
 *
 * @module
 */

import type { Device } from "../../kernel/device.ts";
import type { Result } from "../../observation.ts";
import { codeOf } from "./faults.ts";

/** A kernel whose texts are known. */
export type Words = "5.10" | "6.1" | "6.12";

/** The text of an older kernel for each text of 6.12; undefined if the older kernel logs no such line. */
type Wording = readonly (readonly [words: RegExp, instead: string | undefined])[];

const UAR: Wording = [[/^mlx5_load: Failed allocating bfreg, .*/, "mlx5_load: Failed allocating uar, aborting"]];

const TIS: Wording = [[/^mlx5e_create_mdev_resources: alloc tises(?= failed)/, "mlx5e_init_nic_tx: create tises"]];

/** The texts by kernel; the names are functions in drivers/net/ethernet/mellanox/mlx5/core: cmd.c, main.c, en_main.c. */
const WORDINGS: Readonly<Record<Words, Wording>> = {
  "5.10": [
    ...UAR,
    ...TIS,
    [/^_mlx5e_probe: _mlx5e_resume failed, /, undefined],
    [/^probe_one: mlx5_init_one(?= failed)/, "init_one: mlx5_load_one"],
    [/^mlx5_cmd_out_err: (.*), err\(-\d+\)$/, "mlx5_cmd_check: $1"],
    [/^mlx5_function_(?:enable|open)(?=: )/, "mlx5_function_setup"],
    [/\bmlx5_unload_one_devl_locked\b/g, "mlx5_unload_one"],
    [/^mlx5_pci_slot_reset .* Enter$/, "mlx5_pci_slot_reset was called"],
    [/^mlx5_pci_slot_reset .* recovered$/, "mlx5_pci_resume was called"],
    [/^health recovery succeeded$/, "mlx5_pci_resume: device recovered"],
  ],
  "6.1": [
    ...UAR,
    ...TIS,
    [/^mlx5e_init_nic_rx: create rx resources failed, /, undefined],
    [/^_mlx5e_probe: _mlx5e_resume(?= failed)/, "mlx5e_probe: mlx5e_resume"],
  ],
  "6.12": [],
};

/** Translates a line of 6.12; returns undefined if the other kernel does not log the line. */
export function inWords(words: Words, line: string): string | undefined {
  for (const [of, instead] of WORDINGS[words]) {
    if (line.search(of) < 0) continue;
    if (instead === undefined) return;
    line = line.replace(of, instead);
  }
  return line;
}

/** Returns the line that the driver core logs for a failed probe. Source: drivers/base/dd.c, call_driver_probe() */
export function unprobed(words: Words, { name, driver }: Device, errno: Result): string {
  const says = words === "6.12" ? ` ${name}: probe with driver ${driver!.name}` : `: probe of ${name}`;
  return `${driver!.name}${says} failed with error -${codeOf(errno)}`;
}
