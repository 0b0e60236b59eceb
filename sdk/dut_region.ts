/**
 * Regions and their snapshots, as the body of a sequence sees them.
 *
 * @module
 */

import type { InventoryRegion } from "../model/mod.ts";
import type { Json } from "../model/observation.ts";
import { nothing, reply, type Subject } from "./dut_subject.ts";
import { firstOf } from "./roles.ts";
import type { Step } from "./step.ts";

/** A piece of a region. */
export interface RegionPiece {
  /** The address of its first byte */
  address: number;
  /** Its bytes */
  data: number[];
}

/** Regions and their snapshots. */
export class RegionDut {
  readonly #subject: Subject;

  /** Takes the device under test. */
  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /**
   * Returns the first region, or the region at index `nth`
   *
   * @throws {LacksError} If there is none: the sequence is unsupported
   */
  any(nth = 0): InventoryRegion {
    return firstOf(this.#subject.inventory().regions, "a region", nth);
  }
  /** `devlink region show` of all regions */
  list(): Step<Json> {
    return this.#subject.step({ kind: "region.show" }, reply);
  }
  /** `devlink region show` of one region */
  get(region: string): Step<{ size: number; snapshot: number[]; max?: number }> {
    const handle = this.#subject.handle();
    return this.#subject.step(
      { kind: "region.show", handle, region },
      ({ reply }) => (reply as { regions: Record<string, Json> } | null)?.regions[`${handle}/${region}`] as never,
    );
  }
  /** `devlink region new`; without a snapshot id the kernel chooses an id and returns it */
  new(region: string, snapshot?: number): Step<Json> {
    return this.#subject.step(
      { kind: "region.new", handle: this.#subject.handle(), region, ...(snapshot === undefined ? {} : { snapshot }) },
      reply,
    );
  }
  /** `devlink region del` */
  del(region: string, snapshot: number): Step<void> {
    return this.#subject.step({ kind: "region.del", handle: this.#subject.handle(), region, snapshot }, nothing);
  }
  /** `devlink region dump`: the whole contents of a snapshot */
  dump(region: string, snapshot: number): Step<RegionPiece[]> {
    return this.#subject.step(
      { kind: "region.dump", handle: this.#subject.handle(), region, snapshot },
      ({ reply }) => (reply as unknown as { dump: RegionPiece[] } | null)?.dump ?? [],
    );
  }
  /** `devlink region read`; if `snapshot` is undefined, reads the device itself */
  read(
    region: string,
    snapshot: number | undefined,
    range: { address: number | string; length: number | string },
  ): Step<RegionPiece[]> {
    const of = snapshot === undefined ? {} : { snapshot };
    return this.#subject.step(
      { kind: "region.read", handle: this.#subject.handle(), region, ...of, ...range },
      ({ reply }) => (reply as unknown as { read: RegionPiece[] } | null)?.read ?? [],
    );
  }
}
