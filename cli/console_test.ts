/** The command `console` on a real terminal, that is connected to a line of the harness or to an sshd. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { LineOwner } from "../runners/lines/line_owner.ts";
import { bench, recordOf, REMOTE } from "./_console_bench.ts";
import { ended, run, start } from "./child.ts";
import { call } from "./in_process.ts";
import { startOnTerminal } from "./on_terminal.ts";
import { EscapeReader } from "./console.ts";

/** A board that answers each line, in red, and with a byte that is no text. */
const ANSWERING = [
  "sh",
  "-c",
  `stty raw -echo
printf 'ready\\r\\n'
while IFS= read -r line; do printf '\\033[31m<%s>\\377\\033[0m\\r\\n' "$line"; done`,
];

Deno.test("console: input goes to the board, output to the terminal and the record, Ctrl-] q leaves", () =>
  bench({ board: ANSWERING }, async ({ line, file, env }) => {
    await using terminal = startOnTerminal(["console", file], env);
    await terminal.see(`console of board "bench": serial ${line.path} at 115200\r\n`);
    await terminal.see("Ctrl-] q leaves, Ctrl-] b sends a break");
    // Ctrl-C and a doubled Ctrl-] also go to the board.
    terminal.type("one\x03\x1d\x1d\x1b[A\n");
    await terminal.see("\x1b[31m<one\x03\x1d\x1b[A>\xff\x1b[0m\r\n");
    terminal.type("\x1d?two\n");
    await terminal.see("[twinlink: Ctrl-] q leaves");
    await terminal.see("<two>");
    // No other command gets the board meanwhile.
    const { code, stderr } = await run(["run", "trap", "--board", file], { env });
    assertEquals(code, 3);
    assertMatch(stderr, /\(twinlink console, process \d+\) since .* has it; --wait waits until it is free/);
    terminal.type("\x1dq");
    assertEquals(await terminal.exited, 0);
    const { bytes, cast, times } = await recordOf(terminal.shown);
    assertStringIncludes(bytes, "\x1b[31m<one\x03\x1d\x1b[A>\xff\x1b[0m\r\n\x1b[31m<two>\xff\x1b[0m\r\n");
    // The timed record has all of the output; invalid UTF-8 is replaced there.
    assertEquals(cast, bytes.replaceAll("\xff", "\ufffd"));
    assertEquals(times, times.toSorted((a, b) => a - b));
    // The record has no typed input, only what the board echoed.
    assert(!bytes.includes("?two"));
  }));

Deno.test("console: while another process has the line, its record is shown, and nothing is typed", () =>
  bench({ board: ["sh", "-c", "stty raw -echo; exec cat"] }, async ({ line, file, env }) => {
    const owner = await LineOwner.open({ path: line.path, purpose: "run", title: "bench" });
    await line.inject("before it\r\n");
    await using terminal = startOnTerminal(["console", file], env);
    await terminal.see(`is used by a twinlink run (process ${Deno.pid}) since `);
    await terminal.see("before it\r\n");
    terminal.type("is anybody there?\n");
    await line.inject("\x1b[1mand now\r\n");
    await terminal.see("\x1b[1mand now\r\n");
    assertEquals(line.received, 0);
    // The refusal of a second owner names the holder of the line.
    const { code, stderr } = await run(["run", "trap", "--board", file], { env });
    assertEquals(code, 3);
    assertMatch(stderr, /not judged: Cannot open \S+: it is in use by a twinlink run \(process \d+\) since 20/);
    await line.inject("the last\r\n");
    while (!(await Deno.readTextFile(owner.record)).includes("the last")) {
      await new Promise((done) => setTimeout(done, 5));
    }
    await owner.close();
    await terminal.see("the last\r\n");
    await terminal.see("[twinlink: a twinlink run");
    await terminal.see("has ended]");
    assertEquals(await terminal.exited, 0);
  }));

Deno.test("console: a line that is unplugged, and a line that does not exist, are one message line each and exit 3", () =>
  bench({}, async ({ line, file, env }) => {
    await using terminal = startOnTerminal(["console", file], env);
    await line.inject("alive\r\n");
    await terminal.see("Ctrl-] q leaves");
    await line.unplug();
    await terminal.see(`twinlink: Lost serial ${line.path}: `);
    assertEquals(await terminal.exited, 3);
    // Text from a board is escaped before it reaches a terminal.
    await Deno.writeTextFile(file, `${REMOTE}[serial]\npath = "/dev/\\u001b[2Jnone"\n`);
    const { code, stderr } = await run(["console", file], { env });
    assertEquals([code, stderr], [
      3,
      "twinlink: Cannot open /dev/\\e[2Jnone: No such file or directory\n",
    ]);
  }));

Deno.test("console: without a terminal a board is watched until a signal comes", () =>
  bench({}, async ({ line, file, env }) => {
    const child = start(["console", file], { env });
    const reader = child.stdout.getReader();
    const talking = setInterval(() => line.inject("tick\r\n"), 20);
    const { value } = await reader.read();
    assertStringIncludes(new TextDecoder().decode(value), "tick\r\n");
    reader.releaseLock();
    child.kill("SIGTERM");
    const { code } = await ended(child);
    clearInterval(talking);
    assertEquals(code, 143);
  }));

Deno.test("console: boards without a console, and more than one board, are reported with exit 2", async () => {
  const said = async (...args: string[]) => {
    const { code, stderr } = await call(["console", ...args]);
    assertEquals(code, 2);
    return stderr;
  };
  assertEquals(await said(), "twinlink: console takes one board\n");
  assertEquals(
    await said("model"),
    'twinlink: Cannot open a console of board "model": runner = "model" has none\n',
  );
});

Deno.test("console: keys after Ctrl-] are for twinlink, all others for the board, wherever they are cut", () => {
  const key = fc.constantFrom("q", "b", "?", "x");
  const piece = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "\x03", "\x1b", "é") }).map((text) => ({ typed: text, send: text })),
    fc.constant({ typed: "\x1d\x1d", send: "\x1d" }),
    key.map((key) => ({ typed: `\x1d${key}`, key })),
  );
  fc.assert(fc.property(fc.array(piece), fc.array(fc.nat(6)), (pieces, cuts) => {
    const all = new TextEncoder().encode(pieces.map(({ typed }) => typed).join(""));
    const reader = new EscapeReader();
    const send: number[] = [], keys: string[] = [];
    let at = 0;
    for (const cut of [...cuts, all.length]) {
      for (const typed of reader.push(all.subarray(at, at + cut))) {
        if ("send" in typed) send.push(...typed.send);
        else keys.push(typed.key);
      }
      at += cut;
    }
    assertEquals(
      new TextDecoder().decode(new Uint8Array(send)),
      pieces.map((one) => "send" in one ? one.send : "").join(""),
    );
    assertEquals(keys, pieces.flatMap((one) => "key" in one ? [one.key] : []));
  }));
});
