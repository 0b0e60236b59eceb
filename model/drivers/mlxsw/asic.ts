/**
 * The ASICs that mlxsw is for: each has a driver of its own name in one kernel module.
 *
 * @module
 */

/** The driver of the first one. */
export const FIRST_ASIC = "mlxsw_spectrum";

/** The names of the drivers. */
export const ASIC_DRIVERS: readonly string[] = [FIRST_ASIC, "mlxsw_spectrum2", "mlxsw_spectrum3", "mlxsw_spectrum4"];

/** True for Spectrum-2 and the ASICs after it. */
export const isLater = (driver: string): boolean => driver !== FIRST_ASIC;
