/**
 * What a file of an era has: `linux_6_12.ts` and the others beside it.
 *
 * @module
 */

import type { EraBehaviour } from "./era.ts";

/** The differences of an era from its parent. An object replaces only the keys that it names; all else is replaced whole. */
export type EraDifferences = {
  readonly [K in keyof EraBehaviour]?: EraBehaviour[K] extends Listed ? EraBehaviour[K] : Partial<EraBehaviour[K]>;
};

/** What an era's differences replace whole. */
type Listed = string | number | boolean | undefined | readonly unknown[] | ReadonlySet<unknown>;

/** Where Debian has the kernel of an era. */
export interface DebianKernel {
  /** The suites that carry it; the newest version in them is taken */
  readonly suites: readonly string[];
  /** Packages that hold the bootable kernel and its modules, before `-ABI-amd64` */
  readonly packages: readonly string[];
}

/** What programs show of a kernel as Debian built it, apart from what its drivers show. */
export interface ProgramsEra {
  /** `uname -r` */
  readonly release: string;
  /** `uname -v` */
  readonly version: string;
  /** Sizes in bytes, as lsmod(8) prints them, of modules that drivers of the model use */
  readonly modules: Readonly<Record<string, number>>;
  /** What `ip -d link` does not show */
  readonly linkLacks: readonly string[];
  /** True if `ip -d link` shows that lo cannot be moved */
  readonly immutableLo: boolean;
  /** The qdisc of the board's own netdevs */
  readonly qdisc: string;
  /** True if an address shows its origin (IFA_PROTO) */
  readonly addressOrigin: boolean;
  /** True if an answer in several parts ends with an errno of 0, which devlink(8) prints */
  readonly tellsParts: boolean;
}

/** What the file of every era has. `Id` is an id of the list, `Booted` one of an era that was booted. */
interface AnyFile<Id extends string> {
  /** The era that it differs from, earlier in the list */
  readonly parent: Id;
  /** The first kernel release that behaves so: major and minor */
  readonly since: readonly [major: number, minor: number];
  /** The differences from the parent */
  readonly differs: EraDifferences;
}

/** The part of an era's file that depends on whether a kernel of the era was booted, and the model compared with it. */
type Origin<Booted extends string> = {
  readonly booted: true;
  /** Where the booted kernel comes from; packages are the parent's where it names none */
  readonly debian: Pick<DebianKernel, "suites"> & Partial<DebianKernel>;
  /** True if this project builds the kernel once more, with KASAN and lockdep: `deno task debug-kernel` */
  readonly debugBuild?: boolean;
  /** How the output of programs differs from the era that booted before */
  readonly programs: Pick<ProgramsEra, "release" | "version"> & Partial<ProgramsEra>;
} | {
  /** Read from its source only */
  readonly booted: false;
  /** The booted kernel that is nearest: for everything that has no meaning to devlink */
  readonly nearest: Booted;
};

/** The file of an era. */
export type EraFile<Id extends string = string, Booted extends Id = Id> = AnyFile<Id> & Origin<Booted>;

/** The file of the oldest era, which has no parent: it has everything. */
export interface OldestEraFile extends Omit<AnyFile<string>, "parent"> {
  /** It has none */
  readonly parent: null;
  readonly booted: true;
  /** Where it comes from */
  readonly debian: DebianKernel;
  /** What programs show of it */
  readonly programs: ProgramsEra;
  /** How it behaves */
  readonly differs: EraBehaviour;
}
