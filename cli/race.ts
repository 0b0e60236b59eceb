/** `twinlink race`. */

import { loadBoard, visible } from "../boards/mod.ts";
import type { Explored } from "../model/race/explored.ts";
import { HARDWARE_IDS } from "../model/drivers/hardware.ts";
import { DISTINCT_ERAS, type EraId, ERAS, type HardwareId, hardwareIn, type Operation } from "../model/mod.ts";
import { exploreRace, type Race, readOutcome, scenarioOf } from "../model/race/race.ts";
import { diagram, minimise, replay } from "../model/race/race_replay.ts";
import { LOCK_REGIMES, type LockRegime } from "../model/era/regime.ts";
import {
  BEFORE,
  machineBefore,
  operationsOf,
  RACE_OPERATIONS,
  type RaceOperation,
} from "../suites/race/race_operations.ts";
import { BOARD_OPTIONS, ERAS_BY_NAME } from "./_shared.ts";
import { command, type CommandContext, parseCommand, UsageError } from "./command.ts";
import { BOARD_SUITES } from "../run/load_suites.ts";
import { print, say } from "../run/output.ts";
import { raceNamesOf, raceOnBoards } from "./race_board.ts";
import { operationOf } from "./race_words.ts";
import run from "./run.ts";

/** How a pair of operations ended, as a letter of the matrix. */
const LETTERS: Readonly<Record<string, string>> = {
  "deadlock": "D",
  "hang": "H",
  "lost wake-up": "W",
  "live-lock": "L",
  "lock order": "O",
  "dead object": "U",
  "assertion": "A",
};

/** Returns a whole number of an option, 1 or above. */
function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`Option --${option} is "${visible(text)}", but must be a number of 1 or more`);
}

interface Settings {
  hardware: readonly HardwareId[];
  regime: LockRegime | undefined;
  before: readonly Operation[];
}

function raceOf(era: EraId, operations: readonly { name: string; op: Operation }[], settings: Settings): Race {
  return {
    setUp: (lockdep) =>
      machineBefore({
        era,
        lockdep,
        hardware: settings.hardware,
        ...(settings.regime ? { design: { lockRegime: settings.regime } } : {}),
      }, settings.before),
    racers: operations.map(({ name, op }, i) => ({
      name: operations.findIndex((other) => other.name === name) < i ? `${name} (${i + 1})` : name,
      operations: [op],
    })),
  };
}

/** Returns words for the coverage of the exploration: if schedules that could differ were left out. */
const bounded = ({ exhausted }: Explored) => exhausted ? "all that can differ" : "not all of those that can differ";

function tell(era: EraId, race: Race, explored: Explored, ms: number): void {
  const { schedules, redundant, outcomes, findings } = explored;
  const rate = Math.round((schedules + redundant) / Math.max(ms, 1) * 1000).toLocaleString("en");
  print(`${era}: ${schedules} schedules, ${bounded(explored)}; ${rate} a second\n`);
  const byResult = new Map<string, { count: number; schedule: string; states: number }>();
  for (const [outcome, { count, schedule }] of outcomes) {
    const results = readOutcome(outcome).results.map((list) => list.join(", ") || "never ends").join(" | ");
    const known = byResult.get(results);
    if (known) {
      known.count += count;
      known.states++;
    } else byResult.set(results, { count, schedule, states: 1 });
  }
  print(`  ${race.racers.map(({ name }) => name).join(" | ")}\n`);
  for (const [results, { count, schedule, states }] of byResult) {
    print(`  ${results}: ${count} of them, ${states} different outcomes, for example ${schedule}\n`);
  }
  const scenario = scenarioOf(race);
  for (const finding of findings) {
    const { schedule, preemptions } = minimise(scenario, finding);
    print(`\n${finding.kind}: ${finding.text}\n  schedule ${schedule}, ${preemptions} preemptions\n\n`);
    print(diagram(replay(scenario, schedule)));
  }
}

function matrix(
  era: EraId,
  names: readonly RaceOperation[],
  cells: ReadonlyMap<string, Explored>,
): string {
  const wide = Math.max(...names.map((name) => name.length));
  const lines = [`${era.padEnd(wide)} ${names.map((_, i) => String(i + 1).padStart(3)).join("")}`];
  names.forEach((name, row) => {
    const marks = names.slice(0, row + 1).map((other) => {
      const explored = cells.get(`${other} ${name}`)!;
      const letter = explored.findings.map(({ kind }) => LETTERS[kind]!).sort()[0] ?? String(
        Math.min(9, explored.outcomes.size),
      );
      return `${explored.exhausted ? " " : "+"}${letter}`.padStart(3);
    });
    lines.push(`${`${row + 1} ${name}`.padEnd(wide + 3)}${marks.join("")}`);
  });
  return `${lines.join("\n")}\n`;
}

