/**
 * The host's end of the wire. Requests are done exactly once, however often they are sent. Records are requested again, in
 * parts, until they are whole.
 *
 * @module
 */

import type { KnownLines } from "../agent/known_lines.ts";
import { type Shell, TransportError } from "../lines/shell.ts";
import { wireStart } from "./board_script.ts";
import { SHARED } from "./constants.ts";
import { begin, type Beginning } from "./exchange.ts";
import { WireLink } from "./link.ts";
import { MAX_ASKS } from "./states.ts";
import { cksum, type Code, md5, pieceLine, piecesOf, requestLine } from "./wire.ts";

const utf8 = new TextEncoder();

/** Options of {@linkcode Connection}. */
export interface ConnectionOptions {
  /** How long a line may be silent before a record is asked for again, in ms. @default {4000} */
  silenceMs?: number;
  /** The lines that the board has sent before */
  known?: KnownLines | undefined;
  /** Ends the connection */
  signal?: AbortSignal | undefined;
  /**
   * Called for each line that belongs to no record. Returns the time that the next record may take from now on, in ms, if the
   * line shows it
   */
  onNoise?: (line: string) => number | undefined;
}

/** The result of a command. */
export interface CallResult {
  /** Exit status */
  status: number;
  /** Its output */
  output: string;
}

/** The most characters of one request. */
const MAX_WORDS = 1500;
/** After this many records that arrived damaged as plain bytes, all records are sent in code. */
const MAX_HEALED = 3;
/** The words with which the board's half reports an output that is too long. */
const OVER = new RegExp(`^${SHARED.OVER} (\\d+)$`);

/** A board announced a record that is longer than the bound for records. */
export class TooLongError extends TransportError {
  override name = "TooLongError";

  constructor(bytes: number) {
    super(`the board announces a record of ${bytes} bytes, over the bound of ${SHARED.MOST}`);
  }
}

/** A shell on which agent_wire.sh runs. */
export class Connection {
  readonly #shell: Shell;
  readonly #options: ConnectionOptions;
  readonly #link: WireLink;
  /** The number of the last request */
  #asked = 0;
  /** How many records were damaged as a whole and arrived intact in parts */
  #healed = 0;
  #checksum: "cksum" | "md5" = "cksum";
  #code: Code = "x";

  private constructor(shell: Shell, options: ConnectionOptions) {
    this.#shell = shell;
    this.#options = options;
    this.#link = new WireLink(shell, options);
  }

  /** True once the board was lost */
  get lost(): boolean {
    return this.#link.ended !== undefined;
  }

  /** Why the board is lost, if it no longer reports that it is alive; otherwise undefined. */
  get dead(): string | undefined {
    return this.#link.liveness.dead;
  }

