import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  ERA_IDS,
  type EraId,
  eraNote,
  eraOf,
  ERAS,
  Machine,
  nearestEra,
  type Notification,
  type Observation,
  type Operation,
  type SchedulingPoint,
} from "./mod.ts";

const H = "netdevsim/netdevsim10";
const BUS = "/sys/bus/netdevsim";
const DBG = "/sys/kernel/debug/netdevsim/netdevsim10";
const BOOTED: readonly EraId[] = ["6.1", "6.12"];

const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });
const create = (value = "10 1"): Operation => write(`${BUS}/new_device`, value);
const reload = (rest: Partial<Operation<"dev.reload">> = {}): Operation => ({
  kind: "dev.reload",
  handle: H,
  ...rest,
});

/** Returns a machine with one netdevsim. */
function machineWith(era: EraId, ports: number, options: { listeners?: "all" | "none" } = {}): Machine {
  const machine = new Machine({ era, ...options });
  assertEquals(machine.perform(create(`10 ${ports}`)).result, "ok");
  return machine;
}

const brief = (messages: Notification[] = []) => {
  const lines: string[] = [];
  let last = "";
  let times = 0;
  for (const { command, object } of [...messages, { command: "", object: "" }]) {
    const word = `${command} ${object}`;
    if (word === last) times++;
    else {
      if (last) lines.push(times > 1 ? `${last} x${times}` : last);
      last = word;
      times = 1;
    }
  }
  return lines;
};

/** Steps tasks in turn until all of them have ended; returns their observations. */
function interleave(machine: Machine, ops: readonly Operation[], pick: (ready: number) => number): Observation[] {
  const tasks = ops.map((op) => ({ steps: machine.task(op), done: undefined as Observation | undefined }));
  for (let stalled = 0; tasks.some((task) => !task.done);) {
    const open = tasks.filter((task) => !task.done);
    const task = open[pick(open.length)]!;
    const next: IteratorResult<SchedulingPoint, Observation> = task.steps.next();
    if (next.done) task.done = next.value;
    const moved = machine.runWorkers();
    stalled = next.done || next.value.kind !== "blocked" || moved ? 0 : stalled + 1;
    assert(stalled < 1000, `deadlock: ${open.length} tasks wait`);
  }
  return tasks.map((task) => task.done!);
}

Deno.test("the era of a kernel release is the era of its family", () => {
  const expected: Record<string, EraId> = {
    "6.12.117+deb12-amd64": "6.12",
    "6.1.0-56-amd64": "6.1",
    "5.10.0-30-amd64": "5.10",
    "5.14.21": "5.10",
    "5.15.3": "5.15",
    "5.17.1": "5.16",
    "5.19.0": "5.18",
    "6.2.1": "6.1",
    "6.6.9-custom": "6.3",
    "6.8.0": "6.12",
    "6.19.0": "6.12",
    "7.2.4-1": "7.2",
    "7.3.0-rc4": "7.3",
    "99.0.1": ERA_IDS.at(-1)!,
  };
  for (const [release, id] of Object.entries(expected)) assertEquals(eraOf(release).id, id, release);
  assertThrows(() => eraOf("4.19.0"), RangeError, 'Cannot model kernel "4.19.0": it is older than 5.10');
  assertThrows(() => eraOf("openwrt"), RangeError, "it is not a kernel release");
  for (const [id, era] of Object.entries(ERAS)) assertEquals(era.id, id);
});

