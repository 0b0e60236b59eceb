/**
 * The suites that ship: the one list of them.
 *
 * @module
 */

/**
 * The suites that a run without a name has, by their folder. The file of a suite is `suites/FOLDER/NAME.ts`. A suite that adds
 * to the suite NAME of any driver what only one driver has is named `FOLDER_NAME`, and its file is `suites/FOLDER/NAME.ts`.
 */
export const DEFAULT = {
  devlink: [
    "reload",
    "reload_contract",
    "trap",
    "trap_settings",
    "trap_groups",
    "netns",
    "netns_inside",
    "param",
    "param_settings",
    "resource",
    "resource_sizes",
    "port",
    "port_state",
    "health",
    "health_settings",
    "region",
    "region_snapshots",
    "show",
    "refuse",
  ],
  netdevsim: [
    "netdevsim_reload",
    "netdevsim_trap",
    "trap_fault",
    "netdevsim_netns",
    "netns_end",
    "lifecycle",
    "bus",
    "netdevsim_param",
    "netdevsim_resource",
    "netdevsim_port",
    "link",
    "eswitch",
    "rate",
    "netdevsim_health",
    "netdevsim_region",
    "flash",
    "ethtool",
    "refusals",
  ],
  pcs: ["pcs"],
} as const;

/** The suites that run only if they are named: they break a kernel, or need hardware that only some boards have. */
export const NAMED = {
  netdevsim: ["stale"],
  mlx5: ["mlx5_failures", "mlx5_commands", "mlx5_withheld", "mlx5_card", "mlx5_health", "mlx5_netns"],
  mlxsw: ["mlxsw_reload", "mlxsw_kvd", "mlxsw_port", "mlxsw_trap", "mlxsw_failures"],
  pcs: ["pcs_board"],
  phy: ["phy", "phy_rounds"],
  race: ["race", "litmus"],
} as const;