  /**
   * Starts the board's half of the wire.
   *
   * @param before A line of shell that runs first
   * @param bound How long the board may take, in ms
   * @throws {TransportError} If the board does not answer
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
    const { lossy, description } = this.#shell;
    const { attempt, end, bad } = await wireStart(before, lossy);
    let attempts = 0;
    const { state } = await this.#link.exchange(begin("start.sending", bound, Date.now()), {
      send: () => this.#link.send(attempt(++attempts)),
      end,
      bad,
    });
    const why: Partial<Record<typeof state, string>> = {
      "start.full": "it has no space for temporary files",
      "start.garbled": "it does not arrive whole",
      "start.silent": `no answer within ${bound / 1000} s`,
    };
    if (why[state]) throw new TransportError(`Cannot start the agent over ${description}: ${why[state]}`);
    const { code, checksum } = this.#link.greeting!;
    this.#code = code;
    this.#checksum = checksum;
  }

  /** The speed of a line that may lose or alter bytes; empty for any other line. */
  get #speed(): Beginning {
    const { lossy } = this.#shell;
    return lossy ? { bytesPerMs: lossy.bytesPerMs } : {};
  }

  /**
   * Has a request done exactly once and returns the words of its answer; undefined if no answer comes within `bound` ms.
   *
   * @param begins The beginning of a record that also shows that the request was begun; its first group becomes the answer
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the run was cancelled
   */
  async request(words: string, bound: number, follows = "", begins?: RegExp): Promise<string | undefined> {
    const number = ++this.#asked;
    this.#link.inbox.request(number, begins);
    const line = requestLine(number, words, this.#checksum);
    const { state } = await this.#link.exchange(begin("request.sending", bound, Date.now(), this.#speed), {
      send: () => this.#link.send(line + follows),
      heal: (record, ms) => this.#fetch(record, ms),
    });
    if (state === "request.silent") return undefined;
    const answer = this.#link.inbox.answer!;
    if (answer.startsWith(`${SHARED.UNEXPECTED} `)) {
      throw new TransportError("Lost the agent on the board: it does not know what it was asked before");
    }
    if (answer.startsWith(`${SHARED.MISSING} `)) this.#asked--;
    return answer;
  }

  /** Sends a request that has no answer, or that may be done twice; returns false if the board was lost. */
  async tell(words: string): Promise<boolean> {
    if (this.#link.ended) return false;
    return await this.#link.send(`\n${requestLine(0, words, this.#checksum)}`).then(() => true, () => false);
  }

  /**
   * Runs a command on the board exactly once, and returns its output; undefined if no answer comes within `bound` ms. The board
   * stores the output, and a damaged output is requested again until it is whole.
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
    const [, size] = OVER.exec(rest) ?? [];
    if (size !== undefined) {
      throw new TransportError(`Cannot take the board's answer: it has ${size} bytes, over the bound of its line`);
    }
    if (!rest.startsWith("@")) return { status: Number(status), output: rest === "" ? "" : `${rest.slice(1)}\n` };
    const body = await this.record(Number(rest.slice(1)), bound);
    if (body === undefined || body === "damaged") return undefined;
    return { status: Number(status), output: body.slice(body.indexOf("\n") + 1) };
  }

  /**
   * Sends a script to the board and runs it there exactly once. With `call` the board answers with its status and output, with
   * `run` when it begins. Returns the words of the answer; undefined if no answer comes within `bound` ms after the script.
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
        await this.#link.send(pieceLine(`${number}.${i}`, pieces[i]!, this.#checksum));
      }
      const answer = await this.request(words, bound, "", begins);
      if (!answer?.startsWith(`${SHARED.MISSING} `)) return answer;
      wanted = answer.split(" ").slice(1).map(Number).filter((i) => i in pieces);
    }
    return undefined;
  }

  /**
   * Returns a record by its number; a damaged or missing record is requested again. Undefined if the board sends nothing for
   * `bound` ms; `"damaged"` if asking did not help. The board answers after its plan, from the records that it stored. Until
   * then later records may arrive.
   *
   * @param beats True if a board that no longer reports that it is alive counts as lost
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the run was cancelled
   */
  async record(wanted: number, bound: number, beats = false): Promise<string | "damaged" | undefined> {
    const body = await this.#fetch(wanted, bound, beats);
    this.#link.inbox.drop(wanted);
    return body;
  }

  async #fetch(wanted: number, bound: number, beats = false): Promise<string | "damaged" | undefined> {
    const { silenceMs } = this.#options;
    const expected = begin("record.expected", bound, Date.now(), {
      ...this.#speed,
      ...(silenceMs === undefined ? {} : { silenceMs }),
      beats,
    });
    const { state, known } = await this.#link.exchange(expected, {
      record: wanted,
      ask: (first, last) => this.tell(`tl_parts ${wanted} ${first} ${last}`),
    });
    if (state === "record.too-long") throw new TooLongError(this.#link.inbox.tooLong(wanted)!);
    if (state === "record.damaged") return "damaged";
    if (state === "record.absent") return undefined;
    // A line that alters plain bytes (line feeds, eighth bits) gets all further records in code.
    if (known > 0 && ++this.#healed === MAX_HEALED) await this.tell("TL_Z=0");
    return this.#link.inbox.record(wanted);
  }

  /** Forgets all records that have arrived. */
  forget(): void {
    this.#link.liveness.begin();
    this.#link.inbox.clear();
  }

  /** Ends the board's half, which undoes its changes. It first finishes its current work, within `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#link.uncancel();
    if (!this.#link.ended) await this.request("tl_end", graceMs).catch(() => {});
    await this.end();
  }

  /** Closes the shell. */
  async end(): Promise<void> {
    await this.#link.end();
  }
}
