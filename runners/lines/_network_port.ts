/**
 * Serial lines behind a console server: raw TCP, and RFC 2217 (telnet with the com port option), as ser2net and labgrid's
 * exporter serve them.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type {
  BindingPortInterface,
  OpenOptions,
  PortStatus,
  SetOptions,
  UpdateOptions,
} from "@serialport/bindings-interface";
import type { NetworkLine } from "../../boards/line_words.ts";
import { lastLine } from "./plain_text.ts";
import { escaped, OPTION, subnegotiationBytes, TelnetReader, type Verb, verbBytes } from "./_telnet.ts";
import { CanceledError } from "./_canceled.ts";

/** The longest time until a server connects, or answers a question, in ms. */
const PATIENCE = 10_000;

/** After this much silence an RFC 2217 server is asked for a sign of life, in ms. */
const SILENCE = 10_000;

/** The longest time to read the last output of a server that hung up, in ms. */
const HANGING_UP = 2000;

/** The most bytes that are stored for a slow reader; beyond it the host stops reading from the server. */
const KEPT = 1 << 20;

/** The commands of RFC 2217; the number of the answer is 100 higher. */
const COM_PORT = { baudRate: 1, dataSize: 2, parity: 3, stopSize: 4, control: 5, purge: 12 } as const;
const LINE_STATE = 106, MODEM_STATE = 107, SUSPEND = 108, RESUME = 109;
const CONTROL = { noFlow: 1, hardwareFlow: 3, breakOn: 5, breakOff: 6, dtrOn: 8, dtrOff: 9, rtsOn: 11, rtsOff: 12 };
const PARITIES: Record<string, number> = { none: 1, odd: 2, even: 3 };
const RECEIVED = 1, BOTH = 3;
const CTS = 0x10, DSR = 0x20, DCD = 0x80;

const failed = ({ path }: OpenOptions, why: string, cause?: unknown) =>
  new Error(`Cannot open ${path}: ${why}`, { cause });

async function connected(options: Required<OpenOptions>, line: NetworkLine): Promise<Deno.TcpConn> {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const connection = await Deno.connect({ hostname: line.host, port: line.port, signal: stop.signal });
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
    return connection;
  } catch (error) {
    if (stop.signal.aborted) throw failed(options, `no answer within ${PATIENCE / 1000} s`);
    throw failed(options, (error as Error).message.replace(/ \(os error \d+\)$/, ""), error);
  } finally {
    clearTimeout(late);
  }
}

/**
 * Opens a line whose server passes bytes unchanged.
 *
 * @throws {Error} If there is no server, or it refuses; the message is one line
 */
export async function openTcpPort(options: Required<OpenOptions>, line: NetworkLine): Promise<BindingPortInterface> {
  return new NetworkPort(await connected(options, line), options);
}

/**
 * Opens a line whose server sets the speed and the flow control as requested.
 *
 * @throws {Error} If there is no server, it refuses, or it cannot set the line as requested; the message is one line
 */
export async function openRfc2217Port(
  options: Required<OpenOptions>,
  line: NetworkLine,
): Promise<BindingPortInterface> {
  const port = new Rfc2217Port(await connected(options, line), options);
  try {
    await port.negotiate();
    return port;
  } catch (error) {
    // Text from before the line is set is not the board's: a server that refuses a line prints the reason.
    const said = lastLine(port.takeText());
    await port.close();
    throw failed(options, (error as Error).message + (said ? `; it said: ${said}` : ""), error);
  }
}

/** A line whose bytes are passed unchanged. It has no wires and no speed of its own: the server has set them. */
class NetworkPort implements BindingPortInterface {
  readonly openOptions: Required<OpenOptions>;
  isOpen = true;
  protected lost: Error | undefined;
  #connection: Deno.TcpConn;
  #received: Uint8Array[] = [];
  #held = 0;
  #arrived = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();
  #sending: Promise<void> = Promise.resolve();
  #pump: Promise<void> | undefined;

  constructor(connection: Deno.TcpConn, options: Required<OpenOptions>) {
    this.#connection = connection;
    this.openOptions = options;
  }

