/**
 * Params: their registration and the commands that change them (docs/semantics.md 3.8, 5.2).
 *
 * @module
 */

import { announceParam } from "./announce.ts";
import { numberOf } from "../command_line/numbers.ts";
import type { Devlink, Param, ParamValue } from "./devlink.ts";
import type { ParamSpec } from "./driver.ts";
import { ModelGap } from "../gap.ts";
import { shownValue } from "./message.ts";
import type { Result } from "../observation.ts";
import type { Operation } from "../operation.ts";
import type { Task } from "../kernel/task.ts";

/**
 * Registers the params of a driver, in the order of its table. A param of mode driverinit has no value yet, so it is announced
 * only when the driver sets its first value.
 */
export function registerParams(task: Task, dl: Devlink, specs: readonly ParamSpec[]): void {
  for (const spec of specs) {
    const param: Param = { spec, value: undefined, initial: undefined, pending: undefined };
    dl.params.push(param);
    announceParam(task, dl, param, "new");
  }
}

/** Gives a driverinit param its first value (`devl_param_driverinit_value_set`). */
export function initialiseParam(task: Task, dl: Devlink, name: string, value: ParamValue): void {
  const param = findParam(dl, name)!;
  param.value = param.initial = value;
  announceParam(task, dl, param, "new");
}

/** Publishes all params (`devlink_params_publish()`, to 5.15): from now on their values are shown. */
export function publishParams(task: Task, dl: Devlink): void {
  for (const param of dl.params) {
    param.published = true;
    announceParam(task, dl, param, "new");
  }
}

/** Unpublishes all params (`devlink_params_unpublish()`, to 5.15). */
export function unpublishParams(task: Task, dl: Devlink): void {
  for (const param of dl.params) {
    param.published = false;
    announceParam(task, dl, param, "del");
  }
}

/** Unregisters all params, in the order of the driver's table. */
export function unregisterParams(task: Task, dl: Devlink): void {
  for (const param of dl.params) announceParam(task, dl, param, "del");
  dl.params = [];
}

/** Returns a param by its name. */
export function findParam(dl: Devlink, name: string): Param | undefined {
  return dl.params.find((each) => each.spec.name === name);
}

/** Sets a param to a value or to the default of the driver: `devlink dev param set`. */
export function setParam(task: Task, dl: Devlink, op: Operation<"param.set">): Result {
  const param = findParam(dl, op.name);
  if (!param) return "EINVAL";
  const { spec } = param;
  // devlink(8) reads the param first, for its type and its modes. It sends no request if the value would stay the same
  if (spec.cmode !== op.cmode) {
    if (spec.others?.some((other) => (other as { cmode?: string }).cmode === op.cmode)) {
      throw new ModelGap(`param ${spec.name}`, `the model has one mode of a param, and that is ${spec.cmode}`);
    }
    return "client";
  }
  const runtime = spec.cmode === "runtime";
  if (op.default) return resetParam(task, dl, param);
  const wanted = parseValue(spec.type, String(op.value));
  if (wanted === undefined) return "client";
  if (wanted === shownValue(dl, param)) return "ok";
  const valid = dl.driver.paramValidate?.(task, spec, wanted) ?? "ok";
  if (valid !== "ok") return valid;
  if (runtime) dl.driver.paramSet!(spec, wanted);
  else if (dl.kernel.era.driverinit === "promoted") param.pending = wanted;
  else param.value = wanted;
  announceParam(task, dl, param, "new");
  return "ok";
}

/**
 * Sets a param to its default. An older kernel ignores that attribute and finds no value: it takes `false` for a bool, and refuses
 * others.
 */
function resetParam(task: Task, dl: Devlink, param: Param): Result {
  const { spec } = param;
  if (!dl.kernel.era.paramDefaults) {
    if (spec.type !== "bool") return "EINVAL";
    if (dl.kernel.era.driverinit === "promoted") param.pending = false;
    else param.value = false;
  } else if (spec.cmode === "runtime") {
    if (spec.default === undefined) return "EOPNOTSUPP";
    dl.driver.paramSet!(spec, spec.default);
  } else param.pending = param.initial;
  announceParam(task, dl, param, "new");
  return "ok";
}

/** Makes the driverinit values effective that were set since the last reload. */
export function promoteParams(dl: Devlink): void {
  for (const param of dl.params) {
    if (param.pending === undefined) continue;
    param.value = param.pending;
    param.pending = undefined;
  }
}

/** The words that devlink(8) accepts for a bool, also abbreviated; the first word that fits counts. */
const BOOLEANS = ["false", "true", "0", "1", "disable", "enable"];

function parseValue(type: ParamSpec["type"], text: string): ParamValue | undefined {
  if (type === "bool") {
    const found = text === "" ? -1 : BOOLEANS.findIndex((word) => word.startsWith(text));
    return found < 0 ? undefined : found % 2 === 1;
  }
  if (type === "string") return text;
  const value = numberOf(text, 32);
  return value === undefined ? undefined : Number(value);
}
