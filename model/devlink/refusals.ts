/**
 * Commands on objects that most drivers lack: shared buffers, the pipeline's tables (dpipe), line cards and self-tests. Lists are
 * empty; each other command has its own error (docs/semantics.md 5.5).
 *
 * @module
 */

import { change, type Command, dump, refused, type Scene } from "../command.ts";
import { dumpBuffers, dumpPools, dumpPorts, showBuffer, showPool } from "./sb.ts";
import type { Result } from "../observation.ts";
import type { Handle } from "../operation.ts";
import type { Steps } from "../kernel/task.ts";

/** The kinds of {@linkcode REFUSED_COMMANDS}. */
export type RefusedKind =
  | "sb.show"
  | "sb.pool.show"
  | "sb.pool.set"
  | "sb.port.pool.show"
  | "sb.tc.bind.show"
  | "sb.port.pool.set"
  | "sb.tc.bind.set"
  | "sb.occupancy.snapshot"
  | "sb.occupancy.clearmax"
  | "dpipe.table.show"
  | "dpipe.table.set"
  | "dpipe.table.dump"
  | "dpipe.header.show"
  | "linecard.show"
  | "linecard.set"
  | "dev.selftests.show"
  | "dev.selftests.run";

const U32_MAX = 0xffff_ffff;
const THRESHOLDS: ReadonlySet<string> = new Set(["static", "dynamic"]);
const DIRECTIONS: ReadonlySet<string> = new Set(["ingress", "egress"]);

/** Refuses a request about one instance, as the core or the driver does. */
function refuse(scene: Scene, handle: Handle, errno: Result): Steps<Result> {
  return change(scene, handle, () => errno);
}

/** Shows an empty list: of all instances, or of one instance if the kernel can list one. */
function* empty(
  scene: Scene,
  key: string,
  handle: Handle | undefined,
  ...others: (number | undefined)[]
): Steps<Result> {
  const { era } = scene.kernel;
  if (handle !== undefined && !era.filteredDumps) return "client";
  // The netlink policy knows the instance and nothing else
  if (handle !== undefined && others.some((each) => each !== undefined)) {
    return scene.task.fail("EINVAL", era.objects.unknownInDump!);
  }
  // The kernel locks each instance to see that it has no such objects
  if (handle === undefined) {
    const request = key === "lc" ? era.locks.requests.all["linecard.show"] : undefined;
    return yield* dump(scene, key, () => undefined, request);
  }
  const result = yield* refuse(scene, handle, "ok");
  if (result === "ok") scene.task.observation.reply = { [key]: {} };
  return result;
}

/** Prints an empty list and succeeds if the buffers of a port cannot be shown, as devlink(8) does. */
function* shownEmpty(scene: Scene, key: string, steps: Steps<Result>): Steps<Result> {
  const result = yield* steps;
  if (result === "client") return result;
  scene.task.observation.reply = { [key]: {} };
  return "ok";
}

/** Runs a command if the kernel has it, else returns `EOPNOTSUPP`. */
function* known(scene: Scene, what: "linecard" | "selftests", steps: () => Steps<Result>): Steps<Result> {
  return scene.kernel.era.objects.lacks.includes(what) ? "EOPNOTSUPP" : yield* steps();
}

function isU32(...values: (number | undefined)[]): boolean {
  return values.every((each) => each === undefined || (Number.isInteger(each) && each >= 0 && each <= U32_MAX));
}

/** The commands by their kind. */
export const REFUSED_COMMANDS: { [K in RefusedKind]: Command<K> } = {
  // devlink(8) asks for buffer 0 if the command names no buffer
  "sb.show": (scene, { handle, sb }) =>
    !isU32(sb) ? refused() : handle === undefined ? dumpBuffers(scene) : showBuffer(scene, handle, sb),

  "sb.pool.show": (scene, { handle, sb, pool }) =>
    !isU32(sb, pool)
      ? refused()
      : handle === undefined
      ? dumpPools(scene)
      : pool === undefined
      ? empty(scene, "pool", handle, sb)
      : showPool(scene, handle, sb, pool),

  "sb.pool.set": (scene, { handle, sb, pool, size, thtype }) =>
    !isU32(sb, pool, size) || !THRESHOLDS.has(thtype) ? refused() : refuse(scene, handle, "ENODEV"),

  "sb.port.pool.show": (scene, { handle, port, sb, pool }) =>
    !isU32(sb, pool, port) || (handle !== undefined && pool !== undefined && port === undefined)
      ? refused()
      : handle === undefined
      ? dumpPorts(scene, "port_pool", "pools")
      : shownEmpty(
        scene,
        "port_pool",
        pool === undefined ? empty(scene, "port_pool", handle, port, sb) : refuse(scene, handle, "ENODEV"),
      ),

  "sb.tc.bind.show": (scene, { handle, port, sb, tc, type }) =>
    !isU32(sb, tc, port) || (type !== undefined && !DIRECTIONS.has(type))
      ? refused()
      : handle === undefined
      ? dumpPorts(scene, "tc_bind", "classes")
      : tc === undefined && type === undefined
      ? empty(scene, "tc_bind", handle, port, sb)
      : tc === undefined || type === undefined
      ? refused()
      : refuse(scene, handle, "ENODEV"),

  "sb.port.pool.set": (scene, { handle, sb, pool, threshold }) =>
    !isU32(sb, pool, threshold) ? refused() : refuse(scene, handle, "ENODEV"),

  "sb.tc.bind.set": (scene, { handle, sb, tc, type, pool, threshold }) =>
    !isU32(sb, tc, pool, threshold) || !DIRECTIONS.has(type) ? refused() : refuse(scene, handle, "ENODEV"),

  "sb.occupancy.snapshot": (scene, { handle, sb }) => isU32(sb) ? refuse(scene, handle, "ENODEV") : refused(),

  "sb.occupancy.clearmax": (scene, { handle, sb }) => isU32(sb) ? refuse(scene, handle, "ENODEV") : refused(),

  // devlink(8) asks for the headers first, to know the names of the fields
  "dpipe.table.show": (scene, { handle }) => refuse(scene, handle, "EOPNOTSUPP"),
  "dpipe.table.dump": (scene, { handle }) => refuse(scene, handle, "EOPNOTSUPP"),
  "dpipe.header.show": (scene, { handle }) => refuse(scene, handle, "EOPNOTSUPP"),
  "dpipe.table.set": (scene, { handle }) => refuse(scene, handle, "EINVAL"),

  *"linecard.show"(scene, { handle, lc }) {
    if (!isU32(lc)) return "client";
    if (handle !== undefined && lc === undefined && !scene.kernel.era.filteredDumps) return "client";
    return yield* known(
      scene,
      "linecard",
      () => handle === undefined || lc === undefined ? empty(scene, "lc", handle) : refuse(scene, handle, "ENODEV"),
    );
  },

  *"linecard.set"(scene, { handle, lc }) {
    if (!isU32(lc)) return "client";
    return yield* known(scene, "linecard", () => refuse(scene, handle, "ENODEV"));
  },

  *"dev.selftests.show"(scene, { handle }) {
    return yield* known(
      scene,
      "selftests",
      () => handle === undefined ? empty(scene, "selftests", undefined) : refuse(scene, handle, "EOPNOTSUPP"),
    );
  },

  *"dev.selftests.run"(scene, { handle, id }) {
    if (id !== undefined && id !== "flash") return "client";
    return yield* known(scene, "selftests", () => refuse(scene, handle, "EOPNOTSUPP"));
  },
};
