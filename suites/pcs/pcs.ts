/**
 * Sequences on a PCS whose driver is unbound while a MAC's phylink points at it: docs/semantics.md 7, P01 to P18. Each design of
 * holding on to a PCS is taken through the same steps, on the MAC and the PCS of `fixtures/pcs`.
 */

import { assertEquals } from "@std/assert";
import { PCS_DESIGNS, type PcsDesign } from "../../boards/schema.ts";
import { MAC_WITH_PCS, macWithPcs } from "../../fixtures/mac_with_pcs.ts";
import type { Era } from "../../model/mod.ts";
import type { Json } from "../../model/observation.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";

/** Designs in which phylink keeps a pointer to a PCS that is gone. */
const DANGLING: ReadonlySet<PcsDesign> = new Set(["none", "module_ref", "device_ref"]);

/** The work items of phylink and of the driver core run at once, on a board within some ms. */
const SETTLE = { settle: 300 };
/** phylink polls once a second; linkwatch may tell of a link that went and came back a second later. */
const SECOND = { settle: 1500 };

const mac = (dut: Dut) => dut.driver("platform", "fakemac");
const pcs = (dut: Dut) => dut.driver("platform", "fakepcs");
const cable = (dut: Dut, netdev: string, plugged: boolean, settling = SETTLE) =>
  dut.write(MAC_WITH_PCS.cable(netdev), plugged ? "1" : "0", settling);
const stateOf = (shown: Json) => (shown as { operstate: string }).operstate;

/** Looks at netdevs, which may be gone. */
function look(dut: Dut, ...netdevs: string[]): void {
  for (const netdev of netdevs) {
    dut.netdev(netdev).show().either();
    dut.netdev(netdev).ethtool().either();
  }
}

/** s2: the link comes up. */
async function linkUp(dut: Dut, netdev = "fm0"): Promise<void> {
  await dut.netdev(netdev).up(SETTLE);
  assertEquals(stateOf(await dut.netdev(netdev).show()), "UP");
}

/** The fixture's MAC has `mac_select_pcs`, which phylink calls from 5.18 on. */
const SELECTS = {
  in: (era: Era) => era.phylink.selects,
  because: "phylink asks a MAC for its PCS from 5.18 on",
};

