/**
 * What one operation showed, channel by channel. The model and every board answer in this shape, so that they can be
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
 * An errno by its name (`"EINVAL"`), or one of: `"ok"` for success; `"client"` where devlink(8) or ip(8) refused by itself
 * and nothing reached the kernel; `"hang"` where the step did not end within its bound; `"unseen"` where the step failed and
 * the tool on the board tells the extended ack but not the errno (ip(8)).
 */
export type Result = string;

/** An extended ack of netlink: the text without the trailing period that iproute2 adds. */
export interface Extack {
  /** `warning` where the operation succeeded all the same */
  level: "error" | "warning";
  /** Without the module prefix */
  text: string;
  /** The module that `NL_SET_ERR_MSG_MOD` put in front (`"devlink"`, `"leftover"`, the name of a driver), if any */
  prefix?: string;
}

/** One devlink multicast message, as `devlink -jvs monitor` shows it. */
export interface Notification {
  /** `new`, `del`, `set`, `status`, ... */
  command: string;
  /** `dev`, `port`, `param`, `region`, `trap`, `trap-group`, `trap-policer`, `health`, ... */
  object: string;
  /** `bus/device`, with `/port` or `/region` after it where the object has one */
  handle: string;
  /** What the monitor shows of the object, keys as in devlink's JSON */
  attributes: JsonObject;
}

/** One rtnetlink link message, as `ip -o monitor link` shows it. */
export interface LinkEvent {
  /** `new` for RTM_NEWLINK, `del` for RTM_DELLINK (`Deleted` before the line) */
  event: "new" | "del";
  /** The netdev's name, without the `@` and the peer that ip(8) may show after it */
  ifname: string;
  /** The text between `<` and `>`, for example `["BROADCAST", "UP", "LOWER_UP"]` */
  flags: string[];
  /** `UP`, `DOWN`, `UNKNOWN`, ... */
  operstate: string;
}

/**
 * What a line of the kernel log is; everything but `info` is a finding. `stale`: a call on an object that was removed, as the
 * modules of the fixtures tell it.
 */
export type KernelLineClass = "info" | "stale" | "warning" | "lockdep" | "kasan" | "hung" | "oops" | "panic";

/**
 * What a use of freed memory does: `kept`, nothing, what was there is read; `poisoned`, an oops, since it was overwritten
 * (`slub_debug=P`); `reported`, a KASAN report.
 */
export type FreedMemory = "kept" | "poisoned" | "reported";

/** One line of the kernel log. */
export interface KernelLine {
  /** What the line is, by its text */
  class: KernelLineClass;
  /** The line as it was logged, without priority and time */
  text: string;
  /** Written by a program of the board, not by its kernel. Left out where the kernel wrote it, or the trace does not say */
  user?: true;
  /** The device that logged it, as `DEVICE=` in `/dev/kmsg` names it: `+pci:0000:01:00.0`. Left out where none did */
  device?: string;
}

/** The channels of an operation that the model does not know, each with the reason: a driver that nobody modelled decides them. */
export type Unknown = Partial<Record<Channel, string>>;

/**
 * Stands in a reply or a message of the model for a part that only the board knows, for example counters of traffic: that part
 * is not compared.
 */
export const NOT_KNOWN: Json = Object.freeze({ "not known": true });

/**
 * Stands for a counter of the board that began before the sequence: how far it is when the sequence begins is not known, how
 * much is counted in the sequence is.
 *
 * @param of What is counted, for example `pci/0000:03:00.0 driver_reinit`
 * @param since How much was counted since the sequence began
 */
export const countedSince = (of: string, since: number): Json => ({ "not known": true, of, since });

/** True if a part of a reply is {@linkcode NOT_KNOWN}, also after it was JSON text. */
export function isNotKnown(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && value["not known"] === true;
}

/** All that one operation showed. */
export interface Observation {
  /** How the operation ended */
  result: Result;
  /** What the kernel said beside the errno, or null where it said nothing */
  extack: Extack | null;
  /** What `devlink -j` printed, or null where the operation has no reply or failed */
  reply: Json;
  /** devlink messages by netns, in their order; a netns without a message has no key */
  notify: Record<NetnsName, Notification[]>;
  /** rtnetlink link messages by netns, in their order; a netns without a message has no key */
  link: Record<NetnsName, LinkEvent[]>;
  /** The text of the file that a `file.read` read, else null */
  sysfs: string | null;
  /** Lines of the kernel log that came in the step, in their order */
  kmsg: KernelLine[];
  /** `immediate`: done within 3 s; `blocked`: later; `hang`: not within the step's bound */
  time: "immediate" | "blocked" | "hang";
  /** Of the model alone: the channels that it does not know; what they hold is an assumption, and is not compared */
  unknown?: Unknown;
  /** Of the model alone: why the operation may take longer than {@linkcode Observation.time} has it, for example a device that is reset */
  untimed?: string;
}

/** Returns an observation in which nothing happened, to build others from. */
export function emptyObservation(): Observation {
  return { result: "ok", extack: null, reply: null, notify: {}, link: {}, sysfs: null, kmsg: [], time: "immediate" };
}
