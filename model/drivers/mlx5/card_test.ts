/** Tests the reactions of the driver when a test operates its emulated card. */

import { assertEquals, assertThrows } from "@std/assert";
import { ModelGap } from "../../gap.ts";
import type { Machine } from "../../machine.ts";
import type { Observation } from "../../observation.ts";
import { CLEAR, type DeviceOperation } from "../../operation.ts";
import { HANDLE, machineOf, operate, RELOAD, SEEN, seenOf } from "./testing.ts";

Deno.test("mlx5: a command that the card refuses fails the next load, with the lines seen on 6.12", () => {
  const refused = (era: keyof typeof SEEN, operation: DeviceOperation) => {
    const machine = machineOf(era);
    return { machine, reply: operate(machine, operation) };
  };
  const { machine, reply } = refused("6.12", { fail: { command: "SET_ISSI", status: "LIM_ERR" } });
  assertEquals(reply, { command: "SET_ISSI", nth: 1, times: 1, status: "LIM_ERR", syndrome: 0x123456 });
  const { result, kmsg, unknown } = machine.perform(RELOAD);
  const card = "mlx5_core 0000:08:00.0:";
  assertEquals([result, kmsg.map(({ text }) => text), unknown?.kmsg], ["ENOMEM", [
    `${card} mlx5_cmd_out_err: SET_ISSI(0x10b) op_mod(0x0) failed, status limits exceeded(0x8), syndrome (0x123456), err(-12)`,
    `${card} mlx5_core_set_issi: Failed to set ISSI to 1 err(-12)`,
    `${card} mlx5_function_enable: failed to set issi`,
  ], undefined]);
  const recovered = machine.perform(RELOAD);
  assertEquals([recovered.result, recovered.kmsg.map(({ text }) => text)], ["ok", [
    `${card} mlx5_unload_one_devl_locked: mlx5_unload_one_devl_locked: interface is down, NOP`,
  ]]);
  assertEquals(machine.perform(RELOAD).kmsg, []);
  // 5.10 logs other texts: the refusal has no errno, and one function does the work of two later functions
  const older = refused("5.10", { fail: { command: "INIT_HCA", status: "INT_ERR" } }).machine;
  const other = older.perform(RELOAD);
  assertEquals([other.result, other.kmsg.map(({ text }) => text)], ["EIO", [
    `${card} mlx5_cmd_check: INIT_HCA(0x102) op_mod(0x0) failed, status internal error(0x1), syndrome (0x123456)`,
    `${card} mlx5_function_setup: init hca failed`,
  ]]);
  assertEquals(older.perform(RELOAD).kmsg.map(({ text }) => text), [
    `${card} mlx5_unload_one: mlx5_unload_one: interface is down, NOP`,
  ]);
});

Deno.test("mlx5: on 5.10 mlx5_ib that fails to register its device ends the reload with an oops", () => {
  const machine = machineOf("5.10", { rdma: true });
  machine.perform({ kind: "device", handle: HANDLE, operation: { blueflame: true } });
  const { result, kmsg } = machine.perform(RELOAD);
  assertEquals([result, kmsg.map((line) => line.class)], ["killed", ["info", "oops"]]);
  // The locks of the dead task stay held: no task can reach an instance any more
  assertEquals(machine.perform({ kind: "dev.show" }).result, "hang");
  assertEquals(machine.waits, ["dev.show waits for devlink_mutex, held by dev.reload"]);
  const gap = (era: keyof typeof SEEN, rdma: boolean) =>
    assertThrows(
      () => machineOf(era, { rdma }).perform({ kind: "device", handle: HANDLE, operation: { blueflame: true } }),
      ModelGap,
    );
  gap("6.12", true);
  gap("5.10", false);
});

