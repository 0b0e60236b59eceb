/**
 * Those who are inside a file of sysfs or debugfs while it is taken away: the removal waits for them, and nobody gets in any
 * more (fs/kernfs, fs/debugfs).
 *
 * @module
 */

import { reading, writing } from "./access.ts";
import { Condition, type Steps, type Task } from "./task.ts";
import { STATE } from "./state.ts";

/** Files that come and go together. */
export class FileUsers {
  readonly #users: Task[] = [];
  readonly #idle: Condition;
  #gone = false;

  /** `errno` is what a write to one that was opened and has gone since then gives. */
  [STATE](): readonly unknown[] {
    return [this.#users, this.#gone];
  }

  constructor(readonly name: string, readonly errno: string) {
    this.#idle = new Condition(`users of ${name}`, () => this.#users.length === 0, () => this.#users);
  }

  /** True if they have been taken away. */
  get gone(): boolean {
    reading(this.#idle.cell);
    return this.#gone;
  }

  /** Does something in one of the files. */
  *enter(task: Task, body: () => Steps<string>): Steps<string> {
    reading(this.#idle.cell);
    if (this.#gone) return this.errno;
    this.#users.push(task);
    const result = yield* body();
    this.#users.splice(this.#users.indexOf(task), 1);
    reading(this.#idle.cell);
    return result;
  }

  /** They are recreated: a task that has opened the old files still gets nowhere. */
  anew(): FileUsers {
    writing(this.#idle.cell);
    return new FileUsers(this.name, this.errno);
  }

  /** Takes the files away, as soon as nobody is inside. */
  *remove(task: Task): Steps {
    writing(this.#idle.cell);
    this.#gone = true;
    yield* this.#idle.wait(task);
  }
}
