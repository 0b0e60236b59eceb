/** Compares the shared buffer of the model of mlxsw with what the driver showed on an emulated Spectrum. */

import { assertEquals } from "@std/assert";
import { Machine } from "../../machine.ts";
import type { Operation } from "../../operation.ts";
import seenBuffer from "./testdata/sb.json" with { type: "json" };
import { factsOf, HANDLE, machineOf, operationOf, RELOAD, SPECTRUM_2, withPorts } from "./testing.ts";

/** The handle of the switch in `testdata/sb.json`. */
const SWITCH = "pci/0000:01:00.0";

Deno.test("mlxsw: a reload sets the shared buffer up, which is listed as on the real driver (seen on 6.1, 7.2 and 7.3)", () => {
  for (const era of ["6.1", "7.2", "7.3"] as const) {
    const facts = { ...withPorts(factsOf("6.12"), 2), handle: SWITCH };
    const machine = new Machine({ era, facts });
    const perform = (op: Operation) => machine.perform(op);
    assertEquals(perform({ kind: "sb.pool.show" }).unknown?.reply !== undefined, true);
    perform({ kind: "dev.reload", handle: SWITCH });
    for (const [line, reply] of Object.entries(seenBuffer)) {
      const shown = perform(operationOf(line));
      assertEquals([shown.reply, shown.unknown], [reply, undefined], `${era}: ${line}`);
    }
    const one = (more: object) => perform({ kind: "sb.pool.show", handle: SWITCH, ...more });
    assertEquals(one({ pool: 8 }).reply, { pool: { [SWITCH]: [seenBuffer["sb pool show"].pool[SWITCH][8]!] } });
    assertEquals([one({ pool: 11 }).result, one({ sb: 1, pool: 0 }).result], ["EINVAL", "ENODEV"]);
    assertEquals(perform({ kind: "sb.show", handle: SWITCH }).reply, seenBuffer["sb show"]);
    perform({ kind: "sb.pool.set", handle: SWITCH, pool: 0, size: 96, thtype: "static" });
    assertEquals(perform({ kind: "sb.pool.show" }).unknown?.reply !== undefined, true);
  }
});

Deno.test("mlxsw: a reload that fails leaves no shared buffer; the buffer of other firmware or a later ASIC is not known", () => {
  const machine = machineOf("6.12");
  machine.perform(RELOAD);
  const fail = { access: "SPAD query", nth: 1, status: "BAD_PARAMETER" };
  machine.perform({ kind: "device", handle: HANDLE, operation: { fail } });
  assertEquals(machine.perform(RELOAD).result, "EIO");
  assertEquals(machine.perform({ kind: "sb.show", handle: HANDLE }).result, "ENODEV");
  assertEquals(machine.perform({ kind: "sb.show" }).reply, { sb: {} });
  for (const facts of [SPECTRUM_2, factsOf("6.12", { versions: {} })]) {
    const other = new Machine({ era: "6.12", facts });
    other.perform(RELOAD);
    assertEquals(other.perform({ kind: "sb.show" }).unknown?.reply !== undefined, true);
  }
});
