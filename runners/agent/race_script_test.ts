import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Operation } from "../../model/mod.ts";
import { RACE_OPERATIONS } from "../../suites/race/race_operations.ts";
import { raceLines } from "./race_script.ts";

const op = (...racers: Operation[][]): Operation<"race"> => ({
  kind: "race",
  racers: racers.map((operations) => ({ operations })),
  runs: 3,
  seed: 7,
  before: [{ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" }],
  after: [{ kind: "netns.del", name: "t1" }],
  shown: [{ kind: "dev.show" }, { kind: "trap.show" }],
});

Deno.test("every named operation can be raced on a board, in lines that a shell can parse", async () => {
  const all = Object.values(RACE_OPERATIONS) as Operation[];
  const script = all.map((one) => raceLines(1, 30, op([one], [one, one])).join("\n")).join("\n");
  for (const shell of ["sh", "bash"]) {
    const child = new Deno.Command(shell, { args: ["-n"], stdin: "piped", stderr: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(script));
    await writer.close();
    const { success, stderr } = await child.output();
    assert(success, new TextDecoder().decode(stderr));
  }
});

Deno.test("a racer uses a server of devlink(8) if that behaves like a process, and writes files by itself", () => {
  const lines = raceLines(4, 30, op([RACE_OPERATIONS.reload], [RACE_OPERATIONS.del_device]));
  const racer = (i: number) => lines.find((line) => line.startsWith(`TL_RACER_${i}=`))!;
  assertStringIncludes(racer(1), "tl_serve -j");
  assertStringIncludes(racer(1), "tl_ask dev reload netdevsim/netdevsim10");
  assertStringIncludes(racer(2), "tl_file /sys/bus/netdevsim/del_device 10");
  assertEquals(racer(2).includes("tl_serve"), false);
  assertStringIncludes(lines.join("\n"), "tl_step 4 30 tl_race 2 3 7 20");
  // A dump of all objects needs a process of its own if the racer also has commands that name a handle
  const mixed = raceLines(1, 30, op([RACE_OPERATIONS.reload, RACE_OPERATIONS.port_show])).join("\n");
  assertStringIncludes(mixed, "tl_run devlink -j port show");
});

Deno.test("the words of a race are quoted, also within quoted text", () => {
  const odd: Operation = { kind: "file.write", path: "/sys/x; reboot", value: "it's $(reboot)" };
  const [, , racer] = raceLines(1, 30, op([odd]));
  const written = racer!.slice("TL_RACER_1='".length, -1).replaceAll(`'\\''`, "'");
  assertStringIncludes(written, `tl_file '/sys/x; reboot' 'it'\\''s $(reboot)'`);
});

Deno.test("a race with too many racers is refused", () => {
  const one = [RACE_OPERATIONS.reload];
  assertThrows(() => raceLines(1, 30, op(one, one, one, one)), TypeError, "Cannot race 4 at a time");
});

Deno.test("counters of a board's own device are not compared", () => {
  const strip = (own: Partial<Operation<"race">>) =>
    raceLines(1, 30, { ...op([RACE_OPERATIONS.reload]), ...own }).find((line) => line.startsWith("TL_STRIP="))!;
  assertStringIncludes(strip({ own: "pci/0000:08:00.0" }), '"unspecified":0');
  assertEquals(strip({}).includes("unspecified"), false);
});
