import { assertEquals } from "@std/assert";
import { type EraId, Machine, type Operation } from "../../mod.ts";

const H = "netdevsim/netdevsim10";
const BUS = "/sys/bus/netdevsim";
const DBG = "/sys/kernel/debug/netdevsim/netdevsim10";

const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });

/** Returns a machine with a device, and short functions for operations on it. */
function bench(era: EraId, device = "10 2") {
  const machine = new Machine({ era });
  const does = (op: Operation) => machine.perform(op);
  if (device !== "") does(write(`${BUS}/new_device`, device));
  return {
    does,
    write: (path: string, value: string) => does(write(path, value)).result,
    read: (path: string) => {
      const { result, sysfs } = does({ kind: "file.read", path });
      return result === "ok" ? sysfs : result;
    },
    reset: (name: string, cmode: "driverinit" | "runtime" = "driverinit") => {
      const { result, notify } = does({ kind: "param.set", handle: H, name, default: true, cmode });
      return [result, notify["init"]?.length ?? 0];
    },
    values: () => {
      const { reply } = does({ kind: "param.show" });
      const params = (reply as { param: { [handle: string]: { name: string; values: unknown[] }[] } }).param[H]!;
      return Object.fromEntries(params.map(({ name, values }) => [name, values[0]]));
    },
  };
}

Deno.test("params are reset to the driver's initial values (O06)", () => {
  const { does, reset, values, read } = bench("7.3");
  does({ kind: "param.set", handle: H, name: "max_macs", value: 16, cmode: "driverinit" });
  does({ kind: "dev.reload", handle: H });
  assertEquals(values()["max_macs"], { cmode: "driverinit", value: 16, default: 32 });
  assertEquals(reset("max_macs"), ["ok", 1]);
  assertEquals(values()["max_macs"], { cmode: "driverinit", value: 32, default: 32 });
  assertEquals(read(`${DBG}/max_macs`), "16");
  does({ kind: "dev.reload", handle: H });
  assertEquals(read(`${DBG}/max_macs`), "32");
  // The value of a param of mode runtime is in the driver
  does({ kind: "param.set", handle: H, name: "test2", value: 5, cmode: "runtime" });
  assertEquals(read(`${DBG}/test2`), "5");
  assertEquals(reset("test2", "runtime"), ["ok", 1]);
  assertEquals(read(`${DBG}/test2`), "1234");
  assertEquals(reset("test2"), ["client", 0]);
});

Deno.test("a kernel without defaults refuses a reset without a value; for a bool it sets false", () => {
  for (const era of ["5.10", "6.1", "6.12"] as const) {
    const { reset, values } = bench(era);
    assertEquals(reset("max_macs"), ["EINVAL", 0], era);
    assertEquals(reset("test1"), ["ok", 1], era);
    assertEquals(values(), {
      max_macs: { cmode: "driverinit", value: 32 },
      test1: { cmode: "driverinit", value: false },
    });
  }
});

Deno.test("resources of all instances, as devlink(8) groups them (O17)", () => {
  const handles = (era: EraId, rest: Partial<Operation<"resource.show">> = {}) => {
    const { does } = bench(era);
    does(write(`${BUS}/new_device`, "11 1"));
    const { result, reply } = does({ kind: "resource.show", ...rest });
    if (result !== "ok") return result;
    const { resources } = reply as { resources: { [handle: string]: { name: string }[] } };
    return Object.entries(resources).map(([handle, list]) => `${handle}: ${list.map(({ name }) => name)}`);
  };
  const tree = "IPv4,IPv6,nexthops";
  assertEquals(handles("7.2"), [
    `${H}: ${tree},test_resource`,
    `${H}/1: test_resource`,
    `netdevsim/netdevsim11: ${tree}`,
    "netdevsim/netdevsim11/0: test_resource",
  ]);
  assertEquals(handles("7.2", { scope: "dev" }), [`${H}: ${tree}`, `netdevsim/netdevsim11: ${tree}`]);
  assertEquals(handles("7.2", { handle: H, port: 1 }), [`${H}/1: test_resource`]);
  assertEquals(handles("7.2", { handle: H, port: 9 }), "ENODEV");
  assertEquals(handles("6.12"), "EOPNOTSUPP");
  assertEquals(handles("6.12", { handle: H, port: 9 }), [`${H}: ${tree}`]);
  assertEquals(handles("5.10", { handle: H }), [`${H}: IPv4,IPv6`]);
});

Deno.test("an instance can be named by its index on kernels that show the index (L18)", () => {
  for (const [era, result] of [["6.12", "ENODEV"], ["7.2", "ok"]] as const) {
    const { does } = bench(era);
    assertEquals(does({ kind: "dev.show", handle: "devlink_index/0" }).result, result);
    assertEquals(does({ kind: "dev.show", handle: "devlink_index/1" }).result, "ENODEV");
  }
  const { does } = bench("7.2");
  assertEquals(Object.keys(does({ kind: "dev.show", handle: "devlink_index/0" }).reply as object), ["dev"]);
  assertEquals(JSON.stringify(does({ kind: "dev.show", handle: "devlink_index/0" }).reply).includes(`"${H}"`), true);
});

