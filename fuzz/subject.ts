/**
 * What generated sequences are about on a board: devices that they make, or the board's own device as its facts describe it.
 *
 * @module
 */

import { type Abilities, whyUnsupported } from "../diff/capability.ts";
import type { FuzzDevices, FuzzExclusion, FuzzVocabulary } from "../model/drivers/fuzz.ts";
import { DEFAULT_DRIVER, driverModelOf } from "../model/drivers/mod.ts";
import type { Facts, Handle, MachineOptions, Operation } from "../model/mod.ts";
import { exclusionsOf, NOT_ON_OWN } from "./own_device.ts";
import { EXCLUSIONS } from "./predictable.ts";
import { type NamedRow, rowsOf, VOCABULARY } from "./vocabulary.ts";
import type { Handles } from "./world.ts";

/** What generated sequences are about. */
export interface Subject {
  /** The options of its machine, beside the era */
  readonly machine: Pick<MachineOptions, "facts" | "driver">;
  /** The devices that sequences make; undefined where they are about the board's own device */
  readonly devices: FuzzDevices | undefined;
  /** The handle of the board's own device; undefined where sequences make devices */
  readonly own: Handle | undefined;
  /** How operations are drawn */
  readonly rows: readonly NamedRow[];
  /** Handles for operations on an instance that does not exist */
  readonly handles: Handles;
  /** What is not generated */
  readonly exclusions: readonly FuzzExclusion[];
  /** Returns true for an operation after which dumps and messages may lack traps or policers */
  hides(op: Operation): boolean;
}

/** What is known of a board when sequences are generated for it. */
export interface SubjectOf extends Abilities {
  /** What the board's own device has */
  facts?: Facts;
  /** What the board's agent found there; undefined if that is unknown */
  has?: readonly string[] | undefined;
}

const NOTHING: FuzzVocabulary = { rows: {} };

/**
 * Returns what generated sequences are about on a board; undefined where its driver has no devices that sequences make, and no
 * facts were read.
 *
 * @param board The board; where it names no driver, sequences make devices of the default driver
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { subjectOf } from "./subject.ts";
 *
 * assertEquals(subjectOf({ driver: "mlx5_core" }), undefined);
 * ```
 */
export function subjectOf(board: SubjectOf): Subject | undefined {
  const { driver, facts } = board;
  const { fuzz = NOTHING } = driver === undefined ? DEFAULT_DRIVER : driverModelOf(driver);
  const { devices } = fuzz;
  if (!devices && !facts) return undefined;
  const own = devices ? undefined : facts!.handle;
  const lacks = (op: Operation) => whyUnsupported({ steps: [{ id: 0, op }] }, board, board.has) !== undefined;
  return {
    machine: own === undefined ? {} : { facts: facts!, ...(driver === undefined ? {} : { driver }) },
    devices,
    own,
    // An entry that never draws anything would make sequences short
    rows: rowsOf(fuzz).filter(({ name }) =>
      !(own !== undefined && Object.hasOwn(NOT_ON_OWN, name)) &&
      !(Object.hasOwn(VOCABULARY, name) && lacks({ kind: name } as Operation))
    ),
    handles: devices
      ? { possible: [...devices.ids, 99].map(devices.handle), absent: devices.absent }
      : { possible: [own!], absent: absentBeside(own!) },
    exclusions: [
      ...fuzz.exclusions ?? [],
      ...EXCLUSIONS,
      ...(own === undefined ? [] : exclusionsOf(own)),
      { reason: "the board lacks what it needs", when: lacks },
    ],
    hides: (op) => fuzz.hides?.(op) ?? false,
  };
}

/** Returns handles that no instance of a board has, whatever else is on it. */
function absentBeside(own: Handle): Handle[] {
  const slash = own.indexOf("/");
  return [`${own.slice(0, slash)}/nosuch`, `nosuch${own.slice(slash)}`, "nosuch/nosuch"];
}

/** Devices that sequences make, on a board that can do everything. */
export const MADE: Subject = subjectOf({})!;
