/** `twinlink boards`. */

import {
  type Board,
  BoardError,
  boardErrorAt,
  factsText,
  jsonLine,
  listBoards,
  loadBoard,
  type TransportName,
  visible,
} from "../boards/mod.ts";
import { deviceOf, deviceWords } from "../boards/devices/mod.ts";
import { TRANSPORTS, transportWords } from "../boards/transports/mod.ts";
import { dirtyOf } from "../boards/state.ts";
import { suggestion } from "../boards/suggestion.ts";
import { UnfitBoardError } from "../runners/runner.ts";
import { lookAt, type LookOptions } from "./_open_board.ts";
import { newBoard } from "./boards_new.ts";
import { probe } from "./boards_probe.ts";
import { command, UsageError } from "./command.ts";
import { instanceWords } from "./probe_text.ts";
import { allowedDisruption } from "../diff/capability.ts";
import { DISRUPTION_WORDS } from "../model/disruption.ts";
import { boardsWithState, holderOf } from "../run/lease.ts";
import { learnedOf, strayLearned } from "../run/learned.ts";
import { print, say } from "../run/output.ts";
import { openSuites } from "../run/suite_process.ts";
import { strayWaivers } from "../run/waivers.ts";

const ACTIONS = ["list", "check", "describe", "facts", "probe", "new"];

async function list(json: boolean): Promise<number> {
  const boards = await listBoards();
  if (json) {
    for (const { name, description, runner, era, driver } of boards) {
      print(jsonLine({ name, description, runner, era, driver }));
    }
    return 0;
  }
  const width = Math.max(...boards.map(({ name }) => name.length));
  for (const { name, description } of boards) print(`${name.padEnd(width)}  ${visible(description ?? "")}\n`);
  for (const name of await boardsWithState()) {
    for (const state of await stateOf(name)) print(`\n${visible(name)}: ${state}\n`);
  }
  print(`\nA board of your own is a .toml file; worked examples are in boards/examples/.\n`);
  return 0;
}

/** Returns the state of a board that this user's runs have saved: in use, or dirty. */
async function stateOf(name: string): Promise<string[]> {
  const [holder, dirty] = [await holderOf(name), await dirtyOf(name)];
  return [
    ...(holder ? [`in use by ${holder}`] : []),
    ...(dirty ? [visible(`dirty since ${dirty.since || "some time"}: ${dirty.reason}`)] : []),
  ];
}

async function check(files: readonly string[], suites: readonly string[]): Promise<number> {
  if (files.length === 0) throw new UsageError("No board file is named: give the path of one");
  const own = suites.length > 0 ? await openSuites(suites) : [];
  let bad = 0;
  for (const file of files) {
    try {
      const board = await loadBoard(file);
      const { name } = board;
      const stray = await strayWaivers(board, own);
      if (stray.length > 0) throw boardErrorAt(await Deno.readTextFile(board.file), board.file, stray);
      const learned = await strayLearned(await learnedOf(board), own);
      if (learned.length > 0) throw new BoardError(learned.map((problem) => `${board.learned}: ${problem}`));
      print(`${visible(file)}: board "${visible(name)}" is fine\n`);
    } catch (error) {
      if (!(error instanceof BoardError)) throw error;
      bad++;
      for (const problem of error.problems) say(`twinlink: ${problem}`);
    }
  }
  return bad > 0 ? 2 : 0;
}

/** Returns how a board is reached, in words. */
function lineOf(board: Board): string[] {
  const { console, qemu, recording } = board;
  const device = deviceOf(board);
  return [
    ...transportWords(board).map(([name, words]) => `${name.padEnd(9)} ${words}`),
    console ? `console   ${console.path} at ${console.baud} baud` : "",
    qemu ? `QEMU      Debian's kernel ${qemu.kernel}, over ${qemu.transport} unless --transport names another` : "",
    device ? `device    ${deviceWords(device)}` : "",
    qemu?.modules ? `modules   ${qemu.modules.join(", ")}` : "",
    recording ? `recording ${recording.trace}` : "",
  ].filter((line) => line !== "");
}

async function describe(name: string, json: boolean): Promise<number> {
  const board = await loadBoard(name);
  if (json) {
    print(jsonLine(board));
    return 0;
  }
  const state = await stateOf(board.name).catch(() => []);
  const today = new Date().toISOString().slice(0, 10);
  const lines = [
    `${board.name}: ${board.description ?? "(no description)"}`,
    `file      ${board.file}`,
    `runner    ${board.runner}`,
    `era       ${board.era === "auto" ? "auto: by the kernel that it runs" : board.era}`,
    `driver    ${board.driver}${board.handle ? `, handle ${board.handle}` : ""}`,
    ...lineOf(board),
    `can do    ${board.capabilities?.join(", ") ?? "everything (no capabilities are listed)"}`,
    `may do    up to ${allowedDisruption(board)}: a sequence that ${DISRUPTION_WORDS[allowedDisruption(board)]}`,
    ...state.map((words) => `now       ${words}`),
    ...(board.waivers ?? []).map(({ suite, sequence, step, channel, line, reason, expires }) => {
      const expired = expires < today ? "EXPIRED " : "until ";
      const where = [suite, sequence].filter((name) => name !== undefined).join(" > ") || "everywhere";
      const what = `${channel}${line === undefined ? "" : ` /${line}/`}`;
      return `waiver    ${where}${step ? `, step ${step}` : ""}, ${what}: ${reason} (${expired}${expires})`;
    }),
  ];
  print(lines.map((line) => `${visible(line)}\n`).join(""));
  return 0;
}

