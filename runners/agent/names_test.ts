import { assertEquals } from "@std/assert";
import type { Plan, SequenceTrace } from "../../diff/trace.ts";
import { emptyObservation } from "../../model/observation.ts";
import type { Operation } from "../../model/operation.ts";
import { type PcsNames, planInNames, traceInFixtureNames } from "./names.ts";

const names: PcsNames = {
  design: "none",
  mac: { bus: "platform", driver: "mtk_soc_eth", device: "15100000.ethernet" },
  pcs: { bus: "mdio_bus", driver: "mtk-pcs", device: "mdio:08" },
  netdev: "lan0",
};

const planOf = (...ops: Operation[]): Plan => ({
  suite: "s",
  sequence: "q",
  source: "",
  steps: ops.map((op, i) => ({ id: i + 1, phase: "body" as const, op })),
});

const unbind = (driver: string, value: string): Operation => ({
  kind: "file.write",
  path: `/sys/bus/platform/drivers/${driver}/unbind`,
  value,
});

Deno.test("a board's own MAC and PCS replace the fixture's, also within rounds", () => {
  const round = { kind: "rounds", times: 2, operations: [unbind("fakepcs", "fakepcs.0")] } as const;
  const plan = planOf(unbind("fakemac", "fakemac.0"), { kind: "netdev.set", dev: "fm0", up: true, settle: 5 }, round);
  assertEquals(planInNames(plan, names).steps.map(({ op }) => op), [
    unbind("mtk_soc_eth", "15100000.ethernet"),
    { kind: "netdev.set", dev: "lan0", up: true, settle: 5 },
    {
      ...round,
      operations: [{ kind: "file.write", path: "/sys/bus/mdio_bus/drivers/mtk-pcs/unbind", value: "mdio:08" }],
    },
  ]);
});

Deno.test("a device that is not the fixture's keeps its name", () => {
  const plan = planOf(
    unbind("netdevsim", "fakemac.0"),
    { kind: "netdev.show", dev: "eth0" },
    { kind: "file.read", path: "/sys/class/net/fm0/carrier" },
  );
  assertEquals(planInNames(plan, names), plan);
});

Deno.test("an observation of the board comes back with the fixture's names", () => {
  const plan = planOf({ kind: "netdev.show", dev: "fm0" });
  const trace: SequenceTrace = {
    ...planInNames(plan, names),
    steps: planInNames(plan, names).steps.map((step) => ({
      ...step,
      observation: {
        ...emptyObservation(),
        reply: { ifname: "lan0", flags: ["UP"], operstate: "UP" },
        link: { init: ["lan0", "lan1"].map((ifname) => ({ event: "new", ifname, flags: [], operstate: "UP" })) },
        kmsg: [
          { class: "info", text: "mtk_soc_eth 15100000.ethernet lan0: Link is Down" },
          { class: "info", text: "mtk_soc_eth 15100000.ethernet lan1: Link is Down" },
          { class: "info", text: "mtk-pcs mdio:08: probed", device: "+mdio_bus:mdio:08" },
          { class: "info", text: "mtk-pcs: version 3" },
          { class: "info", text: "it fails", device: "+platform:15100000.ethernet" },
          { class: "info", text: "it fails", device: "+platform:15200000.ethernet" },
        ],
      },
    })),
  };
  const [step] = traceInFixtureNames(trace, plan, names).steps;
  assertEquals(step!.op, plan.steps[0]!.op);
  assertEquals(step!.observation!.reply, { ifname: "fm0", flags: ["UP"], operstate: "UP" });
  assertEquals(step!.observation!.link["init"]!.map(({ ifname }) => ifname), ["fm0", "lan1"]);
  assertEquals(step!.observation!.kmsg.map(({ device, text }) => `${device ?? ""} ${text}`.trim()), [
    "fakemac fakemac.0 fm0: Link is Down",
    "fakemac fakemac.0 lan1: Link is Down",
    "+platform:fakepcs.0 fakepcs fakepcs.0: probed",
    "fakepcs: version 3",
    "+platform:fakemac.0 it fails",
    "+platform:15200000.ethernet it fails",
  ]);
});

Deno.test("a driver's name may have blanks and a slash: sysfs and the kernel log show it differently", () => {
  const phy = { bus: "mdio_bus", driver: "Marvell 88E308X!88E609X Family", device: "stmmac-1:01" };
  const plan = planOf(unbind("fakepcs", "fakepcs.0"));
  const pushed = planInNames(plan, { ...names, pcs: phy });
  assertEquals(pushed.steps.map(({ op }) => op), [
    { kind: "file.write", path: `/sys/bus/mdio_bus/drivers/${phy.driver}/unbind`, value: "stmmac-1:01" },
  ]);
  const text = "Marvell 88E308X/88E609X Family stmmac-1:01: attached PHY driver";
  const trace: SequenceTrace = {
    ...pushed,
    steps: pushed.steps.map((step) => ({
      ...step,
      observation: { ...emptyObservation(), kmsg: [{ class: "info", text }] },
    })),
  };
  const [step] = traceInFixtureNames(trace, plan, { ...names, pcs: phy }).steps;
  assertEquals(step!.op, plan.steps[0]!.op);
  assertEquals(step!.observation!.kmsg.map(({ text }) => text), ["fakepcs fakepcs.0: attached PHY driver"]);
});
