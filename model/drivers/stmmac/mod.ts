/**
 * The model of stmmac on an Intel mGBE: a MAC on phylink, its PHY on phylib, and from 7.x on a devlink instance with one param
 * (drivers/net/ethernet/stmicro/stmmac, drivers/net/phy).
 *
 * @module
 */

import type { Era } from "../../era/mod.ts";
import type { Facts } from "../../facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { DriverModel } from "../driver.ts";
import { type DriverInventory, inventoryOf } from "../driver_inventory.ts";
import { operate } from "./cable.ts";
import { addMac, DRIVER } from "./drivers.ts";
import { stmmacEra } from "./era.ts";
import { PHC_COARSE_ADJ, StmmacInstance } from "./instance.ts";

/** Adds the MAC to its bus, bound, with the instance of the facts. The wiring of the MAC does not show in devlink. */
function* instantiate(kernel: Kernel, task: Task, facts: Facts): Steps {
  const coarse = facts.params.find(({ name }) => name === PHC_COARSE_ADJ.name)?.values[0]?.value === true;
  let adopts = true;
  yield* addMac(kernel, task, {
    name: facts.handle.slice(facts.handle.indexOf("/") + 1),
    interface: "sgmii",
    instance(device) {
      const instance = new StmmacInstance(kernel, device);
      if (adopts) instance.adopt(coarse);
      adopts = false;
      return instance;
    },
  });
}

/** Returns the objects that the driver registers, in eras in which it has a devlink instance. */
function inventory(era: Era): DriverInventory {
  if (!stmmacEra(era).devlink) return {};
  return {
    ...inventoryOf({ traps: [], groups: [], policers: [], params: [PHC_COARSE_ADJ] }),
    resources: [],
    reporters: [],
    regions: [],
  };
}

/** dwmac-intel, the driver of stmmac for Intel's MACs. */
export const stmmac: DriverModel = {
  name: "stmmac",
  drivers: [DRIVER],
  instantiate,
  inventory,
  operate,
  log: [/^intel-eth-pci /, /^dwmac4: /, / stmmac-\d+:\d\d: /],
  logPlaces: [{
    id: "stmmac-link",
    pattern: /(?<=^intel-eth-pci \S+ \S+: Link is Up) - .*/,
    reason: "speed and flow control are what the PHY and the other end of the cable agreed on",
    source: "drivers/net/phy/phylink.c: phylink_link_up()",
  }],
  chatter: [{
    id: "stmmac-probe",
    pattern:
      /^intel-eth-pci \S+: (stmmac_config_multi_msi: |Active PHY interface: |platform requests unsupported TSO$|User ID: |\tDWMAC|DMA HW capability |[RT]X Checksum |Wake-Up On Lan |TSO (supported|feature)|COE Type |Enable RX Mitigation |device MAC address |Enabled (RFS|L3L4|RX|Flow|L3)|Using \d+(\/\d+)? bits DMA|SPH feature|Enabling HW TC|Normal descriptors|(Enhanced|Extended) |PTP uses|EST feature|FPE|Ring mode|Chain mode)/,
    reason: "describes the MAC as it is probed",
    source: "stmmac_main.c: stmmac_hw_init(), stmmac_dvr_probe()",
  }, {
    id: "stmmac-phy-found",
    pattern: /^.* stmmac-\d+:\d\d: attached PHY driver /,
    reason: "names the PHY that was found on the bus; the PHY that is used is in a line of phylink",
    source: "stmmac_mdio.c: stmmac_mdio_register()",
  }, {
    id: "stmmac-open",
    pattern:
      /^intel-eth-pci \S+ \S+: (Register MEM_TYPE_\w+ RxQ-\d+|No Safety Features support found|Enabling Safety Features|PTP not supported by HW|IEEE 1588-\d+ .*supported|registered PTP clock|Energy-Efficient Ethernet initialized)$/,
    reason: "lists what the MAC can do, each time its netdev comes up",
    source: "stmmac_main.c: stmmac_hw_setup(), stmmac_ptp.c: stmmac_ptp_register()",
  }, {
    id: "stmmac-axi",
    pattern: /^dwmac4: Master AXI performs /,
    reason: "describes the bus of the MAC",
    source: "dwmac4_dma.c: dwmac4_dma_axi()",
  }],
};
