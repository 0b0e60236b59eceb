/**
 * The allowed content of a file of facts, as a zod schema.
 *
 * @module
 */

import { z } from "zod";
import type { Facts, ReporterFact, ResourceFact } from "../model/facts.ts";

const text = z.string();
const count = z.number().nonnegative();
const scalar = z.union([text, z.number(), z.boolean()]);
const list = <T extends z.ZodType>(schema: T) => z.array(schema).readonly();
const maybe = <T extends z.ZodType>(schema: T) => z.exactOptional(schema);
const handle = text.regex(/^[^/\s]+\/[^/\s]+$/, "bus/device");

const resource: z.ZodType<ResourceFact> = z.lazy(() =>
  z.strictObject({
    name: text,
    size: count,
    min: count,
    max: count,
    granularity: count,
    unit: text,
    occupied: maybe(count),
    children: list(resource),
  })
);

const reporter: z.ZodType<ReporterFact> = z.strictObject({
  name: text,
  state: text,
  gracePeriod: maybe(count),
  autoRecover: maybe(z.boolean()),
  autoDump: maybe(z.boolean()),
});

const param = z.strictObject({
  name: text,
  generic: z.boolean(),
  values: list(z.strictObject({
    cmode: z.enum(["runtime", "driverinit", "permanent"]),
    value: maybe(scalar),
    default: maybe(scalar),
  })),
});

const port = z.strictObject({
  index: z.int().nonnegative(),
  type: text,
  flavour: z.record(text, scalar).readonly(),
  netdev: maybe(text),
  up: maybe(z.boolean()),
  reporters: list(reporter),
  params: maybe(list(param)),
  resources: maybe(list(resource)),
});

/** The shape of {@linkcode Facts}. */
export const factsSchema = z.strictObject({
  handle,
  driver: text,
  kernel: text,
  versions: z.partialRecord(z.enum(["fixed", "running", "stored"]), z.record(text, text).readonly()).readonly(),
  reloadActions: list(z.enum(["driver_reinit", "fw_activate"])),
  reloadLimits: list(z.literal("no_reset")),
  reloads: maybe(z.partialRecord(z.enum(["driver_reinit", "fw_activate"]), count)),
  reloadFailed: z.boolean(),
  nested: list(text),
  nestedPorts: maybe(z.record(text, list(port)).readonly()),
  ports: list(port),
  traps: list(z.strictObject({
    name: text,
    type: z.enum(["drop", "exception", "control"]),
    generic: z.boolean(),
    action: z.enum(["drop", "trap", "mirror"]),
    group: text,
    metadata: list(text),
  })),
  groups: list(z.strictObject({ name: text, generic: z.boolean(), policer: maybe(count) })),
  policers: list(z.strictObject({ policer: count, rate: count, burst: count })),
  params: list(param),
  resources: list(resource),
  reporters: list(reporter),
  regions: list(z.strictObject({ name: text, size: count, max: maybe(count) })),
  eswitch: maybe(z.strictObject({ mode: text, inlineMode: maybe(text), encapMode: maybe(text) })),
  rdma: maybe(z.boolean()),
  refused: z.record(text, text).readonly(),
});

// Keeps the schema and the type identical.
type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : never : never;
true satisfies Same<z.infer<typeof factsSchema>, Facts>;
