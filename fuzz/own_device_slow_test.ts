/** Generated sequences about a board's own device, by the facts of the example boards. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { loadFacts } from "../boards/facts.ts";
import { type Board, loadBoard } from "../boards/mod.ts";
import { whyUnsupported } from "../diff/capability.ts";
import type { SequenceTrace } from "../diff/mod.ts";
import { type Facts, isNotKnown, Machine, type Operation } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";
import { type Runner, UnfitBoardError } from "../runners/runner.ts";
import { compile } from "../sdk/compile.ts";
import { runCampaign } from "./campaign.ts";
import { fixtureOf, fuzzed, objectionToSequence, SequenceArbitrary, sequenceOf, suiteOf } from "./sequence.ts";
import { MADE, type Subject, subjectOf } from "./subject.ts";

const era = "6.12";
const EXAMPLES = ["connectx-7-ssh", "spectrum-2-serial"];
const example = (name: string) => fileURLToPath(new URL(`../boards/examples/${name}`, import.meta.url));

async function exampleOf(name: string): Promise<{ board: Board; facts: Facts; subject: Subject }> {
  const board = await loadBoard(example(`${name}.toml`));
  const facts = await loadFacts(example(`${name}.facts.json`));
  return { board, facts, subject: subjectOf({ ...board, facts })! };
}

/** Generates sequences and returns their operations. */
const generated = (subject: Subject, count: number): Operation[] =>
  Array.from({ length: count }, (_, i) => [...sequenceOf(1, i, { era, subject }).operations]).flat();

/** Returns a trace with a value for everything that only a board knows: counters continue from the board's earlier counts. */
const spoken = (trace: SequenceTrace): SequenceTrace =>
  JSON.parse(
    JSON.stringify(trace),
    (_, value) => isNotKnown(value) ? ("since" in value ? Number(value.since) + 3 : "of the board") : value,
  );

/** Returns a board that behaves like the model of a device; `spoil` changes its traces. */
function boardOf(
  facts: Facts,
  board: Board,
  more: Partial<Runner> = {},
  spoil: (trace: SequenceTrace) => void = () => {},
) {
  const runner = openModel(board, era);
  return () =>
    Promise.resolve<Runner>({
      ...runner,
      header: { ...runner.header, facts },
      run: (plan) => {
        const machine = new Machine({ era, facts });
        const steps = plan.steps.map((step) => ({ ...step, observation: machine.perform(step.op) }));
        const trace = spoken({ suite: plan.suite, sequence: plan.sequence, source: plan.source, steps });
        spoil(trace);
        return Promise.resolve(trace);
      },
      ...more,
    });
}

for (const name of EXAMPLES) {
  Deno.test(`${name}: sequences are about the board's own device and what it has`, async () => {
    const { board, facts, subject } = await exampleOf(name);
    const operations = generated(subject, 150);
    const kinds = new Map<string, number>();
    for (const { kind } of operations) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    assert(kinds.size > 15, `${[...kinds.keys()]}`);
    for (const kind of ["dev.reload", "param.set", "trap.set", "trap.group.set", "health.set"]) {
      assert(kinds.get(kind)! > 20, `${kind}: ${kinds.get(kind)}`);
    }
    assert(![...kinds.keys()].some((kind) => kind.startsWith("file.")));
    const named = new Set(operations.flatMap((op) => op.kind === "trap.set" ? [op.name] : []));
    assert(facts.traps.filter((trap) => named.has(trap.name)).length > 1);
    const handles = new Set(operations.flatMap((op) => "handle" in op && op.handle !== undefined ? [op.handle] : []));
    assert(handles.delete(facts.handle));
    for (const handle of handles) if (!facts.nested.includes(handle)) assertStringIncludes(handle, "nosuch");
    for (const op of operations) {
      assertEquals(whyUnsupported({ steps: [{ id: 1, op }] }, board, undefined), undefined);
      assert(!(op.kind === "dev.reload" && op.action === "fw_activate"));
    }
  });

  Deno.test(`${name}: a campaign finds no divergence on the model of the device, and compares something`, async () => {
    const { board, facts } = await exampleOf(name);
    const { summary, found } = await runCampaign(board, boardOf(facts, board), {
      seed: 2,
      indices: Array(60).keys(),
      shrinkMs: 0,
    });
    assertEquals(found, []);
    const { sequences, steps } = summary;
    assertEquals(sequences.agree + sequences["model-gap"], 60);
    assert(steps.agree > 400, `${steps.agree} steps agree, of ${steps["model-gap"]} only the driver knows`);
  });

  Deno.test(`${name}: what a sequence changes is put back, and what cannot be is not generated`, async () => {
    const { board, facts, subject } = await exampleOf(name);
    const before = machineOf(facts);
    for (let i = 0; i < 60; i++) {
      const sequence = sequenceOf(4, i, { era, subject });
      assertEquals(objectionToSequence(sequence, era, { subject }), undefined);
      const suite = suiteOf("a", sequence, subject);
      const { plan } = await compile(suite, suite.sequences[0]!, era, { board: { ...board, facts } });
      assertEquals(plan.lacks, undefined);
      assert(!plan.requires?.includes("fw_activate"));
      const after = machineOf(facts, plan.steps.map(({ op }) => op));
      assertEquals(after, before, `sequence ${i}`);
      if (i >= 3) continue;
      for (const { value } of new SequenceArbitrary({ era, subject }).shrink(sequence)) {
        if (objectionToSequence(value, era, { subject }) !== undefined) continue;
        const smaller = suiteOf("a", value, subject);
        await compile(smaller, smaller.sequences[0]!, era, { board: { ...board, facts } });
      }
    }
  });
}

