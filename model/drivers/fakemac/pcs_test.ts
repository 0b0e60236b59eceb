/** The link of a MAC whose PCS is removed, by the design (docs/semantics.md 7.3). */

import { assert, assertEquals } from "@std/assert";
import { type EraId, Machine, type Operation } from "../../mod.ts";
import {
  bind,
  BOOTED,
  bound,
  cable,
  carrier,
  findings,
  KNOBS,
  linked,
  links,
  log,
  type Options,
  outcome,
  set,
  unbind,
  unload,
  write,
} from "./testing.ts";

/** Returns the results of the steps after s1 and s2, each line on a new machine: s3, s3 s4, s3 s5, s3 s6 s7, s3 s8, s9. */
function table(era: EraId, design: string, options: Options = {}): string[] {
  const after = (...steps: Operation[]) => {
    const machine = linked(era, design, options);
    return `${steps.map((step) => outcome(machine, step)).join("; ")}; carrier ${carrier(machine)}`;
  };
  return [
    after(unbind()),
    after(unbind(), cable(false), cable(true)),
    after(unbind(), set(false)),
    after(unbind(), bind(), set(true)),
    after(unbind(), unbind("fakemac.0")),
    after(unload("fakepcs")),
  ];
}

Deno.test("the fate of a link whose PCS is unbound, by design (docs/semantics.md 7.3, s3 to s9)", async (t) => {
  for (const era of BOOTED) {
    // Before 6.5 phylink does not disable a PCS: it makes no call when the netdev goes down
    const down = era === "6.1" ? "ok" : "ok stale";
    const naive = [
      "ok; carrier 1",
      "ok; ok stale; ok stale; carrier 1",
      `ok; ${down}; carrier EINVAL`,
      "ok; ok; ok; carrier 1",
      `ok; ${down}; carrier ENOENT`,
    ];
    const tables: Record<string, string[]> = {
      none: [...naive, "ok; carrier 1"],
      module_ref: [...naive, "EAGAIN; carrier 1"],
      device_ref: [...naive, "ok; carrier 1"],
      device_link: [
        "ok; carrier ENOENT",
        "ok; ok; ok; carrier ENOENT",
        "ok; client; carrier ENOENT",
        "ok; ok; client; carrier ENOENT",
        "ok; ENODEV; carrier ENOENT",
        "ok; carrier ENOENT",
      ],
      notified: [
        "ok; carrier 0",
        "ok; ok; ok; carrier 0",
        "ok; ok; carrier EINVAL",
        "ok; ok; ok; carrier 1",
        "ok; ok; carrier ENOENT",
        "ok; carrier 0",
      ],
    };
    for (const [design, expected] of Object.entries(tables)) {
      await t.step(`${era} ${design}`, () => assertEquals(table(era, design), expected));
    }
  }
});

Deno.test("designs that no kernel offers (docs/semantics.md 7.3)", async (t) => {
  for (const era of BOOTED) {
    await t.step(`${era} srcu_wrapper: safe, and dead until the MAC is bound again`, () => {
      assertEquals(table(era, "srcu_wrapper", { freedMemory: "poisoned" }), [
        "ok; carrier 0",
        "ok; ok; ok; carrier 0",
        "ok; ok; carrier EINVAL",
        "ok; ok; ok; carrier 0",
        "ok; ok; carrier ENOENT",
        "ok; carrier 0",
      ]);
      const machine = linked(era, "srcu_wrapper");
      machine.perform(unbind());
      machine.perform(set(false));
      assert(log(machine.perform(set(true))).includes("pcs_config failed: -ENODEV"));
      machine.perform(bind());
      assertEquals(outcome(machine, unbind("fakemac.0")), "ok");
      assertEquals(outcome(machine, bind("fakemac.0")), "ok");
      assertEquals(outcome(machine, set(true)), "ok");
      assertEquals(carrier(machine), "1");
    });
    await t.step(`${era} srcu_wrapper as it was posted: breaks in a configuration`, () => {
      const machine = linked(era, "srcu_wrapper_posted");
      assertEquals(outcome(machine, unbind()), "ok");
      assertEquals(outcome(machine, cable(true)), "ok");
      assertEquals(outcome(machine, set(false)), "ok");
      assertEquals(outcome(machine, set(true)), era === "6.1" ? "ok" : "killed oops");
    });
    await t.step(`${era} device_link_used: the unbind of an unused PCS does not unbind the MAC`, () => {
      assertEquals(table(era, "device_link_used"), table(era, "device_link"));
      const machine = bound(era, "device_link_used");
      machine.perform(set(true, "fm1"));
      assertEquals(outcome(machine, unbind()), "ok");
      assertEquals(carrier(machine, "fm1"), "1");
      assertEquals(outcome(machine, set(true)), "ok");
      assertEquals(carrier(machine), "0");
      assertEquals(outcome(machine, bind()), "ok");
      machine.perform(set(false));
      assertEquals(outcome(machine, set(true)), "ok");
      assertEquals(carrier(machine), "1");
    });
    await t.step(`${era} device_link_used: phylink keeps its pointer while the netdev is down`, () => {
      const machine = linked(era, "device_link_used");
      assertEquals(outcome(machine, set(false)), "ok");
      assertEquals(outcome(machine, unbind()), "ok");
      assertEquals(outcome(machine, { kind: "ethtool.show", dev: "fm0" }), "ok stale");
      assertEquals(outcome(machine, set(true)), era === "6.1" ? "ok" : "ok stale");
    });
  }
});

