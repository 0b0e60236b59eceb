import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { compileAll } from "../sdk/compile.ts";
import { SuiteError } from "../sdk/suite.ts";
import { pathToFileURL } from "node:url";
import { fromFileUrl, run, start } from "../cli/child.ts";
import { openSuites } from "./suite_process.ts";

let folder = "";
Deno.test.beforeAll(async () => void (folder = await Deno.makeTempDir({ prefix: "twinlink-faults-" })));
Deno.test.afterAll(async () => await Deno.remove(folder, { recursive: true }));

/** A suite of two sequences: the body of the first begins in line 6, and `outside` is line 3. */
const suiteOf = (body: string, outside = "") =>
  `import { assertEquals } from "@std/assert";
import { netdevsim, suite } from "@twinlink/twinlink";
${outside}
export default suite("mine", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("one", { source: "x" }, async (dut) => {
    ${body}
  });
  sequence("two", { source: "x" }, async (dut) => {
    await dut.reload();
  });
});
export const used = assertEquals;
`;

let count = 0;
async function written(text: string): Promise<string> {
  const path = `${folder}/suite${count++}.ts`;
  await Deno.writeTextFile(path, text);
  return path;
}

const FAULTS: Readonly<Record<string, { body?: string; outside?: string; says: RegExp; timeout?: number }>> = {
  "a check that fails and that nothing awaits": {
    body: `const check = async () => assertEquals(1 as number, 2); check();`,
    says: /suite\d+\.ts:6:\d+: nothing awaits or catches what fails here: AssertionError: Values are not equal/,
  },
  "a step whose refusal nothing awaits, in a promise": {
    body: `(async () => { await dut.reload(); await dut.trap.get("nosuch"); })();`,
    says: /suite\d+\.ts:6:\d+: .*devlink -s trap show netdevsim\/netdevsim10 trap nosuch/,
  },
  "an error of a timer": {
    body: `setTimeout(() => { throw new Error("late"); }, 1);`,
    says: /suite\d+\.ts:6:\d+: nothing awaits or catches what fails here: Error: late/,
  },
  "a rejection while the file loads": {
    outside: `Promise.reject(new Error("early"));`,
    says: /suite\d+\.ts:3:\d+: nothing awaits or catches what fails here: Error: early/,
  },
  "Deno.exit(0) in a body": {
    body: `await dut.reload(); Deno.exit(0);`,
    says: /suite\d+\.ts:5:3: mine > one ended its process \(status 0\).*its last step was dev\.reload at .*:6:\d+/,
  },
  "process.exit(0) while the file loads": {
    outside: `import process from "node:process"; process.exit(0);`,
    says: /suite ".*suite\d+\.ts" ended its process \(status 0\)/,
  },
  "Deno.exit(0) in a timer, after the sequences": {
    body: `setTimeout(() => Deno.exit(0), 100);`,
    // On a slow machine a later sequence may be running when the process ends.
    says: /(a suite, after the last sequence,|suite\d+\.ts:8:3: mine > two) ended its process \(status 0\)/,
  },
  "a step in a timer, after its sequence": {
    body: `setTimeout(() => dut.reload(), 300);`,
    says: /suite\d+\.ts:6:\d+: mine > one: devlink dev reload .* is performed after the sequence has ended/,
  },
  "a step after its sequence whose error is swallowed": {
    body: `(async () => { for (let i = 0; i < 50; i++) await null; try { await dut.reload(); } catch { /**/ } })();`,
    says: /suite\d+\.ts:6:\d+: mine > one: devlink dev reload .* is performed after the sequence has ended/,
  },
  "a step of another sequence's device": {
    outside: `let kept: { reload(): PromiseLike<unknown> } | undefined;`,
    body:
      `if (kept === undefined) kept = dut; }); sequence("three", { source: "x" }, async () => { await kept!.reload();`,
    says: /suite\d+\.ts:6:\d+: mine > one: devlink dev reload .* is performed after the sequence has ended/,
  },
  "a loop without an end": {
    body: `await dut.reload(); for (;;);`,
    says: /suite\d+\.ts:5:3: mine > one did not end on the model within 3 s .*last step was dev\.reload at .*:6:\d+/,
    timeout: 3,
  },
  "a loop without an end, while the file loads": {
    outside: `for (;;);`,
    says: /suite ".*suite\d+\.ts" did not end on the model within 3 s/,
    timeout: 3,
  },
  "steps without an end": {
    body: `for (;;) await dut.dev.show();`,
    says: /suite\d+\.ts:6:\d+: mine > one fails on the model of 6\.12: it does not end: .* 20,000 steps/,
  },
  "a promise that is never resolved": {
    body: `await dut.reload(); await new Promise(() => {});`,
    says: /suite\d+\.ts:5:3: mine > one never ends: it awaits something that will not come.*dev\.reload at .*:6:\d+/,
  },
  "a file whose loading is never resolved": {
    outside: `await new Promise(() => {});`,
    says: /suite ".*suite\d+\.ts" ended its process \(status 1\).* or await at its top level what never comes/,
  },
  "more than the suites may do": {
    body: `await Deno.writeTextFile("/tmp/never-written", "x");`,
    says: /suite\d+\.ts:6:\d+: mine > one .*write/,
  },
  "an assertion that fails": {
    body: `await dut.reload(); assertEquals((await dut.trap.get("tail_drop")).action, "trap");`,
    says: /suite\d+\.ts:6:\d+: mine > one fails on the model of 6\.12: Values are not equal/,
  },
  "an error that is thrown": {
    body: `throw new RangeError("boom");`,
    says: /suite\d+\.ts:6:\d+: mine > one fails on the model of 6\.12: boom/,
  },
  "a value that is thrown and is no error": {
    body: `throw "text";`,
    says: /suite\d+\.ts:5:3: mine > one fails on the model of 6\.12: it throws text/,
  },
  "an unknown trap": {
    body: `await dut.trap.set("tail_dorp", { action: "trap" });`,
    says:
      /suite\d+\.ts:6:\d+: .*devlink trap set .* trap tail_dorp .*has no trap "tail_dorp"; did you mean "tail_drop"/,
  },
  "an unknown trap that nothing awaits": {
    body: `dut.trap.set("tail_dorp", { action: "trap" });`,
    says: /suite\d+\.ts:6:\d+: .*did you mean "tail_drop"\?: add \.fails\(\) or \.either\(\)/,
  },
  "an unknown param": {
    body: `await dut.param.get("max_mcas");`,
    says: /suite\d+\.ts:6:\d+: .*the device has no param "max_mcas"; did you mean "max_macs"/,
  },
  "an unknown health reporter": {
    body: `await dut.perform({ kind: "health.recover", handle: dut.handle, reporter: "dumy" });`,
    says: /suite\d+\.ts:6:\d+: .*the device has no health reporter "dumy"; did you mean "dummy"/,
  },
  "a word that devlink(8) does not take": {
    body: `await dut.trap.set("tail_drop", { action: "client" });`,
    says: /suite\d+\.ts:6:\d+: .*Unknown trap action "client"; there are drop, trap, mirror/,
  },
  "an expected refusal that does not come": {
    body: `dut.reload().fails();`,
    says: /suite\d+\.ts:6:\d+: .*devlink dev reload .* is expected to fail and succeeds/,
  },
};

