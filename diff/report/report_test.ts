import { DOMParser, onErrorStopParsing } from "@xmldom/xmldom";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { getColorEnabled, setColorEnabled } from "@std/fmt/colors";
import { assertSnapshot } from "@std/testing/snapshot";
import { loadFacts } from "../../boards/mod.ts";
import { clone, notice, sample } from "../testing.ts";
import { judge } from "../judge.ts";
import { jsonlReporter } from "./report_jsonl.ts";
import { junitReporter } from "./report_junit.ts";
import { ktapReporter } from "./report_ktap.ts";
import { nipaReporter } from "./report_nipa.ts";
import { terminalReporter } from "./report_terminal.ts";
import type { Reporter, Write } from "./reporter.ts";
import type { SequenceTrace, TraceHeader } from "../trace.ts";
import { exitStatus, type LeftOut, type RunEnd, type SequenceVerdict, summarise } from "../verdict.ts";

const HEADER: TraceHeader = {
  board: "qemu-6.12",
  transport: "serial",
  era: "6.12",
  kernel: "6.12.117+deb12-amd64",
  iproute2: "iproute2-7.3.0",
};

function report(make: (write: Write) => Reporter, verdicts: SequenceVerdict[]): string {
  let text = "";
  const reporter = make((piece) => text += piece);
  reporter.begin(HEADER);
  for (const verdict of verdicts) reporter.sequence(verdict);
  reporter.end(summarise(verdicts));
  return text;
}

/** Judges the sample with the board's side changed. */
function judged(
  name: string,
  change: (trace: SequenceTrace) => void,
  options: Parameters<typeof judge>[2] = {},
): SequenceVerdict {
  const observed = sample("ens1", "ens2");
  change(observed);
  return judge({ ...sample(), sequence: name }, { ...observed, sequence: name }, options);
}
const at = (trace: SequenceTrace, id: number) => trace.steps[id - 1]!.observation!;

const waivers = [{
  suite: "trap",
  sequence: "waived",
  channel: "sysfs" as const,
  reason: "case 17",
  expires: "2026-06-30",
}];
const EVIL = "\u001b[2J\u009b1m\u202e]]>&<script>\u0000\ud800\ufffe\n# not a directive\nok 9 forged";

/** One sequence for each verdict. */
const ALL: SequenceVerdict[] = [
  judged("agrees", () => {}),
  judged("diverges", (trace) => {
    at(trace, 6).extack = null;
    const messages = at(trace, 10).notify.init!;
    messages.splice(8, 1);
    [messages[3], messages[4]] = [messages[4]!, messages[3]!];
    messages[14]!.attributes.action = "trap";
    messages.push(notice("new", "health", "netdevsim/netdevsim10", { reporter: "dummy" }));
    at(trace, 11).reply = { port: { "netdevsim/netdevsim10/0": { type: "eth", netdev: "ens1" } } };
  }),
  judged("crashes", (trace) => {
    at(trace, 9).kmsg = [
      { class: "info", text: "netdevsim netdevsim10: last words" },
      { class: "oops", text: "BUG: kernel NULL pointer dereference, address: 0000000000000010" },
      { class: "info", text: "Call Trace:" },
      { class: "info", text: " nsim_dev_trap_report_work+0x1/0x2" },
    ];
  }),
  judged("is lost", (trace) => {
    delete trace.steps[4]!.observation;
    trace.steps[4]!.lost = { reason: "transport", detail: "ssh root@dut: connection reset" };
  }),
  judged("times out", (trace) => {
    delete trace.steps[9]!.observation;
    trace.steps[9]!.lost = { reason: "timeout", detail: "20 s" };
  }),
  judged("is unsupported", () => {}, { capabilities: ["netns"] }),
  judged("waived", (trace) => at(trace, 8).sysfs = "N", { waivers, today: "2026-06-30" }),
  { ...judged("was waived", () => {}), notes: ["the waiver ... expired on 2026-06-30 and no longer applies: case 17"] },
];

