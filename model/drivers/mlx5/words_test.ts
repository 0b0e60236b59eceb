/** Checks the texts of older kernels, which are from the kernels' sources and were logged by real kernels. */

import { assertEquals } from "@std/assert";
import { inWords, type Words } from "./words.ts";

const LINES: Readonly<Record<Words, Readonly<Record<string, string | undefined>>>> = {
  "6.12": {
    "mlx5_load: Failed allocating bfreg, -11": "mlx5_load: Failed allocating bfreg, -11",
  },
  "6.1": {
    "mlx5_load: Failed allocating bfreg, -11": "mlx5_load: Failed allocating uar, aborting",
    "mlx5e_create_mdev_resources: alloc tises failed, -22": "mlx5e_init_nic_tx: create tises failed, -22",
    "mlx5e_create_mdev_resources: alloc pd failed, -11": "mlx5e_create_mdev_resources: alloc pd failed, -11",
    "mlx5e_init_nic_rx: create rx resources failed, -12": undefined,
    "_mlx5e_probe: _mlx5e_resume failed, -12": "mlx5e_probe: mlx5e_resume failed, -12",
    "mlx5_function_enable: enable hca failed": "mlx5_function_enable: enable hca failed",
  },
  "5.10": {
    "mlx5_load: Failed allocating bfreg, -11": "mlx5_load: Failed allocating uar, aborting",
    "mlx5_function_enable: enable hca failed": "mlx5_function_setup: enable hca failed",
    "mlx5e_create_mdev_resources: alloc tises failed, -22": "mlx5e_init_nic_tx: create tises failed, -22",
    "_mlx5e_probe: _mlx5e_resume failed, -12": undefined,
    "probe_one: mlx5_init_one failed with error code -12": "init_one: mlx5_load_one failed with error code -12",
    "mlx5_function_open: init hca failed": "mlx5_function_setup: init hca failed",
    "mlx5_cmd_out_err: SET_ISSI(0x10b) op_mod(0x0) failed, status limits exceeded(0x8), syndrome (0x1), err(-12)":
      "mlx5_cmd_check: SET_ISSI(0x10b) op_mod(0x0) failed, status limits exceeded(0x8), syndrome (0x1)",
    "mlx5_unload_one_devl_locked: mlx5_unload_one_devl_locked: interface is down, NOP":
      "mlx5_unload_one: mlx5_unload_one: interface is down, NOP",
  },
};

for (const [words, lines] of Object.entries(LINES) as [Words, Record<string, string | undefined>][]) {
  Deno.test(`mlx5: the texts of ${words}`, () => {
    for (const [line, expected] of Object.entries(lines)) assertEquals(inWords(words, line), expected);
  });
}
