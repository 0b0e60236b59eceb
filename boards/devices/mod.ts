/**
 * The emulated devices: what a guest in QEMU may have on its PCI bus. A new kind is a file here for its options, the device in
 * `fixtures/devices`, and one entry in each of the two lists. The compiler asks for the second one.
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

/** The list: the optional tables below `[qemu]`, each with the options of one device. */
export interface DeviceTables {
  /** Options of an emulated ConnectX */
  connectx?: ConnectxTable;
  /** Options of an emulated Spectrum */
  spectrum?: SpectrumTable;
  /** Options of an emulated mGBE */
  mgbe?: MgbeTable;
}

/** The same list: what each device is. */
const TABLES = { connectx, spectrum, mgbe } as const satisfies Record<DeviceName, unknown>;

/** A kind of emulated device: the name of its table. */
export type DeviceName = keyof DeviceTables;

/** The names of the devices. */
export const DEVICES = Object.keys(TABLES) as unknown as readonly [DeviceName, ...DeviceName[]];

type Shape = { [N in DeviceName]: z.ZodExactOptional<typeof TABLES[N]["schema"]> };

/** Returns the part of the shape of `[qemu]` that the tables make up. */
export function deviceShape(): Shape {
  return Object.fromEntries(DEVICES.map((name) => [name, TABLES[name].schema.exactOptional()])) as unknown as Shape;
}

/** Where the device is in a guest: the one function of the first bus below the root, since its root port is the only one. */
export const DEVICE_HANDLE = "pci/0000:01:00.0";

/** An emulated device of a board. */
export interface BoardDevice {
  kind: DeviceName;
  /** Its options, keys as in the board's file */
  options: Readonly<Record<string, unknown>>;
}

/** The part of a board that describes its emulated device, keys in camel case. */
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

/** Returns what a device is, in one line. */
export function deviceWords({ kind, options }: BoardDevice): string {
  const given = Object.entries(options).map(([key, value]) => `${key} ${value}`);
  return [TABLES[kind].words, ...given].join(", ");
}

/** Returns the contradictions in what a board file has about its emulated device; `board` may violate the schema. */
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