Deno.test("with poisoned memory the first call on a removed PCS is an oops, and RTNL may stay held for ever", async (t) => {
  for (const era of BOOTED) {
    const disables = era !== "6.1";
    await t.step(`${era}: a cable event breaks the work`, () => {
      const machine = linked(era, "none", { freedMemory: "poisoned" });
      assertEquals(outcome(machine, unbind()), "ok");
      const event = machine.perform(cable(true));
      assertEquals(event.result, "ok");
      assertEquals(event.kmsg.map((line) => line.class), ["oops"]);
      assert(event.kmsg[0]!.text.includes("phylink_mac_pcs_get_state <- phylink_resolve"));
      // After the oops, 6.1 runs no other work on that CPU, so the links of other netdevs do not come up; 6.12 does
      assertEquals(outcome(machine, set(true, "fm1")), "ok");
      assertEquals(carrier(machine, "fm1"), era === "6.1" ? "0" : "1");
      assertEquals(outcome(machine, set(false, "fm1")), era === "6.1" ? "hang" : "ok");
      // The work never ends, so phylink_stop() waits for ever, and its task keeps RTNL
      assertEquals(outcome(machine, set(false)), "hang");
      assertEquals(outcome(machine, { kind: "ethtool.show", dev: "fm1" }), "hang");
      assertEquals(carrier(machine, "fm1"), era === "6.1" ? "EINVAL" : "hang", "6.1 reads it without RTNL");
    });
    await t.step(`${era}: ip(8) itself is killed when it calls the PCS`, () => {
      const machine = linked(era, "none", { freedMemory: "poisoned" });
      machine.perform(unbind());
      assertEquals(outcome(machine, set(false)), disables ? "killed oops" : "ok");
      if (!disables) assertEquals(outcome(machine, set(true)), "killed oops");
      assertEquals(outcome(machine, set(true, "fm1")), "hang");
      // rtnetlink of 7.x looks up the netdev before it waits for RTNL; ethtool's netlink always did
      assertEquals(outcome(machine, set(true, "nosuch")), era.startsWith("7.") ? "client" : "hang");
      assertEquals(outcome(machine, { kind: "ethtool.show", dev: "nosuch" }), "ENODEV");
    });
    await t.step(`${era}: notified has nothing to break`, () => {
      assertEquals(table(era, "notified", { freedMemory: "poisoned" }), table(era, "notified"));
    });
  }
});

Deno.test("KASAN reports the first use after free, and the task continues", () => {
  const machine = linked("6.12", "none", { freedMemory: "reported" });
  machine.perform(unbind());
  assertEquals(findings(machine.perform(cable(false))), ["kasan", "stale"]);
  assertEquals(findings(machine.perform(cable(true))), ["stale", "stale"]);
});

Deno.test("a PCS whose module is gone cannot be called, with any content of its memory", () => {
  for (const freedMemory of ["kept", "poisoned", "reported"] as const) {
    const machine = linked("6.12", "none", { freedMemory });
    assertEquals(outcome(machine, unload("fakepcs")), "ok");
    // KASAN reports the memory before the missing text of the operations is an oops (seen on a kernel with KASAN).
    assertEquals(outcome(machine, cable(false)), freedMemory === "reported" ? "ok kasan,oops" : "ok oops");
  }
});

Deno.test("a polled PCS is called within a second after its removal, without any event", () => {
  const machine = linked("6.12", "none", { poll: 1 });
  const gone = machine.perform(unbind());
  assertEquals(log(gone), [
    "fakepcs fakepcs.0: removed, generation 1",
    "fakepcs: fakepcs.0#1 pcs_get_state link 1 on a removed PCS",
  ]);
  const told = linked("6.12", "notified", { poll: 1 });
  assertEquals(findings(told.perform(unbind())), []);
});

Deno.test("notified: the link goes down before the PCS is removed, and comes up with the next PCS (P05)", () => {
  const machine = linked("6.12", "notified");
  const gone = machine.perform(unbind());
  assertEquals(links(gone), ["new fm0 DOWN"]);
  assertEquals(log(gone), [
    "mac_link_down",
    "Link is Down",
    "fakepcs: fakepcs.0#1 pcs_disable",
    "configuring for inband/1000base-x link mode",
    "fakepcs: fakepcs.0#1 pcs_disable",
    "mac_config 1000base-x",
    "fakepcs fakepcs.0: removed, generation 1",
  ]);
  const back = machine.perform(bind());
  assertEquals(links(back), ["new fm0 UP"]);
  assertEquals(log(back).slice(0, 4), [
    "fakepcs fakepcs.0: probed, generation 2",
    "configuring for inband/1000base-x link mode",
    "mac_config 1000base-x",
    "fakepcs: fakepcs.0#2 pcs_enable",
  ]);
});

