import { assertEquals } from "@std/assert";
import { type Probe, probeText } from "./probe_text.ts";

const NONE = { judged: 0, maybe: 0, gap: 0, refused: 0, unsupported: 0, elsewhere: 0 };
const PROBE: Probe = {
  board: "nic",
  transport: "ssh",
  kernel: "6.18.3",
  iproute2: "devlink utility, iproute2-6.1.0",
  era: "6.12",
  eraNote: "kernel 6.18.3 judged by the model of 6.12 (nearest; never run)",
  handle: "pci/0000:03:00.0",
  found: true,
  driver: "ice",
  model: "generic",
  makes: false,
  driverThere: "ice",
  versions: { running: { fw: "4.2" } },
  contradictions: [],
  instances: [{ handle: "pci/0000:03:00.0", driver: "ice" }, { handle: "pci/0000:03:00.1", driver: "" }],
  suites: [{ ...NONE, suite: "reload", judged: 3, maybe: 1, gap: 2 }, { ...NONE, suite: "pcs", unsupported: 58 }],
  unsupported: [{ reason: "needs pcs, which the board lacks", sequences: 58 }],
  maybe: [{ reason: "when its link comes up", sequences: 1 }],
  gaps: [{ reason: "only ice knows", sequences: 2 }],
  refused: [],
  disrupts: [{ disruption: "changes", sequences: 4 }, { disruption: "resets", sequences: 1 }],
  allowed: "resets",
  missing: ["listener"],
  carried: [{ what: "the root filesystem (/dev/sda1 on /)", by: ["sda", "0000:00:02.0"] }],
  unknown: [],
  firmware: 1,
  breaks: 0,
};

Deno.test("boards probe: the text of a probe", () => {
  assertEquals(probeText(PROBE), [
    "board      nic, over ssh",
    "kernel     6.18.3",
    "           kernel 6.18.3 judged by the model of 6.12 (nearest; never run)",
    "iproute2   devlink utility, iproute2-6.1.0",
    "handle     pci/0000:03:00.0",
    "others     pci/0000:03:00.1",
    "driver     ice: nobody modelled it (generic): judged where the devlink core decides",
    "versions   running: fw 4.2",
    "judged     3 sequences of 64, 1 that may have gaps, 2 with gaps",
    "           suite   judged  maybe  gaps  refused  unsupported  other kernels",
    "           reload       3      1     2        -            -              -",
    "           nothing of pcs",
    "lacks        58  needs pcs, which the board lacks",
    "maybe         1  when its link comes up",
    "gaps          2  only ice knows",
    "does          4  changes: each changes what it puts back",
    "              1  resets: it resets the device",
    '           none goes further than disruption = "resets"',
    "missing    listener: not found on the board",
    "danger     the root filesystem (/dev/sda1 on /): carried by sda, 0000:00:02.0",
    "           1 sequence needs fw_activate, which resets the whole card of pci/0000:03:00.0, its other ports too: not run, since the board's file does not list that capability",
  ]);
});

Deno.test("boards probe: a handle that is wrong or missing, another driver, and refusals", () => {
  const line = (probe: Partial<Probe>, word: string) =>
    probeText({ ...PROBE, ...probe }).filter((one) => one.startsWith(word));
  const there = "pci/0000:03:00.0 (ice), pci/0000:03:00.1";
  assertEquals(line({ handle: "pci/1", found: false }, "handle"), [
    `handle     pci/1, which is not on the board; instances there: ${there}`,
  ]);
  assertEquals(line({ handle: null, found: false }, "handle"), [
    `handle     none is named in the board's file; instances on the board: ${there}`,
  ]);
  assertEquals(line({ driver: "mlx5_core", model: "mlx5" }, "driver"), [
    "driver     mlx5_core: modelled (mlx5); the device's driver is ice",
  ]);
  const refused = Array.from({ length: 7 }, (_, i) => ({ reason: `it reloads pci/${i}`, sequences: 1 }));
  const danger = probeText({ ...PROBE, refused, firmware: 0, carried: [] }).slice(-6);
  assertEquals([danger[0], danger.at(-1)!.trim()], [
    "danger     1 sequence refused: it reloads pci/0",
    "2 other reasons to refuse sequences (--json)",
  ]);
});
