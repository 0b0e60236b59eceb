/**
 * `deno task ci [GROUP..]`: runs everything that CI runs in one schedule: the tests (`tests`), the bugs planted into drivers
 * (`planted`) and the suites on the kernels (`matrix`): on some of them, or on every one if the group is named. The output of a
 * job is printed in one piece when the job has ended.
 * The last line is "N passed, N failed", the sum of what the test runner printed. A skipped test fails the run.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { visible } from "../boards/visible.ts";
import { UsageError } from "../cli/command.ts";
import { runAsMain } from "../cli/entry.ts";
import { buildImage } from "../fixtures/qemu/image.ts";
import { type KernelId, KERNELS } from "../fixtures/qemu/kernels.ts";
import { duration, print } from "../run/output.ts";
import { IN_CI, MATRIX } from "./matrix_parts.ts";
import { type Job, schedule } from "./schedule.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const GROUPS = ["tests", "planted", "matrix"] as const;
type Group = typeof GROUPS[number];

/** The result of a job. */
export interface Ended {
  /** Everything that the job printed */
  output: string;
  /** True if the job has tests, so that its output must end with their numbers */
  tests: boolean;
  /** The exit status */
  code: number;
  /** CPU time of all processes of the job, in ms */
  cpu?: number;
}

/** The numbers of a test runner's closing line. */
export interface Counts {
  passed: number;
  failed: number;
  ignored: number;
}

/** Returns the numbers of the runner's last closing line; undefined if the runner did not run to its end. */
export function closingCounts(output: string): Counts | undefined {
  // ok | 123 passed (4 steps) | 0 failed | 2 ignored (1m2s)
  const closing = [...output.matchAll(/^(?:ok|FAILED) \| (\d+) passed\b.*? \| (\d+) failed\b.*$/gm)].at(-1);
  if (closing === undefined) return;
  const [line, passed, failed] = closing;
  return { passed: Number(passed), failed: Number(failed), ignored: Number(/ \| (\d+) ignored/.exec(line)?.[1] ?? 0) };
}

/** Returns lines about the parts of a run that did not pass; `status` is 0 if the whole run passed. */
export function conclusion(ended: readonly (Ended & { name: string })[]): { lines: string[]; status: 0 | 1 } {
  const lines: string[] = [];
  const sum: Counts = { passed: 0, failed: 0, ignored: 0 };
  let whole = true;
  for (const { name, output, tests, code } of ended) {
    const counts = tests ? closingCounts(output) : { passed: 0, failed: 0, ignored: 0 };
    if (counts === undefined) whole = false;
    sum.passed += counts?.passed ?? 0;
    sum.failed += counts?.failed ?? 0;
    sum.ignored += counts?.ignored ?? 0;
    if (counts === undefined) lines.push(`${name} did not run to its end (status ${code})`);
    else if (counts.failed > 0) lines.push(`${name}: ${counts.failed} failed`);
    else if (code !== 0) lines.push(`${name} failed (status ${code})`);
    if (counts && counts.ignored > 0) lines.push(`${name}: ${counts.ignored} skipped; a skip is no pass`);
  }
  const status = lines.length === 0 && sum.passed > 0 ? 0 : 1;
  // Without the numbers of every job there is no sum.
  if (whole) lines.push(`${sum.passed} passed, ${sum.failed} failed`);
  return { lines, status };
}

/** Aborted when CI is stopped: ends the processes of all jobs. */
const stopped = new AbortController();

/** Runs deno; the result holds what the process printed on both streams, in the order in which it came. */
async function deno(args: readonly string[], tests: boolean, env: Record<string, string> = {}): Promise<Ended> {
  if (stopped.signal.aborted) return { output: "", tests, code: 130 };
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    signal: stopped.signal,
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let output = "";
  const read = async (name: "stdout" | "stderr") => {
    for await (const bytes of child[name]) output += decoders[name].decode(bytes, { stream: true });
  };
  await Promise.all([read("stdout"), read("stderr")]);
  const { code } = await child.status;
  return { output, tests, code, cpu: newChildTime() };
}

