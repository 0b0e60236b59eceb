/**
 * The parts that the matrix of suites and kernels is cut into.
 *
 * @module
 */

import { type TransportName, TRANSPORTS } from "../boards/transports/mod.ts";
import { BOOTED_ERAS, type BootedEraId } from "../model/mod.ts";
import { suitesOf } from "../run/load_suites.ts";

/** A kernel of the matrix. */
export type MatrixKernel = BootedEraId;

/** Returns the line that every sequence of a kernel runs over, and the other line, which runs {@linkcode SHARE} of them. */
export function linesOf(kernel: MatrixKernel): { all: TransportName; share: TransportName } {
  const at = BOOTED_ERAS.indexOf(kernel);
  const line = (index: number) => TRANSPORTS[index % TRANSPORTS.length]!;
  return { all: line(at), share: line(at + 1) };
}

/** The suites. `stale` breaks the kernel in each of its sequences. */
export const SUITES: readonly string[] = [...suitesOf("netdevsim"), "stale"];
/** Suites that mostly wait: for a flash, and for what a flash holds up. */
export const WAITING: readonly string[] = ["flash", "ethtool"];
/** How many sequences run over a kernel's other line. */
export const SHARE = 30;
/** The parts of the matrix that every kernel has. */
export const PARTS = ["computes", "waits", "share"] as const;

/** The kernels of suite `pcs`: with all its designs, or only with the design that leaves a dangling pointer. */
export const PCS = [
  { kernel: "6.12", part: "pcs", board: "qemu-6.12", line: "ssh", filter: "", sequences: 58 },
  { kernel: "6.1", part: "pcs", board: "qemu-6.1", line: "serial", filter: "", sequences: 58 },
  { kernel: "6.12", part: "pcs-slub", board: "qemu-6.12-slub", line: "ssh", filter: "none:", sequences: 14 },
  { kernel: "7.3", part: "pcs", board: "qemu-7.3", line: "ssh", filter: "none:", sequences: 14 },
] as const;

/** Every part on every kernel that has it. */
export const MATRIX: readonly { kernel: MatrixKernel; part: string }[] = [
  ...BOOTED_ERAS.flatMap((kernel) => PARTS.map((part) => ({ kernel, part }))),
  ...PCS,
];

/** The kernels on which CI runs every sequence; on the others it runs a share of them. */
const WHOLE: readonly MatrixKernel[] = ["5.10", "6.1", "7.3"];

/** The parts that CI runs. The recordings compare the model with what every kernel showed in every sequence. */
export const IN_CI = MATRIX.filter(({ kernel, part }) =>
  !PARTS.some((one) => one === part) || (part === "share") !== WHOLE.includes(kernel)
);
