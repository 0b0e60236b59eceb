/** Compares the predicted results of a run with the results of the run. */

import { assertEquals } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import { RefusedError } from "../runners/guard/guard.ts";
import { openRunner } from "../runners/mod.ts";
import { runBoard } from "./board_run.ts";
import { netdevsim } from "../fixtures/netdevsim.ts";
import { suite } from "../sdk/suite.ts";
import { loadSuites } from "./load_suites.ts";
import { bySuite, prospectsOf, reasonsOf } from "./prospects.ts";

const board = await loadBoard("recording-connectx-6.1");
const suites = await loadSuites(["port_state", "reload_contract", "health_settings", "pcs"]);
const runner = await openRunner(board);
const known = {
  header: runner.header,
  has: runner.has,
  holds: (about: { suite: string; sequence: string }) => runner.holds!(about),
};

Deno.test("prospects: a run without named suites judges the predicted sequences, and leaves out the predicted ones", async () => {
  const prospects = await prospectsOf(suites, board, known);
  const { results, leftOut } = await runBoard(board, undefined, suites, { skipUnsupported: true });
  const namesOf = (all: readonly { suite: string; sequence: string }[]) =>
    all.map(({ suite, sequence }) => `${suite} > ${sequence}`).sort();
  const withVerdict = (verdict: string) => results.map((one) => one.verdict).filter((one) => one.verdict === verdict);
  const withFate = (...fates: string[]) => prospects.filter(({ fate }) => fates.includes(fate));
  const [agree, gaps] = [namesOf(withVerdict("agree")), namesOf(withVerdict("model-gap"))];
  assertEquals(namesOf(withFate("judged", "maybe", "gap")), [...agree, ...gaps].sort());
  assertEquals(namesOf(withFate("gap")).filter((name) => !gaps.includes(name)), []);
  // The board may show nothing in a channel that the model does not know.
  assertEquals(namesOf(withFate("judged")).filter((name) => !agree.includes(name)), []);
  assertEquals(namesOf(withFate("unsupported", "elsewhere")), namesOf(leftOut));
  assertEquals([withFate("judged").length > 20, withFate("gap").length > 0, leftOut.length > 50], [true, true, true]);
  assertEquals(bySuite(prospects).map(({ suite }) => suite), suites.map(({ name }) => name));
  const reasons = reasonsOf(prospects, "unsupported");
  assertEquals(
    reasons.map(({ sequences }) => sequences),
    reasons.map(({ sequences }) => sequences).sort((a, b) => b - a),
  );
});

Deno.test("prospects: a sequence that the guard refuses does not count as judged; the reason names no plan", async () => {
  const asked: number[] = [];
  const guard = (plans: readonly { suite: string; sequence: string }[]) => {
    asked.push(plans.length);
    const bad = plans.find(({ suite }) => suite === "reload_contract");
    if (bad === undefined) return Promise.resolve();
    const message =
      `Cannot run "${bad.suite} > ${bad.sequence}" on board "x": step 3 reloads pci/1, which carries eth0`;
    return Promise.reject(new RefusedError(message));
  };
  const prospects = await prospectsOf(suites, board, { ...known, guard });
  const counts = Object.fromEntries(bySuite(prospects).map((one) => [one.suite, [one.judged, one.refused]]));
  assertEquals([counts["reload_contract"]![0], counts["health_settings"]], [0, [13, 0]]);
  const refused = counts["reload_contract"]![1]!;
  assertEquals(reasonsOf(prospects, "refused"), [{
    reason: "it reloads pci/1, which carries eth0",
    sequences: refused,
  }]);
  assertEquals(asked[0]! > 20, true);
  asked.length = 0;
  await prospectsOf(suites, board, { ...known, guard: (plans) => Promise.resolve(void asked.push(plans.length)) });
  assertEquals(asked.length, 1);
});

Deno.test("prospects: firmware is activated only where the board's file allows it; a crash that the model predicts is listed", async () => {
  const contract = await loadSuites(["reload_contract", "pcs"]);
  const { holds: _, ...found } = known;
  const activating = (await prospectsOf(contract, board, found)).filter(({ lacks }) => lacks.includes("fw_activate"));
  assertEquals(activating.map(({ fate }) => fate), activating.map(() => "unsupported"));
  const model = await loadBoard("model");
  const header = { board: "m", transport: "model", era: "6.12" as const, kernel: "", iproute2: "" };
  const kept = await prospectsOf(contract, model, { header, has: undefined });
  const poisoned = await prospectsOf(contract, model, {
    header: { ...header, freedMemory: "poisoned" },
    has: undefined,
  });
  const crashes = (all: typeof kept) => all.filter(({ breaks }) => breaks).length;
  assertEquals(crashes(poisoned) > crashes(kept), true, `${crashes(poisoned)} ${crashes(kept)}`);
  assertEquals(activating.length > 0, true);
});

Deno.test("prospects: a sequence with a step that is not modelled is a gap; a sequence that might show more is not", async () => {
  const header = { board: "m", transport: "model", era: "6.12" as const, kernel: "", iproute2: "" };
  const own = suite("own", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
    sequence("modelled", { source: "test" }, async (dut) => void await dut.dev.show());
    sequence(
      "not modelled",
      { source: "test" },
      async (dut) => void await dut.write("/proc/sys/net/core/somaxconn", "1"),
    );
  });
  const found = await prospectsOf([own], await loadBoard("model"), { header, has: undefined });
  assertEquals(found.map(({ sequence, fate, reason }) => [sequence, fate, reason !== ""]), [
    ["modelled", "judged", false],
    ["not modelled", "gap", true],
  ]);
});
