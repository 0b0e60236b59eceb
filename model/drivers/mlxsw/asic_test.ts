/**
 * Tests the driver's reactions to a test that operates the emulated ASIC. The failed reloads, the refused trap and the packets were
 * seen on
 * 6.12 and 7.2; the other faults were read from the source of the driver.
 */

import { assertEquals, assertThrows } from "@std/assert";
import { ModelGap } from "../../gap.ts";
import type { Machine } from "../../machine.ts";
import type { Json } from "../../observation.ts";
import type { DeviceOperation } from "../../operation.ts";
import { factsOf, HANDLE, machineOf, messagesOf, operationOf, RELOAD, SEEN_ERAS } from "./testing.ts";

const BEGINS = "mlxsw_spectrum 0000:00:02.0: ";
const operate = (machine: Machine, operation: DeviceOperation): Json =>
  machine.perform({ kind: "device", handle: HANDLE, operation }).reply;
const fail = (machine: Machine, access: string, nth = 1) =>
  operate(machine, { fail: { access, status: "BAD_PARAMETER", nth } });
const stateOf = (machine: Machine) => {
  const { reloadFailed, ports, traps, groups, policers, resources, params, reporters } = machine.inventory()
    .instances[0]!;
  return [
    reloadFailed,
    ...[ports, traps, groups, policers, reporters, params, resources].map((list) => list.length > 0),
  ];
};
/** The state after a failed reload: only the objects of the probe are left. */
const FAILED = [true, false, false, false, false, false, true, true];
const refused = (register: string, method: string) =>
  `${BEGINS}EMAD reg access failed (reg_id=${register},type=${method},status=7(bad parameter))`;

const TRAPS_INIT = "Failed to initialize devlink traps";
const [NEW_PORT, DEL_PORT] = ["new port", "del port"];
/** The messages of two complete ports, of a third port without a netdev, and of the CPU's port */
const PORTS = [
  ...[NEW_PORT, ...[1, 2].flatMap(() => [NEW_PORT, NEW_PORT, NEW_PORT]), NEW_PORT],
  ...[DEL_PORT, ...[2, 1].flatMap(() => [NEW_PORT, NEW_PORT, DEL_PORT]), DEL_PORT],
];
const POLICERS = ["new trap-policer", "del trap-policer"] as const;
const GROUPS = ["new trap-policer", "new trap-group", "del trap-group", "del trap-policer"] as const;
const ALL = [
  ...["new trap-policer", "new trap-group", "new trap", ...PORTS],
  ...["del trap", "del trap-group", "del trap-policer"],
];

/** Accesses with their number in a reload, the log lines of the driver, and the messages of the objects registered before. */
const FAULTS = [
  ["SPAD query", 1, "2002(spad)", ["Failed to get base mac"], []],
  ["HTGT write", 6, "7002(htgt)", ["Failed to set traps"], []],
  ["QPCR write", 3, "4004(qpcr)", ["Failed to set traps"], []],
  ["QPCR write", 4, "4004(qpcr)", [TRAPS_INIT], []],
  ["QPCR write", 10, "4004(qpcr)", [TRAPS_INIT], POLICERS],
  ["HTGT write", 12, "7002(htgt)", [TRAPS_INIT], GROUPS],
  ["PTYS write", 3, "5004(ptys)", ["Port 3: Failed to enable speeds", "Failed to create ports"], ALL],
] as const;

for (const [access, nth, register, lines, registered] of FAULTS) {
  Deno.test(`mlxsw: a reload whose ${access} number ${nth} the ASIC refuses fails, and the next one recovers`, () => {
    for (const era of SEEN_ERAS) {
      const machine = machineOf(era);
      const all = messagesOf(machineOf(era).perform(RELOAD));
      fail(machine, access, nth);
      const seen = machine.perform(RELOAD);
      assertEquals([seen.result, seen.extack, stateOf(machine)], ["EIO", null, FAILED]);
      assertEquals(seen.kmsg.map(({ text }) => text), [
        refused(register, access.split(" ")[1]!),
        ...lines.map((line) => BEGINS + line),
      ]);
      // The driver unregisters the objects that it has registered before
      const appears = all.findIndex((message) => message.startsWith("new trap-policer"));
      const objects = messagesOf(seen).slice(appears, -1).map((message) => message.split(" ").slice(0, 2).join(" "));
      assertEquals([messagesOf(seen).slice(0, appears), objects], [all.slice(0, appears), registered]);
      const recovered = machine.perform(RELOAD);
      assertEquals([recovered.result, stateOf(machine)[0]], ["ok", false]);
      // The instance is announced once more, since its last reload no longer counts as failed
      assertEquals(messagesOf(recovered), [...all.slice(appears), "new dev"]);
    }
  });
}

Deno.test("mlxsw: a reload that fails on the way to another netns leaves the switch there", () => {
  const machine = machineOf("6.12");
  machine.perform({ kind: "netns.add", name: "nf" });
  fail(machine, "PTYS write", 3);
  assertEquals(machine.perform({ ...RELOAD, to: "nf" }).result, "EIO");
  assertEquals([machine.inventory().instances[0]!.netns, stateOf(machine)], ["nf", FAILED]);
  assertEquals(machine.perform({ ...RELOAD, to: { pid: 1 }, netns: "nf" }).result, "ok");
  assertEquals(machine.inventory().instances[0]!.netns, "init");
});

Deno.test("mlxsw: a switch is unbound and bound again after a reload that failed", () => {
  const machine = machineOf("7.2");
  fail(machine, "SPAD query");
  machine.perform(RELOAD);
  for (const file of ["unbind", "bind"]) {
    const path = `/sys/bus/pci/drivers/mlxsw_spectrum/${file}`;
    assertEquals(machine.perform({ kind: "file.write", path, value: HANDLE.slice(4) }).result, "ok");
  }
  assertEquals(stateOf(machine)[0], false);
  assertEquals(messagesOf(machine.perform(RELOAD)), messagesOf(machineOf("7.2").perform(RELOAD)));
});