/** Returns the state of a device after some operations, without what only a later reload restores. */
function machineOf(facts: Facts, operations: readonly Operation[] = []) {
  const machine = new Machine({ era, facts });
  for (const op of operations) machine.perform(op);
  const { netns, instances: [device] } = machine.inventory();
  const { traps, groups, policers, params, resources, regions, reporters, ports, reloadFailed } = device!;
  return structuredClone({
    netns,
    home: device!.netns,
    traps,
    groups,
    policers,
    params: params.map(({ name, value }) => [name, value]),
    resources: resources.map(({ path, wanted }) => [path, wanted]),
    regions,
    reporters,
    ports,
    reloadFailed,
  });
}

Deno.test("a planted bug of a board's own device is found; its sequence is saved with the handle", async () => {
  const { board, facts } = await exampleOf("spectrum-2-serial");
  const refusesTraps = ({ steps }: SequenceTrace) => {
    for (const { op, observation } of steps) {
      // devlink's core decides about an unknown trap
      if (op.kind === "trap.show" && observation?.result === "ENOENT") observation.result = "EIO";
    }
  };
  const { found } = await runCampaign(board, boardOf(facts, board, {}, refusesTraps), {
    seed: 1,
    indices: Array(60).keys(),
    shrinkMs: 20_000,
    confirmations: 1,
  });
  assertEquals(found.map(({ signature }) => signature), ["trap.show: result : ENOENT for EIO"]);
  const { own, devices, operations } = found[0]!.generated!;
  assertEquals([own, devices, operations.map(({ kind }) => kind)], [facts.handle, [], ["trap.show"]]);
  // As a suite it is for that device alone
  const suite = fuzzed("kept", "kept", found[0]!.generated!);
  const planOn = async (context: { driver?: string; facts?: Facts }) =>
    (await compile(suite, suite.sequences[0]!, era, { board: context })).plan;
  assertEquals((await planOn({ ...board, facts })).steps.length, 1);
  assertEquals((await planOn({})).lacks, `the device ${facts.handle}`);
});

Deno.test("a device that a sequence left changed ends the campaign, and so does a board without its device", async () => {
  const { board, facts } = await exampleOf("spectrum-2-serial");
  const [trap, ...others] = facts.traps;
  const readFacts = () => Promise.resolve({ ...facts, traps: [{ ...trap!, action: "mirror" as const }, ...others] });
  const options = { seed: 1, indices: [0] };
  await assertRejects(
    () => runCampaign(board, boardOf(facts, board, { readFacts }), options),
    UnfitBoardError,
    `Sequence 1/0 left board "${board.name}" changed: traps ${trap!.name} action is "mirror"`,
  );
  await assertRejects(
    () => runCampaign(board, () => Promise.resolve(openModel(board, era)), options),
    UnfitBoardError,
    `Cannot fuzz board "${board.name}": it has no device ${facts.handle}`,
  );
});

Deno.test("devices that sequences make have a fixture of their own", () => {
  const fixture = fixtureOf({ netns: [], devices: [{ id: 10, ports: 1 }], operations: [] });
  assertEquals([fixture.handle, fixture.on], [MADE.devices!.handle(10), undefined]);
});
