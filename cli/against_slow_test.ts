/** `--against`: compares with an earlier recording instead of the model. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { shippedTrace } from "../tools/agreement.ts";
import { call } from "./in_process.ts";

const SPECTRUM = shippedTrace("6.12-spectrum");
const CONNECTX = shippedTrace("6.12-connectx");
const verdicts = (stdout: string) =>
  stdout.trim().split("\n").map((line) => JSON.parse(line)).filter(({ type }) => type === "sequence");

Deno.test("run --against a trace: a recording agrees with itself, and the report names the trace", async () => {
  const { code, stdout } = await call(["run", "trap", "-b", "recording-spectrum-6.12", "--against", SPECTRUM]);
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, `against ${SPECTRUM} (qemu-spectrum-6.12, Linux 6.12`);
  assertMatch(stdout, /everything that was judged agrees with .*6.12-spectrum/);
});

Deno.test("run --against a recording board: sequences that the board can no longer run, and sequences that the trace lacks, are reported", async () => {
  const args = ["run", "trap", "-b", "recording-connectx-6.12", "--against", "recording-spectrum-6.12"];
  const { code, stdout } = await call([...args, "--json"]);
  assertEquals(code, 1);
  const gone = verdicts(stdout).filter(({ reason }) => reason?.startsWith("recording-spectrum-6.12 holds it, and now"));
  assertEquals(gone.length > 0 && gone.every(({ verdict }) => verdict === "diverge"), true);
  const named = ["run", "reload_contract", "-b", "recording-connectx-6.12", "--against", "recording-spectrum-6.12"];
  const lacking = await call([...named, "-f", "a bool that waits"]);
  assertEquals(lacking.code, 3, lacking.stdout);
  assertStringIncludes(lacking.stdout, "not in recording-spectrum-6.12: the sequence");
  const all = await call(["run", ...named.slice(2), "-f", "a bool that waits"]);
  assertEquals(all.code, 3, all.stdout);
  assertMatch(all.stdout, /left out 1 of reload_contract, .*: not in recording-spectrum-6.12: the sequence/);
});

Deno.test("check --against: judged as an unknown driver, with no gap left", async () => {
  const args = ["check", SPECTRUM, "--against", SPECTRUM, "-r", "dots"];
  const { code, stdout } = await call(args);
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /everything that was judged agrees with/);
});

Deno.test("report: a run is compared again with the same recording", async () => {
  const out = await Deno.makeTempDir();
  try {
    const board = `${out}/card.toml`;
    await Deno.writeTextFile(
      board,
      `name = "card"\ndescription = "x"\nrunner = "recording"\nhandle = "pci/0000:01:00.0"\ndriver = "generic"\n` +
        `[recording]\ntrace = ${JSON.stringify(CONNECTX)}\n`,
    );
    // The model alone has gaps on a driver that nobody modelled
    const judged = ["reload", "--board", board, "--skip-unsupported"];
    const alone = await call(["run", ...judged]);
    assertEquals(alone.code, 3, alone.stdout);
    const run = await call(["run", ...judged, "--against", CONNECTX, "--out", `${out}/run`]);
    assertEquals(run.code, 0, run.stdout);
    const report = await call(["report", `${out}/run`]);
    assertEquals(report.code, 0, report.stdout);
    assertMatch(report.stdout, /everything that was judged agrees with .*6.12-connectx/);
    const page = await Deno.readTextFile(`${out}/run/report.html`);
    assertStringIncludes(page, `against ${CONNECTX} (qemu-connectx-6.12, Linux 6.12`);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("--against takes a trace or a recording board, and each error is one line", async () => {
  const against = async (what: string, ...command: string[]) => {
    const { code, stderr } = await call([...command, "--against", what]);
    assertEquals(code, 2);
    return stderr;
  };
  const run = ["run", "-b", "recording-spectrum-6.12"];
  assertMatch(await against("./none.jsonl", ...run), /Cannot read trace ".*none.jsonl": there is no such file/);
  assertMatch(
    await against("qemu-6.12", "check", SPECTRUM),
    /it is no recording; record it first: twinlink record --board qemu-6.12/,
  );
  assertMatch(await against("recording-6.99", ...run), /Cannot find board "recording-6.99".*did you mean/);
});

Deno.test("run --against a board: the board is recorded first, and its trace is saved for later judging", async () => {
  const out = await Deno.makeTempDir();
  try {
    const args = ["run", "trap", "-b", "model", "--against", "model", "--out", `${out}/run`, "-f", "trap"];
    const { code, stdout, stderr } = await call(args);
    assertEquals(code, 0, stdout + stderr);
    const path = `${out}/run/against-model.jsonl.gz`;
    assertMatch(
      stderr,
      /^model: is recorded first, to compare with\nmodel: \d+ sequences recorded in .*against-model.jsonl.gz$/m,
    );
    assertStringIncludes(stdout, `against ${path} (model`);
    assertMatch(stdout, /everything that was judged agrees with .*against-model/);
    const report = await call(["report", `${out}/run`]);
    assertEquals(report.code, 0, report.stdout + report.stderr);
    // The JSON output has only the run, and not the recording.
    const lines = (await call([...args, "--json"])).stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(
      lines.filter(({ type }) => type === "sequence").length,
      lines.filter(({ verdict }) => verdict === "agree").length,
    );

    // A board that differs from the other board: the model is not used.
    const older = `${out}/older.toml`;
    await Deno.writeTextFile(
      older,
      `name = "older"\ndescription = "x"\nrunner = "model"\nera = "5.10"\ndriver = "netdevsim"\n`,
    );
    const differs = await call([
      "run",
      "netdevsim_trap",
      "-b",
      "model",
      "--against",
      older,
      "--out",
      `${out}/differs`,
      "--json",
    ]);
    const judged = verdicts(differs.stdout).map(({ verdict }) => verdict);
    assertEquals([differs.code, judged.includes("diverge")], [1, true], differs.stdout + differs.stderr);

    const away = `${out}/away.toml`;
    await Deno.writeTextFile(
      away,
      `name = "away"\ndescription = "x"\nrunner = "remote"\ndriver = "netdevsim"\nhandle = "netdevsim/netdevsim10"\n` +
        `[serial]\npath = "/dev/none"\n`,
    );
    const gone = await call(["run", "trap", "-b", "model", "--against", away]);
    assertEquals([gone.code, gone.stdout], [3, ""], gone.stderr);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
