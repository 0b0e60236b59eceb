/** `twinlink completion`: in the shells themselves, on a terminal, and with names of files that are commands to a shell. */

import { assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { assertOneLine, Files } from "./_cli_files.ts";
import { typedCommands } from "./_completion.ts";
import { call } from "./in_process.ts";
import { startProgramOnTerminal } from "./on_terminal.ts";

const files = new Files();
const { folder } = files;
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

/** A file name that runs `touch pwned` if a shell expands it. */
const HOSTILE = `x$(touch pwned) 'q"; touch pwned; #`;
await files.write(HOSTILE, "");
const commands = await typedCommands();

/** Incomplete lines, and the words after their completion. */
const BEGUN: readonly [line: string, words: readonly string[]][] = [
  ["twinlink resu", ["resume"]],
  ["twinlink run --skip", ["run", "--skip-unsupported"]],
  ["twinlink run -b qemu-6.12-s", ["run", "-b", "qemu-6.12-slub"]],
  ["twinlink run --board=qemu-6.12-s", ["run", "--board=qemu-6.12-slub"]],
  ["twinlink run --reporter jun", ["run", "--reporter", "junit"]],
  ["twinlink run reload_c", ["run", "reload_contract"]],
  ["twinlink -C / boards desc", ["-C", "/", "boards", "describe"]],
  ["twinlink completion fi", ["completion", "fish"]],
  ["twinlink help rec", ["help", "record"]],
  ["twinlink check x", ["check", HOSTILE]],
  ["twinlink run --board x", ["run", "--board", HOSTILE]],
  ["twinlink run --out=x", ["run", `--out=${HOSTILE}`]],
];

const shown = (words: readonly string[]) => words.map((word) => `<${word}>`).join("");

/** Registers a test that needs a shell. Without it the test is ignored; with `TWINLINK_REQUIRE_KERNELS=1`, as in CI, it fails. */
function shellTest(shell: string, what: string, fn: () => Promise<void>): void {
  const there = existsSync(`/usr/bin/${shell}`) || existsSync(`/bin/${shell}`);
  const ignore = !there && Deno.env.get("TWINLINK_REQUIRE_KERNELS") !== "1";
  const why = there ? "" : ` (there is no ${shell}: sudo apt-get install ${shell})`;
  Deno.test({ name: `completion ${shell}: ${what}${why}`, ignore, fn });
}

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await call(["completion", shell]);
  assertEquals([code, stderr], [0, ""]);
  return await files.write(`completion.${shell}`, stdout);
}

async function runShell(shell: string, text: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(shell, { args: ["-c", text], cwd: folder, stdin: "null" }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}

/** Types the incomplete lines with a tab, and checks the arguments that the command gets. */
async function onTerminal(program: readonly string[], setUp: string): Promise<void> {
  await using terminal = startProgramOnTerminal(program, { HOME: folder });
  terminal.type(`cd ${folder}; ${setUp}; twinlink() { printf '<%s>' "$@"; echo; }; PS1='rea''dy '\n`);
  for (const [line, words] of BEGUN) {
    await terminal.see("ready ");
    terminal.type(`${line}\t\n`);
    await terminal.see(shown(words));
  }
  terminal.type("exit\n");
  await terminal.exited;
  assertEquals(existsSync(`${folder}/pwned`), false);
}

shellTest("bash", "a tab completes words of twinlink and names of files", async () => {
  await onTerminal(["bash", "--norc", "--noprofile", "-i"], `source ${await script("bash")}`);
});

shellTest("zsh", "a tab completes words of twinlink and names of files", async () => {
  const compinit = "autoload -U compinit && compinit -u -D";
  await onTerminal(["zsh", "-f", "-i"], `${compinit}; source ${await script("zsh")}`);
});

shellTest("fish", "it completes words of twinlink and names of files", async () => {
  const lines = BEGUN.map(([line]) => `
set word (complete --escape -C '${line}' | string split -f 1 \\t)
eval (string replace -r '\\S+$' '' -- '${line}') $word`);
  const text = `source ${await script("fish")}
function twinlink; printf '<%s>' $argv; echo; end${lines.join("")}`;
  assertEquals(await runShell("fish", text), BEGUN.map(([, words]) => `${shown(words)}\n`).join(""));
  assertEquals(existsSync(`${folder}/pwned`), false);
});

/** Returns the options that the help shows, as a user types them. */
const optionsOf = async (name: string) =>
  [...(await call(["help", name])).stdout.matchAll(/^ {2}(?:-\w, | {4})(--[a-z0-9-]+)/gm)].map(([, option]) => option!)
    .sort();

shellTest("bash", "the subcommands and their options are those of the help", async () => {
  const path = await script("bash");
  const candidates = async (...words: string[]) => {
    const line = `COMP_WORDS=(twinlink ${words.join(" ")}) COMP_CWORD=${words.length}; _twinlink 2> /dev/null`;
    const found = await runShell("bash", `source ${path}; ${line}; printf '%s\\n' "\${COMPREPLY[@]}"`);
    return found.trim().split("\n").sort();
  };
  const overview = [...(await call(["help"])).stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name!);
  assertEquals((await candidates("''")).filter((word) => !word.startsWith("-")), overview.sort());
  for (const { name } of commands.filter(({ name }) => name !== "help")) {
    assertEquals(await candidates(name, "--"), await optionsOf(name), name);
  }
});

shellTest("fish", "the options of a subcommand are those of the help", async () => {
  const path = await script("fish");
  for (const { name } of commands.filter(({ name }) => name !== "help")) {
    const found = await runShell("fish", `source ${path}; complete -C 'twinlink ${name} --'`);
    assertEquals(found.trim().split("\n").map((line) => line.split("\t")[0]!).sort(), await optionsOf(name));
  }
});

Deno.test("completion: no word of twinlink is one that a shell expands", () => {
  const places = commands.flatMap(({ options, first, operands }) => [
    ...options.flatMap(({ value }) => value ?? []),
    ...first ? [first] : [],
    operands,
  ]);
  assertEquals(places.flatMap(({ words }) => words).filter((word) => !/^[\w.-]+$/.test(word)), []);
  // No board is left out because of its name.
  const boards = places.find(({ words }) => words.includes("model"))!;
  assertEquals(boards.words.length > 50, true);
});

Deno.test("completion: another shell is one line with a hint, exit 2", async () => {
  assertOneLine(await call(["completion", "bsah"]), 2, /Cannot complete in "bsah": .*; did you mean "bash"\?/);
  assertOneLine(await call(["completion"]), 2, /Name one shell: bash, zsh, fish/);
  assertMatch((await call(["help", "completion"])).stdout, /Usage: twinlink completion bash\|zsh\|fish/);
});
