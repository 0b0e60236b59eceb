/** Builds that are interrupted: real processes, which make an entry in a test cache. */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "./child.ts";

const path = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
const IMPORTS = `
import { runAsMain } from ${path("./entry.ts")};
import { cacheEntry } from ${path("../fixtures/qemu/cache.ts")};
import { run } from ${path("../fixtures/qemu/process.ts")};
const made = (dir, words) => Deno.writeTextFile(dir + "/file", words).then(() => ({ made: {}, files: ["file"] }));
`;

/** Returns a program that makes the entry `name` by a shell script; in it, `$1` is the folder to fill. */
const builder = (name: string, script: string) =>
  `${IMPORTS}
await runAsMain(async (signal) => {
  await cacheEntry(${JSON.stringify(name)}, async (dir) => {
    await run("sh", ["-c", ${JSON.stringify(script)}, "sh", dir], { signal });
    return await made(dir, "whole");
  }, { signal });
  return 0;
});`;

/** Builds for ever, with a child, as make and its compilers do; ignores SIGINT and SIGTERM. */
const STUBBORN = `trap '' INT TERM
mkdir "$1/build"
sh -c 'while :; do mkdir -p "$1/build/a/b"; echo half > "$1/build/a/b/file"; done' sh "$1" &
echo $$ $! > "$1.pids"
wait`;
/** Builds for ever, and ends at a signal. */
const POLITE = `mkdir "$1/build"; echo half > "$1/file"; echo $$ > "$1.pids"; exec sleep 1000`;

async function withCache(work: (root: string, start: (code: string) => Deno.ChildProcess) => Promise<void>) {
  const root = await Deno.makeTempDir({ prefix: "twinlink-build-" });
  const start = (code: string) =>
    new Deno.Command(Deno.execPath(), {
      args: ["eval", "--config", fromFileUrl(new URL("../deno.json", import.meta.url)), code],
      env: { TWINLINK_CACHE: root, NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  try {
    await work(root, start);
  } finally {
    await kill(root);
    for (let i = 0; i < 50; i++) {
      const removed = await Deno.remove(root, { recursive: true }).then(() => true, () => false);
      if (removed) break;
    }
  }
}

const names = (root: string) => [...Deno.readDirSync(root)].map(({ name }) => name);
/** Returns what is in the cache beside its locks and the notes of the builders. */
const content = (root: string) => names(root).filter((name) => name !== "locks" && !name.endsWith(".pids")).sort();

/** Returns the ids of the builders' processes. */
const pids = (root: string) =>
  names(root).filter((name) => name.endsWith(".pids")).flatMap((name) =>
    Deno.readTextFileSync(`${root}/${name}`).trim().split(" ").map(Number)
  ).filter((pid) => pid > 0);
const alive = (pid: number) => {
  try {
    // A zombie counts as ended.
    return !/^State:\s*Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
};

async function kill(root: string): Promise<void> {
  for (const pid of pids(root)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch { /* it has ended */ }
  }
  await until(() => !pids(root).some(alive));
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Starts a build and waits until it is under way. */
async function begun(root: string, start: (code: string) => Deno.ChildProcess, name: string, script: string) {
  const child = start(builder(name, script));
  const stderr = new Response(child.stderr).text();
  await until(() => pids(root).length > 0);
  return { child, stderr };
}

/** Sends a signal again and again until the process ends. */
async function insist({ child, stderr }: Awaited<ReturnType<typeof begun>>, signal: Deno.Signal): Promise<number> {
  let code: number | undefined;
  child.status.then((status) => code = status.code);
  while (code === undefined) {
    try {
      child.kill(signal);
    } catch { /* it has just ended */ }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stderr;
  return code;
}

const wholeOf = (root: string, start: (code: string) => Deno.ChildProcess, name: string) =>
  start(`${IMPORTS}await cacheEntry(${JSON.stringify(name)}, (dir) => made(dir, "new"));`).output().then(() =>
    Deno.readTextFile(`${root}/${name}/file`)
  );

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`a build that is ended by a second ${signal} leaves nothing behind, nor a process of its own`, () =>
    withCache(async (root, start) => {
      const code = await insist(await begun(root, start, "one", STUBBORN), signal);
      assertEquals(code, signal === "SIGINT" ? 130 : 143);
      assertEquals(content(root), []);
      await until(() => !pids(root).some(alive));
    }));

  Deno.test(`a build that is ended by one ${signal} leaves nothing behind`, () =>
    withCache(async (root, start) => {
      const build = await begun(root, start, "one", POLITE);
      build.child.kill(signal);
      assertEquals((await build.child.status).code, signal === "SIGINT" ? 130 : 143, await build.stderr);
      assertEquals(content(root), []);
      await until(() => !pids(root).some(alive));
    }));
}

Deno.test("an incomplete build that SIGKILL left never counts as complete, and the next run of any build removes it", () =>
  withCache(async (root, start) => {
    assertEquals(await wholeOf(root, start, "other"), "new");
    const { child, stderr } = await begun(root, start, "one", POLITE);
    child.kill("SIGKILL");
    await Promise.all([child.status, stderr, kill(root)]);
    assertEquals(content(root), [`.new-one-${child.pid}`, "other"]);
    // Nothing is built here: the entry exists.
    assertEquals(await wholeOf(root, start, "other"), "new");
    assertEquals(content(root), ["other"]);
    assertEquals(await wholeOf(root, start, "one"), "new");
  }));

Deno.test("the entry that another process is making is left alone, even if its name has the same beginning", () =>
  withCache(async (root, start) => {
    const build = await begun(root, start, "one-more", POLITE);
    assertEquals(await wholeOf(root, start, "one"), "new");
    assert(content(root).includes(`.new-one-more-${build.child.pid}`), content(root).join(" "));
    assertEquals(await insist(build, "SIGTERM"), 143);
    assertEquals(content(root), ["one"]);
  }));
