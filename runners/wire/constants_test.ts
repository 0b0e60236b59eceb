import { assert, assertEquals, assertMatch } from "@std/assert";
import { SHARED, sharedVariables } from "./constants.ts";

const SCRIPTS = ["agent_wire.sh", "agent.sh", "agent_steps.sh", "agent_races.sh"];
const read = (name: string) => Deno.readTextFile(new URL(`../agent/${name}`, import.meta.url));
const text = (await Promise.all(SCRIPTS.map(read))).join("");
const code = text.split("\n").filter((line) => !line.trimStart().startsWith("#")).join("\n");

Deno.test("the scripts use only names of the table, and repeat none of its values", () => {
  const used = new Set(Array.from(code.matchAll(/TLC_([A-Z_]+)/g), ([, name]) => name!));
  assertEquals([...used].filter((name) => !(name in SHARED)), []);
  // No script repeats a value of the table: each value has one place.
  const own = [SHARED.RECORD, SHARED.BEAT, SHARED.NO_ROOM, SHARED.BROKEN, SHARED.TOO_LONG, SHARED.FULL];
  for (const word of own) assert(!code.includes(word), `"${word}" stands in a script`);
  for (const number of [SHARED.SUM_FACTOR, SHARED.SUM_MODULUS, SHARED.FEW, SHARED.PART, SHARED.MOST]) {
    assert(!new RegExp(`\\b${number}\\b`).test(code), `${number} stands in a script`);
  }
});

Deno.test("a shell reads each value unchanged", async () => {
  for (const shell of ["dash", "bash"]) {
    const echo = Object.keys(SHARED).map((name) => `printf '%s\\n' "$TLC_${name}"`).join("\n");
    const { stdout } = await new Deno.Command(shell, { args: ["-c", `${sharedVariables()}${echo}`] }).output();
    assertEquals(new TextDecoder().decode(stdout).trimEnd().split("\n"), Object.values(SHARED).map(String), shell);
  }
  assertMatch(sharedVariables(), /^[ -~]*\n$/);
});
