/**
 * The tasks that use a file of sysfs or debugfs while it is removed: the removal waits for them, and no other task can enter
 * the file (fs/kernfs, fs/debugfs).
 *
 * @module
 */

import { reading, writing } from "./access.ts";
import { Condition, type Steps, type Task } from "./task.ts";
import { STATE } from "./state.ts";

/** A group of files that are created and removed together. */
export class FileUsers {
  readonly #users: Task[] = [];
  readonly #idle: Condition;
  #gone = false;

  [STATE](): readonly unknown[] {
    return [this.#users, this.#gone];
  }

  /** `errno` is the result of an access to a file that was opened before it was removed. */
  constructor(readonly name: string, readonly errno: string) {
    this.#idle = new Condition(`users of ${name}`, () => this.#users.length === 0, () => this.#users);
  }

  /** True if the files have been removed. */
  get gone(): boolean {
    reading(this.#idle.cell);
    return this.#gone;
  }

  /** Runs `body` as a user of one of the files. */
  *enter(task: Task, body: () => Steps<string>): Steps<string> {
    reading(this.#idle.cell);
    if (this.#gone) return this.errno;
    this.#users.push(task);
    const result = yield* body();
    this.#users.splice(this.#users.indexOf(task), 1);
    reading(this.#idle.cell);
    return result;
  }

  /** Returns the files after they are recreated. A task that opened an old file still gets the errno. */
  anew(): FileUsers {
    writing(this.#idle.cell);
    return new FileUsers(this.name, this.errno);
  }

  /** Removes the files: no task enters any more, and the removal waits until all users have left. */
  *remove(task: Task): Steps {
    writing(this.#idle.cell);
    this.#gone = true;
    yield* this.#idle.wait(task);
  }
}
