/**
 * The vocabulary of generated sequences: how operations of each kind are drawn. A new kind of operation is one row; the
 * types see to it that none is forgotten. A driver adds rows for its own files.
 *
 * @module
 */

import type { FuzzRow, FuzzTheme, FuzzVocabulary } from "../model/drivers/fuzz.ts";
import type { Operation } from "../model/mod.ts";
import type { GeneratedKind, Row } from "./row.ts";
import { DEVLINK_ROWS } from "./rows_devlink.ts";
import { PORT_ROWS } from "./rows_port.ts";
import { SYSTEM_ROWS, TIME_ROWS } from "./rows_system.ts";
import type { World } from "./world.ts";

const BEFORE_DRIVER = { ...DEVLINK_ROWS, ...PORT_ROWS, ...SYSTEM_ROWS };

/** The rows of any driver, by kind. */
export const VOCABULARY: { readonly [K in GeneratedKind]: Row<K> } = { ...BEFORE_DRIVER, ...TIME_ROWS };

/** A row with its name. */
export interface NamedRow {
  /** The kind; in the rows of a driver, with what it is about: `file.write new_port` */
  readonly name: string;
  /** The theme that it belongs to */
  readonly theme: FuzzTheme | undefined;
  /** True if every sequence may have it */
  readonly always: boolean;
  /** Its weight in the present state */
  weight(world: World): number;
  /** Draws an operation */
  draw(world: World): Operation | undefined;
}

function named([name, row]: [string, Row | FuzzRow]): NamedRow {
  const { weight, theme, always = false } = row;
  return {
    name,
    theme,
    always,
    weight: typeof weight === "number" ? () => weight : weight,
    draw: (world) => row.draw(world),
  };
}

/** Returns all rows for a driver. Their order is part of what a seed stands for. */
export function rowsOf({ rows }: Pick<FuzzVocabulary, "rows">): readonly NamedRow[] {
  const inOrder: Record<string, Row | FuzzRow> = { ...BEFORE_DRIVER, ...rows, ...TIME_ROWS };
  return Object.entries(inOrder).map(named);
}

/** What only comes about where several rows are in one sequence: the rate objects of VFs, an error that is not recovered from. */
export const THEMES: readonly FuzzTheme[] = ["rates", "health"];