let childTime = 0;

/** Returns the CPU time of children that have ended since the last call, and of their children; in ms, see proc(5). */
function newChildTime(): number {
  const before = childTime;
  const [, fields] = Deno.readTextFileSync("/proc/self/stat").split(/\) (?=\S \d)/);
  const [user, system] = fields!.split(" ").slice(13, 15).map(Number);
  childTime = (user! + system!) * 10;
  return childTime - before;
}

/** A job, and the group that it belongs to. */
interface Grouped extends Job<Ended> {
  group: Group | "all";
}

/** Kernels that are not built here. */
const STOCK = (Object.keys(KERNELS) as KernelId[]).filter((kernel) => KERNELS[kernel].builtFrom === undefined);
const SDK_TYPES = "types of the SDK";
const imageOf = (kernel: KernelId) => `image of kernel ${kernel}`;

/** Types are checked once for all jobs. The images are built one after the other: kernels share most of their tools. */
function preparation(): Grouped[] {
  // The first jobs to end tell how slow the machine is.
  const types = { group: "all", load: 1, seconds: 10_000, cpu: 30 } as const;
  // Tests run suite files, whose types Deno checks fast when it knows the types of the SDK.
  const sdk: Grouped = { ...types, name: SDK_TYPES, run: () => deno(["check", "--quiet", "mod.ts"], false) };
  const all: Grouped = {
    ...types,
    name: "types",
    cpu: 45,
    after: [SDK_TYPES],
    run: () => deno(["check", "--quiet"], false),
  };
  // Most tests boot 6.12.
  const kernels = STOCK.toSorted((a, b) => Number(b === "6.12") - Number(a === "6.12"));
  const images = kernels.map((kernel, i): Grouped => ({
    name: imageOf(kernel),
    group: "all",
    load: 0.7,
    seconds: 10_000,
    after: kernels.slice(0, i).map(imageOf),
    run: async () => {
      try {
        const { release } = await buildImage(kernel);
        return { output: `Linux ${release}`, tests: false, code: 0, cpu: newChildTime() };
      } catch (error) {
        // The tests of this kernel fail with the same reason.
        return { output: error instanceof Error ? error.message : String(error), tests: false, code: 3 };
      }
    },
  }));
  return [sdk, all, ...images];
}

/**
 * Load and seconds of jobs, measured, where they differ much from the usual: by the file of the tests or the part of the
 * matrix. They decide which jobs run side by side and in which order, and nothing else.
 */
const MEASURED: Readonly<Record<string, readonly [load: number, seconds: number]>> = {
  computes: [0.9, 200],
  waits: [0.25, 150],
  share: [0.7, 60],
  pcs: [0.4, 240],
  "pcs-slub": [0.8, 150],
  "run/planted_kernel_test.ts": [0.8, 180],
  "run/planted_objects_kernel_test.ts": [0.8, 180],
  "run/planted_mlxsw_kernel_test.ts": [0.9, 150],
  "run/planted_pcs_kernel_test.ts": [0.7, 160],
  "run/planted_races_kernel_test.ts": [0.7, 160],
};
const USUAL = [0.5, 60] as const;
/** A guest with an emulated device is busy with its boot most of the time, and so is the device's own process. */
const WITH_DEVICE = [1, 120] as const;

function testJob(
  group: Group,
  name: string,
  args: readonly string[],
  kernels: readonly KernelId[],
  usual: readonly [load: number, seconds: number] = USUAL,
): Grouped {
  const measured = MEASURED[name] ?? MEASURED[name.split(" ").at(-1)!];
  const [load, seconds] = measured ?? usual;
  return {
    name,
    group,
    load,
    seconds,
    ...(measured ? { cpu: load * seconds } : {}),
    after: [SDK_TYPES, ...kernels.map(imageOf)],
    run: () => deno(["test", "--no-check", "--allow-all", ...args], true),
  };
}

