/**
 * The programs of the simulated machine, by name.
 *
 * @module
 */

import { devlink } from "./iproute2/devlink.ts";
import { ip } from "./iproute2/ip.ts";
import { shellIn } from "./interpreter.ts";
import { type Program, programsOf } from "./program.ts";
import { ethtool } from "./programs/ethtool.ts";
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

/** The commands that are both builtins and programs, for programs that run other programs. */
const ALSO_PROGRAMS = ["echo", "printf", "test", "[", "true", "false", "kill", "pwd"];

const builtin = (name: string): Program =>
  function* (call) {
    return yield* shellIn(call.system, call.process, name).run([name, ...call.args]);
  };

/** All programs. */
export const PROGRAMS = programsOf({
  ...FILE_PROGRAMS,
  ...TEXT_PROGRAMS,
  ...FILTERS,
  ...PROCESS_PROGRAMS,
  ...MODULE_PROGRAMS,
  ...SYSTEM_PROGRAMS,
  ...Object.fromEntries(ALSO_PROGRAMS.map((name) => [name, builtin(name)])),
  devlink,
  ethtool,
  find,
  grep,
  ip,
  ls,
  sed,
});
