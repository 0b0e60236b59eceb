/**
 * Compares the model with recordings of booted kernels. Each line of `testdata/kernel-*.jsonl.gz` is a step: an operation and its
 * observation on a stock Debian kernel (6.1.192, 6.12.117) with iproute2 7.3; over 500 steps each. The kernel is right.
 */

import { assert, assertEquals } from "@std/assert";
import { type EraId, type Json, Machine, type Observation, type Operation } from "./mod.ts";

interface Fact {
  sequence: string;
  op: Operation;
  observation: Observation;
}

async function readFacts(era: EraId): Promise<Fact[]> {
  const file = await Deno.open(new URL(`./testdata/kernel-${era}.jsonl.gz`, import.meta.url));
  const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Returns a reply without packet counts, which depend on the board's speed; that each packet has 142 bytes does not. */
function comparable(value: Json, op: Operation, moving: boolean): Json {
  const visit = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(visit);
    if (value === null || typeof value !== "object") return value;
    const result: { [key: string]: Json } = {};
    for (const key of Object.keys(value).sort()) {
      const field = value[key]!;
      if (key.startsWith("last_dump_")) result[key] = "then";
      else if (key === "occ" && op.netns === undefined) result[key] = "the board's own routes";
      else if (moving && key === "packets") result[key] = "by time";
      else if (moving && key === "bytes") assertEquals(field, 142 * (value["packets"] as number));
      else result[key] = visit(field);
    }
    return result;
  };
  return visit(value);
}

/** Lines of the kernel log that come from the rest of the machine or from other subsystems. */
const FOREIGN_LINES = /^(?:IPv6: ADDRCONF|hrtimer: |ICMPv6)/;

for (const era of ["6.1", "6.12"] as const) {
  Deno.test(`the model predicts what a booted ${era} showed`, async (t) => {
    const facts = await readFacts(era);
    assert(facts.length > 500);
    for (const sequence of new Set(facts.map((fact) => fact.sequence))) {
      await t.step(sequence, () => {
        const machine = new Machine({ era });
        let moving = false;
        for (const [i, { op, observation: board }] of facts.filter((fact) => fact.sequence === sequence).entries()) {
          const model = machine.perform(op);
          if (op.kind === "link.set") moving = true;
          const where = `step ${i + 1}, ${JSON.stringify(op)}`;
          const refusedByTool = board.extack?.text.startsWith("argument of ") ?? false;
          // ip(8) and devlink(8) print an extended ack instead of the errno
          if (refusedByTool) assertEquals(model.result, "client", where);
          else if (board.result === "unseen") assert(model.result !== "ok", where);
          else assertEquals(model.result, board.result, where);
          if (!refusedByTool) assertEquals(model.extack, board.extack, where);
          assertEquals(comparable(model.reply, op, moving), comparable(board.reply, op, moving), where);
          assertEquals(model.sysfs, board.sysfs, where);
          assertEquals(model.time, board.time, where);
          assertEquals(
            model.kmsg.map((line) => line.text),
            board.kmsg.map((line) => line.text).filter((text) => !FOREIGN_LINES.test(text)),
            where,
          );
          for (const channel of ["notify", "link"] as const) {
            const streams = (observation: Observation): Json => {
              const byNetns = { ...observation[channel] } as unknown as { [netns: string]: Json[] };
              for (const [netns, messages] of Object.entries(byNetns)) {
                byNetns[netns] = messages.filter((message) =>
                  (message as { ifname?: string }).ifname !== "eth0" || netns !== "init"
                );
                if (byNetns[netns].length === 0) delete byNetns[netns];
              }
              return comparable(byNetns, op, moving);
            };
            assertEquals(streams(model), streams(board), `${channel} of ${where}`);
          }
        }
      });
    }
  });
}
