/**
 * The commands on health reporters.
 *
 * @module
 */

import { type Command, type Scene, show } from "../command.ts";
import { type Devlink, leave, lockInstance, type Reporter } from "./devlink.ts";
import { Fmsg } from "./fmsg.ts";
import { clearDump, findReporter, recover, setReporter, storeDump } from "./health.ts";
import { reporterAttributes } from "./message.ts";
import type { Json, Result } from "../observation.ts";
import type { Handle } from "../operation.ts";
import type { Steps } from "../task.ts";

/** What devlink(8) does with health reporters. */
export type HealthKind =
  | "health.show"
  | "health.set"
  | "health.recover"
  | "health.diagnose"
  | "health.dump.show"
  | "health.dump.clear"
  | "health.test";

/** Which reporter a request is about. */
type About = { handle: Handle; port?: number; reporter: string };

/** Asks one reporter, or changes it, under the lock that its era has for that. */
function* ask(
  scene: Scene,
  { handle, port, reporter: name }: About,
  of: (reporter: Reporter, dl: Devlink) => { reply: Json } | Result,
): Steps<Result> {
  const { kernel, task, netns } = scene;
  const dl = kernel.find(netns, handle);
  if (!dl) return "ENODEV";
  const lock = kernel.era.objects.health.requestLock === "instance" ? dl.lock : dl.reportersLock;
  if (!(yield* lockInstance(task, dl, lock))) return "ENODEV";
  const reporter = findReporter(dl, name, port);
  const answer = reporter ? of(reporter, dl) : "EINVAL";
  leave(task, dl, lock);
  if (typeof answer === "string") return answer;
  task.observation.reply = answer.reply;
  return "ok";
}

/** The commands by their kind. */
export const HEALTH_COMMANDS: { [K in HealthKind]: Command<K> } = {
  "health.show": (scene, { handle, port, reporter }) => {
    if (handle !== undefined && reporter !== undefined) {
      const about = { handle, reporter, ...(port === undefined ? {} : { port }) };
      return ask(
        scene,
        about,
        (found, dl) => ({ reply: { health: { [dl.handle]: [reporterAttributes(dl, found)] } } }),
      );
    }
    return show(
      scene,
      "health",
      handle,
      (dl) => {
        if (port !== undefined || dl.reporters.length === 0) return undefined;
        return dl.reporters.map((each) => reporterAttributes(dl, each));
      },
      undefined,
      scene.kernel.era.healthDumpLock === "reporters",
    );
  },

  "health.set": (scene, op) => ask(scene, op, (reporter, dl) => setReporter(scene.task, dl, reporter, op)),

  "health.recover": (scene, op) => ask(scene, op, (reporter, dl) => recover(scene.task, dl, reporter)),

  "health.diagnose": (scene, op) =>
    ask(scene, op, (reporter) => {
      if (!reporter.diagnose) return "EOPNOTSUPP";
      const fmsg = new Fmsg().object((fmsg) => reporter.diagnose!(fmsg));
      return fmsg.sent === "ok" ? { reply: fmsg.toJson() } : fmsg.sent;
    }),

  *"health.dump.show"(scene, op) {
    const result = yield* ask(scene, op, (reporter, dl) => {
      if (!reporter.dump) return "EOPNOTSUPP";
      const result = storeDump(dl, reporter);
      return result === "ok" ? { reply: reporter.stored!.toJson() } : result;
    });
    // To the dump, an instance that is not there is a reporter that is not there
    return result === "ENODEV" ? "EINVAL" : result;
  },

  "health.dump.clear": (scene, op) => ask(scene, op, clearDump),

  // netdevsim's reporters have no test
  "health.test": (scene, op) => ask(scene, op, () => "EOPNOTSUPP"),
};
