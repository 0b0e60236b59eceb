/** The driver of a PHY is unbound under its MAC: compares the model with measurements on kernels. */

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

/** True for kernels that always break: from 7.x on, phylib calls the driver that was unbound. */
const always = (era: EraId) => era.startsWith("7.");

Deno.test("the unbind itself succeeds without a log line, and the carrier stays", () => {
  for (const era of BOOTED) {
    for (const hardware of ["stmmac_sgmii", "stmmac_rgmii"] as const) {
      const machine = linked(era, hardware);
      const { result, kmsg, link } = machine.perform(unbindPhy);
      assertEquals([result, kmsg, link, carrier(machine)], ["ok", [], {}, "1"], `${era} ${hardware}`);
    }
  }
});

Deno.test("a PHY with a driver notices an unplugged cable; without a driver only a PCS does", async (t) => {
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
        // The state machine does not run after the driver is bound again either
        quietly(machine, bindPhy);
        assertEquals(follow(), hasPcs(era) ? seen : [["", "1"], ["", "1"]]);
      });
    }
  }
});

Deno.test("ethtool shows the last state that phylib knew; restarting the negotiation has no effect", () => {
  for (const era of BOOTED) {
    const machine = linked(era);
    const { reply } = machine.perform(ethtool);
    quietly(machine, unbindPhy, ethtool, restart);
    assertEquals(machine.perform(ethtool).reply, reply);
    assertEquals(reply, { speed: 1000, duplex: "full", autoneg: true, link: true });
  }
});

Deno.test("the netdev is set down, or the MAC unbound, after the PHY's driver was unbound", async (t) => {
  for (const era of BOOTED) {
    for (const hardware of ["stmmac_sgmii", "stmmac_rgmii"] as const) {
      for (const memory of ["kept", "poisoned"] as const) {
        // On 5.10 a CPU spins on the lock of an overwritten trigger: not measured
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

Deno.test("the oops is in the LED trigger, or where phylib reads the driver; RTNL stays locked", () => {
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
  // phylink was notified before: its work sets the link down, unless the work needs the lock that the dead task holds
  assertEquals(first("6.12", "poisoned").log.at(-1), "Link is Down");
  assertEquals(first("7.3", "poisoned").log.length, 1);
});

Deno.test("the link was down at the unbind: safe up to 6.12, and the PHY comes up as Generic PHY", () => {
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

Deno.test("the driver bound again while the netdev is up: a dead state machine, a WARN at the next down, then all is well", () => {
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

Deno.test("then with RGMII, phylink takes the old link for the new one: the carrier is up at once, without speed and MAC", () => {
  for (const era of BOOTED) {
    const machine = linked(era, "stmmac_rgmii");
    quietly(machine, unbindPhy, bindPhy);
    machine.perform(down);
    const told = log(machine.perform(up));
    const disabled = "unsupported speed Unknown on rgmii, leaving the MAC disabled";
    assertEquals(told.includes(disabled), era === "6.12" || always(era), era);
    assertEquals(carrier(machine), "1");
    // The next link is handled as a new link
    quietly(machine, cable(false));
    assertEquals(log(machine.perform(cable(true))), ["Link is Up - 1Gbps/Full - flow control off"]);
  }
});

Deno.test("unbound while the netdev is down: the generic driver at the next up, and its own driver again after a bind", () => {
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

Deno.test("the reference to the module is never dropped after an unbind of an attached PHY", () => {
  const machine = linked("6.12");
  const seen = [references(machine)];
  for (const step of [unbindPhy, down, up, down, bindPhy, up]) {
    machine.perform(step);
    seen.push(references(machine));
    if (step === down) assertEquals(outcome(machine, unload), "EAGAIN");
  }
  assertEquals(seen, ["1", "1", "1", "1", "1", "1", "2"]);
});

Deno.test("the module of an unused PHY can be unloaded, which unbinds its driver", () => {
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
