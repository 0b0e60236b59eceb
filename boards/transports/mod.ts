/**
 * The transports: the ways to reach a board. A new transport needs a file here for its table, a file in `runners/lines` for its
 * opener, and an entry in both lists. The compiler reports a missing entry in the second list.
 *
 * @module
 */

import type { z } from "zod";
import { serial, type SerialTable } from "./serial.ts";
import { ssh, type SshTable } from "./ssh.ts";
import type { LineTable, Need, Problem, TransportTable } from "./transport.ts";

export type { SerialTable } from "./serial.ts";
export type { SshTable } from "./ssh.ts";
export type { LineTable, Need, Problem, TransportTable } from "./transport.ts";

/** The first list: the tables of a board file, all optional. */
export interface TransportTables {
  /** The board over ssh */
  ssh?: SshTable;
  /** The board over a serial line */
  serial?: SerialTable;
}

/** The second list: the definition of each table. The first one that a board has is its default. */
const TABLES = { ssh, serial } as const satisfies Record<TransportName, unknown>;

/** A way to reach a board: the name of its table. */
export type TransportName = keyof TransportTables;

/** The names, in order of preference. */
export const TRANSPORTS = Object.keys(TABLES) as unknown as readonly [TransportName, ...TransportName[]];

type Shape = { [N in TransportName]: z.ZodExactOptional<typeof TABLES[N]["schema"]> };

/** Returns the part of a board file's shape for the tables of transports. */
export function transportShape(): Shape {
  return Object.fromEntries(TRANSPORTS.map((name) => [name, TABLES[name].schema.exactOptional()])) as unknown as Shape;
}

/** Returns true if this is the name of a transport. */
export function isTransport(name: unknown): name is TransportName {
  return typeof name === "string" && Object.hasOwn(TABLES, name);
}

/** Returns true if the transport is a serial line. */
export function isLine(name: TransportName): boolean {
  return isTransport(name) && TABLES[name].line;
}

/** The keys of a board file about transports. */
type Reached = { [N in TransportName]?: object } & { transport?: TransportName };

/** Returns the transport that is used by default; undefined if the board's file has no table of a transport. */
export function transportOf(board: Reached): TransportName | undefined {
  return board.transport ?? TRANSPORTS.find((name) => board[name] !== undefined);
}

/** Returns the serial line of a board: its first table that is a serial line. */
export function lineOf(board: Reached): LineTable | undefined {
  return TRANSPORTS.filter(isLine).map((name) => board[name] as LineTable | undefined)
    .find((table) => table !== undefined);
}

/** Describes each table of a board in one line, by the table's name. */
export function transportWords(board: Reached): [TransportName, string][] {
  return tablesOf(board).map(([name, table]) => [name, (TABLES[name] as TransportTable).words(table)]);
}

/** Returns what the tables of a board need on this machine. */
export function transportNeeds(board: Reached): Need[] {
  return tablesOf(board).flatMap(([name, table]) => (TABLES[name] as TransportTable).needs(table));
}

/** Returns the contradictions in the tables of a board file. Keys begin with the table's name. */
export function transportProblems(board: Record<string, unknown>): Problem[] {
  return TRANSPORTS.flatMap((name) =>
    TABLES[name].problems(board[name]).map(({ key, message }) => ({ key: `${name}.${key}`, message }))
  );
}

/** Returns the keys that hold paths, each with its table. */
export function transportPaths(board: Reached): [object, string][] {
  return tablesOf(board).flatMap(([name, table]) => TABLES[name].paths.map((key): [object, string] => [table, key]));
}

function tablesOf(board: Reached): [TransportName, object][] {
  return TRANSPORTS.flatMap((name): [TransportName, object][] => {
    const table = board[name];
    return table === undefined ? [] : [[name, table]];
  });
}

/** Returns the names of tables as text: `[ssh] or [serial]`. */
export function tableNames(word: "and" | "or", names: readonly TransportName[] = TRANSPORTS): string {
  return names.map((name) => `[${name}]`).join(` ${word} `);
}
