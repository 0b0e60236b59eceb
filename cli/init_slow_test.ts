/** A project of `twinlink init` works as its files state: in a folder with any name, with plain Deno. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml/parse";
import { dirname } from "node:path";
import { Files } from "./_cli_files.ts";
import { type Ran, run } from "./child.ts";

const files = new Files();
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

async function deno(args: readonly string[], cwd: string): Promise<Ran> {
  const PATH = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
  const { INIT_CWD: _, TWINLINK_BOARD: __, ...rest } = Deno.env.toObject();
  const env = { ...rest, PATH, NO_COLOR: "1", XDG_STATE_HOME: `${files.folder}/state` };
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd, env, clearEnv: true, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("init: deno check, lint, fmt and test accept the project, and its task runs it", async () => {
  // A part of the path is a symbolic link; the relative path to twinlink must still work.
  await Deno.mkdir(`${files.folder}/deep/er`, { recursive: true });
  await Deno.symlink(`${files.folder}/deep/er`, `${files.folder}/link`);
  const folder = `${files.folder}/link/tests of "$HOME" #1?%41`;
  assertEquals((await run(["init", folder])).code, 0);
  for (const args of [["lint"], ["fmt", "--check"]]) {
    const { code, stderr } = await deno(args, folder);
    assertEquals(code, 0, `${args}: ${stderr}`);
  }
  // The only error is the planted one: the types of the package are found, and the project's own file agrees with them.
  const wrong = `${folder}/wrong.ts`;
  await Deno.writeTextFile(wrong, `import { netdevsim } from "@twinlink/twinlink";\nnetdevsim({ ports: "1" });\n`);
  const checked = await deno(["check"], folder);
  assertEquals(checked.code, 1);
  assertEquals(
    [...checked.stderr.matchAll(/^(?:TS\d+|error|Warning).*$/gm)].map(([line]) => line),
    ["TS2322 [ERROR]: Type 'string' is not assignable to type 'number'.", "error: Type checking failed."],
  );
  assertMatch(checked.stderr, /^Check suites\/first\.ts$/m);
  await Deno.remove(wrong);

  const tests = await deno(["test", "--no-check", "-A"], folder);
  assertEquals(tests.code, 0, tests.stderr);
  assertStringIncludes(tests.stdout, "ok | 2 passed | 0 failed");
  // From a folder below, paths start in that folder.
  const ran = await deno(["task", "twinlink", "run", "./first.ts", "--board", "model"], `${folder}/suites`);
  assertEquals(ran.code, 0, ran.stderr);
  assertStringIncludes(ran.stdout, "2 sequences: 2 agree");
  const board = await deno(["task", "twinlink", "boards", "check", "boards/qemu.toml"], folder);
  assertEquals([board.code, board.stdout], [0, 'boards/qemu.toml: board "qemu" is fine\n'], board.stderr);
  const { jobs } = parse(await Deno.readTextFile(`${folder}/.github/workflows/twinlink.yml`)) as {
    jobs: { board: { env: Record<"BOARD" | "SUITES", string> } };
  };
  // The variables as in the shell of the job.
  const sh = new Deno.Command("sh", { args: ["-c", "ls $SUITES $BOARD"], cwd: folder, env: jobs.board.env });
  assertEquals(new TextDecoder().decode((await sh.output()).stdout), "boards/qemu.toml\nsuites/first.ts\n");
});
