/**
 * Faults on a real kernel in QEMU, over its serial line and over ssh, with a line between that can be broken. What the guest
 * really did is in its console log: steps write words to /dev/kmsg.
 *
 * @module
 */

import { loadBoard } from "../boards/mod.ts";
import { judge } from "../diff/judge.ts";
import type { Operation } from "../model/operation.ts";
import type { Verdict } from "../diff/verdict.ts";
import { bootQemu, buildImage, type Guest } from "../fixtures/qemu/mod.ts";
import { guestShell } from "../fixtures/qemu/testing.ts";
import { openAgent } from "../runners/agent/agent.ts";
import { openSerial } from "../runners/lines/serial.ts";
import type { Shell } from "../runners/lines/shell.ts";
import { openSsh } from "../runners/lines/ssh.ts";
import { type Between, FAULTS as ON_LINES } from "./_fault_kinds.ts";
import { type Files, knownPlan, type PlanOptions } from "./_fault_plans.ts";
import { faultsOf, type Outcome, whyOf } from "./_fault_run.ts";
import { openGuestLine } from "./guest_line.ts";
import { Random } from "./random.ts";

/** A fault of a guest. */
interface GuestFault {
  via: "ssh" | "serial";
  right: readonly Verdict[];
  line?: (random: Random) => Between;
  strikes?: (at: { guest: Guest; cut: () => Promise<void> }) => Promise<void>;
  /** An operation in the middle of the plan, and the expected observation */
  middle?: PlanOptions["middle"];
  /** True if the plan ends with the operation in the middle, because the operation hangs as predicted */
  ends?: true;
}

/** The folder of the plan's files, on a separate file system that can be filled. */
const DIR = "/tmp/known";
const GATE = `${DIR}/gate`, STUCK = `${DIR}/stuck`;

const sysrq = (key: string) => async ({ guest }: { guest: Guest }) => {
  await guestShell(
    guest,
    `echo 1 > /proc/sys/kernel/sysrq; (sleep 0.2; echo ${key} > /proc/sysrq-trigger) > /dev/null 2>&1 &`,
  );
  await new Promise((resolve) => setTimeout(resolve, 1500));
};
const stops = ({ guest }: { guest: Guest }) => Promise.resolve(Deno.kill(guest.pid, "SIGSTOP"));
const ends = async ({ guest }: { guest: Guest }) => {
  Deno.kill(guest.pid, "SIGKILL");
  await guest.ended;
};
const fills = async ({ guest }: { guest: Guest }) => {
  await guestShell(guest, "cat /dev/zero > /tmp/full; true");
  void guestShell(guest, `echo open > ${GATE}`);
};
const reads: Operation = { kind: "file.read", path: STUCK };
/** Returns the faults in which a board lacks something, for a serial line or for ssh. */
const lacks = (via: "ssh" | "serial"): Record<string, GuestFault> => ({
  [`${via}: no space`]: { via, right: ["indeterminate"], strikes: fills },
  [`${via}: tool missing`]: {
    via,
    right: ["infra"],
    middle: { op: { kind: "ethtool.show", dev: "lo" }, shows: {} },
  },
  [`${via}: step hangs`]: { via, right: ["diverge"], middle: { op: reads, shows: { sysfs: "" } } },
  [`${via}: step hangs, as predicted`]: {
    via,
    right: ["agree"],
    middle: { op: reads, shows: { result: "hang", time: "hang" } },
    ends: true,
  },
});
const lines = Object.entries(ON_LINES).filter(([, { line }]) => line !== undefined);

/** All faults of guests, by their names. */
export const GUEST_FAULTS: Record<string, GuestFault> = {
  ...Object.fromEntries(
    lines.map(([name, { right, line }]) => [`serial: ${name}`, { via: "serial", right, line: line! }]),
  ),
  "serial: unplugged": { via: "serial", right: ["infra"], strikes: ({ cut }) => cut() },
  "serial: guest killed": { via: "serial", right: ["indeterminate"], strikes: ends },
  "serial: guest hangs": { via: "serial", right: ["indeterminate"], strikes: stops },
  "serial: panic": { via: "serial", right: ["crash"], strikes: sysrq("c") },
  "serial: reboot": { via: "serial", right: ["crash"], strikes: sysrq("b") },
  ...lacks("serial"),
  ...lacks("ssh"),
  "ssh: cut": { via: "ssh", right: ["infra"], strikes: ({ cut }) => cut() },
  "ssh: guest killed": { via: "ssh", right: ["infra"], strikes: ends },
  "ssh: guest hangs": { via: "ssh", right: ["infra"], strikes: stops },
  "ssh: panic": { via: "ssh", right: ["crash"], strikes: sysrq("c") },
  "ssh: reboot": { via: "ssh", right: ["crash"], strikes: sysrq("b") },
};

