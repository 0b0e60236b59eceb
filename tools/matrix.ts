/**
 * `deno task matrix`: every suite of netdevsim on each of the kernels, over ssh and over serial; a test each. Then suite pcs,
 * which boots a kernel anew behind each crash. It is a task of its own since it takes longer than the tests.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { ERAS } from "../model/mod.ts";
import { holdsIn } from "../suites/suite.ts";
import { type Ran, run } from "../cli/child.ts";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { loadSuites, NETDEVSIM_SUITES } from "../cli/load_suites.ts";

const KERNELS = ["5.10", "6.1", "6.12", "7.2", "7.3"] as const;
/** `stale` breaks the kernel in each of its sequences. */
const SUITES = [...NETDEVSIM_SUITES, "stale"];
const TRANSPORTS = ["ssh", "serial"] as const;

// One run of them all, since most of it is waiting: for flashes, and for boots.
let running: Promise<Ran> | undefined;
const matrix = () =>
  running ??= run([
    "run",
    ...SUITES,
    ...KERNELS.flatMap((kernel) => ["--board", `qemu-${kernel}`]),
    ...TRANSPORTS.flatMap((transport) => ["--transport", transport]),
    ...["--jobs", "4", "--reporter", "dots"],
  ]);

const suites = await loadSuites(SUITES);
for (const kernel of KERNELS) {
  const sequences = suites.flatMap((suite) => suite.sequences).filter((one) => holdsIn(one, ERAS[kernel].id)).length;
  for (const transport of TRANSPORTS) {
    await kernelTest(kernel, `every sequence agrees on ${kernel} over ${transport}`, async () => {
      const { stdout, stderr } = await matrix();
      const row = stdout.split("\n").find((line) =>
        line.startsWith(`qemu-${kernel} `) && line.includes(` ${transport} `)
      );
      console.log(row);
      // All of them, and nothing but agreement: the counts end there.
      const counts = `${sequences} agree +[\\d,]+ agree +[\\d,]+ agree  +\\d`;
      assertMatch(row ?? "", new RegExp(`${transport} +\\S+ +${counts}`), `${stdout}${stderr}`);
    });
  }
}

await kernelTest("6.12", "the matrix as a whole agrees", async () => {
  const { code, stdout, stderr } = await matrix();
  assertEquals(code, 0, `${stdout}${stderr}`);
});

await kernelTest(
  "6.12",
  "suite pcs agrees on 6.12 over ssh and on 6.1 over serial, and without a design on 7.3 and with poisoned memory",
  async () => {
    // Most of it is waiting: for work queues of the kernel, and for boots.
    const [ssh, serial, none] = await Promise.all([
      run(["run", "pcs", "--board", "qemu-6.12", "--transport", "ssh", "--reporter", "dots"]),
      run(["run", "pcs", "--board", "qemu-6.1", "--transport", "serial", "--reporter", "dots"]),
      run([
        "run",
        "pcs",
        "--board",
        "qemu-6.12-slub",
        "--board",
        "qemu-7.3",
        "--filter",
        "none:",
        "--reporter",
        "dots",
      ]),
    ]);
    for (const { code, stdout, stderr } of [ssh, serial, none]) assertEquals(code, 0, `${stdout}${stderr}`);
    for (const { stdout } of [ssh, serial]) assertMatch(stdout, /^58 sequences: 58 agree/m);
    assertMatch(none.stdout, /^28 sequences: 28 agree/m);
  },
);