Deno.test("a kernel that was not run is judged by the nearest era, with a note", () => {
  const notes: [release: string, era: EraId, how: string | undefined][] = [
    ["6.12.117+deb13-amd64", "6.12", undefined],
    ["5.10.0-46-amd64", "5.10", undefined],
    ["6.18.3", "6.12", "nearest; never run"],
    ["6.8.0-41-generic", "6.12", "nearest; never run"],
    ["6.0.1", "6.1", "nearest; never run"],
    ["7.1.0", "7.2", "nearest; never run"],
    // Newer than the newest era, older than the oldest one
    ["99.0.1", ERA_IDS.at(-1)!, "nearest; never run"],
    ["5.4.210", "5.10", "nearest; never run"],
    ["4.19.0", "5.10", "nearest; never run"],
    ["5.15.3", "5.15", "read from its source; never run"],
  ];
  for (const [release, era, how] of notes) {
    assertEquals(nearestEra(release).id, era, release);
    const note = how && `kernel ${release} judged by the model of ${era} (${how})`;
    assertEquals(eraNote(era, release), note, release);
  }
  assertThrows(() => nearestEra("openwrt"), RangeError, "it is not a kernel release");
  // An era that a board's file or an option names
  assertEquals(eraNote("6.12", "6.6.9"), "kernel 6.6.9 judged by the model of 6.12 (chosen; the nearest is 6.3)");
  assertEquals(
    eraNote("6.12", "vendor"),
    "kernel vendor judged by the model of 6.12 (chosen; the nearest is not known)",
  );
  assertEquals(eraNote("6.12", ""), undefined, "the model alone");
});

Deno.test("a reload announces every object, in the order of its era (R01, 3.10)", () => {
  const down = ["del trap x14", "del trap-group x6", "del trap-policer x3", "del region"];
  const up = ["new region", "new trap-policer x3", "new trap-group x6", "new trap x14"];
  const of61 = machineWith("6.1", 1).perform(reload());
  assertEquals(brief(of61.notify["init"]), ["new port", "del port", ...down, ...up, "new port x2", "new dev"]);
  const of612 = machineWith("6.12", 1).perform(reload());
  assertEquals(brief(of612.notify["init"]), ["new port x2", "del port", ...down, ...up, "new port x3", "new dev"]);
});

Deno.test("as many messages as on booted kernels (1.5, 3.10)", () => {
  const counted = {
    "5.10": { create: [31, 33], reload: [53, 57] },
    "6.1": { create: [28, 29], reload: [53, 57] },
    "6.12": { create: [30, 33], reload: [55, 61] },
    "7.2": { create: [31, 34], reload: [55, 61] },
    "7.3": { create: [31, 34], reload: [55, 61] },
  };
  for (const era of Object.keys(counted) as (keyof typeof counted)[]) {
    for (const ports of [1, 2]) {
      const machine = new Machine({ era });
      const created = machine.perform(create(`10 ${ports}`));
      assertEquals(created.notify["init"]?.length, counted[era].create[ports - 1]);
      assertEquals(machine.perform(reload()).notify["init"]?.length, counted[era].reload[ports - 1]);
    }
  }
});

Deno.test("an era without a booted kernel announces as its neighbour does (0.2, 1.5)", () => {
  const as = { "5.15": "5.10", "5.16": "6.1", "5.18": "6.1", "6.3": "6.12" } as const;
  for (const [era, other] of Object.entries(as) as [EraId, EraId][]) {
    assertEquals([ERAS[era].booted, ERAS[other].booted], [false, true]);
    const [one, two] = [new Machine({ era }), new Machine({ era: other })];
    for (const op of [create("10 2"), reload(), write(`${BUS}/del_device`, "10")]) {
      assertEquals(brief(one.perform(op).notify["init"]), brief(two.perform(op).notify["init"]), `${era}, ${op.kind}`);
    }
  }
});

Deno.test("a move is announced in both netns, a half in each (N01)", () => {
  for (const era of BOOTED) {
    const machine = machineWith(era, 1);
    machine.perform({ kind: "netns.add", name: "t1" });
    const { notify, result } = machine.perform(reload({ to: "t1" }));
    assertEquals(result, "ok");
    const gone = ["del param x2", "del dev"];
    const ports = era === "6.1" ? ["new port", "del port"] : ["new port x2", "del port"];
    const down = [...ports, "del trap x14", "del trap-group x6", "del trap-policer x3", "del region"];
    assertEquals(brief(notify["init"]), era === "6.1" ? [...gone, ...down] : [...down, ...gone]);
    const up = ["new region", "new trap-policer x3", "new trap-group x6", "new trap x14"];
    assertEquals(
      brief(notify["t1"]),
      era === "6.1"
        ? [...up, "new port x2", "new dev", "new param x2", "new dev"]
        : ["new dev", "new param x2", ...up, "new port x3", "new dev"],
    );
  }
});

