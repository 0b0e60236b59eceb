/**
 * How fast a serial line is used: `deno task bench:line [--baud 115200] [--times 200]`. The line is a pseudo terminal with a
 * real shell behind it; the line keeps its baud rate to the microsecond. labgrid is measured too, if it is installed.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { cpuUsage } from "node:process";
import { openLine } from "../runners/lines/pty_line.ts";
import { Connection } from "../runners/wire/connection.ts";
import { openSerial } from "../runners/lines/serial.ts";
import { findLabgrid, LabgridShell } from "./_labgrid.ts";
import { Random } from "./random.ts";

const BOARD = ["sh", "-c", "PS1='board # ' ENV= exec sh -i"];

/** The number of warm-up commands, which are not measured. */
const WARM = 20;

const quantile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;
const spread = (values: readonly number[]) =>
  `median ${quantile(values, 0.5).toFixed(2)} ms, p95 ${quantile(values, 0.95).toFixed(2)} ms`;

async function timed(times: number, action: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await action();
    taken.push(performance.now() - start);
  }
  return taken;
}

/** Returns two scripts of 64 KiB that do nothing: one looks like a plan, the other cannot be compressed. */
function scripts(): Record<string, string> {
  const random = new Random(1);
  const lines = (line: (i: number) => string) => {
    let text = "";
    for (let i = 0; text.length < 65_536; i++) text += `${line(i)}\n`;
    return text.slice(0, 65_535).replace(/[^\n]*$/, "") + ":\n";
  };
  return {
    "like a plan": lines((i) => `: tl_step ${i} 20 trap set netdevsim/netdevsim10 trap tail_drop action trap`),
    "of chance": lines(() => `: ${Array.from({ length: 70 }, () => random.whole(0, 35).toString(36)).join("")}`),
  };
}

if (import.meta.main) {
  const parsed = parseArgs(Deno.args, { string: ["baud", "times"] });
  const baudRate = Number(parsed["baud"] ?? 115_200);
  const times = Number(parsed["times"] ?? 200);
  const connect = async (path: string) => await Connection.open(await openSerial({ path, baudRate }), ":", 60_000);
  const found = await findLabgrid();

  {
    await using line = await openLine({ board: BOARD, baudRate, exact: true });
    const connection = await connect(line.path);
    await timed(WARM, () => connection.call("true", 5000));
    console.log(`one true:                   ${spread(await timed(times, () => connection.call("true", 5000)))}`);
    console.log(
      `echo of 10 characters:      ${spread(await timed(times, () => connection.call("echo 123456789", 5000)))}`,
    );
    await connection.close(5000);
  }
  if (typeof found === "string") {
    console.log(`labgrid is left out: ${found}`);
  } else {
    // The first command of the login is `dmesg -n 1`: a stub keeps it from changing this machine.
    const tools = await Deno.makeTempDir({ prefix: "twinlink-line-" });
    await Deno.writeTextFile(`${tools}/dmesg`, "#!/bin/sh\n", { mode: 0o755 });
    const env = { PATH: `${tools}:${Deno.env.get("PATH")}` };
    await using line = await openLine({ board: BOARD, baudRate, exact: true, env });
    const shell = new LabgridShell(found, line.path, baudRate);
    const { error } = await shell.next() ?? {};
    if (!error) await timed(WARM, () => shell.run("true"));
    const said = error ? `none: ${error}` : spread(await timed(times, () => shell.run("true")));
    await shell.close();
    console.log(`one true, labgrid ${found.version}:    ${said}`);
    await Deno.remove(tools, { recursive: true });
  }
  for (const latencyMs of [0, 16]) {
    for (const [name, script] of Object.entries(scripts())) {
      await using line = await openLine({ board: BOARD, baudRate, ...(latencyMs ? { latencyMs } : {}) });
      const connection = await connect(line.path);
      const before = line.received;
      const start = performance.now();
      const answer = await connection.script(script, "call", 60_000);
      const ms = performance.now() - start;
      const bytes = line.received - before;
      if (answer !== "0") throw new Error(`Cannot push the script: ${answer}`);
      console.log(
        `64 KiB ${name}, ${latencyMs} ms latency: ${(ms / 1000).toFixed(2)} s, ${bytes} bytes travelled at ` +
          `${(bytes * 1_000_000 / ms / baudRate).toFixed(1)} % of the line, ` +
          `content at ${(script.length * 1_000_000 / ms / baudRate).toFixed(1)} %`,
      );
      await connection.close(5000);
    }
  }
  {
    await using line = await openLine({ board: BOARD, baudRate });
    const connection = await connect(line.path);
    const before = cpuUsage();
    await connection.call("sleep 10", 60_000);
    const { user, system } = cpuUsage(before);
    console.log(`CPU while waiting for 10 s: ${((user + system) / 1000).toFixed(0)} ms`);
    await connection.close(5000);
  }
  for (const boards of [1, 32]) {
    const open = async () => {
      const line = await openLine({ board: BOARD, baudRate });
      return { line, connection: await connect(line.path) };
    };
    const all = await Promise.all(Array.from({ length: boards }, open));
    const taken = (await Promise.all(all.map(({ connection }) => timed(20, () => connection.call("sleep 0.1", 5000)))))
      .flat();
    console.log(`sleep 0.1, ${String(boards).padStart(2)} boards:       ${spread(taken)}`);
    await Promise.all(all.map(async ({ line, connection }) => {
      await connection.close(5000);
      await line.close();
    }));
  }
}
