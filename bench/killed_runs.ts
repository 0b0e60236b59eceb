/**
 * Kills twinlink in the middle of runs on a real board and resumes it, until each run is over: the result must be the same as the result
 * of a run that nobody disturbs. The board is a guest in QEMU that outlives the runs, as a board of a lab does.
 *
 * @module
 */

import { join } from "node:path";
import { recoverTrace } from "../diff/trace_journal.ts";
import type { Guest } from "../fixtures/mod.ts";
import { ended, type Ran, start } from "../cli/child.ts";
import { GUEST_PASSWORD, leftOnGuest, until, writeGuestBoard } from "../run/guest_board.ts";

/** When twinlink is killed: after its journal has grown by this number of lines since the last kill, and then this many ms. */
export interface Moment {
  more: number;
  ms: number;
}

/** The result of one run that was killed and resumed. */
export interface Disturbed {
  /** Where each kill hit: `in seq3`, `between`, `before the first` */
  hit: string[];
  /** How often a sequence was restarted */
  again: number;
  /** What is wrong with the run; empty if nothing is */
  wrong: string[];
}

/** A board, a suite, and a folder for the files of the runs. */
export interface Bench {
  folder: string;
  guest: Guest;
  /** Runs twinlink to its end, undisturbed; gives its verdicts and how long it took, in ms */
  undisturbed(): Promise<{ verdicts: string; ms: number }>;
  /** Runs twinlink, kills it at these moments, and resumes it each time; `verdicts` is the expected result at the end */
  disturbed(moments: Iterable<Moment>, verdicts: string): Promise<Disturbed>;
  /** Returns what the runs left on the board and on this host; empty if nothing is left */
  leftovers(): Promise<string[]>;
}

/** Each sequence gives a netdev its name, which the kernel logs: so the board's own log counts how often each sequence ran. */
const suiteOf = (sequences: number) =>
  `import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("resumed", { fixture: netdevsim({ ports: 1, netns: ["t1"] }) }, ({ sequence }) => {
  for (let i = 0; i < ${sequences}; i++) {
    sequence(\`seq\${i}\`, { source: "devlink-reload.rst" }, async (dut) => {
      await dut.link.rename(0, \`seq\${i}x\`);
      await dut.trap.set("source_mac_is_multicast", { action: i % 2 ? "trap" : "drop" });
      await dut.reload();
      await dut.trap.get("source_mac_is_multicast");
      await dut.reload({ to: "t1" });
      await dut.in("t1").trap.get("source_mac_is_multicast");
    });
  }
});
`;

