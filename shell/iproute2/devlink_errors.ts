/**
 * The errors that devlink(8) prints if it or the kernel refuses a command.
 *
 * @module
 */

import { COMMAND_FORMS, type DevlinkKind } from "../../model/command_line/forms.ts";
import type { Json, Observation, Operation } from "../../model/mod.ts";
import { errorText } from "../errno.ts";
import type { Run } from "../run.ts";
import type { Call } from "../program.ts";

/** What is asked for of one instance without a dump. */
const SELECTED: ReadonlySet<string> = new Set([
  "dev.show",
  "dev.info",
  "resource.show",
  "dev.selftests.show",
  "sb.show",
  "sb.pool.show",
]);

/** What names one object, where not any option does. */
const NAMED_BY: Readonly<Record<string, readonly string[]>> = {
  "sb.pool.show": ["pool"],
  "health.show": ["reporter"],
  "sb.port.pool.show": ["pool"],
  "sb.tc.bind.show": ["tc", "type"],
};

const NO_SELECTORS = "Dump selectors are not supported by kernel for this command";

/** Returns what it prints of a handle that it cannot read, if the kernel has no dump of one instance's objects. */
export function unselectable({ errors, kind }: { errors: readonly string[]; kind?: DevlinkKind }): readonly string[] {
  if (kind === undefined || !COMMAND_FORMS[kind].all || SELECTED.has(kind) || COMMAND_FORMS[kind].about === "region") {
    return errors;
  }
  const at = errors.findIndex((line) => line.startsWith("Wrong identification") || line.endsWith(" not found"));
  return at < 0 ? errors : [...errors.slice(0, at), NO_SELECTORS];
}

/** Returns what it prints if the kernel has no dump of one instance's objects. */
export function unsupportedSelector(call: Call, op: Operation<DevlinkKind>): string[] {
  const { handle, kind, ...rest } = op as { handle?: string; kind: string };
  const form = COMMAND_FORMS[op.kind];
  // Params of the ports of an instance no kernel dumps
  if (op.kind === "port.param.show" && op.handle !== undefined && op.port === undefined) {
    return [`kernel answers: ${errorText("ENODEV")}`, NO_SELECTORS];
  }
  if (handle === undefined || !form.all || call.system.machine.era.filteredDumps) return [];
  const found = Object.entries(rest).filter(([key, value]) => key !== "netns" && value !== undefined).map(([key]) =>
    key
  );
  const names = NAMED_BY[kind];
  if (names === undefined && SELECTED.has(kind)) return [];
  const given = names?.every((key) => found.includes(key)) ?? found.length > 0;
  return given ? [] : [NO_SELECTORS];
}

/** Returns the error of a failed operation, in the words of devlink(8). */
export function* complain(call: Call, op: Operation<DevlinkKind>, { result, extack, reply }: Observation): Run<void> {
  if (extack) {
    const prefix = extack.prefix === undefined ? "" : `${extack.prefix}: `;
    yield* call.err(`${extack.level === "error" ? "Error" : "Warning"}: ${prefix}${extack.text}.\n`);
  }
  if (result === "ok") {
    // Buffers of a port that cannot be shown are an error to devlink(8), and no failure
    if (op.kind === "sb.port.pool.show" && op.port !== undefined) {
      yield* call.err(`kernel answers: ${errorText(extack ? "EINVAL" : "ENODEV")}\n`);
    }
    // From 5.11 on, a message in several parts leaves an errno of 0
    const message = op.kind === "health.diagnose" || op.kind === "health.dump.show";
    if (message && call.system.facts.tellsParts && Object.keys((reply ?? {}) as object).length > 0) {
      yield* call.err("kernel answers: Success\n");
    }
    return;
  }
  if (result === "client") {
    for (const line of clientErrors(call, op)) yield* call.err(`${line}\n`);
    return;
  }
  if (result === "killed" || result === "hang") return;
  yield* call.err(`${op.kind === "dev.flash" ? "devlink" : "kernel"} answers: ${errorText(result)}\n`);
  if (/^dpipe\.(?:table\.(?:show|dump)|header\.show)$/.test(op.kind)) yield* call.err("error get headers Success\n");
}

/** Returns the error that devlink(8) prints if it refuses a reply of the kernel. */
function clientErrors(call: Call, op: Operation<DevlinkKind>): string[] {
  switch (op.kind) {
    case "param.set":
    case "port.param.set": {
      const about = op.kind === "param.set"
        ? { kind: "param.show" as const, handle: op.handle, name: op.name }
        : undefined;
      const { reply } = about ? call.system.machine.perform({ ...about, netns: call.process.netns }) : { reply: null };
      const [param] = Object.values((reply as { param?: Record<string, Json[]> } | null)?.param ?? {})[0] ?? [];
      const values = ((param ?? {}) as { values?: { cmode: string; value: Json }[] }).values ?? [];
      const current = values.find(({ cmode }) => cmode === op.cmode);
      if (!current) return ["Configuration mode not supported"];
      const refused = `Value "${op.value}" is not a number or not within range`;
      if (typeof current.value !== "boolean") return [refused];
      const words = ["false", "true", "0", "1", "disable", "enable"].map((word) => `"${word}"`).join(", ");
      return [`Error: argument of "(null)" must be one of ${words}, not "${op.value}"`, refused];
    }
    case "rate.set":
    case "rate.add":
      return ["Invalid. Expected tx_share <= tx_max or tx_share == 0."];
    case "resource.set":
      if (op.path === "") return [`kernel answers: ${errorText("EINVAL")}`];
      return ["error parsing resource path Invalid argument"];
    case "sb.tc.bind.show":
      return [`Unknown option "${op.tc === undefined ? "type" : "tc"}"`];
    default:
      return [];
  }
}
