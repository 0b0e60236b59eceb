/** The command on real kernels: both lines, and what is left when it is stopped. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { descendants, run, start } from "./child.ts";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { holdsIn } from "../sdk/suite.ts";
import { loadSuites } from "../run/load_suites.ts";

// All suites on all kernels: tools/matrix.ts. Here a few stand for them: long replies, many messages, files, two netns.
const SHARE = ["reload", "netdevsim_reload", "netdevsim_region", "netns"];
await kernelTest(
  "6.12",
  "run: sequences on netdevsim agree on 6.12, over ssh and over serial",
  async () => {
    const out = await Deno.makeTempDir({ prefix: "twinlink-kernel-" });
    const suites = await loadSuites(SHARE);
    const sequences = suites.flatMap((suite) => suite.sequences).filter((one) => holdsIn(one, "6.12")).length;
    try {
      const board = ["--board", "qemu-6.12", "--transport", "ssh", "--transport", "serial"];
      const { code, stdout, stderr } = await run(["run", ...SHARE, ...board, "--jobs", "2", "--out", out]);
      assertEquals(code, 0, `${stdout}${stderr}`);
      for (const transport of ["ssh", "serial"]) {
        // All of them, and nothing but agreement: the counts end there.
        const counts = `${sequences} agree +[\\d,]+ agree +[\\d,]+ agree  +\\d`;
        assertMatch(stdout, new RegExp(`^qemu-6.12 +${transport} +\\S+ +${counts}`, "m"));
        assertEquals((await run(["check", `${out}/trace-qemu-6.12-${transport}.jsonl`])).code, 0);
        const console = await Deno.readTextFile(`${out}/console-qemu-6.12-${transport}.log`);
        assertStringIncludes(console, "Linux version 6.12.");
      }
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  },
);

// The whole suite pcs: tools/matrix.ts.
await kernelTest(
  "6.12",
  "run: what a PCS that is gone does to poisoned memory is as the model predicts, crashes and the boots after them included",
  async () => {
    const { code, stdout, stderr } = await run([
      "run",
      "pcs",
      "--board",
      "qemu-6.12-slub",
      "--filter",
      "after the unbind",
    ]);
    assertEquals(code, 0, `${stdout}${stderr}`);
    assertMatch(stdout, /^10 sequences: 10 agree/m);
    // With nobody to tell phylink, the dead PCS is asked: found, reported where, and as the model said.
    assertMatch(
      stdout,
      /agree +pcs > none: a cable event after the unbind .*\n +note +the kernel broke in step \d+ as the model predicted: oops in phylink_mac_pcs_get_state <- phylink_resolve/,
    );
  },
);

function alive(pid: number): boolean {
  try {
    // A zombie has no command line.
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`) !== "";
  } catch {
    return false;
  }
}

await kernelTest("6.12", "run: Ctrl-C ends QEMU and leaves nothing, exit 130", async () => {
  const child = start(["run", "trap", "--board", "qemu-6.12"]);
  let seen = "";
  const stderr = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  while (!seen.includes("sequences to run")) {
    const { done, value } = await stderr.read();
    assert(!done, `it ended by itself: ${seen}`);
    seen += value;
  }
  const below = descendants(child.pid);
  assert(below.length >= 2, "no QEMU and no ssh were started");
  child.kill("SIGINT");
  const drained = Promise.all([new Response(child.stdout).text(), stderr.read().then(() => stderr.cancel())]);
  assertEquals((await child.status).code, 130);
  await drained;
  assertEquals(below.filter(alive), []);
});

await kernelTest(
  "6.12",
  "run: a kernel that panics is a crash with its last words; the rest runs on a fresh one",
  async () => {
    const dir = await Deno.makeTempDir({ prefix: "twinlink-panic-" });
    try {
      await Deno.writeTextFile(
        `${dir}/panic.ts`,
        `import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("panic", { fixture: netdevsim() }, ({ sequence }) => {
  sequence("it panics", { source: "sysrq.rst" }, async (dut) => {
    dut.write("/proc/sysrq-trigger", "c").either();
    await dut.dev.show();
  });
  sequence("after it", { source: "devlink-reload.rst" }, async (dut) => {
    await dut.reload();
  });
});
`,
      );
      const { code, stdout, stderr } = await run(["run", `${dir}/panic.ts`, "--board", "qemu-6.12"]);
      assertEquals(code, 1, `${stdout}${stderr}`);
      assertMatch(stdout, /^crash +panic > it panics/m);
      assertMatch(stdout, /the board's kernel broke: .*(sysrq|panic)/i);
      assertMatch(stdout, /^agree +panic > after it/m);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
