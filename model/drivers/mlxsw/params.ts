/**
 * The params of a switch: they are registered by its probe and stay in a reload (core.c: mlxsw_core_fw_params_register();
 * spectrum.c: mlxsw_sp2_params_register()).
 *
 * @module
 */

import { announceParam } from "../../devlink/announce.ts";
import type { Devlink, ParamValue } from "../../devlink/devlink.ts";
import type { ParamSpec } from "../../devlink/specs.ts";
import { registering } from "../../devlink/registering.ts";
import type { Facts } from "../../facts.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { Result } from "../../observation.ts";
import { isLater } from "./asic.ts";
import { type MlxswEra, mlxswEra } from "./era.ts";
import { CORE_PREFIX } from "./unknown.ts";

const FW_LOAD_POLICY: ParamSpec = {
  name: "fw_load_policy",
  generic: true,
  type: "string",
  cmode: "driverinit",
  default: "driver",
};

const REHASH_INTERVAL: ParamSpec = {
  name: "acl_region_rehash_interval",
  generic: false,
  type: "u32",
  cmode: "runtime",
  default: undefined,
};

/** The words that devlink(8) has for values of `fw_load_policy` (iproute2, devlink.c: param_val_conv[]), and those that mlxsw takes. */
const POLICIES: ReadonlySet<string> = new Set(["driver", "flash", "disk", "unknown"]);
const OWN_POLICIES: ReadonlySet<string> = new Set(["driver", "flash"]);

/** The interval begins with 5 s, and is no shorter than 3 s unless it is 0 (spectrum_acl_tcam.c). In ms */
const REHASH = { initial: 5000, least: 3000 };

/** Returns the params that the driver of an ASIC registers. */
export const paramsOf = (era: MlxswEra, driver: string): ParamSpec[] =>
  era.rehashParam && isLater(driver) ? [FW_LOAD_POLICY, REHASH_INTERVAL] : [FW_LOAD_POLICY];

/** The params of one switch. */
export class Params {
  readonly #dl: Devlink;
  readonly #facts: Facts;
  #interval = REHASH.initial;

  [STATE](): readonly unknown[] {
    return [this.#interval];
  }

  constructor(dl: Devlink, facts: Facts) {
    this.#dl = dl;
    this.#facts = facts;
  }

  /** Creates the params as the facts have them, without messages. */
  adopt(): void {
    const value = (name: string) => this.#facts.params.find((fact) => fact.name === name)?.values[0]?.value;
    this.#interval = Number(value(REHASH_INTERVAL.name) ?? REHASH.initial);
    this.#add((spec) => value(spec.name) ?? spec.default);
  }

  #add(valueOf: (spec: ParamSpec) => ParamValue | undefined): void {
    const specs = paramsOf(mlxswEra(this.#dl.kernel.era), this.#facts.driver);
    this.#dl.params = specs.map((spec) => ({
      spec,
      value: valueOf(spec),
      initial: spec.cmode === "driverinit" ? spec.default : undefined,
      pending: undefined,
    }));
  }

  /** Registers the params with their first values. */
  *register(task: Task): Steps {
    const dl = this.#dl;
    this.forget();
    yield* registering(task, dl, "params", () => {
      this.#add((spec) => spec.default);
      for (const param of dl.params) announceParam(task, dl, param, "new");
    });
  }

  /** Unregisters all params. */
  *unregister(task: Task): Steps {
    const dl = this.#dl;
    yield* registering(task, dl, "params", () => {
      for (const param of dl.params) announceParam(task, dl, param, "del");
      dl.params = [];
    });
  }

  /** The driver goes down, and forgets the values that it has. */
  forget(): void {
    this.#interval = REHASH.initial;
  }

  /** Returns the value of a param that is not driverinit. */
  get(_spec: ParamSpec): ParamValue {
    return this.#interval;
  }

  /** Sets the value of a param that is not driverinit. */
  set(_spec: ParamSpec, value: ParamValue): void {
    this.#interval = Number(value);
  }

  /** Checks a new value. */
  validate(task: Task, { name }: ParamSpec, value: ParamValue): Result {
    if (name === FW_LOAD_POLICY.name) {
      if (!POLICIES.has(String(value))) return "client";
      return OWN_POLICIES.has(String(value))
        ? "ok"
        : task.fail("EINVAL", "'fw_load_policy' must be 'driver' or 'flash'", CORE_PREFIX);
    }
    return value === 0 || Number(value) >= REHASH.least ? "ok" : "EINVAL";
  }
}
