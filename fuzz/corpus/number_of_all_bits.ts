// strtoull(3) reports by errno that a number is too large. A devlink(8) that serves many steps still has ERANGE there from an
// answer of the kernel. It must not read this number.
// twinlink fuzz --board qemu-6.12 --seed 3112000 --sequence 136
import { fuzzed } from "../sequence.ts";

const handle = "netdevsim/netdevsim10";

export default fuzzed("number_of_all_bits", "a size of all bits after what was out of range", {
  netns: [],
  devices: [{ id: 10, ports: 1 }],
  operations: [
    { kind: "resource.set", handle, path: "IPv4/fib", size: "100" },
    { kind: "dev.eswitch.set", handle, mode: "switchdev_inactive" },
    { kind: "resource.set", handle, path: "IPv4/fib", size: "18446744073709551615" },
    { kind: "resource.set", handle, path: "IPv6/fib", size: "0xffffffffffffffff" },
    { kind: "resource.show", handle },
  ],
}, "fuzz");
