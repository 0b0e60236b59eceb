/**
 * The commands of an unload and a load of a function, and of some readings. For each command: the driver's reaction if the card
 * refuses it or does not answer. Refusals were seen on Linux 5.10, 6.1, 6.12, 7.2 and 7.3. Missing answers were seen, too:
 * DISABLE_HCA, QUERY_ISSI, INIT_HCA, CREATE_EQ, ALLOC_PD and MCQS on 5.10 and 6.12, QUERY_VNIC_ENV on 6.12. The other commands
 * have the same callers. The texts are from 6.12 (`words.ts`), the sources are in drivers/net/ethernet/mellanox/mlx5/core.
 *
 * @module
 */

import type { Kernel } from "../../kernel/kernel.ts";
import { sleep } from "../../kernel/host.ts";
import { STATE } from "../../kernel/state.ts";
import { Condition, type Steps, type Task } from "../../kernel/task.ts";
import type { Result } from "../../observation.ts";
import type { Card } from "./emulated_card.ts";
import { type Fault, STATUSES, UNANSWERED } from "./faults.ts";
import type { Words } from "./words.ts";

/**
 * The part of the driver that a command belongs to.
 *
 * - `unload`: main.c, mlx5_function_disable()
 * - `setup`, then `load`: main.c, mlx5_function_setup() and mlx5_load(): the reload fails, and what was loaded is unloaded
 * - `ethernet`: en_main.c, mlx5e_probe(): the reload succeeds without a netdev, since `mlx5_attach_device()` ignores the error
 * - `versions`: fw.c, mlx5_fw_version_query(), for `devlink dev info`
 * - `counters`: diag/reporter_vnic.c, mlx5_reporter_vnic_diagnose_counters()
 */
export type Part = "unload" | "setup" | "load" | "ethernet" | "versions" | "counters";

/** A command. */
export interface CardCommand {
  /** The name of the command, and after a colon the name of its register */
  readonly name: string;
  readonly opcode: number;
  /** The `op_mod` of the first such command. @default {0} */
  readonly opMod?: number;
  readonly part: Part;
  /** The log lines of its callers if the command fails, with the callers' names; `@` stands for the errno. In the texts of 6.12 */
  readonly log: readonly (readonly [caller: string, text: string])[];
  /** The log lines on an older kernel that has other callers. @default {`log`, in the texts of that kernel} */
  readonly older?: Readonly<Partial<Record<Words, CardCommand["log"]>>>;
  /** True if each load carries the command out several times; this entry is the first time. @default {false} */
  readonly repeated?: boolean;
  /** True if the driver continues without the command. @default {false} */
  readonly optional?: boolean;
  /** The command that the driver leaves out if this one fails. @default {none} */
  readonly leavesOut?: string;
  /** What differs if the card does not answer. @default {nothing} */
  readonly unanswered?: Pick<CardCommand, "log" | "optional" | "leavesOut">;
  /** True if the driver waits for an empty queue when the command ends ({@linkcode CommandQueue.drained}). @default {false} */
  readonly alone?: boolean;
}

const CAPABILITIES = [
  ["set_hca_cap", "handle_hca_cap failed"],
  ["mlx5_function_open", "set_hca_cap failed"],
] as const;
const RESUME = ["_mlx5e_probe", "_mlx5e_resume failed, @"] as const;
const DROP_QUEUE = ["mlx5e_init_nic_rx", "open drop rq failed, @"] as const;
const RECEIVE = ["mlx5e_init_nic_rx", "create rx resources failed, @"] as const;

/** The commands in their order; a command that a load carries out twice is listed twice. */
const COMMANDS: readonly CardCommand[] = [
  { name: "DISABLE_HCA", opcode: 0x105, part: "unload", optional: true, log: [] },
  { name: "ENABLE_HCA", opcode: 0x104, part: "setup", log: [["mlx5_function_enable", "enable hca failed"]] },
  {
    name: "QUERY_ISSI",
    opcode: 0x10a,
    part: "setup",
    optional: true,
    leavesOut: "SET_ISSI",
    log: [["mlx5_core_set_issi", "Query ISSI is not supported by FW, ISSI is 0"]],
    unanswered: {
      log: [
        ["mlx5_core_set_issi", "Failed to query ISSI err(@) status(0) synd(0)"],
        ["mlx5_function_enable", "failed to set issi"],
      ],
    },
  },
  {
    name: "SET_ISSI",
    opcode: 0x10b,
    part: "setup",
    log: [["mlx5_core_set_issi", "Failed to set ISSI to 1 err(@)"], ["mlx5_function_enable", "failed to set issi"]],
  },
  {
    name: "QUERY_PAGES",
    opcode: 0x107,
    opMod: 1,
    part: "setup",
    log: [["mlx5_function_enable", "failed to allocate boot pages"]],
  },
  {
    name: "ACCESS_REG:HOST_ENDIANNESS",
    opcode: 0x805,
    part: "setup",
    log: [["mlx5_function_open", "set_hca_ctrl failed"]],
  },
  {
    name: "QUERY_HCA_CAP",
    opcode: 0x100,
    opMod: 1,
    part: "setup",
    repeated: true,
    log: [["mlx5_core_get_caps_mode", "QUERY_HCA_CAP : type(0) opmode(1) Failed(@)"], ...CAPABILITIES],
  },
  { name: "SET_HCA_CAP", opcode: 0x109, part: "setup", repeated: true, log: CAPABILITIES },
  {
    name: "QUERY_PAGES",
    opcode: 0x107,
    opMod: 2,
    part: "setup",
    log: [["mlx5_function_open", "failed to allocate init pages"]],
  },
  { name: "INIT_HCA", opcode: 0x102, part: "setup", log: [["mlx5_function_open", "init hca failed"]] },
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
    alone: true,
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
    older: { "5.10": [["mlx5e_create_indirect_rqt", "create indirect rqts failed, @"]] },
  },
  {
    name: "CREATE_TIR",
    opcode: 0x900,
    part: "ethernet",
    repeated: true,
    log: [["mlx5e_rss_create_tir", "Failed to create indirect TIR: err = @, tt = 0"], RECEIVE, RESUME],
    older: { "5.10": [["mlx5e_create_indirect_tirs", "create indirect tirs failed, @"]] },
  },
  {
    name: "ACCESS_REG:MCQS",
    opcode: 0x805,
    opMod: 1,
    part: "versions",
    repeated: true,
    log: [["mlx5_fw_version_query", "fw query failed to find boot img component index, err @"]],
  },
  { name: "QUERY_VNIC_ENV", opcode: 0x76f, part: "counters", log: [] },
];

