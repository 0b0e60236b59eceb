/**
 * Reads the facts of a board's devlink instance from the replies to read-only commands of devlink(8) and ip(8).
 *
 * @module
 */

import { z } from "zod";
import type { Facts, ParamFact, PortFact, ReporterFact, ResourceFact } from "../../model/facts.ts";
import type { Handle } from "../../model/operation.ts";
import { resultOf } from "./observe.ts";

/** A command that reads facts. */
export interface FactCommand {
  /** The key of its reply, for example `trap group show` */
  readonly name: string;
  /** Its words */
  readonly words: readonly string[];
  /** True if a refusal is a fact about the instance; false for a command that only helps to read the others */
  readonly aboutInstance: boolean;
}

/** A board's answer to one command. All its text comes from the board. */
export interface FactReply {
  /** Exit status; `hang` if the command did not end, `not run` if an earlier one did not */
  readonly status: number | "hang" | "not run";
  /** Standard output */
  readonly out: string;
  /** Standard error */
  readonly err: string;
}

/** Replies by the name of their {@linkcode FactCommand}. */
export type FactReplies = Readonly<Record<string, FactReply>>;

/** Lists of all instances: older kernels refuse to list the objects of one instance. */
const LISTS: readonly (readonly [name: string, flags: string])[] = [
  // The statistics list the reload actions of the driver.
  ["dev show", "-js"],
  // Without `-n`, iproute2 may print the netdev instead of the port.
  ["port show", "-jn"],
  ["dev param show", "-j"],
  ["health show", "-jn"],
  ["region show", "-j"],
  // Metadata is printed with -v only.
  ["trap show", "-jv"],
  ["trap group show", "-j"],
  ["trap policer show", "-j"],
];

/** Lists that not every kernel and devlink(8) has: a refusal of such a list shows nothing about the instance. */
const NEWER_LISTS: typeof LISTS = [
  ["port param show", "-jn"],
  // Without `scope port`, devlink(8) prints a port's resources as resources of its instance.
  ["resource show scope port", "-jn"],
];

/** Commands that are asked about the one instance only. */
const OF_INSTANCE = ["dev info", "dev eswitch show", "resource show", "sb show", "dpipe table show"];

/**
 * Returns the commands that ask a board for the facts of an instance. None of them changes anything.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { factCommands } from "./facts.ts";
 *
 * const info = factCommands("pci/0000:03:00.0").find(({ name }) => name === "dev info");
 * assertEquals(info?.words, ["devlink", "-j", "dev", "info", "pci/0000:03:00.0"]);
 * ```
 */
export function factCommands(handle: Handle): FactCommand[] {
  const [bus = "", device = ""] = handle.split("/");
  const list = ([name, flags]: readonly [string, string], aboutInstance = true): FactCommand => ({
    name,
    words: ["devlink", flags, ...name.split(" ")],
    aboutInstance,
  });
  const [first, ...lists] = LISTS;
  return [
    list(first!),
    { name: "kernel", words: ["uname", "-r"], aboutInstance: false },
    { name: "driver", words: ["readlink", `/sys/bus/${bus}/devices/${device}/driver`], aboutInstance: false },
    ...(bus === "pci"
      ? [{ name: "rdma", words: ["test", "-d", `/sys/bus/pci/devices/${device}/infiniband`], aboutInstance: false }]
      : []),
    ...lists.map((one) => list(one)),
    ...NEWER_LISTS.map((one) => list(one, false)),
    ...OF_INSTANCE.map((name): FactCommand => ({
      name,
      words: ["devlink", "-j", ...name.split(" "), handle],
      aboutInstance: true,
    })),
    { name: "link show", words: ["ip", "-j", "link", "show"], aboutInstance: false },
  ];
}

const text = z.string();
const count = z.number().nonnegative();
const scalar = z.union([text, z.number(), z.boolean()]);
const maybe = <T extends z.ZodType>(schema: T) => z.exactOptional(schema);

/** A size of a resource: iproute2 prints the largest 64-bit number as `unlimited`. */
const size = z.union([count, z.literal("unlimited").transform(() => 2 ** 64)]);

interface PrintedResource {
  name: string;
  size: number;
  size_min?: number;
  size_max?: number;
  size_gran?: number;
  occ?: number;
  unit: string;
  resources?: PrintedResource[];
}

const resource: z.ZodType<PrintedResource> = z.lazy(() =>
  z.object({
    name: text,
    size,
    size_min: maybe(size),
    size_max: maybe(size),
    size_gran: maybe(count),
    occ: maybe(count),
    unit: text,
    resources: maybe(z.array(resource)),
  })
);

