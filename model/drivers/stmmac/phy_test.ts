/** The driver of a PHY is unbound under its MAC: each cell as it was measured on the kernels. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { EraId, FreedMemory, HardwareId, Machine, Operation } from "../../mod.ts";
import {
  bindMac,
  bindPhy,
  BOOTED,
  cable,
  carrier,
  down,
  ethtool,
  linked,
  log,
  outcome,
  references,
  restart,
  unbindMac,
  unbindPhy,
  unload,
  up,
} from "./testing.ts";

/** Performs steps that succeed without a finding. */
function quietly(machine: Machine, ...steps: readonly Operation[]): void {
  for (const step of steps) assertEquals(outcome(machine, step), "ok");
}

/** From 7.x on phylib asks the driver that was unbound: such a kernel always breaks. */
const always = (era: EraId) => era.startsWith("7.");

Deno.test("the unbind itself: rc 0, no word, the carrier stays", () => {
  for (const era of BOOTED) {
    for (const hardware of ["stmmac_sgmii", "stmmac_rgmii"] as const) {
      const machine = linked(era, hardware);
      const { result, kmsg, link } = machine.perform(unbindPhy);
      assertEquals([result, kmsg, link, carrier(machine)], ["ok", [], {}, "1"], `${era} ${hardware}`);
    }
  }
});

Deno.test("a cable that goes is seen by a PHY with a driver, and without one by a PCS alone", async (t) => {
  const cases: [HardwareId, (era: EraId) => boolean][] = [
    ["stmmac_sgmii", (era) => era !== "5.10"],
    ["stmmac_rgmii", () => false],
  ];
  for (const [hardware, hasPcs] of cases) {
    for (const era of BOOTED) {
      await t.step(`${era} ${hardware}`, () => {
        const machine = linked(era, hardware);
        const follow = () =>
          [cable(false), cable(true)].map((op) => [log(machine.perform(op)).join(), carrier(machine)]);
        const up = "Link is Up - 1Gbps/Full - flow control off";
        const seen = [["Link is Down", "0"], [up, "1"]];
        assertEquals(follow(), seen);
        quietly(machine, unbindPhy);
        assertEquals(follow(), hasPcs(era) ? seen : [["", "1"], ["", "1"]]);
        // Nor does a state machine run once the driver is back
        quietly(machine, bindPhy);
        assertEquals(follow(), hasPcs(era) ? seen : [["", "1"], ["", "1"]]);
      });
    }
  }
});

Deno.test("ethtool shows what phylib knew last, and a restart of the negotiation has no effect", () => {
  for (const era of BOOTED) {
    const machine = linked(era);
    const { reply } = machine.perform(ethtool);
    quietly(machine, unbindPhy, ethtool, restart);
    assertEquals(machine.perform(ethtool).reply, reply);
    assertEquals(reply, { speed: 1000, duplex: "full", autoneg: true, link: true });
  }
});

Deno.test("the netdev taken down, or the MAC unbound, after the PHY's driver", async (t) => {
  for (const era of BOOTED) {
    for (const hardware of ["stmmac_sgmii", "stmmac_rgmii"] as const) {
      for (const memory of ["kept", "poisoned"] as const) {
        // In 5.10 a CPU spins on the lock of a trigger that was overwritten: not measured
        const breaks = always(era) || (memory === "poisoned" && era !== "5.10");
        await t.step(`${era} ${hardware} ${memory}`, () => {
          for (const step of [down, unbindMac]) {
            const machine = linked(era, hardware, memory);
            quietly(machine, unbindPhy);
            assertEquals(outcome(machine, step), breaks ? "killed oops" : "ok ?");
          }
        });
      }
    }
  }
});

Deno.test("the oops is in the LED trigger, or where phylib looks for the driver; RTNL stays locked", () => {
  const first = (era: EraId, memory: FreedMemory) => {
    const machine = linked(era, "stmmac_sgmii", memory);
    machine.perform(unbindPhy);
    const observation = machine.perform(down);
    assertEquals(outcome(machine, { kind: "netdev.set", dev: "lo", up: true }), "hang");
    return { text: observation.kmsg[0]!.text, log: log(observation) };
  };
  assertStringIncludes(
    first("6.12", "poisoned").text,
    "led_set_brightness <- led_trigger_event <- phy_led_trigger_change_speed <- phy_link_down",
  );
  assertStringIncludes(first("7.3", "kept").text, "phy_polling_mode <- _phy_state_machine");
  assertStringIncludes(first("7.3", "kept").text, "00000000000001c0");
  // phylink was notified before: its work brings the link down, unless it wants the lock that the dead task holds
  assertEquals(first("6.12", "poisoned").log.at(-1), "Link is Down");
  assertEquals(first("7.3", "poisoned").log.length, 1);
});

