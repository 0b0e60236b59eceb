/**
 * The names of a board's own MAC and PCS. Sequences and traces use the names of the MAC, the PCS and the netdev in
 * `fixtures/pcs`. A board with its own MAC and PCS gets a plan with its own names, and its trace gets the names of the fixture.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import type { Plan, SequenceTrace } from "../../diff/trace.ts";
import type { KernelLine, LinkEvent, Observation } from "../../model/observation.ts";
import type { Operation } from "../../model/operation.ts";

/** A MAC and its PCS, as a board file names them. */
export type PcsNames = NonNullable<Board["pcs"]>;

/** The names of the fixture's MAC, PCS and netdev (`fixtures/pcs`). */
const FIXTURE = {
  mac: { bus: "platform", driver: "fakemac", device: "fakemac.0" },
  pcs: { bus: "platform", driver: "fakepcs", device: "fakepcs.0" },
  netdev: "fm0",
} as const;

const driverFile = (path: string) => /^\/sys\/bus\/([^/]+)\/drivers\/([^/]+)\/(bind|unbind)$/.exec(path);

/** Returns the operation in the board's names. */
function toBoard(op: Operation, names: PcsNames): Operation {
  switch (op.kind) {
    case "netdev.set":
    case "netdev.show":
    case "ethtool.show":
    case "ethtool.restart":
      return op.dev === FIXTURE.netdev ? { ...op, dev: names.netdev } : op;
    case "file.write": {
      const [, bus, driver, file] = driverFile(op.path) ?? [];
      for (const which of ["mac", "pcs"] as const) {
        const ours = FIXTURE[which];
        if (bus !== ours.bus || driver !== ours.driver) continue;
        const its = names[which];
        const value = op.value === ours.device ? its.device : op.value;
        return { ...op, path: `/sys/bus/${its.bus}/drivers/${its.driver}/${file}`, value };
      }
      return op;
    }
    case "during":
      return { ...op, operation: toBoard(op.operation, names), poll: toBoard(op.poll, names) };
    case "listen":
      return { ...op, operation: toBoard(op.operation, names) };
    case "rounds": {
      const operations = op.operations.map((one) => toBoard(one, names));
      return {
        ...op,
        operations,
        ...(op.meanwhile ? { meanwhile: op.meanwhile.map((one) => toBoard(one, names)) } : {}),
      };
    }
    case "race": {
      const all = (ops: readonly Operation[]) => ops.map((one) => toBoard(one, names));
      const racers = op.racers.map((racer) => ({ ...racer, operations: all(racer.operations) }));
      return { ...op, racers, before: all(op.before), after: all(op.after), shown: all(op.shown) };
    }
    default:
      return op;
  }
}

/** Returns a line of the board's kernel log with the fixture's names, if the MAC, the PCS or one of their modules logged it. */
function lineFromBoard(line: KernelLine, names: PcsNames): KernelLine {
  for (const which of ["mac", "pcs"] as const) {
    const [its, ours] = [names[which], FIXTURE[which]];
    // If a name has a slash, sysfs shows an exclamation mark instead; the log shows the slash.
    const driver = its.driver.replaceAll("!", "/");
    const device = line.device === `+${its.bus}:${its.device}` ? { device: `+${ours.bus}:${ours.device}` } : {};
    const prefixes = [
      [`${driver} ${its.device} ${names.netdev}: `, `${ours.driver} ${ours.device} ${FIXTURE.netdev}: `],
      [`${driver} ${its.device} `, `${ours.driver} ${ours.device} `],
      [`${driver} ${its.device}: `, `${ours.driver} ${ours.device}: `],
      [`${driver}: `, `${ours.driver}: `],
    ] as const;
    const prefix = prefixes.find(([board]) => line.text.startsWith(board));
    if (prefix) return { ...line, ...device, text: prefix[1] + line.text.slice(prefix[0].length) };
    if (device.device !== undefined) return { ...line, ...device };
  }
  return line;
}

/** Returns an observation of the board with the fixture's names. */
function fromBoard(observation: Observation, names: PcsNames): Observation {
  const netdev = (name: string) => name === names.netdev ? FIXTURE.netdev : name;
  const { reply } = observation;
  const named = typeof reply === "object" && reply !== null && !Array.isArray(reply) &&
    typeof reply.ifname === "string";
  return {
    ...observation,
    reply: named ? { ...reply, ifname: netdev(reply.ifname as string) } : reply,
    link: Object.fromEntries(
      Object.entries(observation.link).map(([netns, events]) => [
        netns,
        events.map((event): LinkEvent => ({ ...event, ifname: netdev(event.ifname) })),
      ]),
    ),
    kmsg: observation.kmsg.map((line) => lineFromBoard(line, names)),
  };
}

/** Returns the plan with the board's names, as it is pushed and as the guard checks it. */
export function planInNames(plan: Plan, names: PcsNames): Plan {
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, op: toBoard(step.op, names) })) };
}

/**
 * Returns the trace of a plan that was run with the board's names, with the names of the fixture.
 *
 * @param plan The plan before its names were replaced
 */
export function traceInFixtureNames(trace: SequenceTrace, plan: Plan, names: PcsNames): SequenceTrace {
  const steps = trace.steps.map((step) => ({
    ...step,
    op: plan.steps.find(({ id }) => id === step.id)?.op ?? step.op,
    ...(step.observation ? { observation: fromBoard(step.observation, names) } : {}),
  }));
  return { ...trace, steps };
}
