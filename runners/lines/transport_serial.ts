/**
 * The transport `serial`: a serial line. A recorder may share the line.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import { openSerial } from "./serial.ts";
import { TransportError } from "./shell.ts";
import type { OpenOptions, Transport } from "./transport.ts";

const signalOf = ({ signal }: OpenOptions) => signal ? { signal } : {};

/** Opens boards over a serial line. */
export const serial: Transport = {
  open: (board, options) => {
    const { path, baud, rtscts, login } = board.serial!;
    return openSerial({
      path,
      ...(options.binding ? { binding: options.binding } : {}),
      baudRate: baud,
      rtscts,
      ...(login ? { login: { user: login.user, password: () => passwordOf(login) } } : {}),
      ...signalOf(options),
    });
  },
  openGuest: ({ serial, login }, options) =>
    openSerial({
      path: serial.protocol,
      login: { user: login.user, password: () => login.password },
      ...signalOf(options),
    }),
};

/** Returns a login's password, from the environment or from a command in the board file; it is never in the file itself. */
async function passwordOf(
  login: NonNullable<NonNullable<Board["serial"]>["login"]>,
): Promise<string | null> {
  if (login.passwordEnv) return Deno.env.get(login.passwordEnv) ?? null;
  if (!login.passwordCommand) return null;
  const [program, ...args] = login.passwordCommand;
  const { stdout } = await new Deno.Command(program!, { args, stdin: "null", stderr: "inherit" }).output().catch(
    (error: Error) => {
      throw new TransportError(`Cannot get the password of ${login.user} by ${program}: ${error.message}`);
    },
  );
  return new TextDecoder().decode(stdout).split("\n")[0] ?? null;
}
