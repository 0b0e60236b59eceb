/**
 * Suite `phy_rounds`: a PHY's driver goes and comes many times, while nobody uses the PHY and while others use it. A thousand rounds
 * must show what one round shows. The suite takes minutes: it runs only if it is named.
 */

import { assertEquals } from "@std/assert";
import { MAC_WITH_PHY, macWithPhy } from "../../fixtures/mac_with_phy.ts";
import type { Operation } from "../../model/operation.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";

const { netdev, mac: MAC, phy: PHY } = MAC_WITH_PHY;
const SETTLE = { settle: 3500 };
/** phylib polls the PHY once a second. */
const SEEN = { settle: 1500 };

const file = ({ bus, driver, device }: { bus: string; driver: string; device: string }, name: string): Operation => ({
  kind: "file.write",
  path: `/sys/bus/${bus}/drivers/${driver}/${name}`,
  value: device,
});
const PHY_ROUND = [file(PHY, "unbind"), file(PHY, "bind")];
const MAC_ROUND = [file(MAC, "unbind"), file(MAC, "bind")];
const carrier = (dut: Dut) => dut.read(`/sys/class/net/${netdev}/carrier`);
const up = (yes: boolean): Operation => ({ kind: "netdev.set", dev: netdev, up: yes });

/** The netdev comes up with the PHY's own driver, and its carrier follows the cable. */
async function works(dut: Dut): Promise<void> {
  await dut.netdev(netdev).up(SETTLE);
  for (const plugged of [false, true]) {
    await dut.device.link(0, plugged, SETTLE);
    assertEquals(await carrier(dut), plugged ? "1" : "0");
  }
  await dut.netdev(netdev).down(SETTLE);
}

export default suite("phy_rounds", { fixture: macWithPhy("sgmii") }, ({ sequence }) => {
  sequence("1,000 rounds of unbind and bind, the netdev down", {
    source: "P22; 7.8; drivers/net/phy/phy_device.c: phy_probe(), phy_remove()",
  }, async (dut) => {
    await dut.perform({ kind: "rounds", times: 1000, operations: PHY_ROUND });
    await works(dut);
  });

  sequence("100 rounds of up and down, then unbind and bind", {
    source: "P22; 7.8; drivers/net/phy/phy_device.c: phy_attach_direct(), phy_detach()",
  }, async (dut) => {
    await dut.perform({ kind: "rounds", times: 100, operations: [up(true), up(false), ...PHY_ROUND], ...SETTLE });
    await works(dut);
  });

  sequence("100 rounds of unload and load", {
    source: "P22; 7.8; drivers/net/phy/phy_device.c: phy_driver_unregister()",
  }, async (dut) => {
    const { module: name } = PHY;
    await dut.perform({
      kind: "rounds",
      times: 100,
      operations: [{ kind: "module.unload", name }, { kind: "module.load", name }],
    });
    await works(dut);
  });

  sequence("200 rounds of unbind and bind, while the netdev is looked at", {
    source: "P22; 7.8; drivers/net/phy/phylink.c: phylink_ethtool_ksettings_get()",
  }, async (dut) => {
    await dut.perform({
      kind: "rounds",
      times: 200,
      operations: PHY_ROUND,
      meanwhile: [
        { kind: "ethtool.show", dev: netdev },
        { kind: "file.read", path: `/sys/class/net/${netdev}/carrier` },
      ],
    });
    await works(dut);
  });

  sequence("5 rounds of the MAC's unbind and bind, while the PHY's driver goes and comes", {
    source: "P22; 7.8; drivers/net/phy/mdio_bus.c: mdiobus_unregister()",
  }, async (dut) => {
    await dut.perform({ kind: "rounds", times: 5, operations: MAC_ROUND, meanwhile: PHY_ROUND, ...SETTLE });
    // Who came last is chance: the next MAC finds its PHY with a driver
    await dut.perform({ kind: "rounds", times: 1, operations: MAC_ROUND, ...SETTLE });
    await works(dut);
  });

  sequence("100 rounds of the cable out and in", {
    source: "drivers/net/phy/phy.c: phy_check_link_status(); phylink.c: phylink_resolve()",
  }, async (dut) => {
    await dut.netdev(netdev).up(SETTLE);
    for (let round = 0; round < 100; round++) {
      for (const plugged of [false, true]) await dut.device.link(0, plugged, SEEN);
    }
    await dut.netdev(netdev).down(SETTLE);
    await works(dut);
  });
});
