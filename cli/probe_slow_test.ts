/** `twinlink boards probe` on a board that is a real sh on a real line. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NIC, nicFile, withNic } from "../bench/fake_nic.ts";
import { FaultBoard, whyNoBoards } from "../bench/fault_board.ts";
import { run } from "./child.ts";

const ignore = await whyNoBoards() !== undefined;

Deno.test("boards probe: what a board is, can be judged by, lacks and may lose", { ignore }, async () => {
  await using board = await FaultBoard.open();
  await withNic(board);
  const { code, stdout, stderr } = await run(["boards", "probe", await nicFile(board)]);
  assertEquals([code, stderr], [0, ""]);
  for (
    const line of [
      "board      nic, over serial",
      `handle     ${NIC}`,
      "others     pci/0000:03:00.1",
      "driver     mlx5_core: modelled (mlx5)",
      "versions   running: fw 16.35",
    ]
  ) assertStringIncludes(stdout, line);
  assertMatch(stdout, /^judged {5}\d+ sequences of \d+/m);
  assertMatch(stdout, /^lacks {6} *\d+ {2}needs netdevsim, which /m);
  assertMatch(stdout, /^missing {4}.*listener, races: not found on the board$/m);
  assertMatch(stdout, /not known is .*the serial line/);

  // A handle that is not there: what is there, and nothing that can be judged.
  const away = await run(["boards", "probe", await nicFile(board, "pci/0000:0a:00.0"), "--json"]);
  assertEquals([away.code, away.stderr], [3, ""]);
  const probe = JSON.parse(away.stdout);
  assertEquals([probe.found, probe.instances], [false, [
    { handle: NIC, driver: "mlx5_core" },
    { handle: "pci/0000:03:00.1", driver: "" },
  ]]);
  // Nothing but what shows was asked of devlink, and if it takes commands from a file.
  const asked = (await Deno.readTextFile(`${board.dir}/asked`)).split("\n").filter((line) => line !== "");
  assertEquals(asked.filter((line) => !/\b(show|info|monitor)\b|^-V$|^-j -f -b -$/.test(line)), []);
});
