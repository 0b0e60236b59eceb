import { assertEquals, assertThrows } from "@std/assert";
import { Files } from "./_cli_files.ts";
import { assertOneLine } from "./_cli_files.ts";
import { chosenInstance } from "./boards_new.ts";
import { UsageError } from "./command.ts";
import { call } from "./in_process.ts";

const NIC = { handle: "pci/0000:03:00.0", driver: "mlx5_core" };
const SECOND = { handle: "pci/0000:03:00.1", driver: "mlx5_core" };
const never = () => undefined;

Deno.test("boards new: chooses the only instance, the named instance, or the user's choice", () => {
  assertEquals(chosenInstance([NIC], undefined, never), NIC);
  assertEquals(chosenInstance([NIC, SECOND], SECOND.handle, never), SECOND);
  assertEquals(chosenInstance([NIC, SECOND], undefined, (all) => all[1]!.handle), SECOND);
});

Deno.test("boards new: if the instance is not clear, one line lists the board's instances and what to write", () => {
  const refused = (instances: (typeof NIC)[], wanted?: string) =>
    assertThrows(() => chosenInstance(instances, wanted, never)) as Error;
  const none = refused([]);
  assertEquals(none.name, "UnfitBoardError");
  const several = refused([NIC, SECOND]);
  assertEquals([several.name, several.message], [
    "UsageError",
    "Cannot write a file for the board: it has pci/0000:03:00.0 (mlx5_core), pci/0000:03:00.1 (mlx5_core); name one with " +
    "--handle",
  ]);
  assertEquals(
    refused([NIC], "pci/1").message,
    "Cannot write a file for the board: it has no devlink instance pci/1; it has pci/0000:03:00.0 (mlx5_core)",
  );
  assertEquals(refused([{ handle: "x/\u001b", driver: "" }]).message.includes("\u001b"), false);
  assertEquals(refused([{ handle: "x/y", driver: "" }]) instanceof UsageError, true);
});

Deno.test("boards new: a wrong address or option is refused before the login; a file is never overwritten", async () => {
  await using files = new Files();
  const file = await files.write("dut4.toml", "mine");
  const cases: [string[], RegExp][] = [
    [["http://dut4"], /^twinlink: Cannot use "http:\/\/dut4" as the address of a board: it is not ssh:/],
    [["ssh://dut4", "--out", file], /^twinlink: Cannot write ".*dut4\.toml": there is such a file; name another one/],
    [["ssh://dut4", "--out", `${files.folder}/x`], /Option --out is ".*x", but must end with \.toml/],
    [["ssh://dut4", "--name", "a b"], /Option --name is "a b", but must be/],
    [["ssh://dut4", "--password-env", "X"], /Option --password-env is for a serial line/],
    [["serial:/dev/ttyS0", "--password-env", "geheim!"], /Option --password-env is "geheim!", but must be the name/],
    [["ssh://dut4", "--transport", "ssh"], /Option --transport is not of boards new/],
    [[], /Wrong number of arguments for boards new/],
  ];
  for (const [args, message] of cases) assertOneLine(await call(["boards", "new", ...args]), 2, message);
  assertEquals(await Deno.readTextFile(file), "mine");
  assertOneLine(await call(["boards", "describe", "model", "--handle", "a/b"]), 2, /Option --handle is of boards new/);
});