Deno.test("mlx5: an operation on the card is a gap unless its outcome is modelled", () => {
  for (
    const operation of [
      { link: { port: 1, up: false } },
      { fail: { command: "QUERY_VPORT_STATE", status: "INT_ERR" } },
      { fail: { command: "INIT_HCA", status: "INT_ERR", nth: 0 } },
      { fail: { command: "INIT_HCA", status: "INT_ERR", register: "PTYS" } },
      { fail: { command: "INIT_HCA", status: "BAD_PKT_ERR" } },
      { withhold: { command: "QUERY_VPORT_STATE" } },
      { withhold: { command: "CREATE_EQ", nth: 2 } },
      { withhold: { command: "INIT_HCA", times: 0 } },
    ]
  ) {
    assertThrows(() => operate(machineOf("6.12"), operation), ModelGap, "operation");
  }
});

const INIT = { command: "INIT_HCA", nth: 1, times: 1, status: "INT_ERR", syndrome: 0x123456 };
const ENABLE = { ...INIT, command: "ENABLE_HCA", status: "RES_BUSY" };

Deno.test("mlx5: each fault applies to its own command, as many times as the test asked for", () => {
  const results = (...faults: Record<string, unknown>[]) => {
    const machine = machineOf("6.12");
    for (const fault of faults) operate(machine, { fail: fault });
    return [1, 2, 3, 4].map(() => machine.perform(RELOAD).result);
  };
  assertEquals(results(INIT), ["EIO", "ok", "ok", "ok"]);
  assertEquals(results({ ...INIT, nth: 2, times: 2 }), ["ok", "EIO", "EIO", "ok"]);
  // A load that ends before the command of the second fault does not trigger that fault
  assertEquals(results(INIT, ENABLE), ["EBUSY", "EIO", "ok", "ok"]);
  // Both faults count the command, and the first fault decides
  assertEquals(results(INIT, { ...INIT, status: "LIM_ERR" }), ["EIO", "ok", "ok", "ok"]);
  assertEquals(results(INIT, { ...INIT, nth: 2, status: "LIM_ERR" }), ["EIO", "ENOMEM", "ok", "ok"]);
});

Deno.test("mlx5: clear removes the faults that were not triggered, and returns them", () => {
  const machine = machineOf("6.12");
  assertEquals(operate(machine, CLEAR), { faults: [] });
  for (const fault of [INIT, ENABLE, { ...INIT, nth: 2, times: 3 }]) operate(machine, { fail: fault });
  machine.perform(RELOAD);
  machine.perform(RELOAD);
  // The first reload triggered the fault of ENABLE_HCA, the second the fault of INIT_HCA; the third fault has counted one command
  assertEquals(operate(machine, CLEAR), { faults: [{ ...INIT, nth: 2, times: 3 }] });
  assertEquals([machine.perform(RELOAD).result, operate(machine, CLEAR)], ["ok", { faults: [] }]);
});

Deno.test("mlx5: a fault stays in the card when the driver is unbound, and fails the next probe", () => {
  const write = (machine: Machine, file: "bind" | "unbind") =>
    machine.perform({ kind: "file.write", path: `/sys/bus/pci/drivers/mlx5_core/${file}`, value: "0000:08:00.0" });
  const machine = machineOf("6.12");
  operate(machine, { fail: INIT });
  assertEquals(write(machine, "unbind").result, "ok");
  const failed = write(machine, "bind");
  assertEquals([failed.result, seenOf(failed).notify["init"]], ["EIO", [`new dev ${HANDLE}`, `del dev ${HANDLE}`]]);
  assertEquals((machine.perform({ kind: "dev.show" }).reply as { dev: object }).dev, {});
  assertEquals(operate(machine, CLEAR), { faults: [] });
  assertEquals([write(machine, "bind").result, machine.perform(RELOAD).result], ["ok", "ok"]);
  // An older kernel registers the instance after the card is loaded, and its driver core returns another errno
  const older = machineOf("5.10");
  operate(older, { fail: INIT });
  write(older, "unbind");
  const silent = write(older, "bind");
  assertEquals([silent.result, silent.notify, silent.kmsg.at(-2)?.text], [
    "ENODEV",
    {},
    "mlx5_core 0000:08:00.0: init_one: mlx5_load_one failed with error code -5",
  ]);
  assertEquals(write(older, "bind").result, "ok");
});

