/**
 * A reply of the kernel as devlink(8) prints it.
 *
 * @module
 */

import type { DevlinkKind } from "../../model/command_line/forms.ts";
import type { Json, JsonObject, Operation } from "../../model/mod.ts";
import type { Call } from "../program.ts";
import type { DevlinkOptions } from "./devlink_options.ts";
import { handlesText, infoText, listsText, messageText, rateText, regionText, reporterText } from "./devlink_text.ts";
import { writeJson } from "./json_writer.ts";

/** Returns what belongs to ports, of objects by handle. */
export function ofPorts(reply: Json): Json {
  if (typeof reply !== "object" || reply === null || Array.isArray(reply)) return reply;
  return Object.fromEntries(
    Object.entries(reply).map(([key, objects]) => [
      key,
      Object.fromEntries(Object.entries(objects as object).filter(([handle]) => handle.split("/").length === 3)),
    ]),
  );
}

/** Converts times to dates of the machine's clock: the model counts from the boot. */
export function dated(call: Call, value: Json): Json {
  if (Array.isArray(value)) return value.map((each) => dated(call, each));
  if (typeof value !== "object" || value === null) return value;
  const result: JsonObject = {};
  for (const [key, each] of Object.entries(value)) result[key] = dated(call, each);
  const { last_dump_date: day, last_dump_time: time } = result;
  if (typeof day === "string" && typeof time === "string") {
    const then = new Date(Date.parse(`${day}T${time}Z`) + call.system.date).toISOString();
    Object.assign(result, { last_dump_date: then.slice(0, 10), last_dump_time: then.slice(11, 19) });
  }
  return result;
}

/** Under which key a reply stands that has nothing in it. */
const ROOTS: { readonly [K in DevlinkKind]?: string } = {
  "dev.show": "dev",
  "dev.info": "info",
  "dev.eswitch.show": "dev",
  "dev.selftests.show": "selftests",
  "port.show": "port",
  "port.param.show": "param",
  "param.show": "param",
  "rate.show": "rate",
  "resource.show": "resources",
  "region.show": "regions",
  "region.new": "regions",
  "region.dump": "dump",
  "region.read": "read",
  "sb.show": "sb",
  "sb.pool.show": "pool",
  "sb.port.pool.show": "port_pool",
  "sb.tc.bind.show": "tc_bind",
  "dpipe.header.show": "header",
  "linecard.show": "lc",
  "health.show": "health",
  "trap.show": "trap",
  "trap.group.show": "trap_group",
  "trap.policer.show": "trap_policer",
};

/** Returns the text that is printed if a dump fails. */
export function emptyReply(op: Operation<DevlinkKind>): Json {
  const root = ROOTS[op.kind];
  return root === undefined ? null : { [root]: {} };
}

/** Returns a reply without what the options do not ask for, and with what they add. */
export function shown(op: Operation<DevlinkKind>, reply: Json, options: DevlinkOptions): Json {
  const without = new Set<string>();
  if (!options.statistics) without.add("stats");
  if (!options.verbose) without.add("metadata");
  const paths = op.kind === "resource.show" && options.verbose;
  const strip = (value: Json, path: string): Json => {
    if (Array.isArray(value)) return value.map((each) => strip(each, path));
    if (typeof value !== "object" || value === null) return value;
    const name = typeof value["name"] === "string" && paths ? `${path}/${value["name"]}` : path;
    const result: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      if (without.has(key)) continue;
      result[key] = strip(each, name);
      if (key === "name" && paths) result["resource_path"] = name;
    }
    return result;
  };
  return /^(?:health\.d|region\.(?:dump|read))/.test(op.kind) ? reply : strip(reply, "");
}

/** A piece of a region. */
interface Piece {
  address: number;
  data: number[];
}

/** Returns the pieces of a region in JSON: one object, in which all pieces have the same keys. */
function regionJson(op: Operation<DevlinkKind>, reply: Json, options: DevlinkOptions): string | undefined {
  if (op.kind !== "region.dump" && op.kind !== "region.read") return undefined;
  const [[key, pieces] = ["", []]] = Object.entries(reply as JsonObject);
  if (!Array.isArray(pieces)) return undefined;
  const indent = options.pretty ? "        " : "";
  const [colon, line] = options.pretty ? [": ", "\n"] : [":", ""];
  const members = pieces.flatMap((piece) =>
    Object.entries(piece as JsonObject).map(([name, value]) =>
      `${indent}"${name}"${colon}${writeJson(value, options.pretty)}`
    )
  );
  const half = options.pretty ? "    " : "";
  return `{${line}${half}"${key}"${colon}{${line}${members.join(`,${line}`)}${line}${half}}${line}}`;
}

/** Returns a reply as it is printed. */
export function replyText(op: Operation<DevlinkKind>, reply: Json, options: DevlinkOptions): string {
  if (options.json) return regionJson(op, reply, options) ?? writeJson(reply, options.pretty);
  const [root = {}] = Object.values(reply as JsonObject);
  switch (op.kind) {
    case "health.diagnose":
    case "health.dump.show":
      return messageText(reply as JsonObject, options.hex);
    case "dev.eswitch.show":
      return handlesText(root as JsonObject).replace(/^([^:\n]+)$/gm, "$1:");
    case "dev.info":
      return infoText(root as JsonObject);
    case "dev.reload": {
      const actions = ((root as JsonObject)["reload_actions_performed"] ?? []) as string[];
      return actions.length > 0
        ? `reload_actions_performed:\n${actions.map((action) => `    ${action}\n`).join("")}`
        : "";
    }
    case "health.show":
      return Object.entries(root as { [handle: string]: JsonObject[] }).map(([handle, reporters]) =>
        `${handle}:\n${reporters.map((reporter) => reporterText(reporter, 2)).join("")}`
      ).join("");
    case "region.dump":
    case "region.read": {
      const pieces = Array.isArray(root) ? root as unknown as Piece[] : [];
      return pieces.length > 0 ? pieces.map(({ address, data }) => regionText(address, data)).join("") : "\n";
    }
    case "rate.show":
      return handlesText(
        root as JsonObject,
        (key, value) =>
          key === "tx_max" || key === "tx_share"
            ? `${key} ${rateText(Number(value), options.iec)}`
            : `${key}${key.startsWith("tc_") ? " bw" : ""} ${value}`,
      );
    case "param.show":
    case "port.param.show":
    case "resource.show":
    case "trap.show":
    case "trap.group.show":
    case "trap.policer.show":
      return listsText(root as JsonObject);
    default:
      return typeof root === "object" && root !== null && !Array.isArray(root) ? handlesText(root) : "";
  }
}
