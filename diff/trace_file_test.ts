import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describeOperation } from "./describe.ts";
import { type Capability, loadFacts } from "../boards/mod.ts";
import { lacking, neededCapabilities, whyUnsupported } from "./capability.ts";
import { clone, sample, sequence, step } from "./testing.ts";
import type { DeviceRecord, Trace } from "./trace.ts";
import { emptyObservation, type Observation } from "../model/observation.ts";
import { openTrace, readTrace, TraceWriter, writeTrace } from "./trace_file.ts";

const trace = (): Trace => ({
  header: { board: "qemu-6.12", transport: "ssh", era: "6.12", kernel: "6.12.117", iproute2: "iproute2-7.3.0" },
  sequences: [sample(), {
    ...sequence(
      {
        id: 1,
        phase: "body",
        op: { kind: "dev.show" },
        lost: { reason: "timeout", detail: "10 s" },
        board: { start: 1, end: 2.5, late: 0.5 },
      },
      step(2, {
        kind: "during",
        operation: { kind: "netns.del", name: "t1", until: "netdevsim/netdevsim10" },
        poll: { kind: "port.show" },
      }, { reply: { seen: [null, 2] } }),
    ),
    sequence: "second",
  }],
});

async function inFolder(body: (file: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what the model does not know of a step is no part of its trace", () =>
  inFolder(async (file) => {
    const observation = emptyObservation();
    const step = { id: 1, phase: "body", op: { kind: "dev.show" } } as const;
    const of = (more: Partial<Observation>): Trace => ({
      ...trace(),
      sequences: [{ ...sequence({ ...step, observation: { ...observation, ...more } }), hardware: ["stmmac_sgmii"] }],
    });
    await writeTrace(file("t.jsonl"), of({ unknown: { kmsg: "chance" }, untimed: "a slow bus" }));
    assertEquals(await readTrace(file("t.jsonl")), of({}));
  }));

for (const name of ["t.jsonl", "t.jsonl.gz"]) {
  Deno.test(`a trace comes back as it was written: ${name}`, () =>
    inFolder(async (file) => {
      await writeTrace(file(name), trace());
      assertEquals(await readTrace(file(name)), trace());
      const gzip = (await Deno.readFile(file(name)))[0] === 0x1f;
      assertEquals(gzip, name.endsWith(".gz"));
    }));

  Deno.test(`a trace comes back with the facts of its board: ${name}`, () =>
    inFolder(async (file) => {
      const facts = await loadFacts(
        new URL("../boards/examples/spectrum-2-serial.facts.json", import.meta.url).pathname,
      );
      const { header, sequences } = trace();
      const whole = { header: { ...header, facts, contradictions: ["trap: the board has it"] }, sequences };
      await writeTrace(file(name), whole);
      assertEquals(await readTrace(file(name)), whole);
      const wrong = { ...facts, traps: [{ name: "x" }] } as unknown as typeof facts;
      await writeTrace(file(name), { header: { ...header, facts: wrong }, sequences });
      await assertRejects(() => readTrace(file(name)), SyntaxError, "line 1: facts.traps.0.type: ");
    }));

  Deno.test(`a trace that is cut anywhere is never read as a whole one: ${name}`, () =>
    inFolder(async (file) => {
      await writeTrace(file(name), trace());
      const bytes = await Deno.readFile(file(name));
      const stride = Math.max(1, Math.floor(bytes.length / 60));
      const lengths = Array.from({ length: 60 }, (_, i) => i * stride).concat(
        [8, 4, 3, 2, 1].map((n) => bytes.length - n),
      );
      for (const length of lengths) {
        await Deno.writeFile(file(`cut-${name}`), bytes.subarray(0, length));
        const error = await assertRejects(() => readTrace(file(`cut-${name}`)), SyntaxError);
        assertStringIncludes(error.message, `Cannot read trace "${file(`cut-${name}`)}": line `);
      }
    }));
}

Deno.test("a cut trace still gives the sequences that are whole", () =>
  inFolder(async (file) => {
    await using writer = await TraceWriter.create(file("t.jsonl"), trace().header);
    await writer.sequence(trace().sequences[0]!);
    await writer.begin(trace().sequences[1]!);
    await writer.step(trace().sequences[1]!.steps[0]!);
    await writer[Symbol.asyncDispose]();
    const { header, sequences } = await openTrace(file("t.jsonl"));
    assertEquals(header, trace().header);
    assertEquals((await sequences.next()).value, trace().sequences[0]);
    const error = await assertRejects(() => sequences.next(), SyntaxError);
    assertStringIncludes(error.message, "the file is cut short: its end line is missing");
  }));

Deno.test("a reader that is not used up leaves no file open", () =>
  inFolder(async (file) => {
    await writeTrace(file("t.jsonl.gz"), trace());
    await using _unused = await openTrace(file("t.jsonl.gz"));
    await using half = await openTrace(file("t.jsonl.gz"));
    await half.sequences.next();
  }));

Deno.test("a trace without what a device saw is as it was before there was such a line; that line is checked", () =>
  inFolder(async (file) => {
    const { header, sequences: [first, second] } = trace();
    const device = {
      version: 1,
      events: 3,
      left: 1,
      wrong: { count: 1, first: [{ step: 2, text: "w" }] },
      log: "AAAA",
    };
    const whole = { header, sequences: [{ ...first!, device: device as DeviceRecord }, second!] };
    await writeTrace(file("t.jsonl"), whole);
    assertEquals(await readTrace(file("t.jsonl")), whole);
    const lines = (await Deno.readTextFile(file("t.jsonl"))).split("\n");
    const at = lines.findIndex((line) => line.startsWith('{"type":"device"'));
    assertEquals(JSON.parse(lines[at + 1]!).type, "sequence-end");
    await Deno.writeTextFile(file("old.jsonl"), lines.toSpliced(at, 1).join("\n"));
    assertEquals(await readTrace(file("old.jsonl")), trace());
    const line = lines[at]!;
    const cases: [string[], string][] = [
      [lines.with(at, line.replace('"version":1', '"version":2')), `line ${at + 1}: version: Invalid input`],
      [lines.with(at, line.replace("AAAA", "<b>")), `line ${at + 1}: log: Invalid base64`],
      [lines.with(at, line.replace('"events"', '"x":1,"events"')), `line ${at + 1}: Unrecognized key`],
      [lines.toSpliced(at, 0, line), `line ${at + 2}: what the device saw stands outside of a sequence`],
      [lines.toSpliced(1, 0, line), "line 2: what the device saw stands outside of a sequence"],
      [lines.toSpliced(at - 1, 1).toSpliced(at, 0, lines[at - 1]!), `line ${at + 1}: a step stands outside`],
    ];
    for (const [changed, why] of cases) {
      await Deno.writeTextFile(file("t.jsonl"), changed.join("\n"));
      assertStringIncludes((await assertRejects(() => readTrace(file("t.jsonl")), SyntaxError)).message, why);
    }
  }));

Deno.test("what is wrong is named with its line", () =>
  inFolder(async (file) => {
    await writeTrace(file("t.jsonl"), trace());
    const lines = (await Deno.readTextFile(file("t.jsonl"))).split("\n");
    const cases: [(lines: string[]) => void, string][] = [
      [(l) => l[0] = "{}", "line 1: is not the header of a trace"],
      [(l) => l[0] = "null", "line 1: is not the header of a trace"],
      [(l) => l[0] = l[0]!.replace('"version":1', '"version":2'), "line 1: the version is 2, this reads 1"],
      [(l) => l[0] = l[0]!.replace('"era":"6.12",', ""), "line 1: era: Invalid input"],
      [(l) => l[3] = "{", "line 4: is not JSON"],
      [(l) => l[2] = l[2]!.replace('"setup"', '"setdown"'), "line 3: phase: Invalid option"],
      [(l) => l[2] = l[2]!.replace('"netns.add"', '"netns.ad"'), "line 3: op.kind: Invalid"],
      [(l) => l[2] = l[2]!.replace('"name":', '"nam":'), "line 3: op.name: Invalid input"],
      [(l) => l[2] = l[2]!.replace('"result":"ok"', '"result":0'), "line 3: observation.result: Invalid input"],
      [(l) => l[2] = l[2]!.replace('"observation"', '"observed"'), "line 3: Unrecognized key"],
      [
        (l) => l[2] = l[2]!.replace(/"observation".*}/, '"x":1}').replace(',"x":1', ""),
        "line 3: must have exactly one of",
      ],
      [(l) => l.splice(4, 1), "line 14: the sequence should have 12 steps, but 11 are here"],
      [(l) => l.splice(1, 1), "line 2: a step stands outside of a sequence"],
      [(l) => l.splice(14, 1), "line 15: a sequence begins, but the one before has not ended"],
      [(l) => l.splice(15, 4), "line 16: the trace should have 2 sequences, but 1 are here"],
      [(l) => l.splice(18, 1), "line 19: the trace ends inside a sequence"],
      [(l) => l.splice(20, 0, l[1]!), "line 21: stands after the end of the trace"],
      [(l) => l.splice(19, 1), "line 19: the file is cut short: its end line is missing"],
      [(l) => l[0] = '"\u001b[2J', "line 1: is not JSON"],
    ];
    for (const [damage, expected] of cases) {
      const damaged = clone(lines);
      damage(damaged);
      await Deno.writeTextFile(file("bad.jsonl"), damaged.join("\n"));
      const error = await assertRejects(() => readTrace(file("bad.jsonl")), SyntaxError, undefined, expected);
      assertStringIncludes(error.message, expected);
    }
  }));

