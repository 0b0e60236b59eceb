/**
 * A real sshd for tests, on loopback, with its own folder and keys. As root it runs in a mount namespace with its own passwd
 * and shadow files: so passwords can be tested, and the machine's accounts do not change.
 *
 * @module
 */

/** A server that runs until `close`. */
export interface TestSshd extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** A private key that the server accepts */
  readonly identityFile: string;
  /** The same key, encrypted with `secret` */
  readonly lockedIdentityFile: string;
  /** A key that the server does not accept */
  readonly strangerFile: string;
  /** The file with the server's host key */
  readonly knownHostsFile: string;
  /** Scratch folder, removed by `close` */
  readonly directory: string;
  /** The password of `user` if passwords can be tested (as root), otherwise undefined */
  readonly password: string | undefined;
  close(): Promise<void>;
}

/** Finds sshd for a test: returns its path and environment, or the reason why the test is ignored. */
export async function sshdOrReason(): Promise<{ sshd?: string; env?: Record<string, string>; reason?: string }> {
  for (const path of ["/usr/sbin/sshd", "/usr/local/sbin/sshd"]) if (await exists(path)) return { sshd: path };
  const cache = `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`}/twinlink/sshd`;
  const path = `${cache}/root/usr/sbin/sshd`;
  if (!await exists(path)) {
    try {
      await Deno.mkdir(cache, { recursive: true });
      await run("apt-get", ["download", "openssh-server", "libwrap0"], cache);
      for (const { name } of [...Deno.readDirSync(cache)]) {
        if (name.endsWith(".deb")) await run("dpkg", ["-x", name, "root"], cache);
      }
    } catch (error) {
      return { reason: `no sshd here, and none available: ${(error as Error).message.split("\n")[0]}` };
    }
  }
  const libraries = [...Deno.readDirSync(`${cache}/root/usr/lib`)].map(({ name }) => `${cache}/root/usr/lib/${name}`);
  return { sshd: path, env: { LD_LIBRARY_PATH: libraries.join(":") } };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function run(command: string, args: string[], cwd?: string): Promise<string> {
  const output = await new Deno.Command(command, { args, ...(cwd ? { cwd } : {}), stdin: "null" }).output();
  const text = new TextDecoder();
  if (!output.success) throw new Error(`${command} ${args[0]}: ${text.decode(output.stderr).trim()}`);
  return text.decode(output.stdout);
}

/** Starts the sshd that {@linkcode sshdOrReason} found; `config` has additional lines for sshd_config. */
export async function startSshd(
  found: { sshd?: string; env?: Record<string, string> },
  config = "",
): Promise<TestSshd> {
  const directory = await Deno.makeTempDir({ prefix: "twinlink-sshd-" });
  const file = (name: string) => `${directory}/${name}`;
  const keygen = (name: string, passphrase: string) =>
    run("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", file(name)]);
  await Promise.all([keygen("host", ""), keygen("key", ""), keygen("stranger", "")]);
  await Deno.copyFile(file("key"), file("locked"));
  await Deno.copyFile(file("key.pub"), file("locked.pub"));
  await run("ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-f", file("locked")]);
  await Deno.copyFile(file("key.pub"), file("authorized_keys"));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await Deno.writeTextFile(file("known_hosts"), `[127.0.0.1]:${port} ${await Deno.readTextFile(file("host.pub"))}`);
  await Deno.writeTextFile(
    file("sshd_config"),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${file("host")}
PidFile none
AuthorizedKeysFile ${file("authorized_keys")}
StrictModes no
UsePAM no
PermitRootLogin yes
LogLevel INFO
${config}
`,
  );
  const user = (await run("id", ["-un"])).trim();
  const root = Deno.uid() === 0;
  const password = root ? "pass word'$x" : undefined;
  let command = [found.sshd!, "-D", "-e", "-f", file("sshd_config")];
  if (root) {
    const shadow = (await run("openssl", ["passwd", "-6", password!])).trim();
    await Deno.writeTextFile(file("shadow"), `${user}:${shadow}:19000:0:99999:7:::\nsshd:!:19000::::::\n`, {
      mode: 0o600,
    });
    const passwd = (await Deno.readTextFile("/etc/passwd")).split("\n").filter((line) => !line.startsWith("sshd:"));
    passwd.push("sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin");
    await Deno.writeTextFile(file("passwd"), passwd.filter((line) => line !== "").join("\n") + "\n");
    const script = `mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow &&
      mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec "$@"`;
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, directory, ...command];
  }
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    ...(found.env ? { env: found.env } : {}),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  // sshd prints this when it listens. Its later output is read too, since a full pipe would stop it.
  const ready = Promise.withResolvers<void>();
  let log = "";
  const reader = child.stderr.getReader();
  const drained = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      log += new TextDecoder().decode(value);
      if (log.includes("Server listening")) ready.resolve();
    }
    ready.reject(new Error(`sshd did not start: ${log}`));
  })();
  const close = async () => {
    try {
      child.kill("SIGTERM");
    } catch { /* sshd did not start */ }
    await child.status;
    // If a test left connections open, their processes hold this pipe.
    await reader.cancel();
    await drained;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await ready.promise;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    port,
    user,
    identityFile: file("key"),
    lockedIdentityFile: file("locked"),
    strangerFile: file("stranger"),
    knownHostsFile: file("known_hosts"),
    directory,
    password,
    close,
    [Symbol.asyncDispose]: close,
  };
}
