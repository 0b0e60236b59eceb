/** Lines that change bytes by a rule, as terminal servers do, each with a real sh on a real pty. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Connection } from "../wire/connection.ts";
import { LineRule } from "./line_rule.ts";
import { LOGIN_BOARD, openLine } from "./pty_line.ts";
import { openSerial } from "./serial.ts";
import { TransportError } from "./shell.ts";

type Change = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** Replaces a line feed with other bytes. */
const newlines = (...to: number[]): Change => (bytes) =>
  Uint8Array.from([...bytes].flatMap((byte) => byte === 10 ? to : [byte]));

const ones = (byte: number) => byte.toString(2).replaceAll("0", "").length;
const parity = (odd: boolean): Change => (bytes) =>
  bytes.map((byte) => byte & 127 | (ones(byte & 127) % 2 === Number(odd) ? 0 : 128));

const [NUL, LF, CR, DEL] = [0, 10, 13, 127];

/** Breaks lines after `width` characters. */
function breaking(width: number): Change {
  let column = 0;
  return (bytes) =>
    Uint8Array.from([...bytes].flatMap((byte) => {
      column = byte === LF ? 0 : column + 1;
      if (column <= width) return [byte];
      column = 1;
      return [CR, LF, byte];
    }));
}

/** Changes that can be undone, and the words that report them. */
const UNDERSTOOD: Record<string, { toHost?: Change; toBoard?: Change; words?: string }> = {
  "nothing": {},
  "a NUL behind each line feed": { toHost: newlines(LF, NUL), words: "a line feed comes as 0a 00" },
  "CR NUL LF": { toHost: newlines(CR, NUL, LF), words: "a line feed comes as 0d 00 0a" },
  "LF CR": { toHost: newlines(LF, CR), words: "a line feed comes as 0a 0d" },
  "CR LF": { toHost: newlines(CR, LF), words: "a line feed comes as 0d 0a" },
  "CR alone": { toHost: newlines(CR), words: "a line feed comes as 0d" },
  "CR LF and four NUL": {
    toHost: newlines(CR, LF, NUL, NUL, NUL, NUL),
    words: "a line feed comes as 0d 0a 00 00 00 00",
  },
  "DEL behind each line feed": { toHost: newlines(LF, DEL, DEL), words: "a line feed comes as 0a 7f 7f" },
  "0xff behind each line feed": { toHost: newlines(LF, 255), words: "a line feed comes as 0a ff" },
  "a blank behind each line feed": { toHost: newlines(LF, 32), words: "a line feed comes as 0a 20" },
  "even parity": { toHost: parity(false), words: "the eighth bit is even parity" },
  "odd parity": { toHost: parity(true), words: "the eighth bit is odd parity" },
  "an eighth bit that is set": {
    toHost: (bytes) => bytes.map((byte) => byte | 128),
    words: "the eighth bit is always set",
  },
  "even parity, CR LF NUL": {
    toHost: (bytes) => parity(false)(newlines(CR, LF, NUL)(bytes)),
    words: "the eighth bit is even parity, a line feed comes as 0d 0a 00",
  },
  "seven bits": { toHost: (bytes) => bytes.map((byte) => byte & 127) },
  "CR LF to the board": { toBoard: newlines(CR, LF) },
  "LF CR to the board": { toBoard: newlines(LF, CR) },
  "a NUL behind each line feed to the board": { toBoard: newlines(LF, NUL) },
  "CR LF NUL both ways": {
    toHost: newlines(CR, LF, NUL),
    toBoard: newlines(CR, LF, NUL),
    words: "a line feed comes as 0d 0a 00",
  },
};

/** Changes that cannot be undone, and the error. */
const TOLD: Record<string, { toHost?: Change; toBoard?: Change; says: string }> = {
  "capital letters": {
    toHost: (bytes) => bytes.map((byte) => byte >= 97 && byte <= 122 ? byte - 32 : byte),
    says: "the line turns small letters into capital ones",
  },
  "lines of 80 characters": { toHost: breaking(80), says: "the line breaks lines of 250 characters and less" },
  "no line feeds": {
    toHost: newlines(),
    says: "the line turns a line feed into bytes that look like text: nothing",
  },
};

