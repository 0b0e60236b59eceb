/**
 * Races on a board's own device: each operation has a name, and is built for the device that the board's facts describe.
 *
 * @module
 */

import { driverModelOf } from "../../model/drivers/mod.ts";
import { ANY_DEVICE, type RaceVocabulary } from "../../model/drivers/race.ts";
import type { InventoryInstance, Operation } from "../../model/mod.ts";
import type { RaceOptions } from "../../sdk/dut_race.ts";
import type { Fixture } from "../../sdk/fixture.ts";
import { LacksError } from "../../sdk/roles.ts";
import type { Suite } from "../../sdk/suite.ts";
import { theBoard } from "../../sdk/the_board.ts";

/** One that races on a board's own device: the name of a word, or an operation as it is. */
export type OwnRacer = string | Operation;

/** Returns what can be raced by name on devices of a driver; the driver's own words are the first. */
export function raceVocabularyOf(driver: string): RaceVocabulary {
  return { ...driverModelOf(driver).race, ...ANY_DEVICE };
}

/**
 * Returns the operation of a word for a device.
 *
 * @throws {LacksError} If the device lacks what the word needs: its sequence is `unsupported`
 */
function made(vocabulary: RaceVocabulary, racer: OwnRacer, device: InventoryInstance): Operation {
  if (typeof racer !== "string") return racer;
  const { make, needs } = vocabulary[racer]!;
  const op = make(device);
  if (!op) throw new LacksError(needs);
  return op;
}

/** Returns the board's own device as it is, with the netns that the words are about, after `before`. */
function fixtureFor(netns: readonly string[], before: readonly Operation[]): Fixture {
  const fixture = theBoard({ netns });
  return {
    ...fixture,
    on: (board) => {
      const state = fixture.on!(board);
      return { ...state, setup: [...state.setup, ...before] };
    },
  };
}

/** Options of {@linkcode ownRaceSuite}. */
export interface OwnRaceOptions extends Pick<RaceOptions, "runs" | "seed" | "schedules"> {
  /** Performed before the race. @default {nothing} */
  before?: readonly Operation[];
}

/**
 * Returns a suite with one race on a board's own device.
 *
 * @param driver The driver of the device, whose words the names are
 */
export function ownRaceSuite(
  name: string,
  driver: string,
  racers: readonly OwnRacer[],
  { before = [], ...options }: OwnRaceOptions = {},
): Suite {
  const vocabulary = raceVocabularyOf(driver);
  const used = Object.entries(vocabulary).filter(([word]) => racers.includes(word)).map(([, word]) => word);
  const netns = [...new Set(used.flatMap((word) => word.netns ?? []))];
  return {
    name: "race",
    sequences: [{
      name,
      source: "every interleaving on the model",
      fixture: fixtureFor(netns, before),
      body: (dut) => {
        const device = dut.inventory();
        const operations = racers.map((racer) => made(vocabulary, racer, device));
        dut.race(operations, { ...options, after: used.flatMap(({ undo }) => undo?.(device) ?? []) });
      },
    }],
  };
}
