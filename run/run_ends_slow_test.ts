/** Every early end of a run: an exit status that is never 0, and files and a summary that agree with each other. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ended, run, start } from "../cli/child.ts";

const folder = await Deno.makeTempDir({ prefix: "twinlink-ends-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
let folders = 0;
const newFolder = () => `${folder}/${++folders}`;

/** Returns a board whose ssh client waits for an answer for ever. */
async function silentBoard(): Promise<{ path: string; reached: Promise<Deno.Conn>; close: () => void }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const path = `${folder}/silent-${port}.toml`;
  await Deno.writeTextFile(
    path,
    `name = "silent"\ndescription = "x"\nrunner = "remote"\ndriver = "netdevsim"\nhandle = "netdevsim/netdevsim10"\n` +
      `[ssh]\nhost = "127.0.0.1"\nport = ${port}\nuser = "root"\n`,
  );
  return { path, reached: listener.accept(), close: () => listener.close() };
}

/** Returns the numbers of passed and other tests, for each report file of a run. */
async function countsOf(out: string): Promise<Record<string, [passed: number, not: number]>> {
  const junit = await Deno.readTextFile(`${out}/junit.xml`);
  const attribute = (name: string) => Number(new RegExp(`<testsuites [^>]*\\b${name}="(\\d+)"`).exec(junit)![1]);
  const skipped = junit.match(/<skipped /g)?.length ?? 0;
  const wrong = attribute("errors") + attribute("failures");
  const ktap = await Deno.readTextFile(`${out}/results.ktap`);
  const lines = (await Deno.readTextFile(`${out}/verdicts.jsonl`)).trim().split("\n").map((line) => JSON.parse(line));
  const sequences = lines.filter(({ type }) => type === "sequence");
  const agree = sequences.filter(({ verdict }) => verdict === "agree").length;
  return {
    "junit.xml": [attribute("tests") - wrong - skipped, wrong],
    "results.ktap": [ktap.match(/^ {2}ok (?!.*# SKIP)/gm)?.length ?? 0, ktap.match(/^ {2}not ok/gm)?.length ?? 0],
    "verdicts.jsonl": [agree, sequences.length - agree],
  };
}

async function lastLine(out: string): Promise<{ exit: number; reason?: string }> {
  return JSON.parse((await Deno.readTextFile(`${out}/verdicts.jsonl`)).trim().split("\n").at(-1)!);
}

function assertAll<T>(counts: Record<string, T>, expected: T): void {
  for (const [file, count] of Object.entries(counts)) assertEquals(count, expected, file);
}

Deno.test("a signal: partial files and a partial report list what was not run, and no test of it passes", async () => {
  for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    for (const jobs of ["1", "2"]) {
      const silent = await silentBoard();
      const out = newFolder();
      // With --jobs 2, the second board has no report yet.
      const names = jobs === "1" ? ["model", silent.path] : [silent.path, "model"];
      const boards = names.flatMap((name) => ["--board", name]);
      const child = start(["run", "lifecycle", ...boards, "--jobs", jobs, "--out", out, "--reporter", "junit"]);
      const end = ended(child);
      using connection = await Promise.race([
        silent.reached,
        end.then(({ stderr }): never => {
          throw new Error(`it ended by itself: ${stderr}`);
        }),
      ]);
      assert(connection);
      while (await Deno.stat(`${out}/trace-model-model.jsonl`).then(() => false, () => true)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      child.kill(signal);
      const { code, stdout, stderr } = await end;
      silent.close();
      assertEquals(code, status, stderr);
      // On the model all 11 were run; on the silent board none of the 12. Its kernel, which decides how many apply, is unknown.
      assertAll(await countsOf(out), [11, 12]);
      assertEquals(await lastLine(out).then(({ exit, reason }) => [exit, reason]), [status, `stopped by ${signal}`]);
      assertEquals(stdout, await Deno.readTextFile(`${out}/junit.xml`));
      assertMatch(stderr, new RegExp(`silent over ssh: not run 12 of lifecycle: stopped by ${signal}`));
      assertMatch(
        stderr,
        new RegExp(`23 sequences: 11 agree, 12 not judged: stopped by ${signal}, so this is no pass`),
      );
      assertStringIncludes(stderr, `Written: `);
    }
  }
});

Deno.test("a stopped run is not finished: resume lists it, and resumes it", async () => {
  const silent = await silentBoard();
  const state = newFolder();
  const child = start(["run", "lifecycle", "--board", silent.path], { env: { XDG_STATE_HOME: state } });
  const end = ended(child);
  using _ = await silent.reached;
  child.kill("SIGTERM");
  assertEquals((await end).code, 143);
  silent.close();
  const { stderr } = await run(["resume"], { env: { XDG_STATE_HOME: state } });
  assertMatch(stderr, /unfinished are\n.*\/twinlink\/runs\//);
});

Deno.test("a run that begins in the folder of an earlier run removes the earlier files", async () => {
  const out = newFolder();
  assertEquals((await run(["run", "lifecycle", "--board", "model", "--out", out])).code, 0);
  const silent = await silentBoard();
  const child = start(["run", "lifecycle", "--board", silent.path, "--out", out]);
  const end = ended(child);
  using _ = await silent.reached;
  child.kill("SIGKILL");
  await end;
  silent.close();
  const left = [...Deno.readDirSync(out)].map(({ name }) => name).filter((name) =>
    /^(junit|results|verdicts)/.test(name)
  );
  assertEquals(left, []);
});

Deno.test("if the reader of standard output ends, the files are still written, and are not a pass", async () => {
  const out = newFolder();
  const script = '"$@" | head -c 10; exit "${PIPESTATUS[0]}"';
  // More output than a pipe holds: the write waits until the reader has ended.
  const args = ["run", "trap", "lifecycle", "--board", "model", "--json", "--out", out];
  const { code, stderr } = await run(args, { under: ["bash", "-c", script, "bash"] });
  assertEquals(code, 141, stderr);
  assert(!stderr.includes("bug"), stderr);
  assertEquals((await lastLine(out)).exit, 141);
  assertMatch(await Deno.readTextFile(`${out}/junit.xml`), /<error /);
});

const suiteOf = (body: string) =>
  `import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("mine", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("one", { source: "x" }, async (dut) => void await dut.reload());
  sequence("two", { source: "x" }, async (dut) => {
    ${body}
  });
});\n`;

Deno.test("a suite that fails on the model of one board: exit 2, and the files report this for each board", async () => {
  const [path, old, other] = [`${folder}/mine.ts`, `${folder}/old.toml`, `${folder}/other.toml`];
  const toml = (name: string, era: string) =>
    `name = "${name}"\ndescription = "x"\nrunner = "model"\nera = "${era}"\ndriver = "netdevsim"\n`;
  // 5.10 has no rates.
  await Deno.writeTextFile(path, suiteOf(`await dut.rate.list();`));
  await Deno.writeTextFile(old, toml("old", "5.10"));
  await Deno.writeTextFile(other, toml("other", "6.1"));
  const out = newFolder();
  const boards = ["model", old, other].flatMap((board) => ["--board", board]);
  const { code, stdout, stderr } = await run(["run", path, ...boards, "--out", out]);
  assertEquals(code, 2, stderr);
  assertMatch(stderr, /^twinlink: .*mine > two fails on the model of 5\.10/m);
  assertAll(await countsOf(out), [2, 4]);
  assertEquals((await lastLine(out)).exit, 2);
  assertMatch(
    stdout,
    /6 sequences: 2 agree, 4 not judged: .*mine > two fails on the model of 5\.10.*, so this is no pass/,
  );
});

Deno.test("without a suite a board runs what it can judge, and the rest is reported with its reason", async () => {
  const out = newFolder();
  const ran = await run(["run", "--board", "recording-6.12", "--out", out]);
  assertEquals(ran.code, 0, ran.stderr);
  assertMatch(ran.stdout, /recording-6\.12 over recording: left out .*\b58 of pcs: the recording does not hold it/);
  const [, run612] = /^(\d+) sequences: \1 agree: everything that was judged agrees$/m.exec(ran.stdout)!;
  assertAll(await countsOf(out), [Number(run612), 0]);
  assertMatch(
    await Deno.readTextFile(`${out}/junit.xml`),
    /<skipped message="left out: the recording does not hold it"/,
  );
  assertMatch(await Deno.readTextFile(`${out}/results.ktap`), /^ok \d+ pcs # SKIP unsupported: left out$/m);

  const both = await run(["run", "--board", "recording-6.12", "--board", "recording-5.10"]);
  assertEquals(both.code, 0, both.stderr);
  assertMatch(both.stdout, /recording-5\.10 over recording: left out .*\b58 of pcs/);
});

Deno.test("a named suite that cannot be judged is not a pass, even if other suites agree", async () => {
  const out = newFolder();
  assertEquals((await run(["run", "trap", "pcs", "--board", "recording-6.12"])).code, 3);
  assertEquals((await run(["run", "--board", "recording-6.12", "--filter", "pcs >"])).code, 3, "nothing is left");
  // A board whose file states that it has no policers, and one to which no sequence of a suite applies.
  const board = `${folder}/bare.toml`;
  await Deno.writeTextFile(
    board,
    `name = "bare"\ndescription = "x"\nrunner = "model"\nera = "6.12"\ndriver = "netdevsim"\n` +
      `capabilities = ["netdevsim", "reload", "debugfs", "traps", "netns"]\n`,
  );
  const named = await run(["run", "trap", "region", "pcs", "--board", board, "--out", out]);
  assertEquals(named.code, 3, named.stderr);
  assertMatch(named.stdout, /bare over model: nothing was judged of region, pcs/);
  assertMatch(
    await Deno.readTextFile(`${out}/junit.xml`),
    /<error type="not-judged" message="nothing was judged of region, pcs/,
  );
  assertMatch(await Deno.readTextFile(`${out}/results.ktap`), /^not ok 3 pcs # ERROR/m);
  assertEquals((await run(["run", "--board", board])).code, 0);
  // With --skip-unsupported the suite is left out and reported; a run of nothing at all is not a pass
  const kept = newFolder();
  const left = await run(["run", "trap", "region", "pcs", "--board", board, "--skip-unsupported", "--out", kept]);
  assertEquals(left.code, 0, left.stderr);
  assertEquals((await run(["resume", kept])).code, 0, "the journal has the option");
  assertMatch(left.stdout, /bare over model: left out 1 of region: needs regions, which the board lacks/);
  assertEquals((await run(["run", "region", "--board", board, "--skip-unsupported"])).code, 3, "nothing is left");
  // A suite without a sequence for this kernel
  const later = `${folder}/later.ts`;
  const holds = `source: "x", holds: { in: () => false, because: "it is of tomorrow" }`;
  await Deno.writeTextFile(later, suiteOf("").replaceAll(`source: "x"`, holds));
  const nothing = await run(["run", "lifecycle", later, "--board", "model"]);
  assertEquals(nothing.code, 3, nothing.stderr);
  assertMatch(nothing.stdout, /it has no meaning on kernels of 6\.12: it is of tomorrow/);
});

Deno.test("an unhandled error ends a run: never exit 0, and the files are no pass", async () => {
  const path = `${folder}/late.ts`;
  // The error comes while the run waits for the other board.
  await Deno.writeTextFile(path, suiteOf(`setTimeout(() => void Promise.reject(new Error("late")), 50);`));
  const silent = await silentBoard();
  const out = newFolder();
  const args = ["run", path, "--board", "model", "--board", silent.path, "--out", out];
  // The run may end before it reaches the silent board.
  const reached = silent.reached.then((connection) => connection, () => undefined);
  const { code, stderr } = await run(args);
  silent.close();
  (await reached)?.close();
  assert(code !== 0 && code !== 1, stderr);
  assertStringIncludes(stderr, "late");
  assertEquals((await lastLine(out)).exit, code);
  for (const [passed, wrong] of Object.values(await countsOf(out))) assert(passed + wrong === 4 && wrong >= 2);
});
