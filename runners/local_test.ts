import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash, randomBytes } from "node:crypto";
import { openLocal } from "./local.ts";
import { TransportError } from "./lines/shell.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function write(writable: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes(text));
  writer.releaseLock();
}

Deno.test("openLocal() gives a shell without prompts and without echo", async () => {
  const shell = await openLocal();
  await write(shell.writable, "echo one\necho two >&2\necho $LC_ALL $TERM\nexit 3\n");
  assertEquals(await new Response(shell.readable).text(), "one\nC dumb\n");
  await shell.close();
});

Deno.test("openLocal() carries 1 MiB both ways", async () => {
  const shell = await openLocal();
  const data = randomBytes(512 << 10).toString("hex");
  // A shell may read ahead of the line that it runs: so the data is sent after the shell has printed a line.
  await write(shell.writable, "echo; exec cat\n");
  const reader = shell.readable.getReader();
  assertEquals((await reader.read()).value, bytes("\n"));
  const received = (async () => {
    const decoder = new TextDecoder();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
    }
    return text;
  })();
  await write(shell.writable, data);
  await shell.writable.close();
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  assertEquals(hash(await received), hash(data));
  await shell.close();
});

Deno.test("openLocal() close() ends a shell that is busy, and its children", async () => {
  const shell = await openLocal();
  const reader = shell.readable.getReader();
  await write(shell.writable, "sleep 1000 & echo $!; trap '' TERM; while :; do sleep 1000; done\n");
  const child = Number(new TextDecoder().decode((await reader.read()).value));
  assert(Deno.statSync(`/proc/${child}`).isDirectory);
  const closed = performance.now();
  await Promise.all([shell.close(), shell.close()]);
  assert(performance.now() - closed < 60_000);
  // The child was killed with the shell's process group. The kernel may take a moment, and nobody may reap the child.
  const state = () => Deno.readTextFile(`/proc/${child}/stat`).catch(() => "gone Z");
  while (!/ Z/.test(await state())) assert(performance.now() - closed < 60_000);
  const error = await assertRejects(() => write(shell.writable, "echo\n"), TransportError);
  assertEquals(error.message, "Cannot use the shell of this host: it was closed");
});

Deno.test("openLocal() close() ends a write that blocks", async () => {
  const shell = await openLocal();
  await write(shell.writable, "sleep 1000\n");
  const stuck = write(shell.writable, "#".repeat(1 << 20));
  const failed = assertRejects(() => stuck, TransportError);
  await shell.close();
  await failed;
  await shell.readable.cancel();
});

Deno.test("openLocal() reports that the shell was killed", async () => {
  const shell = await openLocal();
  await write(shell.writable, "kill -9 $$\n");
  const error = await assertRejects(() => new Response(shell.readable).text(), TransportError);
  assertEquals(error.message, "Lost the shell of this host: it was ended by SIGKILL");
  await shell.close();
});

Deno.test("openLocal() stops at an aborted signal", async () => {
  await assertRejects(() => openLocal({ signal: AbortSignal.abort() }), DOMException);
});
