import { assertThrows } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import { checkFit, UnfitBoardError } from "./runner.ts";
import type { Hello } from "./session.ts";

const HELLO: Hello = {
  kernel: "6.12.1",
  iproute2: "devlink utility, iproute2-6.12.0",
  bootId: "b",
  root: true,
  missing: [],
  has: ["devlink", "netdevsim", "debugfs", "kmsg"],
  freedMemory: "kept",
};

Deno.test("checkFit(): a board whose kernel log cannot be read is not used, since nothing would be compared with it", async () => {
  const board = await loadBoard("qemu-6.12");
  checkFit(board, HELLO);
  const has = HELLO.has.filter((one) => one !== "kmsg");
  assertThrows(() => checkFit(board, { ...HELLO, has }), UnfitBoardError, "its kernel log (/dev/kmsg) cannot be read");
});
