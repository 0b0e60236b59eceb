/** Signals and Ctrl-C: each ends the right process, also while the command computes and its event loop is blocked. */

import { assert, assertEquals } from "@std/assert";
import { type OnTerminal, startOnTerminal, startProgramOnTerminal } from "../cli/on_terminal.ts";
import { type ChildOptions, fromFileUrl, start } from "../cli/child.ts";

const folder = await Deno.makeTempDir({ prefix: "twinlink-interrupt-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const ROOT = fromFileUrl(new URL("../", import.meta.url));
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const SIGNALS = Object.keys(STATUS) as (keyof typeof STATUS)[];

/** Waits until a child has written a text, sends it signals, and gives its exit status. */
async function signalled(
  child: Deno.ChildProcess,
  begun: { text: string; on: "stdout" | "stderr" } | Promise<unknown>,
  ...signals: Deno.Signal[]
): Promise<number> {
  const seen = { stdout: "", stderr: "" };
  const waiting = Promise.withResolvers<void>();
  const follow = async (name: "stdout" | "stderr") => {
    for await (const piece of child[name].pipeThrough(new TextDecoderStream())) {
      seen[name] += piece;
      if ("on" in begun && begun.on === name && seen[name].includes(begun.text)) waiting.resolve();
      // Endless output is not stored
      seen[name] = seen[name].slice(-10_000);
    }
  };
  const followed = Promise.all([follow("stdout"), follow("stderr")]);
  if (!("on" in begun)) begun.then(() => waiting.resolve());
  const early = child.status.then(({ code }) => {
    throw new Error(`it ended by itself, ${code}: ${seen.stdout}${seen.stderr}`);
  });
  early.catch(() => {});
  await Promise.race([waiting.promise, early]);
  for (const signal of signals) child.kill(signal);
  const { code } = await child.status;
  await followed;
  return code;
}

const BEGUN = { text: "begun\n", on: "stdout" } as const;

/** Scripts that never end. Each waits, computes or writes in another way. */
const ENDLESS = [
  "while :; do :; done",
  "until false; do i=$((i+1)); done",
  "while sleep 1; do :; done",
  "while :; do echo y; done > /dev/null",
  "while :; do echo y; done",
  "cat /dev/zero > /dev/null",
  "cat /dev/zero | cat > /dev/null",
  "while :; do echo y; done | while read x; do :; done",
  "(while :; do sleep 1; done) & wait",
  "x=$(while :; do :; done)",
  "for i in 1; do (while :; do :; done); done",
  "timeout 1000000000 sh -c 'while :; do :; done'",
  "sh -c 'while :; do :; done'",
  "cat <<E\n$(while :; do :; done)\nE",
  "while :; do devlink dev show; done",
];

const ask = async (terminal: OnTerminal, command: string, answer: string) => {
  terminal.type(`${command}\r`);
  await terminal.see(answer);
  await terminal.see("6.12:/# ");
};

Deno.test("the shell on a terminal: Ctrl-C ends the running command, and the prompt of the same machine returns", async () => {
  await using terminal = startOnTerminal(["shell", "--era", "6.12"]);
  await terminal.see("6.12:/# ");
  await ask(terminal, "here=1$((1+1)); echo set", "\r\nset\r\n");
  for (const command of ENDLESS) {
    // The terminal also shows the typed text: the quotes keep this word from matching there
    terminal.type(`echo be''gun; ${command.replaceAll("\n", "\r")}\r`);
    await terminal.see("begun\r\n");
    terminal.type("\x03");
    await terminal.see("6.12:/# ");
    await ask(terminal, "echo $? $here.", "\r\n130 12.\r\n");
  }
  // The shell runs a trap of SIGINT
  terminal.type("sh -c 'trap \"echo trap''ped; exit 7\" INT; echo be''gun; while :; do :; done'\r");
  await terminal.see("begun\r\n");
  terminal.type("\x03");
  await terminal.see("trapped\r\n");
  await terminal.see("6.12:/# ");
  await ask(terminal, "echo $?.", "\r\n7.\r\n");
  // A background job continues, and does not delay the prompt
  await ask(terminal, "while :; do :; done & echo be''side", "\r\nbeside\r\n");
  await ask(terminal, "kill $! && echo kil''led", "\r\nkilled\r\n");
  terminal.type("\x04");
  assertEquals(await terminal.exited, 0);
});

Deno.test("the shell on a terminal: Ctrl-\\, SIGTERM and SIGHUP end the shell, during a command and at the prompt", async () => {
  const ways: [string, (terminal: OnTerminal) => void, number][] = [
    ["Ctrl-\\", (terminal) => terminal.type("\x1c"), 131],
    ["SIGTERM", (terminal) => terminal.kill("SIGTERM"), 143],
    ["SIGHUP", (terminal) => terminal.kill("SIGHUP"), 129],
  ];
  for (const [name, end, status] of ways) {
    for (const command of ["while :; do :; done", ""]) {
      await using terminal = startOnTerminal(["shell", "--era", "6.12"]);
      await terminal.see("6.12:/# ");
      if (command !== "") {
        terminal.type(`echo be''gun; ${command}\r`);
        await terminal.see("begun\r\n");
      }
      end(terminal);
      assertEquals(await terminal.exited, status, `${name}: ${command}`);
    }
  }
});

Deno.test("deno task: a Ctrl-C that comes twice, from the terminal and from the task, counts once", async () => {
  const line = [Deno.execPath(), "task", "--quiet", "--config", `${ROOT}deno.json`, "twinlink", "shell", "--era=6.12"];
  await using terminal = startProgramOnTerminal(line);
  await terminal.see("6.12:/# ");
  terminal.type("echo be''gun; while :; do :; done\r");
  await terminal.see("begun\r\n");
  terminal.type("\x03");
  await terminal.see("6.12:/# ");
  // No output shows that the second signal has come
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await ask(terminal, "echo $?.", "\r\n130.\r\n");
  terminal.type("echo be''gun; while :; do :; done\r");
  await terminal.see("begun\r\n");
  terminal.type("\x1c");
  assertEquals(await terminal.exited, 131);
});

Deno.test("a script of the shell, from a file and from standard input: each signal ends it, and is reported", async () => {
  const script = `${folder}/endless.sh`;
  await Deno.writeTextFile(script, "echo begun\nwhile :; do :; done\n");
  const under = ["sh", "-c", `exec "$@" < ${script}`, "sh"];
  for (const signal of SIGNALS) {
    for (const [args, options] of [[["shell", script], {}], [["shell"], { under }]] as [string[], ChildOptions][]) {
      assertEquals(await signalled(start(args, options), BEGUN, signal), STATUS[signal], `${signal} ${args}`);
    }
  }
});

/** Returns a named pipe that nobody writes to, and when somebody has opened it to read. */
async function silentPipe(name: string): Promise<{ path: string; opened: Promise<Deno.FsFile> }> {
  const path = `${folder}/${name}`;
  await new Deno.Command("mkfifo", { args: [path] }).output();
  return { path, opened: Deno.open(path, { write: true }) };
}

Deno.test("a command that waits for a file, and a command that computes long on the model: each signal ends it", async () => {
  for (const signal of SIGNALS) {
    for (const args of [["shell"], ["check"], ["boards", "check"], ["doctor"]]) {
      const { path, opened } = await silentPipe(`${args.join("-")}-${signal}.toml`);
      assertEquals(await signalled(start([...args, path]), opened, signal), STATUS[signal], `${signal} ${args}`);
      (await opened).close();
    }
    const fuzz = ["fuzz", "--board", "model", "--sequences", "1000000000", "--steps", "10000"];
    const told = { text: "sequences of", on: "stderr" } as const;
    assertEquals(await signalled(start(fuzz), told, signal), STATUS[signal], `${signal} fuzz`);
    const pairs = ["race", "--all-pairs", "--json", "--schedules", "999999999"];
    const pair = { text: "}\n", on: "stdout" } as const;
    assertEquals(await signalled(start(pairs), pair, signal), STATUS[signal], `${signal} race`);
  }
});

Deno.test("any program: the first signal ends an endless computation after a while, the second ends it at once", async () => {
  const program = async (body: string): Promise<Deno.ChildProcess> => {
    const path = `${folder}/${crypto.randomUUID()}.ts`;
    const text = `import { runAsMain } from ${JSON.stringify(`${ROOT}cli/entry.ts`)};\n` +
      `await runAsMain(async (signal, interrupts) => { ${body} });\n`;
    await Deno.writeTextFile(path, text);
    const args = ["run", "--quiet", "--allow-all", "--no-check", "--config", `${ROOT}deno.json`, path];
    const env = { ...Deno.env.toObject() };
    delete env["INIT_CWD"];
    return new Deno.Command(Deno.execPath(), {
      args,
      clearEnv: true,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  };
  const begun = 'console.log("begun");';
  const computes = `${begun} for (;;);`;
  const waits = `${begun} await new Promise((resolve) => setTimeout(resolve, 1e9));`;
  const tidies = `${begun} await new Promise((resolve) => signal.onabort = resolve); return 0;`;
  const harmless = "interrupts.harmless();";
  const ends = async (body: string, ...signals: (keyof typeof STATUS)[]) => {
    const code = await signalled(await program(body), BEGUN, ...signals);
    // Two signals at the same time may come in either order
    assert(signals.some((signal) => code === STATUS[signal]), `${code} ${signals}: ${body}`);
  };
  for (const signal of SIGNALS) {
    await ends(harmless + computes, signal);
    await ends(harmless + waits, signal);
    await ends(tidies, signal);
    for (const body of [computes, waits]) await ends(body, signal, signal === "SIGINT" ? "SIGTERM" : "SIGINT");
  }
  await ends(computes, "SIGTERM");
});