const LOGIN = { user: "root", password: () => "secret" };
/** A board with a user logged in: a login sends one more carriage return, for an empty password. */
const LOGGED_IN = ["sh", "-c", "PS1='# ' ENV= exec sh -i"];

const boardBehind = (name: string, { toHost, toBoard }: { toHost?: Change; toBoard?: Change }) =>
  openLine({
    board: /CR alone|no line feeds|to the board|both ways/.test(name) ? LOGGED_IN : LOGIN_BOARD,
    between: (bytes, to) => Promise.resolve((to === "host" ? toHost : toBoard)?.(bytes) ?? bytes),
  });

for (const [name, { words, ...changes }] of Object.entries(UNDERSTOOD)) {
  Deno.test(`a line with this rule works as without it: ${name}`, async () => {
    await using line = await boardBehind(name, changes);
    const shell = await openSerial({ path: line.path, baudRate: 3_000_000, login: LOGIN });
    assertEquals(shell.description.replace(line.path, "PATH"), `serial PATH at 3000000${words ? ` (${words})` : ""}`);
    const connection = await Connection.open(shell, ":", 60_000);
    try {
      const numbers = Array.from({ length: 900 }, (_, i) => `${i + 1}\n`).join("");
      assertEquals(await connection.call("true", 60_000), { status: 0, output: "" });
      assertEquals(await connection.call("echo é; seq 900", 60_000), { status: 0, output: `é\n${numbers}` });
      const odd = "a\\r\\n\\0b\\177\\tc\\r";
      assertEquals(await connection.call(`printf '${odd}'`, 60_000), { status: 0, output: "a\r\n\0b\x7f\tc\r" });
      assertEquals(await connection.call(`: '${numbers}'; echo end`, 60_000), { status: 0, output: "end\n" });
    } finally {
      await connection.close(20_000);
    }
  });
}

for (const [name, { says, ...changes }] of Object.entries(TOLD)) {
  Deno.test(`a line whose change cannot be undone is reported in one line: ${name}`, async () => {
    await using line = await boardBehind(name, changes);
    const open = () => openSerial({ path: line.path, baudRate: 3_000_000, login: LOGIN, loginTimeoutMs: 20_000 });
    const error = await assertRejects(open, TransportError);
    assert(error.message.startsWith(`Cannot log in on ${line.path}: ${says}`), error.message);
  });
}

Deno.test("LineRule: the eighth bit counts as parity only if it fits nearly all bytes", () => {
  const heard = (text: string | Uint8Array) => {
    const rule = new LineRule();
    rule.hear(typeof text === "string" ? new TextEncoder().encode(text) : text);
    return rule.words;
  };
  assertEquals(heard("Grüße aus dem Labor, für alle: ärgerlich, öfter, über\n"), "");
  assertEquals(heard("плата готова к работе, вход: "), "");
  assertEquals(heard("日本語のボードです。ログイン: "), "");
  assertEquals(heard("plain ASCII only, however long it is: login: "), "");
  assertEquals(heard(parity(false)(new TextEncoder().encode("board login: \r\n"))), "");
  assertEquals(
    heard(parity(false)(new TextEncoder().encode("test board login: \r\n"))),
    "the eighth bit is even parity",
  );
});

Deno.test("LineRule: the bytes after a line feed are skipped wherever the pieces are cut", () => {
  for (let cut = 0; cut <= 10; cut++) {
    const rule = new LineRule();
    assertEquals(rule.newlineIs("\r\n\0 "), true);
    const bytes = Uint8Array.of(97, 13, 10, 0, 32, 32, 98, 10, 99, 0);
    assertEquals([...rule.undo(bytes.slice(0, cut)), ...rule.undo(bytes.slice(cut))], [97, 10, 32, 98, 10, 99, 0]);
  }
  for (const text of ["", "x", "x\n", "\n".padEnd(40, "\0")]) assertEquals(new LineRule().newlineIs(text), false);
});
