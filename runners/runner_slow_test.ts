/** A board whose programs do not work: a real sh on a real line. */

import { assertEquals } from "@std/assert";
import type { Board } from "../boards/mod.ts";
import { openLine } from "./lines/pty_line.ts";
import { checkFit, UnfitBoardError } from "./runner.ts";
import { openSerial } from "./lines/serial.ts";
import { readyCommands } from "./agent/ready.ts";
import type { Hello } from "./agent/hello.ts";
import { AgentSession } from "./agent/session.ts";

/** Returns the reason why a board is unfit; empty if it is fit. */
function why(hello: Hello): string {
  try {
    checkFit({ name: "b", driver: "netdevsim" } as Board, hello);
    return "";
  } catch (error) {
    if (!(error instanceof UnfitBoardError)) throw error;
    return error.message.replace('Cannot use board "b": ', "");
  }
}

/** Returns the reason why a board is unfit if its devlink or its ip is this script. */
async function reasonOf(program: "devlink" | "ip", script: string): Promise<string> {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["devlink", "ip"]) {
      await Deno.writeTextFile(`${dir}/${name}`, name === program ? script : "#!/bin/sh\n:\n", { mode: 0o755 });
    }
    await using line = await openLine({
      board: ["sh", "-c", "PS1='# ' ENV= exec sh -i"],
      env: { TMPDIR: dir, PATH: `${dir}:${Deno.env.get("PATH")}` },
    });
    const { session, hello } = await AgentSession.open(await openSerial({ path: line.path, baudRate: 3_000_000 }));
    await session.close();
    return why({ ...hello, kernel: "K", root: true });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a board whose devlink or ip cannot work is refused with the cause", async () => {
  assertEquals(
    await reasonOf("devlink", "#!/bin/sh\nkill -SEGV $$\n"),
    '"devlink -V" was ended by SIGSEGV (status 139) there',
  );
  assertEquals(
    await reasonOf("devlink", '#!/bin/sh\n[ "$1" = -V ] || kill -9 $$\n'),
    '"devlink dev show" was ended by SIGKILL (status 137), as when memory is short there',
  );
  assertEquals(
    await reasonOf(
      "devlink",
      "#!/bin/sh\necho 'devlink: error while loading shared libraries: libmnl.so.0' >&2; exit 127\n",
    ),
    '"devlink -V" is not found or cannot be loaded (status 127) there: devlink: error while loading shared libraries: libmnl.so.0',
  );
  assertEquals(
    await reasonOf("ip", "#!/bin/sh\necho 'ip: wrong version' >&2; exit 2\n"),
    '"ip -V" ends with status 2 there: ip: wrong version',
  );
  assertEquals(
    await reasonOf(
      "devlink",
      "#!/bin/sh\n[ \"$1\" = -V ] || { echo 'Failed to connect to devlink Netlink' >&2; exit 1; }\n",
    ),
    "its kernel K has no devlink (CONFIG_NET_DEVLINK)",
  );
  assertEquals(
    await reasonOf("ip", "#!/bin/sh\n[ $1 = -V ] && exec cat /dev/zero\n"),
    '"ip -V" was ended by SIGXFSZ (status 153) there',
  );
  assertEquals(
    await reasonOf("devlink", "#!/bin/sh\n[ $1 = -V ] && exec sleep 1000\n"),
    '"devlink -V" does not end there',
  );
});

Deno.test("a board is made ready in the order of its file, up to the first command that fails", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const programs = {
      devlink: ":",
      ip: ":",
      modprobe: `echo "$@" >> ${dir}/done; [ "$1" != bad ] || { echo no >&2; exit 7; }`,
    };
    for (const [name, script] of Object.entries(programs)) {
      await Deno.writeTextFile(`${dir}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    const write = (text: string) => `cat; echo '${text}' >> ${dir}/done`;
    const cases: [NonNullable<Board["ready"]>, done: string, reason: string][] = [
      [{ modules: ["b", "a"], commands: [write("c  $x"), write("d!")] }, "b\na\nc  $x\nd!\n", ""],
      [
        { modules: ["a", "bad", "c"], commands: [write("d")] },
        "a\nbad\n",
        'it does not get ready: ready.modules[1]: "modprobe bad" ends with status 7 there: no',
      ],
      [
        { commands: [write("d"), "kill -9 $$", write("e")] },
        "d\n",
        'it does not get ready: ready.commands[1]: "kill -9 $$" was ended by SIGKILL (status 137), as when memory is short there',
      ],
    ];
    for (const [ready, done, reason] of cases) {
      await Deno.writeTextFile(`${dir}/done`, "");
      await using line = await openLine({
        board: ["sh", "-c", "PS1='# ' ENV= exec sh -i"],
        env: { TMPDIR: dir, PATH: `${dir}:${Deno.env.get("PATH")}` },
      });
      const { session, hello } = await AgentSession.open(await openSerial({ path: line.path, baudRate: 3_000_000 }), {
        ready: readyCommands({ ready }),
      });
      await session.close();
      assertEquals(await Deno.readTextFile(`${dir}/done`), done);
      if (reason !== "") assertEquals(why({ ...hello, root: true }), reason);
      else assertEquals(hello.unready, undefined);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