Deno.test("mlxsw: settings of traps, groups and policers that the ASIC refuses stay as they were", () => {
  const machine = machineOf("6.12");
  const { traps, groups, policers } = machine.inventory().instances[0]!;
  const before = structuredClone([traps, groups, policers]);
  for (
    const [access, register, line] of [
      ["HPKT write", "7003(hpkt)", `trap set ${HANDLE} trap source_mac_is_multicast action trap`],
      ["HTGT write", "7002(htgt)", `trap group set ${HANDLE} group l2_drops policer 2`],
      ["QPCR write", "4004(qpcr)", `trap policer set ${HANDLE} policer 1 rate 2000`],
    ] as const
  ) {
    fail(machine, access);
    const { result, extack, kmsg } = machine.perform(operationOf(line));
    assertEquals([result, extack, kmsg.map(({ text }) => text)], ["EIO", null, [refused(register, "write")]]);
  }
  const now = machine.inventory().instances[0]!;
  assertEquals([now.traps, now.groups, now.policers], before);
});

Deno.test("mlxsw: packets are counted by the trap's action, for the trap and its group, from a reload on", () => {
  for (const era of SEEN_ERAS) {
    const machine = machineOf(era);
    machine.perform(RELOAD);
    machine.perform({ kind: "link.set", handle: HANDLE, port: 1, up: true });
    const trap = "source_mac_is_multicast";
    const set = (action: string) => machine.perform(operationOf(`trap set ${HANDLE} trap ${trap} action ${action}`));
    const inject = (name: string, count: number) =>
      (operate(machine, { inject: { trap: name, port: 1, count } }) as { trapped: number }).trapped;
    const stats = (line: string, key: string) =>
      (machine.perform(operationOf(line)).reply as Record<string, Record<string, { stats: Json }[]>>)[key]![HANDLE]![0]!
        .stats;
    const trapped = [inject(trap, 10)];
    set("trap");
    trapped.push(inject(trap, 10), inject(trap, 5000));
    set("drop");
    trapped.push(inject(trap, 10), inject("lldp", 7));
    assertEquals(trapped, [0, 10, 5000, 0, 7]);
    const counted = { rx: { bytes: 5010 * 64, packets: 5010 } };
    assertEquals(stats(`trap show ${HANDLE} trap ${trap}`, "trap"), counted);
    assertEquals(stats(`trap group show ${HANDLE} group l2_drops`, "trap_group"), counted);
    machine.perform(RELOAD);
    const none = { rx: { bytes: 0, packets: 0 } };
    assertEquals(stats(`trap show ${HANDLE} trap ${trap}`, "trap"), none);
  }
});

Deno.test("mlxsw: the carrier of a netdev follows the cable of its module; clear plugs it in and removes faults", () => {
  const machine = machineOf("7.2");
  const shown = () => (machine.perform({ kind: "link.show", handle: HANDLE, port: 2 }).reply as { operstate: string });
  const link = (up: boolean) =>
    machine.perform({ kind: "device", handle: HANDLE, operation: { link: { port: 2, up } }, settle: 1500 });
  assertEquals(link(false).reply, { port: 2, up: false, changed: true });
  machine.perform({ kind: "link.set", handle: HANDLE, port: 2, up: true, settle: 1500 });
  assertEquals(shown().operstate, "DOWN");
  assertEquals([link(true).reply, shown().operstate], [{ port: 2, up: true, changed: true }, "UP"]);
  assertEquals([link(false).link["init"]?.length, shown().operstate], [1, "DOWN"]);
  fail(machine, "SPAD query", 2);
  const faults = [{ access: "SPAD query", nth: 2, times: 1, status: "BAD_PARAMETER" }];
  assertEquals(operate(machine, { clear: true }), { faults });
  assertEquals([machine.perform(RELOAD).result, machine.perform(RELOAD).result], ["ok", "ok"]);
});

Deno.test("mlxsw: the firmware reports a failure: the reporter has an error and a dump until a reload", () => {
  const machine = machineOf("6.12");
  const health = () => machine.inventory().instances[0]!.reporters[0]!.healthy;
  assertEquals(operate(machine, { health: { event: "FW_ASSERT" } }), { event: "FW_ASSERT", reported: true });
  const { unknown } = machine.perform({ kind: "health.dump.show", handle: HANDLE, reporter: "fw_fatal" });
  assertEquals([health(), unknown?.reply], [false, "what the firmware reports of an error is not modelled"]);
  machine.perform(RELOAD);
  assertEquals(health(), true);
});

Deno.test("mlxsw: operations and faults whose outcome nobody knows are gaps", () => {
  const machine = machineOf("6.12");
  for (
    const operation of [
      { fail: { access: "RITR write", status: "BAD_PARAMETER" } },
      { fail: { access: "SPAD query", status: "BUSY" } },
      { fail: { access: "HPKT write", status: "BAD_PARAMETER", nth: 2 } },
      { withhold: { access: "SPAD query" } },
      { policerDrops: { policer: 1, count: 2 } },
      { inject: { trap: "lldp", port: 77 } },
    ]
  ) assertThrows(() => operate(machine, operation), ModelGap, undefined, JSON.stringify(operation));
  for (const access of ["HPKT write", "HTGT write"]) {
    fail(machine, access);
    assertThrows(() => machine.perform(RELOAD), ModelGap);
    operate(machine, { clear: true });
  }
  assertEquals(machine.perform(RELOAD).result, "ok");
  assertEquals(factsOf("6.12").ports.length, 9);
});