const nestedIn = z.union([text.transform((handle) => [handle]), z.record(text, z.unknown()).transform(Object.keys)]);

const reporter = z.object({
  reporter: text,
  state: text,
  grace_period: maybe(count),
  auto_recover: maybe(z.boolean()),
  auto_dump: maybe(z.boolean()),
});

const params = z.array(z.object({
  name: text,
  type: text,
  values: z.array(z.object({
    cmode: z.enum(["runtime", "driverinit", "permanent"]),
    value: maybe(scalar),
    default: maybe(scalar),
  })),
}));

/** The shape of one object in each command's output; keys that are not listed are ignored. */
const PRINTED = {
  "dev show": z.object({
    nested_devlink: maybe(nestedIn),
    reload_failed: maybe(z.boolean()),
    stats: maybe(z.object({ reload: maybe(z.record(text, z.record(text, z.unknown()))) })),
  }),
  "dev info": z.object({
    driver: maybe(text),
    versions: maybe(z.partialRecord(z.enum(["fixed", "running", "stored"]), z.record(text, text))),
  }),
  "port show": z.object({ type: maybe(text), netdev: maybe(text), nested_devlink: maybe(nestedIn) })
    .catchall(z.union([scalar, z.record(text, z.unknown()), z.array(z.unknown())])),
  "dev param show": params,
  "port param show": params,
  "health show": z.array(reporter),
  "region show": z.object({ size: count, max: maybe(count) }),
  "trap show": z.array(z.object({
    name: text,
    type: z.enum(["drop", "exception", "control"]),
    generic: z.boolean(),
    action: z.enum(["drop", "trap", "mirror"]),
    group: text,
    metadata: z.array(text).default([]),
  })),
  "trap group show": z.array(z.object({ name: text, generic: z.boolean(), policer: maybe(count) })),
  "trap policer show": z.array(z.object({ policer: count, rate: count, burst: count })),
  "dev eswitch show": z.object({
    "mode": maybe(text),
    "inline-mode": maybe(text),
    "encap-mode": maybe(text),
  }),
  "resource show": z.array(resource),
  "resource show scope port": z.array(resource),
} as const;

type Printed = typeof PRINTED;

const links = z.array(z.object({ ifname: maybe(text), flags: maybe(z.array(text)) }));

/** Reads the replies to the commands, each once. */
class Reader {
  readonly #replies: FactReplies;
  readonly refused: Record<string, string> = {};

  constructor(replies: FactReplies) {
    this.#replies = replies;
  }

  /** Returns a list's entries by object; undefined if the board does not have the list. */
  list<K extends keyof Printed>(name: K): Map<string, z.output<Printed[K]>> | undefined {
    return this.#replies[name]?.status === 0 ? new Map(this.objects(name, () => true)) : undefined;
  }

  /** Notes a refusal; returns true if the command succeeded, so that its output can be read. */
  answered(name: string): boolean {
    const reply = this.#replies[name];
    if (!reply) return false;
    if (reply.status === 0) return true;
    this.refused[name] = reply.status === "not run" ? reply.status : resultOf(reply.status, reply.err);
    return false;
  }

  /** Returns the first line of a command's output; empty if the command failed. */
  line(name: string): string {
    const reply = this.#replies[name];
    return reply?.status === 0 ? reply.out.trim().split("\n")[0]! : "";
  }

