/**
 * Finds labgrid, to compare it with twinlink: the machine's own, or Debian's, unpacked into the cache.
 *
 * @module
 */

import { TextLineStream } from "./_lines.ts";

/** How labgrid is run here. */
export interface Labgrid {
  python: string;
  version: string;
  env: Record<string, string>;
}

async function output(command: string, args: string[], options: Deno.CommandOptions = {}): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stdin: "null", stderr: "null", ...options })
      .output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

const PYTHON = "/usr/bin/python3";

/** Finds labgrid, or the reason why there is none. */
export async function findLabgrid(): Promise<Labgrid | string> {
  const cache = `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`}/twinlink/labgrid`;
  const tried = async (env: Record<string, string>): Promise<Labgrid | undefined> => {
    const script = "import labgrid.driver, importlib.metadata as m; print(m.version('labgrid'))";
    const version = await output(PYTHON, ["-c", script], { env });
    return version === undefined ? undefined : { python: PYTHON, version, env };
  };
  const unpacked = { PYTHONPATH: `${cache}/root/usr/lib/python3/dist-packages` };
  const found = await tried({}) ?? await tried(unpacked);
  if (found) return found;
  await Deno.mkdir(cache, { recursive: true });
  const only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const names = await output("apt-cache", ["depends", "--recurse", ...only, "python3-labgrid"]);
  const packages = new Set(names?.split("\n").filter((name) => /^python3-[\w.+-]+$/.test(name)));
  packages.delete("python3-minimal");
  if (!packages.has("python3-labgrid")) return "apt knows no python3-labgrid";
  if (await output("apt-get", ["download", ...packages], { cwd: cache }) === undefined) return "apt cannot download it";
  for (const { name } of [...Deno.readDirSync(cache)]) {
    if (name.endsWith(".deb")) await output("dpkg", ["-x", name, "root"], { cwd: cache });
  }
  return await tried(unpacked) ?? `what was downloaded to ${cache} does not run`;
}

/** What labgrid reported of its login, or of a command. */
export interface Said {
  ms: number;
  status?: number;
  output?: string;
  error?: string;
}

/** A labgrid process on a serial line. */
export class LabgridShell {
  #child: Deno.ChildProcess;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #lines: ReadableStreamDefaultReader<string>;

  /** Starts labgrid on a line; {@linkcode LabgridShell.next} then returns the result of the login */
  constructor({ python, env }: Labgrid, path: string, baudRate: number, loginTimeoutS = 20) {
    const script = new URL("./labgrid_shell.py", import.meta.url).pathname;
    this.#child = new Deno.Command(python, {
      args: [script, path, String(baudRate), String(loginTimeoutS)],
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  }

  /** Returns labgrid's next report; undefined if labgrid has ended */
  async next(): Promise<Said | undefined> {
    const { value } = await this.#lines.read();
    return value === undefined ? undefined : JSON.parse(value);
  }

  /** Runs a command on the board */
  async run(command: string): Promise<Said | undefined> {
    await this.#writer.write(new TextEncoder().encode(`${command}\n`));
    return await this.next();
  }

  /** Ends the labgrid process */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.#lines.cancel().catch(() => {});
    await this.#child.status;
  }
}
