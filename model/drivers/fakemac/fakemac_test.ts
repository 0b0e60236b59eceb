/** The drivers of MAC and PCS: their modules, bind and unbind, ethtool, and their log. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type FreedMemory, ModelGap, type Operation } from "../../mod.ts";
import {
  bind,
  BOOTED,
  bound,
  cable,
  DRIVERS,
  findings,
  KNOBS,
  linked,
  links,
  log,
  outcome,
  read,
  set,
  unbind,
  unload,
  write,
} from "./testing.ts";

Deno.test("a PCS that the MAC makes itself pins its own module, if it takes a reference (P07)", () => {
  for (const [design, expected] of [["module_ref", "EAGAIN"], ["none", "ok"]] as const) {
    const machine = bound("6.12", design, { self: 1 });
    machine.perform(unload("fakepcs"));
    assertEquals(outcome(machine, unload("fakemac")), expected);
    if (expected === "ok") continue;
    machine.perform(unbind("fakemac.0"));
    assertEquals(outcome(machine, unload("fakemac")), "ok");
  }
});

Deno.test("ethtool before a netdev is first up, while it is up, and after that", () => {
  for (const era of BOOTED) {
    const machine = bound(era, "none");
    const shown = () => machine.perform({ kind: "ethtool.show", dev: "fm0" }).reply;
    const known = { speed: 1000, duplex: "full", autoneg: true };
    // 7.x does not know yet that the link is in-band, and shows values that were never written
    const never = era.startsWith("7.")
      ? { speed: null, duplex: "half", autoneg: false }
      : { speed: null, duplex: null, autoneg: true };
    assertEquals(shown(), { ...never, link: false }, era);
    machine.perform(set(true));
    assertEquals(shown(), { ...known, link: true });
    machine.perform(set(false));
    assertEquals(shown(), { ...known, link: false });
    assertEquals(outcome(machine, { kind: "ethtool.show", dev: "fm7" }), "ENODEV");
  }
});

Deno.test("a PCS is unbound while phylink reads its state (P16)", () => {
  const slow = (design: string, freedMemory: FreedMemory, ...before: Operation[]) => {
    const machine = linked("6.12", design, { freedMemory });
    for (const operation of before) machine.perform(operation);
    machine.perform(write(`${KNOBS}/delay`, "500"));
    machine.perform({ kind: "file.write", path: `${KNOBS}/fm0/cable`, value: "1" });
    assert(machine.unsettled);
    return machine;
  };
  const gone: Operation = { ...unbind(), settle: 2000 };
  assertEquals(log(slow("none", "kept").perform(gone)), [
    "fakepcs fakepcs.0: removed, generation 1",
    "fakepcs: fakepcs.0#1 pcs_get_state link 1 on a removed PCS",
  ]);
  assertEquals(findings(slow("none", "poisoned").perform(gone)), ["oops"]);
  const machine = slow("notified", "poisoned");
  const begin = machine.now;
  assertEquals(findings(machine.perform({ ...unbind(), settle: 0 })), []);
  assert(machine.now - begin >= 500, "it waits for the work that asks");
  // At any time of the unbind, the PCS has not reported its state yet.
  for (const design of ["device_link", "notified"]) {
    const late = slow(design, "poisoned", cable(false));
    assertEquals(log(late.perform({ kind: "wait", ms: 30_000 })), []);
    assertEquals(log(late.perform(gone))[0], "fakepcs: fakepcs.0#1 pcs_get_state link 1");
  }
  const nobody = slow("notified", "poisoned", cable(false));
  assertEquals(log(nobody.perform({ kind: "wait", ms: 61_000 }))[0], "fakepcs: fakepcs.0#1 pcs_get_state link 1");
});

Deno.test("modules: a used module stays, an unknown module is a gap, and a bad design is refused", () => {
  const machine = bound("6.12", "none");
  assertEquals(outcome(machine, unload("fakemac")), "EAGAIN");
  for (const kind of ["module.load", "module.unload"] as const) {
    assertThrows(() => machine.perform({ kind, name: "nosuch" }), ModelGap);
  }
  assertEquals(outcome(machine, unload("fakepcs")), "ok");
  assertEquals(outcome(machine, unload("fakemac")), "ok");
  assertEquals(outcome(machine, { kind: "module.load", name: "fakemac", params: { design: "hope" } }), "EINVAL");
  assertEquals(outcome(machine, { kind: "module.load", name: "fakepcs", settle: 300 }), "ok");
});

Deno.test("an rmmod that the kernel kills leaves a module that cannot be unloaded", () => {
  const machine = linked("6.12", "none");
  assertEquals(outcome(machine, unload("fakepcs")), "ok");
  assertEquals(outcome(machine, unload("fakemac")), "killed oops");
  assertEquals(outcome(machine, unload("fakemac")), "EBUSY");
  assertEquals(outcome(machine, { kind: "module.load", name: "fakepcs" }), "ENOENT");
});

Deno.test("bind and unbind: errnos (docs/semantics.md 6.1)", () => {
  const machine = bound("6.12", "none");
  assertEquals(outcome(machine, bind("fakepcs.0")), "EBUSY");
  assertEquals(outcome(machine, bind("fakepcs.7")), "ENODEV");
  assertEquals(outcome(machine, unbind("fakepcs.7")), "ENODEV");
  assertEquals(outcome(machine, write(`${DRIVERS}/fakepcs/bind`, "fakemac.0")), "ENODEV");
  assertEquals(outcome(machine, write(`${DRIVERS}/fakepcs/unbind`, "fakemac.0")), "ENODEV");
  assertEquals(outcome(machine, unbind()), "ok");
  assertEquals(outcome(machine, unbind()), "ENODEV");
});

Deno.test("a machine is unsettled while work is left", () => {
  const machine = bound("6.12", "none");
  machine.perform({ kind: "netdev.set", dev: "fm0", up: true });
  assert(machine.unsettled);
  machine.perform(cable(false));
  assertEquals(machine.unsettled, false);
  // Two events within a second: the second event has to wait
  machine.perform({ kind: "file.write", path: `${KNOBS}/fm0/cable`, value: "1", settle: 0 });
  machine.perform({ kind: "file.write", path: `${KNOBS}/fm0/cable`, value: "0" });
  assert(machine.unsettled);
  assertEquals(machine.perform(read("/sys/class/net/fm0/operstate")).sysfs, "up");
  machine.perform({ kind: "wait", ms: 1000 });
  assertEquals(machine.unsettled, false);
  assertEquals(machine.perform(read("/sys/class/net/fm0/operstate")).sysfs, "down");
});

Deno.test("a carrier that comes up is announced at once, and other events still wait", () => {
  const machine = linked("6.12", "none");
  const knob = (value: string): Operation => ({
    kind: "file.write",
    path: `${KNOBS}/fm0/cable`,
    value,
    settle: 0,
  });
  const at = (op: Operation) => machine.perform({ ...op, settle: undefined } as unknown as Operation);
  at(knob("0"));
  at(knob("1"));
  at(knob("0"));
  assertEquals(links(at({ kind: "netdev.set", dev: "fm1", up: true })), ["new fm1 DOWN", "new fm1 UP"]);
  assertEquals(machine.perform(read("/sys/class/net/fm0/operstate")).sysfs, "up");
  assertEquals(links(machine.perform(set(true, "fm2"))), ["new fm2 DOWN", "new fm2 UP", "new fm0 DOWN"]);
});
