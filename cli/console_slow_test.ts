/** The command `console` on a real terminal, with an sshd behind it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ownEnvironment } from "../fixtures/testing.ts";
import { type Line, type LineOptions, openLine } from "../runners/lines/pty_line.ts";
import { sshdOrReason, startSshd } from "../runners/lines/sshd.ts";
import { startOnTerminal } from "./on_terminal.ts";

const REMOTE = `name = "bench"
description = "d"
runner = "remote"
handle = "pci/0000:03:00.0"
driver = "mlx5_core"
`;

interface Bench {
  line: Line;
  /** The board's file */
  file: string;
  env: { XDG_STATE_HOME: string };
}

/** A board on a line of the harness, with a state directory of its own. */
async function bench(options: LineOptions, fn: (bench: Bench) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-console-" });
  using _ = ownEnvironment({ XDG_STATE_HOME: dir });
  try {
    await using line = await openLine(options);
    const file = `${dir}/board.toml`;
    await Deno.writeTextFile(file, `${REMOTE}[serial]\npath = "${line.path}"\n`);
    await fn({ line, file, env: { XDG_STATE_HOME: dir } });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The bytes of the record that a console says it keeps, and what its times come to. */
async function recordOf(shown: string): Promise<{ bytes: string; cast: string; times: number[] }> {
  const path = /recorded in (\S+)\.log/.exec(shown)![1]!;
  const bytes = Array.from(await Deno.readFile(`${path}.log`), (byte) => String.fromCharCode(byte)).join("");
  const [header, ...events] = (await Deno.readTextFile(`${path}.cast`)).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals([header.version, header.title], [2, "bench"]);
  assert(events.every(([, kind]) => kind === "o"));
  return { bytes, cast: events.map(([, , text]) => text).join(""), times: events.map(([time]) => time) };
}

const found = await sshdOrReason();

Deno.test({
  name: "console: over ssh a shell on a terminal of its own, its size and its end",
  ignore: found.sshd === undefined,
  fn: () =>
    bench({}, async ({ file, env }) => {
      await using sshd = await startSshd(found);
      const { port, user, identityFile, knownHostsFile } = sshd;
      const ssh = `[ssh]\nhost = "127.0.0.1"\nport = ${port}\nuser = "${user}"\nidentity_file = "${identityFile}"\n`;
      await Deno.writeTextFile(file, `${REMOTE}${ssh}known_hosts_file = "${knownHostsFile}"\n`);
      await using terminal = startOnTerminal(["console", file], { ...env, PS1: "$ " });
      await terminal.see(`ssh ${user}@127.0.0.1 port ${port}`);
      terminal.type("stty size; echo he''llo\n");
      await terminal.see("30 100\r\n");
      await terminal.see("hello\r\n");
      terminal.type("exit 7\n");
      await terminal.see("the shell on the board ended with status 7");
      assertEquals(await terminal.exited, 0);
      assertStringIncludes((await recordOf(terminal.shown)).bytes, "hello\r\n");
      // An unknown host is not spoken to.
      await Deno.writeTextFile(file, `${REMOTE}${ssh}known_hosts_file = "/dev/null"\n`);
      await using stranger = startOnTerminal(["console", file], env);
      await stranger.see("Host key verification failed");
      await stranger.see("twinlink: Lost ssh ");
      assertEquals(await stranger.exited, 3);
    }),
});
