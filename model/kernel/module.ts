/**
 * Kernel modules: loading, references and unloading (kernel/module/main.c).
 *
 * @module
 */

import type { Result } from "../observation.ts";
import type { Steps, Task } from "./task.ts";
import { STATE } from "./state.ts";

/** The parameters of a module, by name. */
export type ModuleParameters = Readonly<Record<string, string | number>>;

/** A module whose init succeeded: its exit. */
export interface LoadedModule {
  exit(task: Task): Steps;
}

/** A module in the file system. */
export interface ModuleSource {
  readonly name: string;
  /** The modules whose symbols this module uses; they are loaded first */
  readonly uses: readonly string[];
  /** The parameters of the module; the kernel logs that it ignores any other. @default {none} */
  readonly parameters?: readonly string[];
  /** Runs the module's init; returns an errno if it fails */
  init(task: Task, module: Module, parameters: ModuleParameters): Steps<LoadedModule | Result>;
}

/** A module that was loaded. */
export class Module {
  /** False once the module's text and data are freed */
  loaded = true;
  /** The number of references, by modules that use its symbols and by tasks that called `try_module_get()` */
  references = 0;
  #going = false;
  instance: LoadedModule | undefined;

  [STATE](): readonly unknown[] {
    return [this.#going];
  }

  constructor(readonly source: ModuleSource) {}

  /** Models `try_module_get()`. */
  get(): boolean {
    if (this.#going || !this.loaded) return false;
    this.references++;
    return true;
  }

  /** Models `module_put()`. */
  put(): void {
    this.references--;
  }

  /** True if the module's exit has begun; an exit that never ends leaves this true */
  get going(): boolean {
    return this.#going;
  }

  /** Stops the module for its exit: from then on no task gets a reference. Returns false if there are references. */
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

  /** Adds a module to the file system, for a module that only boards with a certain device have. */
  add(source: ModuleSource): void {
    this.#sources.set(source.name, source);
  }

  /** Returns the number of references to a module; undefined if it is not loaded. */
  references(name: string): number | undefined {
    return this.#loaded.get(name)?.references;
  }

  /** True if the model has a module of that name. */
  has(name: string): boolean {
    return this.#sources.has(name);
  }

  /** Returns the first parameter that a module does not have; undefined if it has all of them. */
  untaken(name: string, parameters: ModuleParameters): string | undefined {
    const { parameters: taken = [] } = this.#sources.get(name) ?? {};
    return Object.keys(parameters).find((one) => !taken.includes(one));
  }

  /** Loads a module as `modprobe` does: the modules that it uses first; a loaded module stays as it is. */
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
    // The symbols of a module whose exit has begun are not available
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

  /** Unloads a module as `rmmod` does. */
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
