/**
 * The ssh options and words that a board file may have: words that the OpenSSH client cannot read as something else.
 *
 * @module
 */

/**
 * The options of ssh_config(5) that a board file may set. Others are refused: several run a program on this machine
 * (ProxyCommand, KnownHostsCommand, LocalCommand), open ports, or write files. They may be set in `~/.ssh/config`.
 */
const SSH_OPTIONS: ReadonlySet<string> = new Set([
  "AddressFamily",
  "BindAddress",
  "BindInterface",
  "CASignatureAlgorithms",
  "CertificateFile",
  "CheckHostIP",
  "Ciphers",
  "Compression",
  "ConnectionAttempts",
  "GSSAPIAuthentication",
  "HostKeyAlgorithms",
  "HostKeyAlias",
  "IdentitiesOnly",
  "IPQoS",
  "KbdInteractiveAuthentication",
  "KexAlgorithms",
  "MACs",
  "NumberOfPasswordPrompts",
  "PasswordAuthentication",
  "PreferredAuthentications",
  "PubkeyAcceptedAlgorithms",
  "PubkeyAuthentication",
  "RekeyLimit",
  "RequiredRSASize",
  "ServerAliveCountMax",
  "ServerAliveInterval",
  "StrictHostKeyChecking",
  "TCPKeepAlive",
  "VerifyHostKeyDNS",
]);

const HOP = String.raw`(?:[A-Za-z0-9_.][A-Za-z0-9_.+-]*@)?(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::\d+)?`;
// deno-lint-ignore no-control-regex
const PATH = /^[^\x00-\x1f\x7f"]+$/;

/** The pattern for each word: ssh puts host and user into the user's ProxyCommand, which a shell runs. */
export const SSH_WORDS = {
  host: /^[A-Za-z0-9_.:[\]][A-Za-z0-9_.:%[\]-]*$/,
  user: /^[A-Za-z0-9_.][A-Za-z0-9_.@+-]*$/,
  jump: new RegExp(`^${HOP}(?:,${HOP})*$`),
  identity_file: PATH,
  known_hosts_file: PATH,
} as const;

/**
 * Returns why a board file may not set an option; undefined if it may.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sshOptionProblem } from "./ssh_words.ts";
 *
 * assertEquals(sshOptionProblem("Compression=yes"), undefined);
 * assertEquals(sshOptionProblem("StrictHostKeyChecking=no"), "host keys are always checked");
 * ```
 */
export function sshOptionProblem(option: string): string | undefined {
  const name = /^[A-Za-z0-9]+(?==)/.exec(option)?.[0] ?? option;
  const known = [...SSH_OPTIONS].find((allowed) => allowed.toLowerCase() === name.toLowerCase());
  // deno-lint-ignore no-control-regex
  if (known === undefined || /[\x00-\x1f\x7f]/.test(option)) return "set it in ~/.ssh/config for this host";
  if (known === "StrictHostKeyChecking" && !/=\s*(yes|accept-new)$/i.test(option)) {
    return "host keys are always checked";
  }
  return undefined;
}
