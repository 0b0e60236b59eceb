/** The command `console` on a real terminal and over a real sshd. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { sshdOrReason, startSshd } from "../runners/lines/sshd.ts";
import { bench, recordOf, REMOTE } from "./_console_bench.ts";
import { startOnTerminal } from "./on_terminal.ts";

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
      // The console does not connect to an unknown host.
      await Deno.writeTextFile(file, `${REMOTE}${ssh}known_hosts_file = "/dev/null"\n`);
      await using stranger = startOnTerminal(["console", file], env);
      await stranger.see("Host key verification failed");
      await stranger.see("twinlink: Lost ssh ");
      assertEquals(await stranger.exited, 3);
    }),
});
