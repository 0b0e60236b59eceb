/**
 * Races on a board's own device: operations by name, made for the device by its facts. Operations that any driver has (reloads,
 * dumps, traps) are here; a driver adds its own.
 *
 * @module
 */

import type { InventoryInstance } from "../inventory.ts";
import type { NetnsName, Operation } from "../operation.ts";

/** An operation for races, which a user names. */
export interface RaceWord {
  /** What the operation does, for a reader of the list of names */
  readonly about: string;
  /** The feature that a device must have for the operation, for a message: `a reload` */
  readonly needs: string;
  /** The netns of the operation, which is made before the race. @default {none} */
  readonly netns?: NetnsName;
  /** Returns the operation for a device; undefined if the device lacks what the operation needs */
  make(device: InventoryInstance): Operation | undefined;
  /** Returns the operations that restore the device after a run; each may fail. @default {none} */
  undo?(device: InventoryInstance): readonly Operation[];
}

/** Operations for races by name. Their `undo` operations are performed in the order of the names. */
export type RaceVocabulary = Readonly<Record<string, RaceWord>>;

/** The netns to which `reload_netns` moves a device. */
const NETNS = "t1";

const reloads = ({ reloadActions }: InventoryInstance) => reloadActions.includes("driver_reinit");

/** Returns the entry for showing one object. A dump would also list the board's other instances, which are not in the race. */
const show = (what: string, make: RaceWord["make"]): RaceWord => ({
  about: `show the first ${what} of the device`,
  needs: `a ${what}`,
  make,
});

/** Returns a param that a race sets to its present value. */
const paramOf = ({ params }: InventoryInstance) =>
  params.find(({ cmode, value, pending }) => cmode !== "permanent" && value !== undefined && !pending);
const dropTrapOf = ({ traps }: InventoryInstance) => traps.find(({ type }) => type === "drop");
const netdevOf = ({ ports }: InventoryInstance) => ports.find(({ netdev }) => netdev);

/** The operations for races on a device of any driver. */
export const ANY_DEVICE: RaceVocabulary = {
  reload: {
    about: "reload the device",
    needs: "a reload",
    make: (device) => reloads(device) ? { kind: "dev.reload", handle: device.handle } : undefined,
    // A netdev that the reload recreated is down
    undo: ({ handle, ports }) =>
      ports.filter(({ netdev, up }) => netdev && up).map(({ index }) => ({
        kind: "link.set",
        handle,
        port: index,
        up: true,
      })),
  },
  reload_netns: {
    about: `reload the device into the netns ${NETNS}`,
    needs: "a reload",
    netns: NETNS,
    make: (device) => reloads(device) ? { kind: "dev.reload", handle: device.handle, to: NETNS } : undefined,
    undo: ({ handle }) => [{ kind: "dev.reload", handle, to: { pid: 1 }, netns: NETNS }],
  },
  dev_show: {
    about: "show the device",
    needs: "a devlink instance",
    make: ({ handle }) => ({ kind: "dev.show", handle }),
  },
  dev_info: {
    about: "show the versions of the device",
    needs: "a devlink instance",
    make: ({ handle }) => ({ kind: "dev.info", handle }),
  },
  port_show: show(
    "port",
    ({ handle, ports: [port] }) => port && { kind: "port.show", handle, port: port.index },
  ),
  param_show: show(
    "param",
    ({ handle, params: [param] }) => param && { kind: "param.show", handle, name: param.name },
  ),
  param_set: {
    about: "set the first param to the value that it has",
    needs: "a param with a value that is not permanent",
    make(device) {
      const param = paramOf(device);
      return param &&
        { kind: "param.set", handle: device.handle, name: param.name, value: param.value!, cmode: param.cmode };
    },
  },
  trap_show: show("trap", ({ handle, traps: [trap] }) => trap && { kind: "trap.show", handle, name: trap.name }),
  trap_set: {
    about: "set the action of the first drop trap to trap",
    needs: "a drop trap",
    make(device) {
      const trap = dropTrapOf(device);
      return trap && { kind: "trap.set", handle: device.handle, name: trap.name, action: "trap" };
    },
    undo(device) {
      const { name, action } = dropTrapOf(device)!;
      return [{ kind: "trap.set", handle: device.handle, name, action }];
    },
  },
  health_show: show(
    "health reporter",
    ({ handle, reporters: [reporter] }) => reporter && { kind: "health.show", handle, reporter: reporter.name },
  ),
  link_up: {
    about: "take the netdev of the first port up",
    needs: "a port with a netdev",
    make(device) {
      const port = netdevOf(device);
      return port && { kind: "link.set", handle: device.handle, port: port.index, up: true };
    },
    undo(device) {
      const { index, up } = netdevOf(device)!;
      return [{ kind: "link.set", handle: device.handle, port: index, up }];
    },
  },
};
