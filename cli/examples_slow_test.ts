/** The examples of CI servers: the servers accept the files, and the commands do their job. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml/parse";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Files } from "./_cli_files.ts";
import { load } from "./subcommands.ts";
import { parseCommand } from "./command.ts";
import { call } from "./in_process.ts";

const ROOT = new URL("../", import.meta.url);
const EXAMPLES = new URL("examples/ci/", ROOT);
const read = (name: string) => Deno.readTextFileSync(new URL(name, EXAMPLES));
const files = new Files();
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

const text = z.string().min(1);
const words = z.array(text).min(1);

/** The keys of GitHub's workflow syntax that the example uses: any other key is a mistake in the example. */
const github = z.strictObject({
  name: text,
  on: z.strictObject({
    schedule: z.array(z.strictObject({ cron: z.string().regex(/^(\S+ ){4}\S+$/) })),
    workflow_dispatch: z.null(),
  }),
  concurrency: text,
  jobs: z.record(
    text,
    z.strictObject({
      "runs-on": words,
      "timeout-minutes": z.number().positive(),
      env: z.record(text, z.string()),
      steps: z.array(z.union([
        z.strictObject({ name: text, if: z.literal("always()").optional(), run: text }),
        z.strictObject({
          name: text.optional(),
          if: z.literal("always()").optional(),
          uses: z.string().regex(/^actions\/[a-z-]+@v\d+$/),
          with: z.record(text, text).optional(),
        }),
      ])),
    }),
  ),
});

const gitlabJob = z.strictObject({
  tags: words,
  timeout: text.optional(),
  resource_group: text.optional(),
  when: z.enum(["always", "on_success", "on_failure"]).optional(),
  script: words,
  after_script: words.optional(),
  artifacts: z.strictObject({
    when: z.literal("always").optional(),
    expire_in: text.optional(),
    expose_as: z.string().regex(/^[\w -]+$/).optional(),
    paths: words,
    reports: z.strictObject({ junit: text }).optional(),
  }),
});
const gitlab = z.strictObject({ variables: z.record(text, z.string()), board: gitlabJob, pages: gitlabJob });

/** The commands that a server runs: the job, and the commands after the job, however it ends. */
interface Server {
  env: Record<string, string>;
  job: string[];
  after: string[];
}

/** Replaces the server's own variables in a value, as in one run. */
const filled = (value: string) =>
  value.replace(/\$\{\{ github\.run_id \}\}|\$\{env\.BUILD_NUMBER\}/, "7").replace("${{ github.run_attempt }}", "1");

