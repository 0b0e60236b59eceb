/**
 * Faults of the emulated card: the commands that a test lets fail, and the statuses that they fail with.
 *
 * @module
 */

import type { Json, Result } from "../../observation.ts";
import type { DeviceOperation } from "../../operation.ts";
import { type Times, timesOf } from "../emulated.ts";

/**
 * A status with which the card answers a command, and the errno that the driver derives from it. Source: core/cmd.c,
 * cmd_status_to_err()
 */
export interface Status {
  readonly number: number;
  readonly text: string;
  readonly errno: Result;
  readonly code: number;
}

/** The statuses whose outcome is modelled, by their names. */
export const STATUSES: Readonly<Record<string, Status>> = {
  INT_ERR: { number: 0x01, text: "internal error", errno: "EIO", code: 5 },
  BAD_PARAM_ERR: { number: 0x03, text: "bad parameter", errno: "EINVAL", code: 22 },
  BAD_SYS_STATE_ERR: { number: 0x04, text: "bad system state", errno: "EIO", code: 5 },
  RES_BUSY: { number: 0x06, text: "resource busy", errno: "EBUSY", code: 16 },
  LIM_ERR: { number: 0x08, text: "limits exceeded", errno: "ENOMEM", code: 12 },
  NO_RES_ERR: { number: 0x0f, text: "no resources", errno: "EAGAIN", code: 11 },
};

/** The errno of a command that the card does not answer. */
export const UNANSWERED = { errno: "ETIMEDOUT", code: 110 } as const;

/** Returns the number of an errno that a command can end with. */
export const codeOf = (errno: Result): number =>
  [...Object.values(STATUSES), UNANSWERED].find((ending) => ending.errno === errno)!.code;

/** A fault: commands that fail, or get no answer. */
export interface Fault extends Times {
  readonly command: string;
  /** The register, for a command that accesses registers */
  readonly register?: string;
  /** How the card refuses the commands. @default {it does not answer} */
  readonly refusal?: { readonly status: string; readonly syndrome: number };
}

/** The syndrome if the test names none. */
const SYNDROME = 0x123456;

/** Returns the fault that an operation asks for; undefined if the outcome of its status is not modelled. */
export function faultOf({ fail, withhold }: DeviceOperation): Fault | undefined {
  const { status, syndrome = SYNDROME, ...request } = (fail ?? {}) as Record<string, unknown>;
  const meets = requestOf(fail === undefined ? withhold : request);
  if (!meets || fail === undefined) return meets;
  if (typeof status !== "string" || !Object.hasOwn(STATUSES, status) || typeof syndrome !== "number") return undefined;
  return { ...meets, refusal: { status, syndrome } };
}

/** Returns the commands to which a fault applies. */
function requestOf(given: unknown): Fault | undefined {
  const { command, register, ...counts } = (given ?? {}) as Record<string, unknown>;
  const times = timesOf(counts);
  if (register !== undefined && typeof register !== "string") return undefined;
  if (typeof command !== "string" || !times) return undefined;
  return { command, ...(register === undefined ? {} : { register }), ...times };
}

/** Returns the target of a fault: the name of a command, and after a colon its register. */
export const targetOf = ({ command, register }: Fault): string =>
  register === undefined ? command : `${command}:${register}`;

/** Returns a fault as the card reports it. */
export const reported = ({ refusal, ...fault }: Fault): Json => ({ ...fault, ...refusal });
