/**
 * Kernel modules: which are loaded, who uses them, and what happens to them (kernel/module/main.c).
 *
 * @module
 */

import type { Result } from "../observation.ts";
import type { Steps, Task } from "./task.ts";
import { STATE } from "./state.ts";

/** The parameters of a module, by name. */
export type ModuleParameters = Readonly<Record<string, string | number>>;

/** What a module does: its init and its exit. */
export interface LoadedModule {
  exit(task: Task): Steps;
}

/** A module as it lies in the file system. */
export interface ModuleSource {
  readonly name: string;
  /** The modules whose symbols it uses; they are loaded first */
  readonly uses: readonly string[];
  /** The parameters that it takes; the kernel logs that it ignores any other. @default {none} */
  readonly parameters?: readonly string[];
  /** Its init; gives an errno where that fails */
  init(task: Task, module: Module, parameters: ModuleParameters): Steps<LoadedModule | Result>;
}

/** A module that was loaded. */
export class Module {
  /** False from the moment that its text and data are gone */
  loaded = true;
  /** Who took a reference: modules that use its symbols, and tasks that called `try_module_get()` */
  references = 0;
  #going = false;
  instance: LoadedModule | undefined;

  [STATE](): readonly unknown[] {
    return [this.#going];
  }

  constructor(readonly source: ModuleSource) {}

  /** `try_module_get()` */
  get(): boolean {
    if (this.#going || !this.loaded) return false;
    this.references++;
    return true;
  }

  /** `module_put()` */
  put(): void {
    this.references--;
  }

  /** True if its exit has begun; where that never ends, it stays so for good */
  get going(): boolean {
    return this.#going;
  }

  /** True if it may go; from then on nobody gets a reference. */
  stop(): boolean {
    if (this.references > 0) return false;
    this.#going = true;
    return true;
  }
}

/** The modules of a kernel. */
export class Modules {
  readonly #sources: Map<string, ModuleSource>;
  readonly #loaded = new Map<string, Module>();

  [STATE](): readonly unknown[] {
    return [this.#loaded];
  }

  constructor(sources: readonly ModuleSource[]) {
    this.#sources = new Map(sources.map((source) => [source.name, source]));
  }

  /** Puts a module into the file system: one that only the boards with some device have. */
  add(source: ModuleSource): void {
    this.#sources.set(source.name, source);
  }

  /** Returns how many references a module has; undefined where it is not loaded. */
  references(name: string): number | undefined {
    return this.#loaded.get(name)?.references;
  }

  /** True if the model has a module of that name. */
  has(name: string): boolean {
    return this.#sources.has(name);
  }

  /** Returns a parameter that a module does not take; undefined where it takes all of them. */
  untaken(name: string, parameters: ModuleParameters): string | undefined {
    const { parameters: taken = [] } = this.#sources.get(name) ?? {};
    return Object.keys(parameters).find((one) => !taken.includes(one));
  }

  /** `modprobe`: loads what it uses first; one that is loaded stays as it is. */
  *load(task: Task, name: string, parameters: ModuleParameters): Steps<Result> {
    const source = this.#sources.get(name);
    if (!source) return "client";
    if (this.#loaded.has(name)) return "ok";
    for (const used of source.uses) {
      const result = yield* this.load(task, used, {});
      if (result !== "ok") return result;
    }
    const module = new Module(source);
    this.#loaded.set(name, module);
    const used = source.uses.map((one) => this.#loaded.get(one)!);
    // The symbols of a module that is on its way out are not available
    if (used.some((one) => one.going)) {
      this.#loaded.delete(name);
      return "ENOENT";
    }
    for (const one of used) one.references++;
    const instance = yield* source.init(task, module, parameters);
    if (typeof instance !== "string") {
      module.instance = instance;
      return "ok";
    }
    for (const one of used) one.references--;
    module.loaded = false;
    this.#loaded.delete(name);
    return instance;
  }

  /** `rmmod` */
  *unload(task: Task, name: string): Steps<Result> {
    const module = this.#loaded.get(name);
    if (!module?.instance) return "ENOENT";
    if (module.going) return "EBUSY";
    if (!module.stop()) return "EAGAIN";
    yield* module.instance.exit(task);
    module.loaded = false;
    this.#loaded.delete(name);
    for (const used of module.source.uses) this.#loaded.get(used)!.references--;
    return "ok";
  }
}
