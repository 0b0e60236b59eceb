/** `twinlink shell` as its user meets it: scripts, JSON, a terminal. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "./child.ts";
import { call } from "./in_process.ts";
import { startOnTerminal } from "./on_terminal.ts";

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

Deno.test("--json: a line for each command line, with what was reported and logged in it", async () => {
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
  await using terminal = startOnTerminal(["shell", "--era", "7.2"], { TERM: "xterm" });
  const until = terminal.see;
  const PROMPT = "7.2:/# ";
  await until(PROMPT);
  terminal.type("echo '10 1' > /sys/bus/netdevsim/new_device\r");
  await until(PROMPT);
  terminal.type("devlink trap gr\t");
  await until("devlink trap group");
  terminal.type(" show | head -1\r");
  await until("netdevsim/netdevsim10:");
  await until(PROMPT);
  // Up: the last command once more
  terminal.type("\x1b[A");
  await until("head -1");
  terminal.type("\r");
  await until("netdevsim/netdevsim10:");
  await until(PROMPT);
  terminal.type("for i in a b\r");
  await until("> ");
  terminal.type("do echo $i$i; done\r");
  await until("aa\r\nbb");
  await until(PROMPT);
  terminal.type("half a comm\x03");
  await until(PROMPT);
  // Ctrl-C draws the prompt several times: the one that counts comes after what the command prints
  terminal.type("i=b; echo a$i; false\r");
  await until("ab\r\n");
  await until(PROMPT);
  terminal.type("\x04");
  assertEquals(await terminal.exited, 1, terminal.shown);
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
