/** `twinlink boards new`, then check and probe, on boards that are a real sh: on a real line, and reached by a real sshd. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NIC, withNic } from "../bench/fake_nic.ts";
import { FaultBoard, whyNoBoards } from "../bench/fault_board.ts";
import { loadBoard } from "../boards/mod.ts";
import { sshdOrReason, startSshd } from "../runners/lines/sshd.ts";
import { run } from "./child.ts";

const ignore = await whyNoBoards() !== undefined;

Deno.test("boards new: a board on a serial line gets a valid file, and can be probed at once", { ignore }, async () => {
  await using board = await FaultBoard.open();
  await withNic(board);
  const file = `${board.dir}/mine.toml`;
  const address = `serial:${board.path}@115200`;
  const several = await run(["boards", "new", address, "--out", file]);
  assertEquals([several.code, several.stdout], [2, ""]);
  assertMatch(
    several.stderr,
    /^twinlink: .* it has pci\/0000:03:00\.0 \(mlx5_core\), pci\/0000:03:00\.1; name one with/,
  );

  const made = await run(["boards", "new", address, "--out", file, "--handle", NIC, "--name", "mine"]);
  assertEquals([made.code, made.stderr], [0, `Next: twinlink boards probe ${file}\n`], made.stderr);
  assertStringIncludes(made.stdout, `${file}: mlx5_core at ${NIC}`);
  const { name, handle, driver, serial } = await loadBoard(file);
  assertEquals([name, handle, driver, serial?.path], ["mine", NIC, "mlx5_core", board.path]);
  const checked = await run(["boards", "check", file]);
  assertEquals([checked.code, checked.stderr], [0, ""]);
  const probed = await run(["boards", "probe", file, "--json"]);
  assertEquals([probed.code, probed.stderr], [0, ""]);
  const { found, model } = JSON.parse(probed.stdout);
  assertEquals([found, model], [true, "mlx5"]);

  const again = await run(["boards", "new", address, "--out", file, "--handle", NIC]);
  assertEquals(again.code, 2);
  assertMatch(again.stderr, /there is such a file/);
});

const found = await sshdOrReason();

Deno.test("boards new: a board that a real sshd serves", { ignore: ignore || !found.sshd }, async () => {
  await using board = await FaultBoard.open();
  await withNic(board);
  const enter = `${board.dir}/enter`;
  await Deno.writeTextFile(enter, `exec ${board.inside(`exec sh -c "$SSH_ORIGINAL_COMMAND"`)}\n`);
  await using sshd = await startSshd(found, `ForceCommand sh ${enter}`);
  // Stands in for a user's ~/.ssh/config.
  const bin = `${board.dir}/host`;
  await Deno.mkdir(bin);
  const own = `-i ${sshd.identityFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${sshd.knownHostsFile}`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "command -v ssh"] }).output();
  const program = new TextDecoder().decode(stdout).trim();
  await Deno.writeTextFile(`${bin}/ssh`, `#!/bin/sh\nexec ${program} ${own} "$@"\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };

  const args = ["boards", "new", `ssh://${sshd.user}@127.0.0.1:${sshd.port}`, "--handle", NIC];
  const made = await run(args, { env, cwd: board.dir });
  assertEquals([made.code, made.stderr], [0, "Next: twinlink boards probe ./127.0.0.1.toml\n"], made.stderr);
  const file = `${board.dir}/127.0.0.1.toml`;
  const { ssh } = await loadBoard(file);
  assertEquals(ssh, { host: "127.0.0.1", port: sshd.port, user: sshd.user });
  const probed = await run(["boards", "probe", file], { env });
  assertEquals([probed.code, probed.stderr], [0, ""], probed.stderr);
  assertMatch(probed.stdout, /^board {6}127\.0\.0\.1, over ssh$/m);
});