/** Lists the sequences of a suite's file, and compiles them, as a run does. */
async function compiled(path: string, timeout?: number): Promise<void> {
  const [suite] = await openSuites([path], { check: false, timeout });
  await compileAll(suite!.sequences.map((sequence) => ({ suite: suite!, sequence })), "6.12");
}

for (const [fault, { body = "await dut.reload();", outside, says, timeout }] of Object.entries(FAULTS)) {
  Deno.test(`${fault} fails the suite, with its place`, async () => {
    const path = await written(suiteOf(body, outside));
    const { message } = await assertRejects(() => compiled(path, timeout), SuiteError);
    assertMatch(message, says);
    assert(!/\n {4}at /.test(message), message);
  });
}

/** The bodies of a suite by the value of `$DOES`: all are in one file, so that its types are checked once. */
const DOES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["a check that fails and that nothing awaits", "Deno.exit(0) in a body", "an unknown trap"]
      .map((fault) => [fault, FAULTS[fault]!.body!]),
  ),
  prints: `console.log("said"); await Deno.stdout.write(new TextEncoder().encode("written\\n")); await dut.reload();`,
  spins: `console.log("spinning"); for (;;);`,
};

/** Returns the command line of a run of that suite, and its environment. */
async function runOf(does: string, ...more: string[]): Promise<[string[], { env: Record<string, string> }]> {
  const path = `${folder}/suite000.ts`;
  const cases = Object.entries(DOES).map(([name, code]) => `if (does === ${JSON.stringify(name)}) { ${code} }`);
  const outside = `const does = Deno.env.get("DOES"); if (does === "prints") console.info("loaded");`;
  await Deno.writeTextFile(path, suiteOf(cases.join(" "), outside));
  return [["run", path, "--board", "model", ...more], { env: { DOES: does } }];
}

