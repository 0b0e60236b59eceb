/**
 * The model of a driver that nobody modelled.
 *
 * @module
 */

import type { DriverModel } from "../driver.ts";
import { instantiate } from "./instantiate.ts";

/** Any driver with devlink, by the facts of its device. */
export const generic: DriverModel = { name: "generic", drivers: ["generic"], instantiate };
