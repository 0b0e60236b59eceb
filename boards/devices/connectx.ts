/**
 * The table `[qemu.connectx]` of a board file: an emulated ConnectX, for the kernel's own mlx5_core.
 *
 * @module
 */

import { z } from "zod";
import { text } from "../transports/transport.ts";
import type { DeviceTable } from "./device.ts";

const BYTE = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const WORD = "(6553[0-5]|655[0-2]\\d|65[0-4]\\d\\d|6[0-4]\\d{3}|[1-5]\\d{4}|\\d{1,4})";

const schema = z.strictObject({
  firmware: text("Version of the firmware that the card reports, for example 16.35.2024")
    .regex(
      new RegExp(`^${BYTE}\\.${BYTE}\\.${WORD}$`),
      'a version such as "16.35.2024": numbers up to 255, 255 and 65535',
    ).exactOptional(),
  roce: z.boolean().exactOptional().meta({
    description: 'True if the card has RoCE; true by default. The guest has RDMA with modules = ["mlx5_ib"] in [qemu]',
  }),
  // The lowest bit of the first byte marks multicast addresses.
  mac: text("MAC address of the port").regex(
    /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i,
    'the MAC address of one station, such as "0c:42:a1:00:00:01"',
  ).exactOptional(),
  psid: text("Identity of the board, which devlink dev info shows as fw.psid")
    .regex(/^[A-Z0-9_]{1,16}$/i, "1 to 16 letters, digits or underscores").exactOptional(),
  eswitch_manager: z.boolean().exactOptional().meta({
    description: "True if the function manages the embedded switch, so that it has eswitch modes; false by default",
  }),
}).meta({ description: 'Options of device = "connectx"' });

/** Options of an emulated ConnectX. */
export interface ConnectxTable {
  /** Version of the firmware that the card reports: `16.35.2024` */
  firmware?: string;
  /** True if the card has RoCE. @default {true} */
  roce?: boolean;
  /** MAC address of the port */
  mac?: string;
  /** Identity of the board, which `devlink dev info` shows as `fw.psid` */
  psid?: string;
  /** True if the function manages the embedded switch, so that it has eswitch modes. @default {false} */
  eswitch_manager?: boolean;
}

/** An emulated ConnectX. */
export const connectx: DeviceTable<typeof schema> = { schema, driver: () => "mlx5_core", words: "emulated ConnectX-5" };
