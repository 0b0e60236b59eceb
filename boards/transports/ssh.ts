/**
 * The table `[ssh]` of a board file: the system's OpenSSH client.
 *
 * @module
 */

import { z } from "zod";
import { SSH_WORDS, sshOptionProblem } from "../ssh_words.ts";
import { path, text, type TransportTable } from "./transport.ts";

const schema = z.strictObject({
  host: text("A host name, an address, or a Host of ~/.ssh/config")
    .regex(/^[^-\s]\S*$/, "a host name: no blanks, no leading dash"),
  port: z.int().min(1).max(65535).meta({ description: "TCP port; 22 or the port in ~/.ssh/config" }).exactOptional(),
  user: text("User to log in as; devlink needs root").regex(/^[^-\s]\S*$/, "a user name").exactOptional(),
  identity_file: path("Private key").exactOptional(),
  jump: text("ProxyJump of ssh: [user@]host[:port], several with commas")
    .regex(/^[^-\s]\S*$/, "[user@]host[:port]").exactOptional(),
  known_hosts_file: path("Known host keys; an unknown key is always refused").exactOptional(),
  options: z.array(z.string().regex(/^[A-Za-z]+=/, "Name=value")).exactOptional()
    .meta({ description: "Further options, each Name=value as in ssh_config(5)" }),
}).meta({ description: "The board over ssh, with the system's OpenSSH client" });

/** The table `[ssh]`: the board over ssh, with the system's OpenSSH client. */
export interface SshTable {
  /** A host name, an address, or a `Host` of `~/.ssh/config` */
  host: string;
  /** TCP port */
  port?: number;
  /** User to log in as */
  user?: string;
  /** Private key */
  identity_file?: string;
  /** Jump hosts, `[user@]host[:port]`, several with commas */
  jump?: string;
  /** Known host keys */
  known_hosts_file?: string;
  /** Further options, each `Name=value` as in ssh_config(5) */
  options?: string[];
}

/** The board over ssh. */
export const ssh: TransportTable<typeof schema> = {
  schema,
  line: false,
  paths: ["identityFile", "knownHostsFile"],
  problems: contradictions,
  words: ({ user, host, port }) => `${user ? `${user}@` : ""}${host}${port ? ` port ${port}` : ""}`,
  needs: ({ host, identityFile, knownHostsFile }) => [
    { what: "ssh client", kind: "program", name: "ssh", mend: "sudo apt-get install openssh-client" },
    {
      what: "identity file",
      kind: "file",
      name: identityFile,
      mend: "ssh-keygen -t ed25519, and put its .pub on the board",
    },
    {
      what: "known hosts file",
      kind: "file",
      name: knownHostsFile,
      mend: `ssh-keyscan ${host}, after a look at the keys`,
    },
  ],
};

/** Returns the values that ssh would read differently from their meaning in the file. */
function contradictions(ssh: unknown): { key: string; message: string }[] {
  if (typeof ssh !== "object" || ssh === null) return [];
  const problems: { key: string; message: string }[] = [];
  for (const [key, pattern] of Object.entries(SSH_WORDS)) {
    const value = (ssh as Record<string, unknown>)[key];
    // A value that is no word at all has already been reported.
    const word = typeof value === "string" && (key.endsWith("_file") || /^[^-\s]\S*$/.test(value));
    if (!word || value === "" || pattern.test(value)) continue;
    problems.push({
      key,
      message: `is ${JSON.stringify(value)}, but has a character that is not allowed`,
    });
  }
  const { options } = ssh as { options?: unknown };
  for (const [i, option] of (Array.isArray(options) ? options : []).entries()) {
    const why = typeof option === "string" && /^[A-Za-z]+=/.test(option) ? sshOptionProblem(option) : undefined;
    if (why === undefined) continue;
    problems.push({ key: `options[${i}]`, message: `is ${JSON.stringify(option)}, which is not allowed: ${why}` });
  }
  return problems;
}
