/** Common code for the tests of planted bugs: edits a copy of a driver's source, and finds the first difference of a run. */

import { assert, assertEquals } from "@std/assert";
import { type Board, loadBoard } from "../boards/mod.ts";
import { type Edit, editedSource } from "../fixtures/qemu/edited_source.ts";
import { moduleSource, SOURCE_MODULES } from "../fixtures/qemu/source_modules.ts";
import type { OperationKind } from "../model/operation.ts";
import type { Channel } from "../model/observation.ts";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { loadSuites } from "./load_suites.ts";
import { orchestrate } from "./orchestrate.ts";
import type { BoardResult } from "./run_events.ts";

/** The place where a run must first find a bug. */
interface Place {
  suite: string;
  sequence: string;
  step: OperationKind;
  channel: Channel;
}

/** A bug to plant, and the place where a run of the whole suite must first find it. */
export interface Plant {
  /** What is wrong with the driver */
  bug: string;
  edits: Edit[];
  found: Place;
}

/**
 * Registers a test that plants bugs into a driver of 6.12, all in one module, and looks for each in its own sequence.
 *
 * @param source Returns the folder of the driver's sources
 */
export function driverPlants(
  source: (kernel: "6.12") => Promise<string>,
  name: string,
  plants: readonly Plant[],
): Promise<void> {
  return plantedTest(name, plants, async () => ({ moduleSource: await planted(plants, await source("6.12")) }));
}

/** Registers the same test for the MAC and the PCS of `fixtures/pcs`. */
export function pcsPlants(name: string, plants: readonly Plant[]): Promise<void> {
  const source = decodeURIComponent(new URL("../fixtures/pcs", import.meta.url).pathname);
  return plantedTest(name, plants, async () => ({ pcsSource: await planted(plants, source) }));
}

/** Registers the same test for mlxsw, on the emulated Spectrum. */
export function mlxswPlants(name: string, plants: readonly Plant[]): Promise<void> {
  const plant = async () => ({
    modulesSource: await planted(plants, await moduleSource("6.12", SOURCE_MODULES.mlxsw)),
  });
  return plantedTest(name, plants, plant, "qemu-spectrum-6.12");
}

type Sources = Pick<NonNullable<Board["qemu"]>, "moduleSource" | "modulesSource" | "pcsSource">;

function plantedTest(
  name: string,
  plants: readonly Plant[],
  plant: () => Promise<Sources>,
  on = "qemu-6.12",
): Promise<void> {
  return kernelTest("6.12", `planted on 6.12: ${name}`, async (t) => {
    const board = await loadBoard(on);
    const sources = await plant();
    try {
      const suites = await loadSuites([...new Set(plants.map(({ found }) => found.suite))]);
      const is = (suite: string, sequence: string) => ({ found }: Plant) =>
        found.suite === suite && found.sequence === sequence;
      const [result] = await orchestrate([{ ...board, qemu: { ...board.qemu!, ...sources } }], suites, {
        filter: (suite, sequence) => plants.some(is(suite.name, sequence.name)),
      });
      assert(result && !result.infra, `the board can be used: ${result?.infra?.message}`);
      for (const each of plants) {
        const results = result.results.filter(({ verdict }) => is(verdict.suite, verdict.sequence)(each));
        await t.step(each.bug, () => assertEquals(firstFinding({ ...result, results }), each.found));
      }
    } finally {
      for (const dir of Object.values(sources)) await Deno.remove(dir, { recursive: true });
    }
  });
}

/** Makes a copy of the driver's source with the bugs in it; the caller removes it. */
const planted = (plants: readonly Pick<Plant, "edits">[], source: string): Promise<string> =>
  editedSource(source, plants.flatMap(({ edits }) => edits));

/** Returns the first channel that does not agree, in the order of the run; undefined where all do. */
function firstFinding({ results }: BoardResult): Place | undefined {
  for (const { verdict } of results) {
    for (const step of verdict.steps) {
      for (const { channel, verdict: of } of step.channels) {
        if (of === "diverge" || of === "crash") {
          return { suite: verdict.suite, sequence: verdict.sequence, step: step.op.kind, channel };
        }
      }
    }
  }
}