export default suite("pcs", { fixture: macWithPcs() }, ({ sequence: define }) => {
  const sequence: typeof define = (name, options, body) => define(name, { holds: SELECTS, ...options }, body);
  for (const design of PCS_DESIGNS) {
    const fixture = macWithPcs({ design });

    sequence(`${design}: unbound while the link is up`, { source: "P02; s1 s2 s3", fixture }, async (dut) => {
      await linkUp(dut);
      await pcs(dut).unbind("fakepcs.0", SETTLE);
      dut.netdev("fm0").show().either();
    });

    sequence(`${design}: a cable event after the unbind`, { source: "P03; s1 s2 s3 s4", fixture }, async (dut) => {
      await linkUp(dut);
      await pcs(dut).unbind("fakepcs.0", SETTLE);
      await cable(dut, "fm0", false);
      await cable(dut, "fm0", true);
      look(dut, "fm0");
    });

    sequence(`${design}: taken down after the unbind`, { source: "P04; s1 s2 s3 s5", fixture }, async (dut) => {
      await linkUp(dut);
      await pcs(dut).unbind("fakepcs.0", SETTLE);
      dut.netdev("fm0").down(SETTLE).either();
      look(dut, "fm0");
    });

    sequence(`${design}: bound again`, { source: "P05; s1 s2 s3 s6 s7", fixture }, async (dut) => {
      await linkUp(dut);
      await pcs(dut).unbind("fakepcs.0", SETTLE);
      await pcs(dut).bind("fakepcs.0", SETTLE);
      dut.netdev("fm0").show().either();
      if (design === "device_link") {
        // The kernel does not probe a consumer again: the MAC is bound by hand, and has new netdevs.
        await mac(dut).bind("fakemac.0", SETTLE);
        await linkUp(dut);
      } else {
        await cable(dut, "fm0", false);
        await cable(dut, "fm0", true);
      }
      await dut.netdev("fm0").restart(SETTLE);
      look(dut, "fm0");
      if (!DANGLING.has(design)) assertEquals(stateOf(await dut.netdev("fm0").show()), "UP");
    });

    sequence(`${design}: the MAC unbound after its PCS`, { source: "s1 s2 s3 s8", fixture }, async (dut) => {
      await linkUp(dut);
      await pcs(dut).unbind("fakepcs.0", SETTLE);
      mac(dut).unbind("fakemac.0", SETTLE).either();
      look(dut, "fm0");
    });

    sequence(`${design}: the module of the PCS unloaded`, { source: "P06; s1 s2 s9", fixture }, async (dut) => {
      await linkUp(dut);
      const { result } = dut.module("fakepcs").unload(SETTLE).either();
      assertEquals(result, design === "module_ref" ? "EAGAIN" : "ok");
      dut.netdev("fm0").show().either();
      await cable(dut, "fm0", false);
      await cable(dut, "fm0", true);
    });
  }

  // A reference to the module or to the device does not change the outcome of these sequences.
  for (const design of ["none", "device_link", "notified"] as const) {
    const fixture = macWithPcs({ design });

    sequence(
      `${design}: unbound while the netdev is down, which then comes up`,
      { source: "P01", fixture },
      async (dut) => {
        await pcs(dut).unbind("fakepcs.0", SETTLE);
        dut.netdev("fm0").up(SETTLE).either();
        look(dut, "fm0");
      },
    );

    sequence(`${design}: one of several netdevs uses the PCS`, { source: "P08", fixture }, async (dut) => {
      await linkUp(dut, "fm0");
      await linkUp(dut, "fm1");
      await pcs(dut).unbind("fakepcs.0", SETTLE);
      const { result, reply } = dut.netdev("fm1").show().either();
      // The device link knows devices only: the netdev that has nothing to do with the PCS goes too.
      assertEquals(result === "ok" ? stateOf(reply) : "gone", design === "device_link" ? "gone" : "UP");
      look(dut, "fm1");
    });

    sequence(`${design}: the interface mode needs no PCS`, { source: "P10", fixture }, async (dut) => {
      await dut.write(MAC_WITH_PCS.mode, "gmii");
      await linkUp(dut, "fm2");
      await pcs(dut).unbind("fakepcs.1", SECOND);
      dut.netdev("fm2").show().either();
      await cable(dut, "fm2", false);
      await cable(dut, "fm2", true);
      look(dut, "fm2");
    });

    sequence(`${design}: the MAC is probed before its PCS`, {
      source: "P11",
      fixture: { ...macWithPcs({ design, load: false }), teardown: fixture.teardown },
    }, async (dut) => {
      const { result } = mac(dut).bind("fakemac.0", SETTLE).either();
      assertEquals(result, design === "notified" ? "EBUSY" : "EAGAIN");
      dut.netdev("fm0").show().either();
      await dut.module("fakepcs").load({}, SETTLE);
      await dut.netdev("fm0").up(SETTLE);
      assertEquals(stateOf(await dut.netdev("fm0").show()), "UP");
    });

    sequence(
      `${design}: a mode change leaves a PCS, which is then unbound`,
      { source: "P15", fixture },
      async (dut) => {
        await linkUp(dut, "fm2");
        await dut.write(MAC_WITH_PCS.mode, "2500base-x", SECOND);
        look(dut, "fm2");
        await pcs(dut).unbind("fakepcs.1", SECOND);
        dut.netdev("fm2").show().either();
        await cable(dut, "fm2", false);
        await cable(dut, "fm2", true);
        look(dut, "fm2");
      },
    );

    sequence(
      `${design}: a mode change to no PCS, the old one is then unbound`,
      { source: "P15", fixture },
      async (dut) => {
        await linkUp(dut, "fm2");
        await dut.write(MAC_WITH_PCS.mode, "gmii", SECOND);
        await pcs(dut).unbind("fakepcs.1", SECOND);
        await cable(dut, "fm2", false);
        await cable(dut, "fm2", true);
        look(dut, "fm2");
      },
    );

    sequence(`${design}: a polled PCS is unbound`, {
      source: "P02; polled",
      fixture: macWithPcs({ design, poll: true }),
    }, async (dut) => {
      await linkUp(dut);
      await cable(dut, "fm0", false, SECOND);
      await cable(dut, "fm0", true, SECOND);
      await pcs(dut).unbind("fakepcs.0", SECOND);
      dut.netdev("fm0").show().either();
      dut.netdev("fm0").down(SETTLE).either();
    });
  }

  for (const design of ["none", "module_ref"] as const) {
    sequence(`${design}: a MAC that makes its PCS itself`, {
      source: "P07",
      fixture: macWithPcs({ design, self: true }),
    }, async (dut) => {
      await linkUp(dut);
      const { result } = dut.module("fakemac").unload(SETTLE).either();
      assertEquals(result, design === "module_ref" ? "EAGAIN" : "ok");
      if (result === "ok") return;
      await mac(dut).unbind("fakemac.0", SETTLE);
      await dut.module("fakemac").unload(SETTLE);
    });
  }

  sequence("notified: twenty rounds while the cable flaps", {
    source: "P12",
    fixture: macWithPcs({ design: "notified" }),
  }, async (dut) => {
    await linkUp(dut);
    await dut.perform({
      kind: "rounds",
      times: 20,
      operations: (["unbind", "bind"] as const).map((file) => ({
        kind: "file.write",
        path: MAC_WITH_PCS[file]("fakepcs"),
        value: "fakepcs.0",
      })),
      meanwhile: ["0", "1"].map((value) => ({ kind: "file.write", path: MAC_WITH_PCS.cable("fm0"), value })),
      ...SECOND,
    });
    await cable(dut, "fm0", false);
    await cable(dut, "fm0", true);
    assertEquals(stateOf(await dut.netdev("fm0").show()), "UP");
  });

  for (const design of ["device_link", "notified"] as const) {
    sequence(`${design}: unbound while phylink asks it for its state`, {
      source: "P16",
      fixture: macWithPcs({ design }),
    }, async (dut) => {
      await linkUp(dut);
      await cable(dut, "fm0", false);
      await dut.write(MAC_WITH_PCS.delay, "1500");
      // phylink is asking, and sleeps in the PCS's own code, when the unbind comes.
      await cable(dut, "fm0", true, { settle: 0 });
      await pcs(dut).unbind("fakepcs.0", { settle: 2500 });
      await dut.write(MAC_WITH_PCS.delay, "0");
      look(dut, "fm0");
    });
  }

  sequence("notified: taken down while it has its PCS", {
    source: "s2 s5",
    fixture: macWithPcs({ design: "notified" }),
  }, async (dut) => {
    await linkUp(dut);
    await dut.netdev("fm0").down(SETTLE);
    await linkUp(dut);
  });

  sequence("a device link is nothing that devlink knows of", {
    source: "P18",
    fixture: macWithPcs({ design: "device_link" }),
  }, async (dut) => {
    await linkUp(dut);
    assertEquals(await dut.dev.list(), { dev: {} });
    const { notify } = pcs(dut).unbind("fakepcs.0", SETTLE).either();
    assertEquals(notify, {});
    assertEquals(await dut.dev.list(), { dev: {} });
    dut.netdev("fm0").show().fails();
  });
});
