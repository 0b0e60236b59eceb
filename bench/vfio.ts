/**
 * How long a guest waits for an access to an emulated device: `deno task bench:vfio [--times 5000]`. A client in this process
 * speaks vfio-user to a device in a process of its own, as QEMU does. Beside it, in turns: a process that echoes messages
 * of the same sizes over a UNIX socket, with the same calls into the C library, and does nothing else.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { fileURLToPath } from "node:url";
import { startDevice } from "../fixtures/devices/mod.ts";
import { TESTING_REGISTERS } from "../fixtures/devices/testing_device.ts";
import { pinned } from "../fixtures/devices/vfio/libc.ts";
import { HEADER, REGION_ACCESS } from "../fixtures/devices/vfio/protocol.ts";
import { TestClient } from "../fixtures/devices/vfio/testing.ts";

const REGISTER = REGION_ACCESS.encode({ region: 0, offset: TESTING_REGISTERS.scratch, count: 4 });
/** Sizes of the messages that read a register of 4 bytes. */
const ASK = HEADER.size + REGION_ACCESS.size, ANSWER = ASK + 4;

const quantile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;
const spread = (values: readonly number[]) =>
  [0.1, 0.5, 0.99].map((share) => (quantile(values, share) * 1000).toFixed(0).padStart(6)).join(" ") + " µs";

function timed(times: number, action: () => void): number[] {
  return Array.from({ length: times }, () => {
    const start = performance.now();
    action();
    return performance.now() - start;
  });
}

async function timedAfter(times: number, pause: number, action: () => void): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    taken.push(...timed(1, action));
  }
  return taken;
}

/** CPU time of a process in ms, from /proc (proc(5)), in ticks of 10 ms. Deno itself reads /proc only with all permissions. */
function cpuOf(pid: number): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/stat`] }).outputSync();
  const fields = new TextDecoder().decode(stdout).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function startEcho(dir: string) {
  const path = `${dir}/echo`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-ffi", `--allow-read=${dir}`, `--allow-write=${dir}`]
      .concat(fileURLToPath(new URL("_echo.ts", import.meta.url)), path, `${ASK}`, `${ANSWER}`),
    stdin: "null",
    stdout: "piped",
  }).spawn();
  await child.stdout.getReader().read();
  return { client: new TestClient(path), ended: child.status };
}

if (import.meta.main) {
  const times = Number(parseArgs(Deno.args, { string: ["times"] })["times"] ?? 5000);
  const dir = await Deno.makeTempDir({ prefix: "twinlink-vfio-" });
  const echo = await startEcho(dir);
  await using device = await startDevice({ kind: "testing", dir });
  using client = new TestClient(device.socket);
  await client.introduce();

  const ask = client.message("REGION_READ", REGISTER), answer = pinned(ANSWER);
  const ways = {
    "echo": () => echo.client.exchange(ask, answer),
    "device": () => client.exchange(ask, answer),
  };
  for (const action of Object.values(ways)) timed(2000, action);

  console.log("one read of a register                     p10 median    p99");
  const rounds = 5;
  const reads: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, action] of Object.entries(ways)) {
      reads[name] = [...reads[name] ?? [], ...timed(Math.ceil(times / rounds), action)];
    }
  }
  for (const [name, taken] of Object.entries(reads)) console.log(`  ${name.padEnd(38)}${spread(taken)}`);
  for (const [pause, count] of [[5, 100], [150, 30]] as const) {
    for (const [name, action] of Object.entries(ways)) {
      const taken = await timedAfter(count, pause, action);
      console.log(`  ${`${name}, after ${pause} ms without one`.padEnd(38)}${spread(taken)}`);
    }
  }

  const write = client.message("REGION_WRITE", Uint8Array.from([...REGISTER, 1, 2, 3, 4])), done = pinned(ASK);
  const thousands = { "echo": ways.echo, "device": () => client.exchange(write, done) };
  const took: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, action] of Object.entries(thousands)) {
      (took[name] ??= []).push(...timed(1, () => timed(1000, action)));
    }
  }
  for (const [name, taken] of Object.entries(took)) {
    console.log(`1000 writes, one after the other, ${name.padEnd(6)} ${quantile(taken, 0.5).toFixed(1)} ms`);
  }

  const BATCH = 50;
  const asks = pinned(BATCH * ask.length), answers = pinned(BATCH * answer.length);
  for (let i = 0; i < BATCH; i++) asks.set(ask, i * ask.length);
  for (const [name, of] of [["echo", echo.client], ["device", client]] as const) {
    const taken = timed(Math.ceil(times / BATCH), () => of.exchange(asks, answers));
    const seconds = taken.reduce((sum, each) => sum + each, 0) / 1000;
    console.log(`reads a second, ${BATCH} at a time, ${name.padEnd(7)} ${Math.round(taken.length * BATCH / seconds)}`);
  }

  const idle = async (seconds: number, every?: number) => {
    const before = cpuOf(device.pid);
    const timer = every === undefined ? undefined : setInterval(ways.device, every);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    clearInterval(timer);
    return (cpuOf(device.pid) - before) / seconds;
  };
  await new Promise((resolve) => setTimeout(resolve, 500));
  console.log(`CPU of a device whose guest does nothing:          ${await idle(5)} ms a second`);
  console.log(`CPU of a device, one read each 50 ms:              ${await idle(5, 50)} ms a second`);

  client.end();
  echo.client.end();
  await Promise.all([device.ended, echo.ended]);
  await Deno.remove(dir, { recursive: true });
}
