/**
 * The programs of the simulated machine, by name.
 *
 * @module
 */

import { awk } from "./awk.ts";
import { devlink } from "./devlink.ts";
import { ethtool } from "./ethtool.ts";
import { FILE_PROGRAMS } from "./file_programs.ts";
import { ip } from "./ip.ts";
import type { Program } from "./program.ts";
import { SYSTEM_PROGRAMS } from "./system_programs.ts";
import { TEXT_PROGRAMS } from "./text_programs.ts";

/** What a shell has built in and what is a program as well, for those that run programs. */
const ALSO_PROGRAMS = ["echo", "printf", "test", "[", "kill", "pwd"];

const builtin = (name: string): Program =>
  function* (call) {
    return yield* call.system.shell(call.process, name).run([name, ...call.args]);
  };

/** All programs. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  ...FILE_PROGRAMS,
  ...TEXT_PROGRAMS,
  ...SYSTEM_PROGRAMS,
  ...Object.fromEntries(ALSO_PROGRAMS.map((name) => [name, builtin(name)])),
  awk,
  devlink,
  ethtool,
  ip,
};
