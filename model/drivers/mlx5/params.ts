/**
 * The params of a function: their lifetime, the place of their values, and the checks of new values by mlx5_core (core/devlink.c,
 * core/fs_core.c, core/lib/nv_param.c).
 *
 * @module
 */

import { announceParam } from "../../devlink/announce.ts";
import type { Devlink, Param, ParamValue } from "../../devlink/devlink.ts";
import type { ParamSpec } from "../../devlink/driver.ts";
import { publishParams, unpublishParams } from "../../devlink/param.ts";
import { registering } from "../../devlink/registering.ts";
import type { Facts, ParamFact } from "../../facts.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { paramOf } from "../from_facts.ts";
import type { Mlx5Era } from "./era.ts";

/** The inputs of a check. */
interface ParamCheck {
  /** The initial value of the driver */
  readonly initial: ParamValue | undefined;
  /** True if the card can do RoCE; undefined if not known */
  readonly roce: boolean | undefined;
  /** The modes of flow steering that the driver knows */
  readonly steering: readonly string[];
}

/** The outcome of a check: the value is good, it is refused, or only the card knows the limit. */
export type ParamVerdict = "ok" | "card" | { readonly errno: string; readonly text?: string };

const isPowerOf2 = (value: number) => value > 0 && Number.isInteger(Math.log2(value));

const invalid = (text?: string): ParamVerdict => text === undefined ? { errno: "EINVAL" } : { errno: "EINVAL", text };

/** Returns the verdict on a number with a limit that only the card knows: a value up to the initial value is good. */
const upTo = (value: ParamValue, { initial }: ParamCheck): ParamVerdict => value <= (initial ?? 0) ? "ok" : "card";

const eqDepth = (value: ParamValue): ParamVerdict => Number(value) >= 64 && Number(value) <= 4096 ? "ok" : invalid();

const congestion = (value: ParamValue): ParamVerdict =>
  Number(value) > 10000 ? invalid(`Value ${value} > max supported (10000)`) : "ok";

/**
 * The largest initial size of a hairpin queue: 2^(16 - 6), strides of 64 bytes (mlx5_devlink_hairpin_params_init_values()).
 * A smaller initial value is the card's own limit.
 */
const HAIRPIN_BEGINS = 1024;

/** The checks by the param's name. */
const CHECKS: Readonly<Record<string, (value: ParamValue, check: ParamCheck) => ParamVerdict>> = {
  enable_roce: (value, { roce }) => !value || roce ? "ok" : "card",
  enable_rdma: (value, { roce }) => !value || roce ? "ok" : "card",
  enable_eth: () => "ok",
  enable_vnet: () => "ok",
  enable_remote_dev_reset: () => "ok",
  io_eq_size: eqDepth,
  event_eq_size: eqDepth,
  fdb_large_groups: (value) =>
    Number(value) >= 1 && Number(value) <= 1024
      ? "ok"
      : { errno: "EOPNOTSUPP", text: "Unsupported group number, supported range is 1-1024" },
  hairpin_num_queues: (value) => value === 0 ? invalid() : "ok",
  hairpin_queue_size: (value, { initial }) => {
    if (!isPowerOf2(Number(value))) return invalid("Value is not power of two");
    if (value <= (initial ?? 0)) return "ok";
    return Number(initial) < HAIRPIN_BEGINS ? invalid(`Maximum hairpin queue size is ${initial}`) : "card";
  },
  max_macs: (value, check) => {
    if (value === 0) return invalid("max_macs value must be greater than 0");
    if (!isPowerOf2(Number(value))) return invalid("Only power of 2 values are supported for max_macs");
    return upTo(value, check);
  },
  // At most the number of channels, by CPUs and vectors: the initial value may be above it (mlx5_devlink_num_doorbells_validate())
  num_doorbells: (value) => Number(value) <= 1 ? "ok" : "card",
  pcie_cong_inbound_low: congestion,
  pcie_cong_inbound_high: congestion,
  pcie_cong_outbound_low: congestion,
  pcie_cong_outbound_high: congestion,
  flow_steering_mode: (value, { steering }) => {
    if (value === "dmfs") return "ok";
    if (steering.includes(String(value))) return "card";
    const listed = steering.map((mode) => `"${mode}"`).join(", ");
    return invalid(`Bad parameter: supported values are [${listed}]`);
  },
};

/**
 * The permanent params in the card's register MNVDA: the index of each, and the length of a read in bytes (lib/nv_param.c:
 * mlx5_nv_param_read_*()).
 */
const NON_VOLATILE: Readonly<Record<string, { readonly index: number; readonly length: number }>> = {
  enable_sriov: { index: 0x81, length: 20 },
  total_vfs: { index: 0x81, length: 20 },
  max_sfs: { index: 0x80, length: 12 },
  cqe_compress_type: { index: 0x10a, length: 8 },
  swp_l4_csum_mode: { index: 0x11d, length: 8 },
};

/** Returns the line that the driver logs if it cannot read a permanent param; undefined for an unknown param. */
export function unreadParam(name: string): string | undefined {
  const read = NON_VOLATILE[name];
  if (!read) return;
  const index = `0x${read.index.toString(16)}`;
  return "mlx5_nv_param_read: Failed to read mnvda reg: " +
    `type_class 0x0, param_idx ${index}, header_len ${read.length}, err -67`;
}

