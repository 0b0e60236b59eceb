/**
 * The rates of netdevsim: stored in whole Mbit/s, and shown in debugfs (docs/semantics.md 5.8).
 *
 * @module
 */

import type { Devlink, Rate } from "../../devlink/devlink.ts";
import type { RateDriver } from "../../devlink/driver.ts";
import type { Era } from "../../era/mod.ts";
import type { VirtualFile } from "../../kernel/host.ts";
import type { Result } from "../../observation.ts";
import type { Task } from "../../kernel/task.ts";
import { STATE } from "../../kernel/state.ts";

/** 1 Mbit/s in bytes per second. */
const UNIT = 125_000;
/** The greatest rate, in Mbit/s. */
const FASTEST = 5000;
/** The index of the port of the first VF. */
export const VF_BASE = 128;

/** Returns the names of the files of a VF's port or of a node that hold the bandwidth of a traffic class. */
export const bandwidthFiles = ({ ports }: Era): string[] =>
  ports.rateClasses === "taken" ? Array.from({ length: 8 }, (_, i) => `tc${i}_bw`) : [];

interface Limits {
  tx_share: number;
  tx_max: number;
}

/** The rates of one bound device. */
export class NetdevsimRates implements RateDriver {
  readonly #dl: Devlink;
  /** The limits by number of the VF: they stay when the port of the VF and its rate object are removed */
  #vfs = new Map<number, Limits>();
  readonly #nodes = new Map<string, Limits>();

  [STATE](): readonly unknown[] {
    return [this.#vfs, this.#nodes];
  }

  constructor(dl: Devlink) {
    this.#dl = dl;
  }

  /** Resets the limits of all VFs. */
  forgetVfs(): void {
    this.#vfs.clear();
  }

  nodeNew(task: Task, name: string): Result {
    if (this.#dl.driver.eswitch!.mode !== "switchdev") {
      return task.fail("EOPNOTSUPP", "Node creation allowed only in switchdev mode", "netdevsim");
    }
    this.#nodes.set(name, { tx_share: 0, tx_max: 0 });
    return "ok";
  }

  nodeDel(name: string): void {
    this.#nodes.delete(name);
  }

  txSet(task: Task, rate: Rate, what: "tx_share" | "tx_max", value: number): Result {
    const rest = value % UNIT;
    const units = (value - rest) / UNIT;
    if (rest !== 0) {
      task.log("info", `${what} rate value ${BigInt(value)}Bps not in link speed units of 1Mbps.`);
      return task.fail("EINVAL", "TX rate value not in link speed units of 1Mbps", "netdevsim");
    }
    if (units > FASTEST) {
      task.log("info", `${what} rate value ${BigInt(units)}Mbps exceed link maximum speed 5000Mbps.`);
      return task.fail("EINVAL", "TX rate value exceed link maximum speed 5000Mbps", "netdevsim");
    }
    const limits = rate.port ? this.#vf(rate.port.index - VF_BASE) : this.#nodes.get(rate.name)!;
    limits[what] = units;
    return "ok";
  }

  /** Returns the file of a VF's port. */
  vfFile(index: number, name: string): VirtualFile | undefined {
    const rate = () => this.#dl.ports.find((port) => port.index === index)?.rate;
    return this.#file(this.#vf(index - VF_BASE), rate, name);
  }

  /** The names of the nodes. */
  get nodes(): string[] {
    return [...this.#nodes.keys()];
  }

  /** True if there is a node with this name, and so its directory. */
  hasNode(name: string): boolean {
    return this.#nodes.has(name);
  }

  /** Returns the file of a node. */
  nodeFile(node: string, name: string): VirtualFile | undefined {
    const limits = this.#nodes.get(node);
    const rate = () => this.#dl.rates.find((rate) => rate.type === "node" && rate.name === node);
    return limits && this.#file(limits, rate, name);
  }

  #vf(number: number): Limits {
    let limits = this.#vfs.get(number);
    if (!limits) this.#vfs.set(number, limits = { tx_share: 0, tx_max: 0 });
    return limits;
  }

  #file(limits: Limits, rate: () => Rate | undefined, name: string): VirtualFile | undefined {
    switch (name) {
      case "tx_share":
      case "tx_max":
        return { read: () => ({ text: String(limits[name]) }) };
      case "rate_parent":
        // Unlike the others, this file has no write operation
        return { read: () => ({ text: rate()?.parent?.name ?? "" }), write: refuse };
    }
    const at = bandwidthFiles(this.#dl.kernel.era).indexOf(name);
    return at < 0 ? undefined : { read: () => ({ text: String(rate()?.bandwidths[at] ?? 0) }) };
  }
}

// deno-lint-ignore require-yield
function* refuse(): Generator<never, string> {
  return "EINVAL";
}
