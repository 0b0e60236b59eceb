/**
 * The ports of a switch: the CPU's port, and the ports of the front panel with their netdevs (spectrum.c: mlxsw_sp_ports_create(),
 * mlxsw_sp_ports_remove(), mlxsw_sp_port_split(), mlxsw_sp_port_unsplit()).
 *
 * @module
 */

import type { Devlink, Port } from "../../devlink/devlink.ts";
import type { PortSplitter } from "../../devlink/driver.ts";
import { clearPortType, newPort, registerPort, unregisterPort } from "../../devlink/port.ts";
import { registerPortNetdev, unregisterPortNetdev } from "../../devlink/port_netdev.ts";
import type { Facts } from "../../facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { Result } from "../../observation.ts";
import { portOf } from "../from_facts.ts";
import type { Access } from "./emulated_asic.ts";
import { isSplit, splitPorts } from "./firmware.ts";
import { PREFIX, type Unknowns } from "./unknown.ts";

const isFrontPanel = ({ flavour }: Pick<Port, "flavour">) => flavour["flavour"] === "physical";

/** The ports of one switch. */
export class Ports implements PortSplitter {
  readonly #kernel: Kernel;
  readonly #dl: Devlink;
  readonly #facts: Facts;
  readonly #unknowns: Unknowns;

  constructor(kernel: Kernel, dl: Devlink, facts: Facts, unknowns: Unknowns) {
    this.#kernel = kernel;
    this.#dl = dl;
    this.#facts = facts;
    this.#unknowns = unknowns;
  }

  /** Creates the ports as the facts have them, without messages. */
  adopt(): void {
    this.#dl.ports = this.#facts.ports.map((fact) => portOf(this.#dl, fact));
    for (const { netdev } of this.#dl.ports) if (netdev) netdev.stays = true;
  }

  /** The number of ports on the front panel (`active_ports_count`). */
  get active(): number {
    return this.#dl.ports.filter(isFrontPanel).length;
  }

  /**
   * Creates the ports that the firmware has after a reset, without splits. Returns undefined, or the index of the port that the
   * ASIC
   * refuses; the device then has no ports.
   *
   * @param fails Carries out an access; returns true if the access fails
   */
  *create(task: Task, fails: (access: Access) => boolean): Steps<number | undefined> {
    if (this.#facts.ports.some(isSplit)) this.#unknowns.portsOfFirmware();
    for (const { index, flavour } of this.#facts.ports) {
      if (yield* this.#add(task, index, flavour, fails)) continue;
      const others = this.#dl.ports.filter(isFrontPanel).sort((a, b) => b.index - a.index);
      for (const port of others) yield* this.#remove(task, port);
      yield* this.remove(task);
      return index;
    }
    return undefined;
  }

  /** Removes all ports in the order of their index, and the CPU's port last. */
  *remove(task: Task): Steps {
    const ports = [...this.#dl.ports].sort((a, b) =>
      Number(isFrontPanel(b)) - Number(isFrontPanel(a)) || a.index - b.index
    );
    for (const port of ports) yield* this.#remove(task, port);
  }

  *split(task: Task, port: Port, count: number): Steps<Result> {
    const { port: number, lanes } = port.flavour as { port: number; lanes: number };
    const indices = splitPorts(this.#facts, number, count);
    if (!indices || this.#unknowns.portsUnknown) return this.#unknowns.splits();
    yield* this.#removeAt(task, indices);
    const flavour = { flavour: "physical", port: number, split_group: number, splittable: false, lanes: lanes / count };
    for (const index of indices) yield* this.#add(task, index, flavour);
    return "ok";
  }

  *unsplit(task: Task, port: Port): Steps<Result> {
    if (this.#unknowns.portsUnknown) return this.#unknowns.splits();
    if (!("split_group" in port.flavour)) return task.fail("EINVAL", "Port was not split", PREFIX);
    const { port: number } = port.flavour as { port: number };
    const before = this.#facts.ports.find(({ flavour }) =>
      flavour["port"] === number && flavour["flavour"] === "physical"
    );
    const count = Number(before?.flavour["lanes"]) / Number(port.flavour["lanes"]);
    const indices = splitPorts(this.#facts, number, count);
    if (!before || !indices) return this.#unknowns.splits();
    yield* this.#removeAt(task, indices);
    yield* this.#add(task, before.index, before.flavour);
    return "ok";
  }

  *#removeAt(task: Task, indices: readonly number[]): Steps {
    for (const index of indices) {
      const port = this.#dl.ports.find((each) => each.index === index);
      if (port) yield* this.#remove(task, port);
    }
  }

  /** Adds a port; returns false if the ASIC refuses it. */
  *#add(
    task: Task,
    index: number,
    flavour: Port["flavour"],
    fails: (access: Access) => boolean = () => false,
  ): Steps<boolean> {
    const dl = this.#dl;
    const port = newPort(dl, index, flavour);
    yield* registerPort(task, dl, port);
    if (!isFrontPanel(port)) return true;
    if (fails("PTYS write")) {
      yield* this.#remove(task, port);
      return false;
    }
    const netdev = { netns: dl.netns, downFlags: ["BROADCAST", "MULTICAST"], operstateUp: "UP", stays: true };
    yield* registerPortNetdev(task, dl, port, netdev);
    return true;
  }

  *#remove(task: Task, port: Port): Steps {
    const dl = this.#dl;
    const { netdev } = port;
    if (netdev) {
      if (netdev.up) this.#unknowns.carrier();
      yield* clearPortType(task, dl, port);
      yield* unregisterPortNetdev(task, dl, port, netdev);
    }
    yield* unregisterPort(task, dl, port);
  }
}
