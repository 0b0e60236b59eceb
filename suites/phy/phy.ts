/**
 * Sequences on a PHY whose driver is unbound under a MAC that uses it, on stock drivers: stmmac, phylink, phylib, marvell.
 * phylib tells nobody of the unbind, and keeps a pointer to the PHY's LED triggers, which it has freed.
 */

import { assertEquals } from "@std/assert";
import { MAC_WITH_PHY, macWithPhy } from "../../fixtures/mac_with_phy.ts";
import { stmmacEra } from "../../model/drivers/stmmac/era.ts";
import type { Era } from "../../model/mod.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";

const { netdev, mac: MAC, phy: PHY } = MAC_WITH_PHY;

/** The kernel polls PHY and PCS once a second, and the netdev follows its carrier up to a second later. */
const SETTLE = { settle: 3500 };
/**
 * Of a step that may break the kernel. It is the last one of its sequence: the task that died holds RTNL, and yet on 7.3 a later
 * task got RTNL in some runs.
 */
const SOON = { settle: 300 };

const net = (dut: Dut) => dut.netdev(netdev);
const macDriver = (dut: Dut) => dut.driver(MAC.bus, MAC.driver);
const phyDriver = (dut: Dut) => dut.driver(PHY.bus, PHY.driver);
const unbindPhy = (dut: Dut) => phyDriver(dut).unbind(PHY.device, SETTLE);
const bindPhy = (dut: Dut) => phyDriver(dut).bind(PHY.device, SETTLE);
const cable = (dut: Dut, plugged: boolean) => dut.device.link(0, plugged, SETTLE);
const carrier = (dut: Dut) => dut.read(`/sys/class/net/${netdev}/carrier`);
const references = (dut: Dut) => dut.read(`/sys/module/${PHY.module}/refcnt`);

/** The link comes up. */
async function linkUp(dut: Dut): Promise<void> {
  await net(dut).up(SETTLE);
  assertEquals(await carrier(dut), "1");
}

/** Pulls the cable out and plugs it in; returns the carrier after each. */
async function follow(dut: Dut): Promise<string[]> {
  const seen: string[] = [];
  for (const plugged of [false, true]) {
    await cable(dut, plugged);
    seen.push(await carrier(dut));
  }
  await net(dut).show();
  return seen;
}

/** From 7.x on phylib asks the driver in each turn of the state machine, also after its unbind. */
const asks = (era: Era) => era.phylib.pollingAsksDriver;
const SURVIVES = { in: (era: Era) => !asks(era), because: "phylib survives that up to 6.12" };

const GOES = "P19; 7.7; drivers/net/phy/phylink.c: phylink_resolve()";
const STOP = "P20; 7.5; 7.6; drivers/net/phy/phy.c: phy_stop()";
const BACK = "P21; 7.7; drivers/net/phy/phy.c: phy_stop()";
const UNUSED = "P22; 7.8; drivers/net/phy/phy_device.c: phy_attach_direct(), phy_detach()";

const LEAK = "a reference to the module of the PHY's driver, which nobody gives back";

