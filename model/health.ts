/**
 * Health reporters: errors, recoveries and their settings (SEMANTICS 5.6).
 *
 * @module
 */

import { announceReporter } from "./announce.ts";
import type { Devlink, Reporter } from "./devlink.ts";
import type { Result } from "./observation.ts";
import { acquire, type Steps, type Task } from "./task.ts";

/** A reporter as it is when a driver creates it. */
export function newReporter(name: string, recover: Reporter["recover"]): Reporter {
  return {
    name,
    recover,
    healthy: true,
    errors: 0,
    recoveries: 0,
    gracePeriod: 0,
    burstPeriod: 0,
    autoRecover: recover !== undefined,
    autoDump: true,
    dumpedAt: undefined,
    recoveredAt: undefined,
  };
}

/** Registers a reporter; nobody is told. */
export function* addReporter(task: Task, dl: Devlink, reporter: Reporter): Steps {
  yield* acquire(task, dl.reportersLock);
  dl.reporters.push(reporter);
  dl.reportersLock.release(task);
}

/** Takes the reporter away that was registered last; nobody is told. */
export function* removeReporter(task: Task, dl: Devlink): Steps {
  yield* acquire(task, dl.reportersLock);
  dl.reporters.pop();
  dl.reportersLock.release(task);
}

/** A reporter by its name. */
export function findReporter(dl: Devlink, name: string): Reporter | undefined {
  return dl.reporters.find((each) => each.name === name);
}

/** The driver reports an error. Gives why the recovery did not happen, or `ok`. */
export function reportError(task: Task, dl: Devlink, reporter: Reporter): Result {
  const { now } = dl.kernel;
  const wasHealthy = reporter.healthy;
  reporter.errors++;
  reporter.healthy = false;
  announceReporter(task, dl, reporter);
  const recently = reporter.recoveredAt !== undefined && now < reporter.recoveredAt + reporter.gracePeriod;
  if (reporter.autoRecover && (!wasHealthy || recently)) return "ECANCELED";
  if (reporter.autoDump) reporter.dumpedAt ??= now;
  return reporter.autoRecover ? recover(task, dl, reporter) : "ok";
}

/** `devlink health recover`, and the recovery that happens by itself. */
export function recover(task: Task, dl: Devlink, reporter: Reporter): Result {
  if (reporter.healthy) return "ok";
  if (!reporter.recover) return "EOPNOTSUPP";
  const result = reporter.recover(task);
  if (result !== "ok") return result;
  reporter.recoveries++;
  reporter.recoveredAt = dl.kernel.now;
  reporter.healthy = true;
  announceReporter(task, dl, reporter);
  return "ok";
}

/** `devlink health set` */
export function setReporter(
  reporter: Reporter,
  change: { gracePeriod?: number; autoRecover?: boolean; autoDump?: boolean },
): Result {
  if (!reporter.recover && (change.gracePeriod !== undefined || change.autoRecover !== undefined)) return "EOPNOTSUPP";
  reporter.gracePeriod = change.gracePeriod ?? reporter.gracePeriod;
  reporter.autoRecover = change.autoRecover ?? reporter.autoRecover;
  reporter.autoDump = change.autoDump ?? reporter.autoDump;
  return "ok";
}