const HOSTILE = judged(`hostile ${EVIL}`, (trace) => {
  at(trace, 6).extack = { level: "error", text: EVIL };
  at(trace, 8).sysfs = EVIL;
  at(trace, 10).notify = { [EVIL]: [notice("new", EVIL, EVIL, { [EVIL]: EVIL })] };
  at(trace, 11).kmsg = [{ class: "oops", text: EVIL }];
});

Deno.test("terminal: what an engineer sees", async (t) => {
  await assertSnapshot(t, report((write) => terminalReporter(write, { color: false }), ALL), {
    serializer: (text: string) => text,
  });
});

Deno.test("terminal, JUnit and KTAP tell of a kind of difference in full once, then by reference", () => {
  const change = (trace: SequenceTrace) => void (at(trace, 8).sysfs = "N");
  const verdicts = ["first", "second", "third"].map((name) => judged(name, change));
  for (const make of [(write: Write) => terminalReporter(write, { color: false }), junitReporter, ktapReporter]) {
    const text = report(make, verdicts);
    // JUnit has it as the failure and as the output: some servers show the one, some the other.
    const times = make === junitReporter ? 2 : 1;
    assertEquals(text.split("- expected").length - 1, times, text);
    assertEquals(text.split(/the same as in step 8 of trap (?:>|&gt;) first/).length - 1, 2 * times, text);
  }
});

Deno.test("terminal: quiet leaves out what agrees, but no note", () => {
  const text = report((write) => terminalReporter(write, { color: false, quiet: true }), ALL);
  assert(!text.includes("trap > agrees"));
  assertStringIncludes(text, "trap > was waived");
});

Deno.test("terminal: quiet names the board before the first thing that it shows, and not where nothing is shown", () => {
  const quiet = (verdicts: typeof ALL) =>
    report((write) => terminalReporter(write, { color: false, quiet: true }), verdicts).split("\n");
  const agrees = ALL.filter(({ sequence }) => sequence === "agrees");
  assertEquals(agrees.length, 1);
  assertEquals(quiet(agrees)[0], "");
  const [first, second] = quiet(ALL);
  assertMatch(first!, / over .*Linux /);
  assertMatch(second!, /^(?!agree)[a-z-]+ +trap > /);
});

Deno.test("terminal: colours, unless they are turned off", () => {
  const before = getColorEnabled();
  try {
    const coloured = () => report((write) => terminalReporter(write), ALL).includes("\u001b[");
    setColorEnabled(true);
    // NO_COLOR wins over setColorEnabled.
    assertEquals(coloured(), !Deno.noColor);
    setColorEnabled(false);
    assert(!coloured());
  } finally {
    setColorEnabled(before);
  }
});

Deno.test("terminal: long streams are shortened, and say by how much", () => {
  const many = judged("many", (trace) => {
    for (let i = 0; i < 300; i++) at(trace, 10).notify.init!.push(notice("new", "dev", "netdevsim/netdevsim10", { i }));
  });
  const text = report((write) => terminalReporter(write, { color: false }), [many]);
  assertStringIncludes(text, "more lines");
  assert(text.split("\n").length < 70);
});

Deno.test("JUnit: well formed, with the counts and the kinds that CI servers read", () => {
  const xml = report(junitReporter, [...ALL, HOSTILE]);
  const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, "text/xml");
  const suite = document.getElementsByTagName("testsuite")[0]!;
  const counts = ["tests", "failures", "errors", "skipped"].map((name) => suite.getAttribute(name));
  assertEquals(counts, ["9", "3", "2", "2"]);
  assertEquals(document.documentElement!.getAttribute("failures"), "3");
  const kinds = [...document.getElementsByTagName("testcase")].map((test) => {
    const child = [...test.childNodes].find((node) => node.nodeType === 1 && node.nodeName !== "system-out");
    return child?.nodeName ?? "passed";
  });
  assertEquals(kinds, ["passed", "failure", "failure", "error", "error", "skipped", "skipped", "passed", "failure"]);
  const failure = document.getElementsByTagName("failure")[0]!;
  assertEquals(failure.getAttribute("message"), "diverge: step 6: extack");
  assertStringIncludes(failure.textContent!, "  - expected");
  assertEquals(document.getElementsByTagName("skipped")[1]!.getAttribute("message"), "waived: step 8: case 17");
  // Neither of these is a character of XML 1.0.
  assertEquals(xml.match(/[\ud800-\udfff\ufffe\uffff]/), null);
  // The difference, as it is in the failure; of what passes its notes; nothing where there is nothing to tell.
  const outputs = [...document.getElementsByTagName("testcase")].map((test) =>
    test.getElementsByTagName("system-out")[0]?.textContent ?? ""
  );
  assertEquals(outputs.map((text) => text !== ""), [false, true, true, true, true, true, true, true, true]);
  assertEquals(outputs[1], failure.textContent);
  assertStringIncludes(outputs[6]!, "sysfs: waived until 2026-06-30: case 17");
  assertStringIncludes(outputs[7]!, "expired on 2026-06-30");
  assertStringIncludes(outputs[8]!, "\\e[2J");
});

