/**
 * The host's end of the wire: requests that are done once however often they have to be sent, and records that are asked for
 * again, in parts, until they are whole.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { withoutKernelLines } from "./plain_text.ts";
import { Inbox, PART } from "./inbox.ts";
import type { KnownLines } from "./known_lines.ts";
import { Liveness } from "./liveness.ts";
import { type Shell, TransportError } from "./shell.ts";
import { cksum, type Code, type Frame, FrameParser, md5, pieceLine, piecesOf, requestLine } from "./wire.ts";

const utf8 = new TextEncoder();

/** Options of {@linkcode Connection}. */
export interface ConnectionOptions {
  /** How long a line may be silent before a record is asked for again, in ms. @default {4000} */
  silenceMs?: number;
  /** What the board has said before */
  known?: KnownLines | undefined;
  /** Ends the connection */
  signal?: AbortSignal | undefined;
  /** Called for each line that belongs to no record; gives how long from now on the next record may take, in ms, if it says so */
  onNoise?: (line: string) => number | undefined;
}

/** What a command said. */
export interface CallResult {
  /** Exit status */
  status: number;
  /** What it printed */
  output: string;
}

/** How often something is sent again, or asked for, without anything that comes of it. */
const MAX_ASKS = 40;
/** How long an answer is waited for before the request is sent again, in ms: at first, and at most, as it doubles each time. */
const PATIENCE = 500, MAX_PATIENCE = 10_000;
/** How long a part that was asked for may take beside the time that its bytes take, in ms. */
const PART_PATIENCE = 1000;
/** So many characters fit into one request. */
const MAX_WORDS = 1500;
/** After so many records that came damaged whole, all are sent in code. */
const MAX_HEALED = 3;
/** Below so many ms of a line's time, it does not pay to compress a record on the board. */
const WORTHWHILE_MS = 50;

/** How many bytes a record may have; the host itself takes more, for boards whose shell cannot bound a file. */
const MOST = 8 * 1024 * 1024;
/** How long a record may take on the line, in ms, and how many bytes it may have however slow that is. */
const LONGEST_MS = 60_000, LEAST_SENT = 128 * 1024;

/** A board announced a record that is longer than any is taken. */
export class TooLongError extends TransportError {
  override name = "TooLongError";

  constructor(bytes: number) {
    super(`the board announces a record of ${bytes} bytes, over the bound of ${MOST}`);
  }
}

/** A shell on which agent_wire.sh runs. */
export class Connection {
  readonly #shell: Shell;
  readonly #options: ConnectionOptions;
  readonly #parser = new FrameParser();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #frames: Frame[] = [];
  #waiting: (() => void) | undefined;
  #ended: Error | undefined;
  #aborted = false;
  readonly #pump: Promise<void>;
  /** The number of the last request */
  #asked = 0;
  readonly #inbox: Inbox;
  /** When the last byte came */
  #heardAt = 0;
  /** Whether the board still says, while a plan runs, that it lives */
  readonly #liveness = new Liveness();
  /** How many records came damaged whole and right in parts */
  #healed = 0;
  #checksum: "cksum" | "md5" = "cksum";
  #code: Code = "x";

  private constructor(shell: Shell, options: ConnectionOptions) {
    this.#shell = shell;
    this.#options = options;
    this.#inbox = new Inbox(options.known);
    this.#reader = shell.readable.getReader();
    this.#writer = shell.writable.getWriter();
    this.#pump = this.#read();
    options.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  #abort = (): void => {
    this.#aborted = true;
    this.#waiting?.();
  };

