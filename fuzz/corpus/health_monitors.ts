// The monitor of each netns leaves out the instance that it named before; the monitors know nothing of one another.
// twinlink fuzz --board qemu-6.12 --seed 1 --sequence 3, --seed 5 --sequence 43
import { fuzzed } from "../sequence.ts";

const broken = (id: number) =>
  ({
    kind: "file.write",
    path: `/sys/kernel/debug/netdevsim/netdevsim${id}/health/break_health`,
    value: "broken",
  }) as const;

export default fuzzed("health_monitors", "health messages of several instances and netns", {
  netns: ["t1"],
  devices: [{ id: 10, ports: 0 }, { id: 11, ports: 0 }, { id: 12, ports: 0, netns: "t1" }],
  operations: [broken(10), broken(11), broken(12), broken(11), broken(10), broken(12)],
}, "fuzz");