Deno.test("JUnit: when and how long by the board's clock, on which board, with which driver and firmware", async () => {
  const facts = await loadFacts(new URL("../../boards/examples/connectx-7-ssh.facts.json", import.meta.url).pathname);
  const slow = judged("slow", (trace) => {
    for (const step of trace.steps) step.board = { start: 1000 * step.id, end: 1000 * step.id + 250 };
  });
  let text = "";
  const reporter = junitReporter((piece) => text += piece);
  reporter.begin({ ...HEADER, board: "lab\u001b[2J", facts }, new Date("2026-03-04T05:06:07Z"));
  for (const verdict of [slow, ALL[0]!]) reporter.sequence(verdict);
  reporter.end(summarise([slow, ALL[0]!]));
  const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(text, "text/xml");
  const suite = document.getElementsByTagName("testsuite")[0]!;
  assertEquals([suite.getAttribute("time"), suite.getAttribute("hostname")], ["11.250", "lab\\e[2J"]);
  assertEquals(suite.getAttribute("timestamp"), "2026-03-04T05:06:07");
  const tests = [...document.getElementsByTagName("testcase")].map((test) => test.getAttribute("time"));
  assertEquals(tests, ["11.250", "0.000"]);
  const properties = [...document.getElementsByTagName("property")].map((one) =>
    [one.getAttribute("name"), one.getAttribute("value")] as const
  );
  assertEquals(new Map(properties).get("driver"), facts.driver);
  for (const entry of Object.entries(facts.versions.running!)) {
    assertEquals(new Map(properties).get(entry[0]), entry[1]);
  }
});

Deno.test("JUnit: file and line of each sequence, judged or left out, where they are known", () => {
  const at = { file: `mine/trap.ts${EVIL}`, line: 12 };
  let text = "";
  const reporter = junitReporter((piece) => text += piece);
  reporter.begin(HEADER);
  reporter.leftOut!({ suite: "trap", sequence: "left", reason: "x", at: { file: "a.ts", line: 3 } });
  for (const verdict of [{ ...ALL[1]!, at }, ALL[0]!]) reporter.sequence(verdict);
  reporter.end(summarise([ALL[1]!, ALL[0]!]));
  const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(text, "text/xml");
  const places = [...document.getElementsByTagName("testcase")].map((test) =>
    ["file", "line"].map((name) => test.getAttribute(name))
  );
  assertEquals([places[0], places[1]![1], places[2]], [["a.ts", "3"], "12", [null, null]]);
  assertStringIncludes(places[1]![0]!, "mine/trap.ts\\e[2J");
});

Deno.test("JUnit: a run without sequences is well formed too", () => {
  new DOMParser({ onError: onErrorStopParsing }).parseFromString(report(junitReporter, []), "text/xml");
});