  /** True once the board was lost */
  get lost(): boolean {
    return this.#ended !== undefined;
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) throw new TransportError(`Lost the connection to the board: ${this.#shell.description} ended`);
        this.#heardAt = Date.now();
        const { beats } = this.#parser;
        const frames = this.#parser.push(value);
        this.#frames.push(...frames);
        const beat = this.#parser.beats > beats;
        if (beat || this.#parser.pending !== undefined || frames.some(isOfTheBoard)) this.#liveness.sign(beat);
        this.#waiting?.();
      }
    } catch (error) {
      this.#ended ??= error instanceof Error ? error : new TransportError(String(error));
      this.#waiting?.();
    }
  }

  /** Why a record did not come, where the board no longer says that it lives. */
  get dead(): string | undefined {
    return this.#liveness.dead;
  }

  /** How many ms a record that is on its way is still waited for: however long it takes on the line, that is no silence. */
  get #coming(): number {
    return this.#parser.pending === undefined ? 0 : this.#heardAt + PATIENCE - Date.now();
  }

  async #send(line: string): Promise<void> {
    try {
      await this.#writer.write(utf8.encode(line));
    } catch (error) {
      throw this.#ended ?? new TransportError(`Lost the connection to the board: ${(error as Error).message}`);
    }
  }

  /**
   * Starts the board's half of the wire.
   *
   * @param before A line of shell that is to be run first
   * @param bound How long the board may take, in ms
   * @throws {TransportError} If it does not answer
   */
  static async open(shell: Shell, before: string, bound: number, options: ConnectionOptions = {}): Promise<Connection> {
    const connection = new Connection(shell, options);
    try {
      await connection.#start(before, bound);
      return connection;
    } catch (error) {
      await connection.end();
      throw error;
    }
  }

  async #start(before: string, bound: number): Promise<void> {
    const unable = (why: string) =>
      new TransportError(`Cannot start the agent over ${this.#shell.description}: ${why}`);
    const script = bare(await Deno.readTextFile(new URL("./agent_wire.sh", import.meta.url)));
    const bytes = utf8.encode(script);
    const end = `TL_END_${crypto.randomUUID().slice(0, 8)}`;
    const { lossy } = this.#shell;
    const least = lossy ? Math.round(WORTHWHILE_MS * lossy.bytesPerMs) : 999_999_999;
    const most = lossy ? Math.min(MOST, Math.max(LEAST_SENT, Math.round(LONGEST_MS * lossy.bytesPerMs))) : MOST;
    let bad = false;
    let full = false;
    this.#onStart = (line) => {
      bad ||= line.trim() === `@tl-bad ${end}`;
      full ||= line.trim() === "@tl-no-room";
    };
    const deadline = Date.now() + bound;
    for (let attempt = 1; attempt <= 3; attempt++) {
      bad = false;
      // Half of it, where the board can read that.
      const short = attempt === 1 && lossy;
      const text = short ? `${gzipSync(script).toString("base64")}\n` : script;
      await this.#send(
        `${before}\nTL_A=$(${short ? "base64 -d" : "cat"} <<'${end}'${short ? " | gzip -d" : ""}\n${text}${end}\n)\n` +
          `if command -v cksum >/dev/null 2>&1; then set -- $(printf '%s\\n' "$TL_A" | cksum); ` +
          `else set -- $(printf '%s\\n' "$TL_A" | md5sum); fi\n` +
          `case $1 in ${cksum(bytes)} | ${
            md5(bytes)
          }) eval "$TL_A"; TL_Z=${least} TL_MOST=${MOST} TL_MOST_SENT=${most} TL_BEAT=${lossy ? 1 : ""}; tl_wire ;; ` +
          `*) printf '\\n@tl-bad ${end}\\n' ;; esac\n`,
      );
      for (;;) {
        const ready = /^ready ([zx]) (cksum|md5sum)$/.exec(this.#inbox.greeting ?? "");
        if (ready) {
          this.#onStart = undefined;
          this.#code = ready[1] as Code;
          if (ready[2] === "md5sum") this.#checksum = "md5";
          return;
        }
        if (full) throw unable("it has no room for temporary files");
        if (bad) break;
        const left = deadline - Date.now();
        if (left <= 0) throw unable(`no answer within ${bound / 1000} s`);
        await this.#more(left);
      }
      // A line may still wait for the end of the text.
      await this.#send(`\n${end}\n`);
    }
    throw unable("it does not arrive whole");
  }

  /** Sees the lines of noise until the board's half is there */
  #onStart: ((line: string) => void) | undefined;

  /**
   * Waits for what comes, `ms` at most, and takes it in: `news` where it was more than noise, `extended` ms where noise said
   * how long the next record may take.
   */
  async #more(ms: number): Promise<{ news: boolean; extended?: number } | undefined> {
    const deadline = Date.now() + ms;
    while (this.#frames.length === 0) {
      if (this.#aborted) throw new DOMException("The run was cancelled", "AbortError");
      if (this.#ended) throw this.#ended;
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const slice = this.#liveness.slice(left);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        timer = setTimeout(() => {
          this.#liveness.waited(slice);
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
        this.#onStart?.(frame.text);
        extended = this.#options.onNoise?.(frame.text) ?? extended;
      } else {
        news = true;
        this.#inbox.take(frame);
      }
    }
    return { news, ...(extended === undefined ? {} : { extended }) };
  }

  /**
   * Has a request done, once, and gives the words of its answer; undefined where none comes within `bound` ms.
   *
   * @param begins How a record begins that tells as well that the request was begun, its first group for the answer
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the run was cancelled
   */
  async request(words: string, bound: number, follows = "", begins?: RegExp): Promise<string | undefined> {
    const number = ++this.#asked;
    this.#inbox.request(number, begins);
    const line = requestLine(number, words, this.#checksum);
    let deadline = Date.now() + bound;
    for (let patience = PATIENCE;;) {
      const { again } = this.#inbox;
      await this.#send(line + follows);
      let quietUntil = Date.now() + patience;
      for (;;) {
        const { answer } = this.#inbox;
        if (answer !== undefined) {
          if (answer.startsWith("unexpected ")) {
            throw new TransportError("Lost the agent on the board: it does not know what it was asked before");
          }
          if (answer.startsWith("missing ")) this.#asked--;
          return answer;
        }
        const left = Math.max(deadline - Date.now(), this.#coming);
        if (left <= 0) return undefined;
        // Who loses nothing will answer.
        const lossy = this.#shell.lossy !== undefined;
        if (lossy && this.#inbox.again > again) break;
        const came = await this.#more(lossy ? Math.min(left, Math.max(0, quietUntil - Date.now())) : left);
        if (came?.extended !== undefined) deadline = Math.max(deadline, Date.now() + came.extended);
        // An answer that is long, and still on its way.
        if (came?.news || this.#parser.pending !== undefined) {
          quietUntil = Math.max(quietUntil, (came?.news ? Date.now() : this.#heardAt) + patience);
        }
        if (!came && lossy && Date.now() >= quietUntil) this.#giveUp();
        const { damaged } = this.#inbox;
        if (damaged !== undefined) {
          await this.#fetch(damaged, left);
          this.#inbox.forgive(damaged);
        } else if (!came && Date.now() >= quietUntil) {
          patience = Math.min(2 * patience, MAX_PATIENCE);
          break;
        }
      }
    }
  }

  /** A record whose end does not come is damaged; what stood behind its beginning may be words of the board. */
  #giveUp(): void {
    const seq = this.#parser.giveUp();
    if (seq === undefined) return;
    this.#inbox.take({ kind: "damaged", seq });
    this.#frames.push(...this.#parser.push(new Uint8Array(0)));
  }

  /** Has a request done that nobody answers, or that may be done twice; false where the board was lost. */
  async tell(words: string): Promise<boolean> {
    if (this.#ended) return false;
    return await this.#send(`\n${requestLine(0, words, this.#checksum)}`).then(() => true, () => false);
  }

  /**
   * Has a command done on the board, once, and gives what it printed; undefined where no answer comes within `bound` ms. What
   * the board kept of it is asked for again until it is whole.
   *
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the run was cancelled
   */
  async call(command: string, bound: number): Promise<CallResult | undefined> {
    const words = `!${command}`;
    const answer = words.length > MAX_WORDS || /[^\x20-\x7e]/.test(command)
      ? await this.script(command, "call", bound)
      : await this.request(words, bound);
    if (answer === undefined) return undefined;
    const [, status, rest = ""] = /^(\d+)(?: (.*))?$/.exec(answer) ?? [];
    if (status === undefined) return undefined;
    const [, size] = /^over (\d+)$/.exec(rest) ?? [];
    if (size !== undefined) {
      throw new TransportError(`Cannot take the board's answer: it has ${size} bytes, over the bound of its line`);
    }
    if (!rest.startsWith("@")) return { status: Number(status), output: rest === "" ? "" : `${rest.slice(1)}\n` };
    const body = await this.record(Number(rest.slice(1)), bound);
    if (body === undefined || body === "damaged") return undefined;
    return { status: Number(status), output: body.slice(body.indexOf("\n") + 1) };
  }

  /**
   * Brings a script to the board and has it done there, once: `call` answers with its status and output, `run` when it begins.
   * Gives the words of the answer; undefined where none comes within `bound` ms behind the script.
   *
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the run was cancelled
   */
  async script(
    content: string,
    then: "call" | "run",
    bound: number,
    begins?: RegExp,
  ): Promise<string | undefined> {
    const sum = (bytes: Uint8Array) => this.#checksum === "md5" ? md5(bytes) : String(cksum(bytes));
    if (!this.#shell.lossy) {
      const bytes = utf8.encode(content);
      return await this.request(`tl_script ${bytes.length} ${sum(bytes)} follows ${then}`, bound, content, begins);
    }
    const code = this.#code === "z" ? "z" : "p";
    const { sent, pieces } = piecesOf(content, code);
    const number = this.#asked + 1;
    const plain = code === "z" ? utf8.encode(sent) : utf8.encode(content);
    const words = `tl_script ${pieces.length} ${sum(plain)} ${code} ${then}`;
    let wanted = pieces.map((_, i) => i);
    for (let asks = 0; asks < MAX_ASKS; asks++) {
      for (const i of wanted) {
        await this.#send(pieceLine(`${number}.${i}`, pieces[i]!, this.#checksum));
      }
      const answer = await this.request(words, bound, "", begins);
      if (!answer?.startsWith("missing ")) return answer;
      wanted = answer.split(" ").slice(1).map(Number).filter((i) => i in pieces);
    }
    return undefined;
  }

  /**
   * A record by number, asked for again while it is damaged or does not come; undefined where `bound` ms pass without a word
   * of the board, `"damaged"` where asking did not help. The board answers once its plan is over, with what it has kept:
   * until then the records behind this one come in.
   *
   * @param beats Whether a board that no longer says that it lives is not waited for
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the run was cancelled
   */
  async record(wanted: number, bound: number, beats = false): Promise<string | "damaged" | undefined> {
    const body = await this.#fetch(wanted, bound, beats);
    this.#inbox.drop(wanted);
    return body;
  }

  async #fetch(wanted: number, bound: number, beats = false): Promise<string | "damaged" | undefined> {
    const { bytesPerMs } = this.#shell.lossy ?? {};
    const silence = this.#options.silenceMs ?? 4000;
    let deadline = Date.now() + bound;
    // Other text on the line is no sign of the agent.
    let quietUntil = Date.now() + silence;
    let patience = 1;
    let asks = 0;
    /** How many parts there were when it was last asked for, and how many frames of it there will be then */
    let known = 0;
    let answered = 1;
    const come = () => this.#inbox.parts(wanted);
    const heard = () => come() + this.#inbox.damage(wanted);
    const ask = async () => {
      // What comes of asking is a reason to go on asking.
      asks = come() > known ? 1 : asks + 1;
      known = come();
      const [first, last] = this.#inbox.wanted(wanted);
      answered = heard() + last - first + 1;
      await this.tell(`tl_parts ${wanted} ${first} ${last}`);
      // In the middle of a plan the agent hears nothing: what it is asked then, it answers as often.
      const wait = known > 0 ? PART_PATIENCE : silence * patience;
      quietUntil = Date.now() + wait + (last - first + 1) * PART / (bytesPerMs ?? 1);
    };
    for (;;) {
      const kept = this.#inbox.record(wanted);
      if (kept !== undefined) {
        // A line that alters what is not in code (line feeds, eighth bits) gets it in code at once.
        if (known > 0 && ++this.#healed === MAX_HEALED) await this.tell("TL_Z=0");
        return kept;
      }
      const size = this.#inbox.tooLong(wanted);
      if (size !== undefined && (bytesPerMs === undefined || asks >= MAX_ASKS)) throw new TooLongError(size);
      const left = Math.max(deadline - Date.now(), this.#coming);
      if (left <= 0 || asks >= MAX_ASKS) return this.#inbox.damage(wanted) > 0 || known > 0 ? "damaged" : undefined;
      // What came damaged is asked for when the plan is over, and then nothing beats.
      const live = beats && known === 0 && this.#inbox.damage(wanted) === 0 ? this.#liveness.left : Infinity;
      if (live <= 0) return undefined;
      // Who loses nothing need not be asked.
      if (bytesPerMs !== undefined && (heard() >= answered || (asks === 0 && this.#inbox.highest > wanted))) {
        await ask();
        continue;
      }
      const came = await this.#more(Math.min(left, live, Math.max(0, quietUntil - Date.now())));
      if (came?.extended !== undefined) deadline = Date.now() + came.extended;
      if (came?.news) {
        deadline = Math.max(deadline, Date.now() + bound);
        quietUntil = Math.max(quietUntil, Date.now() + (known > 0 ? PART_PATIENCE : silence));
        patience = 1;
      } else if (Date.now() >= quietUntil) {
        const until = this.#heardAt + PATIENCE;
        if (this.#parser.pending !== undefined && until > Date.now()) {
          // It is long, and still on its way.
          quietUntil = until;
        } else if (asks === 0 && Date.now() < this.#liveness.beatAt + silence) {
          // The plan still runs: what the board has to say, it will say.
          quietUntil = this.#liveness.beatAt + silence;
        } else if (bytesPerMs === undefined) {
          quietUntil = deadline;
        } else {
          this.#giveUp();
          patience *= 2;
          if (this.#inbox.record(wanted) === undefined) await ask();
        }
      }
    }
  }

  /** Forgets what has come of records so far. */
  forget(): void {
    this.#liveness.begin();
    this.#inbox.clear();
  }

  /** Ends the board's half, which undoes what it changed; what it is doing comes to its end first, within `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#aborted = false;
    if (!this.#ended) await this.request("tl_end", graceMs).catch(() => {});
    await this.end();
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

/** A shell script without what only people read. */
export function bare(script: string): string {
  return script.split("\n").map((line) => line.trimStart()).filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => `${line}\n`).join("");
}

/** Whether the agent or the kernel says it: what a shell says behind a reboot is no sign of life. */
function isOfTheBoard(frame: Frame): boolean {
  return frame.kind !== "noise" || withoutKernelLines(frame.text) === "";
}
