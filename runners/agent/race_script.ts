/**
 * Translates a race into lines of POSIX sh, in functions of `agent_races.sh`.
 *
 * @module
 */

import type { Operation } from "../../model/operation.ts";
import { askedBy } from "../../model/race/outcome.ts";
import { type BatchCommand, batchCommand } from "./batch.ts";
import { commandOf, quote } from "./commands.ts";

/**
 * How long a run may take, in seconds: longer than any operation that works, even a flash of a simulated device. Twice this
 * time is a hang.
 */
const RUN_BOUND = 20;

/**
 * Replaces values that differ from run to run without meaning: otherwise each run would have its own final state. They are
 * numbers of instances, free names of netdevs, counters, and times.
 */
const PASSING = [
  's/"index":[0-9]*/"index":0/g',
  's/"netdev":"[^"]*"/"netdev":"-"/g',
  's/"rx":{[^}]*}/"rx":{}/g',
  's/"last_dump_\\([a-z]*\\)":"[^"]*"/"last_dump_\\1":""/g',
].join(";");

/** Counters of a board's own device: reloads, and the errors and recoveries of its reporters. */
const COUNTED = ["unspecified", "no_reset", "error", "recover"].map((key) => `s/"${key}":[0-9]*/"${key}":0/g`).join(
  ";",
);

/** The most racers of a race on a board. */
const MOST_RACERS = 3;

const words = (op: Operation) => commandOf(op).map(quote).join(" ");
const inInit = (op: Operation) => (op.netns ?? "init") === "init";

/** Returns the path and the text of a write that a shell's own echo can do; otherwise undefined. */
function plainWrite(op: Operation): [string, string] | undefined {
  if (op.kind !== "file.write" || op.bare || !inInit(op) || op.path.startsWith("/lib/firmware/")) return undefined;
  return /^-|[\\\n]/.test(op.value) ? undefined : [op.path, op.value];
}

/** True if an operation dumps all objects: a server that does nothing else can run it. */
const isDump = (op: Operation) => (op.kind === "dev.show" || op.kind === "port.show") && !op.handle && inInit(op);

/** Returns an operation for the process that sets up a race and cleans up after it. */
function prepared(op: Operation): string {
  const write = plainWrite(op);
  return write ? `tl_race_file ${write.map(quote).join(" ")}` : `(${words(op)})`;
}

/** Returns the port whose netdev an operation names; the board finds this name before each run. */
function portOf(op: Operation): { handle: string; port: number } | undefined {
  switch (op.kind) {
    case "link.set":
    case "link.move":
    case "link.rename":
    case "ethtool.info":
    case "ethtool.flash":
      return op;
  }
  return undefined;
}

/** Returns a racer's server of devlink(8); undefined if each command of the racer is a process of its own. */
function serverOf(operations: readonly Operation[]): { flags: string; lines: Map<Operation, string> } | undefined {
  const dumps = operations.filter(isDump);
  if (dumps.length > 0 && operations.every((op) => !commandOf(op)[0]!.startsWith("tl_devlink") || op === dumps[0])) {
    const [dump] = dumps;
    const [, , flags = ""] = commandOf(dump!);
    return { flags, lines: new Map([[dump!, commandOf(dump!).slice(3).join(" ")]]) };
  }
  const batches = operations.flatMap((op): [Operation, BatchCommand][] => {
    const batch = batchCommand(commandOf(op));
    return batch && batch.netns === "init" ? [[op, batch]] : [];
  });
  const flags = batches[0]?.[1].flags;
  if (flags === undefined) return undefined;
  const same = batches.filter(([, batch]) => batch.flags === flags);
  return { flags: flags || "-j", lines: new Map(same.map(([op, batch]) => [op, batch.words.join(" ")])) };
}

