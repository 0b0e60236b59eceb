import { assertEquals } from "@std/assert";
import { BOOTED_ERAS } from "../model/mod.ts";
import { closingCounts, conclusion, type Ended } from "./ci.ts";
import { IN_CI, MATRIX } from "./matrix_parts.ts";

const job = (name: string, output: string, rest: Partial<Ended> = {}) => ({
  name,
  output,
  tests: true,
  code: 0,
  ...rest,
});

Deno.test("closingCounts: the numbers of the runner's last closing line, whatever tests print", () => {
  const counts = (passed: number, failed: number, ignored = 0) => ({ passed, failed, ignored });
  assertEquals(closingCounts("ok | 2 passed (2 steps) | 0 failed | 1 ignored (9ms)\n"), counts(2, 0, 1));
  assertEquals(closingCounts("FAILED | 12 passed | 3 failed (1m2s)\n\nerror: Test failed\n"), counts(12, 3));
  assertEquals(closingCounts("ok | 9 passed | 9 failed (1s)\n...\nok | 1 passed | 0 failed (1s)\n"), counts(1, 0));
  assertEquals(closingCounts("a test prints ok | 2 passed | 0 failed\n"), undefined);
});

Deno.test("conclusion: the sum of all jobs; jobs without tests count nothing", () => {
  const ended = [
    job("a", "ok | 2 passed | 0 failed (1s)"),
    job("types", "", { tests: false }),
    job("b", "ok | 40 passed (3 steps) | 0 failed (1s)"),
  ];
  assertEquals(conclusion(ended), { lines: ["42 passed, 0 failed"], status: 0 });
});

Deno.test("conclusion: what did not pass is named, and is no status 0", () => {
  const good = job("good", "ok | 2 passed | 0 failed (1s)");
  const closing = "2 passed, 0 failed";
  for (
    const [bad, lines] of [
      [job("bad", "FAILED | 1 passed | 2 failed (1s)", { code: 1 }), ["bad: 2 failed", "3 passed, 2 failed"]],
      [
        job("skips", "ok | 1 passed | 0 failed | 1 ignored (1s)"),
        ["skips: 1 skipped; a skip is no pass", "3 passed, 0 failed"],
      ],
      [job("types", "error", { tests: false, code: 1 }), ["types failed (status 1)", closing]],
      [job("leaks", "ok | 0 passed | 0 failed (1s)", { code: 1 }), ["leaks failed (status 1)", closing]],
      // Without a closing line nobody knows how many tests there were.
      [job("dies", "Segmentation fault", { code: 139 }), ["dies did not run to its end (status 139)"]],
    ] as const
  ) {
    assertEquals(conclusion([good, bad]), { lines: [...lines], status: 1 });
  }
  assertEquals(conclusion([job("nothing", "ok | 0 passed | 0 failed (1s)")]).status, 1);
});

Deno.test("the matrix has a job for each of its parts, once", () => {
  const names = MATRIX.map(({ kernel, part }) => `${kernel} ${part}`);
  assertEquals(new Set(names).size, names.length);
  for (const part of ["computes", "waits", "share"]) {
    assertEquals(names.filter((name) => name.endsWith(` ${part}`)).length, BOOTED_ERAS.length);
  }
});

Deno.test("CI runs the suites of netdevsim on each kernel: all of their sequences, or a share of them", () => {
  for (const kernel of BOOTED_ERAS) {
    const parts = IN_CI.filter((one) => one.kernel === kernel && !one.part.startsWith("pcs")).map(({ part }) => part);
    assertEquals(parts, parts.length === 1 ? ["share"] : ["computes", "waits"], kernel);
  }
});
