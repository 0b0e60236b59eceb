/**
 * The shared buffer of a Spectrum as the driver sets it up (spectrum_buffers.c): pools, what a port has of each of them, and the
 * pools of the traffic classes. How large it is, its firmware reports: it is known of the emulated one.
 *
 * @module
 */

import type { SharedBuffer } from "../../devlink/driver.ts";
import type { Attributes } from "../../devlink/message.ts";

/** Size of the shared buffer of the emulated firmware, and of a cell of it, in bytes (resources of `fixtures/devices/spectrum`). */
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

/** What a port has of each pool: an exponent of a dynamic one, bytes of a static one (`mlxsw_sp1_sb_pms`, `mlxsw_sp_cpu_port_sb_pms`). */
const OF_PORT: readonly number[] = [14, 1, 1, 1, 7, 1, 1, 1, 90_000, 8, 1];
const OF_CPU: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 90_000, 0, 14];

type Class = readonly [pool: number, share: number];
const classes = (count: number, of: Class): Class[] => Array.from({ length: count }, () => of);

/** The pools of the traffic classes, and what a class has of its pool (`mlxsw_sp1_sb_cms_ingress`, `mlxsw_sp1_sb_cms_egress`). */
const CLASSES_OF_PORT = {
  ingress: [[0, 8], ...classes(7, [0, 1])],
  egress: [...classes(8, [4, 9]), ...classes(8, [8, SIZE])],
} as const;

/** The same of the CPU's port: six classes and one more have packets (`mlxsw_sp_cpu_port_sb_cms`). */
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

/** Returns a share as devlink has it: of a dynamic pool its exponents begin with -2, which is 0 here. */
const thresholdOf = (pool: number, share: number) => POOLS[pool]![1] === "dynamic" ? share + 2 : whole(share);

/** The shared buffer after an initialisation of the driver, of the first Spectrum with the emulated firmware. */
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
