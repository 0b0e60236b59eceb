/**
 * The table `[qemu.mgbe]` of a board file: an emulated Intel mGBE with its PHY, for the kernel's own dwmac-intel.
 *
 * @module
 */

import { z } from "zod";
import { text } from "../transports/transport.ts";
import type { DeviceTable } from "./device.ts";

const schema = z.strictObject({
  interface: z.enum(["sgmii", "rgmii"]).exactOptional().meta({
    description: "How the MAC speaks to its PHY: sgmii by default, with a SerDes and an XPCS, or rgmii, without a PCS",
  }),
  ptp: z.boolean().exactOptional().meta({
    description:
      "True if the MAC has time stamps; true by default. Without them there is no devlink instance on any kernel",
  }),
  // The lowest bit of the first byte marks multicast addresses.
  mac: text("MAC address of the port").regex(
    /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i,
    'the MAC address of one station, such as "02:54:57:00:20:00"',
  ).exactOptional(),
}).meta({ description: 'Options of device = "mgbe"' });

/** Options of an emulated mGBE. */
export interface MgbeTable {
  /** The MAC's interface to its PHY: SGMII with a SerDes and an XPCS, or RGMII without a PCS. @default {"sgmii"} */
  interface?: "sgmii" | "rgmii";
  /** True if the MAC has hardware timestamps. Without them there is no devlink instance on any kernel. @default {true} */
  ptp?: boolean;
  /** MAC address of the port */
  mac?: string;
}

/** An emulated mGBE. */
export const mgbe: DeviceTable<typeof schema> = {
  schema,
  driver: () => "intel-eth-pci",
  words: "emulated Intel mGBE with a Marvell 88E1512",
};
