/**
 * For tests: recordings of the stock driver of Debian's kernels on an emulated ConnectX-5. `testdata/` has the facts of the device,
 * and the messages of a reload, of a move to another netns, and of the move back.
 */

import type { Facts } from "../../facts.ts";
import { Machine } from "../../machine.ts";
import type { Json, Observation } from "../../observation.ts";
import type { DeviceOperation } from "../../operation.ts";
import seen510 from "./testdata/5.10.json" with { type: "json" };
import seen61 from "./testdata/6.1.json" with { type: "json" };
import seen612 from "./testdata/6.12.json" with { type: "json" };
import seen72 from "./testdata/7.2.json" with { type: "json" };

export const HANDLE = "pci/0000:08:00.0";
export const NESTED = "auxiliary/mlx5_core.eth.0/131071";
export const RELOAD = { kind: "dev.reload", handle: HANDLE } as const;

/** The recording of one operation: messages and link events by netns. */
export interface Seen {
  notify: Record<string, readonly string[]>;
  link: Record<string, readonly string[]>;
}

export type Evidence = { facts: Facts; reload: Seen; move: Seen; back: Seen };

export const SEEN = { "5.10": seen510, "6.1": seen61, "6.12": seen612, "7.2": seen72 } as unknown as Record<
  "5.10" | "6.1" | "6.12" | "7.2",
  Evidence
>;
export const ERAS = Object.keys(SEEN) as (keyof typeof SEEN)[];

export const machineOf = (era: keyof typeof SEEN, more: Partial<Facts> = {}) =>
  new Machine({ era, facts: { ...SEEN[era].facts, ...more } });

/** Operates the card, and returns its reply. */
export const operate = (machine: Machine, operation: DeviceOperation): Json =>
  machine.perform({ kind: "device", handle: HANDLE, operation }).reply;

/** Returns an observation in the form of the recordings. */
export function seenOf({ notify, link }: Observation): Seen {
  const message = ({ command, object, handle, attributes: a }: Observation["notify"][string][number]) =>
    [
      `${command} ${object} ${handle}`,
      ...("name" in a ? [a["name"]] : []),
      ...(object === "port" ? [a["type"], ...("netdev" in a ? ["netdev"] : [])] : []),
      ...("nested_devlink" in a ? [`nested ${Object.keys(a["nested_devlink"] as object)}`] : []),
      ...(a["reload_failed"] ? ["failed"] : []),
    ].join(" ");
  const each = <T, U>(all: Record<string, T[]>, of: (one: T) => U) =>
    Object.fromEntries(Object.entries(all).map(([netns, list]) => [netns, list.map(of)]));
  return { notify: each(notify, message), link: each(link, ({ event }) => event) };
}
