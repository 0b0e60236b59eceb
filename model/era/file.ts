/**
 * The types of an era's file: `linux_6_12.ts` and the others beside it.
 *
 * @module
 */

import type { EraBehaviour } from "./era.ts";

/** The differences of an era from its parent. An object replaces only the keys that it names; all else is replaced whole. */
export type EraDifferences = {
  readonly [K in keyof EraBehaviour]?: EraBehaviour[K] extends Listed ? EraBehaviour[K] : Partial<EraBehaviour[K]>;
};

/** The values that an era's differences replace as a whole. */
type Listed = string | number | boolean | undefined | readonly unknown[] | ReadonlySet<unknown>;

/** The places at which Debian publishes the kernel of an era. */
export interface DebianKernel {
  /** The Debian suites that have the kernel; the newest version in them is used */
  readonly suites: readonly string[];
  /** Packages that hold the bootable kernel and its modules, before `-ABI-amd64` */
  readonly packages: readonly string[];
}

/** The output of programs that depends on Debian's build of the kernel, without the output about its drivers. */
export interface ProgramsEra {
  /** `uname -r` */
  readonly release: string;
  /** `uname -v` */
  readonly version: string;
  /** Sizes in bytes, as lsmod(8) prints them, of modules that drivers of the model use */
  readonly modules: Readonly<Record<string, number>>;
  /** The attributes that `ip -d link` does not show */
  readonly linkLacks: readonly string[];
  /** True if `ip -d link` shows that lo cannot be moved */
  readonly immutableLo: boolean;
  /** The qdisc of the board's own netdevs */
  readonly qdisc: string;
  /** True if an address shows its origin (IFA_PROTO) */
  readonly addressOrigin: boolean;
  /** True if a multi-part reply ends with an errno of 0, which devlink(8) prints */
  readonly tellsParts: boolean;
}

/** The fields that the file of each era has. `Id`: an id of the list; `Booted`: the id of an era that was booted. */
interface AnyFile<Id extends string> {
  /** The parent: an earlier era of the list, from which this era differs */
  readonly parent: Id;
  /** The first kernel release of the era: major and minor */
  readonly since: readonly [major: number, minor: number];
  /** The differences from the parent */
  readonly differs: EraDifferences;
}

/** The part of an era's file that depends on one fact: if a kernel of the era was booted and compared with the model. */
type Origin<Booted extends string> = {
  readonly booted: true;
  /** Where the booted kernel comes from; without `packages`, the parent's packages */
  readonly debian: Pick<DebianKernel, "suites"> & Partial<DebianKernel>;
  /** True if this project also builds the kernel with KASAN and lockdep: `deno task debug-kernel` */
  readonly debugBuild?: boolean;
  /** How the output of programs differs from the previous booted era */
  readonly programs: Pick<ProgramsEra, "release" | "version"> & Partial<ProgramsEra>;
} | {
  /** The era was read from source and never booted */
  readonly booted: false;
  /** The nearest booted era, for values that do not matter to devlink */
  readonly nearest: Booted;
};

/** The file of an era. */
export type EraFile<Id extends string = string, Booted extends Id = Id> = AnyFile<Id> & Origin<Booted>;

/** The file of the oldest era, which has no parent: it sets all values. */
export interface OldestEraFile extends Omit<AnyFile<string>, "parent"> {
  /** The oldest era has no parent */
  readonly parent: null;
  readonly booted: true;
  /** Where the kernel comes from */
  readonly debian: DebianKernel;
  /** The output of programs on it */
  readonly programs: ProgramsEra;
  /** The behaviour of the era */
  readonly differs: EraBehaviour;
}
