/**
 * Flashing, and ethtool(8), as the body of a sequence sees them.
 *
 * @module
 */

import type { OperationParameters } from "../model/operation.ts";
import { nothing, type Subject } from "./dut_subject.ts";
import type { Step } from "./step.ts";

/** `devlink dev flash`; see devlink-dev(8). Its progress is on the `notify` channel. */
export function flash(subject: Subject, file: string, options: FlashOptions = {}): Step<void> {
  return subject.step({ kind: "dev.flash", handle: subject.handle(), file, ...options }, nothing);
}

/** The options of `devlink dev flash` beside the file. */
export type FlashOptions = Omit<OperationParameters["dev.flash"], "handle" | "file">;

/** ethtool(8) on the netdev of a port. */
export class EthtoolDut {
  readonly #subject: Subject;

  /** Takes the device under test. */
  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** `ethtool -i`: its lines as an object */
  info(port: number): Step<Readonly<Record<string, string>>> {
    return this.#subject.step(
      { kind: "ethtool.info", handle: this.#subject.handle(), port },
      ({ reply }) => (reply ?? {}) as Record<string, string>,
    );
  }
  /** `ethtool -f`: flashes the device of the netdev */
  flash(port: number, file: string): Step<void> {
    return this.#subject.step({ kind: "ethtool.flash", handle: this.#subject.handle(), port, file }, nothing);
  }
}
