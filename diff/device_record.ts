/**
 * The record of an emulated device during a sequence: each command and each access to a register with its answer, each
 * wrong access, between the steps. It is evidence for a reader, and no channel: the judge compares none of it.
 *
 * The log is JSON Lines, one line an event, as the device gave it. A line `{"event":"step","step":3}` precedes what happened
 * from the beginning of step 3 on. A run of equal events is one line with its `count`.
 *
 * @module
 */

import { gunzipSync, gzipSync } from "node:zlib";
import { jsonLine } from "../boards/visible.ts";
import type { DeviceRecord } from "./trace.ts";

/** Something that happened at a device. The other fields differ by device and kind. */
export interface DeviceEvent {
  /** For example `command`, `access`, `fault`, `wrong` */
  readonly event: string;
  /** JSON */
  readonly [key: string]: unknown;
}

/** The version of the format. */
export const DEVICE_RECORD_VERSION = 1;

/** The longest log, in characters before compression: a load of a NIC's driver takes about 20,000. */
export const LONGEST_LOG = 4 * 1024 * 1024;
/** The longest line of a log; a longer event is stored as text, cut at this length. */
export const LONGEST_EVENT = 4096;
/** How many wrong accesses a record names; the others are counted. */
export const MOST_WRONG = 8;

/** Events that report a fault of the driver, or of the device itself. */
const WRONG: ReadonlySet<string> = new Set(["wrong", "defect"]);

/** Makes records of the events of a device, as they come. */
export class DeviceRecorder {
  #lines: string[] = [];
  /** The bytes of the lines */
  #size = 0;
  #events = 0;
  #left = 0;
  #step = 0;
  #wrong: DeviceRecord["wrong"];
  /** The last event, and how often it came */
  #last: { text: string; event: DeviceEvent; count: number } | undefined;

  /** Adds an event. */
  add(event: DeviceEvent): void {
    if (event.event === "step" && typeof event["step"] === "number") this.#step = event["step"];
    else this.#events++;
    if (WRONG.has(event.event)) this.#note(event);
    const { count = 1, ...rest } = event;
    const text = JSON.stringify(rest);
    const times = typeof count === "number" ? count : 1;
    if (this.#last?.text === text) this.#last.count += times;
    else {
      this.#flush();
      this.#last = { text, event: rest as DeviceEvent, count: times };
    }
  }

  #note(event: DeviceEvent): void {
    const wrong = this.#wrong ??= { count: 0, first: [] };
    wrong.count++;
    const text = describeEvent(event).slice(0, LONGEST_EVENT);
    if (wrong.first.length < MOST_WRONG) wrong.first.push({ step: this.#step, text });
  }

  /** Writes the last event. */
  #flush(): void {
    if (this.#last === undefined) return;
    const { event, text, count } = this.#last;
    this.#last = undefined;
    const kept = text.length <= LONGEST_EVENT ? event : { event: event.event, text: text.slice(0, LONGEST_EVENT / 2) };
    const line = jsonLine(count === 1 ? kept : { ...kept, count });
    // Step lines are always stored: they are few, and the rest needs them.
    if (this.#size + line.length > LONGEST_LOG && event.event !== "step") {
      this.#left++;
      return;
    }
    this.#size += line.length;
    this.#lines.push(line);
  }

  /** Returns the record of all events since the last call; undefined if there were none. */
  take(): DeviceRecord | undefined {
    this.#flush();
    const record: DeviceRecord | undefined = this.#events === 0 ? undefined : {
      version: DEVICE_RECORD_VERSION,
      events: this.#events,
      ...(this.#left > 0 ? { left: this.#left } : {}),
      ...(this.#wrong ? { wrong: this.#wrong } : {}),
      log: gzipSync(this.#lines.join("")).toString("base64"),
    };
    this.#lines = [];
    this.#size =
      this.#events =
      this.#left =
      this.#step =
        0;
    this.#wrong = undefined;
    return record;
  }
}

/**
 * Returns the events of a record, by step: events from before the first step are at 0.
 *
 * @throws {SyntaxError} If the log is damaged, or longer than a record's log can be
 */
export function eventsByStep({ log }: DeviceRecord): Map<number, DeviceEvent[]> {
  const steps = new Map<number, DeviceEvent[]>();
  let step = 0;
  try {
    const bytes = gunzipSync(Uint8Array.fromBase64(log), { maxOutputLength: 2 * LONGEST_LOG });
    for (const line of new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n").slice(0, -1)) {
      const event: DeviceEvent = JSON.parse(line);
      if (typeof event?.event !== "string") throw new TypeError("a line is no event");
      if (event.event === "step" && typeof event["step"] === "number") step = event["step"];
      else if (steps.has(step)) steps.get(step)!.push(event);
      else steps.set(step, [event]);
    }
  } catch (error) {
    throw new SyntaxError(`Cannot read the log of the emulated device: ${(error as Error).message}`);
  }
  return steps;
}

const valueOf = (value: unknown) => typeof value === "string" ? value : JSON.stringify(value);

/**
 * Returns an event in words. Text of the guest is not escaped.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeEvent } from "./device_record.ts";
 *
 * assertEquals(describeEvent({ event: "command", command: "INIT_HCA", status: "LIM_ERR" }), "INIT_HCA LIM_ERR");
 * assertEquals(
 *   describeEvent({ event: "command", command: "QUERY_HCA_CAP", op_mod: 1, in: "00000001", status: "OK", count: 2 }),
 *   "QUERY_HCA_CAP op_mod=1 OK, 2 times",
 * );
 * assertEquals(describeEvent({ event: "access", access: "HPKT write", status: "SUCCESS" }), "HPKT write SUCCESS");
 * assertEquals(describeEvent({ event: "reset", kind: "flr" }), "reset: kind=flr");
 * ```
 */
export function describeEvent({ event, count, ...rest }: DeviceEvent): string {
  const times = count === undefined ? "" : `, ${valueOf(count)} times`;
  const { command, access, status, in: _, ...others } = rest;
  const words = (values: Record<string, unknown>) =>
    Object.entries(values).map(([key, value]) => `${key}=${valueOf(value)}`);
  if (isRequest(event)) return [valueOf(command ?? access), ...words(others), valueOf(status)].join(" ") + times;
  return `${event}: ${words(rest).join(" ")}${times}`;
}

/** Events of requests by the driver: a command, or an access to a register. */
const REQUESTS = ["command", "access"] as const;
const isRequest = (event: string) => REQUESTS.some((request) => request === event);

/** Returns the events of a step as lines; a request that failed by a test's fault is marked. */
export function eventLines(events: readonly DeviceEvent[]): string[] {
  return events.flatMap((event, i) => {
    const { event: kind } = event;
    const [before, next] = [events[i - 1], events[i + 1]];
    const meets = (fault: DeviceEvent | undefined, hit: DeviceEvent | undefined) =>
      fault?.event === "fault" && hit !== undefined && isRequest(hit.event) && fault[hit.event] === hit[hit.event];
    if (kind === "fault" && meets(event, next)) return [];
    return [`${describeEvent(event)}${meets(before, event) ? ", as the test asked" : ""}`];
  });
}
