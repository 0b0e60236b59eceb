/** `twinlink race`: on the model, and on a kernel in QEMU. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run } from "./child.ts";
import { call } from "./in_process.ts";

const NSIM = "netdevsim/netdevsim10";

Deno.test("race: the outcomes of two operations, each with a schedule that leads to it", async () => {
  const { code, stdout } = await run(["race", `devlink dev reload ${NSIM}`, "del_device"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^6\.12: \d+ schedules, all that can differ; [\d,]+ a second$/m);
  assertMatch(stdout, /^ {2}ok \| ok: \d+ of them, \d+ different outcomes, for example [a-z\d]+$/m);
  const [, schedule] = stdout.match(/^ {2}ENODEV \| ok: .* for example (\w+)$/m) ?? [];
  assert(schedule, stdout);
  const replayed = await call(["race", "reload", "del_device", "--replay", schedule]);
  assertEquals(replayed.code, 0);
  assertStringIncludes(replayed.stdout, "ends");
  const longer = await call(["race", "reload", "del_device", "--replay", `${schedule}b`]);
  assertEquals([longer.code, longer.stdout], [2, ""]);
  assertMatch(longer.stderr, /Cannot replay "\w+": all threads have ended or wait at step \d+/);
});

Deno.test("race: a deadlock is exit 1, with the shortest schedule and who waits for whom", async () => {
  const { code, stdout } = await call(["race", "reload", "break_health", "--era", "6.12"]);
  assertEquals(code, 1);
  assertMatch(stdout, /^deadlock: .* waits for .*, held by .*$/m);
  assertMatch(stdout, /^ {2}schedule \w+, 1 preemptions$/m);
  assertStringIncludes(stdout, "WAITS for");
  const other = await call(["race", "reload", "break_health", "--era", "5.10", "--json"]);
  const { era, exhausted, outcomes } = JSON.parse(other.stdout);
  assertEquals([other.code, era, exhausted, outcomes.length > 0], [0, "5.10", true, true]);
});

Deno.test("race: errors are printed in a line, exit 2", async () => {
  const cases: [string[], RegExp][] = [
    [["race", "reload"], /A race needs two operations at least/],
    [["race", "reload", "del_devise"], /Unknown operation "del_devise".*del_device/],
    [["race", "reload", "rm -rf /"], /Cannot race "rm -rf \/": it is not a command/],
    [["race", "reload", "reload", "--runs", "10"], /Option --runs is of a board: say which with --board/],
    [["race", "reload", "reload", "--board", "qemu-6.12", "--era", "6.1"], /Option --era is of the model/],
    [["race", "reload", "reload", "--board", "model"], /Cannot race on board "model": it runs nothing/],
    [["race", "reload", "reload", "--board", "qemu-6.12", "--runs", "0"], /Option --runs is "0"/],
    [["race", "reload", "reload", "--replay", "a1!"], /schedule/i],
    [["race", "reload", "del_device", "--board", "qemu-connectx-6.12"], /Unknown operation "del_device"/],
    [["race", "reload", "reload", "--regime", "none"], /Unknown regime "none"/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await call(args);
    assertEquals([code, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
    assertMatch(stderr, message);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
  }
});

Deno.test("race: a suite is run, on the boards that are named", async () => {
  const { code, stdout } = await run(["race", "stale", "--board", "model"]);
  assertEquals([code, /^3 sequences: 3 agree/m.test(stdout)], [0, true], stdout);
  const wrong = await call(["race", "race", "--board", "model", "--regime", "instance"]);
  assertEquals([wrong.code, wrong.stderr], [2, "twinlink: Option --regime is not of a suite\n"]);
});

Deno.test("race: schedules that were not run are no pass", async () => {
  const { code, stderr } = await call(["race", "reload", "del_device", "--schedules", "1"]);
  assertEquals(code, 3, stderr);
  assertStringIncludes(stderr, "Not all schedules that can differ were run, so this is no pass");
});

Deno.test("race: each driver has names of its own", async () => {
  const namesOf = async (...board: string[]) => {
    const { code, stdout } = await call(["race", "--names", ...board]);
    assertEquals(code, 0);
    return stdout.split("\n").map((line) => line.split(" ")[0]!);
  };
  const any = await namesOf();
  const mlx5 = await namesOf("--board", "qemu-connectx-6.12");
  assert(any.includes("del_device") && any.includes("unbind"));
  assert(mlx5.includes("reload_netns") && mlx5.includes("unbind") && !mlx5.includes("del_device"));
});
