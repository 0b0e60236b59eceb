/**
 * Checks the types of suite files, before anything of them is run.
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { visible } from "../boards/visible.ts";
import { SuiteError } from "../sdk/suite.ts";

/** Named first: Deno caches its results by the first file, so that checking another suite takes a quarter of the time. */
const SDK = new URL("../mod.ts", import.meta.url).href;

/**
 * Checks the types of suite files, as `deno check` does; `deno run` does not check types.
 *
 * @throws {SuiteError} on the first problem, with its place
 */
export async function checkTypes(paths: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  for (const path of paths) {
    const info = await Deno.stat(path).catch((error: Error) => error);
    if (info instanceof Deno.errors.NotFound) {
      throw new SuiteError(`Cannot load suite "${visible(path)}": there is no such file`);
    }
    if (info instanceof Error) throw new SuiteError(`Cannot load suite "${visible(path)}": ${visible(info.message)}`);
    if (!info.isFile) throw new SuiteError(`Cannot load suite "${visible(path)}": it is no file`);
  }
  if (paths.length === 0) return;
  const config = new URL("../deno.json", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "check",
      "--quiet",
      "--config",
      decodeURIComponent(config.pathname),
      SDK,
      ...paths.map((path) => resolve(path)),
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    ...(signal ? { signal } : {}),
  }).spawn();
  const { success, stderr } = await child.output();
  signal?.throwIfAborted();
  if (!success) throw new SuiteError(typeProblem(new TextDecoder().decode(stderr), paths));
}

/** Returns the first problem in the output of `deno check`, on one line, with its place; problems in the suites come first. */
function typeProblem(text: string, paths: readonly string[]): string {
  // Empty lines separate the messages; each message ends with its place.
  const problems = text.split(/\n\s*\n/).map((block) => {
    const what = block.trim().split("\n")[0]!.replace(/^error: /, "").replace(" [ERROR]:", ":").replace(/\.$/, "");
    const place = block.match(/\bat (file:\/\/\S+:\d+:\d+)/)?.[1];
    const file = place && paths.find((path) => place.startsWith(pathToFileURL(resolve(path)).href));
    return { what, place, file };
  }).filter(({ what, place }) => place !== undefined || /^[A-Z]\w*Error\b/.test(what));
  const { what, place, file } = problems.find((problem) => problem.file) ?? problems[0] ??
    { what: text.split("\n")[0] ?? "", place: undefined, file: undefined };
  const at = place ? ` at ${visible(decodeURIComponent(place.slice("file://".length)))}` : "";
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return `Cannot load suite "${visible(file ?? paths.join('", "'))}": ${visible(what)}${at}${others}`;
}
