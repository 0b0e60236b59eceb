import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Board, loadBoard } from "../boards/mod.ts";
import type { SequenceTrace } from "../diff/mod.ts";
import { emptyObservation, type Operation } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";
import type { Runner } from "../runners/runner.ts";
import { type CampaignEvent, runCampaign } from "./campaign.ts";
import { corpusFiles, saveFound } from "./corpus.ts";
import { pathToFileURL } from "node:url";
import type { Suite } from "../sdk/suite.ts";
import { MADE } from "./subject.ts";
import type { Generated } from "./sequence.ts";

const model = await loadBoard("model");
const handle = MADE.devices!.handle(10);

/** What was done to the boards of a test. */
interface Log {
  opened: number;
  renewed: number;
  closed: number;
}

/** Returns a board that does as the model of 6.12, but for what `spoil` makes of a trace. */
function boardWith(spoil: (trace: SequenceTrace) => void): { open: () => Promise<Runner>; log: Log; board: Board } {
  const log: Log = { opened: 0, renewed: 0, closed: 0 };
  const open = () => {
    log.opened++;
    const runner = openModel(model, "6.12");
    return Promise.resolve<Runner>({
      ...runner,
      run: async (plan) => {
        const trace = await runner.run(plan);
        spoil(trace);
        return trace;
      },
      renew: () => Promise.resolve(void log.renewed++),
      close: () => Promise.resolve(void log.closed++),
    });
  };
  return { open, log, board: model };
}

/** After a reload, a trap cannot be set any more. */
function trapsAfterReload({ steps }: SequenceTrace): void {
  let reloaded = false;
  for (const { op, observation } of steps) {
    if (op.kind === "dev.reload" && observation!.result === "ok") reloaded = true;
    if (op.kind === "trap.set" && reloaded && observation!.result === "ok") observation!.result = "EBUSY";
  }
}

const signatures = (events: readonly CampaignEvent[]) =>
  events.flatMap((event) => event.type === "found" ? [event.found.signature] : []);

Deno.test("a board that does as the model agrees in everything", async () => {
  const { open, log, board } = boardWith(() => {});
  const { summary, found } = await runCampaign(board, open, { seed: 1, indices: Array(15).keys(), parallel: 2 });
  assertEquals(found, []);
  assertEquals([summary.sequences.agree, summary.sequences.diverge], [15, 0]);
  assert(summary.steps.agree > 15 * 18);
  assertEquals(log, { opened: 2, renewed: 0, closed: 2 });
});

Deno.test("a planted bug is found once, made as small as it gets, tried again on a fresh board, and kept", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { open, log, board } = boardWith(trapsAfterReload);
    const events: CampaignEvent[] = [];
    const { found, summary } = await runCampaign(board, open, {
      seed: 7,
      indices: Array(120).keys(),
      onEvent: (event) => events.push(event),
    });
    assertEquals(signatures(events), ["trap.set: result : ok for EBUSY"]);
    const [bug] = found;
    assertEquals(bug!.generated!.operations.map(({ kind }: Operation) => kind), ["dev.reload", "trap.set"]);
    assertEquals(bug!.generated!.netns, []);
    assertEquals(bug!.confirmed, { times: 3, of: 3 });
    assert(bug!.count > 1 && summary.sequences.diverge === bug!.count);
    assertEquals(log.renewed, 1);
    // From its seed and number alone
    const again = await runCampaign(board, open, { seed: 7, indices: [bug!.index!] });
    assertEquals(again.found.map(({ signature, generated }) => [signature, generated]), [
      [bug!.signature, bug!.generated],
    ]);
    const path = await saveFound(folder, bug!, 7);
    assertEquals(corpusFiles(folder), [path]);
    const text = await Deno.readTextFile(path!);
    assertStringIncludes(text, "// trap.set: result : ok for EBUSY");
    assertStringIncludes(text, "// twinlink fuzz --board model --seed 7 --sequence");
    assertStringIncludes(text, `    // devlink dev reload ${handle.slice(0, -2)}`);
    // It is a suite, which shows the same
    const { default: kept } = await import(pathToFileURL(path!).href) as { default: Suite };
    const replayed = await runCampaign(board, open, { seed: 7, indices: [], corpus: [kept] });
    assertEquals(replayed.found.map(({ signature }) => signature), [bug!.signature]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the corpus comes first, and is judged as everything else", async () => {
  const { open, board } = boardWith(trapsAfterReload);
  const generated: Generated = {
    netns: [],
    devices: [{ id: 10, ports: 0 }],
    operations: [
      { kind: "dev.reload", handle },
      { kind: "trap.set", handle, name: "tail_drop", action: "trap" },
    ],
  };
  const { suiteOf } = await import("./sequence.ts");
  const events: CampaignEvent[] = [];
  await runCampaign(board, open, {
    seed: 3,
    indices: [0],
    corpus: [suiteOf("kept", generated)],
    onEvent: (event) => events.push(event),
  });
  const sequences = events.flatMap((event) => event.type === "sequence" ? [[event.name, event.verdict.verdict]] : []);
  assertEquals(sequences[0], ["kept", "diverge"]);
  assertEquals(signatures(events)[0], "trap.set: result : ok for EBUSY");
});

