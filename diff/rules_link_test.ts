/** The rules about netdevs: their names, their carrier. */

import { assert, assertEquals } from "@std/assert";
import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { agree, agrees, create, fm0, links, made, reload, show, testAllRules, testRule, up } from "./rule_testing.ts";
import { created, DEV, link, reloaded, step } from "./testing.ts";

const again = (a: string, b: string, was = [b, a], now = [a, b], id = 2) =>
  step(id, reload, {
    notify: { init: reloaded(a, b) },
    link: { init: [...was.map((name) => link("del", name)), ...now.map((name) => link("new", name))] },
  });
const ports = (a: string, b: string, id = 3) =>
  step(id, show, { reply: { port: { [`${DEV}/0`]: { netdev: a }, [`${DEV}/1`]: { netdev: b } } } });
/** The sequence gives port 0's netdev a name; what devlink and rtnetlink say of it. */
const renamed = (told: boolean, linked: boolean) =>
  step(2, { kind: "link.rename", handle: DEV, port: 0, name: "tl0" }, {
    notify: told ? { init: [created("tl0").at(-1)!] } : {},
    link: linked ? { init: [link("new", "tl0")] } : {},
  });
testRule(
  "netdev-names",
  (without) => [
    agree([made("eth1", "eth2")], [made("ens4", "ens5")], without),
    agree(
      [made("eth1", "eth2"), again("eth1", "eth2"), ports("eth1", "eth2")],
      [made("eth4", "eth3"), again("eth3", "eth4", ["eth3", "eth4"]), ports("eth3", "eth4")],
      without,
    ),
    // Management NIC and lo.
    agrees(show, {}, { link: { init: [link("new", "eth0", true), link("new", "lo")] } }, without),
    // Another netns has other names.
    agree([
      made("eth1", "eth2"),
      step(2, { ...reload, to: "t1" }, {
        notify: { t1: created("eth0", "eth1") },
        link: { init: [link("del", "eth2"), link("del", "eth1")], t1: [link("new", "eth0"), link("new", "eth1")] },
      }),
      step(3, { kind: "link.show", netns: "t1", handle: DEV, port: 1 }, { reply: { ifname: "eth1" } }),
    ], [
      made("eth8", "eth9"),
      step(2, { ...reload, to: "t1" }, {
        notify: { t1: created("eth3", "eth0") },
        link: { init: [link("del", "eth9"), link("del", "eth8")], t1: [link("new", "eth3"), link("new", "eth0")] },
      }),
      step(3, { kind: "link.show", netns: "t1", handle: DEV, port: 1 }, { reply: { ifname: "eth0" } }),
    ], without),
    agree([made("eth1", "eth2"), renamed(true, true)], [made("ens4", "ens5"), renamed(true, true)], without),
    // udev renames: one PORT NEW and one link message more.
    agrees(create, { notify: { init: created("eth1") }, link: { init: [link("new", "eth1")] } }, {
      notify: { init: [...created("eth1"), created("eni10np1").at(-1)!] },
      link: { init: [link("new", "eth1"), link("new", "eni10np1")] },
    }, without),
  ],
  () => [
    // The other port's netdev, in each place where a name stands.
    agree([made("eth1", "eth2")], [made("eth1", "eth2", ["eth2", "eth1"])]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [
      made("eth1", "eth2"),
      again("eth1", "eth2", ["eth1", "eth2"]),
    ]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [made("eth1", "eth2"), again("eth1", "eth2", ["eth2"])]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [
      made("eth1", "eth2"),
      again("eth1", "eth2", ["eth2", "eth1", "eth1"]),
    ]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [
      made("eth1", "eth2"),
      again("eth1", "eth2", ["eth2", "eth1"], ["eth1", "eth2", "eth2"]),
    ]),
    // A port that has lost its netdev.
    agrees(show, { reply: { port: { [`${DEV}/0`]: { netdev: "eth1" } } } }, { reply: { port: { [`${DEV}/0`]: {} } } }),
    // The same message twice is no rename.
    agrees(create, { notify: { init: created("eth1") } }, {
      notify: { init: [...created("eth1"), created("eth1").at(-1)!] },
    }),
    // Nor is one that has something else beside the name.
    agrees(create, { notify: { init: created("eth1") } }, {
      notify: {
        init: [...created("eth1"), {
          ...created("eth5").at(-1)!,
          attributes: { ...created("eth5").at(-1)!.attributes, splittable: true },
        }],
      },
    }),
    // A netdev that comes again as another one is no rename either.
    agrees(create, { notify: { init: created("eth1") }, link: { init: [link("new", "eth1")] } }, {
      notify: { init: [...created("eth1"), ...created("eth5").slice(-3)] },
      link: { init: [link("new", "eth1"), link("new", "eth5", true)] },
    }),
    agree([
      made("eth1", "eth2"),
      step(2, { kind: "link.show", handle: DEV, port: 1 }, { reply: { ifname: "eth2" } }),
    ], [
      made("eth1", "eth2"),
      step(2, { kind: "link.show", handle: DEV, port: 1 }, { reply: { ifname: "eth1" } }),
    ]),
    // What is reported of a rename that the sequence asked for is no doing of udev.
    agree([made("eth1", "eth2"), renamed(true, true)], [made("eth1", "eth2"), renamed(false, true)]),
    agree([made("eth1", "eth2"), renamed(true, true)], [made("eth1", "eth2"), renamed(true, false)]),
  ],
);

