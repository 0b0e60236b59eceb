/**
 * The only owner of a line: keeps the line open while it is needed, records all its output, and lends it to users.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type {
  BindingInterface,
  BindingPortInterface,
  OpenOptions,
  PortStatus,
  SetOptions,
  UpdateOptions,
} from "@serialport/bindings-interface";
import { CanceledError } from "./_canceled.ts";
import { LineRecord } from "./line_record.ts";
import { takeLine } from "./line_state.ts";
import { TwinlinkBinding } from "./serial_binding.ts";
import { TransportError } from "./shell.ts";

/** Options of {@linkcode LineOwner.open}. */
export interface LineOwnerOptions {
  /** The line, as a board's file names it */
  path: string;
  /** Bits per second, 8N1. @default {115200} */
  baudRate?: number;
  /** Flow control by the RTS and CTS wires. @default {false} */
  rtscts?: boolean;
  /** The purpose, shown to others who want the line meanwhile: `run`, `console` */
  purpose: string;
  /** The title of the record, for example the board's name */
  title: string;
  /** The record's path without its extension. @default {a path in the state directory} */
  record?: string;
}

/**
 * A line that stays open from here until `close`, with or without a user. So the record also shows a board that reboots between
 * two uses. A lost line is opened again at its next use, and its record continues.
 */
export class LineOwner implements AsyncDisposable {
  /** Opens a port on this line, with the owner's options. Closing the port leaves the line open */
  readonly binding: BindingInterface = {
    list: () => Promise.resolve([]),
    open: () => this.#lend(),
  };
  /** The path of the record's file of bytes */
  readonly record: string;
  #options: OpenOptions;
  #record: LineRecord;
  #release: () => void;
  #port: BindingPortInterface | undefined;
  #reading: Promise<void> = Promise.resolve();
  #lost: Error | undefined;
  #borrowed = new Set<BorrowedPort>();
  #listeners = new Set<() => void>();
  #closed = false;

  /**
   * Takes a line and begins its record.
   *
   * @throws {TransportError} If another process has the line, or it cannot be opened
   */
  static async open(options: LineOwnerOptions): Promise<LineOwner> {
    const taken = await takeLine(options.path, options.purpose, options.record);
    let record: LineRecord | undefined;
    try {
      record = new LineRecord(taken.base, { title: options.title });
      const owner = new LineOwner(options, record, () => taken.release());
      await owner.#open();
      return owner;
    } catch (error) {
      record?.close();
      taken.release();
      if (error instanceof RangeError || error instanceof TransportError) throw error;
      throw new TransportError((error as Error).message, { cause: error });
    }
  }

  private constructor(options: LineOwnerOptions, record: LineRecord, release: () => void) {
    const { path, baudRate = 115_200, rtscts = false } = options;
    this.#options = { path, baudRate, rtscts, hupcl: false };
    this.#record = record;
    this.#release = release;
    this.record = record.path;
  }

  /** The reason why the line is lost; undefined while it is not lost. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  async #open(): Promise<void> {
    const port = await TwinlinkBinding.open(this.#options);
    this.#port = port;
    this.#lost = undefined;
    this.#reading = this.#read(port);
  }

  async #read(port: BindingPortInterface): Promise<void> {
    const buffer = Buffer.alloc(64 * 1024);
    try {
      for (;;) {
        const { bytesRead } = await port.read(buffer, 0, buffer.length);
        const bytes = new Uint8Array(buffer.subarray(0, bytesRead));
        this.#record.received(bytes);
        for (const one of this.#borrowed) one.receive(bytes);
        for (const listener of this.#listeners) listener();
      }
    } catch (error) {
      this.#lost = error as Error;
      for (const one of this.#borrowed) one.lose(this.#lost);
      for (const listener of this.#listeners) listener();
      if (port.isOpen) await port.close().catch(() => {});
    }
  }

  async #lend(): Promise<BindingPortInterface> {
    if (this.#borrowed.size > 0) throw new Error(`Cannot open ${this.#options.path}: it is lent to somebody else`);
    if (!this.#port?.isOpen || this.#lost) {
      await this.#reading;
      await this.#open();
    }
    const port = new BorrowedPort(this.#port!, async (stuck) => {
      this.#borrowed.delete(port);
      if (stuck) await this.#reset();
    });
    this.#borrowed.add(port);
    return port;
  }

  /**
   * Opens the line again, so that bytes which the line did not accept are dropped. Otherwise the next user's shell would get
   * them.
   */
  async #reset(): Promise<void> {
    if (this.#port?.isOpen) await this.#port.close().catch(() => {});
    await this.#reading;
    if (!this.#closed) await this.#open().catch((error) => void (this.#lost = error));
  }

  /** Calls `listener` after each recorded piece, and when the line is lost. Returns a function that stops this. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Releases the line and ends the record; safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#port?.isOpen) await this.#port.close().catch(() => {});
    await this.#reading;
    this.#record.close();
    this.#release();
    this.#release = () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The port for one user of the line: the bytes since the line was lent, and the way to write. */
class BorrowedPort implements BindingPortInterface {
  readonly openOptions: Required<OpenOptions>;
  isOpen = true;
  #port: BindingPortInterface;
  #giveBack: (stuck: boolean) => Promise<void>;
  #writes = 0;
  #received: Uint8Array[] = [];
  #lost: Error | undefined;
  #arrived = Promise.withResolvers<void>();

  constructor(port: BindingPortInterface, giveBack: (stuck: boolean) => Promise<void>) {
    this.#port = port;
    this.#giveBack = giveBack;
    this.openOptions = port.openOptions;
  }

  receive(bytes: Uint8Array): void {
    this.#received.push(bytes);
    this.#wakeUp();
  }

  lose(reason: Error): void {
    this.#lost = reason;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  #mustBeOpen(): void {
    if (!this.isOpen) throw new CanceledError("the port was closed");
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    for (;;) {
      this.#mustBeOpen();
      const [first] = this.#received;
      if (first) {
        const part = first.subarray(0, length);
        buffer.set(part, offset);
        if (part.length < first.length) this.#received[0] = first.subarray(part.length);
        else this.#received.shift();
        return { buffer, bytesRead: part.length };
      }
      if (this.#lost) throw this.#lost;
      await this.#arrived.promise;
    }
  }

  async write(buffer: Buffer): Promise<void> {
    this.#mustBeOpen();
    if (this.#lost) throw this.#lost;
    this.#writes++;
    await this.#port.write(buffer).finally(() => this.#writes--);
  }

  /** Returns the line to its owner, who keeps it open. */
  async close(): Promise<void> {
    this.#mustBeOpen();
    this.isOpen = false;
    this.#wakeUp();
    await this.#giveBack(this.#writes > 0);
  }

  async update(options: UpdateOptions): Promise<void> {
    await this.#port.update(options);
  }

  async set(options: SetOptions): Promise<void> {
    await this.#port.set(options);
  }

  async get(): Promise<PortStatus> {
    return await this.#port.get();
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    return await this.#port.getBaudRate();
  }

  /** Drops the bytes that this user has not read; the record has them. */
  flush(): Promise<void> {
    this.#received = [];
    return Promise.resolve();
  }

  async drain(): Promise<void> {
    this.#mustBeOpen();
    if (this.#lost) throw this.#lost;
    await this.#port.drain();
  }
}