/** Checks KTAP by its grammar, and gives its results as `indent status number`. */
function parseKtap(text: string): string[] {
  const results: string[] = [];
  const plans: { planned: number; seen: number; indent: number }[] = [];
  for (const line of text.trimEnd().split("\n")) {
    const [, indent, rest] = /^((?: {2})*)(.*)$/.exec(line)!;
    while (plans.length > 0 && plans.at(-1)!.indent > indent!.length) {
      const { planned, seen } = plans.pop()!;
      assertEquals(seen, planned);
    }
    const plan = /^1\.\.(\d+)$/.exec(rest!);
    const result = /^(ok|not ok) (\d+) ([^#]*)( # (SKIP|ERROR)( [^#]*)?)?$/.exec(rest!);
    if (plan) plans.push({ planned: Number(plan[1]), seen: 0, indent: indent!.length });
    else if (result) {
      assertEquals(Number(result[2]), ++plans.at(-1)!.seen, line);
      results.push(`${indent}${result[1]}${result[5] ? ` ${result[5]}` : ""}`);
    } else assert(rest === "KTAP version 1" || rest!.startsWith("# "), `not KTAP: ${line}`);
  }
  assertEquals(plans.length, 1);
  assertEquals(plans[0]!.seen, plans[0]!.planned);
  return results;
}

/** Returns what NIPA's collector makes of a report: a line for each test and each result in it, and whether that passed. */
function flatten(
  text: string,
): { all: string[]; full: Record<string, unknown> & { results: Record<string, unknown>[] } } {
  const full = JSON.parse(text);
  const all = full.results.flatMap(
    ({ group, test, result, results = [] }: { group: string; test: string; result: string; results?: Case[] }) => [
      `${group} ${test}: ${result}`,
      ...results.map((one) => `${group} ${test} ${one.test}: ${one.result}`),
    ],
  );
  return { all, full };
}

/** A result in a test of NIPA. */
interface Case {
  test: string;
  result: string;
}

Deno.test("NIPA: a test a suite, a result a sequence, with the crashes and the device", async () => {
  const facts = await loadFacts(new URL("../../boards/examples/connectx-7-ssh.facts.json", import.meta.url).pathname);
  const target = { branch: "net-next-2026-11-21--20-00", executor: "lab", link: "https://lab.invalid/run" };
  const make = (verdicts: SequenceVerdict[], leftOut: LeftOut[] = []) => {
    let text = "";
    const reporter = nipaReporter((piece) => text += piece, target);
    reporter.begin({ ...HEADER, facts });
    for (const one of leftOut) reporter.leftOut!(one);
    for (const one of verdicts) reporter.sequence(one);
    reporter.end(summarise(verdicts));
    reporter.done!(summarise(verdicts), { exit: exitStatus(summarise(verdicts)) });
    assertEquals(text.split("\n").length, 2);
    return flatten(text);
  };
  const { all, full } = make([...ALL, HOSTILE, { ...ALL[0]!, sequence: "agrees!" }], [
    { suite: "pcs", sequence: "unbind", reason: "x" },
  ]);
  assertEquals(all.filter((line) => !line.includes("hostile")), [
    "qemu-6-12-serial trap: fail",
    "qemu-6-12-serial trap agrees: pass",
    "qemu-6-12-serial trap diverges: fail",
    "qemu-6-12-serial trap crashes: fail",
    "qemu-6-12-serial trap is-lost: fail",
    "qemu-6-12-serial trap times-out: fail",
    "qemu-6-12-serial trap is-unsupported: skip",
    "qemu-6-12-serial trap waived: skip",
    "qemu-6-12-serial trap was-waived: pass",
    "qemu-6-12-serial trap agrees-2: pass",
    "qemu-6-12-serial pcs: skip",
    "qemu-6-12-serial pcs unbind: skip",
  ]);
  assertEquals([full.executor, full.branch, full.link], ["lab", target.branch, target.link]);
  assertEquals((full.device as Record<string, string>).driver, facts.driver);
  assertEquals(full.results[0]!.crashes?.constructor, Array);
  for (const time of [full.start, full.end]) {
    assert(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/.test(time as string));
  }
  // No pass is a failure, also where no sequence failed.
  assertEquals(make([ALL[0]!, ALL[5]!]).all[0], "qemu-6-12-serial trap: pass");
  assertEquals(make([ALL[5]!]).all.at(-1), "qemu-6-12-serial twinlink: fail");
  assertEquals(make([]).all, ["qemu-6-12-serial twinlink: fail"]);
});

Deno.test("KTAP: nested results with their directives", () => {
  assertEquals(parseKtap(report(ktapReporter, ALL)), [
    "  ok",
    "  not ok",
    "  not ok",
    "  not ok ERROR",
    "  not ok ERROR",
    "  ok SKIP",
    "  ok SKIP",
    "  ok",
    "not ok",
  ]);
  assertEquals(parseKtap(report(ktapReporter, [ALL[5]!])), ["  ok SKIP", "not ok ERROR"]);
  assertEquals(parseKtap(report(ktapReporter, [ALL[5]!, ALL[0]!])), ["  ok SKIP", "  ok", "ok"]);
  assertEquals(parseKtap(report(ktapReporter, [ALL[3]!, ALL[0]!])), ["  not ok ERROR", "  ok", "not ok ERROR"]);
  assertEquals(parseKtap(report(ktapReporter, [HOSTILE])), ["  not ok", "not ok"]);
});

Deno.test("JSON Lines: a verdict a line, with all that differs and nothing that agrees", () => {
  const lines = report(jsonlReporter, [...ALL, HOSTILE]).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines[0], { twinlink: "report", version: 1, ...HEADER });
  assertEquals(lines.map((line) => line.verdict), [
    undefined,
    "agree",
    "diverge",
    "crash",
    "infra",
    "indeterminate",
    "unsupported",
    "waived",
    "agree",
    "crash",
    undefined,
  ]);
  const notify = lines[2].steps[9].channels.find((c: { channel: string }) => c.channel === "notify");
  assertEquals(notify.streams[0].edits.map((edit: { kind: string }) => edit.kind).sort(), [
    "arrived",
    "changed",
    "extra",
    "missing",
    "moved",
  ]);
  assertEquals(lines[2].steps[9].command, "devlink dev reload netdevsim/netdevsim10");
  assertEquals(lines.at(-1).exit, 1);
  assertEquals(lines.at(-1).sequences.agree, 2);
});

Deno.test("no report lets a board's control characters through", () => {
  const reports = [
    report((write) => terminalReporter(write, { color: false }), [HOSTILE]),
    report(ktapReporter, [HOSTILE]),
    report(junitReporter, [HOSTILE]),
    report(jsonlReporter, [HOSTILE]),
  ];
  for (const text of reports) {
    // deno-lint-ignore no-control-regex
    assertEquals(text.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/), null);
    assert(!text.split("\n").some((line) => /^\s*ok 9 forged/.test(line)));
  }
  assertStringIncludes(reports[0]!, "\\e[2J");
});

