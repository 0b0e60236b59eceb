/**
 * The emulated card of a function: the state that a test has set, which the driver does not change.
 *
 * @module
 */

import { STATE } from "../../kernel/state.ts";
import type { CounterValues } from "./counters.ts";
import { Faults } from "../emulated.ts";
import { type Fault, targetOf } from "./faults.ts";

/** The health that the card reports. */
export interface Health {
  /** The number of the firmware's error; 0 for none */
  readonly syndrome: number;
  /** The state of its interface, see {@linkcode NIC} */
  readonly nic: number;
  /** True if its health counter moves */
  readonly beat: boolean;
}

/** The states of a card's interface: usable by the driver, or disabled */
export const NIC = { driver: 0, disabled: 1 } as const;

/** The health of a healthy card. */
export const WELL: Health = { syndrome: 0, nic: NIC.driver, beat: true };

/** True if a card is healthy. */
export const isWell = ({ syndrome, nic, beat }: Health): boolean => syndrome === 0 && nic === NIC.driver && beat;

/** The emulated card of a function. */
export class Card {
  /** True if only the Ethernet part uses the function: its commands then come from no other part */
  readonly ethernetAlone: boolean;
  readonly faults = new Faults<Fault>();
  /** True if the card reports that it has BlueFlame */
  blueflame = false;
  #cable = true;
  #vnic: CounterValues = {};
  #health = WELL;
  /** True if the card is healthy again after the driver restarts it */
  #healAtRestart = false;
  /** True if a test has operated the card, which is then known to be emulated */
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

  /** Plugs the cable in or out. Returns true if this was a change. */
  plug(cable: boolean): boolean {
    const changed = cable !== this.#cable;
    this.#cable = cable;
    return changed;
  }

  /** The counters of its vNIC. Undefined until a test operates the card: until then it may be a real card. */
  get vnic(): CounterValues | undefined {
    return this.operated ? this.#vnic : undefined;
  }

  /** Sets counters of its vNIC; the others stay as they are. */
  count(values: CounterValues): void {
    this.#vnic = { ...this.#vnic, ...values };
  }

  /** The health that the card reports. */
  get health(): Health {
    return this.#health;
  }

  /** Sets the health that the card reports; with `healAtRestart`, until the driver restarts the card. */
  say(health: Health, healAtRestart: boolean): void {
    this.#health = health;
    this.#healAtRestart = healAtRestart;
  }

  /** Restarts the card: the driver sets up its command queue at the begin of a load. */
  restart(): void {
    if (this.#healAtRestart) this.say(WELL, false);
  }

  /** Resets the state that a test has set, except the cable and the health. Returns the faults that are still armed. */
  clear(): Fault[] {
    this.#vnic = {};
    this.blueflame = false;
    return this.faults.clear();
  }

  /** Carries out a command, named as by {@linkcode targetOf}. Returns the fault by which the command fails. */
  command(name: string): Fault | undefined {
    return this.faults.meet((fault) => targetOf(fault) === name);
  }
}
