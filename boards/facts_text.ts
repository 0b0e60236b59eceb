/**
 * Facts of a board as text for a person.
 *
 * @module
 */

import type { Facts, ParamFact, PortFact, ReporterFact, ResourceFact } from "../model/facts.ts";

/** Returns a number as the board printed it; from 2^53 on its last digits are lost. */
function numberText(value: number): string {
  if (value >= 2 ** 64) return "unlimited";
  return Number.isSafeInteger(value) ? String(value) : `about ${value.toPrecision(4)}`;
}

/** Returns the number of entries of each kind: `77: 40 drop, 37 control`. */
function countsOf(kinds: readonly string[]): string {
  const counts = [...Map.groupBy(kinds, (kind) => kind)].map(([kind, of]) => `${of.length} ${kind}`);
  return kinds.length === 0 ? "none" : `${kinds.length}: ${counts.join(", ")}`;
}

function paramLines({ name, generic, values }: ParamFact): string[] {
  const own = generic ? "" : " (driver's own)";
  return values.map(({ cmode, value, default: first }) =>
    `${name}${own}  ${cmode} ${value ?? "not readable"}${first === undefined ? "" : `, default ${first}`}`
  );
}

function resourceLines(resource: ResourceFact, depth = 0): string[] {
  const { name, size, min, max, granularity, unit, occupied, children } = resource;
  const used = occupied === undefined ? "" : `, ${numberText(occupied)} in use`;
  const range = min === max ? "" : `, from ${numberText(min)} to ${numberText(max)} by ${numberText(granularity)}`;
  return [
    `${"  ".repeat(depth)}${name}  ${numberText(size)}, unit ${unit}${used}${range}`,
    ...children.flatMap((child) => resourceLines(child, depth + 1)),
  ];
}

function reporterText({ name, state, gracePeriod, autoRecover, autoDump }: ReporterFact): string {
  const modes = [
    ...(autoRecover === undefined ? [] : [`auto_recover ${autoRecover}`]),
    ...(autoDump === undefined ? [] : [`auto_dump ${autoDump}`]),
    ...(gracePeriod === undefined ? [] : [`grace period ${gracePeriod} ms`]),
  ];
  return [`${name}  ${state}`, ...modes].join(", ");
}

function portLines(port: PortFact, of = ""): string[] {
  const { index, type, flavour, netdev, up, reporters, params = [], resources = [] } = port;
  const { flavour: kind, ...rest } = flavour;
  const state = up === undefined ? "" : up ? " (up)" : " (down)";
  const words = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
  return [
    `${of}${index}  ${netdev === undefined ? "no netdev" : `${netdev}${state}`}, type ${type}` +
    [...(kind === undefined ? [] : [String(kind)]), ...words].map((word) => `, ${word}`).join(""),
    ...reporters.map((reporter) => `  reporter ${reporterText(reporter)}`),
    ...params.flatMap(paramLines).map((line) => `  param ${line}`),
    ...resources.flatMap((resource) => resourceLines(resource)).map((line) => `  resource ${line}`),
  ];
}

/**
 * Returns facts as lines of text: a word and its values, on several lines if there are several values. The text comes from the
 * board; the caller must make it safe for a terminal.
 *
 * @param contradictions Contradictions between the facts and the driver's model, one line each
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadFacts } from "./facts.ts";
 * import { factsText } from "./facts_text.ts";
 *
 * const file = new URL("./examples/spectrum-2-serial.facts.json", import.meta.url).pathname;
 * assertEquals(factsText(await loadFacts(file)).slice(0, 2), [
 *   "handle     pci/0000:01:00.0",
 *   "driver     mlxsw_spectrum2",
 * ]);
 * ```
 */
export function factsText(facts: Facts, contradictions: readonly string[] = []): string[] {
  const { versions, eswitch, groups, nestedPorts = {} } = facts;
  const limits = facts.reloadLimits.length > 0 ? [`limit ${facts.reloadLimits.join(", ")}`] : [];
  const used = new Set(groups.flatMap(({ policer }) => policer ?? [])).size;
  const policed = groups.filter(({ policer }) => policer !== undefined).length;
  const own = facts.traps.filter(({ generic }) => !generic).length;
  const sections: [word: string, lines: readonly string[]][] = [
    ["handle", [facts.handle]],
    ["driver", [facts.driver]],
    ["kernel", [facts.kernel]],
    [
      "versions",
      Object.entries(versions).map(([kind, all]) =>
        `${kind}: ${Object.entries(all).map(([name, version]) => `${name} ${version}`).join(", ")}`
      ),
    ],
    ["reload", [
      [...facts.reloadActions.length > 0 ? facts.reloadActions : ["no action is known"], ...limits].join(", ") +
      (facts.reloadFailed ? "; the last reload failed" : ""),
    ]],
    [
      "eswitch",
      eswitch
        ? [
          [
            eswitch.mode,
            ...eswitch.inlineMode === undefined ? [] : [`inline-mode ${eswitch.inlineMode}`],
            ...eswitch.encapMode === undefined ? [] : [`encap-mode ${eswitch.encapMode}`],
          ].join(", "),
        ]
        : [],
    ],
    ["nested", facts.nested],
    ["traps", [countsOf(facts.traps.map(({ type }) => type)) + (own > 0 ? `; ${own} are the driver's own` : "")]],
    ["groups", [groups.length === 0 ? "none" : `${groups.length}: ${policed} with a policer`]],
    ["policers", [facts.policers.length === 0 ? "none" : `${facts.policers.length}: ${used} used by a group`]],
    ["params", facts.params.flatMap(paramLines)],
    ["resources", facts.resources.flatMap((resource) => resourceLines(resource))],
    ["ports", [
      ...facts.ports.flatMap((port) => portLines(port)),
      ...Object.entries(nestedPorts).flatMap(([of, ports]) => ports.flatMap((port) => portLines(port, `${of}/`))),
    ]],
    ["reporters", facts.reporters.map(reporterText)],
    [
      "regions",
      facts.regions.map(({ name, size, max }) =>
        `${name}  ${numberText(size)} bytes${max === undefined ? "" : `, up to ${max} snapshots`}`
      ),
    ],
    ["refused", Object.entries(facts.refused).map(([command, errno]) => `devlink ${command}: ${errno}`)],
  ];
  if (contradictions.length > 0) sections.push(["differs", contradictions]);
  return sections.flatMap(([word, lines]) =>
    (lines.length > 0 ? lines : ["none"]).map((line, i) => `${(i === 0 ? word : "").padEnd(9)}  ${line}`)
  );
}
