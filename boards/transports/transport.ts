/**
 * The interface between a transport and a board file: the transport's table.
 *
 * @module
 */

import { z } from "zod";

/** Returns the schema of a text that is not empty. */
export const text = (description: string): z.ZodString => z.string().min(1).meta({ description });

/** Returns the schema of a file's path. */
export const path = (description: string): z.ZodString =>
  text(`${description}. Relative to the board file; a leading ~/ is the home directory`);

/** Returns the schema of a command's arguments. */
export const argv = (description: string): z.ZodArray<z.ZodString> =>
  z.array(z.string()).min(1).meta({ description: `${description}, as a list of arguments; no shell sees it` });

/** Something that a transport needs on this machine. */
export interface Need {
  /** Its kind in words, for example `identity file` */
  what: string;
  /** A program in PATH, a file to read, a variable of the environment, a device to read and write */
  kind: "program" | "file" | "variable" | "device";
  /** Its name or path; undefined if the board's file does not ask for it */
  name: string | undefined;
  /** How to fix what is missing; for programs there is a default */
  mend?: string;
}

/** A serial line, as a table of a board file describes it. */
export interface LineTable {
  /** The device, or the console server and its port */
  path: string;
  /** Bits per second, 8N1 */
  baud: number;
  /** Hardware flow control */
  rtscts: boolean;
}

/** A problem of a board file: the key in the table, and what is wrong. */
export interface Problem {
  key: string;
  message: string;
}

/** The board file's side of a transport. The runner's side, which opens it, is in `runners/lines/transports.ts`. */
export interface TransportTable<Schema extends z.ZodType = z.ZodType> {
  /** The shape of the table */
  readonly schema: Schema;
  /** Keys of the table that hold paths, in camel case */
  readonly paths: readonly string[];
  /** Returns the errors of the table, which may violate the schema */
  problems(table: unknown): Problem[];
  /** Describes the target of the table in one line. Keys are in camel case from here on */
  words(table: Camel<z.output<Schema>>): string;
  /** Returns the table's needs on this machine */
  needs(table: Camel<z.output<Schema>>): Need[];
  /** True if the table is a serial line (a {@linkcode LineTable}): a run records it, and a console shares it */
  readonly line: boolean;
}

type CamelKey<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelKey<B>>}` : S;
type Camel<T> = T extends readonly (infer E)[] ? Camel<E>[]
  : T extends object ? { [K in keyof T as CamelKey<K & string>]: Camel<T[K]> }
  : T;
