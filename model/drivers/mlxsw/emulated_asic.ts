/**
 * The emulated ASIC of a switch (`fixtures/devices/spectrum`): the state that a test has set, which the driver does not change.
 *
 * @module
 */

import { STATE } from "../../kernel/state.ts";
import type { Json } from "../../observation.ts";
import { Faults, type Times, timesOf } from "../emulated.ts";

/** The accesses of the driver to registers whose refusal is modelled, each with the number and the name that the driver logs. */
const ACCESSES = {
  "SPAD query": "2002(spad)",
  "QPCR write": "4004(qpcr)",
  "HTGT write": "7002(htgt)",
  "HPKT write": "7003(hpkt)",
  "PTYS write": "5004(ptys)",
} as const;

/** An access, for example `HPKT write`. */
export type Access = keyof typeof ACCESSES;

/** The statuses that the driver treats as a failure, without a retry. Source: emad.h: mlxsw_emad_op_tlv_status_str() */
const STATUSES: Readonly<Record<string, readonly [number: number, text: string]>> = {
  VERSION_NOT_SUPPORTED: [2, "version not supported"],
  UNKNOWN_TLV: [3, "unknown TLV"],
  REGISTER_NOT_SUPPORTED: [4, "register not supported"],
  CLASS_NOT_SUPPORTED: [5, "class not supported"],
  METHOD_NOT_SUPPORTED: [6, "method not supported"],
  BAD_PARAMETER: [7, "bad parameter"],
  RESOURCE_NOT_AVAILABLE: [8, "resource not available"],
  INTERNAL_ERROR: [0x70, "internal error"],
};

/** A fault: accesses that fail. */
export interface Fault extends Times {
  readonly access: Access;
  readonly status: string;
}

/** Returns the fault that an operation asks for; undefined if its outcome is not modelled. */
export function faultOf(given: unknown): Fault | undefined {
  const { access, status, ...counts } = given as Record<string, unknown>;
  const times = timesOf(counts);
  if (typeof access !== "string" || !Object.hasOwn(ACCESSES, access)) return undefined;
  if (typeof status !== "string" || !Object.hasOwn(STATUSES, status) || !times) return undefined;
  return { access: access as Access, ...times, status };
}

/**
 * Returns the log line of the driver for a refused access, without the number of the transaction. Source: core.c,
 * mlxsw_reg_trans_wait()
 */
export function logOf({ access, status }: Fault): string {
  const [number, text] = STATUSES[status]!;
  const type = access.slice(access.indexOf(" ") + 1);
  return `EMAD reg access failed (reg_id=${ACCESSES[access]},type=${type},status=${number.toString(16)}(${text}))`;
}

/** Returns a fault as the ASIC reports it. */
export const reported = (fault: Fault): Json => ({ ...fault });

/** The emulated ASIC of a switch. */
export class Asic {
  readonly faults = new Faults<Fault>();
  /** Labels of the ports whose module has no cable */
  readonly #unplugged = new Set<number>();

  [STATE](): readonly unknown[] {
    return [this.faults, this.#unplugged];
  }

  /** Carries out an access. Returns the fault by which the access fails. */
  access(access: Access): Fault | undefined {
    return this.faults.meet((fault) => fault.access === access);
  }

  /** Returns the number of accesses of a kind up to the next one that fails: 1 if it is the next; undefined if none fails. */
  failsAfter(access: Access): number | undefined {
    return this.faults.failsAfter((fault) => fault.access === access);
  }

  /** True if the module of a port has a cable. */
  plugged(label: number): boolean {
    return !this.#unplugged.has(label);
  }

  /** Plugs the cable of a module in or pulls it out. Returns true if this was a change. */
  plug(label: number, cable: boolean): boolean {
    const changed = cable !== this.plugged(label);
    if (cable) this.#unplugged.delete(label);
    else this.#unplugged.add(label);
    return changed;
  }

  /** Plugs all cables in. Returns the labels of the ports that had no cable. */
  plugAll(): number[] {
    const unplugged = [...this.#unplugged];
    this.#unplugged.clear();
    return unplugged;
  }
}