Deno.test("a link that was down when the driver went: safe up to 6.12, and the PHY comes up as Generic PHY", () => {
  for (const era of BOOTED) {
    const machine = linked(era, "stmmac_sgmii", "poisoned");
    machine.perform(cable(false));
    quietly(machine, unbindPhy);
    assertEquals(outcome(machine, down), always(era) ? "killed oops" : "ok");
    if (always(era)) continue;
    assertEquals(log(machine.perform(up))[0], "PHY [stmmac-1:01] driver [Generic PHY] (irq=POLL)");
    assertEquals(carrier(machine), "0");
    machine.perform(cable(true));
    assertEquals(carrier(machine), "1");
  }
});

Deno.test("the driver back while the netdev is up: a dead state machine, a WARN at the next down, then all is well", () => {
  for (const era of BOOTED) {
    const machine = linked(era, "stmmac_sgmii", "poisoned");
    quietly(machine, unbindPhy, bindPhy);
    const gone = machine.perform(down);
    assertEquals(gone.kmsg.map(({ class: kind }) => kind), ["info", "warning", "info"]);
    assertEquals(log(gone)[0], "called from state READY");
    assertEquals(log(gone)[2], "Link is Down");
    quietly(machine, up);
    assertEquals(carrier(machine), "1");
    quietly(machine, cable(false));
    assertEquals(carrier(machine), "0");
    quietly(machine, down);
  }
});

Deno.test("by RGMII phylink takes the old link for the new one then: the carrier is there at once, the speed is not, nor the MAC", () => {
  for (const era of BOOTED) {
    const machine = linked(era, "stmmac_rgmii");
    quietly(machine, unbindPhy, bindPhy);
    machine.perform(down);
    const told = log(machine.perform(up));
    const disabled = "unsupported speed Unknown on rgmii, leaving the MAC disabled";
    assertEquals(told.includes(disabled), era === "6.12" || always(era), era);
    assertEquals(carrier(machine), "1");
    // The next link is a new one
    quietly(machine, cable(false));
    assertEquals(log(machine.perform(cable(true))), ["Link is Up - 1Gbps/Full - flow control off"]);
  }
});

Deno.test("unbound while the netdev is down: the generic driver at the next up, and the own one again after bind", () => {
  for (const era of BOOTED) {
    const machine = linked(era, "stmmac_rgmii", "poisoned");
    const driver = () => /driver \[(.*?)\]/.exec(log(machine.perform(up))[0]!)?.[1];
    quietly(machine, down, unbindPhy);
    assertEquals(driver(), "Generic PHY");
    assertEquals(outcome(machine, bindPhy), era === "5.10" ? "ENODEV" : "EBUSY");
    quietly(machine, down, bindPhy);
    assertEquals(driver(), "Marvell 88E1510");
    assertEquals(carrier(machine), "1");
  }
});

Deno.test("the reference to the module: kept for ever by an unbind under the attach", () => {
  const machine = linked("6.12");
  const seen = [references(machine)];
  for (const step of [unbindPhy, down, up, down, bindPhy, up]) {
    machine.perform(step);
    seen.push(references(machine));
    if (step === down) assertEquals(outcome(machine, unload), "EAGAIN");
  }
  assertEquals(seen, ["1", "1", "1", "1", "1", "1", "2"]);
});

Deno.test("the module of a PHY that nobody uses goes, and takes its driver with it", () => {
  const machine = linked("6.12");
  assertEquals(outcome(machine, unload), "EAGAIN");
  quietly(machine, down, unload);
  assert(log(machine.perform(up))[0]!.includes("[Generic PHY]"));
  quietly(machine, down, { kind: "module.load", name: "marvell" });
  assert(log(machine.perform(up))[0]!.includes("[Marvell 88E1510]"));
});

Deno.test("the MAC unbound and bound: a new netdev, and from 7.x on a new devlink instance", () => {
  for (const era of BOOTED) {
    const early = era === "5.10" || era === "6.1";
    const gone = linked(era).perform(unbindMac);
    assertEquals(log(gone).includes("Link is Down"), !early, era);
    assertEquals(gone.link["init"]!.length, early ? 3 : 2, era);
    const machine = linked(era);
    const said = [unbindMac, bindMac].map((op) =>
      (machine.perform(op).notify["init"] ?? []).map(({ command, object }) => `${object},${command}`)
    );
    assertEquals(said, always(era) ? [["param,del", "dev,del"], ["dev,new", "param,new"]] : [[], []]);
    quietly(machine, up);
    assertEquals(carrier(machine), "1");
  }
});
