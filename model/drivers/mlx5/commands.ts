/**
 * The commands that an unload and a load of a function carry out, and what the driver makes of one that the card refuses. Seen on
 * Linux 5.10, 6.1, 6.12, 7.2 and 7.3, with the words of 6.12 (`words.ts`); the sources are in
 * drivers/net/ethernet/mellanox/mlx5/core.
 *
 * @module
 */

import type { Result } from "../../observation.ts";
import type { Card } from "./emulated_card.ts";
import { type Fault, STATUSES } from "./faults.ts";

/**
 * What a command is part of.
 *
 * - `unload`: main.c, mlx5_function_disable()
 * - `load`: main.c, mlx5_function_setup() and mlx5_load(): the reload fails, and what was loaded is unloaded
 * - `ethernet`: en_main.c, mlx5e_probe(): the reload succeeds without a netdev, since `mlx5_attach_device()` does not hear of it
 */
export type Part = "unload" | "load" | "ethernet";

/** A command. */
export interface CardCommand {
  /** Its name, and after a colon the name of the register */
  readonly name: string;
  readonly opcode: number;
  /** The `op_mod` of the first one. @default {0} */
  readonly opMod?: number;
  readonly part: Part;
  /** What its callers log if it fails, by their names; `@` stands for the errno. In the words of 6.12 */
  readonly log: readonly (readonly [caller: string, text: string])[];
  /** True if each load carries it out several times, of which the first is meant. @default {false} */
  readonly repeated?: boolean;
  /** True if the driver goes on without it. @default {false} */
  readonly optional?: boolean;
  /** The command that the driver leaves out if this one fails. @default {none} */
  readonly leavesOut?: string;
}

const CAPABILITIES = [
  ["set_hca_cap", "handle_hca_cap failed"],
  ["mlx5_function_open", "set_hca_cap failed"],
] as const;
const RESUME = ["_mlx5e_probe", "_mlx5e_resume failed, @"] as const;
const DROP_QUEUE = ["mlx5e_init_nic_rx", "open drop rq failed, @"] as const;
const RECEIVE = ["mlx5e_init_nic_rx", "create rx resources failed, @"] as const;

