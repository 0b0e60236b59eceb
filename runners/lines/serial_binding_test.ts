import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { SerialPortStream } from "@serialport/stream";
import { openLine } from "./pty_line.ts";
import { TwinlinkBinding } from "./serial_binding.ts";
import { closeFd, controlInt, getTermios, openPty, openTty } from "./tty.ts";

type Port = SerialPortStream<typeof TwinlinkBinding>;

function openPort(path: string, baudRate = 115200): Promise<Port> {
  return new Promise((resolve, reject) => {
    const port: Port = new SerialPortStream(
      { binding: TwinlinkBinding, path, baudRate },
      (error) => error ? reject(error) : resolve(port),
    );
  });
}

function closePort(port: Port): Promise<void> {
  return new Promise((resolve, reject) => port.close((error) => error ? reject(error) : resolve()));
}

function digestOf(port: Port, size: number): Promise<string> {
  const hash = createHash("sha256");
  let seen = 0;
  return new Promise((resolve, reject) => {
    port.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      seen += chunk.length;
      if (seen >= size) resolve(`${seen} ${hash.digest("hex")}`);
    });
    port.on("error", reject);
  });
}

/** Returns the output of a program in a separate Deno: test files that run in parallel share this process's descriptors. */
async function evaluate(program: string): Promise<string> {
  const args = [
    "eval",
    `import { TwinlinkBinding } from ${JSON.stringify(import.meta.resolve("./serial_binding.ts"))};
    const openFds = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const targets = () => [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
      try {
        return Deno.readLinkSync("/proc/self/fd/" + name);
      } catch { /* the descriptor of the folder itself */ }
    });
    ${program}`,
  ];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("TwinlinkBinding carries 1 MiB both ways at the same time, every byte", async () => {
  await using line = await openLine();
  const host = await openPort(line.path);
  const board = await openPort(line.boardPath);
  const size = 1 << 20;
  const down = randomBytes(size), up = randomBytes(size);
  const expected = (bytes: Buffer) => `${size} ${createHash("sha256").update(bytes).digest("hex")}`;
  const arrived = Promise.all([digestOf(board, size), digestOf(host, size)]);
  host.write(down);
  board.write(up);
  assertEquals(await arrived, [expected(down), expected(up)]);
  await closePort(host);
  await closePort(board);
});

Deno.test("TwinlinkBinding opens and closes 100 times and leaves no descriptor", async () => {
  await using line = await openLine();
  const program = `const round = async () => {
      const port = await TwinlinkBinding.open(${JSON.stringify({ path: line.path, baudRate: 115200 })});
      const reading = port.read(Buffer.alloc(1), 0, 1).catch(() => {});
      await port.close();
      await reading;
    };
    await round();
    const before = openFds();
    for (let i = 0; i < 100; i++) await round();
    // Deno opens and closes files of its own at various times; a leak would be at least one file per round.
    console.log(targets().includes(Deno.realPathSync(${JSON.stringify(line.path)})), openFds() - before < 50);`;
  assertEquals(await evaluate(program), "false true\n");
});

Deno.test("TwinlinkBinding refuses a port that this process has open", async () => {
  await using line = await openLine();
  const port = await openPort(line.path);
  const error = await assertRejects(() => openPort(line.path), Error);
  assertEquals(error.message, `Cannot open ${line.path}: serial port is in use by process ${Deno.pid}`);
  await closePort(port);
  await closePort(await openPort(line.path));
});

Deno.test("TwinlinkBinding names the other process that has a port", async () => {
  await using line = await openLine();
  const holder = new Deno.Command("flock", {
    args: [line.path, "sh", "-c", "echo held; read -r _"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  const error = await assertRejects(() => openPort(line.path), Error);
  assertMatch(error.message, /serial port is in use by process \d+$/);
  const pid = Number(error.message.split(" ").at(-1));
  assert(pid === holder.pid || Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("held"), error.message);
  await holder.stdin.close();
  await reader.cancel();
  await holder.status;
});

Deno.test("TwinlinkBinding reports an unplugged line, also to a write", async () => {
  await using line = await openLine();
  const port = await openPort(line.path);
  port.on("data", () => {});
  const closed = new Promise<Error>((resolve) => port.on("close", resolve));
  await line.unplug();
  const error = await closed;
  assert("disconnected" in error);
  assertEquals(port.isOpen, false);
});

Deno.test("TwinlinkBinding closes at once, even during a write that blocks", async () => {
  const { fd, path } = openPty();
  const port = await openPort(path);
  port.on("error", () => {});
  const written = new Promise<Error | null | undefined>((resolve) => port.write(Buffer.alloc(1 << 20), resolve));
  await closePort(port);
  assertEquals((await written as Error & { canceled?: boolean }).canceled, true);
  closeFd(fd);
});

Deno.test("TwinlinkBinding releases the line as it was", async () => {
  await using line = await openLine();
  const fd = openTty(line.path);
  const before = getTermios(fd);
  const port = await openPort(line.path, 9600);
  assert(getTermios(fd).some((byte, i) => byte !== before[i]));
  assertEquals(controlInt(fd, "TIOCGEXCL"), 1);
  await closePort(port);
  assertEquals(getTermios(fd), before);
  assertEquals(controlInt(fd, "TIOCGEXCL"), 0);
  closeFd(fd);
});

Deno.test("TwinlinkBinding sets any baud rate, and refuses nonsense", async () => {
  await using line = await openLine();
  for (const baudRate of [9600, 115200, 250000, 74880, 3000000]) {
    const port = await TwinlinkBinding.open({ path: line.path, baudRate });
    assertEquals(await port.getBaudRate(), { baudRate });
    await port.update({ baudRate: 57600 });
    assertEquals(await port.getBaudRate(), { baudRate: 57600 });
    await port.close();
  }
  await assertRejects(() => TwinlinkBinding.open({ path: line.path, baudRate: 0.5 }), RangeError);
  // The port is not left open or locked.
  await (await TwinlinkBinding.open({ path: line.path, baudRate: 115200 })).close();
});

Deno.test("TwinlinkBinding works with a line without modem wires", async () => {
  await using line = await openLine();
  const port = await TwinlinkBinding.open({ path: line.path, baudRate: 115200, rtscts: true });
  await port.set({ dtr: false, rts: true, brk: false });
  assertEquals(await port.get(), { cts: false, dsr: false, dcd: false });
  await port.drain();
  await port.flush();
  await port.close();
});

Deno.test("TwinlinkBinding reports in one line why a path is not a port", async () => {
  const options = { baudRate: 115200 };
  const missing = await assertRejects(() => TwinlinkBinding.open({ path: "/dev/ttyNONE", ...options }), Error);
  assertEquals(missing.message, "Cannot open /dev/ttyNONE: No such file or directory");
  const none = await assertRejects(() => TwinlinkBinding.open({ path: "/dev/null", ...options }), Error);
  assertEquals(none.message, "Cannot open /dev/null: it is not a serial port");
});

Deno.test("TwinlinkBinding serves 40 idle ports beside file reads", async () => {
  const lines = await Promise.all(Array.from({ length: 40 }, () => openLine()));
  const ports = await Promise.all(lines.map((line) => openPort(line.path)));
  for (const port of ports) port.on("data", () => {});
  assertStringIncludes(await Deno.readTextFile("/proc/self/status"), "Threads:");
  const last = new Promise<string>((resolve) => ports.at(-1)!.once("data", (b: Buffer) => resolve(b.toString())));
  await lines.at(-1)!.inject("hello");
  assertEquals(await last, "hello");
  await Promise.all(ports.map(closePort));
  await Promise.all(lines.map((line) => line.close()));
});

Deno.test("TwinlinkBinding.list() names only ports that have a device", async () => {
  for (const { path } of await TwinlinkBinding.list()) {
    assertMatch(path, /^\/dev\/tty[A-Za-z0-9]+$/);
    assert(Deno.statSync(`/sys/class/tty/${path.slice(5)}/device`).isDirectory);
  }
});
