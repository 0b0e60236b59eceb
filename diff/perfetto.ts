/**
 * Traces for Perfetto (ui.perfetto.dev): a board is a process; its sequences, steps, messages, kernel log and the accesses of its
 * emulated device are tracks.
 *
 * @module
 */

import defer * as pbf from "pbf";
import type { PbfWriter } from "pbf";
import { visible } from "../boards/mod.ts";
import { describeOperation } from "./describe.ts";
import { eventLines, eventsByStep } from "./device_record.ts";
import type { SequenceTrace, StepTrace, TraceHeader } from "./trace.ts";

// Numbers of fields and values: protos/perfetto/trace/{trace,trace_packet,track_event/*}.proto of Perfetto.
const TRACE = { packet: 1 };
const PACKET = { timestamp: 8, sequence: 10, event: 11, flags: 13, track: 60 };
const TRACK = { uuid: 1, name: 2, process: 3, parent: 5 };
const PROCESS = { pid: 1, name: 6 };
const EVENT = { annotation: 4, type: 9, track: 11, name: 23 };
const TYPE = { begin: 1, end: 2, instant: 3 };
const ANNOTATION = { text: 6, name: 10 };
const STATE_CLEARED = 1;

/** The longest text of a board, in characters. */
const LONGEST = 500;
/** Length of a step without a time, and of the pause after a board has rebooted, in ms. */
const UNKNOWN = 1;
const BOOT = 1000;

const safe = (text: string) => visible(text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);

/** The tracks of a board, in their order, with what each has of a step. */
const TRACKS: readonly { name: string; of: (step: StepTrace) => string[] }[] = [
  {
    name: "devlink messages",
    of: ({ observation }) =>
      Object.values(observation?.notify ?? {}).flat().map(({ command, object, handle }) =>
        `${command} ${object} ${handle}`
      ),
  },
  {
    name: "link events",
    of: ({ observation }) =>
      Object.values(observation?.link ?? {}).flat().map(({ event, ifname }) => `${event} ${ifname}`),
  },
  { name: "kernel log", of: ({ observation }) => observation?.kmsg.map(({ text }) => text) ?? [] },
];

/** Details of an event, by name. */
type Details = Record<string, string | undefined>;

/** Writes traces into one file, board by board. */
export class PerfettoWriter {
  readonly #out: PbfWriter = new pbf.PbfWriter();
  #tracks = 0;
  #boards = 0;
  /** The board's first track, what is added to its clock, and the time that is reached, in ms */
  #first = 0;
  #base = 0;
  #now = 0;

  #packet(ms: number | undefined, write: (out: PbfWriter) => void): void {
    this.#out.writeMessage(TRACE.packet, (_: undefined, out) => {
      if (ms !== undefined) out.writeVarintField(PACKET.timestamp, Math.round(ms * 1e6));
      out.writeVarintField(PACKET.sequence, 1);
      if (this.#tracks === 1) out.writeVarintField(PACKET.flags, STATE_CLEARED);
      write(out);
    }, undefined);
  }

  #track(name: string, parent: number | undefined): number {
    const uuid = ++this.#tracks;
    this.#packet(undefined, (out) =>
      out.writeMessage(PACKET.track, (_: undefined, track) => {
        track.writeVarintField(TRACK.uuid, uuid);
        if (parent === undefined) {
          track.writeMessage(TRACK.process, (_: undefined, process) => {
            process.writeVarintField(PROCESS.pid, this.#boards);
            process.writeStringField(PROCESS.name, safe(name));
          }, undefined);
        } else {
          track.writeVarintField(TRACK.parent, parent);
          track.writeStringField(TRACK.name, name);
        }
      }, undefined));
    return uuid;
  }

  #event(ms: number, type: number, track: number, name?: string, details: Details = {}): void {
    this.#packet(ms, (out) =>
      out.writeMessage(PACKET.event, (_: undefined, event) => {
        event.writeVarintField(EVENT.type, type);
        event.writeVarintField(EVENT.track, this.#first + track);
        if (name !== undefined) event.writeStringField(EVENT.name, safe(name));
        for (const [key, value] of Object.entries(details)) {
          if (value === undefined) continue;
          event.writeMessage(EVENT.annotation, (_: undefined, annotation) => {
            annotation.writeStringField(ANNOTATION.name, key);
            annotation.writeStringField(ANNOTATION.text, safe(value));
          }, undefined);
        }
      }, undefined));
  }

  /** A board's trace begins; what follows is of that board. */
  board({ board, transport, kernel }: TraceHeader): void {
    this.#boards++;
    const process = this.#track(`${board} over ${transport}${kernel && `, Linux ${kernel}`}`, undefined);
    this.#first = process;
    for (const name of ["sequences", "steps", ...TRACKS.map(({ name }) => name), "device accesses"]) {
      this.#track(name, process);
    }
    this.#base = 0;
    this.#now = 0;
  }

  /** When a step began and ended, in ms; later than all before it, also where the board has rebooted. */
  #span({ board }: StepTrace): [start: number, end: number] {
    if (!board) return [this.#now, this.#now + UNKNOWN];
    if (this.#base + board.start < this.#now) this.#base = this.#now + BOOT - board.start;
    return [this.#base + board.start, this.#base + Math.max(board.end, board.start)];
  }

  /**
   * Adds a sequence of the board.
   *
   * @throws {SyntaxError} If the log of the emulated device is damaged
   */
  sequence({ suite, sequence, source, steps, device }: SequenceTrace): void {
    const seen = device ? eventsByStep(device) : new Map();
    const [all, each] = [1, 2];
    for (const [i, step] of steps.entries()) {
      const [start, end] = this.#span(step);
      if (i === 0) this.#event(start, TYPE.begin, all, `${suite} > ${sequence}`, { source });
      const { observation, lost } = step;
      this.#event(start, TYPE.begin, each, `${step.id}. ${describeOperation(step.op)}`, {
        phase: step.phase,
        result: observation?.result ?? `lost (${lost?.reason}): ${lost?.detail}`,
        extack: observation?.extack?.text,
        reply: observation?.reply ? JSON.stringify(observation.reply) : undefined,
      });
      const device = [...i === 0 ? seen.get(0) ?? [] : [], ...seen.get(step.id) ?? []];
      for (const [track, lines] of [...TRACKS.map(({ of }) => of(step)), eventLines(device)].entries()) {
        // What a step shows has an order, and no time of its own: it is spread over the step.
        for (const [at, line] of lines.entries()) {
          this.#event(start + (end - start) * (at + 1) / (lines.length + 1), TYPE.instant, each + 1 + track, line);
        }
      }
      this.#event(end, TYPE.end, each);
      this.#now = end;
      if (i === steps.length - 1) this.#event(end, TYPE.end, all);
    }
  }

  /** Returns the file. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#out.finish());
  }
}
