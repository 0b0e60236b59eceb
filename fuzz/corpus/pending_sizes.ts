// devlink(8) keeps in mind that a size was pending: from there on it shows of all instances whether their sizes are valid.
// twinlink fuzz --board qemu-7.3 --seed 202 --sequence 27
import { fuzzed } from "../sequence.ts";

export default fuzzed("pending_sizes", "a pending size of one instance, and the resources of all", {
  netns: [],
  devices: [{ id: 12, ports: 0 }, { id: 11, ports: 1 }],
  operations: [
    { kind: "resource.show" },
    { kind: "resource.set", handle: "netdevsim/netdevsim12", path: "IPv4", size: "1000" },
    { kind: "resource.show" },
  ],
});