/** Returns an operation as a line for a racer. */
function racing(op: Operation, server: ReturnType<typeof serverOf>): string {
  const write = plainWrite(op);
  if (write) return `tl_file ${write.map(quote).join(" ")}`;
  const line = server?.lines.get(op);
  if (line !== undefined) return `tl_ask ${line}`;
  const [name, ...rest] = commandOf(op);
  const netns = op.netns ?? "init";
  const entered = netns === "init" ? "" : `"$TL_IP" netns exec ${netns} `;
  const run = (...all: string[]) =>
    `tl_run ${entered}${all.map((word, i) => word === "$TL_DEV" ? `"$TL_DEV"` : program(word, i)).join(" ")}`;
  switch (op.kind) {
    case "link.set":
      return run("ip", "link", "set", "dev", "$TL_DEV", op.up ? "up" : "down");
    case "link.move":
      return run("ip", "link", "set", "dev", "$TL_DEV", "netns", op.to === "init" ? "1" : op.to);
    case "link.rename":
      return run("ip", "link", "set", "dev", "$TL_DEV", "name", op.name);
    case "ethtool.info":
      return run("ethtool", "-i", "$TL_DEV");
    case "ethtool.flash":
      return run("ethtool", "-f", "$TL_DEV", op.file);
    case "netns.del":
      return `tl_netns_del ${quote(op.name)} ${quote(op.until ?? "")}`;
    case "file.read":
      return run("dd", `if=${op.path}`, "bs=65536");
    case "file.write":
      if (op.bare) throw new TypeError("Cannot race a write without a newline on a board");
      return `tl_dd ${quote(op.path)} ${quote(op.value)}`;
    case "wait":
      return run("sleep", String(op.ms / 1000));
  }
  if (name === "tl_devlink") {
    return `tl_run devlink ${netns === "init" ? "" : `-N ${netns} `}${rest.slice(1).map(quote).join(" ")}`;
  }
  if (name === "tl_in") return run(...rest.slice(1));
  if (name!.startsWith("tl_")) throw new TypeError(`Cannot race "${op.kind}" on a board`);
  return run(name!, ...rest);
}

// busybox's shell would run its own `ip` instead of the `ip` in $PATH.
const program = (word: string, i: number) => i === 0 && word === "ip" ? `"$TL_IP"` : quote(word);

/**
 * Returns the lines of a `race` step; `bound` in seconds.
 *
 * @throws {TypeError} If an operation cannot be raced on a board
 */
export function raceLines(id: number, bound: number, op: Operation<"race">): string[] {
  if (op.racers.length > MOST_RACERS) {
    throw new TypeError(`Cannot race ${op.racers.length} at a time on a board: it does ${MOST_RACERS}`);
  }
  const lines: string[] = [];
  lines.push(`tl_before() { ${op.before.map(prepared).join(" && ") || ":"}; }`);
  lines.push(`tl_after() { ${op.after.map(prepared).join("; ") || ":"}; }`);
  const names: string[] = [];
  op.racers.forEach(({ operations, loops }, i) => {
    const server = serverOf(operations);
    const todo = operations.map((one) => racing(one, server));
    const netdev = operations.map(portOf).find((port) => port !== undefined);
    if (netdev) {
      names.push(
        `TL_DEV_${i + 1}=; tl_netdev init ${quote(netdev.handle)} ${netdev.port} && TL_DEV_${i + 1}=$tl_devname; ` +
          "! tl_broken $tl_rc || TL_UNNAMED=$tl_rc",
      );
    }
    const program = [
      ...(server ? [`tl_serve ${server.flags}`] : []),
      loops ? `tl_operations() { tl_looped ${quote(todo.join("\n"))}; }` : `tl_operations() {\n${todo.join("\n")}\n}`,
    ];
    lines.push(`TL_RACER_${i + 1}=${quote(program.join("\n"))}`);
  });
  const dumps = op.shown.filter(isDump);
  const others = op.shown.filter((one) => !isDump(one));
  const show = [
    ...(dumps.length > 0 ? [`tl_race_dump ${dumps.map((one) => quote(dumpWords(one))).join(" ")}`] : []),
    ...others.map((one) => `tl_race_show ${quote(askedBy(one))} ${words(one)}`),
  ];
  lines.push(`tl_show() { ${show.join("; ") || ":"}; }`);
  lines.push(`tl_names() { ${names.join("; ") || ":"}; }`);
  lines.push(`TL_FINITE=${op.racers.filter(({ loops }) => !loops).length}`);
  lines.push(`TL_STRIP=${quote(op.own ? `${PASSING};${COUNTED}` : PASSING)}`);
  lines.push("tl_race_begin");
  lines.push(`tl_step ${id} ${bound} tl_race ${op.racers.length} ${op.runs} ${op.seed} ${RUN_BOUND}`);
  lines.push("tl_race_end");
  return lines;
}

const dumpWords = (op: Operation) => commandOf(op).slice(2).filter((word) => !word.startsWith("-")).join(" ");

/**
 * Returns how long a race may take on a board, in seconds. If a racer hangs, the race ends by itself earlier. Between runs a
 * real card is reset, which takes long; a simulated device is recreated at once.
 */
export function raceBound({ runs, own }: Operation<"race">): number {
  return 60 + 2 * RUN_BOUND + (own === undefined ? 2 : 2 * RUN_BOUND) * runs;
}
