/**
 * The ASICs of mlxsw: one kernel module has a driver for each ASIC, with its own name.
 *
 * @module
 */

/** The driver of the first-generation Spectrum. */
export const FIRST_ASIC = "mlxsw_spectrum";

/** The names of the drivers. */
export const ASIC_DRIVERS: readonly string[] = [FIRST_ASIC, "mlxsw_spectrum2", "mlxsw_spectrum3", "mlxsw_spectrum4"];

/** True for Spectrum-2 and the ASICs after it. */
export const isLater = (driver: string): boolean => driver !== FIRST_ASIC;
