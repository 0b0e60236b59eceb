/**
 * Telnet (RFC 854) as a transport of bytes, in binary mode (RFC 856): it separates data from commands, in both directions.
 *
 * @module
 */

const SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255;

const VERBS = { will: WILL, wont: WONT, do: DO, dont: DONT } as const;
/** What one side sends about an option: that it uses it or not, or that the other side shall use it or not. */
export type Verb = keyof typeof VERBS;

/** The options that this client knows. */
export const OPTION = { binary: 0, echo: 1, suppressGoAhead: 3, comPort: 44 } as const;

/** One received item: data, a verb about an option, or a subnegotiation. */
export type TelnetEvent =
  | { kind: "data"; bytes: Uint8Array }
  | { kind: "verb"; verb: Verb; option: number }
  | { kind: "subnegotiation"; option: number; bytes: Uint8Array };

/** The most bytes of a subnegotiation: one without an end would fill the memory. */
const LONGEST_SUBNEGOTIATION = 4096;

/** Splits received bytes into data and commands; a command may arrive in pieces. */
export class TelnetReader {
  #state: "data" | "command" | "option" | "subnegotiation" | "subcommand" = "data";
  #verb: Verb = "will";
  #sub: number[] = [];

  /** Takes received bytes, and returns the complete items in order. */
  push(chunk: Uint8Array): TelnetEvent[] {
    const events: TelnetEvent[] = [];
    const data = new Uint8Array(chunk.length);
    let length = 0;
    const flush = () => {
      if (length > 0) events.push({ kind: "data", bytes: data.slice(0, length) });
      length = 0;
    };
    for (const byte of chunk) {
      switch (this.#state) {
        case "data":
          if (byte === IAC) this.#state = "command";
          else data[length++] = byte;
          break;
        case "command": {
          const verb = (Object.keys(VERBS) as Verb[]).find((verb) => VERBS[verb] === byte);
          if (byte === IAC) data[length++] = byte;
          if (verb) this.#verb = verb;
          if (byte === SB) this.#sub = [];
          // Other commands (go ahead, no operation, data mark) have one byte and no effect here.
          this.#state = verb ? "option" : byte === SB ? "subnegotiation" : "data";
          break;
        }
        case "option":
          flush();
          events.push({ kind: "verb", verb: this.#verb, option: byte });
          this.#state = "data";
          break;
        case "subnegotiation":
          if (byte === IAC) this.#state = "subcommand";
          else if (this.#sub.length < LONGEST_SUBNEGOTIATION) this.#sub.push(byte);
          break;
        case "subcommand":
          this.#state = "subnegotiation";
          if (byte === IAC) this.#sub.push(byte);
          if (byte !== SE) break;
          flush();
          if (this.#sub.length > 0) {
            events.push({ kind: "subnegotiation", option: this.#sub[0]!, bytes: new Uint8Array(this.#sub.slice(1)) });
          }
          this.#state = "data";
          break;
      }
    }
    flush();
    return events;
  }
}

/** Returns data as it is sent: a byte that would begin a command is doubled. */
export function escaped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const commands = bytes.reduce((count, byte) => count + (byte === IAC ? 1 : 0), 0);
  const result = new Uint8Array(bytes.length + commands);
  if (commands === 0) {
    result.set(bytes);
    return result;
  }
  let at = 0;
  for (const byte of bytes) {
    result[at++] = byte;
    if (byte === IAC) result[at++] = byte;
  }
  return result;
}

/** Returns the bytes of a verb. */
export function verbBytes(verb: Verb, option: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([IAC, VERBS[verb], option]);
}

/** Returns the bytes of a subnegotiation. */
export function subnegotiationBytes(option: number, bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([IAC, SB, option, ...escaped(new Uint8Array(bytes)), IAC, SE]);
}
