/**
 * The Ethernet part of a function: its port, its netdev and their health reporters; from 6.12 on in a devlink instance of its own,
 * nested in the function's (core/en_main.c: mlx5e_probe(), mlx5e_remove(); core/en/devlink.c).
 *
 * @module
 */

import { announceDev } from "../../devlink/announce.ts";
import { Devlink, type Port, type Reporter } from "../../devlink/devlink.ts";
import type { Driver, ShownObject } from "../../devlink/driver.ts";
import type { Attributes } from "../../devlink/message.ts";
import { newPort, registerPort, unregisterPort } from "../../devlink/port.ts";
import { registerPortNetdev, unregisterPortNetdev } from "../../devlink/port_netdev.ts";
import type { PortFact } from "../../facts.ts";
import type { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { STATE } from "../../kernel/state.ts";
import { acquire, type Steps, type Task } from "../../kernel/task.ts";
import type { Netdev } from "../../net/netns.ts";
import type { Result, Unknown } from "../../observation.ts";
import type { Operation } from "../../operation.ts";
import { portOf } from "../from_facts.ts";
import { mlx5Era } from "./era.ts";

/** The interface of the function for its Ethernet part. */
export interface EthernetHost {
  /** The port as the facts have it, or as the driver makes it */
  readonly port: PortFact;
  /** Completes the shown attributes of the nested instance and its objects */
  shown(object: ShownObject, attributes: Attributes): Attributes;
  /** Returns the channels of an operation on the nested instance that the model does not know */
  unknown(op: Operation): Unknown | undefined;
  /** Called before a netdev is removed that is up */
  carrierGoes(): void;
  /** Called before the netdev of a port is set up or down */
  linkSet(task: Task, port: Port, up: boolean): Result;
  /** Returns the reporters of a port */
  reporters(remade: boolean): Reporter[];
}

/** The devlink instance of the auxiliary device: it has a port and no operations (`mlx5e_devlink_ops` is empty). */
class EthernetInstance implements Driver {
  readonly name = "mlx5_core.eth";
  readonly reloadActions = [] as const;
  readonly reloadLimits = [] as const;
  readonly versions = undefined;
  readonly #host: EthernetHost;

  constructor(host: EthernetHost) {
    this.#host = host;
  }

  shown(object: ShownObject, attributes: Attributes): Attributes {
    return this.#host.shown(object, attributes);
  }

  unknown(op: Operation): Unknown | undefined {
    return this.#host.unknown(op);
  }

  linkSet(task: Task, port: Port, up: boolean): Result {
    return this.#host.linkSet(task, port, up);
  }

  mayHave = () => false;
}

/** The Ethernet part, from its probe to its removal. */
export class Ethernet {
  /** The instance that has the port */
  readonly dl: Devlink;
  readonly #kernel: Kernel;
  readonly #parent: Devlink;
  readonly #host: EthernetHost;
  #port: Port | undefined;
  /** True while the parent is to be announced: work that is queued twice runs once */
  #notifying = false;

  [STATE](): readonly unknown[] {
    return [this.#port, this.#notifying];
  }

  /** Creates the part of a function; `device` is the auxiliary device, in eras that have it. */
  constructor(kernel: Kernel, parent: Devlink, device: Device | undefined, host: EthernetHost) {
    this.#kernel = kernel;
    this.#parent = parent;
    this.#host = host;
    this.dl = device && mlx5Era(kernel.era).port === "nested"
      ? new Devlink(
        kernel,
        `auxiliary/${device.name}`,
        new EthernetInstance(host),
        device.lock,
        parent.netns,
      )
      : parent;
  }

  get #nested(): boolean {
    return this.dl !== this.#parent;
  }

  /** The netdev of the port. */
  get netdev(): Netdev | undefined {
    return this.#port?.netdev ?? undefined;
  }

  /** Creates the part as the facts have it, without messages. */
  adopt(): void {
    const { dl } = this;
    if (this.#nested) {
      this.#parent.nested.push(dl);
      dl.registered = true;
    }
    this.#port = portOf(dl, this.#host.port);
    this.#port.reporters = this.#host.reporters(false);
    dl.ports.push(this.#port);
  }

  /** Models `mlx5e_probe()`; `attach` carries out the commands that a netdev needs. All is undone if the card refuses one. */
  *probe(task: Task, attach: () => Steps<Result>): Steps<Result> {
    yield* this.#addPort(task);
    const result = yield* attach();
    if (result !== "ok") {
      yield* this.#removePort(task);
      return result;
    }
    const port = this.#port!;
    port.reporters = this.#host.reporters(true);
    const netdev = { netns: this.#parent.netns, downFlags: ["BROADCAST", "MULTICAST"], operstateUp: "UP" };
    yield* registerPortNetdev(task, this.dl, port, netdev);
    return "ok";
  }

  /** Adds the nested instance, and the port without a netdev. */
  *#addPort(task: Task): Steps {
    const { dl } = this;
    if (this.#nested) {
      this.#parent.nested.push(dl);
      yield* acquire(task, dl.lock);
      dl.registered = true;
      announceDev(task, dl, "new");
      dl.lock.release(task);
      this.#notifyParent(task);
    }
    const { index, flavour } = this.#host.port;
    const port = newPort(dl, index, flavour);
    this.#port = port;
    const locked = yield* this.#lock(task);
    yield* registerPort(task, dl, port);
    if (locked) dl.lock.release(task);
  }

  /** Models `mlx5e_remove()`. */
  *remove(task: Task): Steps {
    const port = this.#port!;
    const netdev = port.netdev!;
    if (netdev.up) this.#host.carrierGoes();
    yield* unregisterPortNetdev(task, this.dl, port, netdev);
    port.reporters = [];
    yield* this.#removePort(task);
  }

  /** Removes the port and the nested instance. */
  *#removePort(task: Task): Steps {
    const { dl } = this;
    const port = this.#port!;
    const locked = yield* this.#lock(task);
    // Up to 6.2 the port still has the type of the netdev, which exists but is no longer registered
    yield* unregisterPort(task, dl, port);
    if (locked) dl.lock.release(task);
    this.#port = undefined;
    if (!this.#nested) return;
    yield* acquire(task, dl.lock);
    announceDev(task, dl, "del");
    dl.registered = false;
    dl.lock.release(task);
    this.#notifyParent(task);
    const { nested } = this.#parent;
    nested.splice(nested.indexOf(dl), 1);
    dl.free(task);
  }

  /** Locks the instance for the port, unless the reload has locked it. */
  *#lock(task: Task): Steps<boolean> {
    const { lock } = this.dl;
    if (!this.#kernel.era.driverLocksInstance || lock.owner === task) return false;
    yield* acquire(task, lock);
    return true;
  }

  /** Queues the work that announces the parent instance, after the parent's lock is free (`devlink_rel_nested_in_notify()`). */
  #notifyParent(task: Task): void {
    if (this.#notifying) return;
    this.#notifying = true;
    const parent = this.#parent;
    const begins = () => this.#notifying = false;
    this.#kernel.start("devlink_rel_nested_in_notify_work", function* (worker) {
      yield* acquire(worker, parent.lock);
      begins();
      if (parent.registered) announceDev(worker, parent, "new");
      parent.lock.release(worker);
    }, task.stepping);
  }
}
