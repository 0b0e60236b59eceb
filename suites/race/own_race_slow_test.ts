import { assert, assertEquals } from "@std/assert";
import { parseFacts } from "../../boards/mod.ts";
import { raceReply, resultsText } from "../../diff/race.ts";
import type { EraId, Facts, Operation } from "../../model/mod.ts";
import { compile } from "../../sdk/compile.ts";
import { type OwnRaceOptions, type OwnRacer, ownRaceSuite, raceVocabularyOf } from "./own_race.ts";

const text = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
const mlx5 = (era: EraId): Facts => JSON.parse(text(`model/drivers/mlx5/testdata/${era}.json`)).facts;
const spectrum = (era: "6.12" | "7.2"): Facts =>
  JSON.parse(JSON.parse(text(`model/drivers/mlxsw/testdata/${era}.json`)).facts);
/** A device of a driver that nobody modelled. */
const unmodelled: Facts = {
  ...parseFacts(text("boards/examples/spectrum-2-serial.facts.json"), "spectrum-2"),
  driver: "mine",
};

/** Compiles a race on the device of some facts. Returns its step, and the outcomes that the model allows. */
async function raced(
  facts: Facts,
  racers: readonly OwnRacer[],
  { era = "6.12", ...options }: OwnRaceOptions & { era?: EraId } = {},
) {
  const { driver } = facts;
  const suite = ownRaceSuite("one", driver, racers, options);
  const { plan, expected } = await compile(suite, suite.sequences[0]!, era, { board: { driver, facts } });
  const at = plan.steps.findIndex(({ op }) => op.kind === "race");
  return {
    plan,
    op: plan.steps[at]?.op as Operation<"race">,
    reply: raceReply(expected.steps[at]?.observation?.reply ?? null),
  };
}

const resultsOf = ({ reply }: Awaited<ReturnType<typeof raced>>) =>
  [...new Set(reply!.outcomes.map(({ results }) => resultsText(results)))].sort();

Deno.test("races on a card of mlx5_core: results and the state after them are known", async () => {
  const expected: [EraId, string[], string[]][] = [
    ["5.10", ["reload", "reload"], ["ok | ok"]],
    ["6.12", ["reload", "unbind"], ["ENODEV | ok", "ok | ok"]],
    ["6.12", ["unbind", "unbind"], ["ENODEV | ok", "ok | ENODEV", "ok | ok"]],
    ["6.12", ["reload", "reload_netns"], ["ENODEV | ok", "ok | ok"]],
  ];
  for (const [era, words, results] of expected) {
    const one = await raced(mlx5(era), words, { era });
    assertEquals([resultsOf(one), one.reply!.exhausted], [results, true], `${era} ${words}`);
    assertEquals(one.reply!.outcomes.filter(({ unknown }) => unknown), []);
    assertEquals(one.op.own, mlx5(era).handle);
  }
});

Deno.test("a switch of mlxsw: reloads wait for each other, and one that comes after an unbind finds no device", async () => {
  const expected: [string[], string[]][] = [
    [["reload", "reload"], ["ok | ok"]],
    [["reload", "unbind"], ["ENODEV | ok", "ok | ok"]],
    [["reload", "reload_netns"], ["ENODEV | ok", "ok | ok"]],
  ];
  for (const [words, results] of expected) {
    const one = await raced(spectrum("6.12"), words);
    assertEquals([resultsOf(one), one.reply!.exhausted], [results, true], `${words}`);
    assertEquals(one.reply!.outcomes.filter(({ unknown }) => unknown), []);
  }
});

Deno.test("after a run the device is bound again, back in its netns, and its trap is as it was", async () => {
  const { handle, traps } = mlx5("6.12");
  const { op, plan } = await raced(mlx5("6.12"), ["reload_netns", "trap_set", "unbind"], { schedules: 1 });
  assertEquals(op.after, [
    { kind: "file.write", path: "/sys/bus/pci/drivers/mlx5_core/bind", value: handle.slice("pci/".length) },
    { kind: "dev.reload", handle, to: { pid: 1 }, netns: "t1" },
    { kind: "trap.set", handle, name: traps[0]!.name, action: traps[0]!.action },
    { kind: "netns.del", name: "t1" },
  ]);
  assertEquals(op.before, [{ kind: "netns.add", name: "t1" }]);
  assertEquals(plan.steps.map(({ op }) => op.kind), ["netns.add", "race", "netns.del"]);
});

Deno.test("of a driver that nobody modelled only what devlink's core decides is known", async () => {
  const { reply } = await raced(unmodelled, ["reload", "reload"]);
  const [one, ...more] = reply!.outcomes;
  assertEquals([one!.results, more], [[["ok"], ["ok"]], []]);
  assertEquals(one!.unknown, {
    results: "only mine knows what it does",
    state: "only mine knows what a reload changed",
  });
  const moved = await raced(unmodelled, ["reload", "reload_netns"]);
  assertEquals(resultsOf(moved), ["ENODEV | ok", "ok | ok"]);
  const shown = await raced(unmodelled, ["dev_show", "param_show"]);
  assertEquals([resultsOf(shown), shown.reply!.outcomes[0]!.unknown], [["ok 1 | ok 1"], undefined]);
});

Deno.test("a word that the device has nothing for makes the race unsupported, with the reason", async () => {
  const lacks = async (facts: Facts, word: string) => (await raced(facts, [word, "dev_show"])).plan.lacks;
  assertEquals(await lacks({ ...unmodelled, reloadActions: [] }, "reload"), "a reload");
  assertEquals(await lacks({ ...unmodelled, traps: [] }, "trap_set"), "a drop trap");
});

Deno.test("every word can be raced on both boards, and is of its driver", async () => {
  const words = Object.keys(raceVocabularyOf("mlx5_core"));
  assert(words.includes("unbind") && words.includes("reload"));
  assert(!Object.keys(raceVocabularyOf("mine")).includes("unbind"));
  for (const facts of [mlx5("6.1"), unmodelled]) {
    for (const word of Object.keys(raceVocabularyOf(facts.driver))) {
      const { plan, reply } = await raced(facts, [word, "dev_show"], { era: "6.1" });
      assert(plan.lacks !== undefined || reply!.outcomes.length > 0, `${facts.driver} ${word}`);
    }
  }
});
