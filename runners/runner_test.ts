import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Board } from "../boards/mod.ts";
import { checkFit, UnfitBoardError } from "./runner.ts";
import type { Hello } from "./agent/hello.ts";

const BOARD = { name: "b", driver: "netdevsim" } as Board;

const FIT: Hello = {
  kernel: "6.12.0",
  iproute2: "devlink utility, iproute2-6.15.0",
  bootId: "x",
  root: true,
  missing: [],
  failed: [],
  has: ["devlink", "kmsg", "netdevsim", "debugfs"],
  freedMemory: "kept",
};

/** Returns the reason why a board is unfit; empty if it is fit. */
function why(hello: Partial<Hello>): string {
  try {
    checkFit(BOARD, { ...FIT, ...hello });
    return "";
  } catch (error) {
    if (!(error instanceof UnfitBoardError)) throw error;
    return error.message.replace('Cannot use board "b": ', "");
  }
}

Deno.test("checkFit() names the broken program, and names a kernel without devlink only if devlink(8) reports it", () => {
  const has = ["kmsg", "netdevsim", "debugfs"];
  assertEquals(why({}), "");
  assertEquals(
    why({ has, failed: [{ command: "devlink dev show", status: 1, said: "Failed to connect to devlink Netlink" }] }),
    "its kernel 6.12.0 has no devlink (CONFIG_NET_DEVLINK)",
  );
  assertEquals(
    why({ has, failed: [{ command: "devlink -V", status: 139, said: "" }] }),
    '"devlink -V" was ended by SIGSEGV (status 139) there',
  );
  assertEquals(
    why({ has, failed: [{ command: "devlink dev show", status: 1, said: "devlink answers: Permission denied" }] }),
    '"devlink dev show" ends with status 1 there: devlink answers: Permission denied',
  );
  assertThrows(() => checkFit(BOARD, { ...FIT, missing: ["devlink"] }), UnfitBoardError, "is not on the board");
});

Deno.test("checkFit(): a board whose kernel log cannot be read is unfit, since its kernel log could not be compared", () => {
  assertMatch(why({ has: FIT.has.filter((one) => one !== "kmsg") }), /its kernel log \(\/dev\/kmsg\) cannot be read/);
});
