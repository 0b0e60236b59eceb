/**
 * The errors of devlink(8) for a command line that it refuses.
 *
 * @module
 */

import type { DevlinkKind } from "./forms.ts";

/** Thrown if devlink(8) refuses a command line; holds the lines that it prints. */
export class Refusal extends Error {
  readonly lines: readonly string[];
  constructor(...lines: string[]) {
    super(lines.join("\n"));
    this.lines = lines;
  }
}

/** The errors of devlink(8) if the object of a command is missing. */
export const IDENTIFICATION = {
  device: 'Devlink identification ("bus_name/dev_name") expected',
  port: 'Port identification ("bus_name/dev_name/port_index" or "netdev ifname")',
  region: 'Expected "bus_name/dev_name/region" identification.',
  node: 'Expected "bus_name/dev_name/node" identification.',
  rate: 'Expected "bus_name/dev_name/node" or "bus_name/dev_name/port_index" identification.',
  wrong: "Wrong identification string format.",
  wrongPort: "Wrong port identification string format.",
  ports: 'Expected "bus_name/dev_name/port_index" or "netdev_ifname".',
  either: 'Expected "bus_name/dev_name" or "bus_name/dev_name/port_index" or "netdev_ifname".',
} as const;

/** The errors of devlink(8) for missing options, in the order of its checks, by the parameter of the operation. */
export const MISSING: readonly (readonly [field: string, text: string])[] = [
  ["lc", "Linecard index expected."],
  ["count", "Port split count option expected."],
  ["pool", "Pool index option expected."],
  ["size", "Pool size option expected."],
  ["type", "Port type not set."],
  ["thtype", "Pool threshold type option expected."],
  ["threshold", "Threshold option expected."],
  ["tc", "TC index option expected."],
  ["counters", "Dpipe table counter state expected."],
  ["path", "Resource path expected."],
  ["name", "Parameter name expected."],
  ["value", "Value to set expected."],
  ["cmode", "Configuration mode expected."],
  ["snapshot", "Region snapshot id expected."],
  ["address", "Region address value expected."],
  ["length", "Region length value expected."],
  ["reporter", "Reporter's name is expected."],
  ["flavour", "Port flavour is expected."],
  ["pfnum", "Port PCI PF number is expected."],
];

/** The kinds for which the error of a missing option has another text. */
export const MISSING_OF: { readonly [K in DevlinkKind]?: Readonly<Record<string, string>> } = {
  "trap.set": { name: "Trap's name is expected." },
  "trap.group.set": { name: "Trap group's name is expected." },
  "dpipe.table.set": { name: "Dpipe table name expected." },
  "dpipe.table.dump": { name: "Dpipe table name expected." },
  "linecard.set": { type: "Linecard type expected." },
  "sb.tc.bind.set": { type: "Pool type option expected." },
  "resource.set": { size: "Resource size expected." },
};

/** The values of options with a fixed list, by kind and parameter: the list, and the error for another value. */
export const CHOICES: {
  readonly [K in DevlinkKind]?: Readonly<Record<string, readonly [string[], (word: string) => string]>>;
} = {
  "dev.reload": {
    action: [["driver_reinit", "fw_activate"], (word) => `Unknown reload action "${word}"`],
    limit: [["no_reset"], (word) => `Unknown reload limit "${word}"`],
  },
  "dev.flash": { overwrite: [["settings", "identifiers"], (word) => `Unknown overwrite section "${word}"`] },
  "dev.eswitch.set": {
    mode: [["legacy", "switchdev", "switchdev_inactive"], (word) => `Unknown eswitch mode "${word}"`],
    inlineMode: [["none", "link", "network", "transport"], (word) => `Unknown eswitch inline mode "${word}"`],
    encapMode: [["none", "basic"], (word) => `Unknown eswitch encap mode "${word}"`],
  },
  "port.set": { type: [["auto", "eth", "ib"], (word) => `Unknown port type "${word}"`] },
  "port.add": {
    flavour: [
      ["physical", "cpu", "dsa", "pcipf", "pcivf", "pcisf", "virtual", "unused"],
      (word) => `Error: argument "${word}" is wrong: unknown flavour`,
    ],
  },
  "port.function.set": {
    state: [["active", "inactive"], (word) => `Error: argument "${word}" is wrong: unknown state`],
  },
  "param.set": { cmode: [["runtime", "driverinit", "permanent"], (word) => `Unknown configuration mode "${word}"`] },
  "port.param.set": {
    cmode: [["runtime", "driverinit", "permanent"], (word) => `Unknown configuration mode "${word}"`],
  },
  "sb.pool.set": { thtype: [["static", "dynamic"], (word) => `Unknown threshold type "${word}"`] },
  "sb.tc.bind.show": { type: [["ingress", "egress"], (word) => `Unknown pool type "${word}"`] },
  "sb.tc.bind.set": { type: [["ingress", "egress"], (word) => `Unknown pool type "${word}"`] },
  "resource.show": { scope: [["dev", "port"], (word) => `Unknown resource scope "${word}"`] },
  "trap.set": { action: [["drop", "trap", "mirror"], (word) => `Unknown trap action "${word}"`] },
  "trap.group.set": { action: [["drop", "trap", "mirror"], (word) => `Unknown trap action "${word}"`] },
};