Deno.test("reporting leaves the verdicts as they are", () => {
  const before = clone(ALL);
  for (const make of [terminalReporter, junitReporter, ktapReporter, jsonlReporter]) report(make, ALL);
  assertEquals(ALL, before);
});

/** Returns what a consumer that knows only TAP thinks of a report. */
async function proves(text: string): Promise<boolean> {
  const path = await Deno.makeTempFile({ suffix: ".tap" });
  try {
    await Deno.writeTextFile(path, text);
    return (await new Deno.Command("prove", { args: ["-e", "cat", path], stdout: "null", stderr: "null" }).output())
      .success;
  } finally {
    await Deno.remove(path);
  }
}

const hasProve = await new Deno.Command("prove", { args: ["--version"], stdout: "null" }).output().then(
  ({ success }) => success,
  () => false,
);

Deno.test("every report tells the story of the exit status: no pass is a failure in each of them", async () => {
  const [agrees, unsupported, waived] = [ALL[0]!, ALL[5]!, ALL[6]!];
  const other = (verdict: SequenceVerdict) => ({ ...verdict, suite: "pcs" });
  const left = { suite: "pcs", sequence: "unbind", reason: "the board lacks pcs" };
  const cases: [what: string, verdicts: SequenceVerdict[], end: RunEnd | undefined, exit: number, left?: LeftOut[]][] =
    [
      ["all agree", [agrees, waived], undefined, 0],
      ["a part of a suite is unsupported", [agrees, unsupported], undefined, 0],
      ["what the board cannot do is left out", [agrees], undefined, 0, [left]],
      ["all is unsupported", [unsupported, { ...unsupported, sequence: "another" }], undefined, 3],
      ["a whole suite is unsupported", [agrees, other(unsupported)], undefined, 3],
      ["all is left out", [], undefined, 3, [left]],
      ["nothing was run", [], undefined, 3],
      ["stopped when all had agreed", [agrees], { exit: 130, reason: "stopped by SIGINT" }, 130],
      ["a suite is wrong", [], { exit: 2, reason: "trap > x fails on the model of 6.12" }, 2],
      ["one diverges", ALL, undefined, 1],
    ];
  for (const [what, verdicts, end, exit, leftOut = []] of cases) {
    const text = (make: (write: Write) => Reporter) => {
      let text = "";
      const reporter = make((piece) => text += piece);
      reporter.begin(HEADER);
      for (const one of leftOut) reporter.leftOut?.(one);
      for (const one of verdicts) reporter.sequence(one);
      reporter.end(summarise(verdicts), end);
      return text;
    };
    const junit = new DOMParser({ onError: onErrorStopParsing }).parseFromString(text(junitReporter), "text/xml");
    const root = junit.documentElement!;
    const wrong = Number(root.getAttribute("failures")) + Number(root.getAttribute("errors"));
    const elements = ["failure", "error"].reduce((sum, name) => sum + junit.getElementsByTagName(name).length, 0);
    assertEquals([wrong > 0, elements], [exit !== 0, wrong], `${what}: JUnit`);
    const ktap = text(ktapReporter);
    const failing = parseKtap(ktap).filter((line) => line.startsWith("not ok"));
    assertEquals(failing.length > 0, exit !== 0, `${what}: KTAP\n${ktap}`);
    if (hasProve) assertEquals(await proves(ktap), exit === 0, `${what}: prove\n${ktap}`);
    assertEquals(JSON.parse(text(jsonlReporter).trimEnd().split("\n").at(-1)!).exit, exit, `${what}: JSON Lines`);
    if (leftOut.length > 0) {
      for (const make of [junitReporter, ktapReporter, jsonlReporter]) assertStringIncludes(text(make), left.reason);
    }
  }
});

