/** `ip nexthop`, line by line as a kernel in QEMU and its iproute2 answered. */

import { assertEquals } from "@std/assert";
import { Session } from "../mod.ts";

interface Line {
  line: string;
  code: number;
  out: string;
  err: string;
}

const { sessions } = JSON.parse(
  await Deno.readTextFile(new URL("../testdata/nexthop.json", import.meta.url)),
) as { sessions: Line[][] };

sessions.forEach((lines, i) =>
  Deno.test(`ip nexthop: what a 6.12 printed, session ${i + 1}`, () => {
    const session = new Session({ era: "6.12" });
    for (const { line, code, out, err } of lines) {
      const { rc, stdout, stderr } = session.run(line);
      assertEquals({ line, code: rc, out: stdout, err: stderr }, { line, code, out, err });
    }
  })
);

Deno.test("ip nexthop: the limit of netdevsim, and no limit on 5.10", () => {
  const script =
    "ip link set lo up; echo 10 > /sys/bus/netdevsim/new_device; ip nexthop add id 1 blackhole; ip nexthop; " +
    "devlink resource set netdevsim/netdevsim10 path nexthops size 1; devlink dev reload netdevsim/netdevsim10; " +
    "ip nexthop add id 2 blackhole";
  const counted = new Session({ era: "6.12" }).run(script);
  assertEquals(counted.stdout, "id 1 blackhole trap \n");
  assertEquals(counted.stderr, "Error: netdevsim: Exceeded number of supported nexthops.\n");
  assertEquals(new Session({ era: "5.10" }).run(script).stdout, "id 1 blackhole \n");
});

Deno.test("ip nexthop: what is not modelled is reported and changes nothing", () => {
  const session = new Session({ era: "6.12" });
  const { rc, stderr, gaps } = session.run("ip link set lo up; ip nexthop add id 1 via 192.0.2.1 dev lo");
  assertEquals(rc, 125);
  assertEquals(gaps, ["not modelled: ip nexthop via: objects that are no `blackhole`"]);
  assertEquals(stderr, `twinlink: ${gaps[0]}\n`);
  assertEquals(session.run("ip nexthop").stdout, "");
});
