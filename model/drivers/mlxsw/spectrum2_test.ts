/** Tests the differences of mlxsw between Spectrum-2 and the first Spectrum, and between 6.1 and later kernels. */

import { assertEquals, assertThrows } from "@std/assert";
import { type EraId, ERAS } from "../../era/mod.ts";
import { ModelGap } from "../../gap.ts";
import { Machine } from "../../machine.ts";
import { contradictionsOf } from "../mod.ts";
import { mlxsw } from "./mod.ts";
import { factsOf, HANDLE, machineOf, operationOf, RELOAD, SPECTRUM_2 } from "./testing.ts";

const INTERVAL = "acl_region_rehash_interval";
const inventoryOf = (era: EraId) => mlxsw.inventory!(ERAS[era], factsOf("6.12"));

Deno.test("mlxsw: Spectrum-2 has a trap of its buffers, and groups with a fixed policer (mlxsw_sp2_trap_items_arr)", () => {
  assertEquals(contradictionsOf(SPECTRUM_2.driver, ERAS["6.12"], SPECTRUM_2), []);
  const machine = new Machine({ era: "6.12", facts: SPECTRUM_2 });
  const perform = (line: string) => {
    const { result, extack } = machine.perform(operationOf(line));
    return [result, extack?.text];
  };
  for (const reloaded of [false, true]) {
    if (reloaded) machine.perform(RELOAD);
    assertEquals(perform(`trap set ${HANDLE} trap early_drop action drop`), [
      "EOPNOTSUPP",
      "Changing the action of source traps is not supported",
    ]);
    const fixed = ["EOPNOTSUPP", "Changing the policer binding of this group is not supported"];
    assertEquals(perform(`trap group set ${HANDLE} group buffer_drops policer 1`), fixed);
    assertEquals(perform(`trap group set ${HANDLE} group acl_sample policer 1`), fixed);
    assertEquals(perform(`trap group set ${HANDLE} group buffer_drops policer 20`), ["ok", undefined]);
  }
  // On the first Spectrum the policer of the group of samples can be changed
  const first = machineOf("6.12").perform(operationOf(`trap group set ${HANDLE} group acl_sample policer 1`));
  assertEquals(first.result, "ok");
});

Deno.test("mlxsw of 6.12: a reload registers the interval of Spectrum-2 again, between traps and ports", () => {
  const machine = new Machine({ era: "6.12", facts: SPECTRUM_2 });
  const interval = () => JSON.stringify(machine.perform({ kind: "param.show", handle: HANDLE, name: INTERVAL }).reply);
  const first = interval();
  machine.perform({ kind: "param.set", handle: HANDLE, name: INTERVAL, value: 3000, cmode: "runtime" });
  assertEquals(interval() === first, false);
  const objects = (machine.perform(RELOAD).notify["init"] ?? []).map(({ command, object }) => `${command} ${object}`);
  const at = ["del port", "del param", "del trap", "new trap", "new param", "new port"].map((one) =>
    objects.lastIndexOf(one)
  );
  assertEquals(at, at.toSorted((a, b) => a - b));
  assertEquals(objects.filter((one) => one.endsWith(" param")).length, 2);
  assertEquals(interval(), first);
});

Deno.test("mlxsw of 6.1: two traps fewer than 6.12, the same ARP traps, and an interval for Spectrum-2 (read from source)", () => {
  const { traps, groups, resources } = inventoryOf("6.1");
  assertEquals([traps!.length, groups!.length, resources!.length], [75, 24, 16]);
  assertEquals([inventoryOf("6.12"), inventoryOf("7.3")].map(({ traps }) => traps!.length), [77, 77]);
  const facts = factsOf("6.12", { driver: "mlxsw_spectrum2" });
  const machine = new Machine({ era: "6.1", facts });
  const set = (value: number) =>
    machine.perform({
      kind: "param.set",
      handle: HANDLE,
      name: INTERVAL,
      value,
      cmode: "runtime",
    }).result;
  assertEquals([2999, 3000, 0].map(set), ["EINVAL", "ok", "ok"]);
  // A bug seen in the source: mlxsw_sp_acl_fini() frees the memory that holds the param's value, and the param stays
  const failed = new Machine({ era: "6.1", facts: { ...facts, reloadFailed: true } });
  assertThrows(() => failed.perform({ kind: "param.show" }), ModelGap, "freed");
});
