/** The example boards, a NIC and a switch: which shipped sequences would be pushed to them, by facts of real drivers. */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { type Board, loadBoard } from "../boards/mod.ts";
import { loadFacts } from "../boards/facts.ts";
import { whyUnsupported } from "../diff/capability.ts";
import type { Plan } from "../diff/trace.ts";
import type { EraId, Facts } from "../model/mod.ts";
import { innerOperations } from "../model/operation.ts";
import { Law } from "../runners/guard/law.ts";
import { compile } from "../sdk/compile.ts";
import { holdsIn } from "../sdk/suite.ts";
import { loadSuites } from "./load_suites.ts";

/** The capabilities that an agent finds on such a board. */
const HAS = ["devlink", "kmsg", "debugfs", "races"];

/** Runs a script on this machine, which has none of the board's devices. */
async function onThisMachine(script: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

const example = (name: string) => fileURLToPath(new URL(`../boards/examples/${name}`, import.meta.url));

/** Returns the plans of the shipped suites that would be pushed to a board, and why the rest would not be. */
async function pushedTo(board: Board, facts: Facts): Promise<{ pushed: Plan[]; reasons: Map<string, number> }> {
  const era: EraId = board.era === "auto" ? "6.12" : board.era as EraId;
  const pushed: Plan[] = [];
  const reasons = new Map<string, number>();
  for (const suite of await loadSuites([])) {
    for (const sequence of suite.sequences.filter((one) => holdsIn(one, era))) {
      const requires = [...sequence.fixture.requires, ...sequence.requires ?? []];
      const early = whyUnsupported({ requires, steps: [] }, board, HAS);
      const plan = early ? undefined : (await compile(suite, sequence, era, { board: { ...board, facts } })).plan;
      const lacks = early ?? whyUnsupported(plan!, board, HAS);
      if (!lacks) pushed.push(plan!);
      else reasons.set(lacks.needs, (reasons.get(lacks.needs) ?? 0) + 1);
    }
  }
  return { pushed, reasons };
}

const operationsOf = (plans: readonly Plan[]) =>
  plans.flatMap(({ steps }) => steps.flatMap(({ op }) => [op, ...innerOperations(op)]));

for (const name of ["connectx-7-ssh", "spectrum-2-serial"]) {
  Deno.test(`${name}: more than 60 sequences would be pushed, and none names another device`, async () => {
    const board = await loadBoard(example(`${name}.toml`));
    const facts = await loadFacts(example(`${name}.facts.json`));
    const { pushed, reasons } = await pushedTo(board, facts);
    assert(pushed.length > 60, `${pushed.length} of ${[...reasons]}`);
    const law = new Law({ board: { ...board, handle: board.handle! }, facts, ask: onThisMachine });
    await law.check(pushed);
    const handles = operationsOf(pushed)
      .flatMap((op) => "handle" in op && op.handle !== undefined ? [op.handle] : []);
    assertEquals([...new Set(handles)], [board.handle]);
  });
}

Deno.test("firmware is activated only on a board whose file lists fw_activate", async () => {
  const board = await loadBoard(example("connectx-7-ssh.toml"));
  const facts = await loadFacts(example("connectx-7-ssh.facts.json"));
  const activations = async (board: Board) =>
    operationsOf((await pushedTo(board, facts)).pushed)
      .filter((op) => op.kind === "dev.reload" && op.action === "fw_activate").length;
  const { capabilities, ...silent } = board;
  assert(await activations(board) > 0);
  assertEquals(await activations(silent), 0);
  assertEquals(await activations({ ...board, capabilities: capabilities!.filter((one) => one !== "fw_activate") }), 0);
});
