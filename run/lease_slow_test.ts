/** Two runs of the command never use one board at the same time. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ownEnvironment } from "../fixtures/testing.ts";
import { ended, run, start } from "../cli/child.ts";
import { holderOf } from "./lease.ts";

const state = await Deno.makeTempDir({ prefix: "twinlink-lease-" });
ownEnvironment({ XDG_STATE_HOME: state });
Deno.test.afterAll(async () => {
  await Deno.remove(state, { recursive: true });
});

Deno.test("run: a board that another run has is not judged, --wait waits for it, a killed run gives it back", async () => {
  // A board that takes the connection and stays silent.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const path = `${state}/rack.toml`;
  await Deno.writeTextFile(
    path,
    `name = "rack"\ndescription = "x"\nrunner = "remote"\ndriver = "netdevsim"\nhandle = "netdevsim/netdevsim10"\n` +
      `[ssh]\nhost = "127.0.0.1"\nport = ${port}\nuser = "root"\n`,
  );
  const args = ["run", "trap", "--board", path];
  const env = { XDG_STATE_HOME: state };
  const first = start(args, { env });
  const firstEnd = ended(first);
  const connection = await listener.accept();
  // Stops the first run: else it would give up on its silent board.
  first.kill("SIGSTOP");
  const refused = await run(args, { env });
  assertEquals(refused.code, 3, refused.stderr);
  assertMatch(
    refused.stderr,
    new RegExp(
      `^rack over ssh: not judged: Cannot use board "rack": .* process ${first.pid}\\) since .* UTC has it; --wait`,
      "m",
    ),
  );
  assertStringIncludes((await run(["boards"], { env })).stdout, `process ${first.pid}`);
  assertMatch((await run(["boards", "describe", path], { env })).stdout, /^now +in use by /m);

  const waiting = start([...args, "--wait"], { env });
  const stderr = waiting.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes("has it")) {
    const { done, value } = await stderr.read();
    assert(!done, seen);
    seen += value;
  }
  assertMatch(seen, /^rack over ssh: wait: .* has it/m);
  first.kill("SIGKILL");
  await firstEnd;
  connection.close();
  // Now the waiting run gets the board.
  const second = await listener.accept();
  waiting.kill("SIGINT");
  const out = new Response(waiting.stdout).text();
  for (;;) if ((await stderr.read()).done) break;
  assertEquals((await waiting.status).code, 130);
  await out;
  second.close();
  listener.close();
  assertEquals(await holderOf("rack"), undefined);
});
