/**
 * The operations for races on a function of mlx5_core, beside the operations for any device.
 *
 * @module
 */

import type { InventoryInstance } from "../../inventory.ts";
import type { Operation } from "../../operation.ts";
import type { RaceVocabulary } from "../race.ts";

const write = (file: "bind" | "unbind") => ({ handle }: InventoryInstance): Operation | undefined =>
  handle.startsWith("pci/")
    ? { kind: "file.write", path: `/sys/bus/pci/drivers/mlx5_core/${file}`, value: handle.slice("pci/".length) }
    : undefined;

const bind = write("bind");

/** Unbind and bind of the function's driver. */
export const RACE: RaceVocabulary = {
  unbind: {
    about: "unbind the function from mlx5_core",
    needs: "a PCI function",
    make: write("unbind"),
    undo: (device) => [bind(device)!],
  },
  bind: { about: "bind the function to mlx5_core", needs: "a PCI function", make: bind },
};