export default suite("phy", { fixture: macWithPhy("sgmii") }, ({ sequence }) => {
  for (const wiring of ["sgmii", "rgmii"] as const) {
    const fixture = macWithPhy(wiring);

    sequence(`${wiring}: the carrier follows the cable`, {
      source: "drivers/net/phy/phy.c: phy_check_link_status(); phylink.c: phylink_resolve()",
      fixture,
    }, async (dut) => {
      await linkUp(dut);
      assertEquals(await follow(dut), ["0", "1"]);
      await net(dut).down(SETTLE);
    });

    sequence(`${wiring}: the driver goes while the link is up, and the cable after it`, {
      source: GOES,
      fixture,
    }, async (dut) => {
      await linkUp(dut);
      await unbindPhy(dut);
      assertEquals(await carrier(dut), "1");
      await follow(dut);
    });

    sequence(`${wiring}: the netdev is taken down after the driver is gone`, { source: STOP, fixture }, async (dut) => {
      await linkUp(dut);
      await unbindPhy(dut);
      net(dut).down(SOON).either();
    });

    sequence(`${wiring}: the cable, then the netdev taken down after the driver is gone`, {
      source: STOP,
      fixture,
    }, async (dut) => {
      await linkUp(dut);
      await unbindPhy(dut);
      await net(dut).ethtool();
      await follow(dut);
      net(dut).down(SOON).either();
    });

    sequence(`${wiring}: the driver comes back while the netdev is up`, {
      source: BACK,
      fixture,
    }, async (dut) => {
      await linkUp(dut);
      await unbindPhy(dut);
      await bindPhy(dut);
      await follow(dut);
      await net(dut).down(SETTLE);
      await linkUp(dut);
      assertEquals(await follow(dut), ["0", "1"]);
    });

    sequence(`${wiring}: the driver goes while the netdev is down`, { source: UNUSED, fixture }, async (dut) => {
      await unbindPhy(dut);
      phyDriver(dut).unbind(PHY.device).fails();
      await linkUp(dut);
      assertEquals(await follow(dut), ["0", "1"]);
      phyDriver(dut).bind(PHY.device).fails();
      await net(dut).down(SETTLE);
      await bindPhy(dut);
      await linkUp(dut);
    });
  }

  sequence("ethtool after the driver is gone", {
    source: "P19; 7.7; drivers/net/phy/phylink.c: phylink_ethtool_ksettings_get()",
  }, async (dut) => {
    await linkUp(dut);
    const before = await net(dut).ethtool();
    await unbindPhy(dut);
    assertEquals(await net(dut).ethtool(), before);
    await net(dut).restart(SETTLE);
    assertEquals(await net(dut).ethtool(), before);
    await net(dut).show();
  });

  sequence("the cable is out when the driver goes; then the netdev is taken down", {
    source: STOP,
    spoils: LEAK,
  }, async (dut) => {
    await linkUp(dut);
    await cable(dut, false);
    await unbindPhy(dut);
    net(dut).down(SOON).either();
  });

  sequence("the cable is out when the driver goes: the PHY comes up with the generic driver", {
    source: STOP,
    holds: SURVIVES,
    spoils: LEAK,
  }, async (dut) => {
    await linkUp(dut);
    await cable(dut, false);
    await unbindPhy(dut);
    await net(dut).down(SETTLE);
    await net(dut).up(SETTLE);
    assertEquals(await carrier(dut), "0");
    await cable(dut, true);
    assertEquals(await carrier(dut), "1");
  });

  sequence("the module stays while the MAC uses the PHY", { source: UNUSED }, async (dut) => {
    const unload = () => dut.module(PHY.module).unload(SETTLE);
    await linkUp(dut);
    assertEquals(await references(dut), "1");
    assertEquals(unload().fails().errno, "EAGAIN");
    await unbindPhy(dut);
    assertEquals(await references(dut), "1");
    assertEquals(unload().fails().errno, "EAGAIN");
    await bindPhy(dut);
    assertEquals(await references(dut), "1");
    await net(dut).down(SETTLE);
    assertEquals(await references(dut), "0");
  });

  sequence("the module stays for ever where the driver was gone when the MAC let the PHY go", {
    source: UNUSED,
    holds: SURVIVES,
    spoils: LEAK,
  }, async (dut) => {
    await linkUp(dut);
    await cable(dut, false);
    await unbindPhy(dut);
    await net(dut).down(SETTLE);
    assertEquals(await references(dut), "1");
    assertEquals(dut.module(PHY.module).unload(SETTLE).fails().errno, "EAGAIN");
    await bindPhy(dut);
    await net(dut).up(SETTLE);
    assertEquals(await references(dut), "2");
  });

  sequence("the module is unloaded while the netdev is down, and loaded again", { source: UNUSED }, async (dut) => {
    await dut.module(PHY.module).unload(SETTLE);
    await linkUp(dut);
    await net(dut).down(SETTLE);
    await dut.module(PHY.module).load(undefined, SETTLE);
    await linkUp(dut);
    assertEquals(await references(dut), "1");
  });

  sequence("the MAC is unbound and bound", { source: "stmmac_main.c: stmmac_dvr_remove()" }, async (dut) => {
    await linkUp(dut);
    await macDriver(dut).unbind(MAC.device, SETTLE);
    phyDriver(dut).unbind(PHY.device).fails();
    await macDriver(dut).bind(MAC.device, SETTLE);
    await linkUp(dut);
    assertEquals(await follow(dut), ["0", "1"]);
  });

  sequence("the MAC is unbound after the driver is gone", { source: STOP }, async (dut) => {
    await linkUp(dut);
    await unbindPhy(dut);
    macDriver(dut).unbind(MAC.device, SOON).either();
  });

  sequence("the MAC is unbound after the driver has come back", { source: BACK }, async (dut) => {
    await linkUp(dut);
    await unbindPhy(dut);
    await bindPhy(dut);
    await macDriver(dut).unbind(MAC.device, SETTLE);
    await macDriver(dut).bind(MAC.device, SETTLE);
    await linkUp(dut);
  });

  sequence("the param of the MAC stays when the PHY's driver goes, and goes with the MAC", {
    source: "stmmac_main.c: stmmac_register_devlink(), stmmac_unregister_devlink()",
    holds: { in: (era) => stmmacEra(era).devlink, because: "stmmac has no devlink instance before 7.x" },
  }, async (dut) => {
    const param = "phc_coarse_adj";
    const value = async () => {
      await dut.param.get(param);
      return dut.param.where({ cmode: "runtime" }).value;
    };
    await dut.param.set(param, true, { cmode: "runtime" });
    await linkUp(dut);
    assertEquals(await value(), true);
    await unbindPhy(dut);
    assertEquals(await value(), true);
    await bindPhy(dut);
    await macDriver(dut).unbind(MAC.device, SETTLE);
    dut.dev.show().fails();
    await macDriver(dut).bind(MAC.device, SETTLE);
    assertEquals(await value(), false);
  });
});
