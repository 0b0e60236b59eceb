/**
 * The shared buffer of a Spectrum as the driver sets it up (spectrum_buffers.c): the pools, the share of each port in them, and the
 * pools of the traffic classes. The firmware reports the size of the buffer: it is known for the emulated firmware.
 *
 * @module
 */

import type { SharedBuffer } from "../../devlink/driver.ts";
import type { Attributes } from "../../devlink/message.ts";

/** The sizes of the emulated firmware's shared buffer and of one cell, in bytes (resources of `fixtures/devices/spectrum`). */
const [SIZE, CELL] = [13_500_000, 96];

/** The size of the pools of the CPU's port, in bytes (`MLXSW_SP1_SB_PR_CPU_SIZE`). */
const CPU_SIZE = 256_000;

const whole = (bytes: number) => Math.ceil(bytes / CELL) * CELL;

type Size = number | "rest" | "infinite";
type Pool = readonly [type: "ingress" | "egress", thtype: "dynamic" | "static", size: Size];

/** The pools by their numbers (`mlxsw_sp1_sb_pool_dess`, `mlxsw_sp1_sb_prs`). */
const POOLS: readonly Pool[] = [
  ["ingress", "dynamic", "rest"],
  ["ingress", "dynamic", 0],
  ["ingress", "dynamic", 0],
  ["ingress", "dynamic", 0],
  ["egress", "dynamic", "rest"],
  ["egress", "dynamic", 0],
  ["egress", "dynamic", 0],
  ["egress", "dynamic", 0],
  ["egress", "static", "infinite"],
  ["ingress", "dynamic", CPU_SIZE],
  ["egress", "dynamic", CPU_SIZE],
];

/**
 * The share of a port in each pool: an exponent for a dynamic pool, bytes for a static pool (`mlxsw_sp1_sb_pms`,
 * `mlxsw_sp_cpu_port_sb_pms`).
 */
const OF_PORT: readonly number[] = [14, 1, 1, 1, 7, 1, 1, 1, 90_000, 8, 1];
const OF_CPU: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 90_000, 0, 14];

type Class = readonly [pool: number, share: number];
const classes = (count: number, of: Class): Class[] => Array.from({ length: count }, () => of);

/** The pool of each traffic class, and the share of the class in it (`mlxsw_sp1_sb_cms_ingress`, `mlxsw_sp1_sb_cms_egress`). */
const CLASSES_OF_PORT = {
  ingress: [[0, 8], ...classes(7, [0, 1])],
  egress: [...classes(8, [4, 9]), ...classes(8, [8, SIZE])],
} as const;

/** The pools and shares of the CPU port's classes: six classes and one more have packets (`mlxsw_sp_cpu_port_sb_cms`). */
const CLASSES_OF_CPU = {
  ingress: classes(8, [0, 0]),
  egress: [...classes(6, [10, 8]), [10, 0], [10, 8], ...classes(8, [10, 0])] as Class[],
};

function sizeOf([type, , size]: Pool): number {
  if (size === "infinite") return SIZE;
  if (typeof size === "number") return whole(size);
  const others = POOLS.filter((pool) => pool[0] === type).map(([, , other]) =>
    typeof other === "number" ? whole(other) : 0
  );
  return SIZE - others.reduce((sum, other) => sum + other, 0);
}

/** Returns a share as devlink shows it: the exponents of a dynamic pool begin with -2, which is 0 here. */
const thresholdOf = (pool: number, share: number) => POOLS[pool]![1] === "dynamic" ? share + 2 : whole(share);

/** The shared buffer of the first-generation Spectrum with the emulated firmware, after an initialisation of the driver. */
export const SHARED_BUFFER: SharedBuffer = {
  buffer: {
    sb: 0,
    size: SIZE,
    ing_pools: POOLS.filter(([type]) => type === "ingress").length,
    eg_pools: POOLS.filter(([type]) => type === "egress").length,
    ing_tcs: CLASSES_OF_PORT.ingress.length,
    eg_tcs: CLASSES_OF_PORT.egress.length,
  },
  pools: POOLS.map((pool, number) => {
    const [type, thtype] = pool;
    return { sb: 0, pool: number, type, size: sizeOf(pool), thtype, cell_size: CELL };
  }),
  ofPort: ({ flavour }) => {
    const cpu = flavour["flavour"] === "cpu";
    const of = cpu ? CLASSES_OF_CPU : CLASSES_OF_PORT;
    return {
      pools: (cpu ? OF_CPU : OF_PORT).map((share, pool) => ({ sb: 0, pool, threshold: thresholdOf(pool, share) })),
      classes: (["ingress", "egress"] as const).flatMap((type) =>
        of[type].map(([pool, share], tc): Attributes => ({
          sb: 0,
          tc,
          type,
          pool,
          threshold: thresholdOf(pool, share),
        }))
      ),
    };
  },
};
