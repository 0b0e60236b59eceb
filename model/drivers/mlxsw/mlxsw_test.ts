/** Compares the model of mlxsw with what the driver showed on an emulated Spectrum. */

import { assertEquals } from "@std/assert";
import { ERAS } from "../../era/mod.ts";
import { Machine } from "../../machine.ts";
import type { Json } from "../../observation.ts";
import { contradictionsOf } from "../mod.ts";
import {
  differences,
  factsOf,
  machineOf,
  messagesOf,
  operationOf,
  RELOAD,
  reloadOf,
  SEEN_ERAS,
  type SeenEra,
  sessionOf,
  withPorts,
} from "./testing.ts";

/** Performs the commands of a session, and compares all that came back. */
function replay(machine: Machine, era: SeenEra, name: string): void {
  for (const [at, { line, result, extack, reply }] of sessionOf(era, name).entries()) {
    const seen = machine.perform(operationOf(line));
    const unknown = seen.unknown?.result ?? seen.unknown?.extack;
    assertEquals(
      [seen.result, seen.extack, unknown],
      [result, extack ?? null, undefined],
      `${era} ${name} ${at}: ${line}`,
    );
    if (reply === undefined) continue;
    const differ = differences(JSON.parse(reply) as Json, seen.reply);
    assertEquals(differ, [], `${era} ${name} ${at}: ${line}`);
  }
}

for (const era of SEEN_ERAS) {
  Deno.test(`mlxsw of ${era}: the board has what the driver registers by its source`, () => {
    assertEquals(contradictionsOf("mlxsw_spectrum", ERAS[era], factsOf(era)), []);
  });

  Deno.test(`mlxsw of ${era}: a reload sends the messages of the real driver in their order`, () => {
    const messages = messagesOf(machineOf(era).perform(RELOAD));
    const seen = reloadOf(era);
    // On 6.12 the monitor was ended before the reload was
    const [last, ...first] = seen.toReversed();
    assertEquals(messages.slice(0, seen.length - 1), first.toReversed());
    assertEquals(messages[seen.length - 1]!.startsWith(last!), true);
    if (era !== "6.12") assertEquals(messages.length, seen.length);
  });

  for (const name of ["reload", "traps", "params"]) {
    Deno.test(`mlxsw of ${era}: the commands of session ${name} end as on the real driver`, () => {
      replay(machineOf(era), era, name);
    });
  }
}

Deno.test("mlxsw: a split and its end as on the real driver; a reload undoes a split", () => {
  replay(machineOf("7.2"), "7.2", "split");
  replay(machineOf("6.12", withPorts(factsOf("6.12"), 4)), "6.12", "split");
});

Deno.test("mlxsw: the test of the health reporter as on the real driver", () => {
  replay(machineOf("6.12", withPorts(factsOf("6.12"), 4)), "6.12", "health");
});
