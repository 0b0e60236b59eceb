/** What random contents of a device held when they were last looked at: they cannot be predicted, and must not change by themselves. */

import type { Json, Observation } from "../model/observation.ts";

/** From this many bytes on, equal contents are no accident. */
const TELLING = 16;

/** Bytes from an address on. */
export interface Piece {
  /** The address of the first byte */
  address: number;
  /** The bytes */
  data: readonly number[];
}

/** One side's contents, by what holds them. */
export class Contents {
  readonly #held = new Map<string, Map<number, number>>();

  /** What is held so far: nothing. */
  constructor() {}

  /** Takes note of a step: what is gone in it is forgotten. */
  pass({ notify }: Observation): void {
    for (const { command, object, handle, attributes } of Object.values(notify).flat()) {
      if (object === "region" && command === "del") {
        const { snapshot } = attributes;
        const ids = Array.isArray(snapshot) ? snapshot : [undefined];
        for (const id of ids) this.forget(id === undefined ? `${handle}#` : `${handle}#${id};`);
      }
      // A device that is recreated has its regions recreated, and its reporters with them.
      if (object === "region" && command === "new" && !("snapshot" in attributes)) {
        this.forget(`${handle.slice(0, handle.lastIndexOf("/"))}!`);
      }
    }
  }

  /** Forgets what is held under keys with this beginning. */
  forget(prefix: string): void {
    for (const key of this.#held.keys()) if (key.startsWith(prefix)) this.#held.delete(key);
  }

  /** Describes bytes so that two boards compare: how many, if they are the same as before, and if other contents equal them. */
  tell(key: string, { address, data }: Piece, alone: boolean): Json {
    const held = this.#held.get(key) ?? new Map<number, number>();
    this.#held.set(key, held);
    const same = data.every((byte, i) => (held.get(address + i) ?? byte) === byte);
    const twin = !alone && data.length >= TELLING &&
      [...this.#held].find(([other, its]) => other !== key && data.every((byte, i) => its.get(address + i) === byte));
    data.forEach((byte, i) => held.set(address + i, byte));
    return `<${data.length} bytes${same ? "" : ", not the same as before"}${
      twin ? `, the same as of ${twin[0]}` : ""
    }>`;
  }
}