const SERVERS: Record<string, () => Server> = {
  "github.yml": () => {
    const { jobs } = github.parse(parse(read("github.yml")));
    const { env, steps } = jobs.board!;
    const runs = (always: boolean) =>
      steps.flatMap((step) => "run" in step && (step.if !== undefined) === always ? [step.run] : []);
    return { env, job: runs(false), after: runs(true) };
  },
  "gitlab.yml": () => {
    const { variables, board } = gitlab.parse(parse(read("gitlab.yml")));
    return {
      env: { ...variables, CI_JOB_ID: "7" },
      job: [board.script.join("\n")],
      after: [board.after_script!.join("\n")],
    };
  },
  "Jenkinsfile": () => {
    const source = read("Jenkinsfile").replaceAll(/^\s*\/\/.*$/gm, "");
    const bare = source.replaceAll(/'[^']*'|"[^"]*"/g, "");
    for (const [open, close] of ["{}", "[]", "()"]) {
      assertEquals(bare.split(open!).length, bare.split(close!).length, `${open}${close}`);
    }
    const env = Object.fromEntries(
      [.../environment \{([^]*?)\n {2}\}/.exec(source)![1]!.matchAll(/(\w+) = ['"](.*)['"]/g)]
        .map(([, name, value]) => [name!, value!]),
    );
    const shell = (part: string) => [...part.matchAll(/^\s*sh '([^']*)'$/gm)].map(([, command]) => command!);
    const [job, after] = source.split(/^ {2}post \{/m);
    return { env, job: shell(job!), after: shell(after!) };
  },
};

/** Returns the command lines of twinlink in a script of a shell, with variables not expanded. */
const commandsIn = (script: string) =>
  [...script.matchAll(/(?:^|[;|&]|\bthen)\s*twinlink ([^;|>\n]*)/gm)].map(([, line]) =>
    line!.trim().split(/\s+/).map((word) => word.replaceAll('"', ""))
  );

Deno.test("examples/ci: files that the servers accept, with commands and options that exist", async () => {
  const scripts: string[] = [read("nipa.sh")];
  for (const server of Object.values(SERVERS)) {
    const { job, after } = server();
    scripts.push(...job, ...after);
  }
  const seen = new Set<string>();
  for (const [name, ...args] of scripts.flatMap(commandsIn)) {
    seen.add(name!);
    parseCommand(await load(name!), args);
  }
  assertEquals([...seen].sort(), ["history", "report", "run"]);
});

/** Returns a lab's folder with a board: a recording, which agrees until its file is changed. */
async function lab(name: string) {
  const folder = `${files.folder}/${name}`;
  const [trace, board] = [`${folder}/board.jsonl`, `${folder}/board.toml`];
  assertEquals((await call(["record", "trap", "--board", "model", "--out", trace])).code, 0);
  await Deno.writeTextFile(
    board,
    `name = "dut4"\ndescription = "x"\nrunner = "recording"\ndriver = "netdevsim"\n[recording]\ntrace = ${
      JSON.stringify(trace)
    }\n`,
  );
  const breakIt = async () => {
    await Deno.writeTextFile(trace, (await Deno.readTextFile(trace)).replace('"rate":1000', '"rate":1'));
  };
  return { folder, board, breakIt };
}

const path = `${fileURLToPath(new URL("bin", ROOT))}:${Deno.env.get("PATH")}`;

async function shell(
  script: string,
  cwd: string,
  env: Record<string, string>,
): Promise<{ code: number; text: string }> {
  const state = { XDG_STATE_HOME: `${files.folder}/state` };
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-ec", script],
    cwd,
    // As in a script of npm, whose folder differs.
    env: { ...env, ...state, PATH: path, NO_COLOR: "1", INIT_CWD: "/" },
    stdin: "null",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

for (const [name, server] of Object.entries(SERVERS)) {
  Deno.test(`examples/ci/${name}: three nights, the last of which has something new`, async () => {
    const { folder, board, breakIt } = await lab(name);
    const { env, job, after } = server();
    const night = async (number: number) => {
      const own = Object.fromEntries(
        Object.entries(env).map(([key, value]) => [
          key,
          filled(value).replace("/srv/twinlink", folder).replace(/\b7\b/, `${number}`),
        ]),
      );
      const values = { ...own, BOARD: board };
      let failed: string | undefined;
      for (const script of job) {
        const { code, text } = await shell(script, folder, values);
        if (code !== 0) {
          failed = text;
          break;
        }
      }
      for (const script of after) {
        const { code, text } = await shell(script, folder, values);
        assertEquals(code, 0, text);
      }
      return failed;
    };
    assertEquals([await night(1), await night(2)], [undefined, undefined]);
    await breakIt();
    assertMatch(await night(3) ?? "", /B has differences that A has not/);
    const index = [`${folder}/site/index.html`, `${folder}/public/index.html`].find((path) => existsSync(path))!;
    assertStringIncludes(await Deno.readTextFile(index), "1 board: 0 pass, 1 differ");
    assertEquals([...Deno.readDirSync(`${folder}/runs`)].filter(({ isDirectory }) => isDirectory).length, 3);
  });
}

Deno.test("examples/ci/nipa.sh: a manifest and a results file that NIPA's collector reads", async () => {
  const { folder, board, breakIt } = await lab("nipa");
  const env = { BOARD: board, WWW: folder, URL: "https://lab.example/nipa", NIPA_EXECUTOR: "lab" };
  const script = fileURLToPath(new URL("nipa.sh", EXAMPLES));
  const night = async (branch: string) => {
    const { code, text } = await shell(`"${script}" ${branch}`, folder, env);
    assertEquals(code, 0, text);
  };
  await night("net-next-1");
  await night("net-next-1");
  await breakIt();
  await night("net-next-2");
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/results.json`));
  assertEquals(manifest.map(({ branch, executor }: Record<string, string>) => `${executor} ${branch}`), [
    "lab net-next-1",
    "lab net-next-2",
  ]);
  const results: { link: string; results: { test: string; result: string }[] }[] = manifest.map(
    ({ url }: { url: string }) => JSON.parse(Deno.readTextFileSync(`${folder}/${url.slice(env.URL.length + 1)}`)),
  );
  assertEquals(results.map(({ results: [one] }) => [one!.test, one!.result]), [["trap", "pass"], ["trap", "fail"]]);
  assert(results.every(({ link }, i) => link === `${env.URL}/${manifest[i].branch}`));
});
