/** The agent under many ticks and interrupts, and on a line that falls silent. */

import { assertEquals } from "@std/assert";
import { INTERRUPT } from "../lines/login.ts";
import { openLine } from "../lines/pty_line.ts";
import { openSerial } from "../lines/serial.ts";
import { AgentSession } from "./session.ts";
import { closeFd, openTty, writeFd } from "../lines/tty.ts";

const SHELLS = [["dash"], ["bash"], ["busybox", "ash"]].filter(([program]) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
);

// The agent's ticker interrupts its shell each second. Here it does so every 2 ms.
const SCRIPT = `
. ./agent.sh
TL_D=$(mktemp -d)
tl_start_ticker 0.002
bad=0 i=0
while [ $i -lt 100 ]; do
  i=$((i + 1))
  tl_bounded 100000 true
  [ "$TL_RC" = 0 ] || bad=$((bad + 1))
  tl_bounded 100000 sh -c 'exit 7'
  [ "$TL_RC" = 7 ] || bad=$((bad + 1))
done
tl_bounded 100000 sh -c 'kill -9 $$'
killed=$TL_RC
tl_bounded 0 sleep 100
echo "$bad wrong, $killed killed, $TL_RC"
kill $TL_TICKER
rm -rf "$TL_D"
`;

for (const [program, ...args] of SHELLS) {
  Deno.test(`${program}: a tick never becomes the exit status of a step, and a step that hangs is ended`, async () => {
    const { stdout } = await new Deno.Command(program!, {
      args: [...args, "-c", SCRIPT],
      cwd: new URL(".", import.meta.url),
      stderr: "null",
    }).output();
    assertEquals(new TextDecoder().decode(stdout).trim(), "0 wrong, 137 killed, hang");
  });
}

// The end of the agent, with many processes to wait for, interrupted as fast as possible.
const END = `
. ./agent_wire.sh
. ./agent.sh
TL_D=$(mktemp -d) TL_LOCK=
kept=$TL_D
tl_unserve() {
  while kill -INT $$; do :; done 2> /dev/null &
  sender=$! i=0
  while [ $i -lt 5000 ]; do
    i=$((i + 1))
    true &
    $TL_WAIT $!
  done
}
tl_stop
kill -9 $sender
[ -e "$kept" ] || echo "nothing left"
`;

for (const [program, ...args] of SHELLS) {
  Deno.test(`${program}: interrupts do not prevent the agent from ending`, async () => {
    const { stdout } = await new Deno.Command("timeout", {
      args: ["-s", "KILL", "600", program!, ...args, "-c", END],
      cwd: new URL(".", import.meta.url),
      stderr: "null",
    }).output();
    assertEquals(new TextDecoder().decode(stdout).trim(), "nothing left");
  });
}

// Steps that never end: a server of the agent runs the first one, if there is a bash; the agent itself runs the second one.
const STUCK = ["file.read", "wait"] as const;

for (const [[program], kind] of SHELLS.flatMap((shell) => STUCK.map((kind) => [shell, kind] as const))) {
  Deno.test(`${program}, ${kind}: an agent that is interrupted again and again leaves nothing behind; its running step is ended`, async () => {
    const dir = await Deno.makeTempDir();
    await Deno.mkdir(`${dir}/bin`);
    await Deno.mkdir(`${dir}/tmp`);
    const path = (await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output()).stdout;
    await Deno.symlink(new TextDecoder().decode(path).trim(), `${dir}/bin/sh`);
    await new Deno.Command("mkfifo", { args: [`${dir}/stuck`] }).output();
    const env = { TMPDIR: `${dir}/tmp`, PATH: `${dir}/bin:${Deno.env.get("PATH")}` };
    await using line = await openLine({ board: ["sh", "-c", "PS1='# ' ENV= exec sh -i"], env });
    const { session } = await AgentSession.open(await openSerial({ path: line.path, baudRate: 3_000_000 }));
    const ms = 60_000 + performance.now() | 0;
    const running = session.run({
      suite: "agent",
      sequence: "stuck",
      source: "",
      steps: [{ id: 1, phase: "body", op: kind === "wait" ? { kind, ms } : { kind, path: `${dir}/stuck` } }],
    });
    const processes = async () => {
      const { stdout } = await new Deno.Command("pgrep", { args: ["-f", `${dir}/(stuck|tmp)|sleep ${ms / 1000}$`] })
        .output();
      return new TextDecoder().decode(stdout).trim();
    };
    while (await processes() === "") await new Promise((resolve) => setTimeout(resolve, 20));
    const far = openTty(line.path);
    // Two interrupts end the agent; later ones come while it undoes its changes.
    for (let i = 0; i < 150; i++) {
      writeFd(far, new TextEncoder().encode(INTERRUPT));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    closeFd(far);
    await running;
    await session.close({ graceMs: 1000 });
    for (let i = 0; i < 400 && (await processes() !== "" || [...Deno.readDirSync(`${dir}/tmp`)].length > 0); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const left = (await new Deno.Command("find", { args: [`${dir}/tmp`, "-mindepth", "1"] }).output()).stdout;
    assertEquals([await processes(), new TextDecoder().decode(left)], ["", ""]);
    await Deno.remove(dir, { recursive: true });
  });
}

Deno.test("a board may continue after its line falls silent: steps after the lost step are not reported as not run", async () => {
  const dir = await Deno.makeTempDir();
  let [said, silent] = ["", false];
  const nothing = new Uint8Array();
  await using line = await openLine({
    board: ["sh", "-c", "PS1='# ' ENV= exec sh -i"],
    env: { TMPDIR: dir, PATH: Deno.env.get("PATH")! },
    between: (bytes, to) => {
      if (to === "board") return Promise.resolve(bytes);
      // From the announcement of the third step on
      if (!silent) silent = /\n@3 /.test(said += new TextDecoder().decode(bytes));
      return Promise.resolve(silent ? nothing : bytes);
    },
  });
  const shell = await openSerial({ path: line.path, baudRate: 3_000_000 });
  const { session } = await AgentSession.open(shell);
  const read = (name: string) => ({ kind: "file.read" as const, path: `${dir}/${name}` });
  const ops = [read("a"), { kind: "wait" as const, ms: 1500 }, read("b"), read("c"), read("d")];
  const steps = ops.map((op, i) => ({ id: i + 1, phase: "body" as const, op }));
  const told = await session.run({ suite: "agent", sequence: "silent", source: "", steps });
  [said, silent] = ["", false];
  await session.close({ graceMs: 20_000 });
  const reasons = told.steps.map(({ lost }) => lost?.reason);
  const [first, ...after] = reasons.slice(reasons.indexOf("timeout"));
  assertEquals([first, ...new Set(after)], ["timeout", "untold"], reasons.join());
  await Deno.remove(dir, { recursive: true });
});
