import { assertEquals } from "@std/assert";
import { type EraId, ERAS } from "../../era/mod.ts";
import { Machine } from "../../machine.ts";
import { netdevsimEra } from "./era.ts";

const HANDLE = "netdevsim/netdevsim10";
const BUS = "/sys/bus/netdevsim";
const DEBUGFS = "/sys/kernel/debug/netdevsim/netdevsim10";
const ERRNO: Readonly<Record<string, string>> = { "5.10": "EEXIST", "6.12": "EBUSY", "7.2": "EBUSY" };

// Seen on 5.10, 6.12 and 7.2: the driver forgets a port that was made while the device was down, and the port stays
for (const id of Object.keys(ERRNO) as EraId[]) {
  Deno.test(`${id}: a port that new_port adds after a failed reload takes the index of a port of the next reload`, () => {
    const machine = new Machine({ era: id });
    const write = (path: string, value: string) => machine.perform({ kind: "file.write", path, value }).result;
    write(`${BUS}/new_device`, "10 2");
    write(`${DEBUGFS}/fail_reload`, "Y");
    assertEquals(machine.perform({ kind: "dev.reload", handle: HANDLE }).result, "EINVAL");
    assertEquals(write(`${BUS}/devices/netdevsim10/new_port`, "1"), "ok");
    write(`${DEBUGFS}/fail_reload`, "N");
    assertEquals(machine.perform({ kind: "dev.reload", handle: HANDLE }).result, ERRNO[id]);
    const ports = (machine.perform({ kind: "port.show" }).reply as { port: object }).port;
    assertEquals(Object.keys(ports), [`${HANDLE}/1`]);
  });
}

// Seen on 6.12 and 7.2
Deno.test("a device without queues cannot be bound: it is on the bus, and has no instance", () => {
  const machine = new Machine({ era: "6.12" });
  const write = (path: string, value: string) => machine.perform({ kind: "file.write", path, value });
  const made = write(`${BUS}/new_device`, "10 2 0");
  assertEquals([made.result, made.kmsg.length], ["ok", 1]);
  assertEquals(machine.perform({ kind: "dev.show" }).reply, { dev: {} });
  assertEquals(machine.netdevs().map(({ name }) => name), ["lo", "eth0"]);
  assertEquals(write(`${BUS}/drivers/netdevsim/bind`, "netdevsim10").result, "ENOMEM");
  assertEquals(write(`${BUS}/del_device`, "10").result, "ok");
  // On 5.10 new_device takes no number of queues
  assertEquals(netdevsimEra(ERAS["5.10"]).lacks.has("num_queues"), true);
});