Deno.test("mlx5: params come before a probe loads the card; on 6.1 the instance, too, is announced after that", () => {
  const objects = (era: keyof typeof SEEN, command: string) => {
    const machine = machineOf(era, { rdma: false });
    const write = (file: "bind" | "unbind") =>
      machine.perform({ kind: "file.write", path: `/sys/bus/pci/drivers/mlx5_core/${file}`, value: "0000:08:00.0" });
    write("unbind");
    operate(machine, { fail: { command, status: "LIM_ERR" } });
    const { notify } = write("bind");
    return [...new Set((notify["init"] ?? []).map(({ command, object }) => `${command} ${object}`))];
  };
  assertEquals(objects("6.12", "CREATE_EQ"), ["new dev", "new param", "del param", "del dev"]);
  assertEquals([objects("6.12", "INIT_HCA"), objects("6.1", "CREATE_EQ")], [["new dev", "del dev"], []]);
});

Deno.test("mlx5: the reload at the end of a netns can fail; the device is in init then, and a reload recovers it", () => {
  const machine = machineOf("6.12", { rdma: false });
  machine.perform({ kind: "netns.add", name: "n1" });
  machine.perform({ ...RELOAD, to: "n1" });
  operate(machine, { fail: INIT });
  machine.perform({ kind: "netns.del", name: "n1", until: HANDLE });
  const state = () => machine.inventory().instances.map(({ netns, reloadFailed }) => [netns, reloadFailed])[0];
  assertEquals(state(), ["init", true]);
  assertEquals([machine.perform(RELOAD).result, state()], ["ok", ["init", false]]);
});

Deno.test("mlx5: a failed command of the Ethernet part fails only its probe; a failed optional command fails nothing", () => {
  const refuse = (fault: Record<string, unknown>) => {
    const machine = machineOf("6.12", { rdma: false });
    operate(machine, { fail: { status: "LIM_ERR", ...fault } });
    const { result, kmsg } = machine.perform(RELOAD);
    const { port } = machine.perform({ kind: "port.show" }).reply as { port: object };
    return [result, Object.keys(port).length, kmsg.map(({ text }) => text.replace(/^mlx5_core 0000:08:00.0: /, ""))];
  };
  const failed = (command: string) =>
    `mlx5_cmd_out_err: ${command} op_mod(0x0) failed, status limits exceeded(0x8), ` +
    "syndrome (0x123456), err(-12)";
  assertEquals(refuse({ command: "CREATE_RQ" }), ["ok", 0, [
    failed("CREATE_RQ(0x908)"),
    "mlx5e_init_nic_rx: open drop rq failed, -12",
    "_mlx5e_probe: _mlx5e_resume failed, -12",
    "mlx5_core.eth mlx5_core.eth.0: probe with driver mlx5_core.eth failed with error -12",
  ]]);
  assertEquals(refuse({ command: "ALLOC_Q_COUNTER" }), ["ok", 1, [failed("ALLOC_Q_COUNTER(0x771)")]]);
  assertEquals(refuse({ command: "ACCESS_REG", register: "HOST_ENDIANNESS" }), ["ENOMEM", 0, [
    failed("ACCESS_REG(0x805)"),
    "mlx5_function_open: set_hca_ctrl failed",
  ]]);
  // ISSI 1 is not set if the query failed; the fault of a command that was not carried out stays armed
  const machine = machineOf("6.12", { rdma: false });
  for (const command of ["QUERY_ISSI", "SET_ISSI"]) operate(machine, { fail: { command, status: "LIM_ERR" } });
  assertEquals([1, 2, 3].map(() => machine.perform(RELOAD).result), ["ok", "ENOMEM", "ok"]);
  // With mlx5_ib the command may come from that driver, and setting a netdev up has its own commands
  const shared = machineOf("6.12", { rdma: true });
  assertThrows(() => operate(shared, { fail: { command: "CREATE_TIR", status: "LIM_ERR" } }), ModelGap, "operation");
  const faulty = machineOf("6.12", { rdma: false });
  operate(faulty, { fail: { command: "CREATE_CQ", status: "LIM_ERR" } });
  const [handle, port] = ["auxiliary/mlx5_core.eth.0", 0x1ffff];
  assertThrows(() => faulty.perform({ kind: "link.set", handle, port, up: true }), ModelGap, "comes up while");
});