Deno.test("after a crash the board is rebooted, and the campaign goes on", async () => {
  let crashes = 0;
  const { open, log, board } = boardWith(({ steps }) => {
    const at = steps.findIndex(({ op, phase }) => phase === "body" && op.kind === "dev.reload");
    if (at < 0 || crashes++ > 0) return;
    for (const [i, step] of steps.entries()) {
      if (i < at) continue;
      delete step.observation;
      step.lost = { reason: i === at ? "crash" : "not-run", detail: "Oops" };
    }
  });
  const { found, summary } = await runCampaign(board, open, { seed: 4, indices: Array(20).keys() });
  assertEquals(found.map(({ signature, confirmed }) => [signature, confirmed.times]), [["dev.reload: crash", 0]]);
  assertEquals([summary.sequences.crash, summary.sequences.agree], [1, 19]);
  assert(log.renewed >= 1);
});

Deno.test("a divergence that time spoils is not shrunk past its bound, and an abort tears the boards down", async () => {
  const { open, log, board } = boardWith(({ steps }) => {
    steps.at(-1)!.observation = { ...emptyObservation(), result: "EIO" };
  });
  const { found } = await runCampaign(board, open, { seed: 5, indices: [0], shrinkMs: 0 });
  assertEquals(found[0]!.confirmed, { times: 0, of: 0 });
  const controller = new AbortController();
  const options = { seed: 5, indices: Array(50).keys(), signal: controller.signal, shrinkMs: 0 };
  const events: CampaignEvent[] = [];
  await assertRejects(
    () =>
      runCampaign(board, open, {
        ...options,
        onEvent: (event) => {
          events.push(event);
          if (event.type === "sequence") controller.abort();
        },
      }),
    DOMException,
  );
  assertEquals(log.opened, log.closed);
  assertEquals(events.filter(({ type }) => type === "sequence").length, 1);
});

Deno.test("two boards are compared with each other, without the model", async () => {
  const [one, other] = [boardWith(trapsAfterReload), boardWith(trapsAfterReload)];
  const options = { seed: 7, indices: Array(40).keys(), shrinkMs: 5000 };
  const same = await runCampaign(one.board, one.open, { ...options, against: other.open });
  assertEquals([same.found, same.summary.sequences.agree], [[], 40]);
  const sound = boardWith(() => {});
  const differ = await runCampaign(one.board, one.open, { ...options, indices: Array(40).keys(), against: sound.open });
  assertEquals(differ.found.map(({ signature }) => signature), ["trap.set: result : EBUSY for ok"]);
  assertEquals([one.log.opened, one.log.closed, sound.log.closed], [2, 2, 1]);
});
