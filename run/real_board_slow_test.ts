/** A board that is a real sh on a real line: without netdevsim and with a kernel outside the eras, and with a NIC. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NIC, nicFile, withNic } from "../bench/fake_nic.ts";
import { FaultBoard, whyNoBoards } from "../bench/fault_board.ts";
import { run } from "../cli/child.ts";
import { ERA_IDS } from "../model/mod.ts";

/** Writes a tool of the board. */
async function tool(board: FaultBoard, name: string, script: string): Promise<void> {
  const path = `${board.dir}/bin/${name}`;
  await Deno.remove(path).catch(() => {});
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const ignore = await whyNoBoards() !== undefined;

Deno.test("a kernel without netdevsim: unsupported by what the agent found; the nearest era is named everywhere", {
  ignore,
}, async () => {
  await using board = await FaultBoard.open();
  await tool(board, "devlink", `[ "$1" != -V ] || echo "devlink utility, iproute2-7.3.0"`);
  await tool(board, "ip", ":");
  await tool(board, "uname", `[ "$1" = -r ] && echo 6.18.3 || exec /bin/uname "$@"`);
  const out = `${board.dir}/out`;
  const file = `${board.dir}/nic.toml`;
  await Deno.writeTextFile(
    file,
    `name = "nic"\ndescription = "x"\nrunner = "remote"\ndriver = "mlx5_core"\nhandle = "pci/0000:03:00.0"\n` +
      `[serial]\npath = "${board.address}"\n`,
  );
  const { code, stdout, stderr } = await run(["run", "netdevsim_trap", "--board", file, "--out", out]);
  assertEquals(code, 3, `${stdout}${stderr}`);
  assertMatch(stdout, /6 sequences: 6 unsupported: not all of it could be judged, so this is no pass/);
  assertStringIncludes(stdout, "the sequence needs netdevsim, which the agent did not find on the board");
  const note = "kernel 6.18.3 judged by the model of 6.12 (nearest; never run)";
  const files = ["junit.xml", "results.ktap", "verdicts.jsonl", "trace-nic-serial.jsonl"];
  for (const text of [stdout, ...await Promise.all(files.map((name) => Deno.readTextFile(`${out}/${name}`)))]) {
    assertStringIncludes(text, note);
  }
  assertMatch(await Deno.readTextFile(`${out}/junit.xml`), /errors="1"/);
  assertMatch(await Deno.readTextFile(`${out}/results.ktap`), /^not ok 1 netdevsim_trap/m);

  // Sequences of any driver need the facts of the board.
  const unread = await run(["run", "trap", "--board", file]);
  assertEquals(unread.code, 3, unread.stderr);
  assertStringIncludes(unread.stdout, "the sequence needs the facts of the board's own device");

  const all = await run(["run", "--board", file]);
  assertEquals(all.code, 3, all.stderr);
  assertMatch(all.stdout, /left out .*: needs netdevsim, which the agent did not/);
  assertMatch(all.stdout, /^0 sequences: none: not all of it could be judged/m);

  // Older than the oldest era, newer than the newest era, and a text that is not a release.
  for (
    const [release, said] of [
      ["5.4.210", "kernel 5.4.210 judged by the model of 5.10 (nearest; never run)"],
      ["99.0.0-rc1", `kernel 99.0.0-rc1 judged by the model of ${ERA_IDS.at(-1)} (nearest; never run)`],
      ["vendor", `its kernel "vendor" has no release number; set era in the board's file`],
    ] as const
  ) {
    await tool(board, "uname", `[ "$1" = -r ] && echo ${release} || exec /bin/uname "$@"`);
    const { code, stdout, stderr } = await run(["run", "lifecycle", "--board", file, "--reporter", "junit"]);
    assertEquals(code, 3, stderr);
    assertStringIncludes(stderr, said);
    assertStringIncludes(stdout, said.replaceAll('"', "&quot;"));
  }
});

Deno.test(
  "a run whose plan names another device of the board ends with status 2, in one line",
  { ignore },
  async () => {
    await using board = await FaultBoard.open();
    await withNic(board);
    const file = await nicFile(board);
    const suite = `${board.dir}/one.ts`;
    await Deno.writeTextFile(
      suite,
      `import { hardware, suite } from "@twinlink/twinlink";
export default suite("one", { fixture: hardware("mlx5") }, ({ sequence }) => {
  sequence("step", { source: "x" }, async (dut) => {
    await dut.dev.show();
    dut.netdev("lo").show().either();
  });
});
`,
    );
    const board2 = (await Deno.readTextFile(file)).replace("[serial]", 'capabilities = ["mlx5"]\n[serial]');
    await Deno.writeTextFile(file, board2);
    const { code, stdout, stderr } = await run(["run", suite, "--board", file]);
    const lines = stderr.split("\n").filter((line) => line.startsWith("twinlink: "));
    assertEquals([code, lines], [2, [
      `twinlink: Cannot run "one > step" on board "nic": step 2 names netdev lo, and the board's handle is ${NIC}`,
    ]], `${stdout}${stderr}`);
    const asked = await Deno.readTextFile(`${board.dir}/asked`);
    assertEquals(asked.includes(`dev show ${NIC}`), false, asked);
  },
);

Deno.test(
  "a sequence that goes further than the board's file allows is unsupported, and not pushed",
  { ignore },
  async () => {
    await using board = await FaultBoard.open();
    await withNic(board);
    const suite = `${board.dir}/one.ts`;
    await Deno.writeTextFile(
      suite,
      `import { hardware, suite } from "@twinlink/twinlink";
export default suite("one", { fixture: hardware("mlx5") }, ({ sequence }) => {
  sequence("by its author", { source: "x", disruption: "power" }, async (dut) => {
    await dut.dev.show();
  });
  sequence("by its steps", { source: "x" }, async (dut) => {
    dut.reload().either();
  });
});
`,
    );
    const told = async (more: string) => {
      await Deno.writeTextFile(`${board.dir}/asked`, "");
      const { code, stdout, stderr } = await run(["run", suite, "--board", await nicFile(board, NIC, more)]);
      const asked = await Deno.readTextFile(`${board.dir}/asked`);
      return {
        code,
        stdout,
        stderr,
        pushed: [`dev show ${NIC}`, `dev reload ${NIC}`].map((one) => asked.includes(one)),
      };
    };
    const own = await told('capabilities = ["mlx5", "reload"]\n');
    assertEquals([own.code === 2, own.pushed], [false, [false, true]], own.stderr);
    assertStringIncludes(own.stdout, `needs disruption = "power" in the board's file (it may need a power cycle)`);
    const less = await told('capabilities = ["mlx5", "reload"]\ndisruption = "link"\n');
    assertEquals([less.code, less.pushed], [3, [false, false]], less.stderr);
    assertMatch(less.stdout, /step 1 \(devlink dev reload pci\/\S+\) needs disruption = "resets" in the board's file/);
    const all = await told('capabilities = ["mlx5", "reload"]\ndisruption = "power"\n');
    assertEquals(all.pushed, [true, true], all.stdout + all.stderr);
    const described = await run(["boards", "describe", await nicFile(board, NIC, 'disruption = "link"\n')]);
    assertMatch(described.stdout, /^may do {4}up to link: a sequence that takes the link down$/m);
  },
);
