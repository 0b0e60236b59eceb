/**
 * The emulated card of a function: what a test did to it, and what stays there whatever the driver does meanwhile.
 *
 * @module
 */

import { STATE } from "../../kernel/state.ts";
import type { CounterValues } from "./counters.ts";
import { Faults } from "../emulated.ts";
import { type Fault, targetOf } from "./faults.ts";

/** What the card reports of its health. */
export interface Health {
  /** The error of its firmware; 0 for none */
  readonly syndrome: number;
  /** The state of its interface, see {@linkcode NIC} */
  readonly nic: number;
  /** True if its health counter moves */
  readonly beat: boolean;
}

/** States of the interface of a card: all that the driver needs, or disabled */
export const NIC = { driver: 0, disabled: 1 } as const;

/** The health of a card that is well. */
export const WELL: Health = { syndrome: 0, nic: NIC.driver, beat: true };

/** True for a card that is well. */
export const isWell = ({ syndrome, nic, beat }: Health): boolean => syndrome === 0 && nic === NIC.driver && beat;

/** The emulated card of a function. */
export class Card {
  /** True if the Ethernet part is the only one that uses the function: a command of that part is no other's */
  readonly ethernetAlone: boolean;
  readonly faults = new Faults<Fault>();
  /** True if the card reports that it has BlueFlame */
  blueflame = false;
  #cable = true;
  #vnic: CounterValues = {};
  #health = WELL;
  /** True if it is well again once the driver restarts it */
  #healAtRestart = false;
  /** True if a test has operated the card: it is emulated then */
  operated = false;

  [STATE](): readonly unknown[] {
    return [this.faults, this.#cable, this.#vnic, this.blueflame, this.#health, this.#healAtRestart, this.operated];
  }

  constructor(ethernetAlone: boolean) {
    this.ethernetAlone = ethernetAlone;
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

  /** The counters of its vNIC. Undefined until a test operates it: until then it may be a real one. */
  get vnic(): CounterValues | undefined {
    return this.operated ? this.#vnic : undefined;
  }

  /** Sets counters of its vNIC; the others stay as they are. */
  count(values: CounterValues): void {
    this.#vnic = { ...this.#vnic, ...values };
  }

  /** What it reports of its health. */
  get health(): Health {
    return this.#health;
  }

  /** Has it say something else of its health, with `healAtRestart` until the driver restarts it. */
  say(health: Health, healAtRestart: boolean): void {
    this.#health = health;
    this.#healAtRestart = healAtRestart;
  }

  /** The driver gives it a queue of commands, with which a load begins. */
  restart(): void {
    if (this.#healAtRestart) this.say(WELL, false);
  }

  /** Takes back what a test did, but for the cable and the health. Returns the faults that had more commands to meet. */
  clear(): Fault[] {
    this.#vnic = {};
    this.blueflame = false;
    return this.faults.clear();
  }

  /** Carries out a command, named as by {@linkcode targetOf}. Returns the fault that the command meets. */
  command(name: string): Fault | undefined {
    return this.faults.meet((fault) => targetOf(fault) === name);
  }
}
