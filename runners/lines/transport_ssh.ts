/**
 * The transport `ssh`: the system's OpenSSH client.
 *
 * @module
 */

import { openSsh, sshTerminal } from "./ssh.ts";
import type { OpenOptions, Transport } from "./transport.ts";

const signalOf = ({ signal }: OpenOptions) => signal ? { signal } : {};

/** Opens boards over ssh. */
export const ssh: Transport = {
  open: (board, options) => openSsh({ ...board.ssh!, ...signalOf(options) }),
  openGuest: (guest, options) => openSsh({ ...guest.ssh, ...signalOf(options) }),
  terminal: async (board, options) => ({
    program: "ssh",
    ...await sshTerminal({ ...board.ssh!, ...signalOf(options) }),
  }),
};
