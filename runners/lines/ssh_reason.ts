/**
 * Finds why the OpenSSH client gave up, from its messages at LogLevel INFO (OpenSSH 8.4 to 10: ssh.c, sshconnect.c,
 * sshconnect2.c, packet.c, clientloop.c).
 *
 * @module
 */

import { lastLine } from "./plain_text.ts";

/** The reason in the client's messages, in twinlink's words. */
export interface SshReason {
  /** A phrase in one line, for use after a colon */
  text: string;
  /** True if a password or a passphrase could have helped */
  authentication: boolean;
}

type Rule = [pattern: RegExp, text: (match: RegExpExecArray) => string, authentication?: true];

/** The first rule that matches is used: specific rules come before general ones. */
const RULES: readonly Rule[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED[^]*?Offending .* key in (\S+?):(\d+)/,
    (m) =>
      `its host key is not the known one (line ${m[2]} of ${
        m[1]
      }): another machine answers, or the board was installed again`,
  ],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, () => "its host key is not the known one"],
  [
    /No (\S+) host key is known for (\S+) and you have requested strict checking/,
    (m) =>
      `its ${
        m[1]
      } host key is not known: compare its fingerprint and add it to known_hosts, for example by logging in with ssh once`,
  ],
  [/Host key verification failed/, () => "its host key is not known, or the key of a jump host is not"],
  [/UNPROTECTED PRIVATE KEY FILE[^]*?Permissions \d+ for '(.*?)'/, (m) => `others may read the private key ${m[1]}`],
  [/Identity file (.*?) not accessible: (.*)/, (m) => `cannot read the private key ${m[1]}: ${m[2]}`],
  [/Too many authentication failures/, () => "too many keys were offered: name the board's own as identity_file", true],
  [/Permission denied \(([a-z0-9,-]*)\)/, (m) => `permission denied (the board takes ${m[1]})`, true],
  [/Could not resolve hostname (\S+): (.*)/, (m) => `the name ${m[1]} cannot be resolved: ${m[2]}`],
  [/Connection refused/, () => "connection refused"],
  [/No route to host/, () => "no route to host"],
  [/Network is unreachable/, () => "network is unreachable"],
  [/timed out during banner exchange|Connection timed out|Operation timed out/, () => "no answer in time"],
  [/Timeout, server .* not responding/, () => "it has not answered for too long"],
  [/Unable to negotiate with .*?: (.*?)\.?$/m, (m) => m[1]!],
  [/(?:kex_exchange_identification|ssh_exchange_identification).*/, () => "it closed the connection before the login"],
  [
    /Connection (reset|closed) by|Connection to \S+ closed by remote host/,
    (m) => `connection ${m[1] ?? "closed"} by the board`,
  ],
  [/Broken pipe/, () => "the connection broke"],
];

/** Returns the reason in the client's messages. */
export function sshReason(messages: string): SshReason {
  for (const [pattern, text, authentication = false] of RULES) {
    const match = pattern.exec(messages);
    if (match) return { text: text(match), authentication };
  }
  return { text: lastLine(messages) || "ssh ended without a message", authentication: false };
}
