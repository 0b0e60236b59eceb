/**
 * The vocabulary of generated sequences: how operations of each kind are drawn. A new kind of operation is one row; the
 * types see to it that none is forgotten.
 *
 * @module
 */

import type { Operation } from "../model/mod.ts";
import type { GeneratedKind, Row, Rows } from "./row.ts";
import { DEVLINK_ROWS } from "./rows_devlink.ts";
import { PORT_ROWS } from "./rows_port.ts";
import { SYSTEM_ROWS } from "./rows_system.ts";
import type { World } from "./world.ts";

/** The rows by kind. */
export const VOCABULARY: { readonly [K in GeneratedKind]: Rows<K> } = { ...DEVLINK_ROWS, ...PORT_ROWS, ...SYSTEM_ROWS };

/** A row with its name. */
export interface NamedRow {
  /** The kind, with what it is about behind it where a kind has several rows: `file.write new_port` */
  name: string;
  /** Its weight in the present state */
  weight(world: World): number;
  /** Draws an operation */
  draw(world: World): Operation | undefined;
}

const isRow = (rows: object): rows is Row => typeof (rows as Row).draw === "function";

function named(name: string, row: Row): NamedRow {
  const { weight } = row;
  return {
    name,
    weight: typeof weight === "number" ? () => weight : weight,
    draw: (world) => row.draw(world),
  };
}

/** All rows. */
export const ROWS: readonly NamedRow[] = Object.entries(VOCABULARY).flatMap(([kind, rows]) => {
  if (isRow(rows)) return [named(kind, rows as Row)];
  return Object.entries(rows as { [about: string]: Row }).map(([about, row]) => named(`${kind} ${about}`, row));
});

/** What only comes about where several rows are in one sequence: the rate objects of VFs, an error that is not recovered from. */
export const THEMES: readonly (readonly string[])[] = [
  ["file.write sriov_numvfs", "dev.eswitch.set", "dev.eswitch.show", "rate.add", "rate.set", "rate.del", "rate.show"],
  [
    "file.write break_health",
    "file.write knob",
    "health.set",
    "health.recover",
    "health.dump.show",
    "health.dump.clear",
  ],
];