testRule(
  "carrier-ahead",
  (without) => [
    agrees(up, links(fm0("DOWN", "UP", "NO-CARRIER")), links(fm0("DOWN", "UP", "NO-CARRIER", "LOWER_UP")), without),
    agrees(up, links(fm0("DOWN", "UP", "LOWER_UP")), links(fm0("DOWN", "UP", "NO-CARRIER")), without),
    agrees(up, links(fm0("DOWN", "UP", "NO-CARRIER")), links(fm0("UP", "UP")), without),
  ],
  () => [
    agrees(up, links(fm0("UP", "UP", "LOWER_UP")), links(fm0("UP", "UP"))),
    agrees(up, links(fm0("DOWN", "UP")), links(fm0("DOWN"))),
    agrees(up, links(fm0("DOWN", "UP")), links(fm0("UP", "UP", "LOWER_UP"))),
    agrees(up, links(fm0("DOWN", "UP"), fm0("UP", "UP", "LOWER_UP")), links(fm0("DOWN", "UP"))),
  ],
);

Deno.test("netdevs that a sequence calls by their names keep their link messages, others of no port do not", () => {
  const [there, gone] = [links(fm0("DOWN", "UP")), { link: { init: [] } }];
  assertEquals([agrees(up, there, gone), agrees(up, there, there), agrees(show, gone, there)], [false, true, true]);
  const rounds: Operation = { kind: "rounds", times: 2, operations: [up] };
  assert(!agree([step(1, show, there), step(2, rounds)], [step(1, show), step(2, rounds)]));
});

const flaps: Operation = { kind: "file.write", path: "/sys/kernel/debug/fakemac/fm2/mode", value: "gmii", settle: 300 };
const named = (op: Operation, expected: Partial<Observation>, observed: Partial<Observation>, without?: string) =>
  agree([step(1, up), step(2, op, expected)], [step(1, up), step(2, op, observed)], without);
testRule(
  "link-flap",
  (
    without,
  ) => [
    named(flaps, links(fm0("UP", "UP", "LOWER_UP")), links(fm0("DOWN", "UP"), fm0("UP", "UP", "LOWER_UP")), without),
  ],
  () => [
    named(flaps, links(fm0("UP", "UP", "LOWER_UP")), links(fm0("UP", "UP", "LOWER_UP"), fm0("DOWN", "UP"))),
    named(flaps, links(fm0("DOWN", "UP")), links(fm0("UP", "UP", "LOWER_UP"))),
    named(
      { ...up, settle: 300 },
      links(fm0("UP", "UP", "LOWER_UP")),
      links(fm0("DOWN", "UP"), fm0("UP", "UP", "LOWER_UP")),
    ),
  ],
);

testAllRules("link");
