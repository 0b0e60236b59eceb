import { assertEquals } from "@std/assert";
import type { Plan, SequenceTrace } from "../../diff/trace.ts";
import { hardware } from "../../fixtures/hardware.ts";
import { emptyObservation } from "../../model/observation.ts";
import type { Operation } from "../../model/operation.ts";
import { atHandle, hardwareHandle, traceFromHandle } from "./handle_names.ts";

const [MODEL, BOARD] = ["pci/0000:08:00.0", "pci/0000:03:00.0"];

const planOf = (...operations: Operation[]): Plan => ({
  suite: "s",
  sequence: "q",
  source: "x",
  steps: operations.map((op, i) => ({ id: i + 1, phase: "body", op })),
});

Deno.test("hardwareHandle() knows the handle of hardware whose address differs from board to board, and no other", () => {
  assertEquals(hardwareHandle({ requires: ["mlx5"] }), hardware("mlx5").handle);
  assertEquals(hardwareHandle({ requires: ["netdevsim", "mlxsw"] }), "pci/0000:01:00.0");
  for (const requires of [["rzn1_miic"], ["netdevsim"], ["toString"], []]) {
    assertEquals(hardwareHandle({ requires }), undefined);
  }
  assertEquals(hardwareHandle({}), undefined);
});

Deno.test("atHandle() rewrites handles, paths and written texts, also in nested operations", () => {
  const reload: Operation = { kind: "dev.reload", handle: MODEL };
  const plan = planOf(
    reload,
    { kind: "netns.del", name: "n1", until: MODEL },
    { kind: "file.write", path: "/sys/bus/pci/drivers/mlx5_core/unbind", value: "0000:08:00.0" },
    { kind: "file.read", path: "/sys/bus/pci/devices/0000:08:00.0/sriov_numvfs" },
    { kind: "file.read", path: "/sys/kernel/debug/mlx5/0000:08:00.0/cmd/in" },
    { kind: "during", operation: reload, poll: { kind: "port.show", handle: MODEL, port: 1 } },
    {
      kind: "race",
      racers: [{ operations: [reload] }],
      runs: 1,
      seed: 1,
      before: [reload],
      after: [],
      shown: [reload],
    },
  );
  const mapped = atHandle(plan, MODEL, BOARD);
  assertEquals(JSON.stringify(mapped), JSON.stringify(plan).replaceAll("0000:08:00.0", "0000:03:00.0"));
  assertEquals(atHandle(plan, MODEL, MODEL), plan);
});

Deno.test("atHandle() does not change other devices whose names begin or end alike", () => {
  const plan = planOf(
    { kind: "dev.show", handle: "pci/0000:08:00.01" },
    { kind: "dev.show", handle: "pci/10000:08:00.0" },
    { kind: "dev.show", handle: "pci/0000:08:00.1" },
    { kind: "param.set", handle: "auxiliary/mlx5_core.sf.4", name: "x", value: 8, cmode: "runtime" },
  );
  assertEquals(atHandle(plan, MODEL, BOARD), plan);
  const sim = planOf({ kind: "dev.show", handle: "netdevsim/netdevsim10" });
  assertEquals(atHandle(sim, "netdevsim/netdevsim1", "netdevsim/netdevsim7"), sim);
});

Deno.test("atHandle() changes the bus with the device", () => {
  const plan = planOf(
    { kind: "dev.show", handle: "netdevsim/netdevsim10" },
    { kind: "file.read", path: "/sys/bus/netdevsim/devices/netdevsim10/uevent" },
  );
  const { steps } = atHandle(plan, "netdevsim/netdevsim10", BOARD);
  assertEquals(steps.map(({ op }) => op), [
    { kind: "dev.show", handle: BOARD },
    { kind: "file.read", path: "/sys/bus/pci/devices/0000:03:00.0/uevent" },
  ]);
});

Deno.test("traceFromHandle() restores the plan's names on each channel, and keeps a second device apart", () => {
  const plan = planOf({ kind: "dev.reload", handle: MODEL }, { kind: "dev.show" });
  const observation = (own: string, other: string) => ({
    ...emptyObservation(),
    extack: { level: "error" as const, text: `${own} is busy` },
    reply: { dev: { [`pci/${own}`]: { nested_devlink: {} }, [`pci/${other}`]: {} } },
    notify: {
      init: [{ command: "new", object: "dev", handle: `pci/${own}`, attributes: { a: [`pci/${own}/1`] } }],
    },
    kmsg: [{
      class: "info" as const,
      text: `mlx5_core ${own}: firmware version: 16.35.2024`,
      device: `+pci:${own}`,
    }],
    sysfs: `DRIVER=mlx5_core\nPCI_SLOT_NAME=${own}`,
  });
  const pushed = atHandle(plan, MODEL, BOARD);
  const trace = (steps: SequenceTrace["steps"]): SequenceTrace => ({ suite: "s", sequence: "q", source: "x", steps });
  const [first, second] = pushed.steps;
  const seen = trace([
    { ...first!, observation: observation("0000:03:00.0", "0000:08:00.0") },
    { ...second!, lost: { reason: "crash", detail: "Oops in mlx5_core 0000:03:00.0" } },
  ]);
  assertEquals(
    traceFromHandle(seen, plan, MODEL, BOARD),
    trace([
      { ...plan.steps[0]!, observation: observation("0000:08:00.0", "0000:03:00.0") },
      { ...plan.steps[1]!, lost: { reason: "crash", detail: "Oops in mlx5_core 0000:08:00.0" } },
    ]),
  );
});