  /**
   * Returns a command's output by object; the key is a handle, a port or a region. If one object is not as iproute2 prints it,
   * the whole reply is unreadable, and `refused` notes that.
   *
   * @param about Picks the objects to read
   */
  objects<K extends keyof Printed>(name: K, about: (key: string) => boolean): [string, z.output<Printed[K]>][] {
    if (!this.answered(name)) return [];
    const reply = parsed(z.record(text, z.record(text, z.unknown())), this.#replies[name]!.out);
    const [objects] = Object.values(reply ?? {});
    const read = Object.entries(objects ?? {}).filter(([key]) => about(key)).map(([key, value]) => {
      const result = PRINTED[name].safeParse(value);
      return result.success ? [key, result.data] as [string, z.output<Printed[K]>] : undefined;
    });
    if (!objects || read.includes(undefined)) {
      this.refused[name] = "unreadable";
      return [];
    }
    return read as [string, z.output<Printed[K]>][];
  }

  /** Returns the result of a `test` command; undefined if it was not run, or reported neither true nor false. */
  isTrue(name: string): boolean | undefined {
    const status = this.#replies[name]?.status;
    return status === 0 ? true : status === 1 ? false : undefined;
  }

  /** Returns all netdevs by name: true if the netdev is up. */
  links(): Map<string, boolean> {
    const reply = this.#replies["link show"];
    const all = reply?.status === 0 ? parsed(links, reply.out) : undefined;
    return new Map(
      (all ?? []).flatMap(({ ifname, flags = [] }) => ifname === undefined ? [] : [[ifname, flags.includes("UP")]]),
    );
  }
}

function parsed<T extends z.ZodType>(schema: T, json: string): z.output<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** Returns how often each reload action was performed; all limits are added up. */
function countsOf(reload: Readonly<Record<string, Readonly<Record<string, unknown>>>>): NonNullable<Facts["reloads"]> {
  const count = (action: string) =>
    Object.values(reload[action]!).reduce<number>((sum, n) => sum + (typeof n === "number" ? n : 0), 0);
  return Object.fromEntries(Object.keys(reload).map((action) => [action, count(action)]));
}

/**
 * Returns the facts of an instance; undefined if `dev show` does not list it.
 *
 * What the facts hold beyond {@linkcode Facts}:
 * * `refused` has `hang` for a command that did not end, `not run` for the commands after it, and `unreadable` for a reply that
 *   iproute2 would not print.
 * * Numbers are JavaScript numbers: from 2^53 on they lose digits. A size that is `unlimited` is 2^64.
 * * iproute2 prints the bounds of a resource only if its size can change. Otherwise `min` and `max` are its size, and
 *   `granularity` is 1.
 * * A port has `params` and `resources` only if the board's kernel and devlink(8) have these lists.
 * * The attributes of a port's function are in `flavour` as `function.NAME`.
 *
 * @param replies The board's answers to {@linkcode factCommands}; lists may hold other instances
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { factsOf } from "./facts.ts";
 *
 * const reply = (out: unknown) => ({ status: 0, out: JSON.stringify(out), err: "" });
 * const facts = factsOf("pci/0000:03:00.0", {
 *   "dev show": reply({ dev: { "pci/0000:03:00.0": {}, "pci/0000:03:00.1": {} } }),
 *   "dev info": reply({ info: { "pci/0000:03:00.0": { driver: "mlx5_core" } } }),
 *   "sb show": { status: 1, out: "", err: "kernel answers: No such device\n" },
 * });
 * assertEquals([facts?.driver, facts?.refused], ["mlx5_core", { "sb show": "ENODEV" }]);
 * ```
 */
export function factsOf(handle: Handle, replies: FactReplies): Facts | undefined {
  const reader = new Reader(replies);
  const only = (key: string) => key === handle;
  const instances = new Map(reader.objects("dev show", () => true));
  const own = instances.get(handle);
  if (!own) return undefined;
  const allPorts = reader.objects("port show", () => true);
  const nested = nestedOf(handle, instances, allPorts);
  const ups = reader.links();
  const rdma = reader.isTrue("rdma");
  const reporters = new Map(reader.objects("health show", () => true));
  const [portParams, portResources] = [reader.list("port param show"), reader.list("resource show scope port")];
  const portsOf = (of: Handle): PortFact[] =>
    allPorts.flatMap(([key, { type = "notset", netdev, nested_devlink: _, ...rest }]) => {
      const [, index] = key.startsWith(`${of}/`) ? /^(\d+)$/.exec(key.slice(of.length + 1)) ?? [] : [];
      if (index === undefined) return [];
      const up = netdev === undefined ? undefined : ups.get(netdev);
      return [{
        index: Number(index),
        type,
        flavour: scalarsOf(rest),
        ...(netdev === undefined ? {} : { netdev }),
        ...(up === undefined ? {} : { up }),
        reporters: (reporters.get(key) ?? reporters.get(netdev ?? "") ?? []).map(reporterOf),
        ...(portParams ? { params: (portParams.get(key) ?? []).map(paramOf) } : {}),
        ...(portResources ? { resources: (portResources.get(key) ?? []).map(resourceOf) } : {}),
      }];
    });
  const nestedPorts = Object.fromEntries(
    nested.map((of) => [of, portsOf(of)] as const).filter(([, ports]) => ports.length > 0),
  );
  const [[, info] = []] = reader.objects("dev info", only);
  const [[, eswitch] = []] = reader.objects("dev eswitch show", only);
  const reload = own.stats?.reload ?? {};
  const limits = Object.values(reload).flatMap((byLimit) => Object.keys(byLimit));
  const list = <K extends keyof Printed>(name: K) => reader.objects(name, only)[0]?.[1];
  const facts: Facts = {
    handle,
    driver: info?.driver ?? reader.line("driver").split("/").at(-1)!,
    kernel: reader.line("kernel"),
    versions: info?.versions ?? {},
    reloadActions: (["driver_reinit", "fw_activate"] as const).filter((action) => Object.hasOwn(reload, action)),
    reloadLimits: limits.includes("no_reset") ? ["no_reset"] : [],
    ...(Object.keys(reload).length > 0 ? { reloads: countsOf(reload) } : {}),
    reloadFailed: own.reload_failed ?? false,
    nested,
    ...(Object.keys(nestedPorts).length > 0 ? { nestedPorts } : {}),
    ports: portsOf(handle),
    traps: list("trap show") ?? [],
    groups: list("trap group show") ?? [],
    policers: list("trap policer show") ?? [],
    params: (list("dev param show") ?? []).map(paramOf),
    resources: (list("resource show") ?? []).map(resourceOf),
    reporters: (reporters.get(handle) ?? []).map(reporterOf),
    regions: reader.objects("region show", (key) => regionOf(handle, key) !== undefined)
      .map(([key, region]) => ({ name: regionOf(handle, key)!, ...region })),
    ...(eswitch?.mode === undefined ? {} : {
      eswitch: {
        mode: eswitch.mode,
        ...(eswitch["inline-mode"] === undefined ? {} : { inlineMode: eswitch["inline-mode"] }),
        ...(eswitch["encap-mode"] === undefined ? {} : { encapMode: eswitch["encap-mode"] }),
      },
    }),
    ...(rdma === undefined ? {} : { rdma }),
    refused: reader.refused,
  };
  for (const name of ["sb show", "dpipe table show"]) reader.answered(name);
  return facts;
}

/** Returns the instances nested in an instance or in its ports, and those nested in them, at any depth. */
function nestedOf(
  handle: Handle,
  instances: ReadonlyMap<string, z.output<Printed["dev show"]>>,
  ports: readonly [string, z.output<Printed["port show"]>][],
): Handle[] {
  const found = new Set<Handle>([handle]);
  // A loop over a set also visits entries that are added during the loop.
  for (const one of found) {
    const ofPorts = ports.filter(([key]) => key.startsWith(`${one}/`)).flatMap(([, port]) => port.nested_devlink ?? []);
    for (const inner of [...instances.get(one)?.nested_devlink ?? [], ...ofPorts]) found.add(inner);
  }
  found.delete(handle);
  return [...found];
}

/** Returns the name of a region of the instance itself; undefined for a region of a port or of another instance. */
function regionOf(handle: Handle, key: string): string | undefined {
  const name = key.startsWith(`${handle}/`) ? key.slice(handle.length + 1) : "";
  return name === "" || name.includes("/") ? undefined : name;
}

function scalarsOf(port: Readonly<Record<string, unknown>>, prefix = ""): PortFact["flavour"] {
  return Object.fromEntries(
    Object.entries(port).flatMap(([key, value]): [string, string | number | boolean][] => {
      const one = scalar.safeParse(value);
      if (one.success) return [[`${prefix}${key}`, one.data]];
      if (prefix !== "" || typeof value !== "object" || value === null || Array.isArray(value)) return [];
      return Object.entries(scalarsOf(value as Record<string, unknown>, `${key}.`));
    }),
  );
}

function paramOf({ name, type, values }: z.output<typeof params>[number]): ParamFact {
  return { name, generic: type === "generic", values };
}

function reporterOf(printed: z.output<typeof reporter>): ReporterFact {
  const { reporter: name, state, grace_period, auto_recover, auto_dump } = printed;
  return {
    name,
    state,
    ...(grace_period === undefined ? {} : { gracePeriod: grace_period }),
    ...(auto_recover === undefined ? {} : { autoRecover: auto_recover }),
    ...(auto_dump === undefined ? {} : { autoDump: auto_dump }),
  };
}

function resourceOf(printed: PrintedResource): ResourceFact {
  const { name, size, size_min = size, size_max = size, size_gran = 1, unit, occ, resources = [] } = printed;
  return {
    name,
    size,
    min: size_min,
    max: size_max,
    granularity: size_gran,
    unit,
    ...(occ === undefined ? {} : { occupied: occ }),
    children: resources.map(resourceOf),
  };
}
