/**
 * What a rule is: one thing that may differ between the model and a board without meaning anything.
 *
 * @module
 */

import type { Channel, Json, Observation } from "../model/observation.ts";
import type { Handle, Operation } from "../model/operation.ts";
import { eachObject } from "./_json.ts";
import type { LateAnnouncements } from "./_nested_late.ts";
import type { NetdevNames } from "./_netdev_names.ts";
import type { Contents } from "./_contents.ts";
import type { Ticks } from "./_ticks.ts";

/** What both sides showed of one step. Rules change it in place. */
export interface Pair {
  /** What the model shows */
  expected: Observation;
  /** What the board showed */
  observed: Observation;
}

/** What a rule may know beside the pair. */
export interface RuleContext {
  /** The operation that the pair is of */
  op: Operation;
  /** The netdev names of either side, learned in the steps so far */
  names: { expected: NetdevNames; observed: NetdevNames };
  /** How far the counters of drivers that make packets may have come */
  ticks: Ticks;
  /** What random contents held, on either side */
  contents: { expected: Contents; observed: Contents };
  /** Announcements of instances that earlier steps have not shown yet */
  late: LateAnnouncements;
  /** True if the kernel broke in a step before, on both sides */
  broke: boolean;
  /** True if the board's kernel reported a finding in this step or the one before: a report may continue after a step's end */
  reported: boolean;
  /** The devlink instances that the sequence is about */
  handles: ReadonlySet<Handle>;
  /** The buses that its files in sysfs are of */
  buses: ReadonlySet<string>;
  /** True if the MAC and the PCS are modules of the fixtures, which log their calls */
  told: boolean;
}

/** One thing that may differ. */
export interface Rule {
  /** Names the rule, for example `ifindex`; unique among the rules */
  id: string;
  /** The channels that it changes */
  channels: readonly Channel[];
  /** Why a difference of this kind shows nothing about the subsystem */
  reason: string;
  /** Changes both sides in place, so that what means nothing is equal on them */
  apply(pair: Pair, context: RuleContext): void;
}

/** Both sides of a pair. */
export const sides = ({ expected, observed }: Pair) => [expected, observed];

/** Every JSON object of the reply and of the notifications. */
function eachShown(observation: Observation, visit: (object: { [key: string]: Json }) => void): void {
  eachObject(observation.reply, visit);
  for (const messages of Object.values(observation.notify)) {
    for (const message of messages) eachObject(message.attributes, visit);
  }
}

/** Drops or replaces keys wherever they stand in a reply or a notification. */
export function everywhere(keys: readonly string[], replacement?: string): Rule["apply"] {
  return (pair) => {
    for (const side of sides(pair)) {
      eachShown(side, (object) => {
        for (const key of keys) {
          if (!Object.hasOwn(object, key)) continue;
          if (replacement === undefined) delete object[key];
          else object[key] = replacement;
        }
      });
    }
  };
}
