/**
 * The matrix: suites on each of the kernels. On each kernel every sequence runs over one line, ssh or serial, and a share of
 * the sequences over the other line. Suite `pcs`, which reboots a kernel after each crash, runs on some kernels.
 *
 * `deno task matrix` runs all of it. `deno test --allow-all tools/matrix.ts -- 6.12 waits` runs one part on one kernel.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import type { TransportName } from "../boards/transports/mod.ts";
import { run } from "../cli/child.ts";
import { runJob } from "../cli/job.ts";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { BOOTED_ERAS } from "../model/mod.ts";
import { loadSuites } from "../run/load_suites.ts";
import { type Chosen, holdsIn, type Suite } from "../sdk/suite.ts";
import { linesOf, type MatrixKernel, PARTS, PCS, SHARE, SUITES, WAITING } from "./matrix_parts.ts";

const [onlyKernel, onlyPart] = Deno.args;
const isWanted = (kernel: string, part: string) => (onlyKernel ?? kernel) === kernel && (onlyPart ?? part) === part;

/** Returns the sequences of suites that have a meaning on a kernel. */
function sequencesOn(kernel: MatrixKernel, suites: readonly Suite[]): Chosen[] {
  return suites.flatMap((suite) =>
    suite.sequences.filter((sequence) => holdsIn(sequence, kernel)).map((sequence) => ({ suite, sequence }))
  );
}

/** Runs suites by the command; all of their sequences must agree. */
async function assertAllAgree(kernel: MatrixKernel, line: string, names: readonly string[]): Promise<void> {
  const { length } = sequencesOn(kernel, await loadSuites(names));
  const words = ["run", ...names, "--board", `qemu-${kernel}`, "--transport", line, "--reporter", "dots"];
  const { code, stdout, stderr } = await run(words);
  assertEquals(code, 0, `${stdout}${stderr}`);
  assertMatch(stdout, new RegExp(`^${length} sequences: ${length} agree: `, "m"), `${stdout}${stderr}`);
}

/**
 * Chooses sequences for a kernel's other line: the longest one of each suite, and then the first one of each suite, until
 * there are {@linkcode SHARE}.
 */
async function shareOf(kernel: MatrixKernel): Promise<Suite[]> {
  const size = ({ sequence }: Chosen) => String(sequence.body).length;
  const suites = Map.groupBy(sequencesOn(kernel, await loadSuites(SUITES)), ({ suite }) => suite);
  const longest = [...suites.values()].map((all) => all.toSorted((a, b) => size(b) - size(a))[0]!)
    .sort((a, b) => size(b) - size(a));
  const first = [...suites.values()].flatMap((all) => all.find((one) => !longest.includes(one)) ?? []);
  const chosen = new Set([...longest, ...first].slice(0, SHARE).map(({ sequence }) => sequence));
  return [...suites.keys()].map((suite) => ({
    ...suite,
    sequences: suite.sequences.filter((sequence) => chosen.has(sequence)),
  })).filter(({ sequences }) => sequences.length > 0);
}

/** Runs the share of a kernel's sequences over a line; each must agree. */
async function assertShareAgrees(kernel: MatrixKernel, line: TransportName): Promise<void> {
  const { lines, status } = await runJob({
    boards: [await loadBoard(`qemu-${kernel}`)],
    suites: await shareOf(kernel),
    transports: [line],
    reporter: "dots",
  });
  const agree = lines.map(({ transport, verdicts }) => [
    transport,
    verdicts.filter(({ verdict }) => verdict === "agree").length,
  ]);
  assertEquals({ status, agree }, { status: 0, agree: [[line, SHARE]] });
}

const TESTS: Readonly<Record<typeof PARTS[number], (kernel: MatrixKernel) => Promise<void>>> = {
  computes: (kernel) => {
    const { all } = linesOf(kernel);
    const suites = SUITES.filter((name) => !WAITING.includes(name));
    const name = `every sequence agrees on ${kernel} over ${all}: suites that compute`;
    return kernelTest(kernel, name, () => assertAllAgree(kernel, all, suites));
  },
  waits: (kernel) => {
    const { all } = linesOf(kernel);
    const name = `every sequence agrees on ${kernel} over ${all}: suites that wait`;
    return kernelTest(kernel, name, () => assertAllAgree(kernel, all, WAITING));
  },
  share: (kernel) => {
    const { share } = linesOf(kernel);
    const name = `${SHARE} sequences agree on ${kernel} over ${share}: the longest of each suite`;
    // The first serial line of a process loads the C library.
    return kernelTest(kernel, name, () => assertShareAgrees(kernel, share), { sanitizeResources: false });
  },
};

for (const kernel of BOOTED_ERAS) {
  for (const part of PARTS) if (isWanted(kernel, part)) await TESTS[part](kernel);
}

for (const { kernel, part, board, line, filter, sequences } of PCS) {
  if (!isWanted(kernel, part)) continue;
  const name = `suite pcs agrees on ${board} over ${line}${filter && `, without a design`}`;
  await kernelTest(kernel, name, async () => {
    const words = ["run", "pcs", "--board", board, "--transport", line, "--reporter", "dots"];
    const { code, stdout, stderr } = await run([...words, ...(filter ? ["--filter", filter] : [])]);
    assertEquals(code, 0, `${stdout}${stderr}`);
    assertMatch(stdout, new RegExp(`^${sequences} sequences: ${sequences} agree`, "m"), `${stdout}${stderr}`);
  });
}
