// Before 5.17 kstrtobool() does not know true and false: the knob stays as it is.
// twinlink fuzz --board qemu-5.10 --seed 3110002 --sequence 130
import { fuzzed } from "../sequence.ts";

const path = "/sys/kernel/debug/netdevsim/netdevsim10/fail_reload";

export default fuzzed("bool_words", "words for yes and no in a file of the driver", {
  netns: [],
  devices: [{ id: 10, ports: 1 }],
  operations: [
    ...["t", "false", "on", "Off", "enabled", "yes", "2", ""].flatMap((value) => [
      { kind: "file.write" as const, path, value },
      { kind: "file.read" as const, path },
    ]),
    { kind: "dev.reload", handle: "netdevsim/netdevsim10" },
  ],
}, "fuzz");
