/**
 * What devlink(8) prints without `-j`, made of the JSON that it prints with it: both come from the same attributes.
 *
 * @module
 */

import type { Json, JsonObject } from "../../model/observation.ts";

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns a value as it is written in a line. */
export type Scalar = (key: string, value: Json) => string;

const plain: Scalar = (key, value) => `${key} ${value}`;

/**
 * Returns the lines of an object: its scalars in one line at `indent`, after `head`; nested objects below, each under its name.
 */
function objectText(value: JsonObject, indent: number, head: string, scalar: Scalar = plain): string {
  const words: string[] = [];
  let below = "";
  const pad = " ".repeat(indent + 2);
  const inner = indent + 4;
  for (const [key, each] of Object.entries(value)) {
    if (Array.isArray(each) && key !== "snapshot") {
      below += `${pad}${key}:\n`;
      for (const entry of each) if (isObject(entry)) below += objectText(entry, inner, " ".repeat(inner), scalar);
      if (each.length > 0 && !isObject(each[0]!)) below += `${" ".repeat(inner)}${each.join(" ")}\n`;
    } else if (isObject(each)) {
      below += `${pad}${key}:\n${objectText(each, inner, " ".repeat(inner), scalar)}`;
    } else if (Array.isArray(each)) {
      // The list of all, or the one that came
      words.push("size" in value ? `${key} [${each.join(" ")}]` : `${key} ${each.join(" ")}`);
    } else words.push(scalar(key, each));
  }
  const line = words.length > 0 ? `${head}${words.join(" ")}\n` : "";
  return line + below;
}

/** Objects by their handle, each in a line: `HANDLE: key value ...`; the handle alone if the object is empty. */
export function handlesText(objects: JsonObject, scalar: Scalar = plain): string {
  let text = "";
  for (const [handle, value] of Object.entries(objects)) {
    const attributes = value as JsonObject;
    if (Object.keys(attributes).length === 0) text += `${handle}\n`;
    else {
      const first = Object.values(attributes)[0]!;
      const nested = isObject(first) || (Array.isArray(first) && Object.keys(attributes)[0] !== "snapshot");
      text += nested
        ? `${handle}:\n${objectText(attributes, 0, "", scalar)}`
        : objectText(attributes, 0, `${handle}: `, scalar);
    }
  }
  return text;
}

/** Returns the text of lists of objects, by the handle of their instance or port. */
export function listsText(lists: JsonObject): string {
  let text = "";
  for (const [handle, list] of Object.entries(lists)) {
    text += `${handle}:\n`;
    for (const entry of list as Json[]) text += objectText(entry as JsonObject, 2, "  ");
  }
  return text;
}

/** Health reporters: the name in a line of its own. */
export function reporterText(reporter: JsonObject, indent: number): string {
  const { reporter: name, ...rest } = reporter;
  return `${" ".repeat(indent)}reporter ${name}\n${objectText(rest, indent + 2, " ".repeat(indent + 2))}`;
}

/** Returns the driver and the versions of instances. */
export function infoText(info: JsonObject): string {
  let text = "";
  for (const [handle, value] of Object.entries(info)) {
    text += `${handle}:\n`;
    const scalars: string[] = [];
    let below = "";
    for (const [key, each] of Object.entries(value as JsonObject)) {
      if (isObject(each)) below += `  ${key}:\n${objectText(each, 4, " ".repeat(4))}`;
      else scalars.push(`  ${key} ${each}\n`);
    }
    text += scalars.join("") + below;
  }
  return text;
}

const HEX_ROW = 16;

/** Bytes as hexadecimal, as devlink(8) prints the bytes of a region from an address on. */
export function regionText(address: number, bytes: readonly number[]): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += HEX_ROW) {
    const row = bytes.slice(i, i + HEX_ROW).map((byte) => `${byte.toString(16).padStart(2, "0")} `).join("");
    text += `${(address + i).toString(16).padStart(16, "0")} ${row}\n`;
  }
  return text;
}

/** Returns a formatted message of a health reporter (`devlink_fmsg`). */
export function messageText(message: JsonObject, hex: boolean): string {
  const figure = (value: Json) =>
    hex && typeof value === "number" && value > 0 ? `0x${value.toString(16)}` : String(value);
  const pairs = (object: JsonObject, indent: number): string => {
    let text = "";
    let line = "";
    const flush = () => {
      if (line !== "") text += `${line}\n`;
      line = "";
    };
    for (const [key, value] of Object.entries(object)) {
      if (Array.isArray(value)) {
        flush();
        text += `${" ".repeat(indent)}  ${key}:\n`;
        // Only the name tells bytes from numbers
        if (!key.includes("binary")) {
          for (const each of value) if (isObject(each)) text += pairs(each, indent + 6);
          if (value.length > 0 && !isObject(value[0]!)) {
            text += `${" ".repeat(indent + 4)}${value.map(figure).join(" ")}\n`;
          }
          continue;
        }
        for (let i = 0; i < value.length; i += HEX_ROW) {
          const row = value.slice(i, i + HEX_ROW).map((byte) => `${Number(byte).toString(16).padStart(2, "0")} `);
          text += `${" ".repeat(indent + 4)}${row.join("")}\n`;
        }
      } else if (isObject(value)) {
        flush();
        text += `${" ".repeat(indent)}  ${key}:\n${pairs(value, indent + 4)}`;
      } else {
        line += line === ""
          ? `${" ".repeat(indent === 0 ? 1 : indent)}${key}: ${figure(value)}`
          : ` ${key}: ${figure(value)}`;
      }
    }
    flush();
    return text;
  };
  return pairs(message, 0);
}

/** Returns a rate in bytes a second, as iproute2 writes it in bits: `10Mbit`. */
export function rateText(bytes: number, iec: boolean): string {
  const kilo = iec ? 1024 : 1000;
  const units = ["", "K", "M", "G", "T"];
  let rate = bytes * 8;
  let unit = 0;
  while (unit < units.length - 1 && rate >= kilo && !(rate % kilo !== 0 && rate < 1000 * kilo)) {
    rate = Math.floor(rate / kilo);
    unit++;
  }
  return `${rate}${units[unit]}${iec && unit > 0 ? "i" : ""}bit`;
}
