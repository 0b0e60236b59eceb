/**
 * Sequences on a PCS that goes, on a board that has a MAC and a PCS of its own: what suite `pcs` does, where it needs
 * nothing of the fixture's modules. The table `[pcs]` of the board's file names both, and how the MAC holds on to its PCS.
 */

import { assertEquals } from "@std/assert";
import { boardMac } from "../../fixtures/board_mac.ts";
import { hardware } from "../../fixtures/hardware.ts";
import type { Dut } from "../../sdk/dut.ts";
import { suite } from "../../sdk/suite.ts";

/** Hardware links take seconds to come up; phylink polls once a second. */
const SETTLE = { settle: 3000 };

const mac = (dut: Dut) => dut.driver("platform", "fakemac");
const pcs = (dut: Dut) => dut.driver("platform", "fakepcs");

export default suite("pcs_board", { fixture: boardMac() }, ({ sequence }) => {
  sequence("the PCS is unbound while the link is up", { source: "P02; s1 s2 s3" }, async (dut) => {
    await dut.netdev("fm0").up(SETTLE);
    await dut.netdev("fm0").show();
    await pcs(dut).unbind("fakepcs.0", SETTLE);
    dut.netdev("fm0").show().either();
  });

  sequence("the netdev is taken down after the PCS is gone", { source: "P04; s1 s2 s3 s5" }, async (dut) => {
    await dut.netdev("fm0").up(SETTLE);
    await pcs(dut).unbind("fakepcs.0", SETTLE);
    dut.netdev("fm0").down(SETTLE).either();
    dut.netdev("fm0").show().either();
  });

  sequence("the PCS comes back", { source: "P05; s1 s2 s3 s6 s7" }, async (dut) => {
    await dut.netdev("fm0").up(SETTLE);
    await pcs(dut).unbind("fakepcs.0", SETTLE);
    await pcs(dut).bind("fakepcs.0", SETTLE);
    mac(dut).bind("fakemac.0", SETTLE).either();
    dut.netdev("fm0").up(SETTLE).either();
    dut.netdev("fm0").show().either();
  });

  sequence("the MAC is unbound and bound", { source: "s1 s2 s8" }, async (dut) => {
    await dut.netdev("fm0").up(SETTLE);
    await mac(dut).unbind("fakemac.0", SETTLE);
    await mac(dut).bind("fakemac.0", SETTLE);
    await dut.netdev("fm0").up(SETTLE);
    await dut.netdev("fm0").show();
  });

  // Hardware whose drivers the model has, as read from their source: boards whose file lists it.

  sequence("RZ/N1: the MII converter takes the switch with it", {
    source: "P13; drivers/net/pcs/pcs-rzn1-miic.c",
    fixture: hardware("rzn1_miic"),
  }, async (dut) => {
    const [converter, dsa] = [dut.driver("platform", "rzn1_miic"), dut.driver("platform", "rzn1_a5psw")];
    await dut.netdev("lan0").up(SETTLE);
    await dut.netdev("lan0").show();
    await converter.unbind("44030000.eth-miic", SETTLE);
    dut.netdev("lan0").show().fails();
    dut.netdev("lan1").show().fails();
    assertEquals(dsa.bind("44050000.switch", SETTLE).fails().errno, "EAGAIN");
    await converter.bind("44030000.eth-miic", SETTLE);
    dsa.bind("44050000.switch", SETTLE).either();
    await dut.netdev("lan0").up(SETTLE);
    await dut.netdev("lan0").show();
  });

  sequence("Armada 8040: the serdes PHY goes under its MAC", {
    source: "P14; 7.4; drivers/phy/phy-core.c",
    fixture: hardware("serdes_phy"),
  }, async (dut) => {
    await dut.netdev("eth1").up(SETTLE);
    await dut.driver("platform", "mvebu-comphy").unbind("f2120000.phy", SETTLE);
    dut.netdev("eth1").show().either();
    dut.netdev("eth1").down(SETTLE).either();
    dut.netdev("eth1").up(SETTLE).either();
  });

  sequence("ConnectX: a reload makes the auxiliary device anew that was unbound", {
    source: "P17; 6.3",
    fixture: hardware("mlx5"),
  }, async (dut) => {
    const rdma = dut.driver("auxiliary", "mlx5_ib.rdma");
    await rdma.unbind("mlx5_core.rdma.0", SETTLE);
    assertEquals(rdma.unbind("mlx5_core.rdma.0", SETTLE).fails().errno, "ENODEV");
    await dut.dev.show();
    await dut.perform({ kind: "dev.reload", handle: dut.handle, ...SETTLE });
    await rdma.unbind("mlx5_core.rdma.0", SETTLE);
    await rdma.bind("mlx5_core.rdma.0", SETTLE);
  });
});
