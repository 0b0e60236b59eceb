/**
 * The emulated card of a function: what a test did to it, and what stays there whatever the driver does meanwhile.
 *
 * @module
 */

import { STATE } from "../../kernel/state.ts";
import type { CounterValues } from "./counters.ts";
import { type Fault, targetOf } from "./faults.ts";

/** The emulated card of a function. */
export class Card {
  /** True if the Ethernet part is the only one that uses the function: a command of that part is no other's */
  readonly ethernetAlone: boolean;
  #armed: { readonly fault: Fault; seen: number }[] = [];
  /** True if the card says that it has BlueFlame */
  blueflame = false;
  #cable = true;
  #vnic: CounterValues | undefined;

  [STATE](): readonly unknown[] {
    return [this.#armed, this.#cable, this.#vnic, this.blueflame];
  }

  constructor(ethernetAlone: boolean) {
    this.ethernetAlone = ethernetAlone;
  }

  /** True if a fault has not met its command yet. */
  get faulty(): boolean {
    return this.#armed.length > 0;
  }

  /** Adds a fault. */
  add(fault: Fault): void {
    this.#armed.push({ fault, seen: 0 });
  }

  /** True if the cable is plugged in. */
  get cable(): boolean {
    return this.#cable;
  }

  /** Plugs the cable in or out. Returns true if that changed it. */
  plug(cable: boolean): boolean {
    const changed = cable !== this.#cable;
    this.#cable = cable;
    return changed;
  }

  /** The counters of its vNIC. Undefined until a test sets or clears some: until then the card may be a real one. */
  get vnic(): CounterValues | undefined {
    return this.#vnic;
  }

  /** Sets counters of its vNIC; the others stay as they are. */
  count(values: CounterValues): void {
    this.#vnic = { ...this.#vnic, ...values };
  }

  /** Takes back what a test did, but for the cable. Returns the faults that had more commands to meet. */
  clear(): Fault[] {
    this.#vnic = {};
    this.blueflame = false;
    return this.#armed.splice(0).map(({ fault }) => fault);
  }

  /**
   * Carries out a command, named as by {@linkcode targetOf}. Returns the fault that the command meets: each fault counts the
   * command, and of several the first that was added decides.
   */
  command(name: string): Fault | undefined {
    let met: Fault | undefined;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (targetOf(fault) !== name) continue;
      armed.seen++;
      if (armed.seen >= fault.nth) met ??= fault;
    }
    this.#armed = this.#armed.filter(({ fault, seen }) => seen < fault.nth + fault.times - 1);
    return met;
  }
}
