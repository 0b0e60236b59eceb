/**
 * The operations of a sequence on the emulated device of a guest.
 *
 * @module
 */

import type { Json } from "../model/observation.ts";
import { CLEAR, type DeviceOperation } from "../model/operation.ts";
import { nothing, reply, type Settling, type Subject } from "./dut_subject.ts";
import type { Step } from "./step.ts";

/** A request of the driver to the device, which a fault can hit. */
export type DeviceRequest = {
  /** A command by its name in the device's manual, for example `INIT_HCA` */
  command: string;
  /** The register, if the command accesses registers of several kinds */
  register?: string;
} | {
  /** An access to a register, of a device whose driver works by registers: `HPKT write`, `SPAD query`, `phy 1 read` */
  access: string;
};

/** The requests that a fault hits. */
export type DeviceFault = DeviceRequest & {
  /** The first request that the fault hits, counted from now. @default {1} */
  nth?: number;
  /** How many requests in a row the fault hits. @default {1} */
  times?: number;
};

/** Packets that a switch receives at a port, and that a trap catches. */
export interface DevicePackets {
  /** The trap by its name, for example `lldp` */
  trap: string;
  /** The port by its devlink index */
  port: number;
  /** How many packets. @default {1} */
  count?: number;
}

/**
 * The emulated device of a guest, which a test can operate. A board with real hardware has none: a sequence that operates a
 * device is `unsupported` there.
 *
 * @example A reload whose card refuses a command; the next reload recovers
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import seen from "../model/drivers/mlx5/testdata/6.12.json" with { type: "json" };
 * import type { Facts } from "../model/mod.ts";
 * import { compile } from "./compile.ts";
 * import { suite } from "./suite.ts";
 * import { theBoard } from "./the_board.ts";
 *
 * const failures = suite("failures", { fixture: theBoard() }, ({ sequence }) => {
 *   sequence("a reload without INIT_HCA", { source: "mlx5/core/main.c: mlx5_function_open()" }, async (dut) => {
 *     await dut.device.fail({ command: "INIT_HCA", status: "INT_ERR" });
 *     assertEquals(dut.reload().fails().errno, "EIO");
 *     assertEquals(dut.inventory().reloadFailed, true);
 *     await dut.reload();
 *     assertEquals(dut.inventory().reloadFailed, false);
 *   });
 * });
 *
 * // On the model of the driver, for a ConnectX with these facts; the tear-down clears the device
 * const board = { driver: "mlx5_core", facts: seen.facts as unknown as Facts };
 * const { plan } = await compile(failures, failures.sequences[0]!, "6.12", { board });
 * assertEquals(plan.steps.map(({ op }) => op.kind), ["device", "dev.reload", "dev.reload", "device"]);
 * ```
 */
export class DeviceDut {
  readonly #subject: Subject;

  /** Takes the device under test. */
  constructor(subject: Subject) {
    this.#subject = subject;
  }

  #operate<T>(operation: DeviceOperation, value: (observation: { reply: Json }) => T, options: Settling = {}): Step<T> {
    return this.#subject.step({ kind: "device", handle: this.#subject.handle(), operation, ...options }, value);
  }

  /** Plugs in or unplugs a port's cable. A card's and a MAC's ports count from 0; switch ports have their devlink index, from 1. */
  link(port: number, up: boolean, options: Settling = {}): Step<void> {
    return this.#operate({ link: { port, up } }, nothing, options);
  }

  /** Makes requests fail with a status of the device, by name or number. `syndrome` is the firmware's code for a failed command. */
  fail(fault: DeviceFault & { status: string | number; syndrome?: number }): Step<void> {
    return this.#operate({ fail: { ...fault } }, nothing);
  }

  /** Leaves requests without an answer. */
  withhold(fault: DeviceFault): Step<void> {
    return this.#operate({ withhold: { ...fault } }, nothing);
  }

  /** Sets the health that the device reports, or makes the device report a failure; the fields differ by device. */
  health(state: Readonly<Record<string, unknown>>, options: Settling = {}): Step<void> {
    return this.#operate({ health: state }, nothing, options);
  }

  /** Makes a switch receive packets that a trap catches. The trap's action decides if the driver gets them. */
  inject(packets: DevicePackets, options: Settling = {}): Step<void> {
    return this.#operate({ inject: { ...packets } }, nothing, options);
  }

  /** Sets how many packets a policer of a switch dropped. */
  policerDrops(policer: number, count: number): Step<void> {
    return this.#operate({ policerDrops: { policer, count } }, nothing);
  }

  /** Sets counters of the device. */
  counters(values: Readonly<Record<string, unknown>>): Step<void> {
    return this.#operate({ counters: values }, nothing);
  }

  /**
   * Reverts all changes to the device: faults, health, counters, unplugged cables. The tear-down of a sequence
   * does the same.
   */
  clear(options: Settling = {}): Step<void> {
    return this.#operate(CLEAR, nothing, options);
  }

  /** Performs any other operation of the device, and returns its reply. */
  operate(operation: DeviceOperation, options: Settling = {}): Step<Json> {
    return this.#operate(operation, reply as (observation: { reply: Json }) => Json, options);
  }
}
