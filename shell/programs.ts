/**
 * The programs of the simulated machine, by name.
 *
 * @module
 */

import { devlink } from "./iproute2/devlink.ts";
import { ip } from "./iproute2/ip.ts";
import type { Program } from "./program.ts";
import { awk } from "./programs/awk.ts";
import { ethtool } from "./programs/ethtool.ts";
import { expr } from "./programs/expr.ts";
import { FILE_PROGRAMS } from "./programs/file_programs.ts";
import { FILTERS } from "./programs/filters.ts";
import { find } from "./programs/find.ts";
import { grep } from "./programs/grep.ts";
import { ls } from "./programs/ls.ts";
import { MODULE_PROGRAMS } from "./programs/module_programs.ts";
import { PROCESS_PROGRAMS } from "./programs/process_programs.ts";
import { sed } from "./programs/sed.ts";
import { SYSTEM_PROGRAMS } from "./programs/system_programs.ts";
import { TEXT_PROGRAMS } from "./programs/text_programs.ts";

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
  ...FILTERS,
  ...PROCESS_PROGRAMS,
  ...MODULE_PROGRAMS,
  ...SYSTEM_PROGRAMS,
  ...Object.fromEntries(ALSO_PROGRAMS.map((name) => [name, builtin(name)])),
  awk,
  devlink,
  egrep: grep,
  ethtool,
  expr,
  fgrep: grep,
  find,
  grep,
  ip,
  ls,
  sed,
};
