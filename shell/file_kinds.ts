/**
 * The kinds of open files on the simulated machine: text in memory, sysfs, devices, netns.
 *
 * @module
 */

import { MOST_TEXT } from "./memory.ts";
import { Plain, type Read } from "./open_file.ts";
import type { Run } from "./run.ts";

/** The files of `/dev` by name, each with a function that returns the result of one read. */
export const DEVICES: Readonly<Record<string, (most: number) => Read>> = {
  null: () => ({ end: true }),
  zero: (most) => ({ text: "\0".repeat(Math.min(most, 4096)) }),
  urandom: (most) => ({ text: "\x5a".repeat(Math.min(most, 4096)) }),
  random: (most) => ({ text: "\x5a".repeat(Math.min(most, 4096)) }),
  tty: () => ({ end: true }),
};

/** A file in memory; each open file has a position of its own. */
export class TextFile extends Plain {
  #at = 0;
  constructor(readonly node: { text: string }, readonly path: string, readonly touched?: (text: string) => void) {
    super();
  }
  // deno-lint-ignore require-yield
  override *read(most = Infinity): Run<Read> {
    const text = this.node.text.slice(this.#at, this.#at + most);
    this.#at += text.length;
    return text === "" ? { end: true } : { text };
  }
  // deno-lint-ignore require-yield
  override *write(text: string): Run<string> {
    if (!this.touched) return "EBADF";
    if (this.node.text.length + text.length > MOST_TEXT) return "ENOSPC";
    this.node.text += text;
    this.touched(this.node.text);
    return "ok";
  }
}

/** A file of sysfs or debugfs: the first read takes the whole text, and each `write(2)` reaches the kernel separately. */
export class SysfsFile extends Plain {
  #rest: string | undefined;
  constructor(
    readonly content: () => { text: string } | { errno: string },
    readonly take: (text: string) => Run<string>,
    readonly path: string,
  ) {
    super();
  }
  // deno-lint-ignore require-yield
  override *read(most = Infinity): Run<Read> {
    if (this.#rest === undefined) {
      const content = this.content();
      if ("errno" in content) return content;
      this.#rest = content.text === "" ? "" : `${content.text}\n`;
    }
    const text = this.#rest.slice(0, most);
    this.#rest = this.#rest.slice(text.length);
    return text === "" ? { end: true } : { text };
  }
  override *write(text: string): Run<string> {
    return yield* this.take(text);
  }
}

/** A file that can be opened but not read. */
export class UnreadableFile extends Plain {
  constructor(readonly errno: string) {
    super();
  }
  // deno-lint-ignore require-yield
  override *read(): Run<Read> {
    return { errno: this.errno };
  }
  // deno-lint-ignore require-yield
  override *write(): Run<string> {
    return "EBADF";
  }
}

/** A file of `/dev`. */
export class DeviceFile extends Plain {
  readonly path: string;
  constructor(readonly name: string) {
    super();
    this.path = `/dev/${name}`;
  }
  // deno-lint-ignore require-yield
  override *read(most = 4096): Run<Read> {
    return DEVICES[this.name]!(most);
  }
  // deno-lint-ignore require-yield
  override *write(): Run<string> {
    return "ok";
  }
}

/** A file of `/run/netns`. */
export class NetnsFile extends UnreadableFile {}
