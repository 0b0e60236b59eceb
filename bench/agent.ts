/**
 * How long a step takes on a board, by the kind of its operation: `deno task bench:agent [--board qemu-6.12] [--via ssh|serial]
 * [--before COMMIT] [--steps 40]`. With `--before`, the agent of that commit runs in turn with this one on the same guest:
 * other load of the machine slows both equally.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { loadBoard } from "../boards/mod.ts";
import type { Plan, PlannedStep } from "../diff/trace.ts";
import { bootQemu, buildImage } from "../fixtures/qemu/mod.ts";
import type { Operation } from "../model/mod.ts";
import type { openAgent } from "../runners/agent/agent.ts";
import type { openSerial } from "../runners/lines/serial.ts";
import type { openSsh } from "../runners/lines/ssh.ts";

const handle = "netdevsim/netdevsim10";
const knob = "/sys/kernel/debug/netdevsim/netdevsim10/fail_reload";
const group = { handle, name: "l2_drops" };

/** The operations that are run in turn, by the name of their kind. */
const KINDS: Record<string, readonly Operation[]> = {
  "dev show": [{ kind: "dev.show" }],
  "dev info": [{ kind: "dev.info", handle }],
  "port show": [{ kind: "port.show" }],
  "trap set": [{ kind: "trap.set", handle, name: "tail_drop", action: "trap" }],
  "trap set, refused": [{ kind: "trap.set", handle, name: "none", action: "trap" }],
  "trap group set": [{ kind: "trap.group.set", ...group, action: "trap" }],
  "param set": [{ kind: "param.set", handle, name: "test1", value: true, cmode: "driverinit" }],
  "trap show (an array)": [{ kind: "trap.show", handle }],
  "reload (53 messages)": [{ kind: "dev.reload", handle }],
  "file write": [{ kind: "file.write", path: knob, value: "0" }],
  "file write, refused": [{ kind: "file.write", path: knob, value: "x" }],
  "file read": [{ kind: "file.read", path: knob }],
  "link set": [{ kind: "link.set", handle, port: 0, up: true }, { kind: "link.set", handle, port: 0, up: false }],
};

const home: readonly Operation[] = [{ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" }];
const away: readonly Operation[] = [{ kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: "10" }];

/** Returns a plan of these operations, by default on a netdevsim that the plan creates and removes. */
export function planOf(name: string, operations: readonly Operation[], setup = home, teardown = away): Plan {
  const phased = (phase: PlannedStep["phase"], ops: readonly Operation[]) => ops.map((op) => ({ phase, op }));
  const steps = [...phased("setup", setup), ...phased("body", operations), ...phased("teardown", teardown)];
  return { suite: "bench", sequence: name, source: "", steps: steps.map((step, i) => ({ id: i + 1, ...step })) };
}

interface Runners {
  openAgent: typeof openAgent;
  openSsh: typeof openSsh;
  openSerial: typeof openSerial;
}

async function runnersOf(root: string): Promise<Runners> {
  // Older commits have all runner modules in one folder.
  const load = async (folder: string, name: string) =>
    await import(new URL(`runners/${folder}/${name}.ts`, root).href).catch(() =>
      import(new URL(`runners/${name}.ts`, root).href)
    );
  const [agent, ssh, serial] = await Promise.all([
    load("agent", "agent"),
    load("lines", "ssh"),
    load("lines", "serial"),
  ]);
  return { openAgent: agent.openAgent, openSsh: ssh.openSsh, openSerial: serial.openSerial };
}

/** Returns the median of some values. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

if (import.meta.main) {
  const parsed = parseArgs(Deno.args, { string: ["board", "via", "before", "steps", "times"] });
  const word = (name: string) => parsed[name] as string | undefined;
  const args = {
    board: word("board") ?? "qemu-6.12",
    via: word("via") ?? "ssh",
    before: word("before"),
    steps: word("steps") ?? "20",
    times: word("times") ?? "3",
  };
  const here = new URL("..", import.meta.url).href;
  const roots: Record<string, string> = { now: here };
  let old: string | undefined;
  if (args.before !== undefined) {
    old = await Deno.makeTempDir({ prefix: "twinlink-bench-" });
    const script = 'git -C "$1" archive "$2" | tar -x -C "$3"';
    const { success } = await new Deno.Command("sh", {
      args: ["-c", script, "sh", new URL(here).pathname, args.before, old],
    }).output();
    if (!success) throw new Error(`Cannot read commit "${args.before}"`);
    roots["before"] = `file://${old}/`;
  }
  const board = await loadBoard(args.board);
  const image = await buildImage(board.qemu!.kernel);
  await using guest = await bootQemu(image);
  const figures: Record<string, Record<string, number[]>> = {};
  for (let time = 0; time < Number(args.times); time++) {
    for (const [name, root] of Object.entries(roots)) {
      const { openAgent, openSsh, openSerial } = await runnersOf(root);
      const shell = args.via === "serial"
        ? await openSerial({
          path: guest.serial.protocol,
          login: { user: guest.login.user, password: () => Promise.resolve(guest.login.password) },
        })
        : await openSsh(guest.ssh);
      const runner = await openAgent(board, args.via, shell, {}, {
        consoleLog: guest.consoleLog,
        close: async () => {},
      });
      const taken = async (title: string, operations: readonly Operation[]) => {
        const start = performance.now();
        const trace = await runner.run(planOf(title, operations));
        const lost = trace.steps.find((step) => step.lost);
        if (lost) throw new Error(`Cannot measure "${title}": step ${lost.id} was lost: ${lost.lost?.detail}`);
        return performance.now() - start;
      };
      const note = (title: string, ms: number) => ((figures[title] ??= {})[name] ??= []).push(ms);
      await taken("warm", []);
      const bare = median([await taken("bare", []), await taken("bare", []), await taken("bare", [])]);
      note("a plan of two steps, whole", bare);
      const steps = Number(args.steps);
      for (const [title, operations] of Object.entries(KINDS)) {
        const body = Array.from({ length: steps }, (_, i) => operations[i % operations.length]!);
        note(title, (await taken(title, body) - bare) / steps);
      }
      // Closes the runner explicitly: the guest is not ended here.
      await runner.close();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  console.log(`${args.board} over ${args.via}, ms a step, median of ${args.times}`);
  for (const [title, by] of Object.entries(figures)) {
    const now = median(by["now"]!);
    const before = by["before"] ? median(by["before"]) : undefined;
    const more = before === undefined
      ? ""
      : `  before ${before.toFixed(1).padStart(7)}  ${(before / now).toFixed(1)} times`;
    console.log(`${title.padEnd(28)} ${now.toFixed(1).padStart(7)}${more}`);
  }
  if (old !== undefined) await Deno.remove(old, { recursive: true });
}
