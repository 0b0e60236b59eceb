/**
 * How mlx5_core checks a new value of a param (core/devlink.c, core/fs_core.c). The verdict is `card` if only the card knows the
 * limit.
 *
 * @module
 */

import type { ParamValue } from "../../devlink/devlink.ts";

/** What a check is made with. */
export interface ParamCheck {
  /** The value that the driver gave the param at first */
  readonly initial: ParamValue | undefined;
  /** True if the card can do RoCE; undefined where that is not known */
  readonly roce: boolean | undefined;
  /** The modes of flow steering that the driver knows */
  readonly steering: readonly string[];
}

/** The outcome of a check: the value is good, it is refused, or only the card knows. */
export type ParamVerdict = "ok" | "card" | { readonly errno: string; readonly text?: string };

const isPowerOf2 = (value: number) => value > 0 && Number.isInteger(Math.log2(value));

const invalid = (text?: string): ParamVerdict => text === undefined ? { errno: "EINVAL" } : { errno: "EINVAL", text };

/** A number that the card takes up to a limit of its own: the first value is within it. */
const upTo = (value: ParamValue, { initial }: ParamCheck): ParamVerdict => value <= (initial ?? 0) ? "ok" : "card";

const eqDepth = (value: ParamValue): ParamVerdict => Number(value) >= 64 && Number(value) <= 4096 ? "ok" : invalid();

const congestion = (value: ParamValue): ParamVerdict =>
  Number(value) > 10000 ? invalid(`Value ${value} > max supported (10000)`) : "ok";

/**
 * The largest queue of a hairpin that the driver begins with: 2^(16 - 6), strides of 64 bytes (mlx5_devlink_hairpin_params_init_values()).
 * A smaller first value is the card's own limit.
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
  // As many as there are channels, by processors and vectors: the first value may be above that (mlx5_devlink_num_doorbells_validate())
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

/** Returns the driver's verdict on a new value of a param; `card` for a param that the model does not know. */
export function checkParam(name: string, value: ParamValue, check: ParamCheck): ParamVerdict {
  return CHECKS[name]?.(value, check) ?? "card";
}
