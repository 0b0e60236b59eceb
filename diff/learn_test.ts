/** What is learned of boards, written, read, and compared from then on. */

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { judge } from "./judge.ts";
import { traceOf } from "./testing.ts";
import { type LearnedRun, learnFrom } from "./learn.ts";
import { learnedText, parseLearned } from "./learned_file.ts";
import { compareVersions, parseTags, tagsOf } from "./tags.ts";
import type { SequenceTrace } from "./trace.ts";

const HANDLE = "pci/0000:03:00.0";
const RELOAD: Operation = { kind: "dev.reload", handle: HANDLE };
const SHOW: Operation = { kind: "dev.show", handle: HANDLE };
const FILE: Operation = { kind: "file.read", path: "/sys/kernel/debug/x" };
const WHY = "only some_driver knows what it does";
const UNKNOWN = { result: WHY, extack: WHY, reply: WHY, notify: WHY, link: WHY, kmsg: WHY, time: WHY };
const WHEN = 'driver = "some_driver" and era >= "6.12"';

const notice = (name: string) => ({ command: "new", object: "trap", handle: HANDLE, attributes: { name } });
const model = traceOf([RELOAD, { unknown: UNKNOWN }], [SHOW, { reply: { n: 1 } }], [FILE, "gap"]);
const board = (names: string[], more: Partial<Observation> = {}, n = 1) =>
  traceOf(
    [RELOAD, { notify: { init: names.map(notice) }, time: "blocked", ...more }],
    [SHOW, { reply: { n } }],
    [FILE, { sysfs: "it's\u0007 ünsafe '''" }],
  );

const runOf = (observed: SequenceTrace): LearnedRun => ({
  when: WHEN,
  verdicts: [judge(model, observed, { learning: true })],
});
const learn = (...observed: SequenceTrace[]) => learnFrom(observed.map(runOf), "2999-01-01");
/** Returns what was learned, through the file. */
const learned = (...observed: SequenceTrace[]) => parseLearned(learnedText(learn(...observed).entries), "f.toml");
const verdictOf = (observed: SequenceTrace, entries = learned(board(["a", "b"]))) =>
  judge(model, observed, { learned: entries });

Deno.test("learned: what was a gap agrees, and is marked as learned; without the file it is a gap", () => {
  assertEquals(judge(model, board(["a", "b"])).verdict, "model-gap");
  const { verdict, steps, notes } = verdictOf(board(["a", "b"]));
  assertEquals(verdict, "agree");
  assertEquals(steps[0]!.channels.filter((one) => one.learned).map(({ channel }) => channel), [
    "result",
    "notify",
    "time",
  ]);
  assertEquals(notes, ["6 of 9 channels compared were learned, not modelled"]);
});

Deno.test("learned: what changed is a difference, also where the channel showed nothing, and nothing else is", () => {
  const fewer = verdictOf(board(["a"]));
  const differing = fewer.steps.flatMap(({ id, channels }) =>
    channels.filter(({ verdict }) => verdict !== "agree").map(({ channel, verdict }) => [id, channel, verdict])
  );
  assertEquals(differing, [[1, "notify", "diverge"]]);
  assertEquals(verdictOf(board(["a", "b"], { result: "EIO" })).verdict, "diverge");
  const link = { init: [{ event: "new" as const, ifname: "eth0", flags: [], operstate: "UP" }] };
  const silent = { extack: { level: "warning" as const, text: "now it speaks" }, link };
  assertEquals(verdictOf(board(["a", "b"], silent)).verdict, "diverge");
  assertEquals(verdictOf(board([])).verdict, "diverge");
});

Deno.test("learned: what the model knows is compared with the model, and a crash is one", () => {
  assertEquals(verdictOf(board(["a", "b"], {}, 2)).verdict, "diverge");
  const oops = { kmsg: [{ class: "oops" as const, text: "Oops: 0000 [#1] SMP" }] };
  assertEquals(verdictOf(board(["a", "b"], oops)).verdict, "crash");
  const { entries, left } = learn(board(["a", "b"], oops));
  assertEquals(entries.filter(({ step }) => step === 1), []);
  assertMatch(left[0]!.why, /^crash/);
});

Deno.test("learned: a difference is a deviation with its reason and end, and one that is over is reported", () => {
  const entries = learned(board(["a", "b"], {}, 2));
  const same = verdictOf(board(["a", "b"], {}, 2), entries);
  assertEquals(same.verdict, "waived");
  assertEquals(
    same.steps[1]!.channels.at(-1)!.waiver?.expires ?? same.steps[1]!.channels[1]!.waiver?.expires,
    "2999-01-01",
  );
  assertEquals(verdictOf(board(["a", "b"], {}, 3), entries).verdict, "diverge");
  const over = verdictOf(board(["a", "b"]), entries);
  assertEquals(over.verdict, "agree");
  assertMatch(over.notes.join("\n"), /the learned expectation d[0-9a-f]{8}, step 2, no longer occurs/);
});

