import { assert, assertEquals, assertMatch, assertNotMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { spy, stub } from "@std/testing/mock";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { sshdOrReason, startSshd, type TestSshd } from "./sshd.ts";
import { TransportError } from "./shell.ts";
import { openSsh, type SshOptions } from "./ssh.ts";
import { startOnTerminal } from "./terminal.ts";

const found = await sshdOrReason();
const server: TestSshd | undefined = found.sshd ? await startSshd(found) : undefined;
Deno.test.afterAll(() => server?.close());

/** Defines a test on the real sshd; without an sshd it is ignored, with the reason. */
function test(name: string, body: (sshd: TestSshd) => Promise<void>, needs: "password" | "nothing" = "nothing"): void {
  const reason = found.reason ?? (needs === "password" && !server?.password ? "needs root" : undefined);
  Deno.test({
    name: reason ? `${name} [ignored: ${reason}]` : name,
    ignore: !!reason,
    // node-pty reads until its terminal hangs up; on a busy machine that is during the next test.
    sanitizeOps: false,
    fn: () => body(server!),
  });
}

function to(sshd: TestSshd, more: Partial<SshOptions> = {}): SshOptions {
  const { port, user, identityFile, knownHostsFile } = sshd;
  return { host: "127.0.0.1", port, user, identityFile, knownHostsFile, connectTimeoutMs: 5000, ...more };
}

async function run(options: SshOptions, script: string): Promise<string> {
  const shell = await openSsh(options);
  try {
    const writer = shell.writable.getWriter();
    await writer.write(new TextEncoder().encode(script));
    await writer.close();
    return await new Response(shell.readable).text();
  } finally {
    await shell.close();
  }
}

async function refusal(options: SshOptions): Promise<string> {
  const error = await assertRejects(() => openSsh(options), TransportError);
  assertNotMatch(error.message, /\n/);
  return error.message;
}

// These tests use no terminal and come first: node-pty may still read the terminal of an earlier test.

Deno.test("openSsh() reports why a board cannot be reached", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const at = (host: string) => ({ host, port, user: "root", connectTimeoutMs: 1000 });
  assertEquals(
    await refusal(at("127.0.0.1")),
    `Cannot reach the board by ssh root@127.0.0.1 port ${port}: connection refused`,
  );
  assertMatch(await refusal(at("no-such-host.invalid")), /: the name no-such-host\.invalid cannot be resolved: /);
});

Deno.test("openSsh() does not wait forever for a server that sends nothing", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const message = await refusal({ host: "127.0.0.1", port: listener.addr.port, connectTimeoutMs: 1000 });
  assertMatch(message, /: no answer in time$/);
  (await accepted).close();
  listener.close();
});

Deno.test("openSsh() never reads a host, user, path or option as something else", async () => {
  const hostile: Partial<SshOptions>[] = [
    { host: "-oProxyCommand=touch /tmp/x" },
    { host: "a b" },
    { host: "$(id)" },
    { user: "-x" },
    { user: "a;id" },
    { jump: "-x" },
    { jump: "`id`@host" },
    { knownHostsFile: 'a" b' },
    { identityFile: "a\nb" },
    { options: ["ProxyCommand=id"] },
    { options: ["StrictHostKeyChecking=no"] },
    { options: ["StrictHostKeyChecking yes"] },
    { options: ["Compression=yes\nProxyCommand=id"] },
    { options: ["-F/etc/passwd"] },
  ];
  for (const options of hostile) {
    await assertRejects(() => openSsh({ host: "127.0.0.1", port: 1, ...options }), TypeError);
  }
});

Deno.test("openSsh() reports that ssh is not installed", async () => {
  const program = `import { openSsh } from ${JSON.stringify(import.meta.resolve("./ssh.ts"))};
    await openSsh({ host: "x" }).catch((error) => console.log(error.name + ": " + error.message));`;
  assertEquals(
    await runProgram(program, [], { PATH: "/nonexistent" }),
    'TransportError: Cannot reach the board by ssh: the program "ssh" (OpenSSH client) is not installed\n',
  );
});

test("openSsh() gives the board's sh", async (sshd) => {
  assertEquals(await run(to(sshd), "echo $((6 * 7)); echo no >&2\n"), "42\n");
});

test("openSsh() reports its target", async (sshd) => {
  const shell = await openSsh(to(sshd));
  assertEquals(shell.description, `ssh ${sshd.user}@127.0.0.1 port ${sshd.port}`);
  await shell.close();
});

