/**
 * Bugs planted into mlxsw, all in one build for a real kernel: on a Spectrum that is emulated each must be found in its own
 * sequence, at the right step and channel.
 */

import { mlxswPlants, type Plant } from "./_planted.ts";

const TRAP = "mlxsw/spectrum_trap.c";

const PLANTS: Plant[] = [
  {
    bug: "the size of one part of the KVD is ignored",
    edits: [{
      file: "mlxsw/spectrum.c",
      within: "static int mlxsw_sp_kvd_sizes_get(",
      find: "MLXSW_SP_RESOURCE_KVD_HASH_SINGLE,",
      put: "MLXSW_SP_RESOURCE_KVD_HASH_SINGLE + 100,",
    }],
    found: {
      suite: "mlxsw_kvd",
      sequence: "entries go from those of single size to those of double size, and a reload makes it so",
      step: "resource.show",
      channel: "reply",
    },
  },
  {
    bug: "a reload that activates firmware performs nothing else",
    edits: [{
      file: "mlxsw/core.c",
      within: "mlxsw_devlink_core_bus_device_reload_up(",
      find: "	err = mlxsw_core_bus_device_register(",
      put: "	if (action == DEVLINK_RELOAD_ACTION_FW_ACTIVATE)\n		*actions_performed = BIT(action);\n" +
        "	err = mlxsw_core_bus_device_register(",
    }],
    found: {
      suite: "mlxsw_reload",
      sequence: "both actions are performed and counted, whichever was asked for",
      step: "dev.reload",
      channel: "reply",
    },
  },
  {
    bug: "firmware may be loaded from disk",
    edits: [{
      file: "mlxsw/core.c",
      within: "static int mlxsw_core_devlink_param_fw_load_policy_validate(",
      find: "	if (val.vu8 != DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_DRIVER &&",
      put: "	if (val.vu8 != DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_DRIVER &&\n" +
        "	    val.vu8 != DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_DISK &&",
    }],
    found: {
      suite: "mlxsw_reload",
      sequence: "firmware is loaded by the driver or as it is in flash, and by no other word",
      step: "param.set",
      channel: "result",
    },
  },
  {
    bug: "another message for a port that was not split",
    edits: [{
      file: "mlxsw/spectrum.c",
      within: "static int mlxsw_sp_port_unsplit(",
      find: "Port was not split",
      put: "Port is not split",
    }],
    found: {
      suite: "mlxsw_port",
      sequence: "counts that no port can be split into, and ports that cannot be split",
      step: "port.unsplit",
      channel: "extack",
    },
  },
  {
    bug: "a reload keeps the policer of a group",
    edits: [
      {
        file: TRAP,
        find: "static int mlxsw_sp_trap_groups_init(struct mlxsw_sp *mlxsw_sp)\n{",
        put: "static u32 planted_policer;\n\nstatic int mlxsw_sp_trap_groups_init(struct mlxsw_sp *mlxsw_sp)\n{",
      },
      {
        file: TRAP,
        within: "static int mlxsw_sp_trap_groups_init(",
        find: "	for (i = 0; i < trap->groups_count; i++) {\n",
        put: "	if (planted_policer)\n		trap->group_items_arr[1].group.init_policer_id = planted_policer;\n" +
          "	planted_policer = 0;\n	for (i = 0; i < trap->groups_count; i++) {\n",
      },
      {
        file: TRAP,
        within: "int mlxsw_sp_trap_group_set(",
        find: "	u32 policer_id = policer ? policer->id : 0;\n",
        put: "	u32 policer_id = policer ? policer->id : 0;\n\n" +
          "	if (group->id == mlxsw_sp->trap->group_items_arr[1].group.id && policer_id)\n" +
          "		planted_policer = policer_id;\n",
      },
      {
        file: TRAP,
        find: "			    const struct devlink_trap_policer *policer,\n			    struct netlink_ext_ack *extack)\n{\n",
        put: "			    const struct devlink_trap_policer *policer,\n			    struct netlink_ext_ack *extack)\n{\n" +
          "	struct mlxsw_sp *mlxsw_sp = mlxsw_core_driver_priv(mlxsw_core);\n",
      },
    ],
    found: {
      suite: "mlxsw_trap",
      sequence: "a reload sets actions, bindings and rates back to what the driver declares",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "a trap can mirror packets",
    edits: [{
      file: TRAP,
      within: "int mlxsw_sp_trap_action_set(",
      find: "		default:\n			return -EINVAL;\n",
      put: "		default:\n			enabled = true;\n			break;\n",
    }],
    found: {
      suite: "mlxsw_trap",
      sequence: "packets can be trapped or dropped, and not be mirrored",
      step: "trap.set",
      channel: "result",
    },
  },
  {
    bug: "a burst that is no power of two is rounded down",
    edits: [{
      file: TRAP,
      within: "static int mlxsw_sp_trap_policer_bs(",
      find: "	if (burst != (BIT_ULL(bs))) {",
      put: "	if (burst < (BIT_ULL(bs))) {",
    }],
    found: {
      suite: "mlxsw_trap",
      sequence: "bursts of a policer are powers of two, within its bounds",
      step: "trap.policer.set",
      channel: "result",
    },
  },
  {
    bug: "in another netns the first two traps are registered the other way round",
    edits: [{
      file: TRAP,
      within: "static int mlxsw_sp_traps_init(",
      find: "		trap_item = &trap->trap_items_arr[i];\n		err =",
      put: "		trap_item = &trap->trap_items_arr[i];\n" +
        "		if (i < 2 && !net_eq(devlink_net(devlink), &init_net))\n" +
        "			trap_item = &trap->trap_items_arr[1 - i];\n		err =",
    }],
    found: {
      suite: "mlxsw_trap",
      sequence: "the traps come and go with the switch that moves to another netns",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "another errno where the ASIC does not tell its address",
    edits: [{
      file: "mlxsw/spectrum.c",
      find: '"Failed to get base mac\\n");\n		return err;',
      put: '"Failed to get base mac\\n");\n		return -ENXIO;',
    }],
    found: {
      suite: "mlxsw_failures",
      sequence: "the ASIC refuses SPAD query number 1: the reload fails, the next one recovers",
      step: "dev.reload",
      channel: "result",
    },
  },
  {
    bug: "another errno where the ASIC refuses the action of a trap",
    edits: [{
      file: TRAP,
      within: "int mlxsw_sp_trap_action_set(",
      find: "		if (err)\n			return err;\n",
      put: "		if (err)\n			return -EINVAL;\n",
    }],
    found: {
      suite: "mlxsw_failures",
      sequence: "settings of a trap, a group and a policer that the ASIC refuses stay as they were",
      step: "trap.set",
      channel: "result",
    },
  },
  {
    bug: "each packet of a drop trap counts twice",
    edits: [{
      file: TRAP,
      within: "static void mlxsw_sp_rx_drop_listener(",
      find: "	consume_skb(skb);",
      put: "	devlink_trap_report(devlink, skb, trap_ctx, in_devlink_port, NULL);\n	consume_skb(skb);",
    }],
    found: {
      suite: "mlxsw_failures",
      sequence: "packets count as the action of their trap is",
      step: "trap.show",
      channel: "reply",
    },
  },
  {
    bug: "a failure of the firmware reaches no reporter",
    edits: [{
      file: "mlxsw/core.c",
      within: "static void mlxsw_core_health_event_work(",
      find: "	devlink_health_report(",
      put: "	if (!event)\n		devlink_health_report(",
    }],
    found: {
      suite: "mlxsw_failures",
      sequence: "the firmware reports a failure, which a reload forgets",
      step: "device",
      channel: "notify",
    },
  },
  {
    bug: "the unwinding of a reload that fails forgets a trap group",
    edits: [{
      file: TRAP,
      within: "static int mlxsw_sp_trap_groups_init(",
      find: "	for (i--; i >= 0; i--) {",
      put: "	for (i -= 2; i >= 0; i--) {",
    }],
    found: {
      suite: "mlxsw_failures",
      sequence: "the ASIC refuses HTGT write number 12: the reload fails, the next one recovers",
      step: "dev.reload",
      channel: "notify",
    },
  },
];

await mlxswPlants("in mlxsw, each in a sequence of its own", PLANTS);
