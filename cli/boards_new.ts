/** `twinlink boards new`: logs in to a board, and writes a first file for it. */

import { type Address, parseAddress } from "../boards/address.ts";
import { firstFile } from "../boards/first_file.ts";
import { parseBoard, visible } from "../boards/mod.ts";
import { isLine } from "../boards/transports/mod.ts";
import { print, say } from "../run/output.ts";
import type { Instance } from "../runners/mod.ts";
import { UnfitBoardError } from "../runners/runner.ts";
import { lookAt } from "./_open_board.ts";
import { UsageError } from "./command.ts";
import { instanceWords } from "./probe_text.ts";

/** The user's options for a new board. */
export interface NewOptions {
  /** The instance under test. @default {the only one, or the one that the user chooses on the terminal} */
  handle: string | undefined;
  /** The board's name. @default {derived from the address} */
  name: string | undefined;
  /** The file to write. @default {NAME.toml} */
  out: string | undefined;
  /** The environment variable with the password of a serial login */
  passwordEnv: string | undefined;
  wait: boolean;
  signal: AbortSignal;
}

/** Asks the user for one of several instances; undefined if nobody can be asked. */
export type Ask = (instances: readonly Instance[]) => string | undefined;

/** Asks on the terminal, if standard input and standard error are a terminal. */
export const askOnTerminal: Ask = (instances) => {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return undefined;
  instances.forEach(({ handle, driver }, i) => say(visible(`${String(i + 1).padStart(3)}  ${handle}  ${driver}`)));
  const answer = prompt("Number of the device under test:")?.trim() ?? "";
  return instances[Number(answer) - 1]?.handle ?? answer;
};

/**
 * Chooses the instance under test.
 *
 * @throws {UnfitBoardError} If the board has none
 * @throws {UsageError} If it is not clear which instance is meant, or its driver is not known
 */
export function chosenInstance(
  instances: readonly Instance[],
  wanted: string | undefined,
  ask: Ask,
): Instance {
  const cannot = (why: string) => visible(`Cannot write a file for the board: ${why}`);
  if (instances.length === 0) {
    throw new UnfitBoardError(
      cannot('"devlink dev show" lists no instance there; load the driver of the device first'),
    );
  }
  const named = wanted ?? (instances.length === 1 ? instances[0]!.handle : ask(instances));
  const there = instanceWords(instances);
  if (named === undefined) throw new UsageError(cannot(`it has ${there}; name one with --handle`));
  const found = instances.find(({ handle }) => handle === named);
  if (!found) throw new UsageError(cannot(`it has no devlink instance ${named}; it has ${there}`));
  if (found.driver === "") throw new UsageError(cannot(`neither sysfs nor devlink names the driver of ${named}`));
  return found;
}

/** Reads the address and checks the options. */
function planOf(argument: string, { name, out, passwordEnv }: NewOptions) {
  let address: Address;
  try {
    address = parseAddress(argument);
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
  const called = name ?? address.name;
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(called)) {
    throw new UsageError(`Option --name is "${visible(called)}", but must be letters, digits and . _ -`);
  }
  if (passwordEnv !== undefined && !isLine(address.transport)) {
    throw new UsageError("Option --password-env is for a serial line; ssh asks for its passwords itself");
  }
  if (passwordEnv !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(passwordEnv)) {
    throw new UsageError(`Option --password-env is "${visible(passwordEnv)}", but must be the name of a variable`);
  }
  const file = out ?? `${called}.toml`;
  if (!file.endsWith(".toml")) throw new UsageError(`Option --out is "${visible(file)}", but must end with .toml`);
  return { address, name: called, file };
}

const exists = (file: string) =>
  new UsageError(`Cannot write "${visible(file)}": there is such a file; name another one with --out`);

/**
 * Logs in to a board and writes a first file for it.
 *
 * @throws {UsageError} If the address or an option is wrong, the file exists, or the instance is not clear
 * @throws {TransportError} If the board cannot be reached
 * @throws {UnfitBoardError} If the board cannot run plans, or has no devlink instance
 */
export async function newBoard(argument: string, options: NewOptions, ask: Ask = askOnTerminal): Promise<number> {
  const { address, name, file } = planOf(argument, options);
  if (await Deno.lstat(file).then(() => true, () => false)) throw exists(file);
  const { wait, signal, passwordEnv } = options;
  const described = { name, address, passwordEnv };
  // The device is not known yet.
  const nothing = { handle: "none/none", driver: "none", instances: [], kernel: "", iproute2: "" };
  const { handle: _, ...board } = parseBoard(firstFile({ ...described, ...nothing }), file);
  const { kernel, iproute2, instances } = await lookAt(
    board,
    { doing: "twinlink boards new", wait, signal },
    async ({ header: { kernel, iproute2 }, instances }) => ({ kernel, iproute2, instances: await instances?.() ?? [] }),
  );
  const { handle, driver } = chosenInstance(instances, options.handle, ask);
  const text = firstFile({ ...described, handle, driver, instances, kernel, iproute2 });
  // Checks that the board's answers did not make the file invalid.
  parseBoard(text, file);
  try {
    await Deno.writeTextFile(file, text, { createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw exists(file);
    throw new UsageError(`Cannot write "${visible(file)}": ${visible((error as Error).message)}`);
  }
  print(`${visible(`${file}: ${driver} at ${handle}, kernel ${kernel}`)}\n`);
  say(`Next: twinlink boards probe ${visible(file.includes("/") ? file : `./${file}`)}`);
  return 0;
}
