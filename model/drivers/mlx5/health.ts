/**
 * The health of the emulated card, and the driver's reactions (core/health.c). The driver polls the card: it sees an error up to
 * three seconds late, and until then it is not known if the driver has seen the error.
 *
 * @module
 */

import type { Devlink, Reporter } from "../../devlink/devlink.ts";
import type { Fmsg } from "../../devlink/fmsg.ts";
import { reportError } from "../../devlink/health.ts";
import { STATE } from "../../kernel/state.ts";
import { acquire, type Steps, type Task } from "../../kernel/task.ts";
import type { Result } from "../../observation.ts";
import type { CommandQueue } from "./commands.ts";
import { type Card, type Health, isWell, NIC, WELL } from "./emulated_card.ts";
import { mlx5Era } from "./era.ts";

/** The reporters of the firmware: of errors, and of fatal errors */
export const FW = "fw";
export const FW_FATAL = "fw_fatal";

/** The longest time between polls of the card, in ms: two seconds, and up to one more (`get_next_poll_jiffies()`) */
const POLL = 3000;
/** The number of polls until a stopped health counter is reported: the poll that sees the last change, and `MAX_MISSES` */
const MISSES = 4;

/** The driver's names of the card's errors; all others are "unrecognized error" (`hsynd_str()`). */
const SYNDROMES: Readonly<Record<number, string>> = {
  1: "firmware internal error",
  7: "irisc not responding",
  8: "unrecoverable hardware error",
  9: "firmware CRC error",
  10: "ICM fetch PCI error",
  11: "HW fatal error\n",
  12: "async EQ buffer overrun",
  13: "EQ error",
  14: "Invalid EQ referenced",
  15: "FFSER error",
  16: "High temperature",
};
/** The last syndrome that has the same name in all kernels */
const LAST_SYNDROME = 16;

const nameOf = (syndrome: number) => SYNDROMES[syndrome] ?? "unrecognized error";

/** The interface of the function for the poll. */
export interface HealthHost {
  readonly dl: Devlink;
  readonly queue: CommandQueue;
  /** True if the function is loaded, so that the driver polls the card */
  readonly loaded: boolean;
  /** True if all recoveries of a reporter are known */
  knowsRecoveries(reporter: string): boolean;
  /** Logs lines that begin with the name of a function of the driver. */
  logs(task: Task, lines: readonly string[]): void;
  /** Unloads the function without asking its card. */
  unloadInError(task: Task): Steps;
  /** Resets the slot of the card, and loads the function again. */
  resetSlot(task: Task): Steps<Result>;
}

/** The driver's poll of the card. */
export class HealthPoll {
  readonly #host: HealthHost;
  readonly #card: Card;
  /** The virtual time from which on the driver has seen the health of the card */
  #seenAt = 0;
  /** The error that the driver saw last */
  #syndrome = 0;

