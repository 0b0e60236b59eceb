/** For tests: the command as a child process, started as `deno task twinlink` starts it. */

import { fileURLToPath as fromFileUrl } from "node:url";

export { fromFileUrl };

/** How a child ended. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A child that runs. */
export interface Started {
  pid: number;
  kill(signal: Deno.Signal): void;
  ran: Promise<Ran>;
}

/** Options of a child. */
export interface ChildOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A command line that the command's own is appended to */
  under?: readonly string[];
}

const ROOT = new URL("../", import.meta.url);
const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
/** The permissions of the task, so that tests have no more than users. */
const PERMISSIONS: string[] = tasks.twinlink.command.split(" ").filter((word: string) => /^--(allow|no)-/.test(word));

/** Starts the command. */
export function start(args: readonly string[], options: ChildOptions = {}): Started {
  const config = fromFileUrl(new URL("deno.json", ROOT));
  const main = fromFileUrl(new URL("cli/main.ts", ROOT));
  const argv = [
    ...options.under ?? [],
    Deno.execPath(),
    "run",
    "--quiet",
    "--config",
    config,
    ...PERMISSIONS,
    main,
    ...args,
  ];
  const child = new Deno.Command(argv[0]!, {
    args: argv.slice(1),
    env: { NO_COLOR: "1", ...options.env },
    ...(options.cwd ? { cwd: options.cwd } : {}),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    ran: child.output().then(({ code, stdout, stderr }) => ({ code, stdout: text(stdout), stderr: text(stderr) })),
  };
}

/** Runs the command to its end. */
export function run(args: readonly string[], options?: ChildOptions): Promise<Ran> {
  return start(args, options).ran;
}
