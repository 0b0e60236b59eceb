/**
 * The names of serial lines: a device of this machine, or a port of a console server.
 *
 * @module
 */

/**
 * The schemes of lines that are not devices of this machine. A new scheme needs an entry here, and its opener in
 * `runners/lines/network_lines.ts`, which the compiler requires. `sets` is true if the host can set the speed and the flow
 * control of the line.
 */
export const LINE_SCHEMES = {
  tcp: { what: "a port of a console server that passes bytes as they are", sets: false },
  rfc2217: { what: "one that sets the line's speed as well", sets: true },
} as const;

/** The scheme of a line: one of {@linkcode LINE_SCHEMES}. */
export type LineScheme = keyof typeof LINE_SCHEMES;

const SCHEMES = Object.entries(LINE_SCHEMES).map(([scheme, about]) => ({
  scheme,
  form: `${scheme}://HOST:PORT`,
  ...about,
}));

/** A serial line of a console server. */
export interface NetworkLine {
  /** The protocol of the server */
  protocol: LineScheme;
  /** Host name or address; an IPv6 address without its brackets */
  host: string;
  /** TCP port */
  port: number;
}

const HOST = /\[(?<address>[0-9a-fA-F:.]+)\]|(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)/;
const PORT = /[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]/;
const NETWORK = new RegExp(
  `^(?<protocol>${Object.keys(LINE_SCHEMES).join("|")})://(?:${HOST.source}):(?<port>${PORT.source})$`,
);

/** The pattern for a line's path: a file path, or a server and its port with no other part of a URL. */
export const LINE: RegExp = new RegExp(`^(?:/.*|${NETWORK.source.slice(1, -1).replaceAll(/\?<\w+>/g, "")})$`);

/** The valid forms of a line's path, for messages. */
export const LINE_FORMS: string = ["an absolute path", ...SCHEMES.map(({ form }) => form)].join(", ")
  .replace(/, ([^,]*)$/, " or $1");

/** The meaning of each form of a network line, for the documentation of board files. */
export const LINE_MEANINGS: string = SCHEMES.map(({ form, what }) => `${form}, ${what}`).join("; ");

/** Returns why the host cannot set the flow control of a line; undefined if it can. */
export function unsettable(path: string): string | undefined {
  const fixed = SCHEMES.find(({ scheme, sets }) => !sets && path.startsWith(`${scheme}://`));
  if (!fixed) return undefined;
  const others = SCHEMES.filter(({ sets }) => sets).map(({ scheme }) => `${scheme}://`).join(", ");
  return `is of no use with ${fixed.scheme}://: the server sets the line; ${others} sets it from here`;
}

/**
 * Reads the path of a line; undefined for a device of this machine.
 *
 * ```ts
 * import { networkLine } from "./line_words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(networkLine("rfc2217://lab-server:40001"), { protocol: "rfc2217", host: "lab-server", port: 40001 });
 * assertEquals(networkLine("/dev/ttyUSB0"), undefined);
 * ```
 *
 * @throws {TypeError} If the path has neither form
 */
export function networkLine(path: string): NetworkLine | undefined {
  if (!LINE.test(path)) {
    throw new TypeError(`Cannot use ${JSON.stringify(path)} as a serial line: it is not ${LINE_FORMS}`);
  }
  const { protocol, address, name, port } = NETWORK.exec(path)?.groups ?? {};
  if (path.startsWith("/") || protocol === undefined) return undefined;
  return { protocol: protocol as NetworkLine["protocol"], host: address ?? name!, port: Number(port) };
}
