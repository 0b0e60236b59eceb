/**
 * Linkwatch: the operational state of a netdev follows its carrier by an event, which may be up to a second late
 * (net/core/link_watch.c).
 *
 * @module
 */

import { type KernelHost, synchronizeNet, type Timer } from "../kernel/host.ts";
import type { Netdev } from "./netns.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";
import { Work } from "../kernel/work.ts";
import { STATE } from "../kernel/state.ts";

/** The shortest time between events that are not urgent, in ms. */
const INTERVAL = 1000;

/** The linkwatch events of all netdevs. */
export class Linkwatch {
  readonly #kernel: KernelHost;
  readonly #pending = new Set<Netdev>();
  readonly #work: Work;
  #next = 0;
  #urgent = false;
  #timer: Timer | undefined;

  [STATE](): readonly unknown[] {
    return [this.#pending, this.#work, this.#urgent, this.#timer];
  }

  constructor(kernel: KernelHost) {
    this.#kernel = kernel;
    this.#work = new Work(kernel, "linkwatch_event", false, (task) => this.#event(task));
  }

  /** True if the operational state of a netdev does not follow its carrier yet. */
  get pending(): boolean {
    return this.#pending.size > 0;
  }

  /** Sets the carrier of a netdev; an event then updates its operational state. */
  carrier(netdev: Netdev, on: boolean): void {
    if (netdev.carrier === on) return;
    netdev.carrier = on;
    // A netdev that is not registered (yet, or any more) has no events
    if (netdev.netns.netdevs.get(netdev.name) !== netdev) {
      netdev.followed = on;
      return;
    }
    this.event(netdev);
  }

  /** Schedules the event of a netdev, even if its carrier did not change (`netif_carrier_event()`). */
  event(netdev: Netdev): void {
    const urgent = this.#isUrgent(netdev);
    if (this.#pending.has(netdev)) {
      if (!urgent) return;
    } else this.#pending.add(netdev);
    this.#schedule(urgent);
  }

  /** Updates the operational state of a netdev now, under RTNL; in some eras, a request that shows the link does this. */
  *sync(task: Task, netdev: Netdev): Steps {
    if (this.#pending.delete(netdev)) yield* this.#follow(task, netdev);
  }

  #isUrgent(netdev: Netdev): boolean {
    return netdev.up && netdev.carrier && !netdev.activated;
  }

  #schedule(urgent: boolean): void {
    if (this.#urgent) return;
    let delay = this.#next - this.#kernel.now;
    if (urgent) {
      this.#urgent = true;
      delay = 0;
    }
    if (delay <= 0 || delay > INTERVAL) {
      this.#forget();
      this.#work.queue();
      return;
    }
    this.#timer ??= this.#kernel.after(delay, () => {
      this.#timer = undefined;
      this.#work.queue();
    });
  }

  #forget(): void {
    this.#kernel.cancel(this.#timer);
    this.#timer = undefined;
  }

  *#event(task: Task): Steps {
    yield* acquire(task, this.#kernel.rtnl);
    const urgentOnly = this.#next > this.#kernel.now;
    if (!urgentOnly) this.#next = this.#kernel.now + INTERVAL;
    this.#urgent = false;
    for (const netdev of [...this.#pending]) {
      if (urgentOnly && !this.#isUrgent(netdev)) continue;
      this.#pending.delete(netdev);
      yield* this.#follow(task, netdev);
    }
    if (this.#pending.size > 0) this.#schedule(false);
    this.#kernel.rtnl.release(task);
  }

  *#follow(task: Task, netdev: Netdev): Steps {
    netdev.followed = netdev.carrier;
    if (!netdev.up) return;
    if (!netdev.carrier) yield* synchronizeNet(this.#kernel, task);
    netdev.activated = netdev.carrier;
    this.#kernel.link(task, "new", netdev);
  }
}