Deno.test("the cookie is written in hexadecimal digits, and stays over reloads (T20)", () => {
  const { does, write, read } = bench("6.12");
  const cookie = `${DBG}/trap_flow_action_cookie`;
  assertEquals(read(cookie), "EINVAL");
  assertEquals([write(cookie, "abc"), write(cookie, "xy"), write(cookie, "ABcd")], ["EINVAL", "EINVAL", "ok"]);
  does({ kind: "dev.reload", handle: H });
  assertEquals(read(cookie), "abcd");
});

Deno.test("the words for true and false in a file of the driver: t and f only from 5.17 on (seen on 5.10 and 6.1)", () => {
  const file = `${DBG}/fail_trap_policer_counter_get`;
  for (const [era, words] of [["5.10", "Y1on"], ["6.1", "Y1onttrue"]] as const) {
    const { write, read } = bench(era);
    const yes = ["Y", "1", "on", "t", "true", "2", "enabled", ""].filter((word) => {
      write(file, "N");
      write(file, word);
      return read(file) === "Y";
    });
    assertEquals(yes.join(""), words);
  }
});

Deno.test("without drivers_autoprobe a device stays unbound; bind of a bound device differs by era (L16)", () => {
  for (const [era, refusal] of [["5.10", "ENODEV"], ["6.1", "EBUSY"]] as const) {
    const { does, write } = bench(era, "");
    write(`${BUS}/drivers_autoprobe`, "0");
    write(`${BUS}/new_device`, "10 1");
    assertEquals(does({ kind: "dev.show", handle: H }).result, "ENODEV");
    assertEquals(write(`${BUS}/drivers_probe`, "netdevsim10"), "ok");
    assertEquals(does({ kind: "dev.show", handle: H }).result, "ok");
    assertEquals(write(`${BUS}/drivers/netdevsim/bind`, "netdevsim10"), refusal);
    assertEquals(write(`${BUS}/drivers_probe`, "netdevsim11"), "ENODEV");
  }
});

Deno.test("unloading the module deletes the devices of its driver (L12)", () => {
  const { does, write } = bench("6.12");
  write(`${BUS}/new_device`, "9 1");
  const { result, notify } = does({ kind: "module.unload", name: "netdevsim" });
  assertEquals(result, "ok");
  const gone = notify["init"]!.filter(({ command, object }) => command === "del" && object === "dev");
  assertEquals(gone.map(({ handle }) => handle), [H, "netdevsim/netdevsim9"]);
  assertEquals(write(`${BUS}/new_device`, "10 1"), "ENOENT");
  assertEquals(does({ kind: "module.load", name: "netdevsim" }).result, "ok");
  assertEquals(write(`${BUS}/new_device`, "10 1"), "ok");
});

Deno.test("a message about an instance whose netns is gone is an oops (L14, N14), and so is a port without a driver (L15)", () => {
  for (const era of ["5.10", "6.1", "6.12", "7.3"] as const) {
    const lost = bench(era);
    lost.does({ kind: "netns.add", name: "t1" });
    lost.does({ kind: "dev.reload", handle: H, to: "t1" });
    lost.write(`${DBG}/dont_allow_reload`, "Y");
    lost.does({ kind: "netns.del", name: "t1" });
    assertEquals(lost.does({ kind: "dev.show" }).reply, { dev: {} });
    const { result, kmsg } = lost.does(write(`${BUS}/del_device`, "10"));
    assertEquals([result, kmsg.map((line) => line.class)], ["killed", ["oops"]], era);

    const bound = bench(era, "");
    bound.does({ kind: "netns.add", name: "t1" });
    bound.does({ ...write(`${BUS}/new_device`, "10 1"), netns: "t1" });
    bound.does({ kind: "netns.del", name: "t1", until: H });
    assertEquals(bound.write(`${BUS}/drivers/netdevsim/unbind`, "netdevsim10"), "ok");
    assertEquals(bound.write(`${BUS}/drivers/netdevsim/bind`, "netdevsim10"), "killed");

    const bare = bench(era);
    bare.write(`${BUS}/drivers/netdevsim/unbind`, "netdevsim10");
    assertEquals(bare.write(`${BUS}/devices/netdevsim10/new_port`, "5"), "killed");
  }
});

Deno.test("polls see single ports in eras without a lock over the whole probe (L03)", () => {
  const during = (era: EraId, poll: Operation) =>
    bench(era).does({ kind: "during", operation: write(`${BUS}/devices/netdevsim10/new_port`, "7"), poll });
  const seen = (era: EraId) => {
    const { does } = bench(era, "");
    return does({ kind: "during", operation: write(`${BUS}/new_device`, "10 4"), poll: { kind: "port.show" } }).reply;
  };
  assertEquals(seen("5.10"), { seen: [null, 1, 2, 3, 4] });
  for (const era of ["6.1", "6.12", "7.3"] as const) assertEquals(seen(era), { seen: [null, 4] });
  for (const era of ["5.10", "6.12"] as const) {
    assertEquals(during(era, { kind: "port.show" }).reply, { seen: [2, 3] }, era);
  }
});
