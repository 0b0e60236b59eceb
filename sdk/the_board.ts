/**
 * The fixture of suites of any driver: the board's own device in its current state.
 *
 * @module
 */

import { DEFAULT_DRIVER, driverModelOf } from "../model/drivers/mod.ts";
import type { StartOptions } from "../model/mod.ts";
import type { Fixture } from "./fixture.ts";

/**
 * Returns the board's own device as it is, by the board's facts. The changes of a sequence are reverted after it: params,
 * traps, groups, policers, resources, settings of reporters, snapshots of regions, the netns, and whether links are up. On a
 * driver whose devices sequences make, a device is made before the sequence and removed after it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { theBoard } from "./the_board.ts";
 *
 * assertEquals(theBoard({ netns: ["t1"] }).on!({ driver: "mlx5_core" }).reason, "the facts of the board's own device");
 * ```
 */
export function theBoard(options: StartOptions = {}): Fixture {
  return {
    name: "the board's own device",
    handle: "",
    requires: [],
    setup: [],
    teardown: [],
    on({ driver, facts }) {
      const { start } = driver === undefined ? DEFAULT_DRIVER : driverModelOf(driver);
      if (start) return start(options);
      const { netns = [] } = options;
      if (facts) {
        return {
          name: `${facts.handle} as it is`,
          handle: facts.handle,
          requires: [],
          setup: netns.map((name) => ({ kind: "netns.add" as const, name })),
          teardown: netns.map((name) => ({ kind: "netns.del" as const, name })),
          facts,
        };
      }
      const none = { name: "no device", handle: "none/none", requires: [], setup: [], teardown: [] };
      return { ...none, reason: "the facts of the board's own device" };
    },
  };
}
