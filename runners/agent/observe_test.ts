import { assertEquals, assertThrows } from "@std/assert";
import type { Operation } from "../../model/operation.ts";
import { BrokenProgramError } from "./broken_program.ts";
import { observe, parseLinkEvents, parseMonitor, sectionsOf, type StepRecord } from "./observe.ts";

const RELOAD: Operation = { kind: "dev.reload", handle: "netdevsim/netdevsim10" };

function record(rc: number | "hang", parts: Record<string, string>): StepRecord {
  return { id: 1, rc, start: 10, end: 10.1, sections: Object.entries(parts).map(([name, text]) => ({ name, text })) };
}

Deno.test("sectionsOf() splits at the bounds of this session only", () => {
  assertEquals(sectionsOf("1 step 3\n0 1 2\n--abc out\nx\n--other out\ny\n--abc err\n", "abc"), [
    { name: "", text: "1 step 3\n0 1 2" },
    { name: "out", text: "x\n--other out\ny" },
    { name: "err", text: "" },
  ]);
});

Deno.test("observe() separates the errno, the extack and its prefix", () => {
  const of = (stderr: string, rc: number | "hang" = 1) => {
    const { result, extack } = observe(RELOAD, record(rc, { out: "", err: stderr }));
    return { result, extack };
  };
  assertEquals(
    of(
      "Error: leftover: Requested reload action is not supported by the driver.\nkernel answers: Operation not supported\n",
    ),
    {
      result: "EOPNOTSUPP",
      extack: { level: "error", text: "Requested reload action is not supported by the driver", prefix: "leftover" },
    },
  );
  assertEquals(of("kernel answers: No such device\n"), { result: "ENODEV", extack: null });
  assertEquals(of("Warning: Cannot change action of non-drop traps. Skipping.\n", 0), {
    result: "ok",
    extack: { level: "warning", text: "Cannot change action of non-drop traps. Skipping" },
  });
  assertEquals(of('Unknown trap action "bogus"\n').result, "client");
  assertEquals(of("dd: error writing '/sys/bus/netdevsim/new_device': No space left on device\n").result, "ENOSPC");
  assertEquals(of("Error: netdevsim: Exceeded number of supported fib entries.\n", 2).result, "unseen");
  assertEquals(of("", "hang").result, "hang");
});

Deno.test("observe() reads the errno from the errors of modprobe, rmmod and ethtool", () => {
  const of = (stderr: string, rc = 1) => observe({ kind: "lo.up" }, record(rc, { out: "", err: stderr })).result;
  assertEquals(of("modprobe: can't load module fakemac (fakemac.ko): Invalid argument\n"), "EINVAL");
  assertEquals(of("modprobe: ERROR: could not insert 'fakemac': Invalid argument\n"), "EINVAL");
  assertEquals(of("modprobe: FATAL: Module fakemac not found in directory /lib/modules/6.1.0\n"), "client");
  assertEquals(of("modprobe: module fakemac not found in modules.dep\n"), "client");
  assertEquals(of("rmmod: can't unload module 'fakepcs': Resource temporarily unavailable\n"), "EAGAIN");
  assertEquals(of("rmmod: ERROR: Module fakemac is in use by: fakepcs\n"), "EAGAIN");
  assertEquals(of("rmmod: ERROR: Module fakepcs is in use\n"), "EAGAIN");
  assertEquals(of("rmmod: ERROR: Module fakepcs is not currently loaded\n"), "ENOENT");
  assertEquals(of("netlink error: No such device\n", 75), "ENODEV");
  assertEquals(of("netlink error: no device matches name (offset 24)\nnetlink error: No such device\n", 75), "ENODEV");
  assertEquals(of("Cannot restart autonegotiation: Operation not supported\n"), "EOPNOTSUPP");
  assertEquals(of('Cannot find device "fm0"\n'), "client");
  assertEquals(of('Cannot remove namespace file "/run/netns/t1": No such file or directory\n'), "client");
  // iproute2 exits with -1 if it does not accept a word.
  assertEquals(of('Error: argument "foo" is wrong: unknown state\n', 255), "client");
});

Deno.test("observe() reads the messages of a listener, and rejects a list without an end", () => {
  const of = (out: string) => observe({ kind: "listen", operation: RELOAD }, record(0, { out, err: "" })).reply;
  const port = "new port netdevsim/netdevsim10/0";
  assertEquals(of(`listening\n${port}\nnew rate netdevsim/netdevsim10/128\nend\n`), { heard: [port] });
  assertEquals(of("listening\nend\n"), { heard: [] });
  for (const out of ["", "listening\n", `listening\n${port}\n`, `${port}\nend\n`]) {
    assertThrows(() => of(out), SyntaxError, "Cannot read what devlink-listen said");
  }
});

