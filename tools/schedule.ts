/**
 * Runs jobs side by side: as many as the cores of the machine can keep up with, the longest first.
 *
 * @module
 */

/** A job of {@linkcode schedule}. */
export interface Job<T> {
  /** Unique among the jobs of a schedule */
  name: string;
  /** How many cores of a quiet machine the job keeps busy while it runs, on average. A job that mostly waits has 0.2 */
  load: number;
  /** How long the job takes on a quiet machine, in seconds; only the order of the jobs depends on this */
  seconds: number;
  /** CPU time that the job takes on a quiet machine, in seconds. @default {not measured} */
  cpu?: number;
  /** Jobs that must have ended before, by name; names that are not in the schedule are ignored */
  after?: readonly string[];
  /** Does the work */
  run: () => Promise<T>;
}

/** Options of {@linkcode schedule}. */
export interface ScheduleOptions<T> {
  /** Cores of the machine. @default {those that the system reports} */
  cores?: number;
  /**
   * Returns the CPU time that a job took, in ms. Jobs with a `cpu` of their own then tell how slow the machine is, and on a slow
   * machine fewer jobs run side by side
   */
  cpuOf?: (result: T) => number | undefined;
  /** Called when a job has ended, in the order in which the jobs end */
  onEnd?: (job: Job<T>, result: T, ms: number) => void;
}

/** More load than the machine has cores, as a factor: no job keeps its cores busy all the time. */
const OVERCOMMIT = 1.4;

/**
 * Returns the load of a job on a machine that takes `slowness` times the CPU time for the same work: a job waits as long there as
 * elsewhere, so that it keeps its core busy for a larger share of the time.
 */
export function loadOn(load: number, slowness: number): number {
  return load < 1 ? slowness * load / (slowness * load + 1 - load) : load;
}

/**
 * Runs every job once and returns the results in the order of the jobs. A job starts if the loads of all running jobs fit
 * the machine's cores, or if no other job runs. Of the jobs that fit the longest starts first.
 *
 * @throws {TypeError} If jobs wait for each other in a circle
 */
export async function schedule<T>(jobs: readonly Job<T>[], options: ScheduleOptions<T> = {}): Promise<T[]> {
  const { cores = navigator.hardwareConcurrency, onEnd = () => {}, cpuOf = () => undefined } = options;
  const capacity = cores * OVERCOMMIT;
  const results = new Map<string, T>();
  const waiting = jobs.toSorted((a, b) => b.seconds - a.seconds);
  const names = new Set(jobs.map(({ name }) => name));
  const running = new Map<string, { load: number; end: Promise<void> }>();
  const cpu = { expected: 0, taken: 0 };
  const load = (one: { load: number }) => loadOn(one.load, Math.max(1, cpu.taken / (cpu.expected || Infinity)));
  const busy = () => running.values().reduce((sum, one) => sum + load(one), 0);
  const isReady = ({ after = [] }: Job<T>) => after.every((name) => !names.has(name) || results.has(name));
  const start = (job: Job<T>) => {
    const started = performance.now();
    const end = job.run().then((result) => {
      const taken = cpuOf(result);
      if (job.cpu !== undefined && taken !== undefined) {
        cpu.expected += job.cpu * 1000;
        cpu.taken += taken;
      }
      results.set(job.name, result);
      onEnd(job, result, performance.now() - started);
    }).finally(() => running.delete(job.name));
    running.set(job.name, { load: job.load, end });
  };
  while (waiting.length > 0 || running.size > 0) {
    for (let i = 0; i < waiting.length;) {
      const job = waiting[i]!;
      if (isReady(job) && (running.size === 0 || busy() + load(job) <= capacity)) {
        waiting.splice(i, 1);
        start(job);
      } else i++;
    }
    if (running.size === 0) {
      throw new TypeError(`Cannot schedule "${waiting[0]!.name}": it waits for itself`);
    }
    await Promise.race(running.values().map(({ end }) => end));
  }
  return jobs.map(({ name }) => results.get(name)!);
}
