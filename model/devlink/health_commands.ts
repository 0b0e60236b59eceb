/**
 * The commands on health reporters.
 *
 * @module
 */

import { type Command, dump, get, type Scene, show } from "../command.ts";
import { type Devlink, findInstance, instancesOf, leave, lockInstance, type Reporter } from "./devlink.ts";
import { Fmsg } from "./fmsg.ts";
import { clearDump, findReporter, ownerOf, recover, setReporter, storeDump } from "./health.ts";
import { reporterAttributes } from "./message.ts";
import type { Json, Result } from "../observation.ts";
import type { Handle } from "../operation.ts";
import type { Steps, Task } from "../kernel/task.ts";

/** The kinds of {@linkcode HEALTH_COMMANDS}. */
export type HealthKind =
  | "health.show"
  | "health.set"
  | "health.recover"
  | "health.diagnose"
  | "health.dump.show"
  | "health.dump.clear"
  | "health.test";

/** The reporter that a request names. */
type About = { handle: Handle; port?: number; reporter: string };

/** Reads or changes one reporter, under the lock that the era takes for it. */
function* ask(
  scene: Scene,
  kind: HealthKind,
  { handle, port, reporter: name }: About,
  of: (reporter: Reporter, dl: Devlink) => { reply: Json } | Result | Steps<Result>,
): Steps<Result> {
  return yield* get(scene, handle, (dl) => {
    const reporter = findReporter(dl, name, port);
    return reporter ? of(reporter, dl) : "EINVAL";
  }, scene.kernel.era.locks.requests.one[kind]);
}

/**
 * Shows the reporters of all instances, and then the reporters of all ports. In eras that read the first under the reporters' own
 * lock, the second still takes the lock of each instance (devlink_nl_cmd_health_reporter_get_dumpit).
 */
function* showAll(scene: Scene, of: (dl: Devlink) => Json | undefined): Steps<Result> {
  const request = scene.kernel.era.locks.requests.all["health.show"];
  const result = yield* dump(scene, "health", of, request);
  for (const dl of [...instancesOf(scene.kernel)]) {
    if (dl.netns !== scene.netns || !dl.visible) continue;
    if (request !== undefined && !(yield* lockInstance(scene.task, dl))) continue;
    addPorts(scene, dl);
    if (request !== undefined) leave(scene.task, dl);
  }
  return result;
}

/** Adds the reporters of the ports of an instance to the reply; with an index, of that port only. */
function addPorts({ task }: Scene, dl: Devlink, index?: number): void {
  const { health } = task.observation.reply as { health: Record<string, Json> };
  for (const { handle, reporters = [], index: own } of dl.ports) {
    if (reporters.length === 0 || (index !== undefined && index !== own)) continue;
    health[handle] = reporters.map((each) => reporterAttributes(dl, each));
  }
}

/** Shows the reporters of one instance and of its ports. */
function* showOne(scene: Scene, handle: Handle, port: number | undefined, of: (dl: Devlink) => Json | undefined) {
  const result = yield* show(scene, "health", handle, of, undefined);
  const dl = result === "ok" ? findInstance(scene.kernel, scene.netns, handle) : undefined;
  if (dl) addPorts(scene, dl, port);
  return result;
}

/** Asks the driver for a diagnosis of the part that the reporter watches. */
function* diagnose(task: Task, reporter: Reporter): Steps<Result> {
  const fmsg = new Fmsg();
  fmsg.begin("object");
  const asking = reporter.diagnose!(fmsg, task);
  if (asking) yield* asking;
  fmsg.end();
  if (fmsg.sent === "ok") task.observation.reply = fmsg.toJson();
  return fmsg.sent;
}

/** The commands by their kind. */
export const HEALTH_COMMANDS: { [K in HealthKind]: Command<K> } = {
  "health.show": (scene, { handle, port, reporter }) => {
    if (handle !== undefined && reporter !== undefined) {
      const about = { handle, reporter, ...(port === undefined ? {} : { port }) };
      return ask(
        scene,
        "health.show",
        about,
        (found, dl) => ({ reply: { health: { [ownerOf(dl, found)]: [reporterAttributes(dl, found)] } } }),
      );
    }
    const list = (dl: Devlink): Json | undefined => {
      if (port !== undefined || dl.reporters.length === 0) return undefined;
      return dl.reporters.map((each) => reporterAttributes(dl, each));
    };
    return handle === undefined ? showAll(scene, list) : showOne(scene, handle, port, list);
  },

  "health.set": (scene, op) =>
    ask(scene, "health.set", op, (reporter, dl) => setReporter(scene.task, dl, reporter, op)),

  "health.recover": (scene, op) =>
    ask(scene, "health.recover", op, (reporter, dl) => recover(scene.task, dl, reporter)),

  "health.diagnose": (scene, op) =>
    ask(scene, "health.diagnose", op, (reporter) => reporter.diagnose ? diagnose(scene.task, reporter) : "EOPNOTSUPP"),

  *"health.dump.show"(scene, op) {
    let found = false;
    const result = yield* ask(scene, "health.dump.show", op, (reporter, dl) => {
      found = true;
      if (!reporter.dump) return "EOPNOTSUPP";
      const result = storeDump(dl, reporter);
      return result === "ok" ? { reply: reporter.stored!.toJson() } : result;
    });
    // For a missing instance, `dump show` fails as for a missing reporter; ENODEV of a driver's dump is returned as it is
    return result === "ENODEV" && !found ? "EINVAL" : result;
  },

  "health.dump.clear": (scene, op) => ask(scene, "health.dump.clear", op, clearDump),

  "health.test": (scene, op) =>
    ask(scene, "health.test", op, (reporter, dl) => dl.driver.healthTest?.(scene.task, reporter) ?? "EOPNOTSUPP"),
};
