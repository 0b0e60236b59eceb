/**
 * The commands on health reporters.
 *
 * @module
 */

import { change, type Command, get, show } from "./command.ts";
import { Fmsg } from "./fmsg.ts";
import { clearDump, findReporter, recover, setReporter, storeDump } from "./health.ts";
import { reporterAttributes } from "./message.ts";

/** What devlink(8) does with health reporters. */
export type HealthKind =
  | "health.show"
  | "health.set"
  | "health.recover"
  | "health.diagnose"
  | "health.dump.show"
  | "health.dump.clear"
  | "health.test";

/** The commands by their kind. */
export const HEALTH_COMMANDS: { [K in HealthKind]: Command<K> } = {
  "health.show": (scene, { handle, port, reporter }) =>
    show(
      scene,
      "health",
      handle,
      (dl) => {
        if (port !== undefined || dl.reporters.length === 0) return undefined;
        return dl.reporters.map((each) => reporterAttributes(dl, each));
      },
      reporter === undefined ? undefined : (dl) => {
        const found = findReporter(dl, reporter, port);
        return found ? reporterAttributes(dl, found) : "EINVAL";
      },
      scene.kernel.era.healthDumpLock === "reporters",
    ),

  "health.set": (scene, op) =>
    change(scene, op.handle, (dl) => {
      const reporter = findReporter(dl, op.reporter, op.port);
      return reporter ? setReporter(scene.task, dl, reporter, op) : "EINVAL";
    }),

  "health.recover": (scene, op) =>
    change(scene, op.handle, (dl) => {
      const reporter = findReporter(dl, op.reporter, op.port);
      return reporter ? recover(scene.task, dl, reporter) : "EINVAL";
    }),

  "health.diagnose": (scene, op) =>
    get(scene, op.handle, (dl) => {
      const reporter = findReporter(dl, op.reporter, op.port);
      if (!reporter) return "EINVAL";
      if (!reporter.diagnose) return "EOPNOTSUPP";
      const fmsg = new Fmsg().object((fmsg) => reporter.diagnose!(fmsg));
      return fmsg.sent === "ok" ? { reply: fmsg.toJson() } : fmsg.sent;
    }),

  "health.dump.show": (scene, op) =>
    get(scene, op.handle, (dl) => {
      const reporter = findReporter(dl, op.reporter, op.port);
      if (!reporter) return "EINVAL";
      if (!reporter.dump) return "EOPNOTSUPP";
      const result = storeDump(dl, reporter);
      return result === "ok" ? { reply: reporter.stored!.toJson() } : result;
    }),

  "health.dump.clear": (scene, op) =>
    change(scene, op.handle, (dl) => {
      const reporter = findReporter(dl, op.reporter, op.port);
      return reporter ? clearDump(reporter) : "EINVAL";
    }),

  // netdevsim's reporters have no test
  "health.test": (scene, op) =>
    change(scene, op.handle, (dl) => findReporter(dl, op.reporter, op.port) ? "EOPNOTSUPP" : "EINVAL"),
};