Deno.test("mlx5: on 5.10 a netdev that the card refuses stays, and cannot come up until a reload attaches it", () => {
  const machine = machineOf("5.10", { rdma: false });
  operate(machine, { fail: { command: "CREATE_RQT", status: "LIM_ERR" } });
  const set = () => machine.perform({ kind: "link.set", handle: HANDLE, port: 1, up: true, settle: 1500 }).result;
  const { result, kmsg } = machine.perform(RELOAD);
  const { port } = machine.perform({ kind: "port.show" }).reply as { port: object };
  assertEquals([result, Object.keys(port).length, kmsg.at(-1)?.text, set()], [
    "ok",
    1,
    "mlx5_core 0000:08:00.0: mlx5e_create_indirect_rqt: create indirect rqts failed, -12",
    "ENODEV",
  ]);
  assertEquals([machine.perform(RELOAD).result, set()], ["ok", "ok"]);
});

Deno.test("mlx5: on 5.10 an Ethernet part that the card refuses at a probe is not tried again", () => {
  const machine = machineOf("5.10", { rdma: false });
  const write = (file: "bind" | "unbind") =>
    machine.perform({ kind: "file.write", path: `/sys/bus/pci/drivers/mlx5_core/${file}`, value: "0000:08:00.0" });
  const ports = () => Object.keys((machine.perform({ kind: "port.show" }).reply as { port: object }).port).length;
  write("unbind");
  operate(machine, { fail: { command: "ALLOC_PD", status: "LIM_ERR" } });
  const bound = write("bind");
  assertEquals([bound.result, bound.kmsg.at(-1)?.text, ports()], [
    "ok",
    "mlx5_core 0000:08:00.0: mlx5e_add: mlx5e_attach failed, -12",
    0,
  ]);
  assertEquals([machine.perform(RELOAD).result, ports()], ["ok", 0]);
  write("unbind");
  write("bind");
  assertEquals(ports(), 1);
});

const withhold = (machine: Machine, command: string, register?: string) =>
  operate(machine, { withhold: { command, ...(register === undefined ? {} : { register }) } });
const texts = ({ kmsg }: Observation) => kmsg.map(({ text }) => text.replace(/^mlx5_core 0000:08:00.0: /, ""));

Deno.test("mlx5: the driver gives up a command without an answer after a minute, and the load fails", () => {
  const machine = machineOf("6.12", { rdma: false });
  assertEquals(withhold(machine, "QUERY_ISSI"), { command: "QUERY_ISSI", nth: 1, times: 1 });
  const begin = machine.now;
  const failed = machine.perform(RELOAD);
  assertEquals([failed.result, failed.time, machine.now - begin], ["ETIMEDOUT", "blocked", 61_000]);
  // If the card refuses the command, the driver uses ISSI 0
  assertEquals(texts(failed), [
    "wait_func: QUERY_ISSI(0x10a) timeout. Will cause a leak of a command resource",
    "mlx5_core_set_issi: Failed to query ISSI err(-110) status(0) synd(0)",
    "mlx5_function_enable: failed to set issi",
  ]);
  assertEquals([1, 2].map(() => machine.perform(RELOAD).result), ["ok", "ok"]);
});

