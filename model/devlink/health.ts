/**
 * Health reporters: errors, recoveries, dumps and their settings (docs/semantics.md 5.6).
 *
 * @module
 */

import { writing } from "../kernel/access.ts";
import { announceReporter } from "./announce.ts";
import type { Devlink, Reporter } from "./devlink.ts";
import { Fmsg } from "./fmsg.ts";
import type { Result } from "../observation.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";

/** The operations of a driver for its reporter; `message` is the text of the reported error, if there was one. */
export type ReporterOps = Pick<Reporter, "recover" | "dump" | "diagnose">;

/** Returns a new reporter in its initial state; `driver` holds the private data of the driver. */
export function newReporter(name: string, ops: ReporterOps, driver: object = {}): Reporter {
  return {
    name,
    driver,
    recover: ops.recover,
    dump: ops.dump,
    diagnose: ops.diagnose,
    healthy: true,
    errors: 0,
    recoveries: 0,
    gracePeriod: 0,
    burstPeriod: 0,
    autoRecover: ops.recover !== undefined,
    autoDump: ops.dump !== undefined,
    stored: undefined,
    dumpedAt: undefined,
    recoveredAt: undefined,
  };
}

/** Registers a reporter; no message is sent. */
export function* addReporter(task: Task, dl: Devlink, reporter: Reporter): Steps {
  yield* acquire(task, dl.reportersLock);
  dl.reporters.push(reporter);
  dl.reportersLock.release(task);
}

/** Removes the reporter that was registered last; no message is sent. */
export function* removeReporter(task: Task, dl: Devlink): Steps {
  yield* acquire(task, dl.reportersLock);
  dl.reporters.pop();
  dl.reportersLock.release(task);
}

/** Returns a reporter by its name: of a port if `port` is the index of an existing port, else of the device. */
export function findReporter(dl: Devlink, name: string, port?: number): Reporter | undefined {
  const of = port === undefined ? undefined : dl.ports.find(({ index }) => index === port);
  return (of ? of.reporters ?? [] : dl.reporters).find((each) => each.name === name);
}

/** Returns the handle of the object that has the reporter: a port, or the instance. */
export function ownerOf(dl: Devlink, reporter: Reporter): string {
  return dl.ports.find(({ reporters }) => reporters?.includes(reporter))?.handle ?? dl.handle;
}

/** Reports an error, as a driver does. Returns why the recovery did not happen, or `ok`. */
export function* reportError(task: Task, dl: Devlink, reporter: Reporter, message: string): Steps<Result> {
  const { reportLocks } = dl.kernel.era.objects.health;
  // The lock of the instance is not held here
  writing(dl.lock.cell);
  const wasHealthy = reporter.healthy;
  reporter.errors++;
  reporter.healthy = false;
  announceReporter(task, dl, reporter);
  if (reporter.autoRecover && (!wasHealthy || tooSoon(dl, reporter))) return "ECANCELED";
  if (reporter.autoDump) {
    if (reportLocks === "both") yield* acquire(task, dl.lock);
    storeDump(dl, reporter, message);
    if (reportLocks === "both") dl.lock.release(task);
  }
  if (!reporter.autoRecover) return "ok";
  if (reportLocks !== "none") yield* acquire(task, dl.lock);
  const result = yield* recover(task, dl, reporter, message);
  if (reportLocks !== "none") dl.lock.release(task);
  return result;
}

/** Returns a period in ms as the kernel converts it to jiffies: cut to 32 bits, and endless if the highest of them is set. */
function period(ms: number): number {
  const bits = Number(BigInt.asUintN(32, BigInt(ms)));
  return bits > 0x7fff_ffff ? Infinity : bits;
}

/** True if the burst period that began with the first recovery is not over: errors in it begin no grace period. */
function inBurst(dl: Devlink, { recoveredAt, burstPeriod }: Reporter): boolean {
  return recoveredAt !== undefined && dl.kernel.now < recoveredAt + period(burstPeriod);
}

/** True if the grace period after the last recovery is not over: the error is then not recovered from. */
function tooSoon(dl: Devlink, reporter: Reporter): boolean {
  if (reporter.recoveredAt === undefined || inBurst(dl, reporter)) return false;
  return dl.kernel.now < reporter.recoveredAt + period(reporter.burstPeriod) + period(reporter.gracePeriod);
}

/** Recovers, for `devlink health recover` and after an error by itself. */
export function* recover(task: Task, dl: Devlink, reporter: Reporter, message?: string): Steps<Result> {
  if (reporter.healthy) return "ok";
  if (!reporter.recover) return "EOPNOTSUPP";
  const recovery = reporter.recover(task, message);
  const result = typeof recovery === "string" ? recovery : yield* recovery;
  if (result !== "ok") return result;
  reporter.recoveries++;
  if (!inBurst(dl, reporter)) reporter.recoveredAt = dl.kernel.now;
  reporter.healthy = true;
  announceReporter(task, dl, reporter);
  return "ok";
}

/** Stores a dump if no dump is stored yet; a dump that the driver cannot complete is discarded. */
export function storeDump(dl: Devlink, reporter: Reporter, message?: string): Result {
  if (!reporter.dump || reporter.stored) return "ok";
  const fmsg = new Fmsg().object((fmsg) => reporter.dump!(fmsg, message));
  if (fmsg.error !== "ok") return fmsg.error;
  reporter.stored = fmsg;
  reporter.dumpedAt = dl.kernel.now;
  return "ok";
}

/** Clears the stored dump: `devlink health dump clear`. */
export function clearDump(reporter: Reporter): Result {
  if (!reporter.dump) return "EOPNOTSUPP";
  reporter.stored = undefined;
  reporter.dumpedAt = undefined;
  return "ok";
}

/** Changes the settings of a reporter: `devlink health set`. The settings before a refused one stay changed. */
export function setReporter(
  task: Task,
  dl: Devlink,
  reporter: Reporter,
  change: {
    gracePeriod?: number | undefined;
    burstPeriod?: number | undefined;
    autoRecover?: boolean | undefined;
    autoDump?: boolean | undefined;
  },
): Result {
  const { gracePeriod, autoRecover, autoDump } = change;
  // A kernel without the burst period ignores the attribute
  const burstPeriod = dl.kernel.era.burstPeriod ? change.burstPeriod : undefined;
  if (!reporter.recover && [gracePeriod, autoRecover, burstPeriod].some((each) => each !== undefined)) {
    return "EOPNOTSUPP";
  }
  if (!reporter.dump && autoDump !== undefined) return "EOPNOTSUPP";
  if (gracePeriod !== undefined) {
    reporter.gracePeriod = gracePeriod;
    if (gracePeriod === 0) reporter.burstPeriod = 0;
  }
  if (burstPeriod !== undefined) {
    if (reporter.gracePeriod === 0 && burstPeriod > 0) {
      return task.fail("EINVAL", "Cannot set burst period without a grace period", "health");
    }
    reporter.burstPeriod = burstPeriod;
  }
  reporter.autoRecover = autoRecover ?? reporter.autoRecover;
  reporter.autoDump = autoDump ?? reporter.autoDump;
  return "ok";
}
