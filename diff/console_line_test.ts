import { assertEquals } from "@std/assert";
import {
  beginsBoot,
  CONSOLE_LINE,
  CONSOLE_LINE_BEGUN,
  CONSOLE_LINE_POSSIBLY_BEGUN,
  consoleText,
} from "./console_line.ts";

/** The prefix in each form that a kernel gives it. */
const PREFIXES = [
  "[    0.000000] ",
  "[   12.345678] ",
  "[123456.000001] ",
  "[   12.345678][    T1] ",
  "[   12.345678][   C12] ",
  "<4>[   12.345678] ",
  "<30>[   12.345678][T4711] ",
];

Deno.test("each form of the prefix is read in the same way, alone and in the middle of other text", () => {
  for (const prefix of PREFIXES) {
    assertEquals(consoleText(`${prefix}eth0: up`), "eth0: up", prefix);
    assertEquals(consoleText(`${prefix}eth0: up\r\n`), "eth0: up", prefix);
    const mixed = `some wo${prefix}eth0: up\r\nrds`;
    assertEquals(mixed.replace(new RegExp(CONSOLE_LINE, "g"), ""), "some words", prefix);
  }
});

Deno.test("an incomplete line is recognised, however short its prefix", () => {
  for (const prefix of PREFIXES) {
    for (let length = 1; length < prefix.length; length++) {
      const text = `some words${prefix.slice(0, length)}`;
      assertEquals(new RegExp(CONSOLE_LINE_POSSIBLY_BEGUN).exec(text)?.index, "some words".length, text);
    }
  }
});

Deno.test("a bracket and a digit surely begin a line: a prompt may end in a bracket alone", () => {
  const begun = (text: string) => new RegExp(CONSOLE_LINE_BEGUN).exec(text)?.[0];
  for (const text of ["[1", "[   12", "[   12.", "[   12.345", "[   12.345678]", "<4>[   12.345"]) {
    assertEquals(begun(`login: ${text}`), text);
  }
  for (const text of ["[", "[   ", "<4>", "a>", "[12 "]) assertEquals(begun(`login: ${text}`), undefined, text);
});

Deno.test("other text is not a console line", () => {
  for (const text of ["", "eth0: up", '{"sizes": [1.5] }', "[1, 2]", "[12] x", "login: ", "[root@board ~]# "]) {
    assertEquals(consoleText(text), undefined, text);
    assertEquals(new RegExp(CONSOLE_LINE).test(text), false, text);
  }
});

Deno.test("a boot is recognised after words of the boot loader", () => {
  assertEquals(beginsBoot("Starting kernel ...[    0.000000] Linux version 6.12.0 (gcc)"), true);
  assertEquals(beginsBoot("[    0.000000][    T0] Linux version 6.12.0 (gcc)"), true);
  assertEquals(beginsBoot("cat: Linux version 6.12.0"), false);
});