test("openSsh() carries 1 MiB both ways", async (sshd) => {
  const data = randomBytes(512 << 10).toString("hex") + "\n";
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const shell = await openSsh(to(sshd));
  const writer = shell.writable.getWriter();
  // A shell reads ahead: data for cat must be sent after cat has started.
  await writer.write(new TextEncoder().encode("echo; exec cat\n"));
  const reader = shell.readable.getReader();
  await reader.read();
  reader.releaseLock();
  const received = textOf(shell.readable);
  await writer.write(new TextEncoder().encode(data));
  await writer.close();
  assertEquals(hash(await received), hash(data));
  await shell.close();
});

test("openSsh() reports that the board was lost in the middle of a run", async (sshd) => {
  const shell = await openSsh(to(sshd));
  const writer = shell.writable.getWriter();
  // The shell's parent is the server's process for this connection.
  await writer.write(new TextEncoder().encode("kill -9 $PPID; sleep 1000\n"));
  const error = await assertRejects(() => new Response(shell.readable).text(), TransportError);
  assertMatch(error.message, /^Lost ssh \S+ port \d+: connection closed by the board$/);
  await shell.close();
});

test("openSsh() close() ends the client, also while the board's shell is busy", async (sshd) => {
  const shell = await openSsh(to(sshd));
  const writer = shell.writable.getWriter();
  await writer.write(new TextEncoder().encode("echo $$; sleep 1000\n"));
  const reader = shell.readable.getReader();
  const remote = Number(new TextDecoder().decode((await reader.read()).value));
  assert(remote > 0);
  await Promise.all([shell.close(), shell.close()]);
  assertEquals((await reader.read()).done, true);
  Deno.kill(remote, "SIGKILL");
});

test("openSsh() drops the output of a login script", async (sshd) => {
  const greeting = `${sshd.directory}/greeting`;
  await Deno.writeTextFile(greeting, 'echo "Welcome to the lab"; exec "$SHELL" -c "$SSH_ORIGINAL_COMMAND"\n');
  await using greeted = await startSshd(found, `ForceCommand sh ${greeting}`);
  assertEquals(await run(to(greeted), "echo first\n"), "first\n");
});

test("openSsh() refuses an unknown host key", async (sshd) => {
  assertMatch(
    await refusal(to(sshd, { knownHostsFile: "/dev/null", askSecret: () => Promise.resolve("yes") })),
    /^Cannot reach the board by ssh \S+@127\.0\.0\.1 port \d+: its ED25519 host key is not known: /,
  );
});

test("openSsh() refuses a changed host key with any configuration", async (sshd) => {
  const file = `${sshd.directory}/changed`;
  await Deno.writeTextFile(file, `[127.0.0.1]:${sshd.port} ${await Deno.readTextFile(`${sshd.strangerFile}.pub`)}`);
  assertStringIncludes(
    await refusal(to(sshd, { knownHostsFile: file, options: ["StrictHostKeyChecking=accept-new"] })),
    `its host key is not the known one (line 1 of ${file})`,
  );
});

test("openSsh() accepts a new host key if the user's configuration does", async (sshd) => {
  const file = `${sshd.directory}/new`;
  const options = to(sshd, { knownHostsFile: file, options: ["StrictHostKeyChecking=accept-new"] });
  assertEquals(await run(options, "echo hi\n"), "hi\n");
  assertStringIncludes(await Deno.readTextFile(file), "ssh-ed25519");
});

