/**
 * What a difference is, apart from where it was seen: operation, channel, kind of difference, kind of object. Differences with
 * equal signatures have one cause.
 *
 * @module
 */

import { isDevlink } from "../model/command_line/forms.ts";
import type { Json } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { differences, isObject, type ValueDifference } from "./_json.ts";
import type { Edit } from "./align.ts";
import { describeCrash } from "./crash.ts";
import { type ChannelVerdict, OUTCOMES, type StepVerdict, type StreamElement } from "./verdict.ts";

/** A kind of difference. */
export interface Signature {
  /** Equal for differences that are alike */
  key: string;
  /** Operation, channel and kind of difference: differences of one family that come together have one cause */
  family: string;
  /** In words; it may hold text of the board */
  text: string;
  /** A consequence of what else differs in its step: of a crash, or of a result that differs */
  follows?: true;
}

/** Objects whose name states what they do: a fault of one is no fault of another. All traps, ports and rates are alike. */
const NAMED: ReadonlySet<string> = new Set(["param", "region", "health", "resource", "info", "sb"]);

/** The longest text of a board in a signature, in characters. */
const LONGEST = 160;

/** Returns a text without its numbers and without what stands in quotes: those differ from case to case. */
function general(text: string): string {
  return text.slice(0, LONGEST).replace(/(["'])(?:(?!\1).)*\1/g, "$1..$1").replace(
    /\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/gi,
    "#",
  )
    .replace(/\d+/g, "#");
}

/** Returns what is performed, without the objects that it is performed on. */
function operationOf(op: Operation): string {
  switch (op.kind) {
    case "file.read":
    case "file.write":
    case "file.remove":
      return `${op.kind.replace(".", " ")} ${general(op.path)}`;
    case "listen":
    case "during":
      return operationOf(op.operation);
    case "rounds":
      return op.operations.map(operationOf).join("; ");
    case "race":
      return `race of ${op.racers.map(({ operations }) => operations.map(operationOf).join("; ")).join(" | ")}`;
    case "module.load":
    case "module.unload":
      return `${op.kind.replace(".", " ")} ${op.name}`;
  }
  const words = op.kind.replace(".", " ");
  const { name, reporter, region } = op as { name?: unknown; reporter?: unknown; region?: unknown };
  const named = NAMED.has(op.kind.split(".")[0]!)
    ? [name, reporter, region].find((one) => typeof one === "string")
    : "";
  return [isDevlink(op) ? "devlink" : "", words, named ?? ""].filter((word) => word !== "").join(" ");
}

/** Returns the name of an object of a kind whose objects are distinguished, else nothing. */
function nameIn(object: string, attributes: Json | undefined, handle = ""): string {
  if (!NAMED.has(object)) return "";
  const { name, reporter } = isObject(attributes) ? attributes : {};
  const named = [name, reporter].find((one) => typeof one === "string") ?? handle.split("/")[2];
  return named === undefined ? "" : ` ${named as string}`;
}

/** Returns a path in a reply without handles and indices: `trap.pci/0000:03:00.0[3].action` is `trap action`. */
function generalPath(path: string): string {
  return path.replace(/[\w-]+\/[\w:./-]+?(?=\[|\.[a-z_]|$)/gi, "*").replace(/\[\d+\]/g, "").split(".")
    .filter((word) => word !== "*").map((word) => /^\d+$/.test(word) ? "#" : word).join(" ");
}

/** Returns the named object of a list that a path of a reply leads into. */
function namedAt(path: string, reply: Json | undefined): string {
  const [, object, handle, index] = /^(\w+)\.(.+?)\[(\d+)\]/.exec(path) ?? [];
  if (object === undefined || !isObject(reply)) return "";
  const of = reply[object];
  const list = isObject(of) ? of[handle!] : undefined;
  return nameIn(object, Array.isArray(list) ? list[Number(index)] : undefined);
}

/** Returns how two values differ, without the values. */
function change({ expected, observed }: ValueDifference): string {
  if (observed === undefined || observed === null) return "missing";
  return expected === undefined || expected === null ? "extra" : "differs";
}

/** Returns a message by what it is about. */
function elementOf(element: StreamElement): string {
  if ("command" in element) {
    const { command, object, handle, attributes } = element;
    return `${command} ${object}${nameIn(object, attributes, handle)}`;
  }
  return "event" in element ? `${element.event} link` : general(element.text);
}

/** Kind of difference and what it is of. */
type Part = [kind: string, what: string];

function partsOfEdit(edit: Edit<StreamElement>): Part[] {
  switch (edit.kind) {
    // The other end of what moved reports the same.
    case "same":
    case "arrived":
      return [];
    case "missing":
      return [["missing", elementOf(edit.expected)]];
    case "extra":
      return [["extra", elementOf(edit.observed)]];
    case "moved":
      return [["in another order", elementOf(edit.expected)]];
    case "changed":
      return differences(edit.expected as unknown as Json, edit.observed as unknown as Json).map((difference) => [
        change(difference),
        `${elementOf(edit.expected)}: ${generalPath(difference.path)}`,
      ]);
  }
}

function partsOfValue(step: StepVerdict, channel: string, difference: ValueDifference): Part[] {
  const { path, expected, observed } = difference;
  const either = `${JSON.stringify(observed ?? null)}, expected ${JSON.stringify(expected ?? null)}`;
  switch (channel) {
    case "result":
    case "time":
      return [["differs", either.replaceAll('"', "")]];
    case "extack": {
      const of = (step?: { observation?: { extack: { text: string } | null } }) => {
        const text = step?.observation?.extack?.text;
        return text === undefined ? "none" : `"${general(text)}"`;
      };
      return [[change(difference), `${of(step.observed)}, expected ${of(step.expected)}`]];
    }
    default: {
      const { reply } = step.expected?.observation ?? {};
      const name = namedAt(path, reply) || namedAt(path, step.observed?.observation?.reply);
      return [[change(difference), `${generalPath(path)}${name}`]];
    }
  }
}

function signature(operation: string, channel: string, [kind, what]: Part): Signature {
  const family = `${operation} | ${channel} | ${kind}`;
  const text = kind === "differs" && (channel === "result" || channel === "time" || channel === "extack")
    ? `${operation}: ${channel} is ${what}`
    : `${operation}: ${channel}: ${[what, kind].filter(Boolean).join(" ")}`;
  return { key: `${family} | ${what}`, family, text };
}

function ofChannel(step: StepVerdict, operation: string, { channel, values, streams }: ChannelVerdict): Signature[] {
  const parts = [
    ...values.flatMap((value) => partsOfValue(step, channel, value)),
    ...streams.flatMap(({ edits }) => edits.flatMap(partsOfEdit)),
  ];
  return parts.map((part) => signature(operation, channel, part));
}

/** Returns the kinds of differences in a step, each once; none of a step that agrees, or that was not judged. */
export function signaturesOf(step: StepVerdict): Signature[] {
  if (OUTCOMES[step.verdict] !== "fail") return [];
  const operation = operationOf(step.op);
  const found: Signature[] = [];
  if (step.findings.length > 0) {
    const { crash, findings } = step;
    const text = crash && crash.frames.length > 0 ? describeCrash(crash) : general(findings[0]!.text);
    // One fault is met by several operations.
    found.push({ key: `crash | ${text}`, family: "crash", text: `the kernel reports: ${text}` });
  }
  const differing = step.channels.filter(({ verdict }) => verdict === "diverge" || verdict === "crash");
  const result = differing.find(({ channel }) => channel === "result");
  const said = step.observed?.observation?.extack?.text;
  for (const channel of differing) {
    // The lines of a report are the report's.
    if (found.length > 0 && channel.channel === "kmsg" && step.findings.length > 0) continue;
    if (result && channel.channel === "extack") continue;
    const follows = step.findings.length > 0 || result && channel !== result;
    for (const one of ofChannel(step, operation, channel)) {
      if (channel === result && said !== undefined) {
        one.key += ` | ${general(said)}`;
        one.text += ` ("${general(said)}")`;
      }
      found.push(follows ? { ...one, follows } : one);
    }
  }
  if (found.length === 0) {
    const text = `${operation}: ${general(step.reason ?? step.verdict)}`;
    found.push({ key: text, family: operation, text });
  }
  return [...new Map(found.map((one) => [one.key, one])).values()];
}
