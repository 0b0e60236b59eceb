/** Requests and records over lines that alter bytes, with a real shell at the end of each line. */

import { assertEquals } from "@std/assert";
import { type Fault, faulty } from "./_faulty_line.ts";
import { Connection } from "./connection.ts";
import { sharedVariables } from "./constants.ts";
import { openLocal } from "../local.ts";
import type { Shell } from "../lines/shell.ts";
import { sumOf } from "./wire.ts";

const utf8 = new TextEncoder();
const SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "ash"]].filter(([program]) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
);

async function on(shell: Shell, use: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = await Connection.open(shell, ":", 30_000);
  try {
    await use(connection);
  } finally {
    await connection.close(5000);
  }
}

const output = async (connection: Connection, command: string) => (await connection.call(command, 60_000))?.output;
/** Calls commands of many lengths, so many that each digit of a request comes more than once. */
async function callsOfEachLength(connection: Connection): Promise<void> {
  for (let length = 150; length < 180; length++) {
    const word = "0123456789".repeat(18).slice(0, length - 6);
    assertEquals(await connection.call(`echo ${word}`, 5000), { status: 0, output: `${word}\n` });
    assertEquals(await connection.call(`: ${word}`, 5000), { status: 0, output: "" });
  }
}
const numbers = Array.from({ length: 900 }, (_, i) => `${i + 1}\n`).join("");

Deno.test("a board's shell computes the same sums as the host", async () => {
  const texts = ["7 !true", Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join(""), "", " "];
  const long = "0123456789".repeat(20);
  const quoted = [...texts, long].map((text) => `'${text.replaceAll("'", "'\\''")}'`).join(" ");
  const script = `${sharedVariables()}. ./agent_wire.sh; for text in ${quoted}; do tl_sum "$text"; echo $TL_SUM; done`;
  for (const [program, ...args] of SHELLS) {
    const { stdout } = await new Deno.Command(program!, {
      args: [...args, "-c", script],
      cwd: new URL("../agent/", import.meta.url),
    }).output();
    assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [...texts, long].map((t) => sumOf(t)), program);
  }
});

Deno.test("Connection calls commands, and returns their status and output unchanged", async () => {
  for (const lossy of [true, false]) {
    await on(lossy ? await faulty({}) : await openLocal(), async (connection) => {
      await callsOfEachLength(connection);
      assertEquals(await connection.call("true", 5000), { status: 0, output: "" });
      assertEquals(await connection.call('echo "it\'s"; exit 7', 5000), { status: 7, output: "it's\n" });
      assertEquals(await connection.call("printf 'no end'", 5000), { status: 0, output: "no end" });
      assertEquals(await connection.call("printf '\\n'", 5000), { status: 0, output: "\n" });
      assertEquals(await output(connection, "echo é\necho '@tl1 1 2 3'"), "é\n@tl1 1 2 3\n");
      assertEquals(await output(connection, "seq 900"), numbers);
      assertEquals(await output(connection, `cat <<'X'\n${numbers}\\n%s \\0101\nX\n`), `${numbers}\\n%s \\0101\n`);
    });
  }
});

const lines: Record<string, Fault> = {
  "carriage returns in front of line feeds": {
    toHost: (bytes) => Uint8Array.from([...bytes].flatMap((byte) => byte === 10 ? [13, 10] : [byte])),
  },
  "seven bits": { toHost: (bytes) => bytes.map((byte) => byte & 127), toBoard: (bytes) => bytes.map((b) => b & 127) },
  "an echo": { echo: true },
};
for (const [name, fault] of Object.entries(lines)) {
  Deno.test(`a line with ${name} changes nothing`, async () => {
    await on(await faulty(fault), async (connection) => {
      assertEquals(await output(connection, "true"), "");
      for (let i = 0; i < 5; i++) assertEquals(await output(connection, "echo é; seq 900"), `é\n${numbers}`);
      assertEquals(await output(connection, `: '${numbers}'; echo é`), "é\n");
    });
  });
}

Deno.test("the wire also works on a board without gzip, base64 and cksum", async () => {
  const shell = await faulty({ toHost: (bytes) => bytes.map((byte) => byte & 127) });
  const writer = shell.writable.getWriter();
  const hide = ["gzip", "base64", "cksum"].map((name) => `${name}() { return 127; }`).join("; ");
  await writer.write(utf8.encode(`${hide}; command() { case $2 in cksum) false ;; *) : ;; esac; }\n`));
  writer.releaseLock();
  await on(shell, async (connection) => {
    await callsOfEachLength(connection);
    assertEquals(await output(connection, "echo é; seq 900"), `é\n${numbers}`);
    assertEquals(await output(connection, `cat <<'X'\nit's é \\ ${numbers}X\n`), `it's é \\ ${numbers}`);
  });
});
