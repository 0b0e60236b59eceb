/** `twinlink boards probe` on a board that is a real sh on a real line. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NIC, nicFile, withNic } from "../bench/fake_nic.ts";
import { FaultBoard, whyNoBoards } from "../bench/fault_board.ts";
import { run } from "./child.ts";

const ignore = await whyNoBoards() !== undefined;

Deno.test(
  "boards probe: what a board is, which sequences it can judge, what it lacks and may lose",
  { ignore },
  async () => {
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

    // A handle that does not exist: lists the existing instances, and nothing can be judged.
    const away = await run(["boards", "probe", await nicFile(board, "pci/0000:0a:00.0"), "--json"]);
    assertEquals([away.code, away.stderr], [3, ""]);
    const probe = JSON.parse(away.stdout);
    assertEquals([probe.found, probe.instances], [false, [
      { handle: NIC, driver: "mlx5_core" },
      { handle: "pci/0000:03:00.1", driver: "" },
    ]]);
    // devlink was called only with commands that show, and to test if it reads commands from a file.
    const asked = (await Deno.readTextFile(`${board.dir}/asked`)).split("\n").filter((line) => line !== "");
    assertEquals(asked.filter((line) => !/\b(show|info|monitor)\b|^-V$|^-j -f -b -$/.test(line)), []);
  },
);

Deno.test(
  "doctor --connect: what is missing here, and what boards probe prints of each board",
  { ignore },
  async () => {
    await using board = await FaultBoard.open();
    await withNic(board);
    const file = await nicFile(board);
    const probed = await run(["boards", "probe", file]);
    const { code, stdout, stderr } = await run(["doctor", "--connect", file]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^found {4}connection +over serial, Linux \S+, devlink utility, iproute2-7.3.0$/m);
    assertStringIncludes(stdout, `\nNothing is missing.\n\n${probed.stdout}`);
    const lines = (await run(["doctor", "--connect", file, "--json"])).stdout.trim().split("\n");
    assertEquals(JSON.parse(lines.at(-1)!).handle, NIC);

    // A board that cannot be used counts as missing; without --connect the boards are not contacted.
    await Deno.remove(`${board.dir}/bin/devlink`);
    const unfit = await run(["doctor", "--connect", file]);
    assertEquals(unfit.code, 3, unfit.stderr);
    assertMatch(
      unfit.stdout,
      /^MISSING {2}connection +Cannot use board "nic": devlink of iproute2 is not on the board$/m,
    );
    assertMatch(unfit.stdout, /\n1 thing is missing\.\n$/);
    assertEquals((await run(["doctor", file])).code, 0);
    const none = await run(["doctor", "--connect"]);
    assertEquals([none.code, none.stdout], [2, ""]);
    assertStringIncludes(none.stderr, "Option --connect needs a board: doctor --connect BOARD");
  },
);