Deno.test("without a listener, 6.1 builds messages and reads counters, 6.12 does not (1.4)", () => {
  for (const [era, dropped] of [["6.1", 14], ["6.12", 0]] as const) {
    const machine = machineWith(era, 1, { listeners: "none" });
    const shown = machine.perform({ kind: "trap.show", handle: H, name: "tail_drop" });
    assertEquals(shown.notify, {});
    const reply = shown.reply as { trap: Record<string, { stats: { rx: { dropped: number } } }[]> };
    assertEquals(reply.trap[H]?.[0]?.stats.rx.dropped, dropped);
  }
});

Deno.test("a failed reload tears down, and the next one repairs (R07, R08, R10, R11)", () => {
  for (const era of BOOTED) {
    const machine = machineWith(era, 1);
    machine.perform(write(`${DBG}/fail_reload`, "y"));
    const first = machine.perform(reload());
    assertEquals(first.result, "EINVAL");
    assertEquals(first.extack?.prefix, "netdevsim");
    assertEquals(brief(first.notify["init"]).at(-1), "new dev");
    assertEquals(machine.perform(reload()).notify, {}, "a second failure announces nothing");
    assertEquals(machine.perform({ kind: "trap.show", handle: H, name: "tail_drop" }).result, "EOPNOTSUPP");
    machine.perform(write(`${DBG}/fail_reload`, "n"));
    assertEquals(brief(machine.perform(reload()).notify["init"]).at(-1), "new dev x2");
    const { reply } = machine.perform({ kind: "dev.show", handle: H });
    assert(JSON.stringify(reply).includes('"reload":{"driver_reinit":{"unspecified":1}}'));
    machine.perform(write(`${DBG}/fail_reload`, "y"));
    machine.perform(reload());
    const gone = machine.perform(write(`${BUS}/del_device`, "10"));
    assertEquals(brief(gone.notify["init"]), ["del param x2", "del dev"]);
    assertEquals(gone.kmsg, []);
  }
});

Deno.test("checks run in their order (3.2, R22)", () => {
  for (const era of BOOTED) {
    const machine = machineWith(era, 1);
    machine.perform({ kind: "resource.set", handle: H, path: "IPv4", size: 1 });
    const refused = machine.perform(reload({ action: "fw_activate" }));
    assertEquals([refused.result, refused.extack?.text], ["EINVAL", "resources size validation failed"]);
    assertEquals(refused.extack?.prefix, era === "6.1" ? "leftover" : undefined);
    const absent = machine.perform({ kind: "dev.reload", handle: "netdevsim/netdevsim99", limit: "no_reset" });
    assertEquals(absent.result, era === "6.1" ? "ENODEV" : "EINVAL", "the netlink policy comes before the lookup");
  }
});

Deno.test("sizes wrap around as unsigned 64-bit numbers do (R20)", () => {
  const machine = machineWith("6.12", 1);
  for (const [path, size] of [["IPv4", 200], ["IPv4/fib", 100], ["IPv4/fib-rules", "18446744073709551615"]] as const) {
    assertEquals(machine.perform({ kind: "resource.set", handle: H, path, size }).result, "ok");
  }
  assertEquals(machine.perform(reload()).result, "ok");
});

Deno.test("packets are trapped every 100 ms, for each port that is up (T05, T16)", () => {
  const machine = machineWith("6.12", 2);
  const packets = () => {
    const { reply } = machine.perform({ kind: "trap.show", handle: H, name: "fid_miss" });
    return (reply as { trap: Record<string, { stats: { rx: { packets: number } } }[]> }).trap[H]![0]!.stats.rx.packets;
  };
  machine.perform({ kind: "wait", ms: 1000 });
  assertEquals(packets(), 0);
  machine.perform({ kind: "link.set", handle: H, port: 0, up: true });
  machine.perform({ kind: "wait", ms: 1000 });
  assertEquals(packets(), 10);
  machine.perform({ kind: "link.set", handle: H, port: 1, up: true });
  machine.perform({ kind: "wait", ms: 1000 });
  assertEquals(packets(), 30);
  machine.perform(reload());
  machine.perform({ kind: "wait", ms: 1000 });
  assertEquals(packets(), 0);
  assertEquals(machine.now, 4000);
});