Deno.test("learned from several runs: what came twice is a set, what was another each time varies and is no pass", () => {
  const set = learned(board(["a"]), board(["b"]), board(["a"]));
  for (const name of ["a", "b"]) assertEquals(verdictOf(board([name]), set).verdict, "agree");
  assertEquals(verdictOf(board(["c"]), set).verdict, "diverge");
  const varies = learned(board(["a"]), board(["b"]));
  assertEquals(varies[0]!.varies, ["notify"]);
  assertEquals(verdictOf(board(["c"]), varies).verdict, "model-gap");
});

Deno.test("learned: steps after a result that the model did not assume are learned as a whole", () => {
  const refused = (n: number) =>
    traceOf([RELOAD, { result: "EOPNOTSUPP" }], [SHOW, { reply: { n } }], [FILE, { sysfs: "x" }]);
  const { entries } = learn(refused(0));
  assertEquals(entries.map(({ kind, step }) => [kind, step]), [["gap", 1], ["gap", 2], ["gap", 3]]);
  assertEquals(verdictOf(refused(0), entries).verdict, "agree");
  assertEquals(verdictOf(refused(5), entries).verdict, "diverge");
});

Deno.test("learned: an entry that expired, or is of another operation, is not applied, and is reported", () => {
  const [entry] = learned(board(["a", "b"]));
  const judged = (change: object) => {
    const { verdict, notes } = verdictOf(board(["a", "b"]), [{ ...entry!, ...change }]);
    assertEquals(verdict, "model-gap");
    return notes.join("\n");
  };
  assertMatch(judged({ until: "2020-01-01" }), /expired on 2020-01-01/);
  assertMatch(judged({ command: "devlink dev show" }), /is of another operation: step 1 is devlink dev reload/);
  assertMatch(judged({ step: 9 }), /names step 9, which does not exist/);
});

Deno.test("learned: the file holds any text of a board, and a person's words stay", () => {
  const text = learnedText(learn(board(["a", "b".repeat(300)])).entries);
  assertMatch(text, /^[\x20-\x7e\n]*$/);
  assertStringIncludes(text, `when = '${WHEN}'`);
  assertMatch(text, /notify = \['v[0-9a-f]{8}'\]/);
  const corrected = parseLearned(text, "f").map((entry) => ({
    ...entry,
    reason: "asked the vendor",
    until: "2888-01-01",
  }));
  const again = learnFrom([runOf(board(["c"]))], "2999-01-01", corrected).entries;
  assertEquals([again[0]!.reason, again[0]!.until], ["asked the vendor", "2888-01-01"]);
  assertEquals(again[0]!.values.notify, [{ init: [notice("c")] }]);
  assertEquals(learnedText(parseLearned(text, "f")), text);
});

Deno.test("learned: a file that is wrong is one line with file, key and what is meant", () => {
  const text = learnedText(learn(board(["a"])).entries);
  const fails = (changed: string, message: RegExp) => {
    assertEquals(changed !== text, true);
    const { message: said } = assertThrows(() => parseLearned(changed, "f.toml"), SyntaxError);
    assertMatch(said, message);
    assertEquals(said.includes("\n"), false);
  };
  fails(text.replace("version = 1", "version = "), /^f\.toml: is not TOML: line 6/);
  fails(text.replace("version = 1", "version = 2"), /^f\.toml: version: /);
  fails(text.replace("step = 1", "step = 0"), /^f\.toml: gap\[0\]\.step: /);
  fails(text.replace(/time = .*/, "time = ['blocked']"), /^f\.toml: gap\[0\]\.time: is no JSON/);
  fails(
    text.replace(/when = .*/, "when = 'drivr = \"x\"'"),
    /^f\.toml: when of g\w+: "drivr" stands where one of driver, era/,
  );
});

Deno.test("tags: versions are in the order of their numbers, and what is not known is in none", () => {
  assertEquals(
    [["6.2", "6.12"], ["28.39", "28.9"], ["6.1", "6.1.0"]].map(([a, b]) => Math.sign(compareVersions(a!, b!))),
    [
      -1,
      1,
      -1,
    ],
  );
  const tags = tagsOf({ board: "b", transport: "ssh", era: "7.2", kernel: "7.2.1", iproute2: "" }, "d");
  const holds = (text: string) => parseTags(text)(tags);
  assertEquals(holds('driver = "d" and era >= "6.12"'), true);
  assertEquals(holds('firmware >= "1" or firmware < "1"'), false);
  assertEquals(holds('not (driver = "d") or kernel != "7.2.1"'), false);
  assertEquals(holds('driver = "x" or driver = "d" and era < "7.3"'), true);
  for (const wrong of ["", "driver", "driver = x", '(driver = "d"', 'driver = "d" driver = "d"', 'driver ~ "d"']) {
    assertThrows(() => parseTags(wrong), SyntaxError);
  }
});
