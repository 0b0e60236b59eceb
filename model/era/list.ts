/**
 * The list of eras, oldest first: all other lists of eras and kernels are derived from this list. A new era is a new file
 * beside this one and a line in {@linkcode ERA_FILES}.
 *
 * @module
 */

import linux5_10 from "./linux_5_10.ts";
import linux5_15 from "./linux_5_15.ts";
import linux5_16 from "./linux_5_16.ts";
import linux5_18 from "./linux_5_18.ts";
import linux6_1 from "./linux_6_1.ts";
import linux6_3 from "./linux_6_3.ts";
import linux6_12 from "./linux_6_12.ts";
import linux7_2 from "./linux_7_2.ts";
import linux7_3 from "./linux_7_3.ts";
import type { EraBehaviour } from "./era.ts";
import type { DebianKernel, EraFile, OldestEraFile, ProgramsEra } from "./file.ts";

/** The files of the eras by id. The id is the first release of the era that was examined (docs/semantics.md 0.2). */
export const ERA_FILES = {
  "5.10": linux5_10,
  "5.15": linux5_15,
  "5.16": linux5_16,
  "5.18": linux5_18,
  "6.1": linux6_1,
  "6.3": linux6_3,
  "6.12": linux6_12,
  "7.2": linux7_2,
  "7.3": linux7_3,
} as const;

/** The id of an era, for example `6.12`. */
export type EraId = keyof typeof ERA_FILES;

/** The id of an era whose kernel was booted and compared with the model. */
export type BootedEraId = {
  [K in EraId]: (typeof ERA_FILES)[K] extends { readonly booted: true } ? K : never;
}[EraId];

/** What one family of kernels does differently from the others. */
export interface Era extends EraBehaviour {
  /** The id: the kernel release that the era was taken from */
  readonly id: EraId;
  /** True if the era was compared with a booted kernel of the family; false if it was read from source only */
  readonly booted: boolean;
  /** The nearest booted era, for values that do not matter to devlink */
  readonly nearest: BootedEraId;
}

/** The same files, with types that check that each parent and each nearest era is in the list. */
const FILES: Readonly<Record<EraId, EraFile<EraId, BootedEraId> | OldestEraFile>> = ERA_FILES;

/** The ids of all eras, oldest first. */
export const ERA_IDS: readonly EraId[] = Object.keys(ERA_FILES) as EraId[];

/** The ids of the eras that were booted, oldest first. */
export const BOOTED_ERAS: readonly BootedEraId[] = ERA_IDS.filter((id): id is BootedEraId => FILES[id].booted);

/** The id of the newest era that was booted: the default if no era is named. */
export const NEWEST_ERA: BootedEraId = BOOTED_ERAS.at(-1)!;

const plain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Returns `base` with the values of `differs`: a plain object replaces only the keys that it names. */
export function changed<T extends object>(base: T, differs: object): T {
  const result = { ...base } as Record<string, unknown>;
  for (const [key, value] of Object.entries(differs)) {
    const before = result[key];
    result[key] = plain(before) && plain(value) ? { ...before, ...value } : value;
  }
  return result as T;
}

/**
 * Resolves the inheritance of eras: returns a table for each era, made of its parent's table and the era's changes.
 *
 * @param differencesOf Returns the changes of an era; the whole table for the oldest era, which has no parent
 */
export function inherited<T extends object>(
  differencesOf: (id: EraId, parent: T | undefined) => object,
): Readonly<Record<EraId, T>> {
  const all: Partial<Record<EraId, T>> = {};
  for (const id of ERA_IDS) {
    const { parent } = FILES[id];
    const base = parent === null ? undefined : all[parent];
    if (parent !== null && !base) {
      throw new Error(`Cannot resolve era ${id}: its parent ${parent} is not before it in the list`);
    }
    all[id] = changed(base ?? {} as T, differencesOf(id, base));
  }
  return all as Record<EraId, T>;
}

const BEHAVIOUR = inherited<EraBehaviour>((id) => FILES[id].differs);

/** The eras by their id. */
export const ERAS: Readonly<Record<EraId, Era>> = Object.fromEntries(ERA_IDS.map((id) => {
  const file = FILES[id];
  const nearest = file.booted ? id as BootedEraId : file.nearest;
  return [id, { ...BEHAVIOUR[id], id, booted: file.booted, nearest }];
})) as unknown as Record<EraId, Era>;

/** The output of programs on the booted kernels; an era that was not booted uses its `nearest`. */
export const PROGRAMS: Readonly<Record<BootedEraId, ProgramsEra>> = inherited<ProgramsEra>((id) => {
  const file = FILES[id];
  return file.booted ? file.programs : {};
});

/** Where Debian publishes the kernels that were booted. */
export const DEBIAN_KERNELS: Readonly<Record<BootedEraId, DebianKernel>> = inherited<DebianKernel>((id) => {
  const file = FILES[id];
  return file.booted ? file.debian : {};
});

/** Returns the era itself, or, if the era changes nothing in the core, the nearest ancestor that does. */
function coreOf(id: EraId): EraId {
  const { parent, differs } = FILES[id];
  return parent === null || Object.keys(differs).length > 0 ? id : coreOf(parent);
}

/** The booted eras whose core differs from the core of all earlier booted eras; in the other eras only drivers differ. */
export const DISTINCT_ERAS: readonly BootedEraId[] = BOOTED_ERAS.filter((id, i) =>
  BOOTED_ERAS.findIndex((other) => coreOf(other) === coreOf(id)) === i
);
