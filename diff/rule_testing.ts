/** For tests of rules: judges two observations with all rules, and without one. */

import { assert, assertEquals } from "@std/assert";
import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { judge } from "./judge.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";
import { created, DEV, link, MADE, sequence, step } from "./testing.ts";
import type { StepTrace } from "./trace.ts";

/** Returns whether two observations of the same operation agree, and whether they would without the rule. */
export function agrees(
  op: Operation,
  expected: Partial<Observation>,
  observed: Partial<Observation>,
  without?: string,
): boolean {
  return agree([step(1, op, expected)], [step(1, op, observed)], without);
}

/** Returns the same of steps. */
export function agree(expected: StepTrace[], observed: StepTrace[], without?: string): boolean {
  const rules = RULES.filter((rule) => rule.id !== without);
  return judge(sequence(...expected), sequence(...observed), { rules }).verdict === "agree";
}

const tested = new Set<string>();

/** A test that the rule hides what it should, that it is this rule which does, and that it hides no real difference. */
export function testRule(id: string, hides: (without?: string) => boolean[], shows: () => boolean[]): void {
  tested.add(id);
  Deno.test(`rule ${id}: hides what means nothing`, () => {
    assertEquals(hides(), hides().map(() => true));
    assertEquals(hides(id), hides().map(() => false), "without the rule these differ");
  });
  Deno.test(`rule ${id}: hides no real difference`, () => {
    assertEquals(shows(), shows().map(() => false));
  });
}

/** Returns the file that tests a rule: `rules_log_test.ts`, `rules_link_test.ts` or, for all others, `rules_test.ts`. */
export function testsOf({ channels }: Rule): "log" | "link" | "other" {
  if (channels.includes("kmsg") || channels.includes("time")) return "log";
  return channels.includes("link") ? "link" : "other";
}

/** A test that {@linkcode testRule} has tested each of the rules, at the end of a file. */
export function testAllRules(of: ReturnType<typeof testsOf>): void {
  Deno.test("each rule is tested, has a reason, and names its channels", () => {
    const rules = RULES.filter((rule) => testsOf(rule) === of);
    assertEquals([...tested].sort(), rules.map((rule) => rule.id).sort());
    for (const { id, reason, channels } of rules) assert(reason.length > 20 && channels.length > 0, id);
  });
}

export const show = { kind: "port.show" } satisfies Operation;
export const onDevice = { kind: "dev.show", handle: DEV } satisfies Operation;
export const reload = { kind: "dev.reload", handle: DEV } satisfies Operation;
export const create = MADE.setup[0]!;

/** The device is made, with two netdevs. */
export const made = (a: string, b: string, linkOrder = [a, b]) =>
  step(1, create, { notify: { init: created(a, b) }, link: { init: linkOrder.map((name) => link("new", name)) } });

export const up = { kind: "netdev.set", dev: "fm0", up: true } satisfies Operation;
export const fm0 = (operstate: string, ...flags: string[]) => ({
  event: "new" as const,
  ifname: "fm0",
  flags,
  operstate,
});
export const links = (...events: ReturnType<typeof fm0>[]) => ({ link: { init: events } });