Deno.test("observe() reads the output of ethtool and ip about a netdev", () => {
  const ethtool = (text: string) =>
    observe({ kind: "ethtool.show", dev: "fm0" }, record(0, { out: text, err: "" })).reply;
  assertEquals(
    ethtool(
      "Settings for fm0:\n\tSupports auto-negotiation: Yes\n\tAdvertised auto-negotiation: Yes\n\tSpeed: 1000Mb/s\n" +
        "\tDuplex: Full\n\tAuto-negotiation: on\n\tPort: MII\n\tLink detected: yes\n",
    ),
    { speed: 1000, duplex: "full", autoneg: true, link: true },
  );
  assertEquals(
    ethtool("\tSpeed: Unknown!\n\tDuplex: Unknown! (255)\n\tAuto-negotiation: off\n\tLink detected: no (No cable)\n"),
    { speed: null, duplex: null, autoneg: false, link: false },
  );
  const ip = "3: fm0: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP mode DEFAULT group default\n";
  assertEquals(observe({ kind: "netdev.show", dev: "fm0" }, record(0, { out: ip, err: "" })).reply, {
    ifname: "fm0",
    flags: ["BROADCAST", "UP", "LOWER_UP"],
    operstate: "UP",
  });
});

Deno.test("parseMonitor() reads pieces of the never-closed array", () => {
  const port = '{"command":"new","port":{"netdevsim/netdevsim10/0":{"type":"eth","netdev":"eth1"}}}';
  const expected = [{
    command: "new",
    object: "port",
    handle: "netdevsim/netdevsim10/0",
    attributes: { type: "eth", netdev: "eth1" },
  }];
  assertEquals(parseMonitor(`{"mon":[${port}`), expected);
  assertEquals(parseMonitor(`,${port}`), expected);
  assertEquals(parseMonitor(`,${port}]}\n`), expected);
  assertEquals(parseMonitor(`,${port},${port}`).length, 2);
});

Deno.test("parseMonitor() reads a health message, which iproute2 leaves with a bracket open", () => {
  assertEquals(
    parseMonitor(
      '{"command":"status","health":{"netdevsim/netdevsim10":[{"reporter":"dummy","state":"error","auto_dump":true}}},' +
        '{"command":"new","region":{"netdevsim/netdevsim10/dummy":{"snapshot":[0]}}}',
    ),
    [
      {
        command: "status",
        object: "health",
        handle: "netdevsim/netdevsim10",
        attributes: { reporter: "dummy", state: "error", auto_dump: true },
      },
      { command: "new", object: "region", handle: "netdevsim/netdevsim10/dummy", attributes: { snapshot: [0] } },
    ],
  );
});

Deno.test("parseMonitor() gives a health message without a handle the handle of the one before", () => {
  const memory = {};
  const first = '{"mon":[{"command":"status","health":{"netdevsim/netdevsim10":[{"reporter":"dummy","error":1}}}';
  const next = ',{"command":"status","health":{{"reporter":"dummy","error":2}}}';
  assertEquals(parseMonitor(first, memory).length, 1);
  assertEquals(parseMonitor(next, memory), [{
    command: "status",
    object: "health",
    handle: "netdevsim/netdevsim10",
    attributes: { reporter: "dummy", error: 2 },
  }]);
});

Deno.test("parseMonitor() reads a health message of another instance than the one before", () => {
  const first = '{"mon":[{"command":"status","health":{"netdevsim/netdevsim10":[{"reporter":"dummy","error":1}}}';
  const next = ',{"command":"status","health":{],"netdevsim/netdevsim11":[{"reporter":"dummy","error":2}}}';
  assertEquals(parseMonitor(first + next).map(({ handle, attributes }) => [handle, attributes]), [
    ["netdevsim/netdevsim10", { reporter: "dummy", error: 1 }],
    ["netdevsim/netdevsim11", { reporter: "dummy", error: 2 }],
  ]);
});

Deno.test("observe() keeps the monitors of two netns apart: each leaves out only handles that it printed itself", () => {
  const memories = new Map();
  const message = (handle: string) => `,{"command":"status","health":{${handle}"reporter":"dummy"}}`;
  const shown = (netns: string, text: string) => {
    const sections = [{ name: `notify ${netns}`, text }];
    const record = { id: 1, rc: 0, start: 0, end: 0, sections };
    const { notify } = observe({ kind: "wait", ms: 0 }, record, memories);
    return notify[netns]!.map(({ handle }) => handle);
  };
  assertEquals(shown("init", message('"netdevsim/netdevsim11":[{')), ["netdevsim/netdevsim11"]);
  assertEquals(shown("t1", message('"netdevsim/netdevsim10":[{')), ["netdevsim/netdevsim10"]);
  assertEquals(shown("init", message("{")), ["netdevsim/netdevsim11"]);
});

