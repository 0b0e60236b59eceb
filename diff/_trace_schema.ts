/** What a trace file's lines may hold, as zod schemas that are checked against the types of `model/` and `trace.ts`. */

import { z } from "zod";
import type { Json, Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import type { StepTrace, TraceHeader } from "./trace.ts";

const text = z.string();
const count = z.int().nonnegative();
const handle = text;
const maybe = <T extends z.ZodType>(schema: T) => z.exactOptional(schema);
const shown = { handle: maybe(handle) };
const onPort = { handle, port: count };

const op = <K extends Operation["kind"], S extends z.core.$ZodLooseShape>(kind: K, shape: S) =>
  z.strictObject({ kind: z.literal(kind), netns: maybe(text), settle: maybe(z.number().nonnegative()), ...shape });

/** One operation, every kind with its own parameters. */
export const operationSchema: z.ZodType<Operation> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    op("dev.show", shown),
    op("dev.info", shown),
    op("dev.reload", {
      handle,
      to: maybe(z.union([text, z.strictObject({ pid: count })])),
      action: maybe(z.enum(["driver_reinit", "fw_activate"])),
      limit: maybe(z.literal("no_reset")),
    }),
    op("port.show", shown),
    op("param.show", { ...shown, name: maybe(text) }),
    op("param.set", {
      handle,
      name: text,
      value: z.union([text, z.number(), z.boolean()]),
      cmode: z.enum(["runtime", "driverinit", "permanent"]),
    }),
    op("resource.show", { handle }),
    op("resource.set", { handle, path: text, size: z.union([text, z.number()]) }),
    op("region.show", { ...shown, region: maybe(text) }),
    op("region.new", { handle, region: text, snapshot: maybe(count) }),
    op("region.del", { handle, region: text, snapshot: count }),
    op("health.show", { ...shown, reporter: maybe(text) }),
    op("health.set", {
      handle,
      reporter: text,
      gracePeriod: maybe(z.number()),
      autoRecover: maybe(z.boolean()),
      autoDump: maybe(z.boolean()),
    }),
    op("health.recover", { handle, reporter: text }),
    op("trap.show", { ...shown, name: maybe(text) }),
    op("trap.set", { handle, name: text, action: text }),
    op("trap.group.show", { ...shown, name: maybe(text) }),
    op("trap.group.set", { handle, name: text, action: maybe(text), policer: maybe(z.number().nullable()) }),
    op("trap.policer.show", { ...shown, policer: maybe(z.number()) }),
    op("trap.policer.set", { handle, policer: z.number(), rate: maybe(z.number()), burst: maybe(z.number()) }),
    op("link.set", { ...onPort, up: z.boolean() }),
    op("link.show", onPort),
    op("route.add", { prefix: text, dev: text }),
    op("route.del", { prefix: text, dev: text }),
    op("lo.up", {}),
    op("netdev.set", { dev: text, up: z.boolean() }),
    op("netdev.show", { dev: text }),
    op("ethtool.show", { dev: text }),
    op("ethtool.restart", { dev: text }),
    op("module.load", { name: text, params: maybe(z.record(text, z.union([text, z.number()]))) }),
    op("module.unload", { name: text }),
    op("netns.add", { name: text }),
    op("netns.del", { name: text, until: maybe(handle) }),
    op("file.write", { path: text, value: text }),
    op("file.read", { path: text }),
    op("wait", { ms: z.number().nonnegative() }),
    op("during", { operation: operationSchema, poll: operationSchema }),
    op("rounds", { times: count, operations: z.array(operationSchema), meanwhile: maybe(z.array(operationSchema)) }),
  ])
);

const json = z.json() as z.ZodType<Json>;

/** All that one operation showed. */
export const observationSchema: z.ZodType<Observation> = z.strictObject({
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
    z.strictObject({ class: z.enum(["info", "stale", "warning", "lockdep", "kasan", "hung", "oops", "panic"]), text }),
  ),
  time: z.enum(["immediate", "blocked", "hang"]),
});

const lossSchema = z.strictObject({
  reason: z.enum(["timeout", "damaged", "transport", "reboot", "crash", "overrun", "tool", "not-run", "not-recorded"]),
  detail: text,
});

const header = {
  board: text,
  transport: text,
  era: text,
  kernel: text,
  iproute2: text,
  freedMemory: maybe(z.enum(["kept", "poisoned", "reported"])),
} as const;

const step = z.strictObject({
  type: z.literal("step"),
  id: z.int().positive(),
  phase: z.enum(["setup", "body", "teardown"]),
  op: operationSchema,
  observation: maybe(observationSchema),
  lost: maybe(lossSchema),
  board: maybe(z.strictObject({ start: z.number(), end: z.number() })),
}).refine((step) => (step.observation === undefined) !== (step.lost === undefined), {
  message: "must have exactly one of observation and lost",
});

/** The first line of a file. */
export const headerLineSchema = z.strictObject({ twinlink: z.literal("trace"), version: z.literal(1), ...header });

/** Every other line of a file. */
export const lineSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("sequence"), suite: text, sequence: text, source: text }),
  step,
  z.strictObject({ type: z.literal("sequence-end"), steps: count }),
  z.strictObject({ type: z.literal("end"), sequences: count }),
]);

/** A line behind the first. */
export type TraceLine = z.infer<typeof lineSchema>;

/** The first line. */
export type HeaderLine = { twinlink: "trace"; version: 1 } & TraceHeader;

// The schemas and the types of trace.ts must not drift apart.
type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : never : never;
true satisfies Same<Omit<z.infer<typeof step>, "type">, StepTrace>;
true satisfies Same<z.infer<typeof headerLineSchema>, HeaderLine>;
