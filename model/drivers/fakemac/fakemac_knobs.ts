/**
 * The knobs of the fixture's MAC in debugfs: its cables, the mode of one netdev, and the delay of a PCS.
 *
 * @module
 */

import type { FileOwner, VirtualFile } from "../../kernel/host.ts";
import type { Result } from "../../observation.ts";
import type { Interface } from "../../net/phylink.ts";
import type { Steps, Task } from "../../kernel/task.ts";

const ROOT = "/sys/kernel/debug/fakemac";
const MODES: readonly Interface[] = ["sgmii", "2500base-x", "gmii"];
/** The most bytes of a write of the mode, with the newline */
const MODE_LENGTH = 24;

/** The knobs; `tell` is called when a cable or the mode has changed. */
export class FakemacKnobs implements FileOwner {
  readonly cables = [true, true, true];
  mode: Interface = "sgmii";
  /** The delay of a PCS in ms */
  delay = 0;
  /** True if the MAC or a PCS was removed, or is being removed */
  went = false;
  readonly #tell: (task: Task, index: number) => Steps;

  constructor(tell: (task: Task, index: number) => Steps) {
    this.#tell = tell;
  }

  resolve(path: string): VirtualFile | undefined {
    if (!path.startsWith(`${ROOT}/`)) return undefined;
    const name = path.slice(ROOT.length + 1);
    if (name === "delay") {
      return { read: () => ({ text: String(this.delay) }), write: (_task, value) => this.#setDelay(value) };
    }
    if (name === "fm2/mode") {
      return {
        read: () => ({ text: this.mode }),
        write: (task, value) => this.#setMode(task, value),
      };
    }
    const index = ["fm0/cable", "fm1/cable", "fm2/cable"].indexOf(name);
    if (index < 0) return undefined;
    return {
      read: () => ({ text: this.cables[index] ? "1" : "0" }),
      write: (task, value) => this.#setCable(task, index, value),
    };
  }

  directory(path: string): boolean {
    return path === ROOT || [0, 1, 2].some((index) => path === `${ROOT}/fm${index}`);
  }

  *#setCable(task: Task, index: number, value: string): Steps<Result> {
    const number = unsigned(value);
    if (number === undefined || number > 1) return "EINVAL";
    this.cables[index] = number === 1;
    yield* this.#tell(task, index);
    return "ok";
  }

  *#setMode(task: Task, value: string): Steps<Result> {
    const mode = MODES.find((one) => one === value);
    if (value.length + 1 >= MODE_LENGTH || !mode) return "EINVAL";
    this.mode = mode;
    yield* this.#tell(task, 2);
    return "ok";
  }

  // deno-lint-ignore require-yield
  *#setDelay(value: string): Steps<Result> {
    const number = unsigned(value);
    if (number === undefined) return "EINVAL";
    this.delay = number;
    return "ok";
  }
}

/** Returns a number as `kstrtoull(..., 0, ...)` reads it, for the numbers that are used here. */
function unsigned(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