/** Prepares a folder for runs on a guest: over a serial line if its path is given, else over ssh. */
export async function openBench(folder: string, guest: Guest, sequences: number, line?: string): Promise<Bench> {
  const [suite, board, tmp] = [join(folder, "resumed.ts"), join(folder, "board.toml"), join(folder, "tmp")];
  const { port } = guest.ssh;
  await Deno.mkdir(tmp);
  await Deno.writeTextFile(suite, suiteOf(sequences));
  await writeGuestBoard(board, guest, line);
  const { password } = guest.login;
  const options = { env: { XDG_STATE_HOME: join(folder, "state"), TMPDIR: tmp, [GUEST_PASSWORD]: password } };
  const run = (out: string) => start(["run", suite, "--board", board, "--out", out], options);
  const resume = (out: string) => start(["resume", out], options);
  const before = await leftOnGuest(guest);
  let runs = 0;

  /** Returns how often the board ran each sequence, as its log shows from an offset on. */
  const counted = async (from: number): Promise<Map<string, number>> => {
    const text = (await Deno.readTextFile(guest.consoleLog)).slice(from);
    const names = [...text.matchAll(/ (seq\d+)x: renamed from/g)].map(([, name]) => name!);
    return new Map(Map.groupBy(names, (name) => name).entries().map(([name, all]) => [name, all.length]));
  };

  return {
    folder,
    guest,
    undisturbed: async () => {
      const out = join(folder, `run${++runs}`);
      const began = Date.now();
      const { code, stdout, stderr } = await ended(run(out));
      if (code !== 0) throw new Error(`the run that nobody disturbs ended with ${code}:\n${stdout}${stderr}`);
      return { verdicts: await verdictsOf(out), ms: Date.now() - began };
    },
    disturbed: async (moments, verdicts) => {
      const out = join(folder, `run${++runs}`);
      const from = (await Deno.readTextFile(guest.consoleLog)).length;
      const journal = join(out, `trace-guest-${line === undefined ? "ssh" : "serial"}.part.jsonl`);
      const told: Disturbed = { hit: [], again: 0, wrong: [] };
      const cuts = new Map<string, number>();
      /** Sequences that were finished at the last kill, with how often each ran: these counts must not change */
      let finished = new Map<string, number>();
      const checkFinished = (now: ReadonlyMap<string, number>) => {
        for (const [name, times] of finished) {
          if (now.get(name) !== times) told.wrong.push(`${name} was run already, and was run again`);
        }
      };
      let child = run(out);
      let end = ended(child);
      /** The number of journal lines of the header and of finished sequences */
      let whole = 0;
      for (const moment of moments) {
        if (!await killedAt(child, end, moment, journal, whole)) break;
        const { stderr } = await end;
        if (/bug of twinlink/.test(stderr)) told.wrong.push(stderr);
        const kept = await recoverTrace(journal);
        const { cut } = kept ?? {};
        told.hit.push(cut ? `in ${cut.sequence}` : kept ? "between" : "before the first");
        if (cut) cuts.set(cut.sequence, (cuts.get(cut.sequence) ?? 0) + 1);
        const now = await counted(from);
        checkFinished(now);
        const names = (kept?.sequences ?? []).map(({ sequence }) => sequence);
        whole = kept ? 1 + kept.sequences.reduce((sum, { steps }) => sum + steps.length + 2, 0) : 0;
        finished = new Map(names.map((name) => [name, now.get(name) ?? 0]));
        // If twinlink was killed before it wrote its plan, there is nothing to resume.
        child = await Deno.stat(join(out, "run.json")).then(() => resume(out), () => run(out));
        end = ended(child);
      }
      const { code, stdout, stderr } = await end;
      if (code !== 0) told.wrong.push(`the last one ended with ${code}: ${stdout}${stderr}`);
      const now = await counted(from);
      checkFinished(now);
      for (let i = 0; i < sequences; i++) {
        const times = now.get(`seq${i}`) ?? 0;
        const allowed = 1 + (cuts.get(`seq${i}`) ?? 0);
        if (times < 1 || times > allowed) told.wrong.push(`seq${i} was run ${times} times, not 1 to ${allowed}`);
        told.again += Math.max(0, times - 1);
      }
      const verdictsNow = await verdictsOf(out).catch((error: Error) => error.message);
      if (verdictsNow !== verdicts) told.wrong.push(`other verdicts: ${verdictsNow}`);
      return told;
    },
    leftovers: async () => {
      const wrong: string[] = [];
      // The agent on the board ends by itself, after its line.
      await until(async () => await leftOnGuest(guest) === before);
      const left = await leftOnGuest(guest);
      if (left !== before) wrong.push(`on the board: ${left}`);
      await until(async () => await processesWith(`${port}`) === "");
      const processes = await processesWith(`${port}`);
      if (processes !== "") wrong.push(`processes: ${processes}`);
      for (const { name } of Deno.readDirSync(tmp)) wrong.push(`a temporary file: ${name}`);
      return wrong;
    },
  };
}

/** Kills a child process at a moment; false if the child ended before that. */
async function killedAt(
  child: Deno.ChildProcess,
  end: Promise<Ran>,
  { more, ms }: Moment,
  journal: string,
  kept: number,
): Promise<boolean> {
  let over = false;
  end.then(() => over = true);
  const lines = async () => (await Deno.readTextFile(journal).catch(() => "")).split("\n").length - 1;
  while (!over && more > 0 && await lines() < kept + more) await pause(2);
  if (!over) await pause(ms);
  if (!over) child.kill("SIGKILL");
  // A child that ended by itself has an exit status; a killed child has a signal.
  return (await child.status).signal === "SIGKILL";
}

/** Returns every sequence and step with its verdict, from the report of a run. */
async function verdictsOf(out: string): Promise<string> {
  const lines = (await Deno.readTextFile(join(out, "verdicts.jsonl"))).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  return lines.filter(({ type }) => type === "sequence").map(({ sequence, verdict, steps }) =>
    `${sequence} ${verdict} ${steps.map((step: { verdict: string }) => step.verdict).join()}`
  ).join("\n");
}

/** Returns the command lines of processes on this host that contain a word; Deno itself may not read /proc. */
async function processesWith(word: string): Promise<string> {
  const script =
    'for p in /proc/[0-9]*; do [ "$p" = /proc/$$ ] || { tr "\\0" " " < "$p/cmdline"; echo; }; done 2> /dev/null';
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], stdin: "null", stderr: "null" }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  return lines.filter((line) => line.startsWith("ssh ") && line.split(" ").includes(word)).join("\n");
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
