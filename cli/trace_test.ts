/** `twinlink trace`: what it prints of a trace. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { DeviceRecorder, type Trace, writeTrace } from "../diff/mod.ts";
import { emptyObservation } from "../model/observation.ts";
import { run } from "./child.ts";
import { call } from "./in_process.ts";

const handle = "pci/0000:01:00.0";

/** Returns a trace of a board with an emulated device. The device saw nothing in the second sequence. */
function traced(): Trace {
  const recorder = new DeviceRecorder();
  const command = (name: string, status = "OK") => recorder.add({ event: "command", command: name, status });
  command("QUERY_ISSI");
  recorder.add({ event: "step", step: 2 });
  command("ENABLE_HCA");
  command("NOP");
  command("NOP");
  recorder.add({ event: "fault", command: "INIT_HCA" });
  command("INIT_HCA", "LIM_ERR");
  recorder.add({ event: "wrong", written: "\u001b[2J" });
  const about = { suite: "s", source: "x" };
  return {
    header: { board: "b", transport: "ssh", era: "6.12", kernel: "6.12.1", iproute2: "7.3" },
    sequences: [{
      ...about,
      sequence: "first",
      steps: [
        { id: 1, phase: "setup", op: { kind: "dev.show", handle }, observation: emptyObservation() },
        {
          id: 2,
          phase: "body",
          op: { kind: "dev.reload", handle },
          observation: { ...emptyObservation(), result: "ENOMEM", extack: { level: "error", text: "no \u001b" } },
        },
        { id: 3, phase: "body", op: { kind: "port.show" }, lost: { reason: "timeout", detail: "" } },
      ],
      device: { ...recorder.take()!, left: 2 },
    }, {
      ...about,
      sequence: "second",
      steps: [{ id: 1, phase: "body", op: { kind: "port.show" }, observation: emptyObservation() }],
    }],
  };
}

const STEPS = [
  "  step 1 (setup)  devlink -s dev show pci/0000:01:00.0  ok",
  "  step 2  devlink dev reload pci/0000:01:00.0  ENOMEM: no \\e",
  "  step 3  devlink port show  lost (timeout)",
];

Deno.test("trace: the steps; with --device the commands between them, whose text is escaped", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/t.jsonl.gz`;
    await writeTrace(path, traced());
    const second = ["s > second", "  step 1  devlink port show  ok", ""];
    const plain = await run(["trace", path]);
    assertEquals(
      plain.stdout.split("\n"),
      ["b over ssh, Linux 6.12.1", "s > first", ...STEPS, ...second],
      plain.stderr,
    );
    assertEquals(plain.code, 0);
    const { stdout } = await call(["trace", path, "--device", "--filter", "FIRST"]);
    const [setup, reload, lost] = STEPS;
    assertEquals(stdout.split("\n"), [
      "b over ssh, Linux 6.12.1",
      "s > first",
      "  before step 1",
      "    QUERY_ISSI OK",
      setup!,
      reload!,
      "    ENABLE_HCA OK",
      "    NOP OK, 2 times",
      "    INIT_HCA LIM_ERR, as the test asked",
      "    wrong: written=\\e[2J",
      lost!,
      "    ... 2 more lines, for which the record had no space",
      "",
    ]);
    const { header, sequences } = traced();
    const device = { version: 1, events: 1, log: "AAAA" } as const;
    await writeTrace(path, { header, sequences: sequences.map((one) => ({ ...one, device })) });
    const damaged = await call(["trace", path, "--device"]);
    assertEquals(damaged.code, 3);
    assertStringIncludes(damaged.stderr, "twinlink: Cannot read the log of the emulated device: ");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("trace --perfetto: a file for Perfetto, with the accesses of the device, and nothing else on standard output", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [path, out] = [`${folder}/t.jsonl.gz`, `${folder}/t.pftrace`];
    await writeTrace(path, traced());
    const { code, stdout } = await call(["trace", path, "--perfetto", out, "--filter", "first"]);
    assertEquals([code, stdout], [0, `Written: ${out}\n`]);
    // Strings stand in the file as they are.
    const text = new TextDecoder().decode(await Deno.readFile(out));
    for (
      const part of ["b over ssh, Linux 6.12.1", "s > first", "devlink dev reload", "device accesses", "ENABLE_HCA OK"]
    ) {
      assertStringIncludes(text, part);
    }
    assertEquals([text.includes("s > second"), text.includes("no \u001b")], [false, false]);
    const nowhere = await call(["trace", path, "--perfetto", `${folder}/none/t.pftrace`]);
    assertEquals(nowhere.code, 2);
    assertStringIncludes(nowhere.stderr, "Cannot write to ");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
