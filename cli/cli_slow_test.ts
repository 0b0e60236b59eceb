/** The command's output and exit status, in a process of its own if that makes a difference. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertOneLine, Files, model, waiver } from "./_cli_files.ts";
import { ended, fromFileUrl, run, start } from "./child.ts";
import { call } from "./in_process.ts";
import { COMMANDS } from "./subcommands.ts";

const files = new Files();
const { folder } = files;
const file = (name: string, text: string) => files.write(name, text);
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

const remote = (name: string) =>
  `name = "${name}"\ndescription = "x"\nrunner = "remote"\ndriver = "netdevsim"\nhandle = "netdevsim/netdevsim10"\n`;

const overSsh = (name: string, port: number) =>
  `${remote(name)}[ssh]\nhost = "127.0.0.1"\nport = ${port}\nuser = "root"\n`;

Deno.test("help: every command has one, with its options", async () => {
  const overview = await run(["--help"]);
  assertEquals(overview, await call(["help"]));
  assertEquals([overview.code, overview.stderr], [0, ""]);
  for (const [name, summary] of Object.entries(COMMANDS)) {
    assertMatch(overview.stdout, new RegExp(`^  ${name} +${RegExp.escape(summary)}$`, "m"));
    const own = await call([name, "--help"]);
    assertEquals([own.code, own.stderr], [0, ""]);
    assert(own.stdout.startsWith(`twinlink ${name}: ${summary}\n\nUsage: twinlink ${name} `), own.stdout);
    assertStringIncludes(own.stdout, "--help");
    assertEquals(await call(["help", name]), own);
    for (const line of own.stdout.split("\n")) assert(line.length <= 120, line);
  }
});

Deno.test("version: the version in deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(fromFileUrl(new URL("../deno.json", import.meta.url))));
  assertStringIncludes((await call(["--version"])).stdout, `twinlink ${version} `);
});

Deno.test("usage: each mistake is one line with a hint, exit 2", async () => {
  const missing = `${folder}/missing`;
  const cases: [string[], RegExp][] = [
    [["rnu"], /Unknown command "rnu"; did you mean "run"\?/],
    [["help", "chekc"], /did you mean "check"\?/],
    [["--hlep"], /Unknown option "--hlep"; did you mean "--help"\?/],
    [["-C", missing, "boards"], /Cannot work in ".*missing"/],
    // As in the task of a project.
    [["-C", Deno.cwd(), "-C", missing, "boards"], /Cannot work in ".*missing"/],
    [["run", "--baord", "model"], /Unknown option "--baord" of run; did you mean "--board"\?/],
    [["run", "-z"], /Unknown option "-z" of run/],
    [["run"], /No board is named: add --board BOARD/],
    [["run", "--board"], /Option --board needs a value: BOARD/],
    [["run", "--board", "modle"], /Cannot find board "modle".*did you mean "model"\?/],
    [["run", "--board", "model", "--reporter", "ktab"], /--reporter is "ktab".*did you mean "ktap"\?/],
    [["run", "--board", "model", "--out", "a", "--out", "b"], /Option --out is given 2 times/],
    [["run", "--board", "model", "--transport", "seriel"], /did you mean "serial"\?/],
    [["run", "--board", "model", "--filter", "no name of any"], /--filter "no name of any" leaves no sequence to run/],
    [["run", "--board", "model", "--reporter", "nipa"], /Cannot report to NIPA: no branch is named; set NIPA_BRANCH/],
    [["run", "--board", "model", "--json", "--reporter", "ktap"], /--json and --reporter ktap exclude each other/],
    [["run", "--board", "model", "--module", missing], /Cannot use module ".*": there is no such file/],
    [["run", "relaod", "--board", "model"], /Cannot find suite "relaod".*did you mean "reload"\?/],
    [["run", `${missing}.ts`, "--board", "model"], /Cannot load suite ".*missing.ts": there is no such file/],
    [["run", "--board", "\x1b[2J"], /Cannot find board "\\e\[2J"/],
    [["record", "--board", "model"], /No file is named: add --out FILE/],
    [["record", "--board", "model", "--out", "x.txt"], /must end in .jsonl/],
    [["check"], /No trace is named/],
    [["report"], /No run is named/],
    [["report", folder], /Cannot report on ".*": there is no trace-/],
    [["trace"], /No trace is named/],
    [["trace", missing], /Cannot read trace ".*missing": there is no such file/],
    [["check", missing], /Cannot read trace ".*missing": there is no such file/],
    [["boards", "descirbe", "model"], /did you mean "describe"\?/],
    [["boards", "describe"], /Wrong number of arguments/],
    [["doctor", "qemu-6.2"], /Cannot find board "qemu-6.2"/],
  ];
  for (const [i, [args, pattern]] of cases.entries()) {
    const ran = await call(args);
    assertEquals(ran.code, 2, `${args.join(" ")}: ${ran.stderr}`);
    assertOneLine(ran, 2, pattern);
    if (i === 0) assertEquals(await run(args), ran, "as a process");
  }
});

Deno.test("no arguments: the overview on standard error, exit 2", async () => {
  const { code, stdout, stderr } = await call([]);
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, "Usage: twinlink");
});

Deno.test("boards: list, describe and check", async () => {
  const list = await run(["boards"]);
  assertStringIncludes(list.stdout, "qemu-6.12");
  const json = await call(["boards", "--json"]);
  assertEquals(json.stdout.trim().split("\n").map((line) => JSON.parse(line).name)[0], "model");
  assertStringIncludes((await call(["boards", "describe", "qemu-6.1"])).stdout, "Debian's kernel 6.1");
  const good = await file("good.toml", model("mine"));
  assertStringIncludes((await call(["boards", "check", good])).stdout, 'board "mine" is fine');
});

Deno.test("a board file with an unknown key: file, line, key and what was meant, exit 2", async () => {
  const path = await file("key.toml", `${model("mine")}descriptoin = "x"\n`);
  for (const args of [["boards", "check", path], ["run", "--board", path]]) {
    assertOneLine(await call(args), 2, /key\.toml:6: descriptoin is no key of a board; did you mean "description"\?/);
  }
});

Deno.test("a board that cannot be reached: one line, exit 3, and no report passes", async () => {
  // A port without a listener: it was just closed.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const path = await file("away.toml", overSsh("away", port));
  const out = `${folder}/away`;
  const { code, stdout, stderr } = await run(["run", "lifecycle", "--board", path, "--out", out]);
  assertEquals(code, 3, stderr);
  assertMatch(stderr, /^away over ssh: not judged: .*refused/im);
  assertEquals(stderr.trim().split("\n").length, 1, stderr);
  assertMatch(stdout, /12 sequences: 12 not judged: not all of it could be judged, so this is no pass/);
  const verdicts = (await Deno.readTextFile(`${out}/verdicts.jsonl`)).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(verdicts.filter(({ verdict }) => verdict === "infra").length, 12);
  assertStringIncludes(await Deno.readTextFile(`${out}/junit.xml`), 'errors="12"');
  assertEquals((await Deno.readTextFile(`${out}/results.ktap`)).match(/^ {2}not ok/gm)?.length, 12);
});

Deno.test("--json: every line is JSON, the last one the numbers", async () => {
  const { code, stdout } = await run(["run", "trap", "--board", "model", "--json"]);
  assertEquals(code, 0);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines[0].twinlink, "report");
  assertEquals(lines.at(-1).type, "summary");
  assertEquals(lines.filter(({ type }) => type === "sequence").length, lines.at(-1).sequences.agree);
});

Deno.test("check gives the model the hardware of the trace", async () => {
  const board = await file(
    "mac.toml",
    'name = "mac"\ndescription = "the model of a MAC"\nrunner = "model"\ndriver = "stmmac"\nera = "6.12"\n' +
      'capabilities = ["stmmac_sgmii", "emulated"]\n',
  );
  const out = `${folder}/mac`;
  const ran = await run(["run", "phy", "--board", board, "--filter", "sgmii: the driver comes back", "--out", out]);
  assertEquals(ran.code, 0, ran.stderr);
  const { code, stdout } = await call(["check", `${out}/trace-mac-model.jsonl`]);
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "1 sequence: 1 agree");
});

Deno.test("--out: traces and reports, whole; check judges the trace, and a divergence is exit 1", async () => {
  const out = `${folder}/out`;
  const ran = await run(["run", "trap", "--board", "model", "--out", out, "--reporter", "junit"]);
  assertEquals(ran.code, 0, ran.stderr);
  assertMatch(ran.stdout, /^<\?xml .*<\/testsuites>\n?$/s);
  const names = [...Deno.readDirSync(out)].map(({ name }) => name).toSorted();
  assertEquals(
    names,
    ["junit.xml", "report.html", "results.ktap", "run.json", "trace-model-model.jsonl", "verdicts.jsonl"],
  );
  const trace = `${out}/trace-model-model.jsonl`;
  assertEquals((await call(["check", trace])).code, 0);

  const text = await Deno.readTextFile(trace);
  const changed = await file("changed.jsonl", text.replace('"rate":', '"rate":1'));
  const diverges = await call(["check", changed]);
  assertEquals(diverges.code, 1);
  assertMatch(diverges.stdout, /^diverge /m);
  assertStringIncludes(diverges.stdout, "the boards do not do what the model predicts");

  // Checks the page of the run, the page of the changed trace, and a second page of the run's folder.
  assertStringIncludes(await Deno.readTextFile(`${out}/report.html`), "<h1>Everything that was judged agrees</h1>");
  const checked = await call(["check", changed, "--out", `${folder}/checked`, "--reporter", "dots"]);
  assertEquals(checked.code, 1);
  assertMatch(await Deno.readTextFile(`${folder}/checked/report.html`), /<h1>The board does something else/);
  assertOneLine(await call(["check", trace, "--out", out]), 2, /has the reports of a run; see "twinlink report"/);
  await Deno.remove(`${out}/report.html`);
  assertEquals((await call(["report", out])).code, 0);
  assertMatch(await Deno.readTextFile(`${out}/report.html`), /<pre id="again">twinlink run trap /);
  await Deno.writeTextFile(trace, await Deno.readTextFile(changed));
  assertEquals((await call(["report", out])).code, 1);
  assertMatch(await Deno.readTextFile(`${out}/report.html`), /<h1>The board does something else/);
  await Deno.writeTextFile(trace, text);

  const cut = await file("cut.jsonl", text.slice(0, text.lastIndexOf('{"type":"end"')));
  const short = await call(["check", cut]);
  assertEquals(short.code, 3);
  assertStringIncludes(short.stderr, "cut short");

  // Each report gives the same result: the read sequences agree, and the file is not a pass.
  const junit = await call(["check", cut, "--reporter", "junit"]);
  assertEquals(junit.code, 3);
  assertMatch(junit.stdout, /<testsuites [^>]*errors="1"/);
  assertMatch((await call(["check", cut, "--reporter", "ktap"])).stdout, /^not ok \d+ trace/m);
  assertEquals(JSON.parse((await call(["check", cut, "--json"])).stdout.trim().split("\n").at(-1)!).exit, 3);

  const header = text.slice(0, text.indexOf("\n") + 1);
  const empty = await file("empty.jsonl", `${header}{"type":"end","sequences":0}\n`);
  for (
    const [paths, reporter, wrong] of [
      [[empty], "junit", /<error type="not-judged" message="nothing was run/],
      [[empty], "ktap", /^not ok 1 twinlink/m],
      [[trace, empty], "ktap", /^not ok \d+ twinlink/m],
      [[trace, empty], "jsonl", /"type":"run".*"exit":3/],
    ] as const
  ) {
    const { code, stdout } = await call(["check", ...paths, "--reporter", reporter]);
    assertEquals(code, 3);
    assertMatch(stdout, wrong);
  }

  const no = await file("no.jsonl", "hello\n");
  assertOneLine(await call(["check", no]), 2, /no\.jsonl": line 1: is not JSON/);
});

Deno.test("record: a compressed trace that check agrees with", async () => {
  const trace = `${folder}/deep/model.jsonl.gz`;
  assertEquals((await run(["record", "lifecycle", "--board", "model", "--out", trace])).code, 0);
  const { code, stdout } = await call(["check", "--reporter", "dots", trace]);
  assertEquals(code, 0);
  assertMatch(stdout, /^\.{11}\n/);
});

Deno.test("Ctrl-C: the first one tears down, exit 130, and nothing is left", async () => {
  // A board that never answers: a serial line is not needed, an ssh client that waits for its jump host is enough.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const path = await file("silent.toml", overSsh("silent", port));
  for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const child = start(["run", "trap", "--board", path]);
    const end = ended(child);
    const early = end.then(({ stderr }) => {
      throw new Error(`it ended by itself: ${stderr}`);
    });
    const connection = await Promise.race([listener.accept(), early]);
    early.catch(() => {});
    child.kill(signal);
    const { code, stderr } = await end;
    assertEquals(code, status, stderr);
    assertStringIncludes(stderr, `${signal}: stopping`);
    // The client is gone: its end of the connection is closed.
    const rest = await connection.readable.getReader().read().catch(() => ({ done: true }));
    if (!rest.done) assert(new TextDecoder().decode((rest as { value: Uint8Array }).value).startsWith("SSH-"));
    connection.close();
  }
  listener.close();
});

Deno.test("doctor: lists what exists, what is missing, and the command that fixes it", async () => {
  const path = await file(
    "serial.toml",
    `${remote("rack")}[serial]\npath = "${folder}/ttyNone"\n` +
      `[serial.login]\nuser = "root"\npassword_env = "TWINLINK_NO_SUCH_PASSWORD"\n`,
  );
  const { code, stdout } = await call(["doctor", path]);
  assertEquals(code, 3);
  assertMatch(stdout, /MISSING {2}serial port .*there is no .*ttyNone/);
  assertMatch(stdout, /MISSING {2}serial password .*is not set/);
  assertStringIncludes(stdout, "2 things are missing. To fix it:");

  const there = await file("there.toml", `${remote("rack")}[serial]\npath = "/dev/ptmx"\n`);
  assertMatch((await call(["doctor", there])).stdout, /^found {4}serial port {2}\/dev\/ptmx$/m);
});

Deno.test("a file that is not a module, a folder without sources: one line before any download, exit 2", async () => {
  const path = await file("notes.ko", "no module");
  const dir = path.replace(/\/[^/]*$/, "/empty");
  await Deno.mkdir(dir, { recursive: true });
  const env = { TWINLINK_CACHE: `${dir}/cache` };
  const sources = await file(
    "board.toml",
    `name = "x"\ndescription = "d"\ndriver = "netdevsim"\nhandle = "netdevsim/netdevsim10"\nrunner = "qemu"\n[qemu]\nkernel = "6.12"\npcs_source = "${dir}"\n`,
  );
  const cases: [string[], RegExp][] = [
    [["--board", "qemu-6.12", "--module", path], /Cannot use module ".*notes\.ko": it is not a kernel module/],
    [
      ["--board", "qemu-6.12", "--module-source", dir],
      /Cannot build a module from ".*empty": it has no Makefile or Kbuild/,
    ],
    [["--board", sources], /Cannot build a module from ".*empty": it has no Makefile or Kbuild/],
  ];
  for (const [args, pattern] of cases) {
    const ran = await run(["run", "reload", ...args], { env });
    assertEquals([ran.code, ran.stderr.trim().split("\n").length], [2, 1], ran.stderr);
    assertMatch(ran.stderr, pattern);
  }
  assertEquals([...Deno.readDirSync(dir)], []);
});

Deno.test("a cache that is not a folder: not judged, with a summary, exit 3", async () => {
  const env = { TWINLINK_CACHE: await file("cache-file", "") };
  const { code, stdout, stderr } = await run(["run", "reload", "--board", "qemu-6.12"], { env });
  assertEquals(code, 3, stderr);
  assertMatch(
    stderr,
    /qemu-6\.12 over ssh: not judged: Cannot boot board "qemu-6\.12": Not a directory \(os error 20\)/,
  );
  assertStringIncludes(stdout, "6 sequences: 6 not judged");
});

Deno.test("boards check: reports a waiver that names no sequence, with its line, exit 2", async () => {
  const path = await file(
    "waivers.toml",
    model("mine") + waiver("trap", "the inventory") + waiver("trap", "the inventry") + waiver("tarp", "the inventory") +
      waiver("stale", "no such one"),
  );
  const { code, stdout, stderr } = await call(["boards", "check", path]);
  assertEquals([code, stdout], [2, ""]);
  const lines = stderr.trim().split("\n");
  assertEquals(lines.length, 3, stderr);
  assertMatch(
    lines[0]!,
    /waivers\.toml:14: waivers\[1\]\.sequence is "the inventry", but suite "trap" has no sequence of/,
  );
  assertMatch(lines[0]!, /did you mean "the inventory"\?$/);
  assertMatch(lines[1]!, /waivers\.toml:19: waivers\[2\]\.suite is "tarp", but no suite of .*; did you mean "trap"\?$/);
  assertMatch(lines[2]!, /waivers\.toml:26: waivers\[3\]\.sequence is "no such one", but suite "stale" has/);
});

Deno.test("boards check: the boards and examples that ship are valid", async () => {
  const folders = ["../boards/", "../boards/examples/"].map((name) => fromFileUrl(new URL(name, import.meta.url)));
  const files = folders.flatMap((path) =>
    [...Deno.readDirSync(path)].filter(({ name }) => name.endsWith(".toml")).map(({ name }) => `${path}${name}`)
  );
  assert(files.length > 15);
  const { code, stderr } = await call(["boards", "check", ...files]);
  assertEquals([code, stderr], [0, ""]);
});
