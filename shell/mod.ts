/**
 * A simulated machine with a prompt: the kernel is the model's, and the programs print what the programs of a real machine print.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Session } from "./mod.ts";
 *
 * const session = new Session({ era: "6.12" });
 * session.run("echo '10 2' > /sys/bus/netdevsim/new_device");
 * const { stdout, rc } = session.run("devlink dev show | wc -l; devlink dev reload netdevsim/netdevsim9");
 * assertEquals([stdout, rc], ["1\n", 1]);
 * ```
 *
 * @module
 */

export { type Result, Session, type SessionOptions } from "./session.ts";
export { splitCommands } from "./split.ts";
export { GAP_STATUS, System, type SystemOptions } from "./system.ts";
