/** The comparison of traces, tested by its properties. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Json, Observation } from "../model/observation.ts";
import { clone, DEV, lose, sample, sequence, step } from "./testing.ts";
import { judge } from "./judge.ts";
import type { SequenceTrace } from "./trace.ts";

const text = fc.string({ minLength: 1, maxLength: 6 });
const attributes = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), { maxKeys: 3 });
const handles = fc.constantFrom(DEV, "netdevsim/netdevsim11");
const notification = fc.record({
  command: fc.constantFrom("new", "del"),
  object: fc.constantFrom("dev", "port", "trap"),
  handle: handles,
  attributes: fc.oneof(attributes, fc.record({ netdev: fc.constantFrom("eth1", "eth2"), port: fc.nat(2) })),
});
const linkEvent = fc.record({
  event: fc.constantFrom("new" as const, "del" as const),
  ifname: fc.constantFrom("eth0", "eth1", "eth2"),
  flags: fc.subarray(["BROADCAST", "UP"]),
  operstate: fc.constantFrom("UP", "DOWN"),
});
const perNetns = <T>(one: fc.Arbitrary<T>) =>
  fc.dictionary(fc.constantFrom("init", "t1"), fc.array(one, { maxLength: 6 }));
const observation: fc.Arbitrary<Observation> = fc.record({
  result: fc.constantFrom("ok", "EINVAL", "client"),
  extack: fc.option(fc.record({ level: fc.constantFrom("error" as const, "warning" as const), text })),
  reply: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  notify: perNetns(notification),
  link: perNetns(linkEvent),
  sysfs: fc.option(text),
  kmsg: fc.array(
    fc.record({
      class: fc.constantFrom("info" as const, "lockdep" as const),
      text: text.map((t) => `netdevsim: ${t}`),
    }),
    { maxLength: 3 },
  ),
  time: fc.constantFrom("immediate" as const, "blocked" as const),
});
const anyTrace = fc.array(observation, { minLength: 1, maxLength: 4 }).map((observations) =>
  sequence(...observations.map((one, i) => step(i + 1, { kind: "dev.show", handle: DEV }, one)))
);

Deno.test("property: a trace judged against itself agrees", () => {
  fc.assert(fc.property(anyTrace, (trace) => judge(trace, clone(trace)).verdict === "agree"), { numRuns: 300 });
});

/** Each single change of the sample in what is compared: a message dropped, doubled, swapped with its neighbour, a value changed. */
function* mutations(): Generator<[name: string, trace: SequenceTrace]> {
  const base = sample("ens1", "ens2");
  const mutate = (name: string, change: (trace: SequenceTrace) => void): [string, SequenceTrace] => {
    const trace = clone(base);
    change(trace);
    return [name, trace];
  };
  for (const [s, { observation }] of base.steps.entries()) {
    const at = (trace: SequenceTrace) => trace.steps[s]!.observation!;
    yield mutate(`${s} result`, (t) => at(t).result = "EBUSY");
    yield mutate(`${s} time`, (t) => at(t).time = at(t).time === "blocked" ? "immediate" : "blocked");
    yield mutate(`${s} sysfs`, (t) => at(t).sysfs = `${at(t).sysfs}x`);
    yield mutate(`${s} extack`, (t) => at(t).extack = { level: "error", text: "another text" });
    if (observation!.extack) {
      yield mutate(`${s} no extack`, (t) => at(t).extack = null);
      yield mutate(`${s} prefix`, (t) => at(t).extack!.prefix = "mlx5_core");
    }
    yield mutate(`${s} kmsg`, (t) => at(t).kmsg.push({ class: "info", text: "netdevsim netdevsim10: new" }));
    yield mutate(`${s} lost`, (t) => lose("overrun")(t.steps[s]!));
    for (const channel of ["notify", "link"] as const) {
      const messages = observation![channel].init ?? [];
      const list = (t: SequenceTrace) => at(t)[channel].init as unknown[];
      for (const i of messages.keys()) {
        yield mutate(`${s} ${channel} drop ${i}`, (t) => void list(t).splice(i, 1));
        yield mutate(`${s} ${channel} double ${i}`, (t) => void list(t).splice(i, 0, clone(list(t)[i])));
        if (i > 0) {
          yield mutate(`${s} ${channel} swap ${i}`, (t) => void list(t).splice(i - 1, 2, list(t)[i], list(t)[i - 1]));
        }
      }
      yield mutate(`${s} ${channel} elsewhere`, (t) => {
        const one = channel === "notify" ? { command: "new", object: "dev", handle: DEV, attributes: {} } : undefined;
        if (one) at(t).notify.t1 = [one];
        else at(t).result = "EIO";
      });
    }
    // Every single value, wherever it stands.
    const leaves: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]) => {
      if (typeof value === "object" && value !== null) {
        for (const [key, inner] of Object.entries(value)) {
          walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
        }
      } else leaves.push(path);
    };
    walk({ notify: observation!.notify, link: observation!.link, reply: observation!.reply }, []);
    for (const path of leaves) {
      yield mutate(`${s} value ${path.join(".")}`, (t) => {
        // deno-lint-ignore no-explicit-any
        const holder = path.slice(0, -1).reduce<any>((value, key) => value[key], at(t));
        const key = path.at(-1)!;
        const value = holder[key];
        holder[key] = typeof value === "number" ? value + 1000 : typeof value === "boolean" ? !value : `${value}x`;
      });
    }
  }
}

/** A netdev's name alone means nothing, as long as it stays a name of the same port. */
const meaningless = /value notify\.init\.\d+\.attributes\.netdev|value reply\.port\..*\.netdev$/;

Deno.test("property: no single mutation of what is compared agrees", () => {
  const all = [...mutations()];
  assert(all.length > 500, `${all.length} mutations`);
  const agreed = all.filter(([, trace]) => judge(sample(), trace).verdict === "agree").map(([name]) => name);
  assertEquals(agreed.filter((name) => !meaningless.test(name)), []);
});
