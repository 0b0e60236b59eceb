/** Lines of a console server: Debian's ser2net, with a board's program on a pty. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { type LineOptions, LOGIN_BOARD, openLine } from "./pty_line.ts";
import { findSer2net, startSer2net, type TestSer2net } from "./ser2net.ts";
import { escaped, subnegotiationBytes, type TelnetEvent, TelnetReader, verbBytes } from "./_telnet.ts";
import { within } from "./process.ts";
import { openSerial } from "./serial.ts";
import { TwinlinkBinding } from "./serial_binding.ts";
import type { Shell } from "./shell.ts";
import { TransportError } from "./shell.ts";
import { closeFd, getBaudRate, openTty } from "./tty.ts";

const ser2net = await findSer2net();
const required = Deno.env.get("TWINLINK_REQUIRE_KERNELS") === "1";

function serverTest(name: string, board: LineOptions, fn: (server: TestSer2net, path: string) => Promise<void>): void {
  Deno.test({
    name: ser2net || required ? name : `${name} (ser2net is not on this machine)`,
    ignore: !ser2net && !required,
    fn: async () => {
      assert(ser2net, "ser2net is not on this machine");
      await using line = await openLine(board);
      await using server = await startSer2net(ser2net, line.path);
      await fn(server, line.path);
    },
  });
}

const LOGIN = { user: "root", password: () => "secret" };
/** If a line shows nothing for this long, in ms, nothing more comes. */
const PATIENCE = 60_000;
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Writes a script; returns the output up to the given text, or to the given number of bytes. */
async function ask(shell: Shell, script: string | Uint8Array, end: string | number): Promise<Uint8Array> {
  const writer = shell.writable.getWriter();
  const reader = shell.readable.getReader();
  const writing = writer.write(typeof script === "string" ? bytesOf(script) : script);
  let seen = Buffer.alloc(0);
  while (typeof end === "number" ? seen.length < end : !seen.includes(end)) {
    const next = reader.read();
    if (!await within(PATIENCE, next)) throw new Error(`nothing more after ${seen.length} bytes`);
    const { value, done } = await next;
    if (done) throw new Error(`ended after ${JSON.stringify(seen.toString())}`);
    seen = Buffer.concat([seen, value]);
  }
  await writing;
  writer.releaseLock();
  reader.releaseLock();
  return seen;
}

for (const protocol of ["rfc2217", "tcp"] as const) {
  serverTest(`${protocol}: a login, and 128 KiB of every byte both ways`, { board: LOGIN_BOARD }, async (server) => {
    const path = server[protocol];
    const shell = await openSerial({ path, baudRate: 3_000_000, login: LOGIN, loginTimeoutMs: 20_000 });
    assertEquals(shell.description, `serial ${path} at 3000000`);
    const size = 128 << 10;
    // A quarter of the bytes begins a command of telnet. Ctrl-] is left out, since it would interrupt the shell.
    const data = randomBytes(size).map((byte, i) => i % 4 === 0 ? 0xff : byte === 0x1d ? 0 : byte);
    await ask(shell, `echo ready; exec head -c ${size}\n`, "ready\n");
    const back = await ask(shell, data, size);
    const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes.subarray(0, size)).digest("hex");
    assertEquals(sum(back), sum(data));
    await shell.close();
  });

  serverTest(
    `${protocol}: a line is lost when its server is killed in the middle of a read`,
    { board: LOGIN_BOARD },
    async (server) => {
      const shell = await openSerial({ path: server[protocol], baudRate: 1_000_000, login: LOGIN });
      const reader = shell.readable.getReader();
      const writer = shell.writable.getWriter();
      await writer.write(bytesOf("while :; do echo on and on; done\n"));
      await reader.read();
      await server.kill();
      await assertRejects(
        async () => {
          while (!(await reader.read()).done);
        },
        TransportError,
        `Lost serial ${server[protocol]} at 1000000: `,
      );
      await shell.close();
      const again = () => openSerial({ path: server[protocol], login: LOGIN });
      await assertRejects(again, TransportError, `Cannot open ${server[protocol]}: Connection refused`);
    },
  );

  serverTest(`${protocol}: a line that somebody else uses is refused with the server's words`, {}, async (server) => {
    const first = await TwinlinkBinding.open({ path: server[protocol], baudRate: 115_200 });
    const second = openSerial({ path: server[protocol], loginTimeoutMs: 5_000 });
    await assertRejects(() => second, TransportError, protocol === "tcp" ? "Lost " : "Port already in use");
    await first.close();
  });
}

serverTest("rfc2217: speed and flow control are set on the server's tty", {}, async (server, tty) => {
  const port = await TwinlinkBinding.open({ path: server.rfc2217, baudRate: 230_400, rtscts: true });
  const fd = openTty(tty);
  assertEquals(getBaudRate(fd), 230_400);
  assertEquals(await port.getBaudRate(), { baudRate: 230_400 });
  await port.update({ baudRate: 9600 });
  assertEquals(getBaudRate(fd), 9600);
  await port.set({ brk: true });
  await port.set({ brk: false, dtr: true, rts: true });
  await port.flush();
  closeFd(fd);
  await port.close();
  await assertRejects(() => port.write(Buffer.from("late")), Error, "closed");
});

