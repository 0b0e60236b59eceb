/**
 * printf(1) and the escapes of echo.
 *
 * @module
 */

import { held, MOST_TEXT, OutOfMemory } from "./memory.ts";

const SIMPLE: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

/** The most digits that JavaScript writes after the decimal point. */
const MOST_PLACES = 100;

/** Replaces escapes as dash's echo does; `\c` ends the text. */
export function escapes(text: string): { text: string; stops: boolean } {
  let stops = false;
  const replaced = text.replace(/\\(?:c([^]*)|0([0-7]{0,3})|([abfnrtv\\]))/g, (_all, rest, octal, letter) => {
    if (letter !== undefined) return SIMPLE[letter]!;
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal || "0", 8));
    stops = rest !== undefined;
    return "";
  });
  return { text: replaced, stops };
}

function formatEscapes(text: string): string {
  return text.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([abfnrtv\\"']))/g,
    (_all, octal, hex, letter) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return SIMPLE[letter] ?? letter;
    },
  );
}

/** Formats arguments; the format is used again until they are used up. */
export function formatPrintf(format: string, args: readonly string[]): { text: string; errors: string[] } {
  const errors: string[] = [];
  let text = "";
  let next = 0;
  const number = (word: string | undefined): bigint => {
    if (word === undefined || word === "") return 0n;
    if (/^["']./.test(word)) return BigInt(word.codePointAt(1)!);
    const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(word);
    if (!match || match[0].length !== word.length) errors.push(`${word}: expected numeric value`);
    if (!match) return 0n;
    const digits = match[2]!;
    const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    return match[1] === "-" ? -value : value;
  };
  do {
    const before = next;
    let stopped = false;
    text += formatEscapes(format.replace(/\\%/g, "%%")).replace(
      /%(?:%|([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?(?:[hlLjzt]*)([diouxXcsbeEfgG]))/g,
      (all, flags: string | undefined, width: string | undefined, precision: string | undefined, type: string) => {
        if (all === "%%") return "%";
        if (stopped) return "";
        const pad = width === "*" ? Number(number(args[next++])) : Number(width ?? 0);
        const digits = precision === "*" ? Number(number(args[next++])) : precision;
        if (pad > MOST_TEXT || Number(digits) > MOST_TEXT) throw new OutOfMemory("Out of memory");
        const places = Math.min(MOST_PLACES, Math.max(0, Number(digits ?? 6)));
        const argument = args[next++];
        let body: string;
        switch (type) {
          case "s":
            body = digits === undefined ? argument ?? "" : (argument ?? "").slice(0, Number(digits));
            break;
          case "b": {
            const escaped = escapes(argument ?? "");
            body = escaped.text;
            stopped = escaped.stops;
            break;
          }
          case "c":
            body = (argument ?? "").slice(0, 1);
            break;
          case "x":
          case "X":
          case "o": {
            const value = BigInt.asUintN(64, number(argument)).toString(type === "o" ? 8 : 16);
            body = (flags!.includes("#") && type !== "o" ? "0x" : "") + value.padStart(Number(digits ?? 0), "0");
            if (type === "X") body = body.toUpperCase();
            break;
          }
          case "e":
          case "E":
          case "f":
          case "g":
          case "G": {
            const value = Number(argument ?? 0) || 0;
            body = type === "f"
              ? value.toFixed(places)
              : type.toLowerCase() === "g"
              ? String(Number(value.toPrecision(Math.max(1, places))))
              : value.toExponential(places);
            break;
          }
          default: {
            const value = number(argument);
            const plain = (value < 0n ? -value : value).toString().padStart(Number(digits ?? 0), "0");
            body = (value < 0n ? "-" : flags!.includes("+") ? "+" : flags!.includes(" ") ? " " : "") + plain;
          }
        }
        if (flags!.includes("-")) return body.padEnd(pad);
        if (flags!.includes("0") && type !== "s") {
          const sign = /^[-+ ]?/.exec(body)![0];
          return sign + body.slice(sign.length).padStart(pad - sign.length, "0");
        }
        return body.padStart(pad);
      },
    );
    held(text);
    if (next === before || stopped) break;
  } while (next < args.length);
  return { text, errors };
}