/**
 * The params, in groups and in the order of registration (devlink.c: mlx5_devlink_params_register(); lib/nv_param.c).
 * The driver unregisters the last group first. From 6.2 on devlink shows params in the order of their ids, not in this order.
 */
const GROUPS: readonly (readonly string[])[] = [
  [
    "flow_steering_mode",
    "enable_roce",
    "fdb_large_groups",
    "esw_port_metadata",
    "enable_remote_dev_reset",
    "io_eq_size",
    "event_eq_size",
  ],
  ["enable_eth", "hairpin_num_queues", "hairpin_queue_size", "num_doorbells"],
  ["enable_rdma"],
  ["enable_vnet"],
  ["max_macs"],
  ["pcie_cong_inbound_low", "pcie_cong_inbound_high", "pcie_cong_outbound_low", "pcie_cong_outbound_high"],
  ["enable_sriov", "total_vfs", "max_sfs", "cqe_compress_type", "swp_l4_csum_mode"],
];

/** Returns params in the order of groups; params of no group are last. */
function inOrder(params: readonly Param[], groups: readonly (readonly string[])[]): Param[] {
  const order = groups.flat();
  const place = ({ spec }: Param) => order.includes(spec.name) ? order.indexOf(spec.name) : order.length;
  return params.toSorted((one, other) => place(one) - place(other));
}

/** The params of one function. */
export class FunctionParams {
  readonly #dl: Devlink;
  readonly #facts: readonly ParamFact[];
  readonly #era: Mlx5Era;
  readonly #values = new Map<string, ParamValue>();
  /** Params that an unload has unregistered, with their positions */
  #unloaded: { at: number; param: Param }[] = [];

  [STATE](): readonly unknown[] {
    return [this.#values, this.#unloaded];
  }

  /** Creates the params of an instance that has none yet. */
  constructor(dl: Devlink, { params }: Facts, era: Mlx5Era) {
    this.#dl = dl;
    this.#facts = params;
    this.#era = era;
  }

  #made(fact: ParamFact): Param {
    return paramOf(fact, ({ name }, value) => this.#values.set(name, value));
  }

  #lasts(name: string): boolean {
    return !this.#era.loadedParams.has(name);
  }

  /** Creates all params, without messages. */
  adopt(): void {
    this.#dl.params = this.#facts.map((fact) => this.#made(fact));
  }

  /** Registers the params that last from probe to removal; a load registers the others. */
  *probe(task: Task): Steps {
    const dl = this.#dl;
    yield* registering(task, dl, "params", () => {
      dl.params = this.#facts.filter(({ name }) => this.#lasts(name)).map((fact) => this.#made(fact));
      const params = inOrder(dl.params, GROUPS);
      if (!this.#era.publishesParams) return this.#announce(task, params, "new");
      for (const param of params) param.published = false;
      // A param of mode driverinit is announced once it has a value
      const valued = (param: Param) => param.spec.cmode === "driverinit";
      this.#announce(task, [...params.filter((param) => !valued(param)), ...params.filter(valued)], "new");
      publishParams(task, dl);
    });
    this.#unloaded = this.#facts.flatMap((fact, at) => this.#lasts(fact.name) ? [] : [{ at, param: this.#made(fact) }]);
  }

  #announce(task: Task, params: readonly Param[], change: "new" | "del"): void {
    for (const param of params) announceParam(task, this.#dl, param, change);
  }

  /** Unregisters all params. */
  *remove(task: Task): Steps {
    const dl = this.#dl;
    yield* registering(task, dl, "params", () => {
      if (this.#era.publishesParams) unpublishParams(task, dl);
      this.#announce(task, inOrder(dl.params, GROUPS.toReversed()), "del");
      dl.params = [];
    });
  }

  /** Registers the params that exist while the function is loaded. */
  *load(task: Task): Steps {
    const dl = this.#dl;
    yield* registering(task, dl, "params", () => {
      for (const { at, param } of this.#unloaded) {
        dl.params.splice(at, 0, param);
        announceParam(task, dl, param, "new");
      }
      this.#unloaded = [];
    });
  }

  /** Unregisters the params that exist while the function is loaded. */
  *unload(task: Task): Steps {
    const dl = this.#dl;
    yield* registering(task, dl, "params", () => {
      for (const [at, param] of dl.params.entries()) {
        if (this.#lasts(param.spec.name)) continue;
        announceParam(task, dl, param, "del");
        this.#unloaded.push({ at, param });
      }
      dl.params = dl.params.filter(({ spec }) => this.#lasts(spec.name));
    });
  }

  /**
   * Returns the value of a param that is not driverinit. Permanent params are read from the card, only while the function is `up`.
   */
  get({ name, cmode }: ParamSpec, up: boolean): ParamValue | undefined {
    return cmode === "permanent" && !up ? undefined : this.#values.get(name);
  }

  /** Sets the value of a param that is not driverinit. */
  set({ name }: ParamSpec, value: ParamValue): void {
    this.#values.set(name, value);
  }

  /** Returns the driver's verdict on a new value; `card` for a param that the model does not know. */
  check(name: string, value: ParamValue): ParamVerdict {
    const fact = (of: string) => this.#facts.find((param) => param.name === of)?.values[0];
    return CHECKS[name]?.(value, {
      initial: fact(name)?.default ?? fact(name)?.value,
      roce: fact("enable_roce")?.value === true ? true : undefined,
      steering: this.#era.steering,
    }) ?? "card";
  }
}
