import { assertEquals } from "@std/assert";
import { ERA_IDS, ERAS, Machine } from "../../mod.ts";
import { netdevsimInventory } from "./inventory.ts";

for (const era of ERA_IDS) {
  Deno.test(`the inventory of netdevsim of ${era} lists the objects of a device of the model`, () => {
    const machine = new Machine({ era });
    machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
    const [device] = machine.inventory().instances;
    const names = (list: readonly { name: string }[] | undefined) => list?.map(({ name }) => name).sort();
    const declared = netdevsimInventory(ERAS[era]);
    assertEquals(names(declared.traps), names(device!.traps));
    assertEquals(names(declared.groups), names(device!.groups));
    assertEquals(names(declared.policers), device!.policers.map(({ id }) => String(id)).sort());
    assertEquals(
      declared.params?.map(({ name, type, generic, cmodes }) => [name, type, generic, ...cmodes]),
      device!.params.map(({ name, type, generic, cmode }) => [name, type, generic, cmode]),
    );
    assertEquals(names(declared.resources), device!.resources.map(({ path }) => path).sort());
    assertEquals(names(declared.reporters), names(device!.reporters));
    assertEquals(names(declared.regions), names(device!.regions));
  });
}
