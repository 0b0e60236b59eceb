import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ownEnvironment } from "../../fixtures/testing.ts";
import type { BindingPortInterface } from "@serialport/bindings-interface";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type Line, LOGIN_BOARD, openLine } from "./pty_line.ts";
import { LineOwner } from "./line_owner.ts";
import { holderOf } from "./line_state.ts";
import { openSerial } from "./serial.ts";
import { TransportError } from "./shell.ts";
import { closeFd, openTty, setRaw, writeFd } from "./tty.ts";

/** Runs a test with its own state directory, and a line without a board unless one is given. */
async function withLine(fn: (line: Line, state: string) => Promise<void>, board?: string[]): Promise<void> {
  const state = await Deno.makeTempDir({ prefix: "twinlink-lines-" });
  using _ = ownEnvironment({ XDG_STATE_HOME: state });
  try {
    await using line = await openLine(board ? { board } : {});
    await fn(line, state);
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

const open = (line: Line, more = {}) => LineOwner.open({ path: line.path, purpose: "run", title: "b", ...more });

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 60_000; !await what();) {
    if (performance.now() > deadline) throw new Error("it did not come about within 60 s");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const sizeOf = async (path: string) => (await Deno.stat(path)).size;

/** Sends all bytes from the board's end. */
async function say(line: Line, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const fd = openTty(line.boardPath);
  setRaw(fd, { baudRate: 115_200 });
  for (let at = 0; at < bytes.length;) {
    const count = writeFd(fd, bytes.subarray(at));
    if (count === null) await new Promise((resolve) => setTimeout(resolve, 1));
    else at += count;
  }
  closeFd(fd);
}

async function read(port: BindingPortInterface, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < size;) at += (await port.read(buffer, at, size - at)).bytesRead;
  return buffer;
}

Deno.test("LineOwner records every byte, with or without a reader, and lends the line", () =>
  withLine(async (line) => {
    const owner = await open(line);
    const [alone, lent, between, again] = [100_000, 300_000, 50_000, 10].map((size) => randomBytes(size));
    const recorded = (...parts: Buffer[]) =>
      until(async () => await sizeOf(owner.record) >= parts.reduce((sum, part) => sum + part.length, 0));
    await say(line, new Uint8Array(alone!));
    await recorded(alone!);
    const port = await owner.binding.open({ path: line.path, baudRate: 115_200 });
    const reading = read(port, lent!.length);
    await say(line, new Uint8Array(lent!));
    assert((await reading).equals(lent!));
    await port.close();
    await assertRejects(() => port.read(Buffer.alloc(1), 0, 1), Error, "closed");
    await say(line, new Uint8Array(between!));
    await recorded(alone!, lent!, between!);
    const next = await owner.binding.open({ path: line.path, baudRate: 115_200 });
    await say(line, new Uint8Array(again!));
    assert((await read(next, 10)).equals(again!));
    await owner.close();
    const all = Buffer.concat([alone!, lent!, between!, again!]);
    assert(all.equals(await Deno.readFile(owner.record)));
    const cast = (await Deno.readTextFile(owner.record.replace(/log$/, "cast"))).trim().split("\n").slice(1);
    assertEquals(cast.map((event) => JSON.parse(event)[2]).join(""), new TextDecoder().decode(all));
  }));

Deno.test("a line has one owner; a second user learns the owner, and the line is free when the owner ends", () =>
  withLine(async (line) => {
    assertEquals(await holderOf(line.path), undefined);
    const owner = await open(line);
    const holder = await holderOf(line.path);
    assertEquals([holder?.pid, holder?.purpose, holder?.record], [Deno.pid, "run", owner.record]);
    const second = await assertRejects(() => open(line), TransportError);
    assertMatch(
      second.message,
      /^Cannot open \/dev\/pts\/\d+: it is in use by a twinlink run \(process \d+\) since 20/,
    );
    await owner.close();
    await owner.close();
    assertEquals(await holderOf(line.path), undefined);
    // Of many records the last ten stay, with their files of times.
    for (let i = 0; i < 12; i++) await (await open(line)).close();
    const names = [...Deno.readDirSync(owner.record.replace(/[^/]*$/, ""))].map(({ name }) => name);
    assertEquals(names.filter((name) => name.endsWith(".log")).length, 10);
    assertEquals(names.filter((name) => name.endsWith(".cast")).length, 10);
    await assertRejects(() => open(line, { path: "/dev/none" }), TransportError, "Cannot open /dev/none: No such file");
  }));

Deno.test("a lost line is opened again at its next use, and the record continues", () =>
  withLine(async (line, state) => {
    // The name stays the same when the adapter is plugged in again, as in /dev/serial/by-id.
    const name = `${state}/adapter`;
    await Deno.symlink(line.path, name);
    const owner = await open(line, { path: name });
    const port = await owner.binding.open({ path: name, baudRate: 115_200 });
    await say(line, new TextEncoder().encode("before"));
    await read(port, 6);
    await line.unplug();
    await assertRejects(() => read(port, 1), Error, "hung up");
    await assertRejects(() => port.write(Buffer.from("x")), Error, "hung up");
    await port.close();
    await assertRejects(() => owner.binding.open({ path: name, baudRate: 115_200 }), Error);
    await using other = await openLine();
    await Deno.remove(name);
    await Deno.symlink(other.path, name);
    const again = await owner.binding.open({ path: name, baudRate: 115_200 });
    assertEquals(owner.lost, undefined);
    await say(other, new TextEncoder().encode(" after"));
    await read(again, 6);
    await owner.close();
    assertEquals(await Deno.readTextFile(owner.record), "before after");
  }));

Deno.test("after a shell on a lent line ends, its owner still has the line and records it", () =>
  withLine(async (line) => {
    const owner = await open(line, { baudRate: 3_000_000 });
    const login = { user: "root", password: () => "secret" };
    for (let i = 0; i < 2; i++) {
      const shell = await openSerial({ path: line.path, baudRate: 3_000_000, login, binding: owner.binding });
      const writer = shell.writable.getWriter();
      await writer.write(new TextEncoder().encode(`echo number ${i}\n`));
      writer.releaseLock();
      await until(async () => (await Deno.readTextFile(owner.record)).includes(`number ${i}\n`));
      await shell.close();
    }
    await line.inject("between two shells\r\n");
    await until(async () => (await Deno.readTextFile(owner.record)).includes("between two shells\r\n"));
    await owner.close();
    const record = await Deno.readTextFile(owner.record);
    assert(record.includes("board login: "));
    // Text that was typed without an echo is in no record.
    assert(!record.includes("secret"));
  }, LOGIN_BOARD));

Deno.test("bytes that a line did not accept are not sent for its next user", () =>
  withLine(async (line) => {
    const owner = await open(line);
    // Nobody reads the other end, so it is filled: a terminal drops further bytes of a line without an end.
    const held = openTty(line.boardPath);
    setRaw(held, { baudRate: 115_200 });
    const port = await owner.binding.open({ path: line.path, baudRate: 115_200 });
    const stuck = assertRejects(() => port.write(Buffer.alloc(1 << 20, "x")), Error, "closed");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await port.close();
    await stuck;
    closeFd(held);
    assertEquals(owner.lost, undefined);
    await (await owner.binding.open({ path: line.path, baudRate: 115_200 })).close();
    await owner.close();
  }));
