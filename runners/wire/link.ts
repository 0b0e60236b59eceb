/**
 * The thin layer between a shell and the exchanges of `exchange.ts`: reads the line, waits, and performs the actions of an
 * exchange.
 *
 * @module
 */

import { Liveness } from "../agent/liveness.ts";
import type { KnownLines } from "../agent/known_lines.ts";
import { withoutKernelLines } from "../lines/plain_text.ts";
import { type Shell, TransportError } from "../lines/shell.ts";
import { SHARED } from "./constants.ts";
import { type Exchange, type ExchangeEvent, leftMs, reduce, type Seen, waitMs } from "./exchange.ts";
import { Inbox } from "./inbox.ts";
import { type Action, isEnd } from "./states.ts";
import { type Code, type Frame, FrameParser } from "./wire.ts";

/** The first line of the board's half when it is ready. */
const GREETING = new RegExp(`^${SHARED.READY} ([zx]) (cksum|md5sum)$`);

/** The actions of one exchange. An action that its states never use may be left out. */
export interface Errand {
  /** Sends the first text of the exchange */
  send?(): Promise<void>;
  /** Asks for parts of the record, from the first to the last */
  ask?(first: number, last: number): Promise<unknown>;
  /** Gets a record that arrived damaged, within this many ms */
  heal?(record: number, ms: number): Promise<unknown>;
  /** The text to send if the end of a text may have been damaged */
  end?: string;
  /** The line with which the board reports that the start was damaged */
  bad?: string;
  /** The number of the record that the exchange waits for */
  record?: number;
}

/** Options of {@linkcode WireLink}. */
export interface LinkOptions {
  /** The lines that the board has sent before */
  known?: KnownLines | undefined;
  /** Ends all waits */
  signal?: AbortSignal | undefined;
  /**
   * Called for each line that belongs to no record. Returns the time that the next record may take from now on, in ms, if the
   * line shows it
   */
  onNoise?: (line: string) => number | undefined;
}

/** A line with the board's half at its other end. */
export class WireLink {
  /** The answers and records that have arrived */
  readonly inbox: Inbox;
  /** Tracks if the board still reports, while a plan runs, that it is alive */
  readonly liveness: Liveness = new Liveness();
  /** The reason why nothing arrives any more */
  ended: Error | undefined;
  readonly #shell: Shell;
  readonly #options: LinkOptions;
  readonly #parser = new FrameParser();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #frames: Frame[] = [];
  readonly #pump: Promise<void>;
  #waiting: (() => void) | undefined;
  #aborted = false;
  /** The time of the last byte */
  #heardAt = 0;
  /** The last line that reports why the board's half does not start */
  #refusal = "";