  [STATE](): readonly unknown[] {
    return [this.#syndrome, this.pending];
  }

  constructor(host: HealthHost, card: Card) {
    this.#host = host;
    this.#card = card;
  }

  /** True while it is not known if the driver has seen the health of the card. */
  get pending(): boolean {
    return this.#host.dl.kernel.now < this.#seenAt;
  }

  /** True if the effect of a reload while the card is down is known. */
  get reloads(): boolean {
    return !this.#host.loaded || !mlx5Era(this.#host.dl.kernel.era).unloadsInGrace;
  }

  /** True if the card is down, so that the driver does not ask it. */
  get down(): boolean {
    return this.#card.health.nic === NIC.disabled;
  }

  /** Changes the health that the card reports. Returns the effect of the operation; undefined if the effect is not modelled. */
  change(given: Partial<Health>, healAtRestart = false): (() => void) | undefined {
    const before = this.#card.health;
    const health = { ...before, ...given };
    const changed = (Object.keys(health) as (keyof Health)[]).filter((key) => health[key] !== before[key]);
    const fatal = changed.includes("nic") && health.nic === NIC.disabled;
    const bad = changed.filter((key) => health[key] !== WELL[key]);
    if (
      this.pending || !this.#host.loaded || (!isWell(health) && changed.length > 1) || (bad.length > 0 && before.nic)
    ) return;
    // A card that stays down does not recover, and is down again at the next poll
    if (health.nic !== NIC.driver && (!fatal || !healAtRestart || health.syndrome > 0)) return;
    if (health.syndrome > LAST_SYNDROME || (!health.beat && health.syndrome > 0)) return;
    // A driver that gave up a command never ends to flush its queue (cmd.c: mlx5_cmd_flush())
    if (fatal && (!this.knowsFaults || !this.#knowsGrace() || !this.#host.queue.drained.holds())) return;
    return () => {
      this.#card.say(health, healAtRestart);
      if (changed.length === 0) return;
      if (fatal) this.#later(POLL, (task) => this.#fatal(task));
      else if (bad.includes("beat")) this.#later(MISSES * POLL, (task) => this.#missed(task));
      else this.#later(POLL, (task) => this.#polled(task));
    };
  }

  /** True if the result of a recovery whose commands may fail is known: an older kernel logs other texts for this. */
  get knowsFaults(): boolean {
    return !this.#card.faults.any || mlx5Era(this.#host.dl.kernel.era).netdev === "remade";
  }

  /** True if it is known that the grace period of reporter fw_fatal allows or prevents a recovery. */
  #knowsGrace(): boolean {
    const reporter = this.#find(FW_FATAL);
    if (!reporter?.autoRecover || reporter.gracePeriod === 0 || reporter.recoveredAt !== undefined) return true;
    return this.#host.knowsRecoveries(FW_FATAL);
  }

  #find(reporter: string): Reporter | undefined {
    return this.#host.dl.reporters.find(({ name }) => name === reporter);
  }

  #later(ms: number, body: (task: Task) => Steps): void {
    const { kernel } = this.#host.dl;
    this.#seenAt = kernel.now + ms;
    kernel.after(ms, () => kernel.start(`mlx5_health of ${this.#host.dl.handle}`, body, false));
  }

  *#report(task: Task, name: string, message: string): Steps<Result> {
    const reporter = this.#find(name);
    return reporter ? yield* reportError(task, this.#host.dl, reporter, message) : "ok";
  }

  *#polled(task: Task): Steps {
    const { syndrome } = this.#card.health;
    const news = syndrome > 0 && syndrome !== this.#syndrome;
    this.#syndrome = syndrome;
    if (!news) return;
    if (mlx5Era(this.#host.dl.kernel.era).logsSyndrome) {
      const line = `Health issue observed, ${nameOf(syndrome)}, severity(3) ERROR:`;
      this.#host.logs(task, [`print_health_info: ${line.replace("\n", "")}`]);
    }
    yield* this.#report(task, FW, "FW syndrome reported");
  }

  *#missed(task: Task): Steps {
    this.#host.logs(task, ["poll_health: device's health compromised - reached miss count"]);
    yield* this.#report(task, FW, "FW miss counter reported");
  }

  *#fatal(task: Task): Steps {
    this.#host.logs(task, ["poll_health: Fatal error 3 detected"]);
    const result = yield* this.#report(task, FW_FATAL, "FW fatal error reported");
    if (result !== "ECANCELED" || !mlx5Era(this.#host.dl.kernel.era).unloadsInGrace) return;
    this.#host.logs(task, ["mlx5_fw_fatal_reporter_err_work: Driver is in error state. Unloading"]);
    // mlx5_unload_one()
    const { kernel, lock } = this.#host.dl;
    const locks = kernel.era.driverLocksInstance;
    if (locks) yield* acquire(task, lock);
    yield* this.#host.unloadInError(task);
    if (locks) lock.release(task);
  }

  /** Models `mlx5_health_try_recover()` for a card whose interface is disabled. */
  *recover(task: Task): Steps<Result> {
    this.#host.logs(task, [
      "mlx5_health_try_recover: handling bad device here",
      "mlx5_handle_bad_state: starting teardown",
      "mlx5_error_sw_reset: start",
      "mlx5_error_sw_reset: end",
    ]);
    yield* this.#host.unloadInError(task);
    this.#host.logs(task, ["mlx5_health_try_recover: starting health recovery flow"]);
    const result = yield* this.#host.resetSlot(task);
    const recovered = result === "ok";
    this.#host.logs(task, [
      recovered ? "health recovery succeeded" : "mlx5_health_try_recover: health recovery failed",
    ]);
    return recovered ? "ok" : "EIO";
  }

  /** Writes the diagnosis of reporter fw (`mlx5_fw_reporter_diagnose()`). */
  diagnose(fmsg: Fmsg): void {
    const { syndrome } = this.#card.health;
    fmsg.pair("Syndrome", syndrome);
    if (syndrome > 0) fmsg.pair("Description", nameOf(syndrome));
  }
}
