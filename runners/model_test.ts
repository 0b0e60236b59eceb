import { assertRejects } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import type { PlannedStep } from "../diff/trace.ts";
import { openModel } from "./model.ts";

Deno.test("the model hears a signal in the middle of a long plan", async () => {
  const controller = new AbortController();
  const runner = openModel(await loadBoard("model"), "6.12", { signal: controller.signal });
  const steps = Array.from({ length: 5000 }, (_, i): PlannedStep => ({
    id: i + 1,
    phase: "body",
    op: i === 0
      ? { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" }
      : { kind: "dev.reload", handle: "netdevsim/netdevsim10" },
  }));
  // It is heard only where the model gives the event loop a turn.
  setTimeout(() => controller.abort(), 0);
  await assertRejects(
    () => runner.run({ suite: "s", sequence: "q", source: "", steps }),
    DOMException,
    "aborted",
  );
});
