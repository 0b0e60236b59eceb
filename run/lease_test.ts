/** Two runs never use one board at the same time. */

import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { ownEnvironment } from "../fixtures/testing.ts";
import { type Board, loadBoard } from "../boards/mod.ts";
import { call } from "../cli/in_process.ts";
import { BoardInUseError } from "../boards/holder.ts";
import { holderOf, leaseBoard } from "./lease.ts";

const state = await Deno.makeTempDir({ prefix: "twinlink-lease-" });
ownEnvironment({ XDG_STATE_HOME: state });
Deno.test.afterAll(async () => {
  await Deno.remove(state, { recursive: true });
});

const board = async (name: string): Promise<Board> => ({ ...await loadBoard("model"), runner: "remote", name });
const file = (name: string) => `${state}/twinlink/boards/${name}/lease.json`;

Deno.test("one run at a time uses a board, and gives it back", async () => {
  const rack = await board("rack-1");
  const lease = await leaseBoard(rack, { doing: "twinlink run" });
  const error = await assertRejects(() => leaseBoard(rack, { doing: "twinlink fuzz" }), BoardInUseError);
  assertMatch(
    error.message,
    new RegExp(`^Cannot use board "rack-1": \\S.* on \\S+ \\(twinlink run, process ${Deno.pid}\\) since .* UTC has it`),
  );
  assertMatch(await holderOf("rack-1") ?? "", new RegExp(`process ${Deno.pid}`));
  await using _other = await leaseBoard(await board("rack-2"), { doing: "twinlink run" });
  await lease[Symbol.asyncDispose]();
  assertEquals(await holderOf("rack-1"), undefined);
  await using _again = await leaseBoard(rack, { doing: "twinlink run" });
});

Deno.test("a run that waits is notified once of the board's holder, and gets the board in the end", async () => {
  const rack = await board("rack-3");
  const lease = await leaseBoard(rack, { doing: "twinlink run" });
  const told: string[] = [];
  let freed = false;
  const waiting = leaseBoard(rack, {
    doing: "twinlink run",
    wait: true,
    everyMs: 5,
    onWait: (holder) => {
      told.push(holder);
      setTimeout(async () => {
        freed = true;
        await lease[Symbol.asyncDispose]();
      }, 50);
    },
  });
  await using _taken = await waiting;
  assertEquals([freed, told.length], [true, 1]);
  assertStringIncludes(told[0]!, "twinlink run");
  const stop = new AbortController();
  const stopped = leaseBoard(rack, {
    doing: "x",
    wait: true,
    everyMs: 5,
    signal: stop.signal,
    onWait: () => stop.abort(),
  });
  assertEquals((await assertRejects(() => stopped, DOMException)).name, "AbortError");
});

Deno.test("the lease file of a dead process is not a lease; another machine's lease file is", async () => {
  const here = new TextDecoder().decode((await new Deno.Command("uname", { args: ["-n"] }).output()).stdout).trim();
  const left = (name: string, host: string) => {
    Deno.mkdirSync(`${state}/twinlink/boards/${name}`, { recursive: true });
    const holder = { owner: "an\x1bn", host, pid: 999_999_999, since: "2026-01-01T00:00:00Z", doing: "twinlink run" };
    Deno.writeTextFileSync(file(name), JSON.stringify(holder));
  };
  left("rack-4", here);
  assertEquals(await holderOf("rack-4"), undefined);
  await (await leaseBoard(await board("rack-4"), { doing: "x" }))[Symbol.asyncDispose]();
  left("rack-5", "elsewhere");
  const error = await assertRejects(async () => leaseBoard(await board("rack-5"), { doing: "x" }), BoardInUseError);
  assertStringIncludes(error.message, "an\\en on elsewhere (twinlink run, process 999999999) since 2026-01-01");
  assertStringIncludes(error.message, `remove that file if the run is gone`);
  await Deno.writeTextFile(file("rack-5"), "{ cut sh");
  await (await leaseBoard(await board("rack-5"), { doing: "x" }))[Symbol.asyncDispose]();
});

Deno.test("boards: lists the changes that could not be undone on a board", async () => {
  await Deno.mkdir(`${state}/twinlink/boards/rack-6`, { recursive: true });
  await Deno.writeTextFile(
    `${state}/twinlink/boards/rack-6/dirty.json`,
    JSON.stringify({ since: "2026-01-01T00:00:00Z", reason: "netns\x1b t1" }),
  );
  const { stdout } = await call(["boards"]);
  assertStringIncludes(stdout, "rack-6: dirty since 2026-01-01T00:00:00Z: netns\\e t1");
});