  /** Receives bytes of the server; the RFC 2217 port takes its commands out of them. */
  protected take(chunk: Uint8Array): void {
    this.deliver(chunk);
  }

  protected deliver(bytes: Uint8Array): void {
    this.#received.push(bytes);
    this.#held += bytes.length;
    this.wakeUp();
  }

  protected wakeUp(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** Reads the connection from now on, even without a reader. */
  protected start(): void {
    this.#pump ??= this.#run();
  }

  async #run(): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      while (this.isOpen) {
        const count = await this.#connection.read(buffer);
        if (count === null) throw new Error("the server closed the connection");
        this.take(buffer.slice(0, count));
        while (this.#held > KEPT && this.isOpen) await this.#taken.promise;
      }
    } catch (error) {
      this.lose(new Error((error as Error).message.replace(/ \(os error \d+\)$/, "")));
    }
  }

  protected lose(reason: Error): void {
    this.lost ??= reason;
    this.wakeUp();
  }

  /** Waits for the next bytes of the server, at most until `deadline` on the clock of performance.now(). */
  protected async more(deadline: number): Promise<boolean> {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, left));
    await Promise.race([this.#arrived.promise, late]);
    clearTimeout(timer);
    return true;
  }

  protected mustBeOpen(): void {
    if (!this.isOpen) throw new CanceledError("the port was closed");
  }

  /** Drops the bytes that arrived and were not read; returns them as text. */
  takeText(): string {
    const text = this.#received.map((bytes) => new TextDecoder().decode(bytes)).join("");
    this.#received = [];
    this.#held = 0;
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    return text;
  }

  /** Resolves with at least one byte. Bytes that arrived before the line was lost come first. */
  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    this.start();
    for (;;) {
      this.mustBeOpen();
      const [first] = this.#received;
      if (first) {
        const part = first.subarray(0, length);
        buffer.set(part, offset);
        if (part.length < first.length) this.#received[0] = first.subarray(part.length);
        else this.#received.shift();
        this.#held -= part.length;
        this.#taken.resolve();
        this.#taken = Promise.withResolvers();
        return { buffer, bytesRead: part.length };
      }
      if (this.lost) throw this.lost;
      await this.#arrived.promise;
    }
  }

  /** Resolves when the system has accepted all bytes. */
  write(buffer: Buffer): Promise<void> {
    return this.send(new Uint8Array(buffer));
  }

  /** Sends bytes after all earlier ones, so that commands and data never mix. */
  protected send(bytes: Uint8Array): Promise<void> {
    const sent = this.#sending.then(async () => {
      for (let at = 0; at < bytes.length;) {
        this.mustBeOpen();
        if (this.lost) throw this.lost;
        at += await this.#connection.write(bytes.subarray(at)).catch(async (error) => {
          // A server that hangs up may have sent the reason; reading delivers it only after a write has failed.
          this.start();
          const deadline = performance.now() + HANGING_UP;
          while (this.isOpen && !this.lost && await this.more(deadline));
          this.mustBeOpen();
          throw this.lost ?? error;
        });
      }
    });
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** Ends the connection; then the server gives the line to the next user. */
  async close(): Promise<void> {
    this.mustBeOpen();
    this.isOpen = false;
    this.#connection.close();
    this.wakeUp();
    this.#taken.resolve();
    await Promise.all([this.#pump, this.#sending]);
  }

  /** Does nothing: the line has no speed of its own. */
  update(_options: UpdateOptions): Promise<void> {
    return Promise.resolve();
  }

  /** Does nothing: the line has no wires. */
  set(_options: SetOptions): Promise<void> {
    return Promise.resolve();
  }

  /** Returns no wire as set: the line has no wires. */
  get(): Promise<PortStatus> {
    return Promise.resolve({ cts: false, dsr: false, dcd: false });
  }

  /** Returns the speed that the line is paced at. */
  getBaudRate(): Promise<{ baudRate: number }> {
    return Promise.resolve({ baudRate: this.openOptions.baudRate });
  }

  /** Drops the bytes that arrived and were not read. */
  flush(): Promise<void> {
    this.takeText();
    return Promise.resolve();
  }

  /** Resolves when the system has accepted all bytes; how many the server still holds is not known. */
  async drain(): Promise<void> {
    await this.#sending;
    this.mustBeOpen();
  }
}

/** The options that are required, for each side: without binary mode, bytes would be changed on the way. */
const WANTED = [["will", OPTION.binary], ["do", OPTION.binary], ["will", OPTION.comPort]] as const;
const ANSWER = { will: "do", wont: "dont", do: "will", dont: "wont" } as const;
const REFUSAL = { will: "dont", do: "wont" } as const;
const NAMES: Record<number, string> = { [OPTION.binary]: "binary", [OPTION.comPort]: "the com port option" };

/** A line over telnet with the com port option: the host sets its speed, flow control, wires and break. */
class Rfc2217Port extends NetworkPort {
  #reader = new TelnetReader();
  /** The server's last answer about each option: `will 0`, `do 44` */
  #agreed = new Map<string, boolean>();
  /** The server's last answer to a command, by the command's number */
  #answers = new Map<number, Uint8Array>();
  #asking: Promise<unknown> = Promise.resolve();
  #modem = 0;
  #suspended: PromiseWithResolvers<void> | undefined;
  #heard = performance.now();
  #alive: ReturnType<typeof setInterval> | undefined;

  /** Agrees on all options, and sets the line. */
  async negotiate(): Promise<void> {
    this.start();
    for (const [verb, option] of WANTED) await this.send(verbBytes(verb, option));
    const deadline = performance.now() + PATIENCE;
    for (const [verb, option] of WANTED) {
      const key = `${ANSWER[verb]} ${option}`;
      while (!this.#agreed.has(key) && !this.lost) {
        if (!await this.more(deadline)) {
          throw new Error(`no answer about ${NAMES[option]}: a server that is not of RFC 2217 is a tcp:// line`);
        }
      }
      if (this.lost) throw this.lost;
      if (!this.#agreed.get(key)) throw new Error(`the server refuses ${NAMES[option]}`);
    }
    const { baudRate, dataBits, stopBits, parity, rtscts } = this.openOptions;
    await this.#setBaudRate(baudRate);
    await this.#set("dataSize", [dataBits], `${dataBits} data bits`);
    await this.#set("parity", [PARITIES[parity] ?? PARITIES.none!], `parity ${parity}`);
    await this.#set("stopSize", [stopBits === 1.5 ? 3 : stopBits], `${stopBits} stop bits`);
    if (rtscts) await this.#set("control", [CONTROL.hardwareFlow], "flow control by RTS and CTS");
    else await this.#set("control", [CONTROL.noFlow], "no flow control");
    // Bytes that arrived before the line was set are useless, and may be at another speed.
    await this.#command("purge", [RECEIVED]);
    this.takeText();
    this.#alive = setInterval(() => this.#proveAlive(), SILENCE / 2);
  }

  protected override take(chunk: Uint8Array): void {
    this.#heard = performance.now();
    for (const event of this.#reader.push(chunk)) {
      if (event.kind === "data") this.deliver(event.bytes);
      else if (event.kind === "verb") this.#option(event.verb, event.option);
      else if (event.option === OPTION.comPort) this.#answered(event.bytes);
    }
    this.wakeUp();
  }

  #option(verb: Verb, option: number): void {
    const [use, says] = verb === "will" || verb === "wont"
      ? ["will", verb === "will"] as const
      : ["do", verb === "do"] as const;
    const before = this.#agreed.get(`${use} ${option}`);
    this.#agreed.set(`${use} ${option}`, says);
    // An answer that repeats the agreement is not answered: otherwise both sides would answer forever.
    if (before === says) return;
    const wanted = WANTED.some(([mine, of]) => of === option && ANSWER[mine] === use);
    if (says && !wanted) {
      const harmless = option === OPTION.suppressGoAhead;
      this.send(verbBytes((harmless ? ANSWER : REFUSAL)[use], option)).catch(() => {});
    }
    if (!says && before && wanted) this.lose(new Error(`the server no longer uses ${NAMES[option]}`));
  }

  #answered([command = 0, ...value]: Uint8Array): void {
    if (command === MODEM_STATE) this.#modem = value[0] ?? 0;
    else if (command === SUSPEND) this.#suspended ??= Promise.withResolvers();
    else if (command === RESUME) {
      this.#suspended?.resolve();
      this.#suspended = undefined;
    } else if (command !== LINE_STATE) this.#answers.set(command - 100, new Uint8Array(value));
  }

  /** Sends a command and waits for its answer; one command at a time, since answers have no number. */
  #command(name: keyof typeof COM_PORT, value: readonly number[]): Promise<Uint8Array> {
    const command = COM_PORT[name];
    const answer = this.#asking.then(async () => {
      this.#answers.delete(command);
      await this.send(subnegotiationBytes(OPTION.comPort, [command, ...value]));
      const deadline = performance.now() + PATIENCE;
      for (;;) {
        this.mustBeOpen();
        const answer = this.#answers.get(command);
        if (answer) return answer;
        if (this.lost) throw this.lost;
        if (!await this.more(deadline)) throw new Error(`the server does not answer within ${PATIENCE / 1000} s`);
      }
    });
    this.#asking = answer.catch(() => {});
    return answer;
  }

  async #set(name: keyof typeof COM_PORT, value: readonly number[], meant: string): Promise<void> {
    const answer = await this.#command(name, value);
    if (answer[0] !== value[0]) throw new Error(`the server does not set ${meant}: it answers ${answer.join(" ")}`);
  }

  async #setBaudRate(baudRate: number): Promise<void> {
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, baudRate);
    const set = baudRateOf(await this.#command("baudRate", [...value]));
    if (set !== baudRate) throw new Error(`the server does not set ${baudRate} baud: it answers ${set}`);
  }

  /** Asks a silent server for a sign of life: no answer shows that the server is gone, and not only that the board is silent. */
  #proveAlive(): void {
    if (performance.now() - this.#heard < SILENCE || !this.isOpen || this.lost) return;
    this.getBaudRate().catch((error) => this.lose(error));
  }

  override async write(buffer: Buffer): Promise<void> {
    while (this.#suspended && this.isOpen && !this.lost) await this.#suspended.promise;
    await this.send(escaped(buffer));
  }

  protected override lose(reason: Error): void {
    clearInterval(this.#alive);
    super.lose(reason);
    this.#suspended?.resolve();
  }

  override async close(): Promise<void> {
    clearInterval(this.#alive);
    this.#suspended?.resolve();
    await super.close();
  }

  override async update({ baudRate }: UpdateOptions): Promise<void> {
    await this.#setBaudRate(baudRate);
  }

  /** Sets the wires without waiting: ser2net does not answer for a tty without such wires. */
  override async set({ dtr, rts, brk }: SetOptions): Promise<void> {
    const { dtrOff, dtrOn, rtsOff, rtsOn, breakOff, breakOn } = CONTROL;
    for (const wire of [dtr === false ? dtrOff : dtrOn, rts === false ? rtsOff : rtsOn, brk ? breakOn : breakOff]) {
      await this.send(subnegotiationBytes(OPTION.comPort, [COM_PORT.control, wire]));
    }
  }

  override get(): Promise<PortStatus> {
    const has = (bit: number) => (this.#modem & bit) !== 0;
    return Promise.resolve({ cts: has(CTS), dsr: has(DSR), dcd: has(DCD) });
  }

  /** Returns the speed that the server reports. */
  override async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: baudRateOf(await this.#command("baudRate", [0, 0, 0, 0])) };
  }

  override async flush(): Promise<void> {
    await this.#command("purge", [BOTH]);
    this.takeText();
  }
}

const baudRateOf = (answer: Uint8Array) => answer.length < 4 ? 0 : new DataView(answer.slice().buffer).getUint32(0);
