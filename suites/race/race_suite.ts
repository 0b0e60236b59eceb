/**
 * Suites of races: pairs of operations that are raced on a board again and again. Each outcome is compared with the outcomes that the model
 * allows (docs/semantics.md 2.2, C01 to C12).
 *
 * @module
 */

import { netdevsim } from "../../fixtures/netdevsim.ts";
import type { Fixture } from "../../sdk/fixture.ts";
import type { Operation } from "../../model/mod.ts";
import type { RaceOptions } from "../../sdk/dut_race.ts";
import { BEFORE, DEVICE, RACE_OPERATIONS, type RaceOperation } from "./race_operations.ts";
import type { Suite } from "../../sdk/suite.ts";

/** The races of the suite `litmus`. */
export const LITMUS: readonly (readonly [RaceOperation, RaceOperation])[] = [
  ["reload", "reload"],
  ["reload", "reload_other"],
  ["reload", "del_device"],
  ["reload", "unbind"],
  ["reload", "new_port"],
  ["reload", "del_port"],
  ["reload", "trap_set"],
  ["reload", "param_set"],
  ["reload", "region_del"],
  ["reload", "take_snapshot"],
  ["reload", "port_show"],
  ["reload", "link_up"],
  ["reload", "reload_netns"],
  ["del_device", "port_show"],
  ["del_device", "trap_set"],
  ["del_device", "new_port"],
  ["del_device", "unbind"],
  ["new_port", "del_port"],
];

const textOf = (operations: readonly Operation[]) => JSON.stringify(operations);

/** Returns which of what races begin with is of no use to some of them. */
function needed(op: Operation, text: string): boolean {
  if (op.kind === "netns.add") return text.includes(`"${op.name}"`);
  if (op.kind === "region.new") return /"region\.|take_snapshot/.test(text);
  if (op.kind !== "file.write") return true;
  if (op.path.startsWith("/lib/firmware/")) return text.includes(op.path.split("/").at(-1)!);
  return !op.value.startsWith("11 ") || text.includes("netdevsim11") || text.includes('"11"');
}

/** Returns where a race of some operations begins: what they need of {@linkcode BEFORE}, and `more`. */
export function raceFixture(operations: readonly Operation[], more: readonly Operation[] = []): Fixture {
  const text = textOf([...operations, ...more]);
  const setup = [...BEFORE.filter((op) => needed(op, text)), ...more];
  const made = [...setup, ...operations];
  const devices = made.flatMap((op) =>
    op.kind === "file.write" && op.path.endsWith("/new_device") ? [op.value.split(" ")[0]!] : []
  );
  const netns = made.flatMap((op) => op.kind === "netns.add" ? [op.name] : []);
  return {
    ...netdevsim({ ports: 1 }),
    handle: DEVICE,
    setup,
    teardown: [
      ...[...new Set(devices)].map((value): Operation => ({
        kind: "file.write",
        path: "/sys/bus/netdevsim/del_device",
        value,
      })),
      ...[...new Set(netns)].map((name): Operation => ({ kind: "netns.del", name })),
    ],
  };
}

/** One race of a suite. */
export interface NamedRace {
  name: string;
  operations: readonly Operation[];
}

/** Returns the races of the suite `litmus`, or some of them by name. */
export function litmusRaces(only: readonly string[] = []): NamedRace[] {
  return LITMUS.map((pair) => ({
    name: pair.join(" | "),
    operations: pair.map((one) => RACE_OPERATIONS[one] as Operation),
  })).filter(({ name }) => only.length === 0 || only.includes(name));
}

/** Returns a suite of races, with a sequence for each race. */
export function raceSuite(
  name: string,
  races: readonly NamedRace[],
  options: Pick<RaceOptions, "runs" | "seed" | "schedules"> & { before?: readonly Operation[] } = {},
): Suite {
  const { before = [], ...of } = options;
  return {
    name,
    sequences: races.map(({ name, operations }) => ({
      name,
      source: "every interleaving on the model",
      fixture: raceFixture(operations, before),
      body: (dut) => {
        dut.race(operations, of);
      },
    })),
  };
}
