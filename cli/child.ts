/** For tests: the command as a child process, started as `deno task twinlink` starts it. */

import { fileURLToPath as fromFileUrl } from "node:url";

export { fromFileUrl };

/** How a child ended. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Options of a child. */
export interface ChildOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A command line to which the command's own is appended */
  under?: readonly string[];
}

const ROOT = new URL("../", import.meta.url);
const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
/** The permissions of the task and its flags of V8, so that tests run as a user's command does. */
const OPTIONS: string[] = tasks.twinlink.command.split(" ").filter((word: string) => /^--(allow|no|v8)-/.test(word));

/** The state directory of the tests: they do not share the user's. */
let state: string | undefined;
const ownState = () => state ??= Deno.makeTempDirSync({ prefix: "twinlink-state-" });
Deno.test.afterAll(async () => {
  if (state !== undefined) await Deno.remove(state, { recursive: true });
  state = undefined;
});

/** Returns the command as a program with its arguments. */
export function commandLine(args: readonly string[]): string[] {
  const path = (name: string) => fromFileUrl(new URL(name, ROOT));
  const deno = [Deno.execPath(), "run", "--quiet", "--config", path("deno.json"), ...OPTIONS, path("cli/main.ts")];
  return [...deno, ...args];
}

/** Starts the command. */
export function start(args: readonly string[], options: ChildOptions = {}): Deno.ChildProcess {
  const [program, ...rest] = [...options.under ?? [], ...commandLine(args)];
  return new Deno.Command(program!, {
    args: rest,
    env: { NO_COLOR: "1", INIT_CWD: "", ...options.env, XDG_STATE_HOME: options.env?.XDG_STATE_HOME ?? ownState() },
    ...(options.cwd ? { cwd: options.cwd } : {}),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for the end of a child. */
export async function ended(child: Deno.ChildProcess): Promise<Ran> {
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs the command to its end. */
export function run(args: readonly string[], options?: ChildOptions): Promise<Ran> {
  return ended(start(args, options));
}

/** Returns the ids of all descendants of a process. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, parent] = Deno.readTextFileSync(`/proc/${name}/stat`).split(") ").at(-1)!.split(" ");
      parents.set(Number(name), Number(parent));
    } catch { /* it has ended meanwhile */ }
  }
  const below = (of: number): number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}
