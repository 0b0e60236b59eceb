/**
 * The objects that a driver registers by its source, and a comparison with a board's facts.
 *
 * @module
 */

import type { ParamSpec, TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "../devlink/specs.ts";
import type { Facts, ResourceFact } from "../facts.ts";

/** An object that a driver registers. */
interface Declared {
  /** The object's name; the path of a resource, for example `kvd/linear`; the number of a policer */
  readonly name: string;
  /** True if the driver registers the object on some devices only: by firmware, by the build of the kernel */
  readonly optional?: boolean;
}

/** A trap that a driver registers. */
export interface DeclaredTrap extends Declared {
  readonly type: "drop" | "exception" | "control";
  readonly generic: boolean;
  readonly group: string;
}

/** A param that a driver registers. */
export interface DeclaredParam extends Declared {
  readonly generic: boolean;
  readonly type: "bool" | "u8" | "u16" | "u32" | "u64" | "string";
  /** All modes in which it can be set */
  readonly cmodes: readonly ("runtime" | "driverinit" | "permanent")[];
}

/**
 * The objects that a driver registers for an instance, by its source. A list that is left out is not declared, and is not
 * compared.
 */
export interface DriverInventory {
  readonly traps?: readonly DeclaredTrap[];
  readonly groups?: readonly (Declared & { readonly generic: boolean })[];
  readonly policers?: readonly Declared[];
  readonly params?: readonly DeclaredParam[];
  /** All resources, also the children of others, by their paths */
  readonly resources?: readonly Declared[];
  readonly reporters?: readonly Declared[];
  readonly regions?: readonly Declared[];
}

/** Returns the inventory of the tables from which a driver registers its objects. */
export function inventoryOf(
  { traps, groups, policers, params }: {
    readonly traps: readonly TrapSpec[];
    readonly groups: readonly TrapGroupSpec[];
    readonly policers: readonly TrapPolicerSpec[];
    readonly params: readonly ParamSpec[];
  },
): DriverInventory {
  return {
    traps,
    groups,
    policers: policers.map(({ id }) => ({ name: String(id) })),
    params: params.map(({ name, generic, type, cmode, others = [] }) => ({
      name,
      generic,
      type,
      cmodes: [cmode, ...others.map((other) => (other as { cmode: ParamSpec["cmode"] }).cmode)],
    })),
  };
}

/** An object with the fields that can be compared, as words. */
type Entry = { readonly name: string; readonly optional?: boolean | undefined } & Readonly<Record<string, unknown>>;

/** How the objects of a kind are compared. */
interface Kind {
  /** The list of the inventory */
  readonly list: keyof DriverInventory;
  /** The word for one object */
  readonly word: string;
  /** The command that lists such objects on a board */
  readonly command: string;
  /** Returns such objects of the board */
  readonly ofBoard: (facts: Facts) => readonly Entry[];
  /** The fields that are compared beside the name */
  readonly fields: readonly string[];
}

const paths = (list: readonly ResourceFact[], above = ""): Entry[] =>
  list.flatMap(({ name, children }) => [{ name: above + name }, ...paths(children, `${above}${name}/`)]);

const NUMBERS: ReadonlySet<string> = new Set(["u8", "u16", "u32", "u64"]);

/** Returns the type of a printed value: devlink(8) does not print the size of a number. Undefined if no value is printed. */
const printedType = (value: unknown) =>
  value === undefined ? undefined : typeof value === "boolean" ? "bool" : typeof value;

const KINDS: readonly Kind[] = [
  {
    list: "traps",
    word: "trap",
    command: "trap show",
    ofBoard: ({ traps }) => traps.map(({ name, type, generic, group }) => ({ name, type, generic, group })),
    fields: ["type", "generic", "group"],
  },
  {
    list: "groups",
    word: "trap group",
    command: "trap group show",
    ofBoard: ({ groups }) => groups.map(({ name, generic }) => ({ name, generic })),
    fields: ["generic"],
  },
  {
    list: "policers",
    word: "trap policer",
    command: "trap policer show",
    ofBoard: ({ policers }) => policers.map(({ policer }) => ({ name: String(policer) })),
    fields: [],
  },
  {
    list: "params",
    word: "param",
    command: "dev param show",
    ofBoard: ({ params }) =>
      params.map(({ name, generic, values }) => ({
        name,
        generic,
        type: values.map(({ value }) => printedType(value)).find((type) => type !== undefined),
        cmodes: values.map(({ cmode }) => cmode),
      })),
    fields: ["generic", "type", "cmodes"],
  },
  {
    list: "resources",
    word: "resource",
    command: "resource show",
    ofBoard: ({ resources }) => paths(resources),
    fields: [],
  },
  {
    list: "reporters",
    word: "health reporter",
    command: "health show",
    ofBoard: ({ reporters }) => reporters.map(({ name }) => ({ name })),
    fields: [],
  },
  {
    list: "regions",
    word: "region",
    command: "region show",
    ofBoard: ({ regions }) => regions.map(({ name }) => ({ name })),
    fields: [],
  },
];

/** Answers of a board that do not show if its instance has such objects. */
const NO_ANSWER: ReadonlySet<string> = new Set(["hang", "not run", "unreadable", "client"]);

/** Returns a value in words, in a form that is the same for the board and for the model. */
function words(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return [...value].sort().join(", ");
  return field === "type" && NUMBERS.has(String(value)) ? "number" : String(value);
}

/**
 * Returns where a board's facts contradict what the model of its driver registers: a line for each object that differs, or that
 * only one of the two has. Empty if they agree.
 *
 * @param driver The driver's name, for the lines
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadFacts } from "../../boards/facts.ts";
 * import { contradictions } from "./driver_inventory.ts";
 *
 * const facts = await loadFacts("boards/examples/connectx-7-ssh.facts.json");
 * const regions = facts.regions.map(({ name }) => ({ name }));
 * assertEquals(contradictions("mlx5", { regions: [...regions, { name: "x" }] }, facts), [
 *   'region "x": the model of mlx5 has it, the board lacks it',
 * ]);
 * ```
 */
export function contradictions(driver: string, inventory: DriverInventory, facts: Facts): string[] {
  // A failed reload has removed objects, which the next reload registers again
  if (facts.reloadFailed) return [`its last reload failed: what it has is not compared with the model of ${driver}`];
  const lines: string[] = [];
  for (const { list, word, command, ofBoard, fields } of KINDS) {
    const declared = inventory[list] as readonly Entry[] | undefined;
    if (!declared || NO_ANSWER.has(facts.refused[command] ?? "")) continue;
    const left = new Map(ofBoard(facts).map((entry) => [entry.name, entry]));
    for (const entry of declared) {
      const about = `${word} "${entry.name}"`;
      const found = left.get(entry.name);
      left.delete(entry.name);
      if (!found && !entry.optional) lines.push(`${about}: the model of ${driver} has it, the board lacks it`);
      for (const field of found ? fields : []) {
        const [there, here] = [words(field, found![field]), words(field, entry[field])];
        if (there === undefined || there === here) continue;
        lines.push(`${about}: ${field} is ${there} on the board, ${here} in the model of ${driver}`);
      }
    }
    for (const name of left.keys()) lines.push(`${word} "${name}": the board has it, the model of ${driver} lacks it`);
  }
  return lines;
}