/** Returns a command by its name; undefined if the outcome of its refusal is not modelled. */
export const commandNamed = (name: string): CardCommand | undefined =>
  COMMANDS.find((command) => command.name === name);

/** The function whose commands are carried out. */
export interface CommandHost {
  readonly kernel: Kernel;
  readonly card: Card;
  readonly queue: CommandQueue;
  /** The kernel whose texts the driver logs */
  readonly words: Words;
  /** Logs lines that begin with the name of a function of the driver. */
  logs(task: Task, lines: readonly string[]): void;
}

/** The driver's queue of commands, from one load to the next. A command that gets no answer keeps its place in the queue. */
export class CommandQueue {
  #lost = 0;
  /**
   * The condition that no command is in the queue. The driver waits for it before it changes how it waits for answers; a lost place
   * is never released (cmd.c: mlx5_cmd_change_mod(), mlx5_cmd_allowed_opcode(), mlx5_cmd_comp_handler()).
   */
  readonly drained = new Condition("the answer of its card to an earlier command", () => this.#lost === 0);

  [STATE](): readonly unknown[] {
    return [this.#lost];
  }

  /** Empties the queue at the begin of a load. */
  restart(): void {
    this.#lost = 0;
    this.drained.changed();
  }

  /** Gives up a command. Returns the place in the queue that the command keeps. */
  lose(): number {
    this.drained.changed();
    return this.#lost++;
  }
}

/** Carries out the commands of a part. Stops at the first failed command that the part needs, and returns its errno. */
export function* carryOut(task: Task, host: CommandHost, part: Part): Steps<Result> {
  let leftOut: string | undefined;
  for (const command of COMMANDS) {
    if (command.part !== part || command.name === leftOut) continue;
    const { card, queue } = host;
    if (command.alone) yield* queue.drained.wait(task);
    const fault = card.command(command.name);
    if (!fault) continue;
    const { refusal } = fault;
    if (!refusal) yield* sleep(host.kernel, task, PATIENCE[part]);
    const { errno, code } = refusal ? STATUSES[refusal.status]! : UNANSWERED;
    const own = (!refusal && command.unanswered) || command;
    const callers = (command.older?.[host.words] ?? own.log)
      .map(([caller, words]) => `${caller}: ${words.replace("@", `-${code}`)}`);
    const reasons = refusal ? [refused(command, refusal)] : timedOut(command, queue.lose());
    // The innermost caller logs first; the outer callers log after the queue is in use again
    host.logs(task, [...reasons, ...callers.slice(0, 1)]);
    if (command.alone) yield* queue.drained.wait(task);
    host.logs(task, callers.slice(1));
    leftOut = own.leavesOut;
    if (own.optional) continue;
    // An enabled function is disabled again
    if (part === "load" || (part === "setup" && command.name !== "ENABLE_HCA")) yield* carryOut(task, host, "unload");
    return errno;
  }
  return "ok";
}

const POLLED = 61_000;

/**
 * The longest wait of the driver for an answer, in ms. The driver polls for commands of a load, since the event queue is made by
 * the
 * last of them. Else it waits for the event, and checks once more if the event was missed (cmd.c: poll_timeout(), wait_func(),
 * wait_func_handle_exec_timeout()).
 */
const PATIENCE: Readonly<Record<Part, number>> = {
  unload: POLLED,
  setup: POLLED,
  load: POLLED,
  ethernet: 65_000,
  versions: 65_000,
  counters: 65_000,
};

const hex = (value: number) => `0x${value.toString(16)}`;

const called = ({ name, opcode }: CardCommand) => `${name.split(":")[0]}(${hex(opcode)})`;

/** Returns the line that the driver logs for a command that the card refuses. Source: cmd.c, mlx5_cmd_out_err() */
function refused(command: CardCommand, { status, syndrome }: NonNullable<Fault["refusal"]>): string {
  const { number, text, code } = STATUSES[status]!;
  const failed = `status ${text}(${hex(number)}), syndrome (${hex(syndrome)}), err(-${code})`;
  return `mlx5_cmd_out_err: ${called(command)} op_mod(${hex(command.opMod ?? 0)}) failed, ${failed}`;
}

/**
 * Returns the lines that the driver logs for a command without an answer. Source: cmd.c, wait_func(),
 * wait_func_handle_exec_timeout()
 */
function timedOut(command: CardCommand, place: number): string[] {
  const missed = `wait_func_handle_exec_timeout: cmd[${place}]: ${called(command)} No done completion`;
  return [
    ...(PATIENCE[command.part] === POLLED ? [] : [missed]),
    `wait_func: ${called(command)} timeout. Will cause a leak of a command resource`,
  ];
}
