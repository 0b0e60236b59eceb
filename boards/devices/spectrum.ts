/**
 * The table `[qemu.spectrum]` of a board file: an emulated Spectrum switch, for the kernel's own mlxsw_spectrum.
 *
 * @module
 */

import { z } from "zod";
import { text } from "../transports/transport.ts";
import type { DeviceTable } from "./device.ts";

const schema = z.strictObject({
  model: z.enum(["spectrum", "spectrum2"]).exactOptional().meta({
    description: "Generation of the switch: spectrum by default, or spectrum2, whose driver is mlxsw_spectrum2",
  }),
  firmware: text("Minor and subminor version of the firmware, for example 2010.1006; the major one is of the model")
    .regex(/^\d{4}\.\d{4}$/, 'a minor and a subminor version such as "2010.1006", four digits each').exactOptional(),
  ports: z.int().min(1).max(16).exactOptional().meta({ description: "Number of front panel ports; 2 by default" }),
  // The lowest bit of the first byte marks multicast addresses. The ports count up in the last byte.
  mac: text("MAC address of the switch, whose ports have the ones that follow").regex(
    /^[0-9a-f][02468ace](:[0-9a-f]{2}){4}:00$/i,
    'the MAC address of one station that ends with 00, such as "02:54:57:00:10:00"',
  ).exactOptional(),
  psid: text("Identity of the board, which devlink dev info shows as fw.psid")
    .regex(/^[A-Z0-9_]{1,16}$/i, "1 to 16 letters, digits or underscores").exactOptional(),
}).meta({ description: 'Options of device = "spectrum"' });

/** Options of an emulated Spectrum. */
export interface SpectrumTable {
  /** Generation of the switch. @default {"spectrum"} */
  model?: "spectrum" | "spectrum2";
  /** Minor and subminor version of the firmware: `2010.1006`. The major version follows from the model */
  firmware?: string;
  /** Number of front panel ports. @default {2} */
  ports?: number;
  /** MAC address of the switch; its ports have the next addresses */
  mac?: string;
  /** Identity of the board, which `devlink dev info` shows as `fw.psid` */
  psid?: string;
}

/** An emulated Spectrum. */
export const spectrum: DeviceTable<typeof schema> = {
  schema,
  driver: ({ model }) => model === "spectrum2" ? "mlxsw_spectrum2" : "mlxsw_spectrum",
  words: "emulated Spectrum switch",
};
