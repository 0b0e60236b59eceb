/**
 * A real console server for tests: Debian's ser2net on loopback ports, for a tty.
 *
 * @module
 */

/** A server that runs until `close`. */
export interface TestSer2net extends AsyncDisposable {
  /** The path of the line over RFC 2217 */
  readonly rfc2217: string;
  /** The path of the same tty as raw bytes, at 115200 baud */
  readonly tcp: string;
  /** Ends the server at once */
  kill(): Promise<void>;
  /** Sends the server a signal: SIGSTOP silences it while its connections stay, `SIGCONT` lets it continue */
  signal(name: Deno.Signal): void;
  close(): Promise<void>;
}

/** Returns the path of ser2net; undefined if it is not installed. */
export async function findSer2net(): Promise<string | undefined> {
  for (const path of ["/usr/sbin/ser2net", "/usr/local/sbin/ser2net"]) {
    if (await Deno.stat(path).then(() => true, () => false)) return path;
  }
}

async function freePort(): Promise<number> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await until(async () => !await listens(port));
  return port;
}

/** Starts a server for a tty. */
export async function startSer2net(program: string, tty: string): Promise<TestSer2net> {
  const ports = [await freePort(), await freePort()] as const;
  const connection = (name: string, accepter: string, speed: string) =>
    `connection: &${name}\n  accepter: ${accepter}\n  enable: on\n` +
    `  connector: serialdev(nouucplock=true),${tty},${speed},local\n`;
  const config = "%YAML 1.1\n---\n" +
    connection("speaking", `telnet(rfc2217),tcp,127.0.0.1,${ports[0]}`, "9600n81") +
    connection("raw", `tcp,127.0.0.1,${ports[1]}`, "115200n81");
  const directory = await Deno.makeTempDir({ prefix: "twinlink-ser2net-" });
  await Deno.writeTextFile(`${directory}/ser2net.yaml`, config);
  const child = new Deno.Command(program, {
    // It runs in the foreground.
    args: ["-n", "-d", "-c", `${directory}/ser2net.yaml`],
    stdin: "null",
    stdout: "null",
    // It always reports that it cannot announce itself on the network.
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = child.status.finally(() => void (ended = true));
  const signal = (name: Deno.Signal) => {
    if (!ended) child.kill(name);
  };
  const close = async () => {
    signal("SIGKILL");
    await status;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    for (const port of ports) await until(async () => ended || await listens(port));
    if (ended) throw new Error("ser2net ended by itself");
  } catch (error) {
    await close();
    throw error;
  }
  return {
    rfc2217: `rfc2217://127.0.0.1:${ports[0]}`,
    tcp: `tcp://127.0.0.1:${ports[1]}`,
    kill: async () => {
      signal("SIGKILL");
      await status;
    },
    signal,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** True if a process listens on the port. It does not connect, since ser2net would then open the tty. */
async function listens(port: number): Promise<boolean> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`;
  // Deno itself may not read /proc/net.
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/net/tcp"], stdin: "null" }).output();
  return new TextDecoder().decode(stdout).includes(local);
}

/** Waits until the condition is true, without a bound, since a busy machine may take long. */
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!await what()) await new Promise((resolve) => setTimeout(resolve, 20));
}
