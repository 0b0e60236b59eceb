/**
 * A machine that can explore races: what the model gives to its users.
 *
 * @module
 */

import type { Command } from "../command.ts";
import { Machine, type MachineOptions } from "../machine.ts";
import type { OperationKind } from "../operation.ts";
import { race } from "./litmus.ts";

/** A {@linkcode Machine} that performs the operation `race` as well: it explores the possible outcomes of operations at the same time. */
export class RacingMachine extends Machine {
  readonly #options: MachineOptions;

  /** Boots the kernel of an era. */
  constructor(options: MachineOptions) {
    super(options);
    this.#options = options;
  }

  /**
   * The same, and `race`.
   *
   * @internal
   */
  protected override commandOf(kind: OperationKind): Command<OperationKind> {
    if (kind !== "race") return super.commandOf(kind);
    const commands = (kind: OperationKind) => super.commandOf(kind);
    const { facts, driver } = this.#options;
    const board = { ...(facts ? { facts } : {}), ...(driver ? { driver } : {}) };
    return ((scene, op) => race(scene, op as Parameters<typeof race>[1], commands, board)) as Command<OperationKind>;
  }
}
