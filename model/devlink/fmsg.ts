/**
 * devlink formatted messages (`devlink_fmsg`): what a health reporter's dump and diagnosis consist of, as the driver writes
 * it item by item, and as devlink(8) prints it.
 *
 * @module
 */

import type { Json, Result } from "../observation.ts";
import { STATE } from "../kernel/state.ts";

/** The most bytes of a name or a value: what fits into a page with the headers of netlink (DEVLINK_FMSG_MAX_SIZE). */
const LARGEST_ITEM = 3748;
/** The most bytes of one that fits into a message of its own, which a diagnosis is sent in. */
const LARGEST_SENT = 3740;
/** What kmalloc() can give at once: 4 MiB. */
const LARGEST_ALLOCATION = 4 << 20;

type Item =
  | { readonly kind: "object" | "array" | "pair" | "end" }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** A formatted message. The first failure of an item is stored, and no item is taken after it. */
export class Fmsg {
  readonly #items: Item[] = [];
  #largest = 0;
  #error: Result = "ok";

  [STATE](): readonly unknown[] {
    return [this.#items, this.#error];
  }

  /** The errno of the first item that failed, or `ok` if the message is complete. */
  get error(): Result {
    return this.#error;
  }

  /** Begins an object, an array or the value of a pair. */
  begin(kind: "object" | "array" | "pair"): this {
    return this.#put({ kind });
  }

  /** Ends what was begun last. */
  end(): this {
    return this.#put({ kind: "end" });
  }

  /** The name of a pair. */
  name(name: string): this {
    return this.#put({ kind: "name", name }, name.length + 1);
  }

  /** A value. */
  value(value: boolean | number | string): this {
    const size = typeof value === "string" ? new TextEncoder().encode(value).length + 1 : 8;
    return this.#put({ kind: "value", value }, size);
  }

  /** A name with its value. */
  pair(name: string, value: boolean | number | string): this {
    return this.begin("pair").name(name).value(value).end();
  }

  /** A name with an array; `body` puts its elements. */
  array(name: string, body: (fmsg: this) => void): this {
    this.begin("pair").name(name).begin("array");
    body(this);
    return this.end().end();
  }

  /** An object; `body` puts its pairs. */
  object(body: (fmsg: this) => void): this {
    this.begin("object");
    body(this);
    return this.end();
  }

  /** A name with bytes, which the kernel cuts into pieces; `random` makes so many of them. */
  binary(name: string, length: number, random: (length: number) => Uint8Array): this {
    if (length > LARGEST_ALLOCATION) return this.fail("ENOMEM");
    this.begin("pair").name(name).begin("array");
    const bytes = random(length);
    for (let at = 0; at < length; at += LARGEST_ITEM) {
      const piece = bytes.subarray(at, at + LARGEST_ITEM);
      this.#put({ kind: "bytes", bytes: piece }, piece.length);
    }
    return this.end().end();
  }

  /** The driver gives up. */
  fail(errno: Result): this {
    if (this.#error === "ok") this.#error = errno;
    return this;
  }

  /** How sending it ends where each message has a page: `EMSGSIZE` where an item is larger. */
  get sent(): Result {
    return this.#error === "ok" && this.#largest > LARGEST_SENT ? "EMSGSIZE" : this.#error;
  }

  #put(item: Item, size = 0): this {
    if (size > LARGEST_ITEM) return this.fail("EMSGSIZE");
    if (this.#error !== "ok") return this;
    this.#largest = Math.max(this.#largest, size);
    this.#items.push(item);
    return this;
  }

  /**
   * Returns what devlink(8) prints: up to an end for which nothing was begun, where it stops reading and reports no error.
   */
  toJson(): Json {
    type Open = { kind: string; value: Json; name: string | undefined };
    const root: { value: Json } = { value: {} };
    const open: Open[] = [];
    const add = (value: Json) => {
      const into = open.at(-1);
      if (!into) root.value = value;
      else if (into.kind === "array") (into.value as Json[]).push(value);
      // The pair's own value: it goes into the object around it
      else if (into.kind === "pair") (open.at(-2)!.value as { [key: string]: Json })[into.name!] = value;
    };
    for (const item of this.#items) {
      switch (item.kind) {
        case "end":
          if (!open.pop()) return root.value;
          break;
        case "object":
        case "array": {
          const value: Json = item.kind === "object" ? {} : [];
          add(value);
          open.push({ kind: item.kind, value, name: undefined });
          break;
        }
        case "pair":
          open.push({ kind: "pair", value: null, name: undefined });
          break;
        case "name":
          open.at(-1)!.name = item.name;
          break;
        case "bytes":
          (open.at(-1)!.value as Json[]).push(...item.bytes);
          break;
        case "value":
          add(item.value);
      }
    }
    return root.value;
  }
}
