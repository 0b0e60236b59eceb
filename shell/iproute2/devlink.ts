/**
 * devlink(8) of iproute2: its commands, one by one or as a batch.
 *
 * @module
 */

import type { DevlinkKind } from "../../model/command_line/forms.ts";
import { parseDevlink } from "../../model/command_line/parser.ts";
import type { JsonObject, Notification, Observation, Operation } from "../../model/mod.ts";
import { errorText } from "../errno.ts";
import type { Run } from "../run.ts";
import type { Call, Program } from "../program.ts";
import { portOf } from "../ports.ts";
import { readFile } from "../programs/input.ts";
import { complain, unselectable, unsupportedSelector } from "./devlink_errors.ts";
import { monitor } from "./devlink_monitor.ts";
import { type DevlinkOptions, parseOptions } from "./devlink_options.ts";
import { dated, emptyReply, ofPorts, replyText, shown } from "./devlink_reply.ts";
import { USAGE } from "./devlink_usage.ts";

/** devlink(8) */
export const devlink: Program = function* (call) {
  const parsed = parseOptions(call.args);
  if ("version" in parsed) {
    yield* call.out(`devlink utility, iproute2-${call.system.iproute2}.0\n`);
    return 0;
  }
  call.system.checkIproute2("devlink");
  if ("error" in parsed) {
    yield* call.err(`${parsed.error}\nUnknown option.\n${USAGE[""]}`);
    return 1;
  }
  const { options, words } = parsed;
  const { process } = call;
  const before = process.netns;
  if (options.netns !== undefined) {
    if (!call.system.machine.netns.includes(options.netns) || options.netns === "init") {
      yield* call.err(`Cannot open network namespace "${options.netns}": No such file or directory\n`);
      return 1;
    }
    process.netns = options.netns;
  }
  try {
    if (options.batch !== undefined) return yield* batch(call, options, options.batch);
    const { text, status } = yield* command(call, options, words);
    // The writer of JSON ends its output with a line, whatever is in it
    yield* call.out(options.json ? `${text}\n` : text);
    return status;
  } finally {
    process.netns = before;
  }
};

/** Command lines of a file, one after the other. */
function* batch(call: Call, options: DevlinkOptions, file: string): Run {
  let script: string;
  if (file === "-") script = yield* call.process.readAll(0);
  else {
    const content = yield* readFile(call, call.path(file));
    if (!("text" in content)) {
      yield* call.err(`Cannot open file "${file}" for reading: ${errorText(content.errno)}\n`);
      return 1;
    }
    script = content.text;
  }
  let status = 0;
  const texts: string[] = [];
  for (const [i, line] of script.split("\n").entries()) {
    const words = line.replace(/#.*/, "").split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) continue;
    const done = yield* command(call, options, words);
    if (options.json) texts.push(done.text);
    else yield* call.out(done.text);
    if (done.status === 0) continue;
    status = 1;
    yield* call.err(`Command failed ${file}:${i + 1}\n`);
    if (!options.force) break;
  }
  if (options.json) yield* call.out(`${texts.filter((text) => text !== "").join(",")}\n`);
  return status;
}

interface Done {
  text: string;
  status: number;
}

function* command(call: Call, options: DevlinkOptions, words: readonly string[]): Run<Done> {
  const { system, process } = call;
  const parsed = parseDevlink(words, (netdev) => {
    const found = portOf(system.machine, netdev, process.netns);
    return found && `${found.handle}/${found.port}`;
  });
  if ("errors" in parsed) {
    const lines = call.system.machine.era.filteredDumps ? parsed.errors : unselectable(parsed);
    yield* call.err(lines.map((line) => `${line}\n`).join(""));
    return { text: "", status: 1 };
  }
  if ("help" in parsed) {
    yield* call.err(USAGE[parsed.help]!);
    return { text: "", status: parsed.status };
  }
  if ("monitor" in parsed) return { text: "", status: yield* monitor(call, options, parsed.monitor) };
  const op = { ...parsed.op, netns: process.netns } as Operation<DevlinkKind>;
  if (op.kind === "dev.flash") return yield* flash(call, op);
  const selector = unsupportedSelector(call, op);
  if (selector.length > 0) {
    yield* call.err(selector.map((line) => `${line}\n`).join(""));
    return { text: "", status: 1 };
  }
  const observation = yield* system.performing(op);
  if (op.kind === "dev.reload") yield { until: system.scheduler.clock.now + system.pace.reload };
  yield* complain(call, op, observation);
  if (observation.result === "hang") yield { ready: () => false };
  const ok = observation.result === "ok";
  const reply = ok ? observation.reply : emptyReply(op);
  const wanted = parsed.shows === "ports"
    ? ofPorts(reply)
    : parsed.shows === "occupancy"
    ? { occupancy: Object.values(reply as JsonObject)[0] ?? {} }
    : reply;
  const text = wanted === null ? "" : replyText(op, dated(call, shown(op, wanted, options)), options);
  return { text, status: ok ? 0 : 1 };
}

/** Flashes, and prints each step as the kernel reports it. */
function* flash(call: Call, op: Operation<"dev.flash">): Run<Done> {
  const { system, process } = call;
  const messages: Notification[] = [];
  const stop = system.listen({
    netns: process.netns,
    notified: (some) =>
      messages.push(...some.filter(({ object, handle }) => object === "flash" && handle === op.handle)),
  });
  let observation: Observation;
  try {
    observation = yield* system.waiting(op);
  } finally {
    stop();
  }
  const lines: string[] = [];
  for (const { command, attributes } of messages) {
    if (command !== "status" || typeof attributes["msg"] !== "string") continue;
    const component = attributes["component"];
    const line = `${component === undefined ? "" : `[${component}] `}${attributes["msg"]}`;
    if (lines.at(-1) !== line) lines.push(line);
  }
  if (lines.length > 0) yield* call.out(`${lines.join("\n")}`);
  if (messages.length > 0) yield* call.out("\n");
  yield* complain(call, op, observation);
  return { text: "", status: observation.result === "ok" ? 0 : 1 };
}
