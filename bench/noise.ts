/**
 * Counts lost and wrong commands on a serial line with kernel lines: `deno task bench:noise [--commands 10000] [--lines 16]
 * [--seed 1] [--rates 1,5,20] [--labgrid 300]`. The lines are pseudo terminals at 115200 baud with a real shell behind each. Kernel lines are
 * spliced in between any two bytes, also while logging in. Beside it labgrid, with `--labgrid` commands for each amount of noise.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Line, LOGIN_BOARD, openLine } from "../runners/lines/pty_line.ts";
import { Connection } from "../runners/wire/connection.ts";
import { openSerial } from "../runners/lines/serial.ts";
import { Random } from "./random.ts";
import { findLabgrid, type Labgrid, LabgridShell } from "./_labgrid.ts";

/** Options of a campaign: the number of commands, the noise, the line. */
export interface Campaign {
  /** How many commands, on all lines */
  commands: number;
  lines: number;
  baudRate: number;
  /** Kernel lines a second */
  perSecond: number;
  seed: number;
}

/** The result. */
export interface Outcome {
  commands: number;
  /** Answers that are not what the command printed */
  wrong: number;
  /** Commands without an answer */
  lost: number;
  /** Commands that the board ran more than once, and commands with an answer that the board did not run */
  twice: number;
  never: number;
  /** Kernel lines on the serial line after the login, and the kernel lines that did not arrive complete */
  kernelLines: number;
  kernelLost: number;
  /** Serial lines with a successful login, and the median duration of a login in ms */
  logins: number;
  loginMs: number;
  /** Bytes of answers per second, on one line */
  rate: number;
}

const LEAST = 10, MOST = 15_000;

/** Returns a reply of random printable characters and of random length. */
function reply(random: Random): string {
  const size = Math.round(LEAST * (MOST / LEAST) ** random.next());
  const characters = Array.from({ length: size - 1 }, (_, i) => i % 64 === 63 ? 10 : random.whole(33, 126));
  return String.fromCharCode(...characters, 10);
}

/** A program that sends commands over a line. */
interface Sender {
  /** Runs a command and returns what the board printed; undefined if the output is not known */
  run(command: string): Promise<string | undefined>;
  /** Kernel lines that the sender received */
  kernel?: Set<string>;
  close(): Promise<void>;
}

const MANY_MS = 120_000;

/** Returns twinlink as a sender; it logs in while the kernel prints lines. */
async function twinlink(line: Line, { baudRate, perSecond }: Campaign): Promise<Sender> {
  line.talk({ perSecond });
  const login = { user: "root", password: () => "secret" };
  const shell = await openSerial({ path: line.path, baudRate, login, loginTimeoutMs: 60_000 });
  const kernel = new Set<string>();
  const onNoise = (text: string) => {
    kernel.add(text);
    return undefined;
  };
  const connection = await Connection.open(shell, ":", MANY_MS, { onNoise });
  return {
    kernel,
    run: async (command) => (await connection.call(command, MANY_MS))?.output,
    close: () => connection.close(5000),
  };
}

/** Returns labgrid as a sender. It logs in before the kernel prints lines: during kernel lines its login never succeeds. */
async function labgrid(found: Labgrid, line: Line, { baudRate, perSecond }: Campaign): Promise<Sender> {
  const shell = new LabgridShell(found, line.path, baudRate);
  const login = await shell.next();
  if (!login || login.error) {
    await shell.close();
    throw new Error(`labgrid does not log in: ${login?.error ?? "it ended"}`);
  }
  line.talk({ perSecond });
  return {
    run: async (command) => (await shell.run(command))?.output,
    close: () => shell.close(),
  };
}

type Opener = (line: Line, campaign: Campaign) => Promise<Sender>;

