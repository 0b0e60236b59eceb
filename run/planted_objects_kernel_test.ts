/**
 * Bugs planted into netdevsim, over all kinds of its objects. Bugs that affect different sequences are built into one
 * module, and booted once: each bug must be found in its own sequence, at the right step and channel.
 */

import { netdevsimSource } from "../fixtures/mod.ts";
import { driverPlants, type Plant } from "./_planted.ts";

/** Bugs that are built into one module. */
interface Bed {
  name: string;
  plants: Plant[];
}

const BEDS: Bed[] = [
  {
    name: "what is refused, counted and read",
    plants: [
      {
        bug: "a port that is not there is deleted without complaint",
        edits: [{ file: "dev.c", within: "int nsim_drv_port_del(", find: "err = -ENOENT;", put: "err = 0;" }],
        found: { suite: "lifecycle", sequence: "no port, then one", step: "file.write", channel: "result" },
      },
      {
        bug: "a device that is not there has another errno",
        edits: [{ file: "bus.c", within: "del_device_store(", find: "err = -ENOENT;", put: "err = -ENODEV;" }],
        found: {
          suite: "lifecycle",
          sequence: "a device that is not there cannot be deleted",
          step: "file.write",
          channel: "result",
        },
      },
      {
        bug: "one VF more than there may be",
        edits: [{
          file: "dev.c",
          within: "int nsim_drv_configure_vfs(",
          find: "max_vfs < num_vfs",
          put: "max_vfs + 1 < num_vfs",
        }],
        found: { suite: "eswitch", sequence: "how many VFs", step: "file.write", channel: "result" },
      },
      {
        bug: "a reload with VFs leaves the eswitch in switchdev",
        edits: [{
          file: "dev.c",
          within: "static void nsim_dev_reload_destroy(",
          find: "			nsim_esw_legacy_enable(nsim_dev, NULL);\n",
          put: "			nsim_esw_legacy_enable(nsim_dev, NULL),\n" +
            "			nsim_dev->esw_mode = DEVLINK_ESWITCH_MODE_SWITCHDEV;\n",
        }],
        found: {
          suite: "eswitch",
          sequence: "a reload with VFs in switchdev",
          step: "dev.eswitch.show",
          channel: "reply",
        },
      },
      {
        bug: "the greatest rate of a leaf is stored as its share",
        edits: [{
          file: "dev.c",
          within: "static int nsim_leaf_tx_max_set(",
          find: "vfconfigs[vf_id].max_tx_rate",
          put: "vfconfigs[vf_id].min_tx_rate",
        }],
        found: { suite: "rate", sequence: "rates in debugfs", step: "file.read", channel: "sysfs" },
      },
      {
        bug: "reload does not read the driverinit value of test1",
        edits: [{ file: "dev.c", find: "nsim_dev->test1 = saved_value.vbool;", put: "err = 0;" }],
        found: {
          suite: "netdevsim_param",
          sequence: "params of an instance that moves",
          step: "file.read",
          channel: "sysfs",
        },
      },
      {
        bug: "the occupancy of a resource is one too many",
        edits: [{ file: "fib.c", find: "atomic64_read(&entry->num);", put: "atomic64_read(&entry->num) + 1;" }],
        found: {
          suite: "netdevsim_resource",
          sequence: "a table that is too small for what is there fails the reload",
          step: "resource.show",
          channel: "reply",
        },
      },
      {
        bug: "each snapshot of the region holds the same",
        edits: [{
          file: "dev.c",
          find: "get_random_bytes(dummy_data, NSIM_DEV_DUMMY_REGION_SIZE);",
          put: "memset(dummy_data, 0, NSIM_DEV_DUMMY_REGION_SIZE);",
        }],
        found: {
          suite: "netdevsim_region",
          sequence: "a snapshot holds what it held, and each something else",
          step: "region.read",
          channel: "reply",
        },
      },
      {
        bug: "a recovery from a report does not fail, although it was made to",
        edits: [{ file: "health.c", find: "if (health->fail_recover) {", put: "if (health->fail_recover && !ctx) {" }],
        found: {
          suite: "netdevsim_health",
          sequence: "a recovery that fails leaves the error, and the next report is given up",
          step: "file.write",
          channel: "result",
        },
      },
      {
        bug: "where a flash may overwrite nothing, it may overwrite all",
        edits: [{
          file: "dev.c",
          find: "(params->overwrite_mask & ~nsim_dev->fw_update_overwrite_mask) != 0",
          put:
            "nsim_dev->fw_update_overwrite_mask &&\n	    (params->overwrite_mask & ~nsim_dev->fw_update_overwrite_mask)",
        }],
        found: {
          suite: "flash",
          sequence: "what is to be overwritten has to be allowed",
          step: "dev.flash",
          channel: "result",
        },
      },
      {
        bug: "the first status of a flash does not name its component",
        edits: [{
          file: "dev.c",
          find: '"Preparing to flash",\n						   params->component,',
          put: '"Preparing to flash", NULL,',
        }],
        found: { suite: "flash", sequence: "a component by its name", step: "dev.flash", channel: "notify" },
      },
      {
        bug: "the version that runs is not the one that is stored",
        edits: [{
          file: "dev.c",
          find: 'devlink_info_version_running_put_ext(req, "fw.mgmt", "10.20.30"',
          put: 'devlink_info_version_running_put_ext(req, "fw.mgmt", "10.20.31"',
        }],
        found: {
          suite: "ethtool",
          sequence: "devlink and ethtool tell of the same driver",
          step: "dev.info",
          channel: "reply",
        },
      },
    ],
  },
  {
    name: "what is announced, shown and where",
    plants: [
      {
        bug: "the second port has the number of the first",
        edits: [{
          file: "dev.c",
          find: "attrs.phys.port_number = port_index + 1;",
          put: "attrs.phys.port_number = port_index ? port_index : 1;",
        }],
        found: {
          suite: "netdevsim_port",
          sequence: "a port comes and goes by its index",
          step: "file.write",
          channel: "notify",
        },
      },
      {
        bug: "the port of a VF is announced once more as it goes",
        edits: [{
          file: "dev.c",
          within: "static void __nsim_dev_port_del(struct nsim_dev_port *nsim_dev_port)\n{",
          find: "	devl_port_unregister(devlink_port);\n",
          put: "	if (nsim_dev_port_is_vf(nsim_dev_port))\n		devlink_port_type_clear(devlink_port);\n" +
            "	devl_port_unregister(devlink_port);\n",
        }],
        found: {
          suite: "eswitch",
          sequence: "the ports of VFs come with switchdev and go with legacy",
          step: "dev.eswitch.set",
          channel: "notify",
        },
      },
      {
        bug: "the most VFs can be changed while there are some",
        edits: [{
          file: "dev.c",
          within: "static ssize_t nsim_bus_dev_max_vfs_write(",
          find: "if (nsim_dev_get_vfs(nsim_dev)) {",
          put: "if (nsim_dev_get_vfs(nsim_dev) > val) {",
        }],
        found: { suite: "eswitch", sequence: "the most VFs", step: "file.write", channel: "result" },
      },
      {
        bug: "the mode of the eswitch is set, and the old one shown",
        edits: [{ file: "dev.c", find: "*mode = nsim_dev->esw_mode;", put: "*mode = DEVLINK_ESWITCH_MODE_LEGACY;" }],
        found: {
          suite: "eswitch",
          sequence: "its mode and no other of its modes can be set",
          step: "dev.eswitch.show",
          channel: "reply",
        },
      },
      {
        bug: "the parent of a node is forgotten",
        edits: [{
          file: "dev.c",
          within: "static int nsim_rate_node_parent_set(",
          find: "nsim_node->parent_name = parent->name;",
          put: "nsim_node->parent_name = NULL;",
        }],
        found: { suite: "rate", sequence: "rates in debugfs", step: "file.read", channel: "sysfs" },
      },
      {
        bug: "rates of twice the speed of the link are taken",
        edits: [{ file: "dev.c", find: "val > NSIM_LINK_SPEED_MAX", put: "val > 2 * NSIM_LINK_SPEED_MAX" }],
        found: {
          suite: "rate",
          sequence: "the rates of a leaf, and their bounds",
          step: "rate.set",
          channel: "result",
        },
      },
      {
        bug: "the id of a snapshot that the driver took is never given back",
        edits: [{
          file: "dev.c",
          find: "	devlink_region_snapshot_id_put(devlink, id);\n	if (err) {\n",
          put: "	if (err) {\n		devlink_region_snapshot_id_put(devlink, id);\n",
        }],
        found: {
          suite: "netdevsim_region",
          sequence: "an id that the kernel chose for a request is not used again",
          step: "region.new",
          channel: "result",
        },
      },
      {
        bug: "the content of a dump was changed",
        edits: [{ file: "health.c", find: '"test_u32", 3', put: '"test_u32", 4' }],
        found: {
          suite: "netdevsim_health",
          sequence: "an error is told of, dumped and recovered from",
          step: "health.dump.show",
          channel: "reply",
        },
      },
      {
        bug: "a status of a flash is missing",
        edits: [{
          file: "dev.c",
          find: '		devlink_flash_update_timeout_notify(devlink, "Flash select",\n' +
            "						    params->component, 81);\n",
          put: "",
        }],
        found: {
          suite: "flash",
          sequence: "a flash tells how far it has come",
          step: "dev.flash",
          channel: "notify",
        },
      },
      {
        bug: "a device is in the first netns, whichever task made it",
        edits: [{ file: "bus.c", find: "initial_net = current->nsproxy->net_ns;", put: "initial_net = &init_net;" }],
        found: {
          suite: "bus",
          sequence: "a device belongs to the netns of whoever made it",
          step: "file.write",
          channel: "notify",
        },
      },
      {
        bug: "the netdevs of an instance that moved are in the netns from which it came",
        edits: [{
          file: "netdev.c",
          find: "dev_net_set(dev, nsim_dev_net(nsim_dev));",
          put: "dev_net_set(dev, nsim_dev->nsim_bus_dev->initial_net);",
        }],
        found: { suite: "netns", sequence: "a reload moves the instance", step: "dev.reload", channel: "notify" },
      },
    ],
  },
  {
    name: "how much there may be, and what a reload puts back",
    plants: [
      {
        bug: "a region holds one snapshot too many",
        edits: [{ file: "dev.c", find: "SNAPSHOT_MAX 16", put: "SNAPSHOT_MAX 17" }],
        found: {
          suite: "netdevsim_region",
          sequence: "a region holds sixteen snapshots",
          step: "region.new",
          channel: "result",
        },
      },
      {
        bug: "the size of one table is used for another",
        edits: [{
          file: "fib.c",
          within: "static void nsim_fib_set_max(",
          find: "entry = &fib_data->ipv4.rules;",
          put: "fib_data->ipv4.rules.max = val;\n		entry = &fib_data->ipv4.fib;",
        }],
        found: {
          suite: "netdevsim_resource",
          sequence: "a table that is too small for what is there fails the reload",
          step: "dev.reload",
          channel: "result",
        },
      },
      {
        bug: "there may be one nexthop more than the limit",
        edits: [{
          file: "fib.c",
          within: "static void nsim_fib_set_max(",
          find: "entry = &fib_data->nexthops;",
          put: "entry = &fib_data->nexthops;\n		val = val < 1000 ? val + 1 : val;",
        }],
        found: {
          suite: "netdevsim_resource",
          sequence: "nexthop objects are counted, and no more than fit",
          step: "dev.reload",
          channel: "result",
        },
      },
      {
        bug: "a reload leaves a flash without status",
        edits: [{
          file: "dev.c",
          within: "static int nsim_dev_reload_create(",
          find: "	nsim_dev->fw_update_status = true;\n",
          put: "",
        }],
        found: {
          suite: "flash",
          sequence: "a reload puts back what governs a flash",
          step: "file.read",
          channel: "sysfs",
        },
      },
      {
        bug: "a reload leaves the length of what a reporter dumps",
        edits: [{
          file: "health.c",
          find: "health->binary_len = 16;",
          put: "health->binary_len = health->binary_len ?: 16;",
        }],
        found: {
          suite: "netdevsim_health",
          sequence: "a reload makes the reporters anew",
          step: "file.read",
          channel: "sysfs",
        },
      },
    ],
  },
  {
    name: "what stays where it should not, and goes where it should stay",
    plants: [
      {
        bug: "a leaf keeps the name of a parent that it has no more",
        edits: [{
          file: "dev.c",
          within: "static int nsim_rate_leaf_parent_set(",
          find: "nsim_dev_port->parent_name = NULL;",
          put: ";",
        }],
        found: { suite: "rate", sequence: "rates in debugfs", step: "file.read", channel: "sysfs" },
      },
      {
        bug: "a recovery by hand forgets the message that was recovered from",
        edits: [{
          file: "health.c",
          within: "nsim_dev_dummy_reporter_recover(",
          find: "	return 0;",
          put:
            "	if (!ctx) {\n		kfree(health->recovered_break_msg);\n		health->recovered_break_msg = NULL;\n	}\n	return 0;",
        }],
        found: {
          suite: "netdevsim_health",
          sequence: "within the grace period nothing is recovered from by itself",
          step: "health.diagnose",
          channel: "reply",
        },
      },
      {
        bug: "a flash that overwrites less than is allowed is refused",
        edits: [{
          file: "dev.c",
          within: "static int nsim_dev_flash_update(",
          find: "(params->overwrite_mask & ~nsim_dev->fw_update_overwrite_mask) != 0",
          put: "params->overwrite_mask && params->overwrite_mask != nsim_dev->fw_update_overwrite_mask",
        }],
        found: { suite: "flash", sequence: "a flash without status", step: "dev.flash", channel: "result" },
      },
      {
        bug: "a reload does not recreate take_snapshot",
        edits: [{
          file: "dev.c",
          within: "static int nsim_dev_reload_create(",
          find: "nsim_dev->take_snapshot = debugfs_create_file(",
          put: "nsim_dev->take_snapshot = (void *)debugfs_create_file ? NULL : debugfs_create_file(",
        }],
        found: {
          suite: "netdevsim_region",
          sequence: "a reload deletes each snapshot; the ids that the kernel chose stay away",
          step: "file.write",
          channel: "result",
        },
      },
    ],
  },
  // Bugs that show as soon as a device exists show in all sequences
  {
    name: "a param",
    plants: [{
      bug: "the default of a param was changed",
      edits: [{ file: "dev.c", find: "NSIM_DEV_MAX_MACS_DEFAULT 32", put: "NSIM_DEV_MAX_MACS_DEFAULT 64" }],
      found: {
        suite: "lifecycle",
        sequence: "a probe announces every object in its order",
        step: "file.write",
        channel: "notify",
      },
    }],
  },
];

for (const { name, plants } of BEDS) await driverPlants(netdevsimSource, name, plants);
