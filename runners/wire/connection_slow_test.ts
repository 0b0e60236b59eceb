/** Requests and records over lines that lose, alter or delay many bytes, with a real shell at the end of each line. */

import { assert, assertEquals } from "@std/assert";
import { Random } from "../../bench/random.ts";
import { campaign } from "../../bench/noise.ts";
import { LOGIN_BOARD, openLine } from "../lines/pty_line.ts";
import { faulty } from "./_faulty_line.ts";
import { Connection } from "./connection.ts";
import { openSerial } from "../lines/serial.ts";
import type { Shell } from "../lines/shell.ts";

/** Returns a function that loses, doubles or alters one byte in `one` bytes, at random places that depend on the seed. */
function noisy(one: number, seed: number, quiet: () => boolean): (bytes: Uint8Array) => Uint8Array {
  const random = new Random(seed);
  return (bytes) => {
    const out: number[] = [];
    for (const byte of bytes) {
      const kind = !quiet() && random.next() < 1 / one ? random.whole(0, 2) : 3;
      if (kind === 0) continue;
      out.push(kind === 2 ? byte ^ (1 << random.whole(0, 6)) : byte);
      if (kind === 1) out.push(byte);
    }
    return Uint8Array.from(out);
  };
}

async function on(shell: Shell, use: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = await Connection.open(shell, ":", 30_000);
  try {
    await use(connection);
  } finally {
    await connection.close(5000);
  }
}

const output = async (connection: Connection, command: string) => (await connection.call(command, 60_000))?.output;
const numbers = Array.from({ length: 900 }, (_, i) => `${i + 1}\n`).join("");

for (const [one, kind] of [[3000, "long"], [150, "short"]] as const) {
  Deno.test(`a line that alters a byte in ${one}: no ${kind} answer is wrong or lost, and nothing is run twice`, async () => {
    const count = await Deno.makeTempFile();
    // The text that starts the wire is not damaged: until it runs, nothing can report damage.
    let quiet = true;
    const damage = (seed: number) => noisy(one, seed, () => quiet);
    try {
      await on(await faulty({ toHost: damage(5), toBoard: damage(7) }), async (connection) => {
        quiet = false;
        for (let i = 1; i <= 25; i++) {
          const length = kind === "long" ? i * 14 : i % 2;
          const expected = Array.from({ length }, (_, n) => `${n + 1}\n`).join("");
          assertEquals(await output(connection, `echo ${i} >> ${count}; seq 1 ${length}`), expected, `command ${i}`);
        }
        if (kind === "long") assertEquals(await output(connection, `: '${numbers}'; seq 900`), numbers);
        quiet = true;
      });
      assertEquals(await Deno.readTextFile(count), Array.from({ length: 25 }, (_, i) => `${i + 1}\n`).join(""));
    } finally {
      await Deno.remove(count);
    }
  });
}

for (const baudRate of [9600, 3_000_000]) {
  Deno.test(`a line of ${baudRate} baud`, async () => {
    await using line = await openLine({ board: LOGIN_BOARD, baudRate });
    const login = { user: "root", password: () => "secret" };
    await on(await openSerial({ path: line.path, baudRate, login }), async (connection) => {
      const length = baudRate < 10_000 ? 100 : 20_000;
      assertEquals(await output(connection, `seq ${length} | wc -l`), `${length}\n`);
      const expected = Array.from({ length }, (_, i) => `${i + 1}\n`).join("");
      assertEquals(await output(connection, `seq ${length}`), expected);
    });
  });
}

Deno.test("a long answer may take longer on the line than the bound for its beginning", async () => {
  await using line = await openLine({ board: LOGIN_BOARD, baudRate: 19_200 });
  const login = { user: "root", password: () => "secret" };
  const file = await Deno.makeTempFile();
  try {
    // Text that cannot be compressed much: about 18 s on this line. A busy machine may take some of the 12 s to begin it.
    const words = Array.from({ length: 1500 }, () => crypto.randomUUID().replaceAll("-", "")).join("\n") + "\n";
    await Deno.writeTextFile(file, words);
    await on(await openSerial({ path: line.path, baudRate: 19_200, login }), async (connection) => {
      assertEquals((await connection.call(`cat ${file}`, 12_000))?.output, words);
    });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("kernel lines everywhere: no answer is wrong, lost or done twice, and every kernel line is found whole", async () => {
  // As many bytes between two kernel lines as on a line of 115200 baud with 20 kernel lines a second.
  const what = { commands: 100, lines: 4, baudRate: 921_600, perSecond: 160, seed: 3 };
  const { kernelLines, loginMs: _, rate: __, ...outcome } = await campaign(what);
  assertEquals(outcome, { commands: 100, wrong: 0, lost: 0, twice: 0, never: 0, kernelLost: 0, logins: 4 });
  assert(kernelLines > 100, `only ${kernelLines} lines`);
});
