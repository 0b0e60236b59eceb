import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createHash, randomBytes } from "node:crypto";
import { type Line, type LineOptions, LOGIN_BOARD, openLine } from "./pty_line.ts";
import { promptOf } from "./login.ts";
import { openSerial, type SerialOptions } from "./serial.ts";
import { type Shell, TransportError } from "./shell.ts";
import { closeFd, getTermios, openPty, openTty, writeFd } from "./tty.ts";

const LOGIN = { user: "root", password: () => "secret" };
const encode = (text: string) => new TextEncoder().encode(text);

function open(line: Line, more: Partial<SerialOptions> = {}): Promise<Shell> {
  return openSerial({ path: line.path, baudRate: 3_000_000, login: LOGIN, loginTimeoutMs: 20_000, ...more });
}

/** Reads until the text has arrived; returns everything up to its end. */
async function readTo(reader: ReadableStreamDefaultReader<Uint8Array>, end: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(end)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended after ${JSON.stringify(text)}`);
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

async function ask(shell: Shell, script: string, end: string): Promise<string> {
  const writer = shell.writable.getWriter();
  const reader = shell.readable.getReader();
  await writer.write(encode(script));
  const text = await readTo(reader, end);
  writer.releaseLock();
  reader.releaseLock();
  return text;
}

async function refusal(line: Line, more: Partial<SerialOptions> = {}): Promise<string> {
  const error = await assertRejects(() => open(line, more), TransportError);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x1f\x7f-\x9f]/.test(error.message), JSON.stringify(error.message));
  return error.message;
}

const board = (more: Partial<LineOptions> = {}) => openLine({ board: LOGIN_BOARD, ...more });

Deno.test("openSerial() logs in and gives a raw, silent shell", async () => {
  await using line = await board();
  const shell = await open(line);
  assertEquals(shell.description, `serial ${line.path} at 3000000`);
  const script =
    'echo one\nnosuchcommand\necho "$LC_ALL $TERM <$PS1$PS2>"; case $- in *i*) echo interactive; esac; echo end\n';
  assertEquals(await ask(shell, script, "end\n"), "one\nC dumb <>\nend\n");
  await shell.close();
});

Deno.test("openSerial() close() logs out and releases the line", async () => {
  await using line = await board();
  const host = openTty(line.path), far = openTty(line.boardPath);
  const before = getTermios(host);
  const shell = await open(line);
  const raw = getTermios(far);
  await Promise.all([shell.close(), shell.close()]);
  assertEquals(getTermios(host), before);
  // ICANON and ECHO are off in the raw shell, and on again at the prompt after it.
  assertEquals(raw[12]! & 0o12, 0);
  assertEquals(getTermios(far)[12]! & 0o12, 0o12);
  closeFd(host);
  closeFd(far);
  const again = await open(line);
  assertEquals(await ask(again, "echo again\n", "again\n"), "again\n");
  await again.close();
});

Deno.test("openSerial() uses a shell that is already logged in, and leaves it logged in", async () => {
  await using line = await openLine({ board: ["sh", "-c", "PS1='~ # ' ENV= exec sh -i"] });
  for (let i = 0; i < 2; i++) {
    const shell = await openSerial({ path: line.path, baudRate: 3_000_000 });
    assertEquals(await ask(shell, `echo ${i}\n`, `${i}\n`), `${i}\n`);
    await shell.close();
  }
});

Deno.test("openSerial() works with a bash with line editing and a prompt of many colours", async () => {
  const env = { LINE_SHELL: "bash --norc --noprofile", PS1: "" };
  await using line = await board({ env });
  const shell = await open(line);
  assertEquals(await ask(shell, "echo bash\n", "bash\n"), "bash\n");
  await shell.close();
});

Deno.test("openSerial() works with a shell whose prompt is unknown", async () => {
  await using line = await openLine({ board: ["sh", "-c", "PS1='ready when you are, ' ENV= exec sh -i"] });
  const shell = await openSerial({ path: line.path, baudRate: 3_000_000 });
  assertEquals(await ask(shell, "echo hm\n", "hm\n"), "hm\n");
  await shell.close();
});

Deno.test("openSerial() ends a raw shell that an earlier run left", async () => {
  await using line = await openLine({
    board: ["sh", "-c", "s=$(stty -g); stty raw -echo; sh /proc/self/fd/0; stty $s; PS1='# ' ENV= exec sh -i"],
  });
  const shell = await openSerial({ path: line.path, baudRate: 3_000_000 });
  assertEquals(await ask(shell, "echo out\n", "out\n"), "out\n");
  await shell.close();
});

Deno.test("openSerial() logs in on a 115200 line with kernel lines everywhere", async () => {
  await using line = await board({ baudRate: 115_200, noise: { perSecond: 20 } });
  const shell = await open(line, { baudRate: 115_200 });
  const text = await ask(shell, "echo begin; seq 1 200; echo en''d\n", "\nend\n").catch((error) => error.message);
  assertMatch(String(text), /\[ *\d+\.\d{6}\] igb/);
  await shell.close();
  assert(line.noiseLines > 5);
});

Deno.test("openSerial() passes on the kernel's lines during the login", async () => {
  await using line = await board();
  const said = "[   12.345678] eth0: said in between\r\n";
  const password = () => line.inject(said).then(() => "secret");
  const shell = await open(line, { login: { user: "root", password } });
  assertEquals(await ask(shell, "echo end\n", "end\n"), `${said}end\n`);
  await shell.close();
});

Deno.test("openSerial() carries 256 KiB each way, every byte except the one that interrupts", async () => {
  await using line = await board();
  const shell = await open(line);
  const size = 256 << 10;
  const data = randomBytes(size).map((byte) => byte === 0x1d ? 0 : byte);
  const writer = shell.writable.getWriter();
  const reader = shell.readable.getReader();
  await writer.write(encode(`echo ready; exec head -c ${size}\n`));
  await readTo(reader, "ready\n");
  const received = (async () => {
    const hash = createHash("sha256");
    for (let seen = 0; seen < size;) {
      const { value } = await reader.read();
      // After the data comes the farewell of the shell that head replaced.
      hash.update(value!.subarray(0, size - seen));
      seen += value!.length;
    }
    return hash.digest("hex");
  })();
  await writer.write(data);
  assertEquals(await received, createHash("sha256").update(data).digest("hex"));
  await shell.close();
});

for (const [how, status] of [["kill -9 $$", 137], ["exit 7", 7]] as const) {
  Deno.test(`openSerial() reports the status of a shell that has ended: ${how}`, async () => {
    await using line = await board();
    const shell = await open(line);
    const writer = shell.writable.getWriter();
    await writer.write(encode(`echo said; ${how}\n`));
    const text = await new Response(shell.readable).text();
    assertEquals([text.startsWith("said\n"), shell.exitStatus], [true, status]);
    await shell.close();
  });
}

Deno.test("openSerial() does not overrun a FIFO of 256 bytes at 115200", async () => {
  await using line = await board({ baudRate: 115_200, fifo: 256 });
  const shell = await open(line, { baudRate: 115_200 });
  const size = 16 << 10;
  const text = randomBytes(size / 2).toString("hex");
  const start = performance.now();
  const sum = await ask(shell, `head -c ${size} >/dev/null 2>&1 <<'X'\n${text}\nX\nprintf '%s\\n' en''d\n`, "end\n");
  const seconds = (performance.now() - start) / 1000;
  assertEquals([sum, line.lost], ["end\n", 0]);
  assert(seconds > size / 11_520 * 0.95, `16 KiB in ${seconds} s is faster than the line`);
  await shell.close();
});

Deno.test("openSerial() reports that the password was wrong", async () => {
  await using line = await board();
  const login = { user: "root", password: () => Promise.resolve("guess") };
  assertEquals(
    await refusal(line, { login }),
    `Cannot log in on ${line.path}: the password of root was not accepted`,
  );
});

Deno.test("openSerial() reports that there is no password, or no login", async () => {
  await using line = await board();
  assertEquals(
    await refusal(line, { login: { user: "root" } }),
    `Cannot log in on ${line.path}: the board asks for the password of root, and none was given`,
  );
  const error = await assertRejects(
    () => openSerial({ path: line.path, baudRate: 3_000_000, loginTimeoutMs: 20_000 }),
    TransportError,
  );
  assertEquals(error.message, `Cannot log in on ${line.path}: the board asks for a login, and none was given`);
});

Deno.test("openSerial() reports that the line is silent", async () => {
  await using line = await openLine();
  assertEquals(await refusal(line, { loginTimeoutMs: 700 }), `Cannot log in on ${line.path}: no answer within 0.7 s`);
});

Deno.test("openSerial() reports what the line said last, without control characters", async () => {
  await using line = await openLine({
    board: ["sh", "-c", "while read -r _; do printf 'Booting \\033[2J\\033]0;x\\007now\\n'; done"],
  });
  // On a busy machine the board may print nothing at first.
  for (let [ms, said] = [1200, ""]; !said.includes("the line said last"); ms *= 2) {
    said = await refusal(line, { loginTimeoutMs: ms });
    const before = `Cannot log in on ${line.path}: no answer within ${ms / 1000} s`;
    assert([before, `${before}; the line said last: Booting now`].includes(said), said);
  }
});

Deno.test("openSerial() gives up on a line that accepts no bytes", async () => {
  const { fd, path } = openPty();
  const holder = openTty(path);
  const open = openSerial({ path, loginTimeoutMs: 300 });
  const error = await assertRejects(() => open, TransportError);
  assertEquals(error.message, `Cannot log in on ${path}: no answer within 0.3 s`);
  closeFd(holder);
  closeFd(fd);
});

Deno.test("openSerial() refuses a second opening in one line", async () => {
  await using line = await board();
  const shell = await open(line);
  assertMatch(await refusal(line), /^Cannot open \/dev\/pts\/\d+: serial port is in use by process \d+$/);
  await shell.close();
});

Deno.test("openSerial() reports an unplugged line to readers and to writers", async () => {
  await using line = await board();
  const shell = await open(line);
  const read = assertRejects(() => new Response(shell.readable).text(), TransportError);
  await line.unplug();
  assertMatch((await read).message, /^Lost serial \/dev\/pts\/\d+ at 3000000: /);
  const writer = shell.writable.getWriter();
  await assertRejects(() => writer.write(encode("echo\n")), TransportError);
  await shell.close();
});

Deno.test("openSerial() close() ends a write that blocks, and half a command is not run", async () => {
  await using line = await board();
  const shell = await open(line);
  const directory = await Deno.makeTempDir();
  const writer = shell.writable.getWriter();
  await writer.write(encode("sleep 4\n"));
  const command = `echo cut >${directory}/ran; : ${"x".repeat(1 << 20)}\n`;
  const stuck = assertRejects(() => writer.write(encode(command)), TransportError);
  // If `close` waited for the board, everything would be written.
  await shell.close();
  await stuck;
  const again = await open(line);
  await ask(again, "echo again\n", "again\n");
  assertEquals([...Deno.readDirSync(directory)], []);
  await again.close();
  await Deno.remove(directory);
});

Deno.test("openSerial() close() ends an open here-document", async () => {
  await using line = await board();
  const shell = await open(line);
  const writer = shell.writable.getWriter();
  await writer.write(encode("cat >/dev/null <<'never'\nsome\n"));
  await shell.close();
  const far = openTty(line.boardPath);
  assertEquals(getTermios(far)[12]! & 0o12, 0o12);
  closeFd(far);
});

Deno.test("openSerial() ends a here-document that a killed run left open", async () => {
  await using line = await openLine({ board: ["sh", "-c", "PS1='# ' ENV= exec sh -i"] });
  const { path } = line;
  const file = await Deno.makeTempFile({ dir: import.meta.dirname!, prefix: "killed_run_", suffix: ".ts" });
  await Deno.writeTextFile(
    file,
    `import { openSerial } from "./serial.ts";
    const shell = await openSerial({ path: ${JSON.stringify(path)}, baudRate: 3_000_000 });
    await shell.writable.getWriter().write(new TextEncoder().encode("echo open\\ncat >/dev/null <<'never'\\n"));
    await shell.readable.getReader().read();
    Deno.kill(Deno.pid, "SIGKILL");`,
  );
  const { signal } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", file] }).output();
  await Deno.remove(file);
  assertEquals(signal, "SIGKILL");
  const shell = await openSerial({ path, baudRate: 3_000_000 });
  assertEquals(await ask(shell, "echo out\n", "out\n"), "out\n");
  await shell.close();
});

Deno.test("openSerial() ends a command that asks for its rest, or else accepts this prompt as a shell's own", async () => {
  await using line = await openLine({ board: ["sh", "-c", "PS1='# ' PS2='> ' ENV= exec sh -i"] });
  const cut = openTty(line.path);
  writeFd(cut, encode("echo 'the rest of this was lost\n"));
  closeFd(cut);
  const shell = await openSerial({ path: line.path, baudRate: 3_000_000 });
  assertEquals(await ask(shell, "echo out\n", "out\n"), "out\n");
  await shell.close();
  await using other = await openLine({ board: ["sh", "-c", "PS1='> ' ENV= exec sh -i"] });
  const taken = await openSerial({ path: other.path, baudRate: 3_000_000 });
  assertEquals(await ask(taken, "echo out\n", "out\n"), "out\n");
  await taken.close();
});

Deno.test("openSerial() ends its stream when the board's shell ends", async () => {
  await using line = await board();
  const shell = await open(line);
  const writer = shell.writable.getWriter();
  await writer.write(encode("echo last; exit 3\n"));
  assertMatch(await new Response(shell.readable).text(), /^last\n/);
  await shell.close();
});

Deno.test("openSerial() stops at an aborted signal", async () => {
  await using line = await openLine();
  const stop = new AbortController();
  const opening = open(line, { signal: stop.signal });
  const failed = assertRejects(() => opening, DOMException);
  stop.abort();
  await failed;
  await assertRejects(() => open(line, { signal: AbortSignal.abort() }), DOMException);
});

Deno.test("openSerial() refuses an invalid user name", async () => {
  await using line = await openLine();
  for (const user of ["", "-froot", "a\nb", " x"]) {
    await assertRejects(() => open(line, { login: { user } }), TypeError);
  }
});

Deno.test("promptOf() distinguishes prompts from similar text", () => {
  const cases: [string, ReturnType<typeof promptOf>][] = [
    ["\r\nboard login: ", "login"],
    ["Last login: ", undefined],
    ["login: root\r\nPassword: ", "password"],
    ["board lo[   12.345678] eth0: link up\r\ngin: ", "login"],
    ["board login: [   12.345678] eth0: li", "login"],
    ["[   12.345678] login: \r\n", undefined],
    ["\x1b[?2004h\x1b[01;32mroot@board\x1b[0m:\x1b[34m~\x1b[0m# ", "shell"],
    ["~ # \x1b[6n", "shell"],
    ["[root@board ~]# ", "shell"],
    ["New password: ", "new password"],
    ["Hit any key to stop autoboot:  2 ", "bootloader"],
    ["=> ", "bootloader"],
    ["Starting network", undefined],
    ["", undefined],
  ];
  for (const [text, prompt] of cases) assertEquals(promptOf(text), prompt, JSON.stringify(text));
});
