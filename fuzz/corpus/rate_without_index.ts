// What is after the device is the index of a port or the name of a node; nothing, and too many digits, are neither.
// twinlink fuzz --board qemu-7.2 --seed 3172000 --sequence 57
import { fuzzed } from "../sequence.ts";

const handle = "netdevsim/netdevsim10";
const missing = "netdevsim/netdevsim12";

export default fuzzed("rate_without_index", "rates of a port that has no index", {
  netns: [],
  devices: [{ id: 10, ports: 1 }],
  operations: [
    { kind: "rate.set", handle, node: "" },
    { kind: "rate.set", handle: missing, node: "", txMax: "10mbit" },
    { kind: "rate.set", handle, node: "4294967296", txMax: "1mbit" },
    { kind: "rate.show", handle, node: "" },
    { kind: "rate.show", handle: missing, node: "" },
    { kind: "rate.show", handle, node: "4294967295" },
    { kind: "rate.show", handle, node: "99999999999" },
    { kind: "rate.del", handle, node: "" },
    { kind: "rate.add", handle, node: "" },
  ],
}, "fuzz");
