/**
 * How a serial line is named: a device of this machine, or a port of a console server.
 *
 * @module
 */

/** A serial line behind a console server. */
export interface NetworkLine {
  /** `tcp`: the bytes as they are, at the speed that the server has set. `rfc2217`: telnet, which sets the speed too */
  protocol: "tcp" | "rfc2217";
  /** Host name or address; an IPv6 address without its brackets */
  host: string;
  /** TCP port */
  port: number;
}

const HOST = /\[(?<address>[0-9a-fA-F:.]+)\]|(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)/;
const PORT = /[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]/;
const NETWORK = new RegExp(`^(?<protocol>tcp|rfc2217)://(?:${HOST.source}):(?<port>${PORT.source})$`);

/** What a line's path must match: a path, or a server and its port with nothing else of what a URL may have. */
export const LINE: RegExp = new RegExp(`^(?:/.*|${NETWORK.source.slice(1, -1).replaceAll(/\?<\w+>/g, "")})$`);

/** What a line's path must be, for messages. */
export const LINE_FORMS = "an absolute path, tcp://HOST:PORT or rfc2217://HOST:PORT";

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
 * @throws {TypeError} If it is neither
 */
export function networkLine(path: string): NetworkLine | undefined {
  if (!LINE.test(path)) {
    throw new TypeError(`Cannot use ${JSON.stringify(path)} as a serial line: it is not ${LINE_FORMS}`);
  }
  const { protocol, address, name, port } = NETWORK.exec(path)?.groups ?? {};
  if (path.startsWith("/") || protocol === undefined) return undefined;
  return { protocol: protocol as NetworkLine["protocol"], host: address ?? name!, port: Number(port) };
}
