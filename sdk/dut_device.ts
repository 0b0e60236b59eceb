/**
 * What a test does to the emulated device of a guest, as the body of a sequence sees it.
 *
 * @module
 */

import type { Json } from "../model/observation.ts";
import { CLEAR, type DeviceOperation } from "../model/operation.ts";
import { nothing, reply, type Settling, type Subject } from "./dut_subject.ts";
import type { Step } from "./step.ts";

/** What a fault meets: something that the driver asks of the device. */
export type DeviceRequest = {
  /** A command by its name in the device's manual, for example `INIT_HCA` */
  command: string;
  /** The register, if the command accesses registers of several kinds */
  register?: string;
} | {
  /** An access to a register, of a device whose driver works by registers: `HPKT write`, `SPAD query`, `phy 1 read` */
  access: string;
};

/** The requests that a fault meets. */
export type DeviceFault = DeviceRequest & {
  /** The first request that it meets, counted from now on. @default {1} */
  nth?: number;
  /** How many requests in a row it meets. @default {1} */
  times?: number;
};

/** Packets that come in at a port of a switch, and that a trap catches. */
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

  /** Of a device under test. */
  constructor(subject: Subject) {
    this.#subject = subject;
  }

  #operate<T>(operation: DeviceOperation, value: (observation: { reply: Json }) => T, options: Settling = {}): Step<T> {
    return this.#subject.step({ kind: "device", handle: this.#subject.handle(), operation, ...options }, value);
  }

  /** Plugs the cable of a port in or out. A card's and a MAC's ports count from 0; a switch has the numbers of devlink, from 1 on. */
  link(port: number, up: boolean, options: Settling = {}): Step<void> {
    return this.#operate({ link: { port, up } }, nothing, options);
  }

  /** Lets requests fail with a status of the device, by its name or number; a command, with the firmware's own code for the reason, too. */
  fail(fault: DeviceFault & { status: string | number; syndrome?: number }): Step<void> {
    return this.#operate({ fail: { ...fault } }, nothing);
  }

  /** Lets requests go without an answer. */
  withhold(fault: DeviceFault): Step<void> {
    return this.#operate({ withhold: { ...fault } }, nothing);
  }

  /** Sets what the device reports of its health, or has it report a failure; what there is to say differs by the device. */
  health(state: Readonly<Record<string, unknown>>, options: Settling = {}): Step<void> {
    return this.#operate({ health: state }, nothing, options);
  }

  /** Has packets come in that a trap of a switch catches. What the driver gets of them is as it set the trap's action. */
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
   * Takes back all that was done to the device: faults, health, counters, cables that were plugged out. The tear-down of a sequence
   * does the same.
   */
  clear(options: Settling = {}): Step<void> {
    return this.#operate(CLEAR, nothing, options);
  }

  /** Any other operation that the device has, and its reply. */
  operate(operation: DeviceOperation, options: Settling = {}): Step<Json> {
    return this.#operate(operation, reply as (observation: { reply: Json }) => Json, options);
  }
}