Deno.test("no poll sees an instance half registered (L03), nor half reloaded", () => {
  for (const era of BOOTED) {
    const machine = new Machine({ era });
    const poll: Operation = { kind: "port.show" };
    const seen = (operation: Operation) => machine.perform({ kind: "during", operation, poll }).reply;
    assertEquals(seen(create("10 32")), { seen: [null, 32] });
    assertEquals(seen(reload()), { seen: [32] });
    assertEquals(seen(write(`${BUS}/del_device`, "10")), { seen: [null, 32] });
  }
});

Deno.test("on 6.1 a health dump runs during a reload, since it takes a lock of its own", () => {
  const seen = (era: EraId) => {
    const machine = machineWith(era, 1);
    const { reply } = machine.perform({ kind: "during", operation: reload(), poll: { kind: "health.show" } });
    return (reply as { seen: { health: Record<string, unknown[]> }[] }).seen.map((each) => each.health[H]?.length ?? 0);
  };
  assertEquals(seen("6.1").toSorted(), [0, 1, 2]);
  assertEquals(seen("6.12"), [2]);
});

Deno.test("reloads of one instance queue in any order of steps, with the same end (C02, C05)", () => {
  for (const era of BOOTED) {
    for (let seed = 1; seed <= 50; seed++) {
      let state = seed;
      const pick = (ready: number) => (state = (state * 48271) % 2147483647) % ready;
      const machine = machineWith(era, 2);
      const observations = interleave(machine, [reload(), reload(), write(`${BUS}/del_device`, "10"), reload()], pick);
      for (const { result } of observations) assert(result === "ok" || result === "ENODEV", result);
      assertEquals(observations[2]!.result, "ok");
      assertEquals(observations.flatMap((each) => each.kmsg), []);
      assertEquals(machine.perform({ kind: "dev.show" }).reply, { dev: {} });
    }
  }
});

Deno.test("a netns that dies while an instance moves into it returns the instance (N03, N04)", () => {
  for (const era of BOOTED) {
    for (let seed = 1; seed <= 50; seed++) {
      let state = seed;
      const pick = (ready: number) => (state = (state * 48271) % 2147483647) % ready;
      const machine = machineWith(era, 1);
      machine.perform({ kind: "netns.add", name: "t1" });
      machine.perform(reload({ to: "t1" }));
      const [, deleted] = interleave(machine, [
        { kind: "dev.reload", handle: H, netns: "t1" },
        { kind: "netns.del", name: "t1", until: H },
      ], pick);
      assertEquals(deleted?.result, "ok");
      assertEquals(Object.keys((machine.perform({ kind: "port.show" }).reply as { port: object }).port).length, 1);
    }
  }
});

Deno.test("a dying netns that cannot return an instance logs this (N15)", () => {
  const machine = machineWith("6.12", 1);
  machine.perform({ kind: "netns.add", name: "t1" });
  machine.perform(reload({ to: "t1" }));
  machine.perform(write(`${DBG}/fail_reload`, "y"));
  const { result, kmsg } = machine.perform({ kind: "netns.del", name: "t1", until: H });
  assertEquals(result, "ok");
  assertEquals(kmsg, [{ class: "info", text: "Failed to reload devlink instance into init_net" }]);
});

Deno.test("the same operations give the same observations", () => {
  const run = () => {
    const machine = new Machine({ era: "6.12", seed: 7 });
    const ops: Operation[] = [create("10 2"), reload(), { kind: "wait", ms: 500 }, { kind: "trap.show" }];
    return ops.map((op) => machine.perform(op));
  };
  assertEquals(run(), run());
});

Deno.test("an unknown kind of operation is an error of the caller", () => {
  const op = { kind: "no.such" } as unknown as Operation;
  assertThrows(() => new Machine({ era: "6.1" }).perform(op), TypeError, 'Cannot perform operation "no.such"');
});
