import { assertEquals } from "@std/assert";
import { parseHello } from "./hello.ts";
import { readyCommands } from "./ready.ts";

const ready = readyCommands({ ready: { modules: ["marvell"], commands: ["ethtool -s eth1 wol d"] } });
const of = (...lines: string[]) => parseHello(["1 hello some-boot", ...lines, ""].join("\n"), ready);

Deno.test("parseHello() reads the report of an agent about its board", () => {
  assertEquals(of("nonce n", "uname 6.12.1", "iproute2 7.3", "uid 0", "has devlink", "has kmsg", "freed poisoned"), {
    bootId: "some-boot",
    kernel: "6.12.1",
    iproute2: "7.3",
    root: true,
    missing: [],
    failed: [],
    has: ["devlink", "kmsg"],
    freedMemory: "poisoned",
  });
  const { missing, failed, root } = of("uid 1000", "missing dd", "fails hang devlink -V|", "fails 127 ip -V|no file");
  assertEquals({ missing, failed, root }, {
    missing: ["dd"],
    failed: [
      { command: "devlink -V", status: "hang", said: "" },
      { command: "ip -V", status: 127, said: "no file" },
    ],
    root: false,
  });
});

Deno.test("a board that is not ready never counts as ready, whatever it reports of the failed command", () => {
  assertEquals(of("unready 1 75 no such device").unready, {
    key: "ready.commands[0]",
    command: "ethtool -s eth1 wol d",
    status: 75,
    said: "no such device",
  });
  for (const line of ["unready 9 1 x", "unready x", "unready -1 hang"]) {
    assertEquals(of(line).unready?.key, "ready", line);
  }
});

Deno.test("hello: the holder of the device, with bounded texts; a malformed line is no holder", () => {
  const held = (line: string) => parseHello(`1 hello b\n${line}\n`, []).held;
  assertEquals(held("held use 812 r1 ann on lab (twinlink run, process 7)"), {
    how: "use",
    pid: 812,
    run: "r1",
    who: "ann on lab (twinlink run, process 7)",
  });
  assertEquals(held("held wait 9 -")?.who, "");
  assertEquals(held(`held use 1 - ${"x".repeat(5000)}`)?.who.length, 300);
  for (const line of ["", "held", "held maybe 1 x", "held use x y", "held use 1"]) assertEquals(held(line), undefined);
});