Deno.test("rfc2217: a server that speaks no telnet, or answers another speed, is reported", async () => {
  const greet = async (reply: (connection: Deno.Conn) => Promise<void>) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const path = `rfc2217://127.0.0.1:${listener.addr.port}`;
    const serving = listener.accept().then(async (connection) => {
      await reply(connection).catch(() => {});
      connection.close();
    });
    const error = await assertRejects(() => TwinlinkBinding.open({ path, baudRate: 115_200 }), Error);
    await serving;
    return error.message.replace(path, "PATH");
  };
  const said = (text: string) => greet(async (connection) => void await connection.write(bytesOf(text)));
  assertEquals(
    await said("\x1b[2JNo more users\r\n"),
    "Cannot open PATH: the server closed the connection; it said: No more users",
  );
  const agree = [verbBytes("do", 0), verbBytes("will", 0), verbBytes("do", 44)];
  const refuse = [verbBytes("do", 0), verbBytes("wont", 0), verbBytes("do", 44)];
  const answering = (verbs: Uint8Array[], ...more: Uint8Array[]) =>
    greet(async (connection) => {
      for (const bytes of [...verbs, ...more]) await connection.write(bytes);
      const buffer = new Uint8Array(1024);
      while (await connection.read(buffer) !== null);
    });
  assertEquals(await answering(refuse), "Cannot open PATH: the server refuses binary");
  // The answer to the speed comes before the question, so it does not count; after the question only a wrong answer comes.
  const wrong = greet(async (connection) => {
    for (const bytes of agree) await connection.write(bytes);
    const reader = new TelnetReader();
    const buffer = new Uint8Array(1024);
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      const asks = reader.push(buffer.subarray(0, n)).some((event) => event.kind === "subnegotiation");
      if (asks) await connection.write(subnegotiationBytes(44, [101, 0, 0, 0x25, 0x80]));
    }
  });
  assertMatch(await wrong, /^Cannot open PATH: the server does not set 115200 baud: it answers 9600$/);
});

Deno.test("rfc2217: the last text of a server that hangs up is reported, even if a write fails before it is read", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const hungUp = listener.accept().then(async (connection) => {
    await connection.write(bytesOf("Port already in use\r\n"));
    connection.close();
  });
  const connect = Deno.connect;
  // As on a busy machine, reads come a while after writes.
  const slow = async (options: Deno.ConnectOptions) => {
    const connection = await connect(options);
    await hungUp;
    const read = connection.read.bind(connection);
    connection.read = (buffer) => new Promise((resolve) => setTimeout(resolve, 50)).then(() => read(buffer));
    return connection;
  };
  Deno.connect = slow as typeof Deno.connect;
  try {
    const path = `rfc2217://127.0.0.1:${listener.addr.port}`;
    const opening = TwinlinkBinding.open({ path, baudRate: 115_200 });
    await assertRejects(() => opening, Error, "it said: Port already in use");
  } finally {
    Deno.connect = connect;
  }
});

/** Joins the data of events, in whatever pieces it came. */
function joined(events: TelnetEvent[]): { data: number[]; others: string[] } {
  const data = events.flatMap((event) => event.kind === "data" ? [...event.bytes] : []);
  const others = events.filter((event) => event.kind !== "data").map((event) =>
    event.kind === "verb" ? `${event.verb} ${event.option}` : `${event.option}: ${[...event.bytes].join(" ")}`
  );
  return { data, others };
}

Deno.test("telnet: data and commands are separated correctly wherever the stream is cut", () => {
  const byte = fc.nat(255);
  const piece = fc.oneof(
    fc.array(fc.oneof(byte, fc.constant(0xff))).map((data) => ({ data, bytes: [...escaped(new Uint8Array(data))] })),
    fc.tuple(fc.constantFrom("will", "wont", "do", "dont"), byte)
      .map(([verb, option]) => ({ other: `${verb} ${option}`, bytes: [...verbBytes(verb, option)] })),
    fc.tuple(byte.filter((option) => option !== 0xff), fc.array(byte))
      .map(([option, of]) => ({ other: `${option}: ${of.join(" ")}`, bytes: [...subnegotiationBytes(option, of)] })),
    // The command "no operation".
    fc.constant({ bytes: [255, 241] }),
  );
  fc.assert(fc.property(fc.array(piece), fc.array(fc.nat(20)), (pieces, cuts) => {
    const stream = pieces.flatMap(({ bytes }) => bytes);
    const reader = new TelnetReader();
    const events: TelnetEvent[] = [];
    let at = 0;
    for (const cut of [...cuts, stream.length]) {
      events.push(...reader.push(new Uint8Array(stream.slice(at, at + cut))));
      at += cut;
    }
    assertEquals(joined(events), {
      data: pieces.flatMap((piece) => "data" in piece ? piece.data : []),
      others: pieces.flatMap((piece) => "other" in piece ? [piece.other] : []),
    });
  }));
});