function allPairs(
  eras: readonly EraId[],
  settings: Settings,
  schedules: number,
  json: boolean,
  { signal, interrupts }: CommandContext,
) {
  let broken = 0;
  let left = 0;
  const started = performance.now();
  for (const era of eras) {
    const names = operationsOf(ERAS[era]);
    const cells = new Map<string, Explored>();
    const begun = performance.now();
    const told: string[] = [];
    let runs = 0;
    let open = 0;
    names.forEach((second, j) => {
      for (const first of names.slice(0, j + 1)) {
        const pair = [first, second].map((name) => ({ name, op: RACE_OPERATIONS[name] as Operation }));
        const explored = exploreRace(raceOf(era, pair, settings), { schedules, enough: interrupts.stopped });
        signal.throwIfAborted();
        cells.set(`${first} ${second}`, explored);
        runs += explored.schedules;
        if (!explored.exhausted) open++;
        for (const { kind, text, schedule } of explored.findings) {
          told.push(`  ${first} | ${second}: ${kind}: ${text} (${schedule})`);
        }
        if (json) {
          const { outcomes, findings, exhausted } = explored;
          print(
            `${
              JSON.stringify({
                era,
                pair: [first, second],
                schedules: explored.schedules,
                exhausted,
                outcomes: outcomes.size,
                findings,
              })
            }\n`,
          );
        }
      }
    });
    broken += told.length;
    left += open;
    if (json) continue;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    print(`${matrix(era, names, cells)}`);
    print(
      `${cells.size} pairs, ${cells.size - open} exhausted, ${runs.toLocaleString("en")} schedules, ${seconds} s\n` +
        `${told.join("\n")}${told.length > 0 ? "\n" : ""}\n`,
    );
  }
  say(
    `A number is how many outcomes there are (9: or more), D a deadlock, H a hang, L a live-lock, O an order of locks, U a use of ` +
      `what is gone, A an assertion; + means that not all schedules were run. ${
        ((performance.now() - started) / 1000).toFixed(0)
      } s`,
  );
  return statusOf(broken > 0, left > 0);
}

/** Returns the exit status of an exploration: 3 if schedules were left out, which is never a pass. */
function statusOf(isBroken: boolean, isBounded: boolean): 0 | 1 | 3 {
  if (isBroken) return 1;
  if (isBounded) say("Not all schedules that can differ were run, so this is no pass: --schedules N runs more");
  return isBounded ? 3 : 0;
}

