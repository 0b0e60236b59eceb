/**
 * The type of a driver model: each folder below `model/drivers` exports one description of this type.
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

/** The options of the device that a sequence begins with. */
export interface StartOptions {
  /** The number of ports at the start, if ports can be made. @default {1} */
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
  /** Returns the kernel modules in the file system. @default {none} */
  modules?(kernel: Kernel): readonly ModuleSource[];
  /** The names of those modules that every kernel of the model has loaded when it boots. @default {none} */
  readonly boot?: readonly string[];
  /** Adds a board's own device to its bus, as the board's facts describe it. Left out if sequences make the devices. */
  instantiate?(kernel: Kernel, task: Task, facts: Facts): Steps;
  /**
   * Returns the objects that the driver registers by its source on a kernel of an era, for the device of the facts. Facts that
   * contradict the inventory are reported. @default {nothing is declared, and nothing compared}
   */
  inventory?(era: Era, facts: Facts): DriverInventory;
  /** The starting state of a board that has no device of its own before a sequence makes one */
  start?(options: StartOptions): StartingState;
  /** Returns the devices that sequences have made. @default {none} */
  devices?(kernel: Kernel): readonly InventoryDevice[];
  /** The bus of its devices, if no other driver has devices on that bus: sequences may use each device there */
  readonly bus?: string;
  /** Returns the instance that an operation makes or removes; undefined if it does neither */
  makes?(op: Operation): Handle | undefined;
  /**
   * Performs the driver's reaction when a test operates its emulated device, for example a loss of the carrier. Undefined if the
   * device is not of this driver, or the operation is not modelled
   */
  operate?(kernel: Kernel, task: Task, handle: Handle, operation: DeviceOperation): Steps<Result> | undefined;
  /**
   * Returns the driver's own directories and files of sysfs and debugfs, as seen in a netns, and the names that are known not to
   * exist. @default {none: the files of a board are not known}
   */
  tree?(kernel: Kernel, netns: Netns): DriverTree;
  /** Returns the directory of a netdev's device below `/sys/devices`; undefined if the device is not of this driver */
  deviceOf?(kernel: Kernel, netdev: Netdev): string | undefined;
  /** Files of the driver for which the model has no answer; the first match gives the reason. @default {none} */
  readonly fileGaps?: readonly FileGap[];
  /** The things that a board must have before it can run sequences with this driver. @default {none} */
  readonly presence?: readonly Presence[];
  /** The lines that the driver writes to the kernel log, with and without its name before them. @default {none} */
  readonly log?: readonly RegExp[];
  /** Lines of the kernel log that describe the driver's card, not the subsystem. @default {none} */
  readonly chatter?: readonly Chatter[];
  /** Parts of its lines that are removed before a comparison: the place in the source and the process that logs. @default {none} */
  readonly logPlaces?: readonly Chatter[];
  /** Packets that the driver itself makes and counts on traps. @default {it makes none} */
  readonly packets?: MadePackets;
  /** The driver's own part of generated sequences. @default {none: they use what any driver has} */
  readonly fuzz?: FuzzVocabulary;
  /** The driver's own operations for races on a board's own device. @default {none} */
  readonly race?: RaceVocabulary;
}

/** A directory of `/sys` in which drivers have their own directories. */
export type TreePlace = "bus" | "bus/platform/drivers" | "devices" | "kernel/debug" | "module";

/** The files of a driver in sysfs and debugfs, by the directory that contains them. */
export type DriverTree = { readonly [place in TreePlace]?: () => Sketch };

/** Files for which the model has no answer. */
export interface FileGap {
  /** Matches the paths of the files */
  readonly files: RegExp;
  /** What a kernel does with the files */
  readonly why: string;
}

/** Lines of the kernel log that are not about the subsystem under test. */
export interface Chatter {
  /** The id of the lines; unique among all rules for the kernel log */
  readonly id: string;
  /** Matches the begin of a line, the whole line or a part of it */
  readonly pattern: RegExp;
  /** What the line describes */
  readonly reason: string;
  /** Where the driver prints it */
  readonly source: string;
}

/** A capability that a board has or lacks. */
export interface Presence {
  /** The capability: its name in `requires` of a fixture */
  readonly capability: string;
  /** A file that exists if the board has the capability; without one, the agent itself finds this */
  readonly file?: string;
  /** The text for a board without the capability: `has no debugfs at /sys/kernel/debug` */
  readonly lacking: string;
}

/** Packets that a driver itself makes. The time of a board differs from the model's, so the counters differ. */
export interface MadePackets {
  /** The interval in ms in which each trap that does not drop counts one packet for each port that is up */
  readonly interval: number;
  /** The size of a packet in bytes */
  readonly bytes: number;
  /** The number of traps in the largest group */
  readonly largestGroup: number;
  /** The groups with a trap that is not of type drop: they count packets even if no action was set */
  readonly countingGroups: ReadonlySet<string>;
}
