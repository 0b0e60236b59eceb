/**
 * In which words a kernel logs what fails. The model has those of 6.12; older kernels say the same in others.
 *
 * @module
 */

import type { Device } from "../../kernel/device.ts";
import type { Result } from "../../observation.ts";
import { codeOf } from "./faults.ts";

/** A kernel whose words are known. */
export type Words = "5.10" | "6.1" | "6.12";

/** What stands in the place of what 6.12 logs; undefined for a line that is not logged. */
type Wording = readonly (readonly [words: RegExp, instead: string | undefined])[];

const UAR: Wording = [[/^mlx5_load: Failed allocating bfreg, .*/, "mlx5_load: Failed allocating uar, aborting"]];

/** The names are of functions in drivers/net/ethernet/mellanox/mlx5/core: cmd.c, main.c, en_main.c. */
const WORDINGS: Readonly<Record<Words, Wording>> = {
  "5.10": [
    ...UAR,
    [/^mlx5_cmd_out_err: (.*), err\(-\d+\)$/, "mlx5_cmd_check: $1"],
    [/^mlx5_function_(?:enable|open)(?=: )/, "mlx5_function_setup"],
    [/\bmlx5_unload_one_devl_locked\b/g, "mlx5_unload_one"],
  ],
  "6.1": [
    ...UAR,
    [/^mlx5e_create_mdev_resources: alloc tises(?= failed)/, "mlx5e_init_nic_tx: create tises"],
    [/^mlx5e_init_nic_rx: create rx resources failed, /, undefined],
    [/^_mlx5e_probe: _mlx5e_resume(?= failed)/, "mlx5e_probe: mlx5e_resume"],
  ],
  "6.12": [],
};

/** Returns a line that the driver logs on 6.12 as it is on another kernel; undefined if that logs none. */
export function inWords(words: Words, line: string): string | undefined {
  for (const [of, instead] of WORDINGS[words]) {
    if (line.search(of) < 0) continue;
    if (instead === undefined) return;
    line = line.replace(of, instead);
  }
  return line;
}

/** Returns what the driver core logs of a probe that fails. Source: drivers/base/dd.c, call_driver_probe() */
export function unprobed(words: Words, { name, driver }: Device, errno: Result): string {
  const says = words === "6.12" ? ` ${name}: probe with driver ${driver!.name}` : `: probe of ${name}`;
  return `${driver!.name}${says} failed with error -${codeOf(errno)}`;
}
