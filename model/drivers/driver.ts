/**
 * What the model of one kernel driver is: a folder below `model/drivers` with one description of this shape.
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import type { Facts } from "../facts.ts";
import type { InventoryDevice } from "../inventory.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { ModuleSource } from "../kernel/module.ts";
import type { Task } from "../kernel/task.ts";
import type { Steps } from "../kernel/task.ts";
import type { Sketch } from "../kernel/tree.ts";
import type { Netdev, Netns } from "../net/netns.ts";
import type { Result } from "../observation.ts";
import type { DeviceOperation, Handle, Operation } from "../operation.ts";
import type { StartingState } from "../starting_state.ts";
import type { DriverInventory } from "./driver_inventory.ts";
import type { FuzzVocabulary } from "./fuzz.ts";
import type { RaceVocabulary } from "./race.ts";

/** What a sequence wants of the device that it begins with. */
export interface StartOptions {
  /** How many ports it begins with, where ports can be made. @default {1} */
  ports?: number;
  /** Named network namespaces to make before the device */
  netns?: readonly string[];
}

/** The model of a driver. */
export interface DriverModel {
  /** The name of its folder */
  readonly name: string;
  /** The names of the driver in board files and in sysfs */
  readonly drivers: readonly string[];
  /** The kernel modules as they lie in the file system; the core has none of its own. @default {none} */
  modules?(kernel: Kernel): readonly ModuleSource[];
  /** The names of those modules that every kernel of the model has loaded when it boots. @default {none} */
  readonly boot?: readonly string[];
  /** Puts a board's own device on its bus, as the board's facts have it. Left out where devices are made by sequences. */
  instantiate?(kernel: Kernel, task: Task, facts: Facts): Steps;
  /**
   * Returns what the driver registers by its source on a kernel of an era, for a device as the facts describe it. Facts that contradict it are
   * reported. @default {nothing is declared, and nothing compared}
   */
  inventory?(era: Era, facts: Facts): DriverInventory;
  /** The starting state of a board that has no device of its own before a sequence makes one */
  start?(options: StartOptions): StartingState;
  /** The devices that sequences have made. @default {none} */
  devices?(kernel: Kernel): readonly InventoryDevice[];
  /** The bus of its devices, where no other driver has devices on it: a sequence may be about each of them */
  readonly bus?: string;
  /** Returns the instance that an operation makes or removes; undefined where it does neither */
  makes?(op: Operation): Handle | undefined;
  /**
   * Does what the driver does when a test operates its emulated device, for example takes the carrier away. Undefined if the
   * device is not of this driver, or the operation is not modelled
   */
  operate?(kernel: Kernel, task: Task, handle: Handle, operation: DeviceOperation): Steps<Result> | undefined;
  /**
   * Returns the driver's own directories and files of sysfs and debugfs, as seen in a netns, and the names that are known not to
   * exist. @default {none: what a board has there is not known}
   */
  tree?(kernel: Kernel, netns: Netns): DriverTree;
  /** Returns the directory below `/sys/devices` of the device that has a netdev; undefined where it is not one of the driver's */
  deviceOf?(kernel: Kernel, netdev: Netdev): string | undefined;
  /** Files of the driver for which the model has no answer; the first match gives the reason. @default {none} */
  readonly fileGaps?: readonly FileGap[];
  /** What a board must have before it can run sequences with this driver. @default {nothing} */
  readonly presence?: readonly Presence[];
  /** What the driver writes to the kernel log, with and without its name in front. @default {nothing} */
  readonly log?: readonly RegExp[];
  /** Lines of the kernel log that describe the driver's card, not the subsystem. @default {none} */
  readonly chatter?: readonly Chatter[];
  /** Parts of its lines that are cut out before lines are compared: where in its source, and in which process, it logs. @default {none} */
  readonly logPlaces?: readonly Chatter[];
  /** Packets that the driver makes by itself and counts on traps. @default {it makes none} */
  readonly packets?: MadePackets;
  /** What it adds to generated sequences. @default {nothing: they are about what any driver has} */
  readonly fuzz?: FuzzVocabulary;
  /** What can be raced on a board's own device beside what any device has. @default {nothing} */
  readonly race?: RaceVocabulary;
}

/** A directory of `/sys` in which drivers have directories of their own. */
export type TreePlace = "bus" | "bus/platform/drivers" | "devices" | "kernel/debug" | "module";

/** What a driver has in sysfs and debugfs, by the directory that it is in. */
export type DriverTree = { readonly [place in TreePlace]?: () => Sketch };

/** Files for which the model has no answer. */
export interface FileGap {
  /** What their paths look like */
  readonly files: RegExp;
  /** What a kernel does there */
  readonly why: string;
}

/** Lines of the kernel log that are not about the subsystem under test. */
export interface Chatter {
  /** Names the lines; unique among all rules for the kernel log */
  readonly id: string;
  /** What a line begins with, looks like as a whole, or has in it */
  readonly pattern: RegExp;
  /** What the line describes */
  readonly reason: string;
  /** Where the driver prints it */
  readonly source: string;
}

/** Something that a board has or lacks. */
export interface Presence {
  /** The capability: its name in `requires` of a fixture */
  readonly capability: string;
  /** A file that is there where the board has it; the agent finds out by itself where none is given */
  readonly file?: string;
  /** What a board without it lacks, for a message: `has no debugfs at /sys/kernel/debug` */
  readonly lacking: string;
}

/** Packets that a driver makes by itself: a board's time is not the model's, so that counters differ. */
export interface MadePackets {
  /** Each trap that does not drop counts one packet in this time, for each port that is up; ms */
  readonly interval: number;
  /** The size of a packet */
  readonly bytes: number;
  /** How many traps the largest group has */
  readonly largestGroup: number;
  /** The groups with a trap that is not of type drop: they count although no action was set */
  readonly countingGroups: ReadonlySet<string>;
}
