/**
 * The objects and verbs of devlink(8) as a tree: finds the command of a command line, and its possible next words.
 *
 * @module
 */

import { COMMAND_FORMS, type CommandForm, type DevlinkKind } from "./forms.ts";

/** How a command shows its reply, if that differs from the command of its kind. */
export type Shows = "ports" | "occupancy";

/** A node of the tree of commands: an object or a verb. */
export interface Verb {
  /** The verbs, in the order in which devlink(8) compares them, since each may be abbreviated */
  readonly verbs?: Readonly<Record<string, Verb>>;
  /** The verb that is used if none is given; `help` shows the help */
  readonly none?: string;
  /** The topic of the help. By default the topic of the node above */
  readonly help?: string;
  readonly kind?: DevlinkKind;
  /** True if the verb shows its help if no word follows */
  readonly bare?: boolean;
  readonly shows?: Shows;
}

const leaf = (kind: DevlinkKind, bare = false): Verb => ({ kind, bare });
const unknown: Verb = {};

/** The commands of devlink(8), in the order in which devlink(8) tries them. */
export const COMMANDS: Readonly<Record<string, Verb>> = {
  help: unknown,
  dev: {
    help: "dev",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("dev.show"),
      list: leaf("dev.show"),
      eswitch: {
        none: "help",
        verbs: { help: unknown, set: leaf("dev.eswitch.set"), show: leaf("dev.eswitch.show") },
      },
      reload: leaf("dev.reload", true),
      param: {
        none: "show",
        verbs: { help: unknown, show: leaf("param.show"), list: leaf("param.show"), set: leaf("param.set") },
      },
      info: leaf("dev.info"),
      flash: leaf("dev.flash", true),
      selftests: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("dev.selftests.show"),
          list: leaf("dev.selftests.show"),
          run: leaf("dev.selftests.run"),
        },
      },
    },
  },
  port: {
    help: "port",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("port.show"),
      list: leaf("port.show"),
      set: leaf("port.set"),
      split: leaf("port.split"),
      unsplit: leaf("port.unsplit"),
      param: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("port.param.show"),
          list: leaf("port.param.show"),
          set: leaf("port.param.set"),
        },
      },
      function: {
        help: "port function",
        none: "help",
        verbs: {
          help: unknown,
          set: leaf("port.function.set", true),
          rate: {
            help: "port function rate",
            none: "show",
            verbs: {
              help: unknown,
              show: leaf("rate.show"),
              list: leaf("rate.show"),
              add: leaf("rate.add"),
              del: leaf("rate.del"),
              set: leaf("rate.set"),
            },
          },
        },
      },
      health: {
        help: "health",
        none: "show",
        verbs: { help: unknown, show: { kind: "health.show", shows: "ports" } },
      },
      add: { kind: "port.add", help: "port add", bare: true },
      del: { kind: "port.del", help: "port del", bare: true },
    },
  },
  sb: {
    help: "sb",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("sb.show"),
      list: leaf("sb.show"),
      pool: {
        none: "show",
        verbs: { help: unknown, show: leaf("sb.pool.show"), list: leaf("sb.pool.show"), set: leaf("sb.pool.set") },
      },
      port: {
        none: "help",
        verbs: {
          help: unknown,
          pool: {
            none: "show",
            verbs: {
              help: unknown,
              show: leaf("sb.port.pool.show"),
              list: leaf("sb.port.pool.show"),
              set: leaf("sb.port.pool.set"),
            },
          },
        },
      },
      tc: {
        none: "help",
        verbs: {
          help: unknown,
          bind: {
            none: "show",
            verbs: {
              help: unknown,
              show: leaf("sb.tc.bind.show"),
              list: leaf("sb.tc.bind.show"),
              set: leaf("sb.tc.bind.set"),
            },
          },
        },
      },
      occupancy: {
        none: "help",
        verbs: {
          help: unknown,
          show: { kind: "sb.show", shows: "occupancy" },
          snapshot: leaf("sb.occupancy.snapshot"),
          clearmax: leaf("sb.occupancy.clearmax"),
        },
      },
    },
  },
  monitor: { help: "monitor" },
  dpipe: {
    help: "dpipe",
    none: "help",
    verbs: {
      help: unknown,
      table: {
        none: "help",
        verbs: {
          help: unknown,
          show: leaf("dpipe.table.show"),
          list: leaf("dpipe.table.show"),
          set: leaf("dpipe.table.set"),
          dump: leaf("dpipe.table.dump"),
        },
      },
      header: { none: "help", verbs: { help: unknown, show: leaf("dpipe.header.show") } },
    },
  },
  resource: {
    help: "resource",
    none: "show",
    verbs: { help: unknown, show: leaf("resource.show"), list: leaf("resource.show"), set: leaf("resource.set") },
  },
  region: {
    help: "region",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("region.show"),
      list: leaf("region.show"),
      del: leaf("region.del"),
      dump: leaf("region.dump"),
      read: leaf("region.read"),
      new: leaf("region.new"),
    },
  },
  health: {
    help: "health",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("health.show"),
      list: leaf("health.show"),
      recover: leaf("health.recover"),
      diagnose: leaf("health.diagnose"),
      test: leaf("health.test"),
      dump: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("health.dump.show"),
          list: leaf("health.dump.show"),
          clear: leaf("health.dump.clear"),
        },
      },
      set: leaf("health.set"),
    },
  },
  trap: {
    help: "trap",
    none: "show",
    verbs: {
      help: unknown,
      show: leaf("trap.show"),
      list: leaf("trap.show"),
      set: leaf("trap.set"),
      group: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("trap.group.show"),
          list: leaf("trap.group.show"),
          set: leaf("trap.group.set"),
        },
      },
      policer: {
        none: "show",
        verbs: {
          help: unknown,
          show: leaf("trap.policer.show"),
          list: leaf("trap.policer.show"),
          set: leaf("trap.policer.set"),
        },
      },
    },
  },
  lc: {
    help: "lc",
    none: "show",
    verbs: { help: unknown, show: leaf("linecard.show"), list: leaf("linecard.show"), set: leaf("linecard.set") },
  },
};

/** The objects that `devlink monitor` accepts. */
export const MONITORED = ["all", "dev", "port", "lc", "health", "trap", "trap-group", "trap-policer"];

/** True if a word is the start of a keyword, which is enough for devlink(8). */
export const starts = (word: string, keyword: string) => keyword.startsWith(word);

/**
 * Returns the possible next words of a devlink(8) command line: objects and verbs, then options of the command. It does not return
 * handles: the caller adds them.
 *
 * @param words The words so far
 */
export function nextWords(words: readonly string[]): string[] {
  let verbs: Readonly<Record<string, Verb>> | undefined = COMMANDS;
  let verb: Verb | undefined;
  for (const [i, word] of words.entries()) {
    if (!verbs) {
      // After the handle: options, unless the last word is an option that takes a value
      const form: CommandForm | undefined = verb?.kind && COMMAND_FORMS[verb.kind];
      if (!form) return [];
      const last: string = words.at(-1)!;
      if (words.length - i > 1 && form.options.some((option) => option.word === last)) return [];
      return form.options.flatMap(({ word, none }) => none === undefined ? [word] : [word, none]);
    }
    const name: string | undefined = Object.keys(verbs).find((each) => starts(word, each));
    if (name === undefined) return [];
    verb = verbs[name]!;
    verbs = verb.verbs;
  }
  return verbs ? Object.keys(verbs) : [];
}
