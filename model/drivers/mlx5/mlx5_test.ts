/** Compares the model of mlx5_core with what the stock driver of Debian's kernels showed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Facts } from "../../facts.ts";
import { ModelGap } from "../../gap.ts";
import { Machine } from "../../machine.ts";
import type { Json } from "../../observation.ts";
import { ERAS, HANDLE, machineOf, NESTED, operate, RELOAD, SEEN, seenOf } from "./testing.ts";

for (const era of ERAS) {
  Deno.test(`mlx5 of ${era}: a reload, a move and the move back send the messages of the real driver`, () => {
    const { reload, move, back } = SEEN[era];
    const machine = machineOf(era);
    assertEquals(seenOf(machine.perform(RELOAD)), reload);
    machine.perform({ kind: "netns.add", name: "t1" });
    assertEquals(seenOf(machine.perform({ ...RELOAD, to: "t1" })), move);
    assertEquals(seenOf(machine.perform({ ...RELOAD, to: { pid: 1 }, netns: "t1" })), back);
  });

  Deno.test(`mlx5 of ${era}: at the start of a sequence the device is as in its facts`, () => {
    const { facts } = SEEN[era];
    const machine = machineOf(era);
    const names = (reply: Json, key: string, handle = HANDLE) =>
      ((reply as Record<string, Record<string, { name?: string; reporter?: string }[]>>)[key]![handle] ?? [])
        .map(({ name, reporter }) => name ?? reporter);
    const shown = (kind: "param.show" | "trap.show" | "health.show") => machine.perform({ kind }).reply;
    assertEquals(names(shown("param.show"), "param"), facts.params.map(({ name }) => name));
    assertEquals(names(shown("trap.show"), "trap"), facts.traps.map(({ name }) => name));
    assertEquals(names(shown("health.show"), "health"), facts.reporters.map(({ name }) => name));
    const port = { "5.10": `${HANDLE}/1`, "6.1": `${HANDLE}/131071`, "6.12": NESTED, "7.2": NESTED }[era];
    const { reply } = machine.perform({ kind: "port.show" });
    assertEquals(Object.keys((reply as { port: object }).port), [port]);
    assertEquals(names(shown("health.show"), "health", port), ["tx", "rx"]);
  });

  Deno.test(`mlx5 of ${era}: traps cannot mirror and have no drop counter (devlink.c)`, () => {
    const machine = machineOf(era);
    const set = (action: "trap" | "mirror") =>
      machine.perform({ kind: "trap.set", handle: HANDLE, name: "dmac_filter", action }).result;
    assertEquals([set("trap"), set("mirror")], era === "5.10" ? ["EOPNOTSUPP", "EOPNOTSUPP"] : ["ok", "EOPNOTSUPP"]);
    const { reply } = machine.perform({ kind: "dev.eswitch.show", handle: HANDLE });
    assertEquals(reply, null, "a card that is no eswitch manager has no mode");
  });
}

Deno.test("mlx5: the nested instance has its own port and reporters, and no reload", () => {
  const nested = "auxiliary/mlx5_core.eth.0";
  const machine = machineOf("6.12");
  assertEquals(machine.perform({ kind: "dev.info", handle: nested }).reply, {
    info: { [nested]: { driver: "mlx5_core.eth" } },
  });
  const { dev } = machine.perform({ kind: "dev.show", handle: HANDLE }).reply as { dev: Record<string, Json> };
  assertEquals((dev[HANDLE] as Record<string, Json>)["nested_devlink"], { [nested]: {} });
  assertEquals(machine.perform({ kind: "dev.reload", handle: nested }).result, "EOPNOTSUPP");
  const set = machine.perform({ kind: "health.set", handle: nested, port: 0x1ffff, reporter: "tx", autoDump: false });
  assertEquals(set.result, "ok");
  machine.perform(RELOAD);
  const { health } = machine.perform({ kind: "health.show" }).reply as { health: Record<string, Json> };
  // The port was recreated, and its reporters with it
  assertEquals((health[`${nested}/131071`] as Record<string, Json>[])[0]!["auto_dump"], true);
});

Deno.test("mlx5: in a reload, params of mode driverinit decide which auxiliary devices exist (dev.c: is_enabled)", () => {
  for (const era of ["6.1", "6.12"] as const) {
    const machine = machineOf(era);
    const ports = () => Object.keys((machine.perform({ kind: "port.show" }).reply as { port: object }).port).length;
    const set = (value: boolean) =>
      machine.perform({ kind: "param.set", handle: HANDLE, name: "enable_eth", value, cmode: "driverinit" }).result;
    assertEquals([set(false), ports()], ["ok", 1], era);
    machine.perform(RELOAD);
    assertEquals(ports(), 0, era);
    assertEquals([set(true), machine.perform(RELOAD).result, ports()], ["ok", "ok", 1], era);
  }
});

Deno.test("mlx5: the driver's bounds of params, and the bounds that only the card knows", () => {
  const set = (name: string, value: number | string | boolean, cmode: "driverinit" | "runtime" = "driverinit") => {
    const { result, extack, unknown } = machineOf("6.12").perform({
      kind: "param.set",
      handle: HANDLE,
      name,
      value,
      cmode,
    });
    return [result, ...extack ? [extack.text] : [], ...unknown?.result ? ["the card's"] : []].join(": ");
  };
  assertEquals([63, 64, 4096, 4097].map((size) => set("io_eq_size", size)), ["EINVAL", "ok", "ok", "EINVAL"]);
  const groups = "EOPNOTSUPP: Unsupported group number, supported range is 1-1024";
  assertEquals([0, 1024, 1025].map((count) => set("fdb_large_groups", count)), [groups, "ok", groups]);
  assertEquals(set("hairpin_queue_size", 2), "EINVAL: Maximum hairpin queue size is 1");
  assertEquals(set("hairpin_queue_size", 3), "EINVAL: Value is not power of two");
  assertEquals(set("flow_steering_mode", "dmfs", "runtime"), "ok");
  assertEquals(set("flow_steering_mode", "smfs", "runtime"), "ok: the card's");
  const modes = 'EINVAL: Bad parameter: supported values are ["dmfs", "smfs"]';
  assertEquals(set("flow_steering_mode", "hmfs", "runtime"), modes);
});

Deno.test("mlx5: a permanent param is not announced while the function is down, and the driver logs each (lib/nv_param.c)", () => {
  const begins = "mlx5_core 0000:08:00.0: mlx5_nv_param_read: Failed to read mnvda reg: type_class 0x0, param_idx";
  // enable_sriov, total_vfs, cqe_compress_type and swp_l4_csum_mode
  const lines = ["0x81, header_len 20", "0x81, header_len 20", "0x10a, header_len 8", "0x11d, header_len 8"]
    .map((read) => `${begins} ${read}, err -67`);
  const machine = machineOf("7.2");
  machine.perform({ kind: "netns.add", name: "t1" });
  const logged = (kmsg: readonly { text: string }[]) => kmsg.map(({ text }) => text);
  // Once in the netns that the instance leaves, and once in the other netns
  assertEquals(logged(machine.perform({ ...RELOAD, to: "t1" }).kmsg), [...lines, ...lines]);
  assertEquals(machine.perform({ kind: "param.show", netns: "t1" }).kmsg, []);
  assertEquals(machine.perform({ ...RELOAD, netns: "t1" }).kmsg, []);
  operate(machine, { fail: { command: "INIT_HCA", status: "INT_ERR" } });
  machine.perform({ ...RELOAD, netns: "t1" });
  const down = machine.perform({ kind: "param.show", netns: "t1" });
  // Taking an inventory logs no line
  machine.inventory().instances.forEach(({ params }) => params.length);
  assertEquals(logged(down.kmsg), lines);
  const { param } = down.reply as { param: Record<string, { name: string }[]> };
  assertEquals(param[HANDLE]!.some(({ name }) => name === "enable_sriov"), false);
  machine.perform({ ...RELOAD, netns: "t1" });
  // No socket listens in a dying netns, but the kernel checks for a listener in any netns (af_netlink.c: netlink_has_listeners())
  assertEquals(logged(machine.perform({ kind: "netns.del", name: "t1", until: HANDLE }).kmsg), [...lines, ...lines]);
  // For a param that was never seen, the driver's log lines are not known
  const [fact] = SEEN["7.2"].facts.params;
  const other = machineOf("7.2", { params: [{ ...fact!, name: "link_mode" }] });
  other.perform({ kind: "netns.add", name: "t1" });
  const { kmsg, unknown } = other.perform({ ...RELOAD, to: "t1" });
  assertEquals([kmsg, unknown?.kmsg], [[], "what the driver logs of a param that it cannot read is not modelled"]);
});

Deno.test("mlx5: the most doorbells is the number of channels, which only the board knows (seen: 7 refused, 8 initially)", () => {
  const set = (value: number) =>
    machineOf("7.2").perform({ kind: "param.set", handle: HANDLE, name: "num_doorbells", value, cmode: "driverinit" });
  assertEquals([set(1).unknown, set(7).unknown?.result], [undefined, "only the card knows what it does"]);
});

Deno.test("mlx5: firmware is activated by the card alone: a gap, and no answer", () => {
  const activate = (era: keyof typeof SEEN) => machineOf(era).perform({ ...RELOAD, action: "fw_activate" });
  const card = "only the card knows if its firmware can be activated";
  assertEquals([activate("5.10").unknown?.result, activate("6.1").unknown?.result], [card, card]);
  // Without the param the driver has found no way to reset the card
  const { result, extack, unknown } = activate("6.12");
  assertEquals([result, extack?.text, unknown?.result], [
    "EOPNOTSUPP",
    "FW activate is unsupported for this function",
    undefined,
  ]);
});

Deno.test("mlx5: a load that fails leaves an instance without traps; the next reload recovers", () => {
  for (const era of ERAS) {
    const machine = machineOf(era);
    operate(machine, { fail: { command: "INIT_HCA", status: "INT_ERR" } });
    const failed = machine.perform(RELOAD);
    assertEquals(failed.result, "EIO", era);
    assert(seenOf(failed).notify["init"]!.some((message) => message.endsWith("failed")), era);
    const { reply } = machine.perform({ kind: "port.show" });
    // On 5.10 the netdev is detached, and its port stays
    assertEquals(Object.keys((reply as { port: object }).port).length, era === "5.10" ? 1 : 0, era);
    assertEquals(machine.perform(RELOAD).result, "ok", era);
    assertEquals(machine.inventory().instances[0]!.reloadFailed, false, era);
    assertEquals(seenOf(machine.perform(RELOAD)), SEEN[era].reload, era);
  }
});

Deno.test("mlx5: a reload whose Ethernet part fails succeeds, without a netdev", () => {
  for (const era of ["6.1", "6.12"] as const) {
    const machine = machineOf(era, { rdma: false });
    operate(machine, { fail: { command: "CREATE_TIR", status: "BAD_PARAM_ERR" } });
    const failed = machine.perform(RELOAD);
    const { result, link } = failed;
    assertEquals([result, link["init"]?.map(({ event }) => event)], ["ok", ["del"]], era);
    // The parent is announced once for the added and removed nested instance, by work that waits for the reload
    const { notify } = seenOf(failed);
    const announced = notify["init"]!.filter((message) => message.startsWith(`new dev ${HANDLE}`));
    if (era === "6.12") assertEquals(announced.length, 3, era);
    assertEquals((machine.perform({ kind: "port.show" }).reply as { port: object }).port, {}, era);
    machine.perform(RELOAD);
    assertEquals(seenOf(machine.perform(RELOAD)), SEEN[era].reload, era);
  }
});

Deno.test("mlx5: unbinding the function removes all its objects, and binding creates them again", () => {
  for (const era of ERAS) {
    const machine = machineOf(era);
    const write = (file: "bind" | "unbind") =>
      machine.perform({ kind: "file.write", path: `/sys/bus/pci/drivers/mlx5_core/${file}`, value: "0000:08:00.0" });
    assertEquals(write("unbind").result, "ok", era);
    assertEquals((machine.perform({ kind: "dev.show" }).reply as { dev: object }).dev, {}, era);
    assertEquals(write("bind").result, "ok", era);
    assertEquals(seenOf(machine.perform(RELOAD)), SEEN[era].reload, era);
  }
});

Deno.test("mlx5: a reload binds an unbound Ethernet part again (P17)", () => {
  const machine = machineOf("6.12");
  const path = "/sys/bus/auxiliary/drivers/mlx5_core.eth/unbind";
  const { notify, result } = machine.perform({ kind: "file.write", path, value: "mlx5_core.eth.0" });
  assertEquals([result, notify["init"]!.at(-2)!.command], ["ok", "del"]);
  assertEquals(seenOf(machine.perform(RELOAD)).link, { init: ["new"] });
});

Deno.test("mlx5: the end of a netns hangs on 5.10 and 6.1 if mlx5_ib is bound, with RoCE or without (D3, N06)", () => {
  const end = (era: keyof typeof SEEN, more: Partial<Facts>) => {
    const machine = machineOf(era, more);
    machine.perform({ kind: "netns.add", name: "n1" });
    machine.perform({ ...RELOAD, to: "n1" });
    machine.perform({ kind: "netns.del", name: "n1" });
    const { result } = machine.perform({ kind: "netns.add", name: "n2" });
    const cycle = [
      "netns.add waits for pernet_ops_rwsem, held by cleanup_net",
      "cleanup_net waits for pernet_ops_rwsem, which it holds itself",
    ];
    assertEquals(machine.waits, result === "hang" ? cycle : [], era);
    return result;
  };
  const withoutRoce = (era: keyof typeof SEEN) => ({
    rdma: true,
    params: SEEN[era].facts.params.map((param) =>
      param.name === "enable_roce" ? { ...param, values: [{ cmode: "driverinit" as const, value: false }] } : param
    ),
  });
  assertEquals(ERAS.map((era) => end(era, { rdma: true })), ["hang", "hang", "ok", "ok"]);
  assertEquals(ERAS.map((era) => end(era, withoutRoce(era))), ["hang", "hang", "ok", "ok"]);
  assertEquals(ERAS.map((era) => end(era, { rdma: false })), ["ok", "ok", "ok", "ok"]);
  const { rdma: _, ...unread } = SEEN["6.1"].facts;
  const machine = new Machine({ era: "6.1", facts: unread });
  machine.perform({ kind: "netns.add", name: "n1" });
  machine.perform({ ...RELOAD, to: "n1" });
  assertThrows(() => machine.perform({ kind: "netns.del", name: "n1" }), ModelGap, "mlx5_ib");
});

Deno.test("mlx5: a kernel whose driver nobody read has the generic driver", () => {
  const { unknown } = new Machine({ era: "5.15", facts: SEEN["5.10"].facts }).perform(RELOAD);
  assertEquals(unknown?.result, "only mlx5_core knows what it does");
});

// Seen on 6.12 by the fuzzer
Deno.test("mlx5: fw_fatal has no diagnosis, and a device without resources refuses to set one", () => {
  for (const era of ERAS) {
    const machine = machineOf(era);
    const diagnose = (reporter: string) =>
      machine.perform({ kind: "health.diagnose", handle: HANDLE, reporter }).result;
    assertEquals([diagnose("fw"), diagnose("fw_fatal")], ["ok", "EOPNOTSUPP"], era);
    const set = (path: string, size: string) =>
      machine.perform({ kind: "resource.set", handle: HANDLE, path, size }).result;
    assertEquals([set("kvd", "1"), set("kvd", "x")], ["EOPNOTSUPP", "client"], era);
  }
});
