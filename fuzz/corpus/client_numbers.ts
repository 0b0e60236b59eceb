// devlink(8) reads numbers as strtoull(3) does, and words for a bool by their beginning.
// twinlink fuzz --board qemu-6.12 --seed 4 --sequence 14, and --sequence 20
import { fuzzed } from "../sequence.ts";

const handle = "netdevsim/netdevsim10";

export default fuzzed("client_numbers", "numbers and words as devlink(8) reads them", {
  netns: [],
  devices: [{ id: 10, ports: 1 }],
  operations: [
    { kind: "resource.set", handle, path: "IPv6/fib", size: "-2" },
    { kind: "resource.set", handle, path: "/IPv6//fib/", size: "+5" },
    { kind: "resource.set", handle, path: "IPv6/fib", size: "1k" },
    { kind: "resource.show", handle },
    { kind: "param.set", handle, name: "max_macs", value: "+5", cmode: "driverinit" },
    { kind: "param.set", handle, name: "max_macs", value: " 7", cmode: "driverinit" },
    { kind: "param.set", handle, name: "max_macs", value: "4294967296", cmode: "driverinit" },
    { kind: "param.set", handle, name: "test1", value: "dis", cmode: "driverinit" },
    { kind: "param.set", handle, name: "test1", value: "x", cmode: "driverinit" },
    { kind: "trap.policer.set", handle, policer: 1, rate: -2 },
    { kind: "region.del", handle, region: "dummy", snapshot: -1 },
    { kind: "port.show", handle, port: -1 },
    { kind: "file.write", path: "/sys/kernel/debug/netdevsim/netdevsim10/max_macs", value: "4294967297" },
    { kind: "file.read", path: "/sys/kernel/debug/netdevsim/netdevsim10/max_macs" },
  ],
}, "fuzz");
