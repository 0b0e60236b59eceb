/**
 * The commands on ports (net/devlink/port.c).
 *
 * @module
 */

import { change, type Command, get, type Scene } from "../command.ts";
import { type Devlink, enter, instancesOf, leave, lockInstance, type Param, type Port } from "./devlink.ts";
import { announcePort } from "./announce.ts";
import type { PortCommand } from "./driver.ts";
import { FUNCTION_SETTINGS, type FunctionSetting } from "../era/era.ts";
import { type Attributes, paramAttributes, portAttributes } from "./message.ts";
import { registering } from "./registering.ts";
import type { Result } from "../observation.ts";
import { passThrough, type Steps, type Task } from "../kernel/task.ts";

/** Returns the handle of a port: devlink(8) prints the index as a signed number. */
export function portHandle(dl: Devlink, index: number): string {
  return `${dl.handle}/${index | 0}`;
}

/** Inserts a port into the ports of its instance, at its place in the order of the era. Returns `ok`, or why this fails. */
export function insertPort(dl: Devlink, port: Port): Result {
  const { order, taken } = dl.kernel.era.ports;
  if (dl.ports.some((each) => each.index === port.index)) return taken;
  dl.ports.push(port);
  if (order === "index" && port.index < (dl.ports[dl.ports.length - 2]?.index ?? -1)) {
    dl.ports.sort((a, b) => a.index - b.index);
  }
  return "ok";
}

/** Returns a port as a driver registers it: it has neither a type nor a netdev. */
export function newPort(dl: Devlink, index: number, flavour: Port["flavour"], resources: Port["resources"] = []): Port {
  return { index, handle: portHandle(dl, index), flavour, type: "notset", netdev: null, resources, rate: undefined };
}

/** Registers a port of a driver: `devl_port_register()`. */
export function* registerPort(task: Task, dl: Devlink, port: Port): Steps<Result> {
  const inserted = yield* registering(task, dl, "ports", () => insertPort(dl, port));
  if (inserted === "ok") yield* announcePort(task, dl, port, "new");
  return inserted;
}

/** Unregisters a port of a driver: `devl_port_unregister()`. */
export function* unregisterPort(task: Task, dl: Devlink, port: Port): Steps {
  yield* announcePort(task, dl, port, "del");
  yield* registering(task, dl, "ports", () => void dl.ports.splice(dl.ports.indexOf(port), 1));
}

/** Clears the type of a port before its netdev is removed, in eras in which the driver does this: `devlink_port_type_clear()`. */
export function* clearPortType(task: Task, dl: Devlink, port: Port): Steps {
  if (dl.kernel.era.portType !== "driver") return;
  port.type = "notset";
  port.netdev = null;
  yield* announcePort(task, dl, port, "new");
}

/** Shows `{ [key]: { handle: attributes } }` of the objects of all instances. */
export function* dumpObjects(
  scene: Scene,
  key: string,
  add: (dl: Devlink, shown: Attributes) => Steps | void,
): Steps<Result> {
  const { kernel, task, netns } = scene;
  const shown: Attributes = {};
  for (const dl of [...instancesOf(kernel)]) {
    if (dl.netns !== netns || !dl.visible || !(yield* lockInstance(task, dl))) continue;
    const steps = dl.netns === netns ? add(dl, shown) : undefined;
    if (steps) yield* steps;
    leave(task, dl);
  }
  task.observation.reply = { [key]: shown };
  return "ok";
}

function* addPorts(task: Task, dl: Devlink, ports: readonly Port[], shown: Attributes): Steps {
  const { era, rtnl } = dl.kernel;
  if (era.portFillTakesRtnl && ports.length > 0) yield* passThrough(task, rtnl);
  for (const port of ports) shown[port.handle] = portAttributes(dl, port);
}

function portOf(dl: Devlink, index: number | undefined): Port | undefined {
  return dl.ports.find((port) => port.index === index);
}

/** Looks a port up and runs `body` on it. */
function* onPort(
  scene: Scene,
  { handle, port: index }: { handle: string; port: number },
  body: (dl: Devlink, port: Port) => Result,
): Steps<Result> {
  return yield* change(scene, handle, (dl) => {
    const port = portOf(dl, index);
    return port ? body(dl, port) : "ENODEV";
  });
}

// deno-lint-ignore require-yield
function* refused(): Steps<Result> {
  return "client";
}

