/**
 * The operations for races on a switch, beside the operations for any device.
 *
 * @module
 */

import type { InventoryInstance } from "../../inventory.ts";
import type { Operation } from "../../operation.ts";
import type { RaceVocabulary } from "../race.ts";
import { FIRST_ASIC } from "./asic.ts";

/** True if the switch is a first-generation Spectrum. The inventory does not name the driver; only later ASICs have this trap. */
const isFirst = ({ traps }: InventoryInstance) => !traps.some(({ name }) => name === "early_drop");

const write = (file: "bind" | "unbind") => (device: InventoryInstance): Operation | undefined =>
  isFirst(device)
    ? {
      kind: "file.write",
      path: `/sys/bus/pci/drivers/${FIRST_ASIC}/${file}`,
      value: device.handle.slice("pci/".length),
    }
    : undefined;

const bind = write("bind");
const needs = "a switch of the first Spectrum";

/** Unbind and bind of the switch's driver. */
export const RACE: RaceVocabulary = {
  unbind: {
    about: "unbind the switch from mlxsw_spectrum",
    needs,
    make: write("unbind"),
    undo: (device) => {
      const back = bind(device);
      return back ? [back] : [];
    },
  },
  bind: { about: "bind the switch to mlxsw_spectrum", needs, make: bind },
};
