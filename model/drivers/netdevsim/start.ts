/**
 * The starting state that needs no hardware: a netdevsim device with some ports.
 *
 * @module
 */

import type { StartingState } from "../../starting_state.ts";

/** Options of {@linkcode netdevsimWith}. */
export interface NetdevsimOptions {
  /** The number of ports at the start. @default {1} */
  ports?: number;
  /** The id on the netdevsim bus; the handle is `netdevsim/netdevsimID`. @default {10} */
  id?: number;
  /** Named network namespaces to make before the device */
  netns?: readonly string[];
  /** The netns in which the device is made, one of `netns`. @default {"init"} */
  in?: string;
  /** Names of files that the set-up puts into /lib/firmware, and the tear-down removes */
  firmware?: readonly string[];
  /** False if the sequence itself makes the device. @default {true} */
  create?: boolean;
}

/**
 * Returns a starting state with a netdevsim device and the netns that the sequence needs: made before the sequence, and always
 * removed after it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { netdevsimWith } from "./start.ts";
 *
 * const fixture = netdevsimWith({ ports: 2, netns: ["t1"] });
 * assertEquals(fixture.handle, "netdevsim/netdevsim10");
 * assertEquals(fixture.setup.map((op) => op.kind), ["netns.add", "file.write"]);
 * ```
 */
export function netdevsimWith(options: NetdevsimOptions = {}): StartingState {
  const { ports = 1, id = 10, netns = [], firmware = [], create = true } = options;
  const home = options.in ?? "init";
  return {
    name: `netdevsim with ${ports} port${ports === 1 ? "" : "s"}`,
    handle: `netdevsim/netdevsim${id}`,
    requires: ["netdevsim"],
    setup: [
      ...netns.map((name) => ({ kind: "netns.add" as const, name })),
      ...firmware.map((name) => ({ kind: "file.write" as const, path: `/lib/firmware/${name}`, value: name })),
      ...(create
        ? [{
          kind: "file.write" as const,
          path: "/sys/bus/netdevsim/new_device",
          value: `${id} ${ports}`,
          ...(home === "init" ? {} : { netns: home }),
        }]
        : []),
    ],
    teardown: [
      { kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: `${id}` },
      ...firmware.map((name) => ({ kind: "file.remove" as const, path: `/lib/firmware/${name}` })),
      ...netns.map((name) => ({ kind: "netns.del" as const, name })),
    ],
  };
}
