/**
 * Health reporters, as the body of a sequence sees them.
 *
 * @module
 */

import type { InventoryReporter } from "../model/mod.ts";
import type { Json } from "../model/observation.ts";
import type { OperationParameters } from "../model/operation.ts";
import { nothing, reply, type Subject } from "./dut_subject.ts";
import { firstOf, type ReporterRole, reportersOf } from "./roles.ts";
import type { Step } from "./step.ts";

/** A health reporter, as `devlink -j health show` gives it. */
export interface HealthReporter {
  /** For example `dummy` */
  reporter: string;
  /** The state after the last error or recovery */
  state: "healthy" | "error";
  /** How many errors the driver reported */
  error: number;
  /** How many of the errors the driver recovered from */
  recover: number;
  /** The date of the stored dump, if there is one */
  last_dump_date?: string;
  /** The time of day of the stored dump */
  last_dump_time?: string;
  /** ms; only if the driver can recover */
  grace_period?: number;
  /** ms; only if the driver can recover (from 7.0) */
  burst_period?: number;
  /** True if an error starts a recovery at once; only if the driver can recover */
  auto_recover?: boolean;
  /** True if an error makes a dump at once; only if the driver can dump */
  auto_dump?: boolean;
}

/** Health reporters. */
export class HealthDut {
  readonly #subject: Subject;

  /** Takes the device under test. */
  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /**
   * Returns the first reporter of a role, with its settings on the model
   *
   * @throws {LacksError} If there is none: the sequence is unsupported
   */
  any(role: ReporterRole = {}): InventoryReporter {
    return firstOf(reportersOf(this.#subject.inventory(), role), "a health reporter of the role that is asked for");
  }
  /** `devlink health show` */
  list(): Step<Json> {
    return this.#subject.step({ kind: "health.show" }, reply);
  }
  /** `devlink health show` of one reporter; with `port`, of one of that port */
  get(reporter: string, options: { port?: number } = {}): Step<HealthReporter> {
    const handle = this.#subject.handle();
    return this.#subject.step(
      { kind: "health.show", handle, reporter, ...options },
      ({ reply }) =>
        (reply as { health: Record<string, Json[]> } | null)?.health[handle]?.[0] as unknown as HealthReporter,
    );
  }
  /** `devlink health set` */
  set(reporter: string, options: Omit<OperationParameters["health.set"], "handle" | "reporter">): Step<void> {
    return this.#subject.step({ kind: "health.set", handle: this.#subject.handle(), reporter, ...options }, nothing);
  }
  /** `devlink health recover` */
  recover(reporter: string): Step<void> {
    return this.#subject.step({ kind: "health.recover", handle: this.#subject.handle(), reporter }, nothing);
  }
  /** `devlink health diagnose` */
  diagnose(reporter: string, options: { port?: number } = {}): Step<Json> {
    return this.#subject.step(
      { kind: "health.diagnose", handle: this.#subject.handle(), reporter, ...options },
      reply,
    );
  }
  /** `devlink health dump show`: makes a dump if none is stored */
  dump(reporter: string, options: { port?: number } = {}): Step<Json> {
    return this.#subject.step(
      { kind: "health.dump.show", handle: this.#subject.handle(), reporter, ...options },
      reply,
    );
  }
  /** `devlink health dump clear` */
  clear(reporter: string): Step<void> {
    return this.#subject.step({ kind: "health.dump.clear", handle: this.#subject.handle(), reporter }, nothing);
  }
  /** `devlink health test` */
  test(reporter: string): Step<void> {
    return this.#subject.step({ kind: "health.test", handle: this.#subject.handle(), reporter }, nothing);
  }
}
