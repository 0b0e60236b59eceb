import { assertEquals, assertThrows } from "@std/assert";
import type { Operation } from "../model/operation.ts";
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

Deno.test("observe() tells the errno, the extack and its prefix apart", () => {
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

Deno.test("parseMonitor() gives a health message without a handle that of the one before", () => {
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

Deno.test("parseMonitor() throws where a message is no message", () => {
  assertThrows(() => parseMonitor('{"command":"new"'), SyntaxError, "Cannot read a message of devlink monitor");
});

Deno.test("parseLinkEvents() reads what ip -o monitor link prints", () => {
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
