// Which errno and which text say that something is not there.
// twinlink fuzz --board qemu-6.12 --seed 1 --sequence 5 and 14, --seed 5 --sequence 52; --board qemu-7.3 --seed 6 --sequence 6 and 9;
// --board qemu-5.10 --seed 4100 --sequence 12
import { fuzzed } from "../sequence.ts";

const handle = "netdevsim/netdevsim10";

export default fuzzed("missing_things", "what is not there", {
  netns: ["t1"],
  devices: [{ id: 10, ports: 1 }],
  operations: [
    { kind: "health.dump.show", handle: "nosuch/netdevsim10", reporter: "dummy" },
    { kind: "health.diagnose", handle: "nosuch/netdevsim10", reporter: "dummy" },
    { kind: "port.function.set", handle: "nosuch/netdevsim10", port: 7 },
    { kind: "port.function.set", handle, port: 0 },
    { kind: "ethtool.info", handle, port: 2 },
    { kind: "route.del", netns: "t1", prefix: "10.1.1.1", dev: "lo" },
    { kind: "route.del", netns: "t1", prefix: "10.1.1.1/24", dev: "lo" },
    { kind: "route.del", netns: "t1", prefix: "x", dev: "lo" },
    { kind: "route.add", netns: "t1", prefix: "10.1.1.1/24", dev: "lo" },
    { kind: "route.del", netns: "t1", prefix: "10.1.1.1", dev: "lo" },
    { kind: "route.add", netns: "t1", prefix: "10.1.1.1", dev: "lo" },
    { kind: "route.del", netns: "t1", prefix: "10.1.1.1", dev: "lo" },
    { kind: "file.remove", path: "/run/nosuch" },
    { kind: "file.read", path: "/sys/kernel/debug/netdevsim/netdevsim10/fib" },
    { kind: "file.read", path: "/sys/kernel/debug/netdevsim/netdevsim10/rate_nodes" },
  ],
}, "fuzz");