test("openSsh() checks host keys even if the configuration turns this off", async (sshd) => {
  const config = `${sshd.directory}/ssh_config`, changed = `${sshd.directory}/other`, fresh = `${sshd.directory}/fresh`;
  await Deno.writeTextFile(config, "StrictHostKeyChecking no\n");
  await Deno.writeTextFile(changed, `[127.0.0.1]:${sshd.port} ${await Deno.readTextFile(`${sshd.strangerFile}.pub`)}`);
  const program = `import { openSsh } from ${JSON.stringify(import.meta.resolve("./ssh.ts"))};
    for (const knownHostsFile of ${JSON.stringify([changed, fresh])}) {
      await openSsh({ ...${JSON.stringify(to(sshd))}, knownHostsFile }).then(
        (shell) => (console.log("open"), shell.close()),
        (error) => console.log(error.message));
    }`;
  // The machine's ssh_config, replaced for this process only.
  const script = 'mount --bind "$0" /etc/ssh/ssh_config && exec "$@"';
  const lines = await runProgram(program, ["unshare", "--mount", "sh", "-c", script, config]);
  assertMatch(lines, /: its host key is not the known one \(line 1 of .*\nopen\n$/);
}, "password");

test("openSsh() reports that a key is not accepted, and that nobody can be asked", async (sshd) => {
  using _ = stub(Deno.stdin, "isTerminal", () => false);
  assertMatch(
    await refusal(to(sshd, { identityFile: sshd.strangerFile })),
    /: permission denied \(the board takes \S*publickey\S*\), and there is no terminal to ask for a password on$/,
  );
});

test("openSsh() asks for a key's passphrase and types it", async (sshd) => {
  using making = spy(Deno, "makeTempDir");
  const asked: string[] = [];
  const askSecret = (prompt: string) => (asked.push(prompt), Promise.resolve("secret"));
  assertEquals(await run(to(sshd, { identityFile: sshd.lockedIdentityFile, askSecret }), "echo in\n"), "in\n");
  assertEquals(asked, [`Enter passphrase for key '${sshd.lockedIdentityFile}':`]);
  const made = await Promise.all(making.calls.map(({ returned }) => returned!));
  assert(made.length > 0);
  assertEquals(made.filter((folder) => existsSync(folder)), []);
});

test("openSsh() reports a wrong passphrase without printing it", async (sshd) => {
  const message = await refusal(
    to(sshd, {
      identityFile: sshd.lockedIdentityFile,
      askSecret: () => Promise.resolve("not it"),
      options: ["NumberOfPasswordPrompts=1"],
    }),
  );
  assertMatch(message, /: permission denied \(.*\): the password or passphrase was not accepted$/);
  assertNotMatch(message, /not it/);
});

test("openSsh() asks for a password and types it, blanks and quotes included", async (sshd) => {
  const asked: string[] = [];
  const askSecret = (prompt: string) => (asked.push(prompt), Promise.resolve(sshd.password!));
  assertEquals(await run(to(sshd, { identityFile: sshd.strangerFile, askSecret }), "echo in\n"), "in\n");
  assertEquals(asked, [`${sshd.user}@127.0.0.1's password:`]);
}, "password");

test("openSsh() gives up when no password is given", async (sshd) => {
  const message = await refusal(
    to(sshd, { identityFile: sshd.lockedIdentityFile, askSecret: () => Promise.resolve(null) }),
  );
  assertMatch(message, /: no password was given$/);
});

test("openSsh() stops asking when the signal is aborted", async (sshd) => {
  const stop = new AbortController();
  const askSecret = () => {
    stop.abort();
    return new Promise<null>(() => {});
  };
  const options = to(sshd, { identityFile: sshd.lockedIdentityFile, askSecret, signal: stop.signal });
  await assertRejects(() => openSsh(options), DOMException);
});

Deno.test("startOnTerminal() types 1 MB whole", { sanitizeOps: false }, async () => {
  const size = 1_000_000;
  const terminal = await startOnTerminal("sh", [
    "-c",
    `stty raw -echo; echo ready; head -c ${size} | cksum; sleep 1000`,
  ]);
  const text = randomBytes(size / 2).toString("hex");
  await until(() => terminal.output.includes("ready"));
  await terminal.type(text);
  const expected = await new Deno.Command("cksum", { stdin: "piped", stdout: "piped" }).spawn();
  const writer = expected.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const sum = new TextDecoder().decode((await expected.output()).stdout).trim();
  await until(() => terminal.output.includes(sum));
  terminal.kill();
  await terminal.exited;
});

/** Returns the output of a program in this folder, run by a separate Deno. */
async function runProgram(program: string, before: string[], env: Record<string, string> = {}): Promise<string> {
  const file = await Deno.makeTempFile({ prefix: "ssh_test_", suffix: ".ts", dir: import.meta.dirname! });
  try {
    await Deno.writeTextFile(file, program);
    const [command, ...args] = [...before, Deno.execPath(), "run", "-A", "--no-check", file];
    const output = await new Deno.Command(command!, { args, env, stdin: "null", stderr: "inherit" }).output();
    return new TextDecoder().decode(output.stdout);
  } finally {
    await Deno.remove(file);
  }
}

/** Reads a stream as text; unlike Response, it also accepts a stream that was read before. */
async function textOf(readable: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of readable) text += decoder.decode(chunk, { stream: true });
  return text;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    assert(performance.now() < deadline, "waited too long");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