/** Returns a TCP port that forwards to another port, until the relay is cut. */
function relay(port: number): { port: number; cut: () => Promise<void>; close: () => void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const close = () => {
    for (const conn of open) {
      try {
        conn.close();
      } catch { /* it was closed */ }
    }
    open.clear();
  };
  (async () => {
    for await (const from of listener) {
      const to = await Deno.connect({ hostname: "127.0.0.1", port });
      open.add(from).add(to);
      from.readable.pipeTo(to.writable).catch(() => {});
      to.readable.pipeTo(from.writable).catch(() => {});
    }
  })().catch(() => {});
  const closeAll = () => {
    close();
    try {
      listener.close();
    } catch { /* it was closed */ }
  };
  return { port: (listener.addr as Deno.NetAddr).port, cut: () => Promise.resolve(closeAll()), close: closeAll };
}

/** Returns a shell on the guest behind a line or a port that can be broken. */
async function connect(
  guest: Guest,
  via: "ssh" | "serial",
  between: Between,
): Promise<{ shell: Shell; cut: () => Promise<void>; close: () => Promise<void> }> {
  if (via === "ssh") {
    const { port, cut, close } = relay(guest.ssh.port);
    // The known_hosts file lists the guest's key under the guest's own port.
    const options = [`HostKeyAlias=[127.0.0.1]:${guest.ssh.port}`];
    const shell = await openSsh({ ...guest.ssh, port, options });
    return { shell, cut, close: () => Promise.resolve(close()) };
  }
  const line = await openGuestLine(guest, { between });
  const shell = await openSerial({
    path: line.path,
    baudRate: 1_000_000,
    login: { user: guest.login.user, password: () => guest.login.password },
  });
  return { shell, cut: () => line.unplug(), close: () => line.close() };
}

/** Writes files to the guest. */
async function put(guest: Guest, files: Files): Promise<void> {
  const shell = await openSsh(guest.ssh);
  const writer = shell.writable.getWriter();
  // The here-document adds a line feed to the file; the reply of a step does not have it.
  const bring = [...files].map(([path, text]) => `cat > ${path} <<'TL_FILE_END'\n${text}\nTL_FILE_END\n`).join("");
  await writer.write(new TextEncoder().encode(`${bring}exit\n`));
  await new Response(shell.readable).text();
  await shell.close();
}

/** Boots a guest and lets one fault strike it. */
export async function strikeGuest(fault: string, seed: number, kernel: "6.12" = "6.12"): Promise<Outcome> {
  const random = new Random(seed);
  const kind = GUEST_FAULTS[fault]!;
  await using guest = await bootQemu(await buildImage(kernel));
  const started = Date.now();
  let between: Between | undefined;
  const { shell, cut, close } = await connect(guest, kind.via, (piece, to) => {
    return between ? between(piece, to) : Promise.resolve(piece);
  });
  try {
    await guestShell(
      guest,
      `mount -t tmpfs -o size=2m tmpfs /tmp && mkdir ${DIR} && mkfifo ${GATE} ${STUCK} && ` +
        'rm -f "$(command -v ethtool)"; echo 7 > /proc/sys/kernel/printk',
    );
    const { known, files } = knownPlan(random, "g", {
      dir: DIR,
      witness: "/dev/kmsg",
      gate: GATE,
      ...(kind.middle ? { middle: kind.middle } : {}),
      ...(kind.ends ? { ends: true } : {}),
      differs: random.next() < 0.2,
    });
    await put(guest, files);
    const from = (await Deno.stat(guest.consoleLog)).size;
    const said = async () => new TextDecoder().decode((await Deno.readFile(guest.consoleLog)).subarray(from));
    const runner = await openAgent(await loadBoard("qemu-6.12"), kind.via, shell, {}, {
      consoleLog: guest.consoleLog,
      close: async () => {},
    });
    between = kind.line?.(random);
    const running = runner.run(known.plan);
    const first = known.words.get(1)!;
    for (let i = 0; i < 600 && !(await said()).includes(first); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await kind.strikes?.({ guest, cut });
    if (!kind.strikes) void guestShell(guest, `echo open > ${GATE}`);
    const observed = await running;
    between = undefined;
    await runner.close();
    for (const { observation } of observed.steps) if (observation?.time === "blocked") observation.time = "immediate";
    const words = (await said()).match(/g-\d+-\d+/g) ?? [];
    const verdict = judge(known.expected, observed);
    const wrong = faultsOf(known, verdict, words);
    const right: readonly string[] = known.differs !== undefined
      ? [...kind.right.filter((one) => one !== "agree"), "diverge"]
      : kind.right;
    if (!right.includes(verdict.verdict)) wrong.push(`${verdict.verdict} instead of ${right.join(" or ")}`);
    return {
      fault,
      seed,
      verdict: verdict.verdict,
      wrong,
      reason: whyOf(verdict),
      differs: known.differs !== undefined,
      ms: Date.now() - started,
    };
  } finally {
    await close();
  }
}
