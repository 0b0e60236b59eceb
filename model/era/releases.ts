/**
 * Maps kernel releases to eras.
 *
 * @module
 */

import { type Era, ERA_FILES, ERA_IDS, type EraId, ERAS } from "./list.ts";

/** The first release of each era, newest first (docs/semantics.md 0.2). */
const SINCE: readonly (readonly [major: number, minor: number, era: EraId])[] = ERA_IDS.map((id) =>
  [...ERA_FILES[id].since, id] as const
).toReversed();

const releaseOf = (kernelRelease: string) => /^(\d+)\.(\d+)/.exec(kernelRelease)?.slice(1).map(Number);

/**
 * Returns the era that a kernel is judged by: the era of its release, or the oldest era for an older kernel.
 *
 * @param kernelRelease What `uname -r` prints
 * @throws {RangeError} If it is not a kernel release
 */
export function nearestEra(kernelRelease: string): Era {
  const [major = 0, minor = 0] = releaseOf(kernelRelease) ?? [];
  const [oldestMajor, oldestMinor, oldest] = SINCE.at(-1)!;
  const older = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  return releaseOf(kernelRelease) && older ? ERAS[oldest] : eraOf(kernelRelease);
}

/**
 * Describes how an era fits the kernel that it judges; undefined if the era was taken from that kernel, run there.
 *
 * @example
 * ```ts
 * import { eraNote } from "./releases.ts";
 *
 * eraNote("6.12", "6.18.3"); // "kernel 6.18.3 judged by the model of 6.12 (nearest; never run)"
 * eraNote("6.12", "6.12.117+deb13-amd64"); // undefined
 * ```
 *
 * @param kernelRelease What `uname -r` prints; empty for the model alone, which has no release
 */
export function eraNote(era: EraId, kernelRelease: string): string | undefined {
  if (kernelRelease === "") return undefined;
  const release = releaseOf(kernelRelease);
  const exact = release?.join(".") === era;
  if (exact && ERAS[era].booted) return undefined;
  const nearest = release && nearestEra(kernelRelease).id;
  const how = exact
    ? "read from its source; never run"
    : nearest === era
    ? "nearest; never run"
    : `chosen; the nearest is ${nearest ?? "not known"}`;
  return `kernel ${kernelRelease} judged by the model of ${era} (${how})`;
}

/**
 * Returns the era of a kernel release, or the nearest era if the release itself was not examined.
 *
 * @example
 * ```ts
 * import { eraOf } from "./releases.ts";
 *
 * eraOf("6.12.117+deb12-amd64").id; // "6.12"
 * ```
 *
 * @param kernelRelease What `uname -r` prints
 * @throws {RangeError} If the release is older than 5.10, or is not a kernel release
 */
export function eraOf(kernelRelease: string): Era {
  const match = /^(\d+)\.(\d+)/.exec(kernelRelease);
  if (match) {
    const major = Number(match[1]);
    const minor = Number(match[2]);
    for (const [sinceMajor, sinceMinor, id] of SINCE) {
      if (major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)) return ERAS[id];
    }
    throw new RangeError(`Cannot model kernel "${kernelRelease}": it is older than ${ERA_IDS[0]}`);
  }
  throw new RangeError(`Cannot model kernel "${kernelRelease}": it is not a kernel release such as 6.12.117`);
}