/** Carries out a command on a port, if the driver has the command. */
const ask = (task: Task, kind: PortCommand) => (dl: Devlink, port?: Port): Result =>
  dl.driver.portCommand?.(task, kind, port) ?? "EOPNOTSUPP";

/** Looks a port up and splits it into `count` ports, or undoes its split. */
function* splitting(
  { kernel, task, netns }: Scene,
  { handle, port: index }: { handle: string; port: number },
  kind: "split" | "unsplit",
  count = 0,
): Steps<Result> {
  const dl = yield* enter(kernel, task, netns, handle);
  if (!dl) return "ENODEV";
  const port = portOf(dl, index);
  const { splits } = dl.driver;
  let result: Result = "ENODEV";
  if (port && !splits) result = ask(task, kind)(dl, port);
  else if (port && splits && kind === "unsplit") result = yield* splits.unsplit(task, port);
  else if (port && splits) {
    result = splitRefusal(task, dl, port, count);
    if (result === "ok") result = yield* splits.split(task, port, count);
  }
  leave(task, dl);
  return result;
}

/** Returns why a port cannot be split, or `ok`. */
function splitRefusal(task: Task, { kernel }: Devlink, { flavour }: Port, count: number): Result {
  const refuse = (text: string) => task.fail("EINVAL", text, kernel.era.corePrefix);
  if (!flavour["splittable"]) {
    return refuse("split_group" in flavour ? "Port cannot be split further" : "Port cannot be split");
  }
  const powerOf2 = count >= 2 && Number.isInteger(Math.log2(count));
  return powerOf2 && count <= Number(flavour["lanes"] ?? 0) ? "ok" : refuse("Invalid split count");
}

const TYPES: ReadonlySet<string> = new Set(["auto", "eth", "ib"]);
const FLAVOURS: ReadonlySet<string> = new Set([
  "physical",
  "cpu",
  "dsa",
  "pcipf",
  "pcivf",
  "pcisf",
  "virtual",
]);

/** The commands on ports. */
export const PORT_COMMANDS: { [K in PortKind]: Command<K> } = {
  *"port.show"(scene, { handle, port: index }) {
    const { kernel, task, netns } = scene;
    if (handle === undefined) {
      return yield* dumpObjects(scene, "port", (dl, shown) => addPorts(task, dl, dl.ports, shown));
    }
    if (index === undefined && !kernel.era.filteredDumps) return "client";
    const dl = yield* enter(kernel, task, netns, handle);
    if (!dl) return "ENODEV";
    const shown: Attributes = {};
    const one = portOf(dl, index);
    const found = index === undefined || one !== undefined;
    if (found) yield* addPorts(task, dl, one ? [one] : dl.ports, shown);
    leave(task, dl);
    if (!found) return "ENODEV";
    task.observation.reply = { port: shown };
    return "ok";
  },

  "port.set": (scene, op) => TYPES.has(op.type) ? onPort(scene, op, ask(scene.task, "set")) : refused(),

  "port.split": (scene, op) => {
    if (op.count === undefined) return refused();
    const { count } = op;
    const { findPort } = scene.kernel.era.ports;
    if (findPort.includes("split")) return splitting(scene, op, "split", count);
    return change(
      scene,
      op.handle,
      (dl) => {
        const port = portOf(dl, op.port);
        if (!port) return "EINVAL";
        if (port.flavour["splittable"]) return ask(scene.task, "split")(dl, port);
        return scene.task.fail("EINVAL", "Port cannot be split", scene.kernel.era.corePrefix);
      },
      scene.kernel.era.locks.requests.one["port.split"],
    );
  },

  "port.unsplit": (scene, op) =>
    scene.kernel.era.ports.findPort.includes("unsplit")
      ? splitting(scene, op, "unsplit")
      : change(scene, op.handle, ask(scene.task, "unsplit"), scene.kernel.era.locks.requests.one["port.unsplit"]),

  *"port.add"(scene, { handle, flavour, pfnum }) {
    if (!FLAVOURS.has(flavour) || pfnum === undefined) return "client";
    if (!scene.kernel.era.ports.additions) return "EOPNOTSUPP";
    return yield* change(scene, handle, ask(scene.task, "add"));
  },

  *"port.del"(scene, op) {
    const { additions, findPort } = scene.kernel.era.ports;
    if (!additions) return "EOPNOTSUPP";
    const del = ask(scene.task, "del");
    return yield* findPort.includes("del") ? onPort(scene, op, del) : change(scene, op.handle, del);
  },

  *"port.function.set"(scene, op) {
    const wish = FUNCTION_SETTINGS.filter((setting) => op[setting] !== undefined);
    const address = op.hwAddr === undefined ? [] : parseAddress(op.hwAddr);
    if (!address || (op.state !== undefined && op.state !== "active" && op.state !== "inactive")) return "client";
    return yield* onPort(
      scene,
      op,
      // devlink(8) sends no request if there is nothing to set
      (dl, port) => wish.length === 0 ? "ok" : setFunction(scene.task, dl, port, wish, address),
    );
  },

  "port.param.show": (scene, { handle, port: index, name }) => {
    if (handle === undefined) return dumpObjects(scene, "param", addParams);
    if (index === undefined || name === undefined) return refused();
    return get(scene, handle, (dl) => {
      const port = portOf(dl, index);
      if (!port) return "ENODEV";
      const param = findPortParam(scene, port, name);
      if (typeof param === "string") return param;
      const shown = paramAttributes(dl, param);
      return shown ? { reply: { param: { [port.handle]: [shown] } } } : "EOPNOTSUPP";
    });
  },

  // devlink(8) reads the param first, for its type
  "port.param.set": (scene, op) =>
    onPort(scene, op, (dl, port) => {
      const param = findPortParam(scene, port, op.name);
      return typeof param === "string" ? param : dl.driver.portCommand?.(scene.task, "param", port) ?? "EOPNOTSUPP";
    }),
};

