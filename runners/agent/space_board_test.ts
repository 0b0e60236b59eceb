import { assertMatch, assertRejects } from "@std/assert";
import { FaultBoard, SHELLS, whyNoBoards } from "../../bench/fault_board.ts";
import { openSerial } from "../lines/serial.ts";
import { TransportError } from "../lines/shell.ts";
import { AgentSession } from "./session.ts";

const ignore = await whyNoBoards() !== undefined;

for (const shell of SHELLS) {
  const options = { shell, ...(shell === "busybox" ? { without: ["bash"] } : {}) };
  const open = async (board: FaultBoard) =>
    await AgentSession.open(await openSerial({ path: board.path, baudRate: 3_000_000 }));

  Deno.test(`${shell}: a board without space for the agent itself is reported as such`, { ignore }, async () => {
    await using board = await FaultBoard.open({ ...options, room: "80k" });
    const { message } = await assertRejects(() => open(board), TransportError);
    assertMatch(message, /^Cannot start the agent over .*: it has no space for temporary files/);
  });

  Deno.test(`${shell}: the agent starts with exactly the space that it asks for`, { ignore }, async () => {
    await using board = await FaultBoard.open({ ...options, room: "108k" });
    await (await open(board)).session.close();
  });
}
