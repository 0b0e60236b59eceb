/**
 * Bugs planted into the MAC and the PCS of `fixtures/pcs`: each is built for a real kernel, booted, and must be found at the
 * right sequence, step and channel.
 */

import { pcsPlants, type Plant } from "./_planted.ts";

const PLANTS: Plant[] = [
  {
    bug: "the link is not taken down when the PCS goes",
    edits: [{
      file: "mac.c",
      within: "void fakemac_pcs_goes(",
      find: "		fakemac_restart(net);\n",
      put: "",
    }],
    found: { suite: "pcs", sequence: "notified: unbound while the link is up", step: "file.write", channel: "link" },
  },
  {
    bug: "pcs_disable() is called once too often",
    edits: [{
      file: "mac.c",
      within: "static int fakemac_stop(",
      find: "	phylink_stop(net->phylink);\n",
      put: "	phylink_stop(net->phylink);\n	if (net->held && net->held->ops->pcs_disable)\n" +
        "		net->held->ops->pcs_disable(net->held);\n",
    }],
    found: { suite: "pcs", sequence: "notified: taken down while it has its PCS", step: "netdev.set", channel: "kmsg" },
  },
  {
    bug: "the PCS driver calls its PCS after it was removed",
    edits: [{
      file: "fakepcs.c",
      within: "static void fakepcs_remove(",
      find: "	fakepcs_free(fake);\n",
      put: "	fakepcs_free(fake);\n	fakepcs_ops.pcs_an_restart(&fake->pcs);\n",
    }],
    found: { suite: "pcs", sequence: "notified: unbound while the link is up", step: "file.write", channel: "kmsg" },
  },
  {
    bug: "the wrong netdev of two is taken down",
    edits: [{
      file: "mac.c",
      within: "void fakemac_pcs_goes(",
      find: "		fakemac_restart(net);\n",
      put: "		fakemac_restart(net);\n		netif_carrier_off(the_mac->net[1]->dev);\n",
    }],
    found: {
      suite: "pcs",
      sequence: "notified: one of several netdevs uses the PCS",
      step: "file.write",
      channel: "link",
    },
  },
  {
    bug: "the MAC does not hear of a PCS that comes back",
    edits: [{
      file: "home.c",
      within: "void fakepcs_provide(",
      find: "		fakemac_pcs_came(id, &fake->pcs);\n",
      put: "		;\n",
    }],
    found: { suite: "pcs", sequence: "notified: bound again", step: "netdev.set", channel: "link" },
  },
  {
    bug: "phylink is not notified of the cable: the event is missing",
    edits: [{
      file: "mac.c",
      within: "void fakemac_turned(",
      find: "		phylink_mac_change(the_mac->net[index]->phylink, fakemac_cables[index]);\n",
      put: "		;\n",
    }],
    found: { suite: "pcs", sequence: "notified: bound again", step: "file.write", channel: "link" },
  },
  {
    bug: "the device link is stateless: it keeps nobody from losing its supplier",
    edits: [{ file: "mac.c", find: "DL_FLAG_AUTOREMOVE_CONSUMER", put: "DL_FLAG_STATELESS" }],
    found: { suite: "pcs", sequence: "device_link: unbound while the link is up", step: "file.write", channel: "link" },
  },
  {
    bug: "the reference to the module is never given back",
    edits: [{ file: "mac.c", find: "		module_put(mac->pcs_module[i]);\n", put: "" }],
    found: {
      suite: "pcs",
      sequence: "module_ref: a MAC that makes its PCS itself",
      step: "module.unload",
      channel: "result",
    },
  },
];

/** Bugs that each show with one design of the MAC only: they are built into one module, and booted once. */
const APART: readonly string[] = [
  "the wrong netdev of two is taken down",
  "the device link is stateless: it keeps nobody from losing its supplier",
  "the reference to the module is never given back",
];
const apart = PLANTS.filter(({ bug }) => APART.includes(bug));
await pcsPlants("what shows in one sequence only", apart);
for (const plant of PLANTS.filter((plant) => !apart.includes(plant))) await pcsPlants(plant.bug, [plant]);
