/** The lines of a trace file, as zod schemas that are checked against the types of `model/` and `trace.ts`. */

import { z } from "zod";
import { factsSchema } from "../boards/facts_schema.ts";
import { HARDWARE_IDS } from "../model/drivers/hardware.ts";
import { COMMAND_FORMS, type CommandOption, type DevlinkKind } from "../model/command_line/forms.ts";
import type { Json, Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import type { DeviceRecord, StepTrace, TraceHeader } from "./trace.ts";

const text = z.string();
const count = z.int().nonnegative();
const handle = text;
const maybe = <T extends z.ZodType>(schema: T) => z.exactOptional(schema);
const onPort = { handle, port: count };

const op = <K extends Operation["kind"], S extends z.core.$ZodLooseShape>(kind: K, shape: S) =>
  z.strictObject({ kind: z.literal(kind), netns: maybe(text), settle: maybe(z.number().nonnegative()), ...shape });

const about = {
  dev: {},
  port: { port: maybe(count) },
  region: { region: maybe(text) },
  rate: { port: maybe(count), node: maybe(text) },
} as const;

const written = {
  text: z.union([text, z.number(), z.boolean()]),
  number: z.union([z.number(), text]),
  true: z.boolean(),
  enable: z.boolean(),
  bandwidths: z.array(text),
  netns: z.union([text, z.strictObject({ pid: count })]),
} as const;

function parameter({ value, none, alone, many, required }: CommandOption): z.ZodType {
  let schema: z.ZodType = alone === true ? z.literal(true) : written[value];
  if (none !== undefined && alone === undefined) schema = schema.nullable();
  if (many) schema = z.array(schema);
  return required ? schema : maybe(schema);
}

/** The commands of devlink(8), by their forms; devlink decides which words an option accepts. */
const devlinkOperations = Object.entries(COMMAND_FORMS).map(([kind, form]) =>
  op(kind as DevlinkKind, {
    ...(form.about === undefined ? {} : { handle: form.all ? maybe(handle) : handle, ...about[form.about] }),
    ...Object.fromEntries(form.options.map((option) => [option.field, parameter(option)])),
  }) as unknown as z.ZodObject<{ kind: z.ZodLiteral<DevlinkKind> }>
);

/** One operation, every kind with its own parameters. */
const operationSchema: z.ZodType<Operation> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    op("link.set", { ...onPort, up: z.boolean() }),
    op("link.show", onPort),
    op("link.move", { ...onPort, to: text }),
    op("link.rename", { ...onPort, name: text }),
    op("ethtool.info", onPort),
    op("ethtool.flash", { ...onPort, file: text }),
    op("route.add", { prefix: text, dev: text }),
    op("route.del", { prefix: text, dev: text }),
    op("nexthop.add", { id: z.number() }),
    op("nexthop.del", { id: z.number() }),
    op("lo.up", {}),
    op("netdev.set", { dev: text, up: z.boolean() }),
    op("netdev.show", { dev: text }),
    op("ethtool.show", { dev: text }),
    op("ethtool.restart", { dev: text }),
    op("module.load", { name: text, params: maybe(z.record(text, z.union([text, z.number()]))) }),
    op("module.unload", { name: text }),
    op("netns.add", { name: text }),
    op("netns.del", { name: text, until: maybe(handle) }),
    op("file.write", { path: text, value: text, bare: maybe(z.literal(true)) }),
    op("file.read", { path: text }),
    op("file.remove", { path: text }),
    op("device", { handle, operation: z.record(text, z.unknown()) }),
    op("wait", { ms: z.number().nonnegative() }),
    op("during", { operation: operationSchema, poll: operationSchema }),
    op("listen", { handle: maybe(handle), port: maybe(count), operation: operationSchema }),
    op("rounds", { times: count, operations: z.array(operationSchema), meanwhile: maybe(z.array(operationSchema)) }),
    op("race", {
      racers: z.array(z.strictObject({ operations: z.array(operationSchema), loops: maybe(z.boolean()) })),
      runs: count,
      seed: count,
      before: z.array(operationSchema),
      after: z.array(operationSchema),
      shown: z.array(operationSchema),
      schedules: maybe(count),
      timers: maybe(z.boolean()),
    }),
    ...devlinkOperations,
  ]) as unknown as z.ZodType<Operation>
);