for (const fault of ["a check that fails and that nothing awaits", "Deno.exit(0) in a body", "an unknown trap"]) {
  Deno.test(`run: ${fault} is exit status 2, and no report passes`, async () => {
    const { code, stdout, stderr } = await run(...await runOf(fault));
    assertEquals(code, 2, stdout + stderr);
    assertMatch(stderr, FAULTS[fault]!.says);
    assert(!/bug of twinlink|\n {4}at /.test(stderr), stderr);
    assert(!stdout.includes("agrees"), stdout);
  });
}

Deno.test("every wrong sequence is reported, with its place", async () => {
  const wrong = [1, 2, 3].map((n) =>
    `}); sequence("n${n}", { source: "x" }, async (dut) => {\nawait dut.trap.get("no${n}");`
  );
  const path = await written(suiteOf(wrong.join("")));
  const { message } = await assertRejects(() => compiled(path), SuiteError);
  for (const n of [1, 2, 3]) assertMatch(message, new RegExp(`suite\\d+\\.ts:${6 + n}:\\d+: mine > n${n} .*"no${n}"`));
});

Deno.test("with --out a wrong suite leaves no report that passes", async () => {
  const out = `${folder}/out`;
  const fault = "a check that fails and that nothing awaits";
  const { code, stderr } = await run(...await runOf(fault, "--out", out, "--reporter", "junit"));
  assertEquals(code, 2, stderr);
  assertMatch(stderr, /suite\d+\.ts:6:\d+: nothing awaits/);
});

Deno.test("what a suite prints goes to standard error", async () => {
  const { code, stdout, stderr } = await run(...await runOf("prints", "--reporter", "junit"));
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^<\?xml/);
  for (const text of ["said", "written", "loaded"]) {
    assertStringIncludes(stderr, text);
    assert(!stdout.includes(text), stdout);
  }
});

for (const [name, status] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${name} ends a run whose suite never ends`, async () => {
    const child = start(...await runOf("spins"));
    let seen = "";
    const [watched, rest] = child.stderr.tee();
    try {
      for await (const text of watched.pipeThrough(new TextDecoderStream())) {
        if ((seen += text).includes("spinning")) break;
      }
      assertStringIncludes(seen, "spinning");
      child.kill(name);
      const { code } = await child.status;
      assertEquals(code, status);
    } finally {
      await Promise.all([rest.cancel(), child.stdout.cancel()]);
    }
  });
}

for (
  const fault of [
    "a check that fails and that nothing awaits",
    "Deno.exit(0) in a body",
    "a step in a timer, after its sequence",
  ]
) {
  Deno.test(`deno test: ${fault} fails the test, with its place`, async () => {
    const { body, says } = FAULTS[fault]!;
    const path = await written(suiteOf(body!));
    const tests = path.replace(/\.ts$/, "_test.ts");
    const sdk = JSON.stringify(new URL("../mod.ts", import.meta.url).href);
    await Deno.writeTextFile(
      tests,
      `import mine from ${
        JSON.stringify(pathToFileURL(path).href)
      };\nimport { testSuite } from ${sdk};\ntestSuite(mine);\n`,
    );
    const config = fromFileUrl(new URL("../deno.json", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--config", config, tests],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 1, text);
    assertMatch(text, says);
    assertMatch(text, /FAILED \| 1 passed \| 1 failed/);
  });
}
