/** Compares the resources of the model of mlxsw with what the driver showed on an emulated Spectrum. */

import { assertEquals } from "@std/assert";
import type { Operation } from "../../operation.ts";
import { factsOf, HANDLE, machineOf, operationOf, RELOAD } from "./testing.ts";

Deno.test("mlxsw: a size of the KVD is first checked for its granularity, which devlink does not show (seen on 6.12)", () => {
  // The facts as of a later devlink(8), which prints no granularity of a size that cannot change
  const resources = factsOf("6.12").resources.map((one) => one.name === "kvd" ? { ...one, granularity: 1 } : one);
  const { extack } = machineOf("6.12", { resources }).perform(
    operationOf(`resource set ${HANDLE} path kvd size 245761`),
  );
  assertEquals(extack?.text, "Wrong granularity");
});

Deno.test("mlxsw of 6.12: the granularity of counters is a bank, which devlink does not show either (seen on 6.12)", () => {
  const machine = machineOf("6.12");
  const set = (path: string, size: number) => {
    const { result, extack } = machine.perform(operationOf(`resource set ${HANDLE} path ${path} size ${size}`));
    return [result, extack?.text];
  };
  for (const path of ["counters", "counters/rif", "counters/flow"]) {
    assertEquals(set(path, 4097), ["EINVAL", "Wrong granularity"], path);
  }
  assertEquals(set("counters/rif", 4096 + 2048), ["EINVAL", "Size larger than maximum"]);
  assertEquals(set("rifs", 1001), ["EINVAL", "Size larger than maximum"]);
});

Deno.test("mlxsw: an entry of the KVD is used only if there are routes, so not in a new netns (seen on 6.12)", () => {
  const machine = machineOf("6.12");
  const occupied = (netns?: string) => {
    const op = { kind: "resource.show", handle: HANDLE, ...netns ? { netns } : {} } as Operation;
    return [...JSON.stringify(machine.perform(op).reply).matchAll(/"(linear|singles)",.*?"occ":(\d+|[^,]*not known)/g)]
      .map(([, name, occ]) => `${name} ${occ}`);
  };
  const inFirst = ["linear 1", "singles 1"];
  assertEquals(occupied(), inFirst);
  machine.perform({ kind: "netns.add", name: "n1" });
  machine.perform({ ...RELOAD, to: "n1" });
  assertEquals(occupied("n1"), ["linear 0", "singles 0"]);
  machine.perform({ kind: "dev.reload", handle: HANDLE, netns: "n1", to: { pid: 1 } });
  assertEquals(occupied(), inFirst);
});
