/**
 * The time that a line adds: `deno task bench:plan [--steps 100] [--times 3]`. 100 steps of traps and reloads on a kernel in QEMU
 * over a serial line of 115200 baud; compared with the time of their bytes and of the board itself; then steps over ssh on this
 * machine, compared with the same steps without ssh.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { loadBoard } from "../boards/mod.ts";
import type { Plan } from "../diff/trace.ts";
import { bootQemu, buildImage } from "../fixtures/qemu/mod.ts";
import type { Operation } from "../model/operation.ts";
import { openAgent } from "../runners/agent/agent.ts";
import { openLocal } from "../runners/local.ts";
import { openSerial } from "../runners/lines/serial.ts";
import { AgentSession } from "../runners/agent/session.ts";
import type { Shell } from "../runners/lines/shell.ts";
import { openSsh } from "../runners/lines/ssh.ts";
import { sshdOrReason, startSshd } from "../runners/lines/sshd.ts";
import { openGuestLine } from "./guest_line.ts";
import { median, planOf } from "./agent.ts";

const BAUD_RATE = 115_200;
const handle = "netdevsim/netdevsim10";
const TURN: readonly Operation[] = [
  { kind: "trap.set", handle, name: "tail_drop", action: "trap" },
  { kind: "trap.show", handle, name: "tail_drop" },
  { kind: "trap.group.set", handle, name: "l2_drops", action: "drop" },
  { kind: "trap.policer.set", handle, policer: 1, rate: 1000 },
  { kind: "dev.reload", handle },
];

/** Runs a plan `times` times, after one run that is not measured; returns the median duration in ms. */
async function measured(
  times: number,
  plan: Plan,
  runner: { run(plan: Plan): ReturnType<AgentSession["run"]> },
  begins: () => void = () => {},
): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i <= times; i++) {
    begins();
    const start = performance.now();
    const { steps } = await runner.run(plan);
    taken.push(performance.now() - start);
    const lost = steps.find((step) => step.lost)?.lost;
    if (lost) throw new Error(`Cannot measure: ${lost.reason} ${lost.detail ?? ""}`);
  }
  return median(taken.slice(1));
}

async function overSerial(steps: number, times: number): Promise<void> {
  const board = await loadBoard("qemu-6.12");
  await using guest = await bootQemu(await buildImage("6.12"));
  const plan = planOf("traps and reloads", Array.from({ length: steps }, (_, i) => TURN[i % TURN.length]!));
  const on = async (via: "ssh" | "serial", shell: Shell, begins?: () => void) => {
    const runner = await openAgent(board, via, shell, {}, { consoleLog: guest.consoleLog, close: async () => {} });
    try {
      return await measured(times, plan, runner, begins);
    } finally {
      await runner.close();
    }
  };
  const own = await on("ssh", await openSsh(guest.ssh));
  let bytes = 0;
  await using line = await openGuestLine(guest, {
    baudRate: BAUD_RATE,
    between: (piece) => {
      bytes += piece.length;
      return Promise.resolve(piece);
    },
  });
  const login = { user: guest.login.user, password: () => guest.login.password };
  const whole = await on("serial", await openSerial({ path: line.path, baudRate: BAUD_RATE, login }), () => bytes = 0);
  const travel = bytes * 10_000 / BAUD_RATE;
  console.log(`${steps} steps on qemu-6.12 over ssh: ${own.toFixed(0)} ms`);
  console.log(
    `${steps} steps over serial at ${BAUD_RATE}: ${whole.toFixed(0)} ms; ${bytes} bytes take ${
      travel.toFixed(0)
    } ms: ` +
      `${(whole / (own + travel)).toFixed(2)} times the sum`,
  );
}

async function overSsh(steps: number, times: number): Promise<void> {
  const found = await sshdOrReason();
  if (found.reason) return console.log(`ssh is left out: ${found.reason}`);
  await using sshd = await startSshd(found);
  const read: Operation = { kind: "file.read", path: "/proc/sys/kernel/ostype" };
  const plan = planOf("reads", Array.from({ length: steps }, () => read), [], []);
  const on = async (shell: Shell) => {
    // This machine's kernel may lack devlink, and then there is nothing to watch.
    const writer = shell.writable.getWriter();
    await writer.write(new TextEncoder().encode('command() { [ "$2" != devlink ] && type "$2" > /dev/null 2>&1; }\n'));
    writer.releaseLock();
    const { session } = await AgentSession.open(shell);
    try {
      return await measured(times, plan, session);
    } finally {
      await session.close();
    }
  };
  const { port, user, identityFile, knownHostsFile } = sshd;
  const own = await on(await openLocal()) / steps;
  const whole = await on(await openSsh({ host: "127.0.0.1", port, user, identityFile, knownHostsFile })) / steps;
  console.log(
    `a step without ssh ${own.toFixed(2)} ms, over ssh ${whole.toFixed(2)} ms: ${(whole - own).toFixed(2)} ms more`,
  );
}

if (import.meta.main) {
  const parsed = parseArgs(Deno.args, { string: ["steps", "times"] });
  const [steps, times] = [Number(parsed["steps"] ?? 100), Number(parsed["times"] ?? 3)];
  await overSsh(2 * steps, 2 * times + 1);
  await overSerial(steps, times);
}
