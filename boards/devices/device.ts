/**
 * The interface between an emulated device and a board file: a name for `device` in `[qemu]`, and a table for its options.
 *
 * @module
 */

import type { z } from "zod";

/** The board's side of a kind of emulated device. The device itself is in `fixtures/devices`. */
export interface DeviceTable<Schema extends z.ZodType = z.ZodType> {
  /** The shape of the table `[qemu.NAME]` */
  readonly schema: Schema;
  /** Returns the driver that binds to the device, as sysfs names it; the options may violate the schema */
  readonly driver: (options: Readonly<Record<string, unknown>>) => string;
  /** A description of the device, for people */
  readonly words: string;
}