Deno.test("mlx5: a command that the driver gave up keeps its place in the queue, and a wait for an empty queue hangs", () => {
  const machine = machineOf("6.12", { rdma: false });
  withhold(machine, "ALLOC_PD");
  const { result, time, kmsg } = machine.perform(RELOAD);
  assertEquals([result, time, kmsg[0]?.text], [
    "ok",
    "blocked",
    "mlx5_core 0000:08:00.0: wait_func_handle_exec_timeout: cmd[0]: ALLOC_PD(0x800) No done completion",
  ]);
  const { result: next, notify } = machine.perform(RELOAD);
  assertEquals(next, "hang");
  assertEquals(machine.waits, ["dev.reload waits for the answer of its card to an earlier command"]);
  assertEquals(notify["init"]?.map(({ command, object }) => `${command} ${object}`).slice(-2), [
    "del trap-group",
    "del param",
  ]);
  const first = machineOf("5.10", { rdma: false });
  withhold(first, "CREATE_EQ");
  const hung = first.perform(RELOAD);
  assertEquals([hung.result, texts(hung)], ["hang", [
    "wait_func: CREATE_EQ(0x301) timeout. Will cause a leak of a command resource",
    "setup_async_eq: failed to create cmd EQ -110",
  ]]);
});

Deno.test("mlx5: a reading without an answer shows 0", () => {
  const read = (era: keyof typeof SEEN) => {
    const machine = machineOf(era, { rdma: false });
    withhold(machine, "ACCESS_REG", "MCQS");
    assertThrows(() => machine.perform({ kind: "dev.info" }), ModelGap, "a list");
    const [first, second] = [1, 2].map(() => machine.perform({ kind: "dev.info", handle: HANDLE }));
    assertEquals([first!.time, second!.result], ["blocked", "ok"]);
    return [
      first!.result,
      JSON.stringify(first!.reply).includes('"running":{"fw.version":"0.0.0000"'),
      machine.perform(RELOAD).result,
    ];
  };
  assertEquals([read("6.12"), read("5.10")], [["ok", true, "hang"], ["ok", true, "hang"]]);
  const machine = machineOf("6.12", { rdma: false });
  operate(machine, { counters: { vnic: { cq_overrun: 3 } } });
  withhold(machine, "QUERY_VNIC_ENV");
  const shown = () => {
    const { reply } = machine.perform({ kind: "health.diagnose", handle: HANDLE, reporter: "vnic" });
    return (reply as Record<string, Record<string, number>>)["vNIC env counters"]!["cq_overrun"];
  };
  assertEquals([shown(), shown()], [0, 3]);
});

Deno.test("mlx5: the carrier of a netdev follows the cable, and is known if the netdev came up without one", () => {
  const [handle, port] = ["auxiliary/mlx5_core.eth.0", 0x1ffff];
  const set = (machine: Machine, up: boolean) => machine.perform({ kind: "link.set", handle, port, up, settle: 1500 });
  const cable = (machine: Machine, up: boolean) =>
    machine.perform({ kind: "device", handle: HANDLE, operation: { link: { port: 0, up } }, settle: 1500 });
  const machine = machineOf("6.12");
  assertEquals(cable(machine, false).reply, { port: 0, up: false, changed: true });
  assertEquals(cable(machine, false).reply, { port: 0, up: false, changed: false });
  const states = (seen: Observation) => [seen.unknown, (seen.link["init"] ?? []).map(({ operstate }) => operstate)];
  assertEquals(states(set(machine, true)), [undefined, ["DOWN", "DOWN"]]);
  const plugged = cable(machine, true);
  assertEquals([plugged.reply, states(plugged)], [{ port: 0, up: true, changed: true }, [undefined, ["UP"]]]);
  assertEquals(states(cable(machine, false)), [undefined, ["DOWN"]]);
  const cleared = machine.perform({ kind: "device", handle: HANDLE, operation: CLEAR, settle: 1500 });
  assertEquals(states(cleared), [undefined, ["UP"]]);
  assertEquals(states(set(machine, false)), [undefined, ["DOWN"]]);
  // While the netdev is down, the port of the card is down, with any cable
  assertEquals(cable(machine, true).reply, { port: 0, up: false, changed: false });
  // If the netdev is set up with a cable, the time at which the carrier comes up is chance
  assertEquals(set(machine, true).unknown?.link, "when the card's link comes up is not modelled");
  // From 6.1 on a carrier event is sent even if the carrier is the same as before
  const older = machineOf("5.10");
  cable(older, false);
  const first = older.perform({ kind: "link.set", handle: HANDLE, port: 1, up: true, settle: 1500 });
  assertEquals(states(first), [undefined, ["DOWN"]]);
});

