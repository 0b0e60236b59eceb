/**
 * Bugs planted into netdevsim: each is built for a real kernel, booted, and must be found as a divergence at the right
 * sequence, step and channel. The edits are applied to the source that is fetched when the test runs.
 */

import { netdevsimSource } from "../fixtures/mod.ts";
import { driverPlants, type Plant } from "./_planted.ts";

const CREATE = "static int nsim_dev_reload_create(";
const DESTROY = "static void nsim_dev_reload_destroy(";
const REMOVE = "void nsim_drv_remove(";

const PLANTS: Plant[] = [
  {
    bug: "traps live from probe to remove and are not registered again in reload",
    edits: [
      {
        file: "dev.c",
        within: CREATE,
        find: `	err = nsim_dev_traps_init(devlink);
	if (err)
		goto err_dummy_region_exit;
`,
        put: "",
      },
      { file: "dev.c", within: DESTROY, find: "	nsim_dev_traps_exit(devlink);\n", put: "" },
      {
        file: "dev.c",
        within: REMOVE,
        find: "	nsim_dev_reload_destroy(nsim_dev);\n",
        put: "	nsim_dev_reload_destroy(nsim_dev);\n	nsim_dev_traps_exit(devlink);\n",
      },
    ],
    found: {
      suite: "trap",
      sequence: "reload puts traps, groups and policers back to their defaults",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "the action that a user set survives a reload",
    edits: [
      {
        file: "dev.c",
        find: "static const struct devlink_trap nsim_traps_arr[]",
        put: "static struct devlink_trap nsim_traps_arr[]",
      },
      {
        file: "dev.c",
        find: `	nsim_trap_item->action = action;
	spin_unlock`,
        put: `	nsim_trap_item->action = action;
	if (extack)
		((struct devlink_trap *)trap)->init_action = action;
	spin_unlock`,
      },
    ],
    found: {
      suite: "trap",
      sequence: "reload puts traps, groups and policers back to their defaults",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "the region survives a reload: its DEL and NEW are missing",
    edits: [
      {
        file: "dev.c",
        within: CREATE,
        find: `	err = nsim_dev_dummy_region_init(nsim_dev, devlink);
	if (err)
		return err;
`,
        put: "",
      },
      { file: "dev.c", within: DESTROY, find: "	nsim_dev_dummy_region_exit(nsim_dev);\n", put: "" },
      {
        file: "dev.c",
        within: REMOVE,
        find: "	nsim_dev_reload_destroy(nsim_dev);\n",
        put: "	nsim_dev_reload_destroy(nsim_dev);\n	nsim_dev_dummy_region_exit(nsim_dev);\n",
      },
    ],
    found: {
      suite: "reload",
      sequence: "a plain reload announces every object in its order",
      step: "dev.reload",
      channel: "notify",
    },
  },
  {
    bug: "two policers are announced in the wrong order",
    edits: [{
      file: "dev.c",
      find: `	NSIM_TRAP_POLICER(1, 1000, 128),
	NSIM_TRAP_POLICER(2, 2000, 256),`,
      put: `	NSIM_TRAP_POLICER(2, 2000, 256),
	NSIM_TRAP_POLICER(1, 1000, 128),`,
    }],
    found: {
      suite: "reload",
      sequence: "a plain reload announces every object in its order",
      step: "file.write",
      channel: "notify",
    },
  },
  {
    bug: "a failed reload returns the wrong errno",
    edits: [{
      file: "dev.c",
      find: `"User setup the reload to fail for testing purposes");
		return -EINVAL;`,
      put: `"User setup the reload to fail for testing purposes");
		return -EIO;`,
    }],
    found: {
      suite: "netdevsim_reload",
      sequence: "a reload that fails on the way up leaves the instance torn down and failed",
      step: "dev.reload",
      channel: "result",
    },
  },
  {
    bug: "the text of an extack was changed",
    edits: [{
      file: "dev.c",
      find: "User forbid the reload for testing purposes",
      put: "User forbids the reload for testing purposes",
    }],
    found: {
      suite: "netdevsim_reload",
      sequence: "a reload that the driver forbids changes nothing",
      step: "dev.reload",
      channel: "extack",
    },
  },
  {
    bug: "the size of a resource is read and not applied",
    edits: [{
      file: "fib.c",
      find: `		if (err)
			val = (u64) -1;
		nsim_fib_set_max(`,
      put: `		val = (u64) -1;
		nsim_fib_set_max(`,
    }],
    found: {
      suite: "netdevsim_reload",
      sequence: "a resource size takes effect and is enforced",
      step: "route.add",
      channel: "result",
    },
  },
  {
    bug: "a reload that fails on the way up reports success: reload_failed is not set",
    edits: [{
      file: "dev.c",
      find: `"User setup the reload to fail for testing purposes");
		return -EINVAL;`,
      put: `"User setup the reload to fail for testing purposes");
		*actions_performed = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
		return 0;`,
    }],
    found: {
      suite: "netdevsim_reload",
      sequence: "a reload that fails on the way up leaves the instance torn down and failed",
      step: "dev.reload",
      channel: "result",
    },
  },
  {
    bug: "reload does not read the driverinit value of max_macs",
    edits: [{
      file: "dev.c",
      find: "		nsim_dev->max_macs = saved_value.vu32;",
      put: "		err = 0;",
    }],
    found: {
      suite: "netdevsim_reload",
      sequence: "driverinit params take effect",
      step: "file.read",
      channel: "sysfs",
    },
  },
  {
    bug: "each packet is reported twice",
    edits: [{
      file: "dev.c",
      find: `		consume_skb(skb);
	}`,
      put: `		devlink_trap_report(devlink, skb, nsim_trap_item->trap_ctx,
				    &nsim_dev_port->devlink_port, NULL);
		consume_skb(skb);
	}`,
    }],
    found: {
      suite: "netdevsim_trap",
      sequence: "packets are counted while a port is up",
      step: "trap.show",
      channel: "reply",
    },
  },
  {
    // The behaviour is right, except that debugfs logs: File 'take_snapshot' in directory 'netdevsim10' already present!
    bug: "a reload leaves a file of debugfs behind, and makes it again",
    edits: [{ file: "dev.c", within: DESTROY, find: "	debugfs_remove(nsim_dev->take_snapshot);\n", put: "" }],
    found: {
      suite: "reload",
      sequence: "a plain reload announces every object in its order",
      step: "dev.reload",
      channel: "kmsg",
    },
  },
];

/** Bugs that each show in one sequence only: they are built into one module, and booted once. */
const APART: readonly string[] = [
  "a failed reload returns the wrong errno",
  "the text of an extack was changed",
  "the size of a resource is read and not applied",
  "reload does not read the driverinit value of max_macs",
  "each packet is reported twice",
];
const apart = PLANTS.filter(({ bug }) => APART.includes(bug));
await driverPlants(netdevsimSource, "what shows in one sequence only", apart);
for (const plant of PLANTS.filter((plant) => !apart.includes(plant))) {
  await driverPlants(netdevsimSource, plant.bug, [plant]);
}
