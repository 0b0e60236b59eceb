/**
 * `devlink dev param`.
 *
 * @module
 */

import { change, type Command, show } from "../command.ts";
import { paramAttributes } from "./message.ts";
import { findParam, setParam } from "./param.ts";

/** The kinds of {@linkcode PARAM_COMMANDS}. */
export type ParamKind = "param.show" | "param.set";

/** The operations on params by their kind. */
export const PARAM_COMMANDS: { [K in ParamKind]: Command<K> } = {
  "param.show": (scene, { handle, name }) =>
    show(
      scene,
      "param",
      handle,
      (dl) => {
        const params = dl.params.map((param) => paramAttributes(dl, param)).filter((each) => each !== null);
        return params.length > 0 ? params : undefined;
      },
      name === undefined ? undefined : (dl) => {
        const param = findParam(dl, name);
        return param ? paramAttributes(dl, param) ?? "EOPNOTSUPP" : "EINVAL";
      },
    ),

  "param.set": (scene, op) => change(scene, op.handle, (dl) => setParam(scene.task, dl, op)),
};
