/**
 * For tests: the command within the process of the test. It is a hundred times as fast; signals, the exit of the process
 * and what it keeps in `$XDG_STATE_HOME` are tested with processes (`child.ts`).
 */

import { stub } from "@std/testing/mock";
import type { Interrupts } from "../run/interrupt.ts";
import type { Ran } from "./child.ts";
import { statusOfEnd } from "./entry.ts";
import { dispatch } from "./main.ts";
import { COMMANDS, load } from "./subcommands.ts";

// Loads all modules first: the leak check would count what a test loads.
await Promise.all(Object.keys(COMMANDS).map(load));

/** Stands in for signals: none ever comes. */
const INTERRUPTS: Interrupts = {
  signal: new AbortController().signal,
  status: undefined,
  unhandled: undefined,
  given: new Promise<never>(() => {}),
  stopped: () => false,
  harmless: () => {},
  takeCtrlC: () => ({ pressed: () => false, onPress: () => {}, [Symbol.dispose]: () => {} }),
  [Symbol.dispose]: () => {},
};

/** Runs the command to its end. Only one at a time: its output is captured from the streams of this process. */
export async function call(args: readonly string[]): Promise<Ran> {
  const caught = { stdout: "", stderr: "" };
  using stack = new DisposableStack();
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    stack.use(stub(Deno[name], "isTerminal", () => false));
    stack.use(stub(Deno[name], "writeSync", (bytes: Uint8Array) => {
      caught[name] += decoder.decode(bytes, { stream: true });
      return bytes.length;
    }));
  }
  const code = await dispatch(args, { signal: INTERRUPTS.signal, interrupts: INTERRUPTS }).catch(statusOfEnd);
  return { code, ...caught };
}
