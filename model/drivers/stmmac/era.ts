/**
 * What stmmac does differently by kernel (drivers/net/ethernet/stmicro/stmmac), as data: the table of the oldest era, and what each
 * later era changes in its parent's.
 *
 * @module
 */

import { inherited } from "../../era/list.ts";
import type { Era, EraId } from "../../era/mod.ts";

/** What stmmac of one family of kernels does differently from the others. */
export interface StmmacEra {
  /** True if a MAC on SGMII has a PCS that phylink polls (pcs-xpcs.c); if not, phylink gets the link state only from the PHY */
  readonly pcs: boolean;
  /** True if a MAC with time stamps has a devlink instance (stmmac_main.c: stmmac_register_devlink()) */
  readonly devlink: boolean;
  /** True if the driver logs that it leaves the MAC disabled for a link that is up without a known speed (stmmac_mac_link_up()) */
  readonly logsSpeed: boolean;
  /** True if the removal turns the carrier off before the netdev is set down (stmmac_dvr_remove()) */
  readonly dropsCarrier: boolean;
}

const OLDEST: StmmacEra = { pcs: false, devlink: false, logsSpeed: false, dropsCarrier: true };

const CHANGES: { readonly [K in Exclude<EraId, "5.10">]?: Partial<StmmacEra> } = {
  "6.1": { pcs: true },
  "6.12": { logsSpeed: true, dropsCarrier: false },
  "7.2": { devlink: true },
};

const ALL = inherited<StmmacEra>((id, parent) =>
  parent === undefined ? OLDEST : (CHANGES as Partial<Record<EraId, Partial<StmmacEra>>>)[id] ?? {}
);

/** Returns the behaviour of stmmac of an era. */
export function stmmacEra({ id }: Era): StmmacEra {
  return ALL[id];
}