async function facts(name: string, json: boolean, options: Omit<LookOptions, "doing">): Promise<number> {
  const board = await loadBoard(name);
  const { handle } = board;
  if (handle === undefined && board.runner !== "recording") {
    throw new BoardError([`Cannot read the facts of board "${board.name}": its file names no handle`]);
  }
  const doing = "twinlink boards facts";
  return await lookAt(board, { ...options, doing }, async ({ facts, header, instances }) => {
    if (!facts) {
      const there = handle === undefined ? [] : await instances?.() ?? [];
      const others = there.length === 0 ? "" : `; it has ${instanceWords(there)}`;
      const why = handle === undefined ? "the recording has none" : `it has no devlink instance ${handle}${others}`;
      throw new UnfitBoardError(visible(`Cannot read the facts of board "${board.name}": ${why}`));
    }
    const { contradictions = [] } = header;
    print(json ? jsonLine(facts) : factsText(facts, contradictions).map((line) => `${visible(line)}\n`).join(""));
    // Standard output has only the facts.
    for (const line of json ? contradictions : []) say(visible(`${board.name}: ${line}`));
    return 0;
  });
}

/** Actions that open a board. */
const OPENING = ["facts", "probe", "new"];

export default command({
  name: "boards",
  usage: [
    "[list]",
    "check FILE.. [--suite SUITE..]",
    "describe BOARD",
    "facts BOARD [--transport LINE] [--wait]",
    "probe BOARD [--transport LINE] [--wait]",
    "new ADDRESS [--handle HANDLE] [--name NAME] [--out FILE]",
  ],
  details: `facts opens the board, and reads what its devlink instance has by commands that only show.
probe lists what the board is, what a run without suites would judge there, what it lacks, and what is dangerous:
devices that carry the connection or the root filesystem, sequences that need --i-know or fw_activate. Nothing on the
board is changed. The exit status is 3 if nothing can be judged there.

new logs in at ADDRESS, lists the devlink instances there, and writes a first board file for one of them. It never
overwrites a file. ADDRESS is ssh://[USER@]HOST[:PORT], serial:/dev/ttyX[@BAUD], rfc2217://HOST:PORT[@BAUD] or
tcp://HOST:PORT. ssh asks for its passwords itself, on the terminal.`,
  options: {
    json: { type: "flag", help: "For a machine to read: one JSON object a line" },
    transport: {
      type: "text",
      short: "t",
      value: "LINE",
      help: "facts, probe: the line to a board that has several",
      choices: TRANSPORTS,
    },
    wait: { type: "flag", short: "w", help: "facts, probe, new: wait for a board that somebody else has" },
    handle: { type: "text", value: "HANDLE", help: "new: the instance under test, if the board has several" },
    name: { type: "text", value: "NAME", help: "new: the name of the board" },
    out: { type: "text", short: "o", value: "FILE", help: "new: the file to write, NAME.toml by default" },
    "password-env": { type: "text", value: "NAME", help: "new: the variable with the password of a serial login" },
    suite: { type: "list", value: "SUITE", help: "check: waivers may name sequences of this suite file as well" },
  },
  run: async (values, [action = "list", ...operands], { interrupts, signal }) => {
    const { json, suite, transport, wait, handle, name, out, "password-env": passwordEnv } = values;
    if (action !== "new") {
      for (const [option, given] of Object.entries({ handle, name, out, "password-env": passwordEnv })) {
        if (given !== undefined) {
          throw new UsageError(`Option --${option} is of boards new (see "twinlink help boards")`);
        }
      }
    } else if (transport !== undefined || json) {
      throw new UsageError(`Option --${json ? "json" : "transport"} is not of boards new (see "twinlink help boards")`);
    }
    if (!OPENING.includes(action)) {
      interrupts.harmless();
      for (const [name, given] of Object.entries({ transport: transport !== undefined, wait })) {
        if (given) throw new UsageError(`Option --${name} is of boards facts and probe (see "twinlink help boards")`);
      }
    }
    if (action === "check") return await check(operands, suite);
    if (suite.length > 0) throw new UsageError(`Option --suite is of boards check (see "twinlink help boards")`);
    if (action === "list" && operands.length === 0) return await list(json);
    if (action === "describe" && operands.length === 1) return await describe(operands[0]!, json);
    const look = { transport: transport as TransportName | undefined, wait, signal };
    if (action === "facts" && operands.length === 1) return await facts(operands[0]!, json, look);
    if (action === "probe" && operands.length === 1) return await probe(await loadBoard(operands[0]!), json, look);
    if (action === "new" && operands.length === 1) {
      return await newBoard(operands[0]!, { handle, name, out, passwordEnv, wait, signal });
    }
    if (ACTIONS.includes(action)) {
      throw new UsageError(`Wrong number of arguments for boards ${action} (see "twinlink help boards")`);
    }
    const hint = suggestion(action, ACTIONS) || `; there are ${ACTIONS.join(", ")}`;
    throw new UsageError(`Unknown action "${visible(action)}" of boards${hint}`);
  },
});