Deno.test("a trace that was read is written the same again", () =>
  inFolder(async (file) => {
    await writeTrace(file("a.jsonl"), trace());
    await writeTrace(file("b.jsonl"), await readTrace(file("a.jsonl")));
    assertEquals(await Deno.readTextFile(file("a.jsonl")), await Deno.readTextFile(file("b.jsonl")));
  }));

for (const name of ["full.jsonl", "full.jsonl.gz"]) {
  Deno.test(`a full disk is an error, not a short trace: ${name}`, () =>
    inFolder(async (file) => {
      await Deno.symlink("/dev/full", file(name));
      await assertRejects(() => writeTrace(file(name), trace()), Error, "No space left on device");
    }));
}

Deno.test("operations as command lines", () => {
  const handle = "netdevsim/netdevsim10";
  const lines = ([
    { kind: "dev.reload", handle, to: "t1" },
    { kind: "dev.reload", netns: "t1", handle, to: "init", action: "fw_activate", limit: "no_reset" },
    { kind: "dev.reload", handle, to: { pid: 77 } },
    { kind: "dev.show" },
    { kind: "param.set", handle, name: "test1", value: false, cmode: "driverinit" },
    { kind: "resource.set", handle, path: "IPv4/fib", size: "18446744073709551615" },
    { kind: "region.new", handle, region: "dummy", snapshot: 0 },
    { kind: "region.show", handle, region: "dummy" },
    { kind: "health.set", handle, reporter: "dummy", gracePeriod: 0, autoRecover: true },
    { kind: "trap.set", handle, name: "x", action: "it's $(reboot)" },
    { kind: "trap.group.set", handle, name: "l2_drops", policer: null },
    { kind: "trap.group.set", handle, name: "l2_drops", action: "trap", policer: 0 },
    { kind: "trap.policer.set", handle, policer: 1, rate: 0, burst: 2 },
    { kind: "link.set", handle, port: 1, up: false },
    { kind: "lo.up", netns: "t1" },
    { kind: "netns.del", name: "t1", until: handle },
    { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" },
    { kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: "10" },
    { kind: "file.read", path: "/sys/kernel/debug/a b" },
    { kind: "wait", ms: 350 },
    { kind: "during", operation: { kind: "dev.reload", handle }, poll: { kind: "port.show" } },
  ] as const).map(describeOperation);
  assertEquals(lines, [
    "devlink dev reload netdevsim/netdevsim10 netns t1",
    "[t1] devlink dev reload netdevsim/netdevsim10 netns 1 action fw_activate limit no_reset",
    "devlink dev reload netdevsim/netdevsim10 netns 77",
    "devlink -s dev show",
    "devlink dev param set netdevsim/netdevsim10 name test1 value false cmode driverinit",
    "devlink resource set netdevsim/netdevsim10 path IPv4/fib size 18446744073709551615",
    "devlink region new netdevsim/netdevsim10/dummy snapshot 0",
    "devlink region show netdevsim/netdevsim10/dummy",
    "devlink health set netdevsim/netdevsim10 reporter dummy grace_period 0 auto_recover true",
    "devlink trap set netdevsim/netdevsim10 trap x action 'it'\\''s $(reboot)'",
    "devlink trap group set netdevsim/netdevsim10 group l2_drops nopolicer",
    "devlink trap group set netdevsim/netdevsim10 group l2_drops action trap policer 0",
    "devlink trap policer set netdevsim/netdevsim10 policer 1 rate 0 burst 2",
    "ip link set dev $(netdev of netdevsim/netdevsim10/1) down",
    "[t1] ip link set dev lo up",
    "ip netns del t1, until netdevsim/netdevsim10 is back in init",
    'echo "10 1" > /sys/bus/netdevsim/new_device',
    "echo 10 > /sys/bus/netdevsim/del_device",
    'cat "/sys/kernel/debug/a b"',
    "sleep 0.35",
    "devlink dev reload netdevsim/netdevsim10, and all the while devlink port show",
  ]);
});

Deno.test("what operations need of a board", () => {
  const handle = "pci/0000:03:00.0";
  const needs = (op: Parameters<typeof neededCapabilities>[0]) => [...neededCapabilities(op)].sort();
  assertEquals(needs({ kind: "dev.show", handle }), []);
  assertEquals(needs({ kind: "dev.reload", handle, to: "t1", action: "fw_activate" }), [
    "netns",
    "reload",
  ]);
  assertEquals(needs({ kind: "trap.group.set", handle, name: "x", policer: 1 }), ["policers", "traps"]);
  assertEquals(needs({ kind: "rate.set", handle, port: 128, txMax: "1gbit" }), ["rates"]);
  assertEquals(needs({ kind: "dev.eswitch.set", handle, mode: "legacy" }), ["eswitch"]);
  assertEquals(needs({ kind: "link.move", handle, port: 0, to: "t1" }), ["netns"]);
  assertEquals(needs({ kind: "file.write", path: "/sys/kernel/debug/netdevsim/netdevsim1/fail_reload", value: "Y" }), [
    "debugfs",
    "netdevsim",
  ]);
  assertEquals(
    needs({ kind: "during", operation: { kind: "dev.reload", handle }, poll: { kind: "port.show", netns: "t1" } }),
    ["netns", "reload"],
  );
  assertEquals(needs({ kind: "listen", operation: { kind: "trap.set", handle, name: "x", action: "trap" } }), [
    "traps",
  ]);
});

Deno.test("what a board has to say that it has", () => {
  assertEquals(lacking(["listener", "mlx5_slave"], {}, undefined), [], "the model");
  assertEquals(lacking(["listener", "mlx5_slave"], {}, ["devlink"]), ["listener", "mlx5_slave"]);
  assertEquals(lacking(["listener", "mlx5_slave"], { capabilities: ["mlx5_slave"] }, ["listener"]), []);
  // A test can operate a device that is emulated, and no other
  const nic = { handle: "pci/0000:01:00.0", driver: "mlx5_core" };
  assertEquals(lacking(["emulated"], { runner: "model" }, undefined), ["emulated"]);
  assertEquals(lacking(["emulated"], nic, undefined), [], "a recording");
  assertEquals(lacking(["emulated"], nic, ["devlink"]), ["emulated"], "a card");
  assertEquals(lacking(["emulated", "listener"], { unfiled: true }, ["devlink"]), ["listener"], "a trace alone");
  assertEquals(lacking(["emulated"], { ...nic, qemu: { device: "connectx" } }, ["devlink"]), []);
});

Deno.test("what the agent can find out is decided by what it found, whatever the board's file lists", () => {
  const found = ["netdevsim", "debugfs", "listener", "pcs", "races"];
  for (const what of found) {
    const listed = { capabilities: [what as Capability] };
    assertEquals(lacking([what], {}, ["devlink", "kmsg"]), [what], `${what}, nothing listed, not found`);
    assertEquals(lacking([what], listed, ["devlink", "kmsg"]), [what], `${what}, listed, not found`);
    assertEquals(lacking([what], {}, [what]), [], `${what}, nothing listed, found`);
    assertEquals(lacking([what], { capabilities: ["reload"] }, [what]), [], `${what}, not listed, found`);
  }
  // A kernel that has netdevsim and the modules of fixtures/pcs beside the device under test.
  const nic = { handle: "pci/0000:03:00.0", driver: "mlx5_core" };
  assertEquals(lacking(["netdevsim", "pcs", "races"], nic, found), ["netdevsim", "pcs"]);
  assertEquals(lacking(["netdevsim", "pcs"], { handle: "netdevsim/netdevsim10", driver: "netdevsim" }, found), []);
  assertEquals(
    whyUnsupported({ requires: ["netdevsim"], steps: [] }, nic, found)?.needs,
    "netdevsim, which is not the driver of pci/0000:03:00.0, the board's handle (that is mlx5_core)",
  );
  assertEquals(
    whyUnsupported({ requires: ["netdevsim"], steps: [] }, nic, [])?.needs,
    "netdevsim, which the agent did not find on the board",
  );
  // The agent cannot tell these.
  assertEquals(lacking(["traps", "reload"], { capabilities: ["traps"] }, found), ["reload"]);
  assertEquals(lacking(["traps"], {}, found), []);
});
