/**
 * The params of a switch: the params of the probe stay in a reload (core.c: mlxsw_core_fw_params_register(); until 6.3 spectrum.c:
 * mlxsw_sp2_params_register()), the param of the initialisation is registered again (spectrum_acl_tcam.c).
 *
 * @module
 */

import { announceParam } from "../../devlink/announce.ts";
import type { Devlink, Param, ParamValue } from "../../devlink/devlink.ts";
import type { ParamSpec } from "../../devlink/specs.ts";
import { registering } from "../../devlink/registering.ts";
import type { Facts } from "../../facts.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { Result } from "../../observation.ts";
import { isLater } from "./asic.ts";
import { mlxswEra } from "./era.ts";
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

/** The words of devlink(8) for values of `fw_load_policy` (iproute2, devlink.c: param_val_conv[]). mlxsw accepts `OWN_POLICIES`. */
const POLICIES: ReadonlySet<string> = new Set(["driver", "flash", "disk", "unknown"]);
const OWN_POLICIES: ReadonlySet<string> = new Set(["driver", "flash"]);

/** The initial interval and the shortest one except 0, in ms (spectrum_acl_tcam.c) */
const REHASH = { initial: 5000, least: 3000 };

/** Returns the params that the driver of an ASIC registers. */
export const paramsOf = (driver: string): ParamSpec[] =>
  isLater(driver) ? [FW_LOAD_POLICY, REHASH_INTERVAL] : [FW_LOAD_POLICY];

/** Returns a param with its initial value. */
const firstOf = (spec: ParamSpec): Param => ({
  spec,
  value: spec.default,
  initial: spec.cmode === "driverinit" ? spec.default : undefined,
  pending: undefined,
});

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

  /** Returns the params that a part of the driver registers. */
  #of(when: "probe" | "init"): ParamSpec[] {
    const { rehashParam } = mlxswEra(this.#dl.kernel.era);
    return paramsOf(this.#facts.driver).filter((spec) => (spec === REHASH_INTERVAL ? rehashParam : "probe") === when);
  }

  /** Creates the params as the facts have them, without messages. */
  adopt(): void {
    const value = (name: string) => this.#facts.params.find((fact) => fact.name === name)?.values[0]?.value;
    this.#interval = Number(value(REHASH_INTERVAL.name) ?? REHASH.initial);
    const specs = [...this.#of("probe"), ...this.#facts.reloadFailed ? [] : this.#of("init")];
    this.#dl.params = specs.map((spec) => ({ ...firstOf(spec), value: value(spec.name) ?? spec.default }));
  }

  /** Registers the params of a part of the driver, with their initial values. */
  *register(task: Task, when: "probe" | "init"): Steps {
    const dl = this.#dl;
    this.#interval = REHASH.initial;
    const params = this.#of(when).map(firstOf);
    if (params.length === 0) return;
    yield* registering(task, dl, "params", () => {
      dl.params.push(...params);
      for (const param of params) announceParam(task, dl, param, "new");
    });
  }

  /** Unregisters the params of a part of the driver. */
  *unregister(task: Task, when: "probe" | "init"): Steps {
    const dl = this.#dl;
    const specs = this.#of(when);
    if (specs.length === 0) return;
    yield* registering(task, dl, "params", () => {
      for (const param of dl.params) if (specs.includes(param.spec)) announceParam(task, dl, param, "del");
      dl.params = dl.params.filter(({ spec }) => !specs.includes(spec));
    });
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
