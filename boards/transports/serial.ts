/**
 * The table `[serial]` of a board file: a serial line of this machine or of a console server.
 *
 * @module
 */

import { z } from "zod";
import { LINE, LINE_FORMS, LINE_MEANINGS, unsettable } from "../line_words.ts";
import { argv, type LineTable, type Need, type Problem, text, type TransportTable } from "./transport.ts";

const login = z.strictObject({
  user: text("User to log in as").default("root"),
  password_env: text("Environment variable that holds the password")
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable").exactOptional(),
  password_command: argv("Command that prints the password on its first line").exactOptional(),
}).refine((l) => !(l.password_env && l.password_command), {
  message: "password_env and password_command exclude each other",
}).meta({ description: "Login on the line; the password itself never stands in a file" });

/** The keys of each table that is a serial line. */
export const line = {
  path: text(
    `The line: a device such as /dev/ttyUSB0 or a link in /dev/serial/by-id; ${LINE_MEANINGS}`,
  ).regex(LINE, LINE_FORMS),
  baud: z.int().min(300).max(4_000_000).default(115200).meta({ description: "Bits per second, 8N1" }),
  rtscts: z.boolean().default(false).meta({ description: "Hardware flow control" }),
};

const schema = z.strictObject({
  ...line,
  login: login.exactOptional(),
}).meta({ description: "The board over a serial line" });

/** Returns the errors of a table that describes a serial line. */
export function lineProblems(table: unknown): Problem[] {
  const { path, rtscts } = (table ?? {}) as { path?: unknown; rtscts?: unknown };
  const message = typeof path === "string" && rtscts === true ? unsettable(path) : undefined;
  return message === undefined ? [] : [{ key: "rtscts", message }];
}

/** Returns what a serial line needs on this machine. A line of a console server is not opened, since that would disturb it. */
export function lineNeeds({ path }: LineTable): Need[] {
  return [{ what: "serial port", kind: "device", name: path.startsWith("/") ? path : undefined }];
}

/** The table `[serial]`: the board over a serial line, 8N1; the password itself is never in the file. */
export interface SerialTable {
  /** A device, `tcp://HOST:PORT` or `rfc2217://HOST:PORT` */
  path: string;
  /** Bits per second */
  baud: number;
  /** Hardware flow control */
  rtscts: boolean;
  /** Login on the line */
  login?: { user: string; password_env?: string; password_command?: string[] };
}

/** The board over a serial line. */
export const serial: TransportTable<typeof schema> = {
  schema,
  line: true,
  paths: [],
  problems: lineProblems,
  words: ({ path, baud }) => `${path} at ${baud} baud`,
  needs: (table) => [
    ...lineNeeds(table),
    {
      what: "serial password",
      kind: "variable",
      name: table.login?.passwordEnv,
      mend: `read -rs ${table.login?.passwordEnv}; export it`,
    },
    { what: "password command", kind: "program", name: table.login?.passwordCommand?.[0] },
  ],
};
