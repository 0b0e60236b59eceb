/**
 * The first record of an agent: what it reports of its board before the first plan.
 *
 * @module
 */

import type { FreedMemory } from "../../model/observation.ts";
import type { ReadyCommand } from "./ready.ts";

/** A command that a board could not run. */
export interface FailedCommand {
  /** For example `devlink -V` */
  command: string;
  /** Its exit status, or `hang` */
  status: number | "hang";
  /** The first line of its standard error; it is text of the board */
  said: string;
}

/** The holder of the device that the agent was to lock. */
export interface HeldLock {
  /** `use`: a run has it; `wait`: an agent whose run is gone is still in a plan; `never`: no lock can be made there */
  how: "use" | "wait" | "never";
  /** The process on the board that has the device */
  pid: number;
  /** Its run, see `DeviceLock`; `-` if there is no run. It is text of the board */
  run: string;
  /** The owner, in words, or why no lock can be made; it is text of the board */
  who: string;
}

/** The most characters of `who` that are stored. */
const WHO = 300;

/** A board's report about itself. */
export interface Hello {
  /** The holder of the device. Left out if this agent has the lock, or was to take none */
  held?: HeldLock;
  /** `uname -r` */
  kernel: string;
  /** The output of `devlink -V`; empty if devlink is missing */
  iproute2: string;
  /** `/proc/sys/kernel/random/boot_id` */
  bootId: string;
  /** True for root */
  root: boolean;
  /** Tools that the agent needs and that the board lacks */
  missing: string[];
  /** Commands of tools that are present but failed in a trial */
  failed: FailedCommand[];
  /** The command of `[ready]` that failed. Left out if all succeeded */
  unready?: FailedCommand & {
    /** The key of the board's file */
    key: string;
  };
  /** `devlink`, `debugfs`, `kmsg`, `pcs` and others, and the capabilities that drivers of the model need */
  has: string[];
  /** The effect of a use of freed memory on this board */
  freedMemory: FreedMemory;
}

/**
 * Reads the first record of an agent.
 *
 * @param ready The commands that make the board ready
 */
export function parseHello(body: string, ready: readonly ReadyCommand[]): Hello {
  const lines = body.trim().split("\n");
  const all = (key: string) => lines.filter((l) => l.startsWith(`${key} `)).map((l) => l.slice(key.length + 1).trim());
  const statusOf = (status: string | undefined) => status === "hang" ? status : Number(status);
  const [unready] = all("unready");
  const [, number, status, said = ""] = /^(\d+) (\d+|hang) ?(.*)$/.exec(unready ?? "") ?? [];
  const [held, how, pid, run = "-", who = ""] = /^(use|wait|never) (\d+) (\S+) ?(.*)$/.exec(all("held")[0] ?? "") ?? [];
  const { key, text } = ready[Number(number)] ?? { key: "ready", text: "one of its commands" };
  return {
    bootId: lines[0]?.split(" ")[2] ?? "",
    kernel: all("uname")[0] ?? "",
    iproute2: all("iproute2")[0] ?? "",
    root: all("uid")[0] === "0",
    missing: all("missing"),
    failed: all("fails").flatMap((line) => {
      const [, status, command, said] = /^(\d+|hang) ([^|]*)\|(.*)$/.exec(line) ?? [];
      return command === undefined ? [] : [{ command, status: statusOf(status), said: said!.trim() }];
    }),
    ...(held === undefined
      ? {}
      : { held: { how: how as HeldLock["how"], pid: Number(pid), run, who: who.slice(0, WHO) } }),
    ...(unready === undefined ? {} : { unready: { key, command: text, status: statusOf(status), said: said.trim() } }),
    has: all("has"),
    freedMemory: (["reported", "poisoned"] as const).find((kind) => all("freed").includes(kind)) ?? "kept",
  };
}
