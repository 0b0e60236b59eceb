/**
 * Sequences on a PCS that goes, on a board that has a MAC and a PCS of its own: what suite `pcs` does as far as it needs
 * nothing of the fixture's modules. The table `[pcs]` of the board's file names both, and how the MAC holds on to its PCS.
 */

import { boardMac } from "../fixtures/board_mac.ts";
import type { Dut } from "./dut.ts";
import { suite } from "./suite.ts";

/** Links of hardware take their time to come up; phylink polls once a second. */
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
});
