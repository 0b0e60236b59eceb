/** Remembers random contents of a device: they cannot be predicted, but must not change between two reads without a cause. */

import type { Json, Observation } from "../model/observation.ts";

/** Equal contents of at least this many bytes are not a coincidence. */
const TELLING = 16;

/** Bytes at an address. */
export interface Piece {
  /** The address of the first byte */
  address: number;
  /** The bytes */
  data: readonly number[];
}

/** One side's contents, by the region or dump that holds them. */
export class Contents {
  readonly #held = new Map<string, Map<number, number>>();

  /** Starts without contents. */
  constructor() {}

  /** Notes a step: forgets the contents that the step removed. */
  pass({ notify }: Observation): void {
    for (const { command, object, handle, attributes } of Object.values(notify).flat()) {
      if (object === "region" && command === "del") {
        const { snapshot } = attributes;
        const ids = Array.isArray(snapshot) ? snapshot : [undefined];
        for (const id of ids) this.forget(id === undefined ? `${handle}#` : `${handle}#${id};`);
      }
      // A recreated device has new regions and new reporters.
      if (object === "region" && command === "new" && !("snapshot" in attributes)) {
        this.forget(`${handle.slice(0, handle.lastIndexOf("/"))}!`);
      }
    }
  }

  /** Forgets the contents whose keys have this prefix. */
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
      twin ? `, the same as in ${twin[0]}` : ""
    }>`;
  }
}