/** The commands in their order; one that a load carries out twice is there twice. */
const COMMANDS: readonly CardCommand[] = [
  { name: "DISABLE_HCA", opcode: 0x105, part: "unload", optional: true, log: [] },
  { name: "ENABLE_HCA", opcode: 0x104, part: "load", log: [["mlx5_function_enable", "enable hca failed"]] },
  {
    name: "QUERY_ISSI",
    opcode: 0x10a,
    part: "load",
    optional: true,
    leavesOut: "SET_ISSI",
    log: [["mlx5_core_set_issi", "Query ISSI is not supported by FW, ISSI is 0"]],
  },
  {
    name: "SET_ISSI",
    opcode: 0x10b,
    part: "load",
    log: [["mlx5_core_set_issi", "Failed to set ISSI to 1 err(@)"], ["mlx5_function_enable", "failed to set issi"]],
  },
  {
    name: "QUERY_PAGES",
    opcode: 0x107,
    opMod: 1,
    part: "load",
    log: [["mlx5_function_enable", "failed to allocate boot pages"]],
  },
  {
    name: "ACCESS_REG:HOST_ENDIANNESS",
    opcode: 0x805,
    part: "load",
    log: [["mlx5_function_open", "set_hca_ctrl failed"]],
  },
  {
    name: "QUERY_HCA_CAP",
    opcode: 0x100,
    opMod: 1,
    part: "load",
    repeated: true,
    log: [["mlx5_core_get_caps_mode", "QUERY_HCA_CAP : type(0) opmode(1) Failed(@)"], ...CAPABILITIES],
  },
  { name: "SET_HCA_CAP", opcode: 0x109, part: "load", repeated: true, log: CAPABILITIES },
  {
    name: "QUERY_PAGES",
    opcode: 0x107,
    opMod: 2,
    part: "load",
    log: [["mlx5_function_open", "failed to allocate init pages"]],
  },
  { name: "INIT_HCA", opcode: 0x102, part: "load", log: [["mlx5_function_open", "init hca failed"]] },
  {
    name: "ALLOC_UAR",
    opcode: 0x802,
    part: "load",
    repeated: true,
    log: [["alloc_uars_page", "mlx5_cmd_alloc_uar() failed, @"], ["mlx5_load", "Failed allocating bfreg, @"]],
  },
  {
    name: "CREATE_EQ",
    opcode: 0x301,
    part: "load",
    repeated: true,
    log: [
      ["setup_async_eq", "failed to create cmd EQ @"],
      ["mlx5_eq_table_create", "Failed to create async EQs"],
      ["mlx5_load", "Failed to create EQs"],
    ],
  },
  {
    name: "ALLOC_PD",
    opcode: 0x800,
    part: "ethernet",
    log: [["mlx5e_create_mdev_resources", "alloc pd failed, @"], RESUME],
  },
  {
    name: "ALLOC_TRANSPORT_DOMAIN",
    opcode: 0x816,
    part: "ethernet",
    log: [["mlx5e_create_mdev_resources", "alloc td failed, @"], RESUME],
  },
  {
    name: "CREATE_MKEY",
    opcode: 0x200,
    part: "ethernet",
    log: [["mlx5e_create_mdev_resources", "create mkey failed, @"], RESUME],
  },
  {
    name: "CREATE_TIS",
    opcode: 0x912,
    part: "ethernet",
    repeated: true,
    log: [["mlx5e_create_mdev_resources", "alloc tises failed, @"], RESUME],
  },
  { name: "ALLOC_Q_COUNTER", opcode: 0x771, part: "ethernet", repeated: true, optional: true, log: [] },
  { name: "CREATE_CQ", opcode: 0x400, part: "ethernet", repeated: true, log: [DROP_QUEUE, RESUME] },
  { name: "CREATE_RQ", opcode: 0x908, part: "ethernet", repeated: true, log: [DROP_QUEUE, RESUME] },
  {
    name: "MODIFY_RQ",
    opcode: 0x909,
    part: "ethernet",
    repeated: true,
    optional: true,
    log: [["mlx5e_open_drop_rq", "modify_rq_state failed, rx_if_down_packets won't be counted @"]],
  },
  {
    name: "CREATE_RQT",
    opcode: 0x916,
    part: "ethernet",
    repeated: true,
    log: [RECEIVE, RESUME],
  },
  {
    name: "CREATE_TIR",
    opcode: 0x900,
    part: "ethernet",
    repeated: true,
    log: [["mlx5e_rss_create_tir", "Failed to create indirect TIR: err = @, tt = 0"], RECEIVE, RESUME],
  },
];

/** Returns a command by its name; undefined if the outcome of its refusal is not modelled. */
export const commandNamed = (name: string): CardCommand | undefined =>
  COMMANDS.find((command) => command.name === name);

/**
 * Carries out the commands of a part, up to the first that the card refuses and the part needs: its errno.
 *
 * @param log Takes what functions of the driver log, the name of the function in front
 */
export function carryOut(card: Card, part: Part, log: (lines: readonly string[]) => void): Result {
  let leftOut: string | undefined;
  for (const command of COMMANDS) {
    if (command.part !== part || command.name === leftOut) continue;
    const fault = card.command(command.name);
    if (!fault) continue;
    log(logOf(command, fault));
    leftOut = command.leavesOut;
    if (command.optional) continue;
    // A function that was enabled is disabled again
    if (part === "load" && command.name !== "ENABLE_HCA") carryOut(card, "unload", log);
    return STATUSES[fault.status]!.errno;
  }
  return "ok";
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** Returns what the functions of the driver log if a command meets a fault. Source: cmd.c, mlx5_cmd_out_err() */
function logOf({ name, opcode, opMod = 0, log }: CardCommand, { status, syndrome }: Fault): string[] {
  const { number, text, code } = STATUSES[status]!;
  const failed = `status ${text}(${hex(number)}), syndrome (${hex(syndrome)}), err(-${code})`;
  return [
    `mlx5_cmd_out_err: ${name.split(":")[0]}(${hex(opcode)}) op_mod(${hex(opMod)}) failed, ${failed}`,
    ...log.map(([caller, words]) => `${caller}: ${words.replace("@", `-${code}`)}`),
  ];
}