Deno.test("device_link removes all netdevs of the MAC, notified affects only the netdev that uses the PCS (P08)", () => {
  for (const [design, expected] of [["device_link", ["ENOENT", "ENOENT"]], ["notified", ["1", "1"]]] as const) {
    const machine = linked("6.12", design);
    machine.perform(set(true, "fm1"));
    machine.perform(set(true, "fm2"));
    const gone = machine.perform(unbind());
    assertEquals<string[]>([carrier(machine, "fm1"), carrier(machine, "fm2")], [...expected]);
    if (design === "notified") assertEquals(links(gone), ["new fm0 DOWN"]);
    else {
      assertEquals(links(gone), [
        "new fm0 DOWN",
        "del fm0 DOWN",
        "new fm1 DOWN",
        "del fm1 DOWN",
        "new fm2 DOWN",
        "del fm2 DOWN",
      ]);
      // The kernel does not probe the MAC again without a request
      assertEquals(links(machine.perform(bind())), []);
      assertEquals(outcome(machine, bind("fakemac.0")), "ok");
    }
  }
});

Deno.test("the removal of an unused PCS has an effect only with a device link (P10)", () => {
  for (
    const [design, expected] of [["none", []], ["notified", []], ["device_link", [
      "del fm0 DOWN",
      "del fm1 DOWN",
      "del fm2 DOWN",
    ]]] as const
  ) {
    const machine = bound("6.12", design);
    assertEquals(links(machine.perform(unbind("fakepcs.2"))), [...expected]);
  }
});

Deno.test("a MAC that is probed before its PCS is deferred, or works without a PCS (P11)", () => {
  for (const design of ["none", "module_ref", "device_ref", "device_link"]) {
    const machine = new Machine({ era: "6.12" });
    machine.perform({ kind: "module.load", name: "fakemac", params: { design } });
    assertEquals(outcome(machine, bind("fakemac.0")), "EAGAIN");
    assertEquals(carrier(machine), "ENOENT");
    const late = machine.perform({ kind: "module.load", name: "fakepcs", settle: 300 });
    assertEquals(log(late).at(-1), "fakemac fakemac.0: probed");
  }
  const machine = new Machine({ era: "6.12" });
  machine.perform({ kind: "module.load", name: "fakemac", params: { design: "notified" } });
  machine.perform(set(true));
  assertEquals(carrier(machine), "0");
  machine.perform({ kind: "module.load", name: "fakepcs", settle: 1200 });
  assertEquals(carrier(machine), "1");
});

Deno.test("a manual bind that is deferred is not tried again when the PCS is bound (P11)", () => {
  const machine = bound("6.12", "none");
  machine.perform(unbind("fakemac.0"));
  machine.perform(unbind());
  assertEquals(outcome(machine, bind("fakemac.0")), "EAGAIN");
  machine.perform(bind());
  assertEquals(carrier(machine), "ENOENT");
});

Deno.test("a change of mode selects another PCS; the used PCS then decides what can be removed (P15)", async (t) => {
  for (const era of BOOTED) {
    for (const design of ["none", "notified"]) {
      await t.step(`${era} ${design}`, () => {
        const machine = bound(era, design);
        machine.perform(set(true, "fm2"));
        const change = machine.perform(write(`${KNOBS}/fm2/mode`, "2500base-x"));
        assertEquals(log(change).at(-1), "fakemac fakemac.0 fm2: Link is Up - 2.5Gbps/Full - flow control off");
        assertEquals(findings(machine.perform(unbind("fakepcs.1"))), []);
        assertEquals(findings(machine.perform(cable(false, "fm2"))), []);
        assertEquals(findings(machine.perform(unbind("fakepcs.2"))), []);
        const called = design === "none" ? ["stale"] : [];
        assertEquals(findings(machine.perform(cable(true, "fm2"))), called);
      });
    }
    await t.step(`${era}: if the MAC returns no PCS, phylink keeps the previous one; 7.x drops it`, () => {
      const machine = bound(era, "none");
      machine.perform(set(true, "fm2"));
      machine.perform(write(`${KNOBS}/fm2/mode`, "gmii"));
      machine.perform(unbind("fakepcs.1"));
      const sticky = era === "6.1" || era === "6.12";
      machine.perform(cable(false, "fm2"));
      assertEquals(findings(machine.perform(cable(true, "fm2"))), sticky ? ["stale"] : []);
    });
  }
});

Deno.test("notified releases a PCS that phylink kept since the MAC returned none (P15)", () => {
  for (const era of ["6.1", "6.12"] as const) {
    const machine = bound(era, "notified");
    machine.perform(set(true, "fm2"));
    machine.perform(write(`${KNOBS}/fm2/mode`, "gmii"));
    assertEquals(findings(machine.perform(unbind("fakepcs.1"))), []);
    assertEquals(carrier(machine, "fm2"), "1");
    machine.perform(cable(false, "fm2"));
    assertEquals(findings(machine.perform(cable(true, "fm2"))), []);
  }
});
