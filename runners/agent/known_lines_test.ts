/** Records without the lines that the host has; the board's half runs in the shells that boards have. */

import { assertEquals, assertLess } from "@std/assert";
import { Connection } from "../wire/connection.ts";
import { KnownLines } from "./known_lines.ts";
import { openLocal } from "../local.ts";
import { md5 } from "../wire/wire.ts";

const utf8 = new TextEncoder();
const long = (letter: string) => letter.repeat(400);
const record = (...lines: string[]) => utf8.encode(lines.map((line) => `${line}\n`).join(""));

async function sums(bytes: Uint8Array): Promise<string> {
  const cksum = new Deno.Command("cksum", { stdin: "piped", stdout: "piped" }).spawn();
  const writer = cksum.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  const [sum, length] = new TextDecoder().decode((await cksum.output()).stdout).split(" ");
  return `${length!.trim()} ${sum}`;
}

Deno.test("KnownLines puts back known lines, byte for byte, or reports that it cannot", async () => {
  const known = new KnownLines();
  known.begin("p");
  const bytes = record("1 steps", long("a"), "between", long("é"), "end");
  known.learn(bytes);
  const of = (line: string) => md5(record(line));
  const head = await sums(bytes);
  const left = `${head} 4 ${of(long("é"))} 2 ${of(long("a"))}`;
  assertEquals(known.whole(record(left, "1 steps", "between", "end")), bytes);
  assertEquals(known.whole(record(`${head} 2 ${of(long("b"))}`, "1 steps", "between", long("é"), "end")), undefined);
  // Records with an altered line, wrong line numbers, or a wrong checksum
  assertEquals(known.whole(record(left, "1 steps", "betweem", "end")), undefined);
  assertEquals(
    known.whole(record(`${head} 2 ${of(long("é"))} 4 ${of(long("a"))}`, "1 steps", "between", "end")),
    undefined,
  );
  // Now KnownLines is no longer trusted.
  assertEquals([known.whole(record("")), known.begin("p")], [undefined, []]);
});

Deno.test("KnownLines names the lines of a plan, and persists from run to run", async () => {
  const path = await Deno.makeTempFile();
  const known = new KnownLines();
  assertEquals(known.begin("first"), []);
  known.learn(record("short", long("a"), long("b")));
  known.begin("second");
  known.learn(record(long("c")));
  await known.save(path);
  const again = await KnownLines.load(path);
  const of = (letter: string) => md5(record(long(letter))).slice(0, 8);
  assertEquals(again.begin("first"), [of("a"), of("b")]);
  assertEquals(again.begin("second"), [of("c")]);
  assertEquals(again.begin("third").toSorted(), [of("a"), of("b"), of("c")].toSorted());
  await Deno.writeTextFile(path, "no such thing");
  assertEquals((await KnownLines.load(path)).begin("first"), []);
  await Deno.remove(path);
});

const SHELLS = ["dash", "bash", "busybox"].filter((name) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${name}`], stdout: "null" }).outputSync().success
);

for (const name of SHELLS) {
  Deno.test(`${name}: a known reply travels as its MD5, and a reply that the host lost is requested whole`, async () => {
    const own = await openLocal();
    let came = 0;
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, to) {
        came += bytes.length;
        to.enqueue(bytes);
      },
    });
    own.readable.pipeTo(count.writable).catch(() => {});
    const writer = own.writable.getWriter();
    await writer.write(utf8.encode(`echo ready; exec ${name === "busybox" ? "busybox ash" : name}\n`));
    writer.releaseLock();
    const reader = count.readable.getReader();
    await reader.read();
    reader.releaseLock();
    const shell = {
      description: name,
      readable: count.readable,
      writable: own.writable,
      lossy: { bytesPerMs: 10 },
      close: () => own.close(),
    };
    const known = new KnownLines();
    const connection = await Connection.open(shell, ":", 30_000, { known, silenceMs: 300 });
    const dir = await Deno.makeTempDir();
    try {
      // Text that gzip cannot shorten much
      const chance = (seed: string) => Array.from({ length: 12 }, (_, i) => md5(utf8.encode(seed + i))).join("");
      const ask = async (seed: string) => {
        const reply = `begin\n${chance(seed)}\nmiddle é\n${chance(`${seed}2`)}\n\nend`;
        await Deno.writeTextFile(`${dir}/reply`, reply);
        const from = came;
        assertEquals((await connection.call(`cat ${dir}/reply`, 30_000))?.output, reply);
        return came - from;
      };
      known.begin("p");
      const first = await ask("a");
      const told = known.begin("p");
      assertEquals(told.length, 2);
      // The host does not have a line that the board expects it to know.
      const lost = md5(utf8.encode(`${chance("b")}\n`)).slice(0, 8);
      await connection.tell(`TL_KNOWN=' ${[...told, lost].join(" ")} '`);
      const second = await ask("a");
      assertLess(second, first / 2);
      assertLess(first, await ask("b"));
    } finally {
      await connection.close(5000);
      await Deno.remove(dir, { recursive: true });
    }
  });
}
