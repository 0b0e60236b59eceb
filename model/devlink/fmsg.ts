/**
 * devlink formatted messages (`devlink_fmsg`): the dump and the diagnosis of a health reporter, as the driver writes them
 * item by item, and as devlink(8) prints them.
 *
 * @module
 */

import type { Json, Result } from "../observation.ts";
import { STATE } from "../kernel/state.ts";

/** The most bytes of a name or a value: so that it fits into a page with the netlink headers (DEVLINK_FMSG_MAX_SIZE). */
const LARGEST_ITEM = 3748;
/** The most bytes of a name or a value that fits into one netlink message: a diagnosis is sent in such messages. */
const LARGEST_SENT = 3740;
/** The most bytes that one kmalloc() returns: 4 MiB. */
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

  /** Ends the object, array or pair that was begun last. */
  end(): this {
    return this.#put({ kind: "end" });
  }

  /** Puts the name of a pair. */
  name(name: string): this {
    return this.#put({ kind: "name", name }, name.length + 1);
  }

  /** Puts a value. */
  value(value: boolean | number | string): this {
    const size = typeof value === "string" ? new TextEncoder().encode(value).length + 1 : 8;
    return this.#put({ kind: "value", value }, size);
  }

  /** Puts a name with its value. */
  pair(name: string, value: boolean | number | string): this {
    return this.begin("pair").name(name).value(value).end();
  }

  /** Puts a name with an array; `body` puts its elements. */
  array(name: string, body: (fmsg: this) => void): this {
    this.begin("pair").name(name).begin("array");
    body(this);
    return this.end().end();
  }

  /** Puts an object; `body` puts its pairs. */
  object(body: (fmsg: this) => void): this {
    this.begin("object");
    body(this);
    return this.end();
  }

  /** Puts a name with `length` bytes, which the kernel cuts into pieces; `random` returns the bytes. */
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

  /** Fails the message with an errno of the driver, unless an item failed before. */
  fail(errno: Result): this {
    if (this.#error === "ok") this.#error = errno;
    return this;
  }

  /** The result of sending the message in netlink messages of a page each: `EMSGSIZE` if an item does not fit. */
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
   * Returns the JSON that devlink(8) prints. At an end without a begin, devlink(8) stops and reports no error.
   */
  toJson(): Json {
    type Open = { kind: string; value: Json; name: string | undefined };
    const root: { value: Json } = { value: {} };
    const open: Open[] = [];
    const add = (value: Json) => {
      const into = open.at(-1);
      if (!into) root.value = value;
      else if (into.kind === "array") (into.value as Json[]).push(value);
      // The value of a pair goes into the object that contains the pair
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
