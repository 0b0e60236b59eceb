/** `twinlink boards facts` on a board that is a real sh on a real line. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NIC, nicFile, withNic } from "../bench/fake_nic.ts";
import { FaultBoard, whyNoBoards } from "../bench/fault_board.ts";
import { loadBoard, parseFacts } from "../boards/mod.ts";
import { ownEnvironment } from "../fixtures/testing.ts";
import { leaseBoard } from "../run/lease.ts";
import { run } from "./child.ts";
import { call } from "./in_process.ts";

const ignore = await whyNoBoards() !== undefined;

Deno.test("boards facts: as text, and complete as JSON", { ignore }, async () => {
  await using board = await FaultBoard.open();
  await withNic(
    board,
    `  "-j dev param show") printf '%s\\n' '{"param":{"${NIC}":[{"name":"x\\u001b[2J","type":"generic","values":[]}]}}' ;;
  "-jn health show") printf '%s\\n' '{"health":{"${NIC}":[{"reporter":"fw\\u001b[2J","state":"healthy"}]}}' ;;`,
  );
  const file = await nicFile(board);
  const shown = await run(["boards", "facts", file]);
  assertEquals([shown.code, shown.stderr], [0, ""]);
  for (
    const line of [
      "handle     pci/0000:03:00.0",
      "driver     mlx5_core",
      "versions   running: fw 16.35",
      "reload     driver_reinit",
      "ports      1  p0 (up), type eth, physical",
      "reporters  fw\\e[2J  healthy",
      "devlink resource show: EOPNOTSUPP",
    ]
  ) assertStringIncludes(shown.stdout, line);
  assertEquals(shown.stdout.includes("\u001b"), false);

  const whole = await call(["boards", "facts", file, "--json"]);
  assertEquals([whole.code, whole.stdout.includes("\u001b"), whole.stdout.trim().includes("\n")], [0, false, false]);
  const facts = parseFacts(whole.stdout, "stdout");
  assertEquals([facts.handle, facts.ports[0]?.netdev, facts.reporters[0]?.name], [NIC, "p0", "fw\u001b[2J"]);
});

Deno.test("boards facts: exit status 3 if the board cannot be read, 2 for wrong usage", { ignore }, async () => {
  await using board = await FaultBoard.open();
  await withNic(board);
  const file = await nicFile(board, "pci/0000:0a:00.0");
  const absent = await call(["boards", "facts", file]);
  assertEquals([absent.code, absent.stdout], [3, ""]);
  assertMatch(
    absent.stderr,
    /^twinlink: Cannot read the facts of board "nic": it has no devlink instance pci\/0000:0a:00\.0; it has pci\/0000:03:00\.0 \(mlx5_core\), pci\/0000:03:00\.1$/m,
  );

  {
    using _ = ownEnvironment({ XDG_STATE_HOME: `${board.dir}/state` });
    await using _lease = await leaseBoard(await loadBoard(file), { doing: "a test" });
    const used = await call(["boards", "facts", file]);
    assertEquals(used.code, 3, used.stderr);
    assertMatch(used.stderr, /^twinlink: Cannot use board "nic": .* \(a test, process \d+\) since .* has it; --wait/m);
    const raced = await call(["race", "reload", "reload", "--board", file]);
    assertEquals([raced.code, raced.stdout], [3, ""]);
    assertMatch(raced.stderr, /^twinlink: Cannot use board "nic": .* \(a test, process \d+\) since .* has it/m);
  }

  const model = await call(["boards", "facts", "model"]);
  assertEquals(model.code, 2);
  assertMatch(model.stderr, /^twinlink: Cannot read the facts of board "model": its file names no handle$/m);
  const recording = await call(["boards", "facts", "recording-6.12"]);
  assertEquals(recording.code, 3);
  assertMatch(recording.stderr, /^twinlink: .*: the recording has none$/m);
  for (
    const args of [["facts"], ["facts", "a", "b"], ["list", "--wait"], ["describe", "model", "--transport", "ssh"]]
  ) {
    assertEquals((await call(["boards", ...args])).code, 2, args.join(" "));
  }
});