/** The kinds of {@linkcode PORT_COMMANDS}. */
export type PortKind =
  | "port.show"
  | "port.set"
  | "port.split"
  | "port.unsplit"
  | "port.add"
  | "port.del"
  | "port.function.set"
  | "port.param.show"
  | "port.param.set";

function addParams(dl: Devlink, shown: Attributes): void {
  for (const { handle, params = [] } of dl.ports) {
    const list = params.map((param) => paramAttributes(dl, param)).filter((each) => each !== null);
    if (list.length > 0) shown[handle] = list;
  }
}

/** Returns a param of a port, or the errno if the port has no such param. Later kernels refuse all of them. */
function findPortParam({ kernel, task }: Scene, port: Port, name: string): Param | Result {
  const { corePrefix, ports: { paramsRefusal } } = kernel.era;
  if (paramsRefusal !== undefined) return task.fail("EINVAL", paramsRefusal, corePrefix);
  return port.params?.find(({ spec }) => spec.name === name) ?? "EINVAL";
}

const REFUSALS: Record<FunctionSetting, string> = {
  hwAddr: "Port doesn't support function attributes",
  state: "Function does not support state setting",
  roce: "Port doesn't support RoCE function attribute",
  migratable: "Port doesn't support migratable function attribute",
  ipsecCrypto: "Port doesn't support ipsec_crypto function attribute",
  ipsecPacket: "Port doesn't support ipsec_packet function attribute",
  maxIoEqs: "Function does not support max_io_eqs setting",
};

/** The most bytes of a hardware address. */
const MAX_ADDRESS = 32;

/** Sets attributes of a port's function; returns the errno of the core if the driver cannot. */
function setFunction(
  task: Task,
  dl: Devlink,
  port: Port,
  wish: readonly FunctionSetting[],
  address: readonly number[],
): Result {
  const { corePrefix, ports: { functionSettings, functionChecks } } = dl.kernel.era;
  if (!wish.every((setting) => functionSettings.includes(setting))) {
    return task.fail("EINVAL", "Fail to parse port function attributes", corePrefix);
  }
  if (wish.includes("hwAddr") && functionChecks === "value") {
    if (address.length > MAX_ADDRESS) {
      return task.fail("EINVAL", "Port function hardware address too long", corePrefix);
    }
    if (port.type === "eth" && address.length !== 6) {
      return task.fail("EINVAL", "Address must be 6 bytes for Ethernet device", corePrefix);
    }
    if (port.type === "eth" && (address[0]! & 1) === 1) {
      return task.fail("EINVAL", "Non-unicast hardware address unsupported", corePrefix);
    }
  }
  return dl.driver.portCommand?.(task, "function", port) ?? task.fail("EOPNOTSUPP", REFUSALS[wish[0]!], corePrefix);
}

/** Returns a hardware address as devlink(8) reads it; undefined where it is not an address. */
function parseAddress(text: string): number[] | undefined {
  const bytes = text.split(":");
  if (!bytes.every((byte) => /^[0-9a-fA-F]{1,2}$/.test(byte))) return undefined;
  return bytes.map((byte) => parseInt(byte, 16));
}
