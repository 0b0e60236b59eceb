import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { LINE_FORMS, LINE_MEANINGS, LINE_SCHEMES, networkLine, unsettable } from "../../boards/line_words.ts";
import { type Board, BoardError, loadBoard, type TransportName } from "../../boards/mod.ts";
import { isLine, lineOf, transportOf, TRANSPORTS } from "../../boards/transports/mod.ts";
import { transportNeeds, transportWords } from "../../boards/transports/mod.ts";
import { openLocal } from "../local.ts";
import { Connection } from "../wire/connection.ts";
import type { Transport } from "./transport.ts";
import { openTransport, registerTransport } from "./transports.ts";

/** A transport that does not ship: a shell on this machine. */
const throwAway: Transport = { open: () => openLocal() };

async function boardOver(name: string): Promise<{ board: Board; transport: TransportName }> {
  const board = { ...await loadBoard("model"), runner: "remote", [name]: {} } as Board;
  return { board, transport: name as TransportName };
}

Deno.test("a transport that a test registers opens a shell, and the wire runs on it", async () => {
  const { board, transport } = await boardOver("throwaway");
  using _transport = registerTransport("throwaway", throwAway);
  const connection = await Connection.open(await openTransport(board, transport), ":", 10_000);
  try {
    assertEquals(await connection.call("echo $((6 * 7))", 5000), { status: 0, output: "42\n" });
  } finally {
    await connection.close(5000);
  }
});

Deno.test("a transport that does not exist, or is not in the board's file, is refused by its name", async () => {
  const { board, transport } = await boardOver("throwaway");
  await assertRejects(() => openTransport(board, transport), BoardError, 'Cannot find transport "throwaway"');
  const [first] = TRANSPORTS;
  await assertRejects(() => openTransport(board, first), BoardError, `over ${first}: its file has no [${first}]`);
  assertThrows(() => registerTransport(first, throwAway), BoardError, `Cannot register transport "${first}"`);
});

Deno.test("the tables of a board report their target and their needs on this machine", () => {
  const ssh = { host: "switch-7.lab", user: "root", port: 2222, identityFile: "/key" };
  const serial = { path: "/dev/ttyUSB0", baud: 115200, rtscts: false, login: { user: "root", passwordEnv: "SECRET" } };
  assertEquals(transportWords({ ssh, serial }), [
    ["ssh", "root@switch-7.lab port 2222"],
    ["serial", "/dev/ttyUSB0 at 115200 baud"],
  ]);
  assertEquals(
    transportNeeds({ ssh, serial }).filter(({ name }) => name !== undefined).map(({ kind, name }) => `${kind} ${name}`),
    ["program ssh", "file /key", "device /dev/ttyUSB0", "variable SECRET"],
  );
  assertEquals([transportOf({ serial }), transportOf({ ssh, serial }), transportOf({})], ["serial", "ssh", undefined]);
  assertEquals([lineOf({ ssh }), lineOf({ ssh, serial })], [undefined, serial]);
  assertEquals(TRANSPORTS.filter(isLine), ["serial"]);
});

Deno.test("each scheme of a line can be read, and is named in the messages about lines", () => {
  for (const [scheme, { sets }] of Object.entries(LINE_SCHEMES)) {
    assertEquals(networkLine(`${scheme}://lab-server:40001`)?.protocol, scheme);
    assertStringIncludes(LINE_FORMS, `${scheme}://HOST:PORT`);
    assertStringIncludes(LINE_MEANINGS, `${scheme}://HOST:PORT, `);
    assertEquals(unsettable(`${scheme}://lab-server:40001`) === undefined, sets);
  }
  assertEquals(unsettable("/dev/ttyUSB0"), undefined);
});

/** Code that is allowed only in the registry: a type, a list or a comparison of the names. */
const LITERAL = new RegExp(
  [
    String.raw`"ssh"\s*[|,]\s*"serial"`,
    String.raw`(?:transport|way|line|name)\s*[=!]==?\s*"(?:ssh|serial)"`,
    String.raw`\bcase "(?:ssh|serial)":`,
  ].join("|"),
);
const FOLDERS = [
  "boards",
  "cli",
  "diff",
  "fixtures",
  "fuzz",
  "model",
  "run",
  "runners",
  "sdk",
  "shell",
  "suites",
  "tools",
];
const REGISTRY = /^(boards\/transports|runners\/lines\/transports?[_.])/;

async function* sources(folder: string): AsyncGenerator<[string, string]> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(`../../${folder}`, import.meta.url))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (/\.ts$/.test(name) && !/_test\.ts$/.test(name)) {
      yield [path, await Deno.readTextFile(new URL(`../../${path}`, import.meta.url))];
    }
  }
}

Deno.test("no code outside of the registry compares or lists the names of transports", async () => {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    for await (const [path, text] of sources(folder)) {
      if (REGISTRY.test(path)) continue;
      text.split("\n").forEach((line, i) => LITERAL.test(line) && found.push(`${path}:${i + 1}: ${line.trim()}`));
    }
  }
  assertEquals(found, []);
});
