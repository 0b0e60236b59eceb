import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { lockRun } from "../journal.ts";
import { UsageError } from "../usage_error.ts";
import { mayGo, type PruneRule, removeRun } from "./prune.ts";
import { writeSite } from "./site.ts";
import { DATABASE, History } from "./store.ts";
import { type FakeRun, startOf, writeRun } from "./testing.ts";
import { trendsOf } from "./trend.ts";
import { changeWords } from "./words.ts";

const EVIL = "\u001b[2J\u202e]]>&\"'</pre></script><script>pwned=1</script><img src=x onerror=pwned=1>";

/** Calls a function with a folder of runs. */
async function withRuns(runs: Record<string, FakeRun>, work: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "twinlink-history-" });
  try {
    for (const [name, run] of Object.entries(runs)) await writeRun(root, name, run);
    await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const none: (line: string) => void = (line) => {
  throw new Error(`not expected: ${line}`);
};

/** Reads a folder again, and returns its trends. */
async function trendsIn(root: string, warn = none) {
  using history = await History.open(root, warn);
  const parts = history.parts(history.runs());
  return trendsOf(parts, history.results(parts));
}

const names = async (root: string, warn = none) => {
  using history = await History.open(root, warn);
  return history.runs().map(({ folder, exit, kept }) => `${folder} ${exit}${kept ? "" : " gone"}`);
};

Deno.test("trend: pass rate, times, and the last change with the kernel, firmware and commit between which it came", async () => {
  const runs: Record<string, FakeRun> = {
    "1": { day: 1, verdicts: { x: "agree", y: "agree" }, ms: 100, firmware: "1.0", commit: "aaa" },
    "2": { day: 2, verdicts: { x: "diverge", y: "agree" }, ms: 300, firmware: "1.0", commit: "aaa", kernel: "6.12.2" },
    "3": { day: 3, verdicts: { x: "infra", y: "agree" }, firmware: "1.0", commit: "aaa", kernel: "6.12.2" },
    "4": { day: 4, verdicts: { x: "diverge", y: "waived" }, ms: 200, firmware: "1.1", commit: "bbb", kernel: "6.12.2" },
  };
  await withRuns(runs, async (root) => {
    const [board, ...rest] = await trendsIn(root);
    assertEquals(rest, []);
    const [x, y] = board!.sequences;
    assertEquals([x!.passed, x!.failed, x!.unjudged, x!.passRate], [1, 2, 1, 1 / 3]);
    assertEquals(x!.ms, { last: 200, median: 200, longest: 300 });
    // The result of a lost board does not count as a change.
    assertEquals(
      changeWords(x!.lastChange),
      "agree -> diverge 2026-11-02 20:14, kernel 6.12.1 -> 6.12.2",
    );
    assertEquals(
      changeWords(y!.lastChange),
      "agree -> waived 2026-11-04 20:14, firmware fw 1.0 -> fw 1.1, commit aaa -> bbb",
    );
    assertEquals([board!.exits, board!.lastGood?.folder], [[0, 1, 3, 1], "1"]);
    assertEquals(board!.last.firmware, "fw 1.1");
  });
});

Deno.test("trend: the flake rate counts only runs on the same kernel, driver, firmware and commit", async () => {
  const of = (verdicts: string, kernel: (i: number) => string) =>
    Object.fromEntries([...verdicts].map((one, i): [string, FakeRun] => [
      `${i}`,
      { day: i + 1, verdicts: { x: one === "a" ? "agree" : one === "d" ? "diverge" : "infra" }, kernel: kernel(i) },
    ]));
  const rate = async (verdicts: string, kernel: (i: number) => string) => {
    let found: number | null = -1;
    await withRuns(of(verdicts, kernel), async (root) => {
      found = (await trendsIn(root))[0]!.sequences[0]!.flakeRate;
    });
    return found as number | null;
  };
  assertEquals(await rate("aadda", () => "6.12.1"), 0.5);
  assertEquals(await rate("aiadi", () => "6.12.1"), 0.5);
  // Each run is on another kernel: the flake rate is not known.
  assertEquals(await rate("adad", String), null);
  assertEquals(await rate("aadd", (i) => i < 2 ? "6.1" : "6.12"), 0);
  assertEquals(await rate("iii", () => "6.1"), null);
});

Deno.test("history: a run's results stay when its folder is gone, or has another run", async () => {
  await withRuns(
    { a: { day: 1, verdicts: { x: "agree" } }, "night/1": { day: 2, verdicts: { x: "diverge" } } },
    async (root) => {
      assertEquals(await names(root), ["a 0", "night/1 1"]);
      await Deno.remove(join(root, "a"), { recursive: true });
      await writeRun(root, "night/1", { day: 3, verdicts: { x: "crash", z: "agree" } });
      assertEquals(await names(root), ["a 0 gone", "night/1 1 gone", "night/1 1"]);
      const [board] = await trendsIn(root);
      assertEquals(board!.sequences[0]!.verdicts, ["agree", "diverge", "crash"]);
      // A run that is resumed has the same start, and counts once.
      await writeRun(root, "night/1", { day: 3, verdicts: { x: "agree", z: "agree" } });
      assertEquals((await names(root)).at(-1), "night/1 0");
      assertEquals((await names(root)).length, 3);
    },
  );
});

Deno.test("history: an incomplete run shows the results that it has, and is not a pass", async () => {
  const whole = { day: 1, verdicts: { x: "agree", y: "agree" } } as const;
  await withRuns({ a: whole, b: whole, c: whole, d: whole, e: whole, f: whole }, async (root) => {
    const verdicts = (name: string) => join(root, name, "verdicts.jsonl");
    const text = await Deno.readTextFile(verdicts("a"));
    await Deno.writeTextFile(verdicts("a"), text.slice(0, text.indexOf('"y"')));
    await Deno.remove(verdicts("b"));
    await Deno.writeTextFile(join(root, "c", "run.json"), '{"twinlink":"run"');
    await Deno.writeTextFile(join(root, "d", "trace-board-ssh.jsonl"), '{"twinl');
    await Deno.writeTextFile(verdicts("e"), `\u0000\n[]\nnull\n{"type":"sequence","suite":1}\n`);
    // The last line shows that the run is over; the first line is lost.
    await Deno.writeTextFile(verdicts("f"), text.slice(text.indexOf("\n") + 1));
    assertEquals(await names(root), ["a null", "b null", "d 0", "e null", "f null"]);
    const [board] = await trendsIn(root);
    assertEquals([board!.runs, board!.passed, board!.unjudged], [5, 1, 4]);
    assertEquals(board!.sequences.map(({ verdicts }) => verdicts.length), [2, 1]);
    // The history reads the run again when its report is whole.
    await Deno.writeTextFile(verdicts("a"), text);
    assertEquals((await names(root)).includes("a 0"), true);
  });
});

Deno.test("history: a broken database is renamed and rebuilt from the folders", async () => {
  await withRuns({ a: { day: 1, verdicts: { x: "agree" } }, b: { day: 2, verdicts: { x: "agree" } } }, async (root) => {
    const path = join(root, DATABASE);
    const told: string[] = [];
    const expected = await names(root);
    const good = await Deno.readFile(path);
    const damages: [string, Uint8Array, RegExp | undefined][] = [
      ["no database", new TextEncoder().encode("hello ".repeat(1000)), /not a database/],
      ["cut short", good.slice(0, good.length / 2), /malformed|disk image|cannot/],
      ["pages overwritten", good.map((byte, i) => i > 4096 && i < 20_000 ? 0xa5 : byte), /./],
      ["empty", new Uint8Array(), undefined],
    ];
    for (const [what, bytes, pattern] of damages) {
      await Deno.writeFile(path, bytes);
      told.length = 0;
      assertEquals(await names(root, (line) => void told.push(line)), expected, what);
      assertEquals(told.length, pattern ? 1 : 0, what);
      if (pattern) {
        assertMatch(told[0]!, pattern);
        assertMatch(told[0]!, /rebuilt from the folders, without the runs whose folders are gone/);
        assertEquals(await Deno.readFile(`${path}.broken`), bytes, what);
      }
      assertEquals(await names(root), expected, what);
    }
  });
});

Deno.test("history: two processes at once get the same result", async () => {
  const runs = Object.fromEntries(
    Array.from({ length: 20 }, (_, i): [string, FakeRun] => [`r${i}`, { day: i + 1, verdicts: { x: "agree" } }]),
  );
  await withRuns(runs, async (root) => {
    const all = await Promise.all(Array.from({ length: 4 }, () => names(root)));
    for (const one of all) assertEquals(one, all[0]);
    assertEquals(all[0]!.length, 20);
    assertEquals((await trendsIn(root))[0]!.runs, 20);
  });
});

Deno.test("history: several processes at once with a broken database rename it only once", async () => {
  await withRuns({ a: { day: 1, verdicts: { x: "agree" } } }, async (root) => {
    await Deno.writeTextFile(join(root, DATABASE), "hello ".repeat(1000));
    const told: string[] = [];
    const all = await Promise.all(Array.from({ length: 4 }, () => names(root, (line) => void told.push(line))));
    assertEquals([all, told.length], [[["a 0"], ["a 0"], ["a 0"], ["a 0"]], 1]);
    assertEquals((await Deno.readTextFile(join(root, `${DATABASE}.broken`))).slice(0, 5), "hello");
  });
});

Deno.test("history: no other process opens it until it is disposed of", async () => {
  await withRuns({ a: { day: 1, verdicts: { x: "agree" } } }, async (root) => {
    const order: string[] = [];
    const first = await History.open(root, none);
    const second = History.open(root, none).then((history) => {
      order.push("second");
      return history;
    });
    // More time than opening it takes.
    for (let i = 0; i < 1000; i++) await Deno.stat(root);
    order.push("first");
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    assertEquals(order, ["first", "second"]);
  });
});

Deno.test("history: a folder that does not exist, in one line", async () => {
  const error = await assertRejects(() => History.open("/proc/no\u001b[2J", none), UsageError);
  assertMatch(error.message, /^Cannot open the history of "\/proc\/no\\e\[2J": [^\n]*$/);
});

Deno.test("prune: by rule, and never the newest pass of a board", async () => {
  const on = (day: number, board: string, verdict: "agree" | "diverge"): FakeRun => ({
    day,
    board,
    verdicts: { x: verdict },
  });
  const runs = {
    ".": on(1, "a", "diverge"),
    "2": on(2, "a", "agree"),
    "3": on(3, "b", "agree"),
    "4": on(4, "a", "agree"),
    "5": on(5, "a", "diverge"),
    "6": on(6, "a", "diverge"),
    "7": on(7, "b", "agree"),
  };
  await withRuns(runs, async (root) => {
    using history = await History.open(root, none);
    const all = history.runs();
    const parts = history.parts(all);
    const goes = (rule: PruneRule, now = Date.parse(startOf(8))) =>
      mayGo(all, parts, rule, now).map(({ folder }) => folder).join(" ");
    assertEquals(goes({}), "");
    assertEquals(goes({ keep: 0 }), "2 3 5 6");
    assertEquals(goes({ keep: 1 }), "2 3 5");
    assertEquals(goes({ keep: 2 }), "2");
    assertEquals(goes({ olderThan: 4 }), "2 3");
    assertEquals(goes({ keep: 1, olderThan: 4 }), "2 3");
    assertEquals(goes({ olderThan: 0 }), "2 3 5 6");
  });
});

Deno.test("prune: files that are not the run's stay, and so does a run that is going on", async () => {
  const run: FakeRun = { day: 1, verdicts: { x: "agree" } };
  await withRuns({ a: run, b: run, c: run }, async (root) => {
    assertEquals(await removeRun(join(root, "a")), true);
    await Deno.writeTextFile(join(root, "b", "notes.txt"), "mine");
    assertEquals(await removeRun(join(root, "b")), true);
    {
      using _lock = await lockRun(join(root, "c"));
      assertEquals(await removeRun(join(root, "c")), false);
    }
    const left = async (name: string) =>
      (await Array.fromAsync(Deno.readDir(join(root, name)))).map(({ name }) => name);
    assertEquals([await left("b"), (await left("c")).length], [["notes.txt"], 3]);
    assertEquals((await left(".")).sort(), ["b", "c"]);
  });
});

Deno.test("site: plain files, text from boards is escaped, each board has a page of its own", async () => {
  const runs: Record<string, FakeRun> = {
    a: { day: 1, board: EVIL, kernel: EVIL, firmware: EVIL, commit: EVIL, verdicts: { [EVIL]: "agree" }, ms: 10 },
    b: { day: 2, board: EVIL, kernel: EVIL, firmware: "2", commit: "c", verdicts: { [EVIL]: "diverge" }, ms: 20 },
    c: { day: 3, board: "x y", verdicts: { x: "agree" } },
    d: { day: 4, board: "x_y", verdicts: { x: "agree" } },
  };
  await withRuns(runs, async (root) => {
    using history = await History.open(root, none);
    const all = history.runs();
    const parts = history.parts(all);
    const out = join(root, "site");
    await Deno.mkdir(out);
    const trends = trendsOf(parts, history.results(parts));
    const written = await writeSite(out, { runs: all, parts, trends, toRuns: ".." });
    assertEquals(new Set(written).size, 5);
    for (const path of written.filter((path) => path.endsWith(".html"))) {
      const text = await Deno.readTextFile(path);
      assertStringIncludes(text, "default-src 'none'");
      assert(!text.includes("<img") && !text.includes("<script>pwned"), path);
      // deno-lint-ignore no-control-regex
      assertEquals(text.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/), null);
      for (const [, href] of text.matchAll(/<a [^>]*href="([^"#]+)"/g)) {
        if (href!.endsWith("report.html")) assertMatch(href!, /^\.\.\/[abcd]\/report\.html$/);
        else assert([...Deno.readDirSync(out)].some(({ name }) => name === href), href);
      }
    }
    const { boards } = JSON.parse(await Deno.readTextFile(join(out, "history.json")));
    assertEquals(boards[0].sequences[0].verdicts, ["agree", "diverge"]);
  });
});