/**
 * True if a value of a parsed line is JSON: a number beyond the largest is parsed as Infinity, and a missing field is undefined.
 * Replies are most of a file, and `z.json()` takes ten times as long for them.
 */
function isJson(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === "object" && one !== null) { for (const inner of Object.values(one)) left.push(inner); }
    else if (one === undefined || typeof one === "number" && !Number.isFinite(one)) return false;
  }
  return true;
}

const json = z.custom<Json>(isJson, "must be JSON");

const lineClass = z.enum(["info", "stale", "warning", "lockdep", "kasan", "hung", "oops", "panic"]);

/** The whole observation of one operation. */
const observationSchema: z.ZodType<Observation> = z.strictObject({
  result: text,
  extack: z.strictObject({ level: z.enum(["error", "warning"]), text, prefix: maybe(text) }).nullable(),
  reply: json,
  notify: z.record(
    text,
    z.array(z.strictObject({ command: text, object: text, handle: text, attributes: z.record(text, json) })),
  ),
  link: z.record(
    text,
    z.array(
      z.strictObject({ event: z.enum(["new", "del"]), ifname: text, flags: z.array(text), operstate: text }),
    ),
  ),
  sysfs: text.nullable(),
  kmsg: z.array(
    z.strictObject({
      class: lineClass,
      text,
      user: maybe(z.literal(true)),
      device: maybe(text),
    }),
  ),
  time: z.enum(["immediate", "blocked", "hang"]),
});

const lossSchema = z.strictObject({
  reason: z.enum([
    "timeout",
    "untold",
    "damaged",
    "transport",
    "power",
    "reboot",
    "crash",
    "overrun",
    "full",
    "too-long",
    "tool",
    "not-run",
    "not-recorded",
    "not-modelled",
  ]),
  detail: text,
  crash: maybe(z.strictObject({ class: lineClass, frames: z.array(text) })),
});

const header = {
  board: text,
  transport: text,
  era: text,
  eraNote: maybe(text),
  kernel: text,
  iproute2: text,
  freedMemory: maybe(z.enum(["kept", "poisoned", "reported"])),
  has: maybe(z.array(text).readonly()),
  facts: maybe(factsSchema),
  contradictions: maybe(z.array(text).readonly()),
} as const;

const step = z.strictObject({
  type: z.literal("step"),
  id: z.int().positive(),
  phase: z.enum(["setup", "body", "teardown"]),
  op: operationSchema,
  observation: maybe(observationSchema),
  lost: maybe(lossSchema),
  board: maybe(z.strictObject({ start: z.number(), end: z.number(), late: maybe(z.number().nonnegative()) })),
  waits: maybe(z.array(text).readonly()),
  stacks: maybe(z.array(z.strictObject({ task: text, stack: z.array(text) })).readonly()),
}).refine((step) => (step.observation === undefined) !== (step.lost === undefined), {
  message: "must have exactly one of observation and lost",
});

const device = z.strictObject({
  type: z.literal("device"),
  version: z.literal(1),
  events: count,
  left: maybe(count),
  wrong: maybe(z.strictObject({ count, first: z.array(z.strictObject({ step: count, text })) })),
  log: z.base64(),
});

/** The first line of a file. */
export const headerLineSchema = z.strictObject({ twinlink: z.literal("trace"), version: z.literal(1), ...header });

/** Every other line of a file. */
export const lineSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("sequence"),
    suite: text,
    sequence: text,
    source: text,
    boot: maybe(text),
    hardware: maybe(z.array(z.enum(HARDWARE_IDS)).readonly()),
  }),
  step,
  device,
  z.strictObject({ type: z.literal("sequence-end"), steps: count }),
  z.strictObject({ type: z.literal("end"), sequences: count }),
]);

/** A line after the first. */
export type TraceLine = z.infer<typeof lineSchema>;

/** The first line. */
export type HeaderLine = { twinlink: "trace"; version: 1 } & TraceHeader;

// The schemas and the types of trace.ts must not drift apart.
type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : never : never;
true satisfies Same<Omit<z.infer<typeof step>, "type">, StepTrace>;
true satisfies Same<Omit<z.infer<typeof device>, "type">, DeviceRecord>;
true satisfies Same<z.infer<typeof headerLineSchema>, HeaderLine>;
