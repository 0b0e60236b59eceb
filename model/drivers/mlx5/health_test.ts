/** Tests the driver's reactions to the health of its emulated card. */

import { assertEquals, assertThrows } from "@std/assert";
import { ModelGap } from "../../gap.ts";
import type { Machine } from "../../machine.ts";
import type { Json } from "../../observation.ts";
import { CLEAR } from "../../operation.ts";
import { HANDLE, machineOf, operate, RELOAD, type SEEN, seenOf } from "./testing.ts";

const DOWN = { nic: 1, healAt: "restart" };

/** Has the card report a health, and waits `seconds` for the driver to see it. */
const say = (machine: Machine, health: Record<string, Json>, seconds = 3) =>
  machine.perform({ kind: "device", handle: HANDLE, operation: { health }, settle: seconds * 1000 });

const FATAL = { handle: HANDLE, reporter: "fw_fatal" } as const;

function stateOf(machine: Machine, reporter: string): Json {
  const { reply } = machine.perform({ kind: "health.show", handle: HANDLE, reporter });
  return (reply as { health: Record<string, { state: Json }[]> }).health[HANDLE]![0]!.state;
}

/** Returns a machine with a new instance, so that the recoveries of its reporters are known. */
function freshOf(era: keyof typeof SEEN): Machine {
  const machine = machineOf(era, { rdma: false });
  for (const file of ["unbind", "bind"]) {
    machine.perform({ kind: "file.write", path: `/sys/bus/pci/drivers/mlx5_core/${file}`, value: "0000:08:00.0" });
  }
  return machine;
}

const messagesOf = (observation: ReturnType<typeof say>) => seenOf(observation).notify["init"] ?? [];

Deno.test("mlx5: reporter fw reports an error once, and shows what the card reports", () => {
  const machine = machineOf("6.12");
  const reports = (syndrome: number) => messagesOf(say(machine, { syndrome })).length;
  assertEquals([reports(1), reports(1), reports(7), reports(0), reports(7)], [1, 0, 1, 0, 1]);
  assertEquals(stateOf(machine, "fw"), "error");
  const { reply } = machine.perform({ kind: "health.diagnose", handle: HANDLE, reporter: "fw" });
  assertEquals(reply, { Syndrome: 7, Description: "irisc not responding" });
  assertEquals(machine.perform({ kind: "health.recover", handle: HANDLE, reporter: "fw" }).result, "EOPNOTSUPP");
  const dump = (reporter: string) => machine.perform({ kind: "health.dump.show", handle: HANDLE, reporter }).result;
  assertEquals([dump("fw"), dump("fw_fatal")], ["EOPNOTSUPP", "ENODEV"]);
});

Deno.test("mlx5: until the driver must have polled the card, what follows is a gap", () => {
  const machine = machineOf("6.12");
  say(machine, { syndrome: 1 }, 2);
  assertThrows(() => machine.perform({ kind: "health.show" }), ModelGap, "polls");
  const stopped = machineOf("6.12");
  say(stopped, { beat: false }, 11);
  assertThrows(() => stopped.perform(RELOAD), ModelGap, "polls");
  const missed = machineOf("6.12");
  assertEquals(say(missed, { beat: false }, 12).kmsg.map(({ text }) => text), [
    "mlx5_core 0000:08:00.0: poll_health: device's health compromised - reached miss count",
  ]);
  assertEquals(stateOf(missed, "fw"), "error");
});

Deno.test("mlx5: a card that is down until it is restarted recovers, with the messages of a reload", () => {
  const machine = freshOf("6.12");
  const messages = messagesOf(say(machine, DOWN));
  assertEquals([messages.length, messages[0], stateOf(machine, "fw_fatal")], [
    20,
    `status health ${HANDLE}`,
    "healthy",
  ]);
  // Within the grace period the function is unloaded, and a reload loads it
  const { kmsg, unknown } = say(machine, DOWN);
  assertEquals(kmsg.filter(({ text }) => text.endsWith("Driver is in error state. Unloading")).length, 1);
  assertEquals([unknown?.notify, stateOf(machine, "fw_fatal")], [undefined, "error"]);
  assertThrows(() => machine.perform({ kind: "dev.info", handle: HANDLE }), ModelGap, "down");
  assertEquals([machine.perform(RELOAD).result, stateOf(machine, "fw_fatal")], ["ok", "error"]);
});

