/**
 * A machine that can explore races; users of the model get this machine.
 *
 * @module
 */

import type { Command } from "../command.ts";
import { Machine, type MachineOptions } from "../machine.ts";
import type { OperationKind } from "../operation.ts";
import { race } from "./litmus.ts";

/**
 * A {@linkcode Machine} that also performs the operation `race`: it explores the possible outcomes of operations at the same time.
 */
export class RacingMachine extends Machine {
  readonly #options: MachineOptions;

  /** Boots the kernel of an era. */
  constructor(options: MachineOptions) {
    super(options);
    this.#options = options;
  }

  /**
   * Returns the command of a kind of operation, including `race`.
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