/** A board with a shell that is already logged in: labgrid answers login prompts faster than a script can imitate them. */
const LOGGED_IN_BOARD = ["sh", "-c", "PS1='board # ' ENV= exec sh -i"];

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Sends commands over lines, all at the same time. */
export async function campaign(what: Campaign, open: Opener = twinlink, board = LOGIN_BOARD): Promise<Outcome> {
  const { commands, lines, baudRate, seed } = what;
  const outcome = { commands: 0, wrong: 0, lost: 0, twice: 0, never: 0, kernelLines: 0, kernelLost: 0, logins: 0 };
  const logins: number[] = [];
  let bytes = 0;
  let seconds = 0;
  const dir = await Deno.makeTempDir({ prefix: "twinlink-noise-" });
  await Deno.writeTextFile(`${dir}/dmesg`, "#!/bin/sh\n", { mode: 0o755 });
  const env = { PATH: `${dir}:${Deno.env.get("PATH")}` };
  const one = async (n: number) => {
    const random = new Random(seed * 1000 + n);
    const home = `${dir}/${n}`;
    await Deno.mkdir(home);
    await using line = await openLine({ board, baudRate, env, noise: { perSecond: 1000 } });
    await line.hush();
    const begun = performance.now();
    const sender = await open(line, what).catch(() => undefined);
    if (!sender) return;
    logins.push(performance.now() - begun);
    const from = line.spliced.length;
    const answered = new Set<number>();
    const start = performance.now();
    for (let i = n; i < commands; i += lines) {
      const expected = reply(random);
      await Deno.writeTextFile(`${home}/${i}`, expected);
      outcome.commands++;
      const got = await sender.run(`echo ${i} >> ${home}/count; cat ${home}/${i}`);
      await Deno.remove(`${home}/${i}`);
      bytes += expected.length;
      if (got === undefined) outcome.lost++;
      else answered.add(i);
      if (got !== undefined && got !== expected) outcome.wrong++;
    }
    seconds += (performance.now() - start) / 1000;
    await line.hush();
    if (sender.kernel) {
      await sender.run("true");
      const said = line.spliced.slice(from);
      outcome.kernelLines += said.length;
      outcome.kernelLost += said.filter((text) => !sender.kernel!.has(text)).length;
    }
    await sender.close();
    const ran = new Map<number, number>();
    const count = await Deno.readTextFile(`${home}/count`).catch(() => "");
    for (const word of count.split("\n").filter((word) => word !== "")) {
      ran.set(Number(word), (ran.get(Number(word)) ?? 0) + 1);
    }
    outcome.twice += [...ran.values()].filter((times) => times > 1).length;
    outcome.never += [...answered].filter((i) => !ran.has(i)).length;
  };
  try {
    await Promise.all(Array.from({ length: lines }, (_, n) => one(n)));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  return { ...outcome, logins: logins.length, loginMs: median(logins), rate: bytes / seconds };
}

if (import.meta.main) {
  const parsed = parseArgs(Deno.args, { string: ["commands", "lines", "seed", "labgrid", "baud", "rates"] });
  const number = (name: string, otherwise: number) => Number(parsed[name] ?? otherwise);
  const lines = number("lines", 16);
  const common = { lines, baudRate: number("baud", 115_200), seed: number("seed", 1) };
  const beside = number("labgrid", 300);
  const found = beside > 0 ? await findLabgrid() : "--labgrid 0";
  const print = (name: string, { perSecond }: Campaign, outcome: Outcome) => {
    const { commands, wrong, lost, twice, never, kernelLines, kernelLost, logins, loginMs, rate } = outcome;
    console.log(
      `${name.padEnd(14)} ${
        String(perSecond).padStart(2)
      }/s  ${commands} commands: ${wrong} wrong, ${lost} lost, ${twice} twice, ` +
        `${never} not run; ${logins} of ${lines} logins (${(loginMs / 1000).toFixed(1)} s)` +
        (name === "twinlink" ? `; ${kernelLines} kernel lines, ${kernelLost} not whole` : "") +
        `; ${(rate / 1000).toFixed(2)} kB/s a line`,
    );
  };
  const rates = parsed["rates"] === undefined ? [1, 5, 20] : String(parsed["rates"]).split(",").map(Number);
  const total = number("commands", 10_000);
  for (const [i, perSecond] of rates.entries()) {
    const commands = Math.floor(total * (i + 1) / rates.length) - Math.floor(total * i / rates.length);
    const what = { ...common, commands, perSecond };
    print("twinlink", what, await campaign(what));
    if (typeof found === "string") continue;
    const less = { ...what, commands: beside };
    print(
      `labgrid ${found.version}`,
      less,
      await campaign(less, (line, what) => labgrid(found, line, what), LOGGED_IN_BOARD),
    );
  }
  if (typeof found === "string") console.log(`labgrid is left out: ${found}`);
  else {
    // Tries to log in while the kernel prints lines; this may fail.
    const talking: Opener = async (line, what) => {
      line.talk({ perSecond: 5 });
      return await labgrid(found, line, what);
    };
    const { logins } = await campaign({ ...common, lines: 3, commands: 0, perSecond: 5 }, talking, LOGGED_IN_BOARD);
    console.log(`labgrid ${found.version}, 5/s while it looks for the shell: ${logins} of 3 found`);
  }
}
