/**
 * The emulated devices that a guest in QEMU may have on its PCI bus. A new kind needs a file here for its options, the device
 * in `fixtures/devices`, and one entry in each of the two lists. The compiler reports a missing entry in the second list.
 *
 * @module
 */

import type { z } from "zod";
import type { Problem } from "../transports/transport.ts";
import { connectx, type ConnectxTable } from "./connectx.ts";
import { mgbe, type MgbeTable } from "./mgbe.ts";
import { spectrum, type SpectrumTable } from "./spectrum.ts";

export type { ConnectxTable } from "./connectx.ts";
export type { MgbeTable } from "./mgbe.ts";
export type { SpectrumTable } from "./spectrum.ts";

/** The first list: the optional tables in `[qemu]`, each with the options of one device. */
export interface DeviceTables {
  /** Options of an emulated ConnectX */
  connectx?: ConnectxTable;
  /** Options of an emulated Spectrum */
  spectrum?: SpectrumTable;
  /** Options of an emulated mGBE */
  mgbe?: MgbeTable;
}

/** The second list: the description of each device. */
const TABLES = { connectx, spectrum, mgbe } as const satisfies Record<DeviceName, unknown>;

/** A kind of emulated device: the name of its table. */
export type DeviceName = keyof DeviceTables;

/** The names of the devices. */
export const DEVICES = Object.keys(TABLES) as unknown as readonly [DeviceName, ...DeviceName[]];

type Shape = { [N in DeviceName]: z.ZodExactOptional<typeof TABLES[N]["schema"]> };

/** Returns the part of the shape of `[qemu]` for the tables of devices. */
export function deviceShape(): Shape {
  return Object.fromEntries(DEVICES.map((name) => [name, TABLES[name].schema.exactOptional()])) as unknown as Shape;
}

/** The handle of the device in a guest: the only function on the bus below the only root port. */
export const DEVICE_HANDLE = "pci/0000:01:00.0";

/** An emulated device of a board. */
export interface BoardDevice {
  kind: DeviceName;
  /** Its options, with keys as in the board's file */
  options: Readonly<Record<string, unknown>>;
}

/** The part of a board that describes its emulated device, with keys in camel case. */
interface Emulating {
  qemu?: { device?: DeviceName } & { [N in DeviceName]?: object };
}

/** Returns the emulated device of a board; undefined if the board has none. */
export function deviceOf({ qemu }: Emulating): BoardDevice | undefined {
  const kind = qemu?.device;
  if (kind === undefined) return undefined;
  const inFile = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const options = Object.entries(qemu![kind] ?? {}).map(([key, value]) => [inFile(key), value]);
  return { kind, options: Object.fromEntries(options) };
}

/** Describes a device in one line. */
export function deviceWords({ kind, options }: BoardDevice): string {
  const given = Object.entries(options).map(([key, value]) => `${key} ${value}`);
  return [TABLES[kind].words, ...given].join(", ");
}

/** Returns the contradictions in a board file about its emulated device; `board` may violate the schema. */
export function deviceProblems(board: Record<string, unknown>): Problem[] {
  const { qemu, handle, driver } = board;
  if (typeof qemu !== "object" || qemu === null) return [];
  const { device, kernel } = qemu as Record<string, unknown>;
  const problems: Problem[] = DEVICES.filter((name) => name in qemu && name !== device).map((name) => ({
    key: `qemu.${name}`,
    message: `has no effect without device = "${name}"`,
  }));
  const kind = DEVICES.find((name) => name === device);
  if (kind === undefined) return problems;
  const say = (key: string, found: unknown, meant: string) =>
    problems.push({
      key,
      message: found === undefined ? `is missing: ${meant}` : `is ${JSON.stringify(found)}, but ${meant}`,
    });
  if (handle !== DEVICE_HANDLE) say("handle", handle, `device = "${kind}" is at ${DEVICE_HANDLE}`);
  const options = (qemu as Record<string, unknown>)[kind];
  const meant = TABLES[kind].driver(typeof options === "object" && options !== null ? { ...options } : {});
  if (driver !== meant) say("driver", driver, `device = "${kind}" is for ${meant}`);
  if (typeof kernel === "string" && kernel.endsWith("-debug")) {
    say("qemu.device", device, `kernel ${kernel} is built without drivers for PCI devices`);
  }
  return problems;
}
