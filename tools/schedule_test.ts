import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Job, loadOn, schedule } from "./schedule.ts";

/** Jobs that end when they are asked to, and what has happened to them. */
function board() {
  const events: string[] = [];
  const ends = new Map<string, () => void>();
  const job = (name: string, load: number, seconds: number, after: string[] = []): Job<string> => ({
    name,
    load,
    seconds,
    after,
    run: () => {
      events.push(`+${name}`);
      return new Promise((resolve) => ends.set(name, () => resolve(name.toUpperCase())));
    },
  });
  const end = async (name: string) => {
    ends.get(name)!();
    events.push(`-${name}`);
    // The scheduler starts what fits now.
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { events, job, end };
}

Deno.test("schedule: the longest jobs start first, as many as the cores can keep up with", async () => {
  const { events, job, end } = board();
  const done = schedule([job("short", 1, 1), job("long", 1, 9), job("middle", 1, 5)], { cores: 2 });
  assertEquals(events, ["+long", "+middle"]);
  await end("middle");
  await end("long");
  await end("short");
  assertEquals(events, ["+long", "+middle", "-middle", "+short", "-long", "-short"]);
  assertEquals(await done, ["SHORT", "LONG", "MIDDLE"]);
});

Deno.test("schedule: jobs that wait run beside jobs that compute, more of them than there are cores", async () => {
  const { events, job, end } = board();
  const done = schedule([job("a", 1, 9), job("w1", 0.1, 8), job("w2", 0.1, 7), job("w3", 0.1, 6), job("b", 1, 5)], {
    cores: 1,
  });
  assertEquals(events, ["+a", "+w1", "+w2", "+w3"]);
  await end("a");
  assertEquals(events.at(-1), "+b");
  for (const name of ["b", "w1", "w2", "w3"]) await end(name);
  assertEquals((await done).length, 5);
});

Deno.test("schedule: a job that is larger than the machine runs alone", async () => {
  const { events, job, end } = board();
  const done = schedule([job("small", 0.5, 9), job("large", 8, 5), job("last", 0.5, 1)], { cores: 1 });
  assertEquals(events, ["+small", "+last"]);
  await end("small");
  await end("last");
  assertEquals(events.at(-1), "+large");
  await end("large");
  await done;
});

Deno.test("schedule: a job starts after the jobs that it names; names of no job are ignored", async () => {
  const { events, job, end } = board();
  const done = schedule([job("test", 0.1, 9, ["image", "no such job"]), job("image", 0.1, 1)], { cores: 4 });
  assertEquals(events, ["+image"]);
  await end("image");
  assertEquals(events, ["+image", "-image", "+test"]);
  await end("test");
  await done;
  await assertRejects(() => schedule([job("a", 1, 1, ["b"]), job("b", 1, 1, ["a"])]), TypeError, "it waits for itself");
});

Deno.test("schedule: each job is reported as it ends; an error of a job ends the schedule", async () => {
  const ended: string[] = [];
  const job = (name: string, run: () => Promise<number>): Job<number> => ({ name, load: 1, seconds: 1, run });
  const results = await schedule([job("a", () => Promise.resolve(1)), job("b", () => Promise.resolve(2))], {
    cores: 1,
    onEnd: ({ name }, result, ms) => {
      assert(ms >= 0);
      ended.push(`${name} ${result}`);
    },
  });
  assertEquals([results, ended], [[1, 2], ["a 1", "b 2"]]);
  await assertRejects(() => schedule([job("a", () => Promise.reject(new Error("no")))]), Error, "no");
});

Deno.test("schedule: on a machine that takes more CPU time for the same work, fewer jobs run side by side", async () => {
  const started = async (cpuOf: () => number | undefined) => {
    const { events, job, end } = board();
    const waiting = ["a", "b", "c"].map((name) => job(name, 0.4, 5, ["first"]));
    const done = schedule([{ ...job("first", 1, 9), cpu: 10 }, ...waiting], { cores: 1, cpuOf });
    await end("first");
    const names = events.slice(2);
    for (const name of ["a", "b", "c"]) await end(name);
    await done;
    return names;
  };
  assertEquals(await started(() => 10_000), ["+a", "+b", "+c"]);
  // A machine that is faster than the measured one is not given more.
  assertEquals(await started(() => 1000), ["+a", "+b", "+c"]);
  assertEquals(await started(() => 30_000), ["+a", "+b"]);
  assertEquals(await started(() => 100_000), ["+a"]);
  assertEquals(await started(() => undefined), ["+a", "+b", "+c"]);
});

Deno.test("loadOn(): a job waits as long on a slow machine, and computes longer", () => {
  assertEquals(loadOn(0.5, 1), 0.5);
  assertEquals(loadOn(0.5, 3), 0.75);
  assertEquals([loadOn(0, 9), loadOn(1, 9), loadOn(1.4, 9)], [0, 1, 1.4]);
});