Deno.test("mlx5: the vnic reporter shows the card's counters, once it is known that the card is emulated", () => {
  const machine = machineOf("6.12");
  const diagnose = () => machine.perform({ kind: "health.diagnose", handle: HANDLE, reporter: "vnic" });
  assertEquals(diagnose().unknown?.reply, "what the card reports is not modelled");
  operate(machine, { counters: { vnic: { cq_overrun: 3 } } });
  machine.perform(RELOAD);
  operate(machine, { counters: { vnic: { invalid_command: 4 } } });
  const counters = { total_error_queues: 0, send_queue_priority_update_flow: 0, cq_overrun: 3, invalid_command: 4 };
  const others = { quota_exceeded_command: 0, nic_receive_steering_discard: 0 };
  const shown = () => [diagnose().unknown, diagnose().reply];
  assertEquals(shown(), [undefined, { "vNIC env counters": { ...counters, ...others } }]);
  operate(machine, CLEAR);
  assertEquals(shown(), [undefined, {
    "vNIC env counters": { ...counters, cq_overrun: 0, invalid_command: 0, ...others },
  }]);
  for (const values of [{ port: {} }, { vnic: { cq_overrun: 2 ** 32 } }, { vnic: { comp_eq_overrun: 1 } }]) {
    assertThrows(() => operate(machine, { counters: values }), ModelGap, "operation");
  }
});

Deno.test("mlx5: params are announced in the driver's order, on 5.10 before and after they are published", () => {
  const params = (era: keyof typeof SEEN) => {
    const machine = machineOf(era, { rdma: false });
    return ["unbind", "bind"].map((file) => {
      const path = `/sys/bus/pci/drivers/mlx5_core/${file}`;
      const { notify } = machine.perform({ kind: "file.write", path, value: "0000:08:00.0" });
      return notify["init"]!.filter(({ object }) => object === "param").map(({ attributes }) =>
        `${attributes["name"]}${(attributes["values"] as unknown[]).length}`
      ).join(" ");
    });
  };
  assertEquals(params("5.10"), [
    "flow_steering_mode0 enable_roce1 fdb_large_groups1 enable_remote_dev_reset0 " +
    "flow_steering_mode0 enable_roce1 fdb_large_groups1 enable_remote_dev_reset0",
    "flow_steering_mode0 enable_remote_dev_reset0 enable_roce1 fdb_large_groups1 " +
    "flow_steering_mode1 enable_roce1 fdb_large_groups1 enable_remote_dev_reset1",
  ]);
  assertEquals(params("6.12"), [
    "flow_steering_mode1 enable_rdma1 enable_eth1 hairpin_num_queues1 hairpin_queue_size1 " +
    "enable_roce1 fdb_large_groups1 io_eq_size1 event_eq_size1",
    "enable_roce1 fdb_large_groups1 io_eq_size1 event_eq_size1 enable_eth1 hairpin_num_queues1 hairpin_queue_size1 " +
    "enable_rdma1 flow_steering_mode1",
  ]);
});