async function* kernelTests(folder = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}${name}`;
    if (isDirectory && !/^(\.git|vendor|node_modules|out|coverage)$/.test(name)) yield* kernelTests(`${path}/`);
    else if (name.endsWith("_kernel_test.ts")) yield path;
  }
}

/** Jobs of the files that boot kernels, a job each. */
async function guestJobs(): Promise<Grouped[]> {
  const jobs: Grouped[] = [];
  for await (const path of kernelTests()) {
    const text = await Deno.readTextFile(`${ROOT}${path}`);
    // A kernel that this misses costs the job time: it builds the image itself.
    const named = STOCK.filter((kernel) => text.includes(`"${kernel}"`));
    const group = /(^|\/)planted_/.test(path) ? "planted" : "tests";
    const usual = /\bdevices: |\bdevices }|qemu-(connectx|spectrum|mgbe)/.test(text) ? WITH_DEVICE : USUAL;
    jobs.push(testJob(group, path, [path], named.length > 0 ? named : ["6.12"], usual));
  }
  return jobs;
}

/** Jobs of parts of the matrix. The command line of `tools/matrix.ts` selects them. */
function matrixJobs(parts: typeof MATRIX): Grouped[] {
  return parts.map(({ kernel, part }) =>
    testJob("matrix", `matrix ${kernel} ${part}`, ["tools/matrix.ts", "--", kernel, part], [kernel])
  );
}

/** Returns the tests without kernels, in one process: they share what they load. */
function plainTests(): Grouped {
  const cores = navigator.hardwareConcurrency;
  return {
    ...testJob("tests", "tests without kernels", ["--parallel", "--ignore=vendor,**/*_kernel_test.ts"], []),
    load: cores * 0.7,
    seconds: 5000,
    run: () =>
      deno(["test", "--no-check", "--allow-all", "--parallel", "--ignore=vendor,**/*_kernel_test.ts"], true, {
        DENO_JOBS: `${cores + 1}`,
      }),
  };
}

async function ci(groups: readonly string[]): Promise<number> {
  const unknown = groups.find((group) => !GROUPS.some((one) => one === group));
  if (unknown !== undefined) {
    throw new UsageError(`There is no group "${visible(unknown)}" of CI; there are ${GROUPS.join(", ")}`);
  }
  const wanted = (group: Grouped["group"]) => groups.length === 0 || group === "all" || groups.includes(group);
  const jobs = [
    ...preparation(),
    plainTests(),
    ...await guestJobs(),
    ...matrixJobs(groups.includes("matrix") ? MATRIX : IN_CI),
  ]
    .filter(({ group }) => wanted(group));
  const started = performance.now();
  let left = jobs.length;
  const ended = await schedule(jobs, {
    // A job that failed may have ended early.
    cpuOf: ({ code, cpu }) => code === 0 ? cpu : undefined,
    onEnd: ({ name }, { output, code, cpu = 0 }, ms) => {
      if (stopped.signal.aborted) return;
      const state = `${code === 0 ? "" : `status ${code}, `}${duration(ms)}, ${duration(cpu)} of CPU`;
      print(`\n===== ${name} (${state}; ${--left} of ${jobs.length} jobs to go) =====\n${output.trimEnd()}\n`);
    },
  });
  if (stopped.signal.aborted) return 130;
  const { lines, status } = conclusion(ended.map((one, i) => ({ ...one, name: jobs[i]!.name })));
  print(`\n===== all jobs (${duration(performance.now() - started)}) =====\n`);
  for (const line of lines) print(`${line}\n`);
  return status;
}

if (import.meta.main) {
  await runAsMain((signal) => {
    signal.addEventListener("abort", () => stopped.abort());
    return ci(Deno.args);
  });
}