Deno.test("mlx5: on 5.10 a card that is down again within the grace period is left as it is, for the reload to unload", () => {
  const machine = freshOf("5.10");
  say(machine, DOWN);
  assertEquals(say(machine, DOWN).kmsg.map(({ text }) => text), [
    "mlx5_core 0000:08:00.0: poll_health: Fatal error 3 detected",
  ]);
  const { result, kmsg } = machine.perform(RELOAD);
  assertEquals([result, kmsg.map(({ text }) => text)], ["ok", [
    "mlx5_core 0000:08:00.0: mlx5_wait_for_pages: Skipping wait for vf pages stage",
  ]]);
});

Deno.test("mlx5: without auto recovery a card that is down waits for a recovery by a user", () => {
  const machine = freshOf("6.12");
  machine.perform({ kind: "health.set", ...FATAL, autoRecover: false });
  assertEquals(messagesOf(say(machine, DOWN)), [`status health ${HANDLE}`]);
  assertThrows(() => machine.perform(RELOAD), ModelGap, "down");
  assertEquals(machine.perform({ kind: "health.recover", ...FATAL }).result, "ok");
  assertEquals([stateOf(machine, "fw_fatal"), machine.perform(RELOAD).result], ["healthy", "ok"]);
});

Deno.test("mlx5: a recovery whose load the card refuses fails, and a reload brings the function back", () => {
  for (const fault of [{ fail: { command: "INIT_HCA", status: "LIM_ERR" } }, { withhold: { command: "INIT_HCA" } }]) {
    const machine = freshOf("6.12");
    operate(machine, fault);
    const { kmsg } = machine.perform({
      kind: "device",
      handle: HANDLE,
      operation: { health: DOWN },
      settle: 75_000,
    });
    assertEquals(kmsg.at(-1)?.text, "mlx5_core 0000:08:00.0: mlx5_health_try_recover: health recovery failed");
    const state = () => {
      const { reply } = machine.perform({ kind: "health.show", handle: HANDLE, reporter: "fw_fatal" });
      return (reply as { health: Record<string, { state: string }[]> }).health[HANDLE]![0]!.state;
    };
    assertEquals([state(), machine.perform(RELOAD).result, state()], ["error", "ok", "error"]);
  }
});

Deno.test("mlx5: health whose outcome is not modelled is a gap", () => {
  for (
    const [health, message] of [
      [{ syndrome: 18 }, "two errors have names that differ by kernel"],
      [{ nic: 1 }, "a card that stays down"],
      [{ nic: 7 }, "another state of the interface"],
      [{ syndrome: 1, beat: false }, "two at once"],
      [{ syndrome: 1, healAfterMs: 5 }, "when it is well is chance"],
      [DOWN, "the grace period may not have passed"],
    ] as const
  ) {
    assertThrows(() => operate(machineOf("6.12"), { health }), ModelGap, "operation health", message);
  }
  const faulty = freshOf("5.10");
  operate(faulty, { fail: { command: "INIT_HCA", status: "INT_ERR" } });
  assertThrows(() => operate(faulty, { health: DOWN }), ModelGap, "operation health");
  const unanswered = freshOf("6.12");
  operate(unanswered, { withhold: { command: "ACCESS_REG", register: "MCQS" } });
  unanswered.perform({ kind: "dev.info", handle: HANDLE });
  assertThrows(() => operate(unanswered, { health: DOWN }), ModelGap, "operation health");
  // A function whose load failed does not poll its card
  const failed = machineOf("6.12");
  operate(failed, { fail: { command: "INIT_HCA", status: "INT_ERR" } });
  failed.perform(RELOAD);
  assertThrows(() => operate(failed, { health: { syndrome: 1 } }), ModelGap, "operation health");
});

Deno.test("mlx5: clear heals the card, which the driver sees a poll later", () => {
  const machine = machineOf("6.12");
  say(machine, { syndrome: 1 });
  operate(machine, CLEAR);
  assertThrows(() => machine.perform({ kind: "health.show" }), ModelGap, "polls");
  const other = machineOf("6.12");
  say(other, { syndrome: 1 });
  other.perform({ kind: "device", handle: HANDLE, operation: CLEAR, settle: 3000 });
  assertEquals(other.perform({ kind: "health.diagnose", handle: HANDLE, reporter: "fw" }).reply, { Syndrome: 0 });
  // The same error is reported again
  assertEquals(messagesOf(say(other, { syndrome: 1 })).length, 1);
});
