/**
 * The observation of one operation, channel by channel. The model and each board answer in this form, so that they can be
 * compared.
 *
 * @module
 */

import type { NetnsName } from "./operation.ts";

/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
/** An object of JSON. */
export type JsonObject = { [key: string]: Json };

/** The kinds of evidence, in the order of a report; {@linkcode Observation} describes each of them. */
export const CHANNELS = ["result", "extack", "reply", "notify", "link", "sysfs", "kmsg", "time"] as const;
/** A kind of evidence; see {@linkcode Observation}. */
export type Channel = typeof CHANNELS[number];

/**
 * An errno by its name (`"EINVAL"`), or one of: `"ok"` for success; `"client"` if devlink(8) or ip(8) refused by itself and
 * nothing reached the kernel; `"hang"` if the step did not end within its bound; `"unseen"` if the step failed and the tool on
 * the board prints the extended ack but not the errno (ip(8)).
 */
export type Result = string;

/** An extended ack of netlink: the text without the trailing period that iproute2 adds. */
export interface Extack {
  /** `warning` if the operation succeeded */
  level: "error" | "warning";
  /** The text without the module prefix */
  text: string;
  /** The module prefix of `NL_SET_ERR_MSG_MOD` (`"devlink"`, `"leftover"`, the name of a driver), if any */
  prefix?: string;
}

/** One devlink multicast message, as `devlink -jvs monitor` shows it. */
export interface Notification {
  /** The command: `new`, `del`, `set`, `status`, ... */
  command: string;
  /** The kind of object: `dev`, `port`, `param`, `region`, `trap`, `trap-group`, `trap-policer`, `health`, ... */
  object: string;
  /** `bus/device`, followed by `/port` or `/region` if the object has one */
  handle: string;
  /** The attributes that the monitor shows, with the keys of devlink's JSON */
  attributes: JsonObject;
}

/** One rtnetlink link message, as `ip -o monitor link` shows it. */
export interface LinkEvent {
  /** `new` for RTM_NEWLINK, `del` for RTM_DELLINK (`Deleted` before the line) */
  event: "new" | "del";
  /** The netdev's name, without the `@` and the peer that ip(8) may show after it */
  ifname: string;
  /** The flags between `<` and `>`, for example `["BROADCAST", "UP", "LOWER_UP"]` */
  flags: string[];
  /** The operational state: `UP`, `DOWN`, `UNKNOWN`, ... */
  operstate: string;
}

/**
 * The class of a line of the kernel log; each class but `info` is a finding. `stale`: a call on an object that was removed, as
 * reported by the modules of the fixtures.
 */
export type KernelLineClass = "info" | "stale" | "warning" | "lockdep" | "kasan" | "hung" | "oops" | "panic";

/**
 * The effect of a use of freed memory. `kept`: no effect, the old content is read; `poisoned`: an oops, since the memory was
 * overwritten (`slub_debug=P`); `reported`: a KASAN report.
 */
export type FreedMemory = "kept" | "poisoned" | "reported";

/** One line of the kernel log. */
export interface KernelLine {
  /** The class of the line, by its text */
  class: KernelLineClass;
  /** The line as it was logged, without priority and time */
  text: string;
  /** True if a program of the board wrote the line. Left out if the kernel wrote it, or if the trace does not have this */
  user?: true;
  /** The device that logged the line, as `DEVICE=` in `/dev/kmsg` names it: `+pci:0000:01:00.0`. Left out if there is none */
  device?: string;
}

/** The channels of an operation that the model does not know, each with the reason: a driver that nobody modelled decides them. */
export type Unknown = Partial<Record<Channel, string>>;

/**
 * Stands in a reply or a message of the model for a part that only the board knows, for example counters of traffic. Such a part
 * is not compared.
 */
export const NOT_KNOWN: Json = Object.freeze({ "not known": true });

/**
 * Stands for a counter of the board that began before the sequence: its value at the begin of the sequence is not known, but the
 * increase during the sequence is.
 *
 * @param of The name of the counter, for example `pci/0000:03:00.0 driver_reinit`
 * @param since The increase since the sequence began
 */
export const countedSince = (of: string, since: number): Json => ({ "not known": true, of, since });

/** True if a part of a reply is {@linkcode NOT_KNOWN}, also after a conversion to JSON text and back. */
export function isNotKnown(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && value["not known"] === true;
}

/** The observation of one operation. */
export interface Observation {
  /** The result of the operation */
  result: Result;
  /** The extended ack, or null if there was none */
  extack: Extack | null;
  /** The output of `devlink -j`, or null if the operation has no reply or failed */
  reply: Json;
  /** devlink messages by netns, in their order; a netns without a message has no key */
  notify: Record<NetnsName, Notification[]>;
  /** rtnetlink link messages by netns, in their order; a netns without a message has no key */
  link: Record<NetnsName, LinkEvent[]>;
  /** The text of the file that a `file.read` read, else null */
  sysfs: string | null;
  /** The lines of the kernel log during the step, in their order */
  kmsg: KernelLine[];
  /** `immediate`: the operation ended within 3 s; `blocked`: it ended later; `hang`: it did not end within the step's bound */
  time: "immediate" | "blocked" | "hang";
  /** Only from the model: the channels that it does not know. Their contents are assumptions, and are not compared */
  unknown?: Unknown;
  /** Only from the model: why the operation may take longer than {@linkcode Observation.time}, for example a device reset */
  untimed?: string;
}

/** Returns an observation in which nothing happened, to build others from. */
export function emptyObservation(): Observation {
  return { result: "ok", extack: null, reply: null, notify: {}, link: {}, sysfs: null, kmsg: [], time: "immediate" };
}
