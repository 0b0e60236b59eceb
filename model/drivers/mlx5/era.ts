/**
 * What mlx5_core does differently by kernel (drivers/net/ethernet/mellanox/mlx5/core), as data: the table of the oldest era, and
 * what each later era changes in its parent's. Seen on real kernels 5.10, 6.1, 6.12, 7.2 and 7.3 with an emulated ConnectX. The
 * eras between are not modelled, since their driver differs from both neighbours'.
 *
 * @module
 */

import type { Era, EraId } from "../../era/mod.ts";
import { inherited } from "../../era/list.ts";
import type { Words } from "./words.ts";

/** What mlx5_core of one family of kernels does differently from the others. */
export interface Mlx5Era {
  /** False for an era whose driver nobody read: the generic driver models its devices */
  readonly modelled: boolean;
  /**
   * The instance that has the port. `function`: on the PCI function's instance; `nested`: on an instance of the auxiliary device
   * `mlx5_core.eth`, nested in the function's (en/devlink.c: mlx5e_create_devlink())
   */
  readonly port: "function" | "nested";
  /** The index of the port: 1, or 0xffff of the vport of the uplink over the function's number */
  readonly portIndex: number;
  /**
   * What a reload does with the netdev. `kept`: the netdev is detached and stays in its netns (`mlx5e_detach()`); `remade`: its
   * auxiliary device is deleted and added again
   */
  readonly netdev: "kept" | "remade";
  /**
   * The lifetime of traps and their group: no traps, from probe to removal (devlink.c), or from load to unload (main.c:
   * mlx5_load())
   */
  readonly traps: "none" | "probe" | "load";
  /** Params that load registers and unload unregisters (fs_core.c: mlx5_fs_core_init()); the others stay */
  readonly loadedParams: ReadonlySet<string>;
  /** True if the driver publishes its params once they are registered (devlink.c: devlink_params_publish()) */
  readonly publishesParams: boolean;
  /** True if the driver can set addresses of port functions (`port_function_hw_addr_set` of its devlink ops) */
  readonly portFunctions: boolean;
  /** True if the driver also logs a firmware error that it reports to devlink (health.c: poll_health()) */
  readonly logsSyndrome: boolean;
  /** True if the driver unloads a function whose card is down again within the grace period (health.c) */
  readonly unloadsInGrace: boolean;
  /** The number of kinds of virtual functions that an unload waits for, with one log line each if the card is down (sriov.c) */
  readonly kindsOfVf: number;
  /** True if the param `enable_remote_dev_reset` exists only on a card that can reset its firmware (fw_reset.c) */
  readonly resetParam: boolean;
  /** True if the driver loads the card before it registers its instance (main.c: init_one()) */
  readonly loadsFirst: boolean;
  /**
   * True if the driver registers its params after it has set up the card and before it loads the card (main.c:
   * mlx5_init_one_devl_locked())
   */
  readonly paramsFirst: boolean;
  /** True if the driver sends a carrier event even if the carrier has not changed (en_main.c: mlx5e_update_carrier()) */
  readonly repeatsCarrier: boolean;
  /** The kernel whose texts the driver and the driver core log for a failure */
  readonly words: Words;
  /** The modes of flow steering that the driver knows, as its extack lists them */
  readonly steering: readonly string[];
}

const OLDEST: Mlx5Era = {
  modelled: true,
  port: "function",
  portIndex: 1,
  netdev: "kept",
  traps: "none",
  loadedParams: new Set(),
  publishesParams: true,
  portFunctions: true,
  logsSyndrome: false,
  unloadsInGrace: false,
  kindsOfVf: 1,
  resetParam: false,
  loadsFirst: true,
  paramsFirst: false,
  repeatsCarrier: false,
  words: "5.10",
  steering: ["dmfs", "smfs"],
};

const CHANGES: { readonly [K in Exclude<EraId, "5.10">]?: Partial<Mlx5Era> } = {
  "5.15": { modelled: false },
  "6.1": {
    modelled: true,
    portIndex: 0x1ffff,
    netdev: "remade",
    traps: "probe",
    publishesParams: false,
    unloadsInGrace: true,
    loadsFirst: false,
    repeatsCarrier: true,
    words: "6.1",
  },
  "6.3": { modelled: false },
  "6.12": {
    modelled: true,
    port: "nested",
    traps: "load",
    loadedParams: new Set(["flow_steering_mode"]),
    portFunctions: false,
    paramsFirst: true,
    kindsOfVf: 2,
    resetParam: true,
    words: "6.12",
  },
  "7.2": { logsSyndrome: true, steering: ["dmfs", "smfs", "hmfs"] },
};

const ALL = inherited<Mlx5Era>((id, parent) =>
  parent === undefined ? OLDEST : (CHANGES as Partial<Record<EraId, Partial<Mlx5Era>>>)[id] ?? {}
);

/** Returns the behaviour of mlx5_core of an era. */
export function mlx5Era({ id }: Era): Mlx5Era {
  return ALL[id];
}
