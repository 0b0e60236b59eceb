/** `twinlink shell` as its user meets it: scripts, JSON, a terminal. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, run } from "./child.ts";
import { call } from "./in_process.ts";

const folder = await Deno.makeTempDir({ prefix: "twinlink-shell-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const SCRIPT = `uname -r
echo '10 1' > /sys/bus/netdevsim/new_device
for i in 1 2
do
  devlink dev reload netdevsim/netdevsim10
done
devlink -js dev show
devlink trap set netdevsim/netdevsim10 trap nosuch action drop
`;

Deno.test("a script: what its commands print, and the exit status of the last one", async () => {
  const path = `${folder}/script.sh`;
  await Deno.writeTextFile(path, SCRIPT);
  const { code, stdout, stderr } = await run(["shell", "--era", "6.12", path]);
  assertEquals(code, 1);
  const [release, shown] = stdout.split("\n");
  assertMatch(release!, /^6\.12\./);
  assertEquals(
    shown,
    '{"dev":{"netdevsim/netdevsim10":{"stats":{"reload":{"driver_reinit":{"unspecified":2}},' +
      '"remote_reload":{"driver_reinit":{"unspecified":0},"fw_activate":{"unspecified":0,"no_reset":0}}}}}}',
  );
  assertEquals(stderr, "Error: Device did not register this trap.\nkernel answers: No such file or directory\n");
});

Deno.test("--json: a line for each command line, with what was told and logged in it", async () => {
  const path = `${folder}/json.sh`;
  await Deno.writeTextFile(path, `${SCRIPT}echo abc > /sys/bus/netdevsim/new_device; exit 3\necho never\n`);
  const { code, stdout, stderr } = await call(["shell", "--era", "6.1", "--json", path]);
  assertEquals([code, stderr], [3, ""]);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ rc }) => rc), [0, 0, 0, 0, 1, 3]);
  for (const line of lines) {
    assertEquals(Object.keys(line).sort(), ["command", "gaps", "kmsg", "notify", "rc", "stderr", "stdout"]);
  }
  assertEquals(lines[2].command, "for i in 1 2\ndo\n  devlink dev reload netdevsim/netdevsim10\ndone");
  assert(lines[2].notify.init.length > 40);
  assertEquals(lines[5].kmsg, ['Format for adding new device is "id port_count num_queues" (uint uint unit).']);
});

Deno.test("what is not modelled: a message of twinlink's own, status 125, gaps in --json, whatever follows it", async () => {
  const path = `${folder}/gaps.sh`;
  await Deno.writeTextFile(path, "ip rule add from 10.0.0.1 table 5 2>/dev/null || true\necho done\n");
  const { code, stdout, stderr } = await call(["shell", "--era", "6.12", path]);
  assertEquals([code, stdout, stderr], [125, "done\n", "twinlink: not modelled: ip rule add: rules of routing\n"]);
  const json = await call(["shell", "--era", "6.12", "--json", path]);
  const lines = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(json.code, 125);
  assertEquals(lines.map(({ rc, gaps }) => [rc, gaps]), [[0, ["not modelled: ip rule add: rules of routing"]], [
    0,
    [],
  ]]);
});

Deno.test("wrong usage is one line, exit 2", async () => {
  for (
    const [args, pattern] of [
      [["--era", "4.4"], /"4\.4", but must be one of 5\.10/],
      [["--iproute2", "new"], /"new", but must be a version/],
      [["--seed", "x"], /"x", but must be a number/],
      [["a", "b"], /one script at most/],
      [[`${folder}/nosuch.sh`], /^twinlink: Cannot read script/],
    ] as const
  ) {
    const { code, stdout, stderr } = await call(["shell", ...args]);
    assertEquals([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
    assertMatch(stderr, pattern);
  }
});

Deno.test("on a terminal: a prompt, completion, history, a command over several lines, Ctrl-C, Ctrl-D", async () => {
  const { spawn } = await import("node-pty");
  const root = fromFileUrl(new URL("../", import.meta.url));
  const args = [
    "run",
    "--quiet",
    "--allow-all",
    "--config",
    `${root}deno.json`,
    `${root}cli/main.ts`,
    "shell",
    "--era",
    "7.2",
  ];
  const terminal = (spawn as (file: string, args: string[], options: object) => {
    write(text: string): void;
    onData(take: (text: string) => void): unknown;
    onExit(take: (event: { exitCode: number }) => void): unknown;
  })(Deno.execPath(), args, { cols: 200, rows: 40, env: { ...Deno.env.toObject(), TERM: "xterm" } });
  let seen = "";
  let wake = () => {};
  terminal.onData((text) => {
    seen += text;
    wake();
  });
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  const until = async (text: string) => {
    while (!seen.includes(text)) await new Promise<void>((resolve) => wake = resolve);
    const before = seen.slice(0, seen.indexOf(text) + text.length);
    seen = seen.slice(before.length);
    return before;
  };
  await until("7.2:/# ");
  terminal.write("echo '10 1' > /sys/bus/netdevsim/new_device\r");
  await until("7.2:/# ");
  terminal.write("devlink trap gr\t");
  await until("devlink trap group");
  terminal.write(" show | head -1\r");
  assertStringIncludes(await until("7.2:/# "), "netdevsim/netdevsim10:");
  // Up: the last command once more
  terminal.write("\x1b[A");
  await until("head -1");
  terminal.write("\r");
  assertStringIncludes(await until("7.2:/# "), "netdevsim/netdevsim10:");
  terminal.write("for i in a b\r");
  await until("> ");
  terminal.write("do echo $i$i; done\r");
  assertStringIncludes(await until("7.2:/# "), "aa\r\nbb");
  terminal.write("half a comm\x03");
  await until("7.2:/# ");
  // Ctrl-C draws the prompt several times: the one that counts comes after what the command prints
  terminal.write("i=b; echo a$i; false\r");
  await until("ab\r\n");
  await until("7.2:/# ");
  terminal.write("\x04");
  assertEquals(await ended, 1, seen);
});

Deno.test("a regular expression that would be tried in countless ways has its answer", async () => {
  const path = `${folder}/expressions.sh`;
  const line = `${"a".repeat(60)}b`;
  await Deno.writeTextFile(
    path,
    `echo ${line} | grep -cE '^(a+)+$'
echo ${line} | grep -ciE '^(A+)+$'
echo ${line} | sed 's/^\\(a*\\)*$/x/' | wc -c
case ${line} in *a*a*a*a*a*a*a*a*a*a*a*a*c) echo yes ;; *) echo no ;; esac
`,
  );
  const { stdout, stderr } = await run(["shell", path]);
  assertEquals([stdout, stderr], ["0\n0\n62\nno\n", ""]);
});