Deno.test("parseMonitor() throws if a message is incomplete", () => {
  assertThrows(() => parseMonitor('{"command":"new"'), SyntaxError, "Cannot read a message of devlink monitor");
});

Deno.test("parseLinkEvents() reads the output of ip -o monitor link", () => {
  assertEquals(
    parseLinkEvents(
      "Deleted 10: eth2: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default \\    link/ether 22:7e:09:e3:ed:52 brd ff:ff:ff:ff:ff:ff\n" +
        "11: eth1: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN group default \\    link/ether 3a:bb:25:e0:de:9d brd ff:ff:ff:ff:ff:ff\n",
    ),
    [
      { event: "del", ifname: "eth2", flags: ["BROADCAST", "NOARP"], operstate: "DOWN" },
      { event: "new", ifname: "eth1", flags: ["BROADCAST", "UP", "LOWER_UP"], operstate: "UNKNOWN" },
    ],
  );
});

Deno.test("observe() classifies the kernel log and the time", () => {
  const { kmsg, time } = observe(RELOAD, {
    ...record(0, {
      out: "",
      err: "",
      kmsg: "4,812,1,-;BUG: KASAN: slab-use-after-free in f+0x1/0x2\n SUBSYSTEM=x\n6,813,2,-;a\\x09b\n",
    }),
    end: 14,
  });
  assertEquals(kmsg, [
    { class: "kasan", text: "BUG: KASAN: slab-use-after-free in f+0x1/0x2" },
    { class: "info", text: "a\tb" },
  ]);
  assertEquals(time, "blocked");
});

Deno.test("observe() never reads missing or partial output as an empty reply", () => {
  const of = (op: Operation, out: string) => observe(op, record(0, { out, err: "" })).reply;
  const handle = "netdevsim/netdevsim10";
  const during: Operation = { kind: "during", operation: RELOAD, poll: { kind: "port.show" } };
  const cases: [Operation, string][] = [
    [{ kind: "ethtool.show", dev: "fm0" }, ""],
    [{ kind: "ethtool.show", dev: "fm0" }, "Settings for fm0:\n\tSpeed: Unknown!\n"],
    [{ kind: "ethtool.info", handle, port: 0 }, ""],
    [{ kind: "netdev.show", dev: "fm0" }, ""],
    [{ kind: "region.dump", handle, region: "dummy", snapshot: 1 }, ""],
    [
      { kind: "region.dump", handle, region: "dummy", snapshot: 1 },
      '{"address":0,"data":[1]},{"address":16,"data":[1,',
    ],
    [during, ""],
  ];
  for (const [op, out] of cases) assertThrows(() => of(op, out), SyntaxError, "Cannot read", `${op.kind} ${out}`);
  const polls = (...statuses: string[]) => {
    const sections = statuses.flatMap((status) => [{ name: "poll 10.01", text: "" }, { name: status, text: "" }]);
    return observe(during, { ...record(0, { out: "", err: "" }), sections }).reply;
  };
  assertEquals(polls("polled 1", "polled 0"), { seen: [null] });
  assertThrows(() => polls("polled 1", "out"), SyntaxError, "its exit status is missing");
  assertThrows(() => polls("polled 0", "polled 139"), BrokenProgramError, "a poll was ended by SIGSEGV");
});

Deno.test("monitor output that cannot be read is an error, not left out", () => {
  for (const text of ['{"cmd":"new","port":{}}', "Segmentation fault\n", '{"mon":[{"unknown":1},{"command":"new"']) {
    assertThrows(() => parseMonitor(text), SyntaxError, "Cannot read a message of devlink monitor");
  }
  assertEquals(parseMonitor('{"mon":[\n'), []);
  assertEquals(parseMonitor("]}\n,"), []);
  assertThrows(() => parseLinkEvents("3: eth0: <UP> mtu 1500 state UP\nnetlink receive error\n"), SyntaxError);
  assertEquals(parseLinkEvents("7: wlan0: <UP> \\    link/ether\n\n"), []);
});

Deno.test("observe: the time in which the board stood still does not count for a step", () => {
  const time = (end: number, late?: number) => {
    const record = { id: 1, rc: 0, start: 0, end, sections: [], ...(late === undefined ? {} : { late }) };
    return observe({ kind: "netns.add", name: "t1" }, record).time;
  };
  assertEquals([time(2), time(3.5), time(12)], ["immediate", "blocked", "blocked"]);
  assertEquals([time(12, 10.5), time(12, 4)], ["immediate", "blocked"]);
  // The stall may have been before the step.
  assertEquals(time(3.5, 0.9), "blocked");
});
