/**
 * Reads the addresses of boards for `twinlink boards new`.
 *
 * @module
 */

import { LINE } from "./line_words.ts";
import { SSH_WORDS } from "./ssh_words.ts";
import type { TransportName } from "./transports/mod.ts";
import { visible } from "./visible.ts";

/** The way to reach a board. */
export interface Address {
  /** The table of the board's file */
  transport: TransportName;
  /** The keys of that table */
  keys: Readonly<Record<string, string | number>>;
  /** A name for the board */
  name: string;
}

/** The forms of an address, for messages. */
export const ADDRESS_FORMS =
  "ssh://[USER@]HOST[:PORT], serial:/dev/ttyX[@BAUD], rfc2217://HOST:PORT[@BAUD] or tcp://HOST:PORT";

const SSH =
  /^ssh:\/\/(?:(?<user>[^@/]*)@)?(?:\[(?<address>[0-9A-Fa-f:.]+)\]|(?<host>[^@:/[\]]+))(?::(?<port>\d{1,5}))?\/?$/;
const SERIAL = /^(?:serial:(?<device>\/[^@]*)|(?<server>(?:rfc2217|tcp):\/\/[^@/]*))(?:@(?<baud>\d{3,7}))?$/;

/** Returns a board name from a text: other characters become dashes. */
const nameOf = (text: string) => text.replace(/[^a-z0-9._-]+/gi, "-").replace(/^[^a-z0-9]+/i, "") || "board";
/** Returns the first label of a host name; an IP address stays whole. */
const hostName = (host: string) => /^[\d.]+$|:/.test(host) ? host : host.split(".")[0]!;

/**
 * Reads the address of a board.
 *
 * @throws {TypeError} In one line, if the text is not an address, or has a password
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddress } from "./address.ts";
 *
 * assertEquals(parseAddress("ssh://root@dut4.lab.example:2222"), {
 *   transport: "ssh",
 *   keys: { host: "dut4.lab.example", port: 2222, user: "root" },
 *   name: "dut4",
 * });
 * ```
 */
export function parseAddress(text: string): Address {
  const not = (why: string) => new TypeError(`Cannot use "${visible(text)}" as the address of a board: ${why}`);
  if (/^\w+:\/\/[^@/]*:[^@/]*@(?!\d+$)/.test(text)) {
    // The message does not repeat the password.
    throw new TypeError("Cannot use an address with a password: ssh asks for it, and a serial line has --password-env");
  }
  const { user, address, host, port, device, server, baud } = (SSH.exec(text) ?? SERIAL.exec(text))?.groups ?? {};
  if (address !== undefined || host !== undefined) {
    const name = (address ?? host)!;
    if (!SSH_WORDS.host.test(name)) throw not(`"${visible(name)}" is not the name of a host`);
    if (user !== undefined && !SSH_WORDS.user.test(user)) throw not(`"${visible(user)}" is not the name of a user`);
    if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65535)) throw not(`${port} is not a port`);
    const keys = {
      host: name,
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(user === undefined ? {} : { user }),
    };
    return { transport: "ssh", keys, name: nameOf(hostName(name)) };
  }
  const path = device ?? server;
  if (path === undefined || !LINE.test(path)) throw not(`it is not ${ADDRESS_FORMS}`);
  if (path.startsWith("tcp:") && baud !== undefined) throw not("the server of tcp:// sets the speed; leave out @BAUD");
  if (baud !== undefined && !(Number(baud) >= 300 && Number(baud) <= 4_000_000)) {
    throw not(`${baud} is not a speed from 300 to 4000000`);
  }
  const keys = { path, ...(baud === undefined ? {} : { baud: Number(baud) }) };
  const [, of = "", at] = /^\w+:\/\/(.*):(\d+)$/.exec(path) ?? [];
  return {
    transport: "serial",
    keys,
    name: nameOf(at === undefined ? path.split("/").at(-1)! : `${hostName(of)}-${at}`),
  };
}