export default command({
  name: "race",
  usage: ["OPERATION OPERATION.. [--board BOARD] [OPTION..]", "SUITE --board BOARD", "--all-pairs [OPTION..]"],
  details:
    `An operation is a name (see --names), or a command line in quotes: devlink, ip, ethtool -i, echo and cat are known; a
netdev is named by its devlink port, for example netdevsim/netdevsim10/0. They begin on a machine with
netdevsim10 (a port) and netdevsim11 (none), a netns t1, a snapshot and a firmware file; --before adds to that.

On a board with a device of its own the driver has the names (--names --board BOARD), and the race is about that
device, by its facts. After each run the device is put back. What only its driver knows is model-gap, exit status 3.

  twinlink race 'devlink dev reload netdevsim/netdevsim10' 'echo 10 > /sys/bus/netdevsim/del_device'
  twinlink race reload break_health --era 6.12

A suite of races (race, litmus, or a file of yours) is run as by "twinlink run".

On a board they are started together --runs times, with delays drawn at random. Each outcome is shown beside those that
may come, with a schedule of the model that leads to it. An outcome that may not come is exit status 1.

What goes wrong is shown with the schedule that needs the fewest preemptions: --replay runs it again. Exit status 1
if anything does.`,
  options: {
    "era": {
      type: "list",
      value: "ERA",
      help: "The kernels",
      choices: ERAS_BY_NAME,
    },
    "board": { type: "list", short: "b", value: "BOARD", help: "Run it on this board, as often as --runs gives" },
    "runs": { type: "text", value: "N", help: "How often a board runs it (1000)" },
    "wait": BOARD_OPTIONS.wait,
    "cpus": { type: "text", value: "N", help: "Processors of a board in QEMU (1)" },
    "all-pairs": { type: "flag", help: "Race each two operations of the catalogue, and print a matrix" },
    "names": { type: "flag", help: "Print the operations that have a name; with --board, what the board has" },
    "before": { type: "list", value: "OPERATION", help: "Perform this before the race" },
    "hardware": {
      type: "list",
      value: "ID",
      help: "Have this device, for example mlx5; a wrong ID lists all",
    },
    "regime": { type: "text", value: "REGIME", help: "Other locks than the era's, for example instance_plus_device" },
    "schedules": { type: "text", value: "N", help: "Stop after N schedules and draw some at random (100000)" },
    "replay": { type: "text", value: "SCHEDULE", help: "Run this schedule alone, and draw it" },
    "json": { type: "flag", help: "For a machine to read: one JSON object a race" },
  },
  run: async (values, operands, context) => {
    const { signal, interrupts } = context;
    if (values.names) {
      const board = await loadBoard(values.board.at(-1) ?? "model");
      for (const [name, about] of raceNamesOf(board)) print(`${name.padEnd(18)}${about}\n`);
      return 0;
    }
    if (operands.some((text) => /\.ts$/.test(text) || BOARD_SUITES.includes(text))) {
      const { board, era, json, wait, ...others } = values;
      const [of] = Object.entries(others).find(([, value]) => typeof value === "object" ? value.length > 0 : value) ??
        [];
      if (of !== undefined) throw new UsageError(`Option --${of} is not of a suite`);
      const args = [...board.map((name) => `--board=${name}`), ...era.map((id) => `--era=${id}`)];
      if (json) args.push("--json");
      if (wait) args.push("--wait");
      return await run.run(parseCommand(run, args).values, operands, context);
    }
    const hardware = hardwareIn(values.hardware);
    if (hardware.length < values.hardware.length) {
      const unknown = values.hardware.find((id) => hardwareIn([id]).length === 0)!;
      throw new UsageError(`Unknown hardware "${visible(unknown)}": it must be one of ${HARDWARE_IDS.join(", ")}`);
    }
    const { regime } = values;
    if (regime !== undefined && !LOCK_REGIMES.includes(regime as LockRegime)) {
      throw new UsageError(`Unknown regime "${visible(regime)}": it must be one of ${LOCK_REGIMES.join(", ")}`);
    }
    const named = (text: string) => operationOf<Operation>(text, RACE_OPERATIONS);
    const before = () => [...BEFORE, ...values.before.map(named)];
    const settings = (): Settings => ({ hardware, regime: regime as LockRegime | undefined, before: before() });
    const schedules = numberOf("schedules", values.schedules) ?? 100_000;
    const chosen = values.era as EraId[];
    if (values.board.length === 0) interrupts.harmless();
    if (values["all-pairs"]) {
      if (operands.length > 0) {
        throw new UsageError(`Unexpected argument "${visible(operands[0]!)}" after --all-pairs`);
      }
      return allPairs(chosen.length > 0 ? chosen : DISTINCT_ERAS, settings(), schedules, values.json, context);
    }
    if (operands.length < 2) {
      throw new UsageError(`A race needs two operations at least: name them, or say --all-pairs`);
    }
    const names = operands.map((text) => text.trim());
    if (values.board.length > 0) {
      for (const option of ["era", "hardware", "regime", "replay"] as const) {
        if (values[option]?.length) {
          throw new UsageError(`Option --${option} is of the model: it does not go with --board`);
        }
      }
      const cpus = numberOf("cpus", values.cpus);
      const boards = await Promise.all(values.board.map(loadBoard));
      const still = boards.find(({ runner }) => runner === "model" || runner === "recording");
      if (still) {
        throw new UsageError(
          `Cannot race on board "${visible(still.name)}": it runs nothing; leave --board out for the model`,
        );
      }
      return await raceOnBoards(
        boards.map((board) => board.qemu && cpus ? { ...board, qemu: { ...board.qemu, cpus } } : board),
        {
          names,
          before: values.before,
          runs: numberOf("runs", values.runs) ?? 1000,
          schedules,
          json: values.json,
          wait: values.wait,
        },
        signal,
      );
    }
    for (const option of ["runs", "cpus"] as const) {
      if (values[option] !== undefined) {
        throw new UsageError(`Option --${option} is of a board: say which with --board`);
      }
    }
    const operations = names.map((name) => ({ name, op: named(name) }));
    let broken = false;
    let bounded = false;
    for (const era of chosen.length > 0 ? chosen : ["6.12"] as const) {
      const race = raceOf(era, operations, settings());
      if (values.replay !== undefined) {
        const replayed = replayOf(race, values.replay);
        print(diagram(replayed));
        broken ||= replayed.findings.length > 0;
        continue;
      }
      const begun = performance.now();
      const explored = exploreRace(race, { schedules, enough: interrupts.stopped });
      signal.throwIfAborted();
      broken ||= explored.findings.length > 0;
      bounded ||= !explored.exhausted;
      if (values.json) {
        const { exhausted, findings } = explored;
        const outcomes = [...explored.outcomes].map(([outcome, seen]) => ({ ...readOutcome(outcome), ...seen }));
        print(
          `${JSON.stringify({ era, race: operands, schedules: explored.schedules, exhausted, findings, outcomes })}\n`,
        );
      } else tell(era, race, explored, performance.now() - begun);
    }
    return statusOf(broken, bounded);
  },
});

function replayOf(race: Race, schedule: string) {
  try {
    return replay(scenarioOf(race), schedule);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
