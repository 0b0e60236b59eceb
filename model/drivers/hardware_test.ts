import { assertEquals } from "@std/assert";
import { Machine, type Operation } from "../mod.ts";

const driver = (bus: string, name: string, file: "bind" | "unbind", device: string): Operation => ({
  kind: "file.write",
  path: `/sys/bus/${bus}/drivers/${name}/${file}`,
  value: device,
  settle: 1200,
});
const set = (dev: string, up: boolean): Operation => ({ kind: "netdev.set", dev, up, settle: 1200 });
const links = (machine: Machine, op: Operation) =>
  (machine.perform(op).link["init"] ?? []).map(({ event, ifname, operstate }) => `${event} ${ifname} ${operstate}`);

Deno.test("rzn1_miic: the switch is unbound before the converter that is its PCS (P13)", () => {
  const machine = new Machine({ era: "6.12", hardware: ["rzn1_miic"] });
  assertEquals(links(machine, set("lan0", true)), ["new lan0 DOWN", "new lan0 UP"]);
  const away = driver("platform", "rzn1_miic", "unbind", "44030000.eth-miic");
  assertEquals(links(machine, away), ["new lan0 DOWN", "del lan0 DOWN", "del lan1 DOWN"]);
  // Both drivers have to be bound by hand: the device link was deleted with the unbind of the switch
  const dsa = driver("platform", "rzn1_a5psw", "bind", "44050000.switch");
  assertEquals(machine.perform(dsa).result, "EAGAIN");
  assertEquals(links(machine, driver("platform", "rzn1_miic", "bind", "44030000.eth-miic")), []);
  assertEquals(links(machine, dsa), ["new lan0 DOWN", "new lan1 DOWN"]);
});

Deno.test("serdes_phy: references to module and device do not keep the data of the PHY's driver (P14)", () => {
  const away = driver("platform", "mvebu-comphy", "unbind", "f2120000.phy");
  for (
    const [freedMemory, result, found] of [["kept", "ok", []], ["reported", "ok", ["kasan"]], ["poisoned", "killed", [
      "oops",
    ]]] as const
  ) {
    const machine = new Machine({ era: "6.12", hardware: ["serdes_phy"], freedMemory });
    machine.perform(set("eth1", true));
    assertEquals(machine.perform(away).result, "ok");
    const down = machine.perform(set("eth1", false));
    assertEquals([down.result, down.kmsg.map((line) => line.class)], [result, [...found]]);
    // The killed task still holds RTNL
    assertEquals(machine.perform(set("eth2", true)).result, result === "ok" ? "ok" : "hang");
  }
});

Deno.test("mlx5: a reload binds a driver to an auxiliary device that had none (P17)", () => {
  const machine = new Machine({ era: "6.12", hardware: ["mlx5"] });
  const rdma = (file: "bind" | "unbind") =>
    machine.perform(driver("auxiliary", "mlx5_ib.rdma", file, "mlx5_core.rdma.0")).result;
  assertEquals([rdma("unbind"), rdma("unbind")], ["ok", "ENODEV"]);
  const reload = machine.perform({ kind: "dev.reload", handle: "pci/0000:08:00.0", settle: 300 });
  assertEquals(reload.result, "ok");
  assertEquals(reload.link["init"]?.map(({ event, ifname }) => `${event} ${ifname}`), ["del eth1", "new eth1"]);
  assertEquals(reload.kmsg, []);
  assertEquals(rdma("bind"), "EBUSY");
});

Deno.test("all hardware on one machine beside netdevsim", () => {
  const machine = new Machine({ era: "6.1", hardware: ["rzn1_miic", "serdes_phy", "mlx5"] });
  const { dev } = machine.perform({ kind: "dev.show" }).reply as { dev: object };
  assertEquals(Object.keys(dev), ["pci/0000:08:00.0"]);
  for (const name of ["lan0", "eth2", "eth3"]) assertEquals(machine.perform(set(name, true)).result, "ok");
});
