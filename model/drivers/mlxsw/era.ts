/**
 * What mlxsw does differently by kernel (drivers/net/ethernet/mellanox/mlxsw), as data: the table of the oldest era, and what each
 * later era changes in its parent's. Seen on real kernels 6.1, 6.12, 7.2 and 7.3 with an emulated Spectrum. The other eras are not
 * modelled, since nobody read their driver.
 *
 * @module
 */

import type { Era, EraId } from "../../era/mod.ts";
import { inherited } from "../../era/list.ts";

/** What mlxsw of one family of kernels does differently from the others. */
export interface MlxswEra {
  /** False for an era whose driver nobody read: the generic driver models its devices */
  readonly modelled: boolean;
  /** Traps and groups that the driver of this era lacks (spectrum_trap.c) */
  readonly lacksTraps: ReadonlySet<string>;
  /** The number of policers for which the driver sets a rate (`mlxsw_sp_trap_policer_items_arr`) */
  readonly ownPolicers: number;
  /** The initial action of the traps of ARP packets */
  readonly arp: "mirror" | "trap";
  /** Resources that the driver of this era lacks (spectrum.c: mlxsw_sp1_resources_register()) */
  readonly lacksResources: ReadonlySet<string>;
  /**
   * What registers the param `acl_region_rehash_interval` of Spectrum-2 and later ASICs: the probe (mlxsw_sp2_params_register()), or
   * the initialisation that a reload repeats (mlxsw_sp_acl_tcam_init())
   */
  readonly rehashParam: "probe" | "init";
}

const OLDEST: MlxswEra = {
  modelled: false,
  lacksTraps: new Set(["eapol", "locked_port"]),
  ownPolicers: 20,
  arp: "mirror",
  lacksResources: new Set(["port_range_registers"]),
  rehashParam: "probe",
};

const CHANGES: { readonly [K in Exclude<EraId, "5.10">]?: Partial<MlxswEra> } = {
  "6.1": { modelled: true },
  "6.3": { modelled: false },
  "6.12": {
    modelled: true,
    lacksTraps: new Set(),
    ownPolicers: 21,
    lacksResources: new Set(),
    rehashParam: "init",
  },
  "7.2": { arp: "trap" },
};

const ALL = inherited<MlxswEra>((id, parent) =>
  parent === undefined ? OLDEST : (CHANGES as Partial<Record<EraId, Partial<MlxswEra>>>)[id] ?? {}
);

/** Returns the behaviour of mlxsw of an era. */
export function mlxswEra({ id }: Era): MlxswEra {
  return ALL[id];
}
