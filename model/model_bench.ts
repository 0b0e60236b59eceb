import { type EraId, Machine, type Operation } from "./mod.ts";

const handle = "netdevsim/netdevsim10";

function machineOf(era: EraId): Machine {
  const machine = new Machine({ era });
  machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
  return machine;
}

const trapped: Operation = { kind: "trap.set", handle, name: "tail_drop", action: "trap" };
const shown: Operation = { kind: "trap.show", handle, name: "tail_drop" };
const reloaded: Operation = { kind: "dev.reload", handle };

for (const era of ["6.1", "6.12"] as const) {
  const machine = machineOf(era);
  Deno.bench(`${era}: set a trap and show it`, () => {
    machine.perform(trapped);
    machine.perform(shown);
  });
  Deno.bench(`${era}: reload with one port (53 or 55 messages)`, () => {
    machine.perform(reloaded);
  });
  Deno.bench(`${era}: a new machine`, () => {
    new Machine({ era });
  });
}
