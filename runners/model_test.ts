import { assertEquals, assertRejects } from "@std/assert";
import { loadBoard, loadFacts } from "../boards/mod.ts";
import type { PlannedStep } from "../diff/trace.ts";
import { factsWith } from "../model/testing.ts";
import { openModel } from "./model.ts";

Deno.test("the model stops at a signal in the middle of a long plan", async () => {
  const controller = new AbortController();
  const runner = openModel(await loadBoard("model"), "6.12", { signal: controller.signal });
  const steps = Array.from({ length: 5000 }, (_, i): PlannedStep => ({
    id: i + 1,
    phase: "body",
    op: i === 0
      ? { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" }
      : { kind: "dev.reload", handle: "netdevsim/netdevsim10" },
  }));
  // The abort runs only if the model gives the event loop a turn.
  setTimeout(() => controller.abort(), 0);
  await assertRejects(
    () => runner.run({ suite: "s", sequence: "q", source: "", steps }),
    DOMException,
    "aborted",
  );
});

Deno.test("hardware that a plan requires is its device, even if the board has facts of another device", async () => {
  const facts = { ...factsWith({}), handle: "pci/0000:01:00.0", driver: "intel-eth-pci" };
  const runner = openModel(await loadBoard("model"), "7.3", {}, { facts });
  const up = { kind: "netdev.set" as const, dev: "eth1", up: true, settle: 3000 };
  const out = {
    kind: "device" as const,
    handle: facts.handle,
    operation: { link: { port: 0, up: false } },
    settle: 3000,
  };
  const steps = [up, out].map((op, i): PlannedStep => ({ id: i + 1, phase: "body", op }));
  const plan = { suite: "s", sequence: "q", source: "", steps, requires: ["stmmac_sgmii"] };
  const { steps: traced } = await runner.run(plan);
  assertEquals(traced[1]!.observation?.link["init"]?.map(({ operstate }) => operstate), ["DOWN"]);
});

Deno.test("a plan that names no instance reads the board's own device, unless the plan creates one", async () => {
  const facts = await loadFacts("boards/examples/connectx-7-ssh.facts.json");
  const runner = openModel(await loadBoard("model"), "6.12", {}, { facts });
  const shown = async (...ops: PlannedStep["op"][]) => {
    const steps = ops.map((op, i): PlannedStep => ({ id: i + 1, phase: "body", op }));
    const { steps: traced } = await runner.run({ suite: "s", sequence: "q", source: "", steps });
    const last = traced.at(-1)!;
    const reply = "observation" in last ? last.observation?.reply : undefined;
    return Object.keys((reply as { dev?: Record<string, unknown> } | undefined)?.dev ?? {});
  };
  const own = [facts.handle, ...facts.nested];
  assertEquals(await shown({ kind: "dev.show" }), own);
  assertEquals(await shown({ kind: "netns.add", name: "n1" }, { kind: "dev.show" }), own);
  assertEquals(
    await shown(
      { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" },
      { kind: "dev.show" },
    ),
    ["netdevsim/netdevsim10"],
  );
});