  /** Reads from the shell from now on. */
  constructor(shell: Shell, options: LinkOptions) {
    this.#shell = shell;
    this.#options = options;
    this.inbox = new Inbox(options.known);
    this.#reader = shell.readable.getReader();
    this.#writer = shell.writable.getWriter();
    this.#pump = this.#read();
    options.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  #abort = (): void => {
    this.#aborted = true;
    this.#waiting?.();
  };

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) throw this.#endOfShell();
        this.#heardAt = Date.now();
        const { beats } = this.#parser;
        const frames = this.#parser.push(value);
        this.#frames.push(...frames);
        const beat = this.#parser.beats > beats;
        if (beat || this.#parser.pending !== undefined || frames.some(isOfTheBoard)) this.liveness.sign(beat);
        this.#waiting?.();
      }
    } catch (error) {
      this.ended ??= error instanceof Error ? error : new TransportError(String(error));
      this.#waiting?.();
    }
  }

  #endOfShell(): TransportError {
    const { description, exitStatus: status } = this.#shell;
    const signal = (status ?? 0) > 128 ? `, as if by signal ${status! - 128}` : "";
    const how = status === undefined ? "" : ` with status ${status}${signal}`;
    return new TransportError(`Lost the connection to the board: ${description} ended${how}`);
  }

  /**
   * Sends text.
   *
   * @throws {TransportError} If the board was lost
   */
  async send(text: string): Promise<void> {
    try {
      await this.#writer.write(new TextEncoder().encode(text));
    } catch (error) {
      throw this.ended ?? new TransportError(`Lost the connection to the board: ${(error as Error).message}`);
    }
  }

  /** The capabilities of the board's half, once it has started. */
  get greeting(): { code: Code; checksum: "cksum" | "md5" } | undefined {
    const [, code, checksum] = GREETING.exec(this.inbox.greeting ?? "") ?? [];
    return code === undefined ? undefined : { code: code as Code, checksum: checksum === "md5sum" ? "md5" : "cksum" };
  }

  /**
   * Runs an exchange to its end: feeds it events, and performs its actions.
   *
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the run was cancelled
   */
  async exchange(at: Exchange, errand: Errand): Promise<Exchange> {
    const events: ExchangeEvent[] = [{ kind: "begin" }];
    for (;;) {
      const event = events.shift() ?? { kind: "seen" };
      const seen = this.#seen(errand);
      const moved = reduce(at, event, seen);
      at = moved?.next ?? at;
      for (const action of moved?.actions ?? []) events.push(...await this.#act(action, at, errand));
      if (isEnd(at.state)) return at;
      if (moved || event.kind !== "seen") continue;
      const left = { leftMs: leftMs(at, seen) };
      const came = await this.#more(waitMs(at, seen));
      if (came?.extended !== undefined) events.push({ kind: "extended", ms: came.extended });
      events.push({ kind: came === undefined ? "time" : came.news ? "news" : "noise", ...left });
    }
  }

  /** Returns the received data for an exchange. */
  #seen({ bad, record = 0 }: Errand): Seen {
    const { inbox } = this;
    return {
      now: Date.now(),
      begunAt: this.#parser.pending === undefined ? undefined : this.#heardAt,
      beatAt: this.liveness.beatAt,
      life: this.liveness.left,
      ready: this.greeting !== undefined,
      noRoom: this.#refusal === SHARED.NO_ROOM,
      garbled: this.#refusal === bad,
      answer: inbox.answer !== undefined,
      incomplete: inbox.damaged !== undefined,
      again: inbox.again,
      whole: inbox.record(record) !== undefined,
      tooLong: inbox.tooLong(record) !== undefined,
      parts: inbox.parts(record),
      damage: inbox.damage(record),
      overtaken: inbox.highest > record,
      get wanted() {
        const [first, last] = inbox.wanted(record);
        return last - first + 1;
      },
    };
  }

  /** Performs an action of an exchange; returns the events that follow. */
  async #act(action: Action, at: Exchange, errand: Errand): Promise<ExchangeEvent[]> {
    switch (action) {
      case "send":
        this.#refusal = "";
        await errand.send!();
        return [{ kind: "sent" }];
      case "ask":
        await errand.ask!(...this.inbox.wanted(errand.record!));
        return [{ kind: "sent" }];
      case "end text":
        await this.send(errand.end!);
        return [];
      case "abandon":
        this.#giveUp();
        return [];
      case "heal": {
        const damaged = this.inbox.damaged!;
        await errand.heal!(damaged, at.leftMs);
        this.inbox.forgive(damaged);
        return [{ kind: "healed" }];
      }
    }
  }

  /** Counts a record as damaged if its end does not arrive; the bytes after its header are parsed again. */
  #giveUp(): void {
    const seq = this.#parser.giveUp();
    if (seq === undefined) return;
    this.inbox.take({ kind: "damaged", seq });
    this.#frames.push(...this.#parser.push(new Uint8Array(0)));
  }

  /**
   * Waits for frames, at most `ms`, and stores them. `news` is true if one was more than noise; `extended` is the time in ms
   * that a line of noise gave the next record.
   */
  async #more(ms: number): Promise<{ news: boolean; extended?: number } | undefined> {
    const deadline = Date.now() + ms;
    while (this.#frames.length === 0) {
      if (this.#aborted) throw new DOMException("The run was cancelled", "AbortError");
      if (this.ended) throw this.ended;
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const slice = this.liveness.slice(left);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        timer = setTimeout(() => {
          this.liveness.waited(slice);
          resolve();
        }, slice);
      });
      clearTimeout(timer);
      this.#waiting = undefined;
    }
    let news = false;
    let extended: number | undefined;
    for (const frame of this.#frames.splice(0)) {
      if (frame.kind === "noise") {
        const text = frame.text.trim();
        if (text.startsWith("@tl-")) this.#refusal = text;
        extended = this.#options.onNoise?.(frame.text) ?? extended;
      } else {
        news = true;
        this.inbox.take(frame);
      }
    }
    return { news, ...(extended === undefined ? {} : { extended }) };
  }

  /** Ignores an aborted signal from now on: it no longer ends waits. */
  uncancel(): void {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#aborted = false;
  }

  /** Closes the shell. */
  async end(): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    await this.#shell.close();
    await this.#pump;
    this.#reader.releaseLock();
    await this.#writer.abort().catch(() => {});
  }
}

/** True if the frame comes from the agent or the kernel. The output of a shell after a reboot is no sign of life. */
function isOfTheBoard(frame: Frame): boolean {
  return frame.kind !== "noise" || withoutKernelLines(frame.text) === "";
}