Deno.test("every report states that another kernel's model judged", () => {
  const eraNote = "kernel 6.18.3 judged by the model of 6.12 (nearest; never run)";
  for (const make of [terminalReporter, junitReporter, ktapReporter, jsonlReporter]) {
    let text = "";
    const reporter = make((piece) => text += piece);
    reporter.begin({ ...HEADER, kernel: "6.18.3", eraNote });
    reporter.sequence(ALL[0]!);
    reporter.end(summarise([ALL[0]!]));
    assertStringIncludes(text, eraNote, make.name);
  }
});

Deno.test("no report repeats the facts of the board, which are in its trace", async () => {
  const facts = await loadFacts(new URL("../../boards/examples/connectx-7-ssh.facts.json", import.meta.url).pathname);
  for (const make of [terminalReporter, junitReporter, ktapReporter, jsonlReporter]) {
    let text = "";
    const reporter = make((piece) => text += piece);
    reporter.begin({ ...HEADER, facts });
    reporter.sequence(ALL[0]!);
    reporter.end(summarise([ALL[0]!]));
    assertEquals(/facts|enable_roce/.test(text), false, text);
  }
});

Deno.test("each report has the contradictions between the facts and the model, a line each, made safe", () => {
  const contradictions = ['trap "a": the board has it', `region "${EVIL}": the model has it`];
  for (const make of [terminalReporter, jsonlReporter, junitReporter, ktapReporter]) {
    let text = "";
    const reporter = make((piece: string) => text += piece);
    reporter.begin({ ...HEADER, contradictions });
    reporter.sequence(ALL[0]!);
    reporter.end(summarise([ALL[0]!]));
    const plain = text.replaceAll("&quot;", '"').replaceAll('\\"', '"');
    assertStringIncludes(plain, 'trap "a": the board has it', make.name);
    assertStringIncludes(plain, 'region "', make.name);
    assertEquals(text.includes("\u001b[2J") || text.includes("\nok 9 forged"), false, text);
  }
});
