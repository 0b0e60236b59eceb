/**
 * Runs the code of a user's suites in a process of its own. The code may never end, end the process, print to standard output, or
 * fail in a promise that nobody awaits: it cannot harm the run, and does not pass.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { visible } from "../boards/visible.ts";
import { endingWithUs, findProgram } from "../fixtures/qemu/process.ts";
import { allWrong } from "../sdk/compile.ts";
import type { BoardContext } from "../sdk/fixture.ts";
import { type Place, placeText } from "../sdk/place.ts";
import type { Compiled, Compiler, Sequence, Suite } from "../sdk/suite.ts";
import type { ListedSequence, SuiteMessage, SuiteRequest } from "./_suite_messages.ts";
import { checkTypes } from "./check_types.ts";
import { isPath, loadSuites, wantedSuites } from "./load_suites.ts";
import { say } from "./output.ts";

/** The default time limit of a sequence on the model, in seconds. */
export const SEQUENCE_SECONDS = 60;
/** The time limit, in seconds, of work that suites started and that runs after all sequences. */
const REST_SECONDS = 10;

/** Options of {@linkcode openSuites}. */
export interface OpenSuitesOptions {
  /** Stops the process */
  signal?: AbortSignal | undefined;
  /** The time limit, in seconds, of each sequence on the model, and of loading each file. @default {60} */
  timeout?: number | undefined;
  /** Checks the types of suites that are named by their path. @default {true} */
  check?: boolean;
}

/** The current work of the process. */
interface Doing {
  what: string;
  at?: Place | undefined;
  step?: { what: string; at?: Place };
}

function doingText({ what, at }: Doing): string {
  return visible(at ? `${placeText(at)}: ${what}` : what);
}

function lastStep({ step }: Doing): string {
  if (!step) return "";
  return `; its last step was ${visible(step.what)}${step.at ? ` at ${placeText(step.at)}` : ""}`;
}

/** Suites' code may read files and the environment, and nothing else. */
const PERMISSIONS = ["--no-prompt", "--allow-read", "--allow-env"];

function spawn(): Deno.ChildProcess {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const config = ["--config", path("../deno.json")];
  const command = [Deno.execPath(), "run", "--quiet", "--no-check", ...config, ...PERMISSIONS, path("_suite_child.ts")];
  const [program, ...args] = findProgram("setpriv") ? endingWithUs(command) : command;
  return new Deno.Command(program!, {
    args,
    // A session of its own: Ctrl-C reaches only this process, which ends the child in good order.
    detached: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Yields the lines of a stream, including a last line without a newline. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/**
 * Gives the process a request, and waits for its end.
 *
 * @throws {SuiteError} If a suite is wrong, does not end in time, or ends the process
 */
async function perform(
  request: Omit<SuiteRequest, "nonce">,
  onMessage: (message: SuiteMessage) => void,
  { signal, timeout = SEQUENCE_SECONDS }: OpenSuitesOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const nonce = crypto.randomUUID();
  const child = spawn();
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch { /* It has ended. */ }
  };
  signal?.addEventListener("abort", kill);
  let doing: Doing = { what: "the process of the suites" };
  let [done, ended, late] = [false, false, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bound = (seconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      late = true;
      kill();
    }, seconds * 1000);
  };
  const wrong: string[] = [];
  try {
    bound(timeout);
    const writer = child.stdin.getWriter();
    // If the process has already ended, its status shows why.
    await writer.write(new TextEncoder().encode(JSON.stringify({ ...request, nonce }))).catch(() => {});
    await writer.close().catch(() => {});
    for await (const line of linesOf(child.stdout)) {
      if (!line.startsWith(nonce)) {
        // Output of suites goes to standard error: standard output is for the report.
        if (line !== "") say(line);
        continue;
      }
      const message: SuiteMessage = JSON.parse(line.slice(nonce.length));
      if (message.type === "begin") {
        doing = { what: message.what, at: message.at };
        bound(timeout);
      } else if (message.type === "step") doing.step = message;
      else if (message.type === "wrong") wrong.push(message.message);
      else if (message.type === "end") ended = true;
      else if (message.type === "done") {
        done = true;
        bound(REST_SECONDS);
      } else onMessage(message);
    }
    const { code, signal: by } = await child.status;
    signal?.throwIfAborted();
    const how = by ?? `status ${code}`;
    if (late && done) {
      wrong.push(
        `what a suite has started still runs ${REST_SECONDS} s after the last sequence: clear timers, close files`,
      );
    } else if (late) {
      wrong.push(`${doingText(doing)} did not end on the model within ${timeout} s (--timeout)${lastStep(doing)}`);
    } else if (ended && !done) {
      wrong.push(`${doingText(doing)} never ends: it awaits something that will not come${lastStep(doing)}`);
    } else if (!ended) {
      const who = done ? "a suite, after the last sequence," : doingText(doing);
      const never = code === 1 && !doing.at && !done ? ", or await at its top level what never comes" : "";
      wrong.push(`${who} ended its process (${how}); a suite must not call Deno.exit()${never}${lastStep(doing)}`);
    } else if (code !== 0) wrong.push(`a suite sets the exit status of its process: ${how}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", kill);
    kill();
    await child.status;
  }
  if (wrong.length > 0) throw allWrong([...new Set(wrong)]);
}

/** Returns the properties of a board that compiling needs, as plain data. */
const contextOf = ({ pcs, driver, facts }: BoardContext): BoardContext => ({
  ...(pcs ? { pcs } : {}),
  ...(driver ? { driver } : {}),
  ...(facts ? { facts } : {}),
});

const elsewhere = () => {
  throw new TypeError("Cannot run the body of a sequence here: it is in the process of its suite");
};

/** Returns a sequence whose code is not in this process. */
function remote({ name, source, requires, holds, at }: ListedSequence): Sequence {
  return {
    name,
    source,
    requires,
    ...(holds ? { holds: { in: (era) => holds.in.includes(era.id), because: holds.because } } : {}),
    fixture: { name: "", handle: "", requires: [], setup: [], teardown: [] },
    body: elsewhere,
    at,
  };
}

/**
 * Opens suites. The code of a user's suite is not loaded into this process. Shipped suites are loaded here, if no other is named
 * and no time is set.
 *
 * @param names Names of suites that ship, or paths of suite files (recognised by a slash or their ending). Empty: all that
 * ship
 * @throws {SuiteError} in one line that names the file: it does not exist, has a type error, throws, exports no suite, does not
 * end, or ends the process
 * @throws {DOMException} `AbortError` if the signal was aborted
 */
export async function openSuites(names: readonly string[], options: OpenSuitesOptions = {}): Promise<Suite[]> {
  const wanted = wantedSuites(names);
  if (!wanted.some(isPath) && options.timeout === undefined) return await loadSuites(wanted);
  if (options.check ?? true) await checkTypes(wanted.filter(isPath), options.signal);
  const compiler: Compiler = async (chosen, era, { board, freedMemory, signal }) => {
    const compiled: Compiled[] = [];
    await perform(
      {
        names: wanted,
        compile: {
          sequences: chosen.map(({ suite, sequence }) => ({ suite: suite.name, sequence: sequence.name })),
          era,
          board: board ? contextOf(board) : {},
          ...(freedMemory ? { freedMemory } : {}),
        },
      },
      (message) => message.type === "compiled" && compiled.push(message.compiled),
      { ...options, ...(signal ? { signal } : {}) },
    );
    return compiled;
  };
  let suites: Suite[] = [];
  await perform({ names: wanted }, (message) => {
    if (message.type !== "suites") return;
    suites = message.suites.map(({ name, sequences }) => ({ name, sequences: sequences.map(remote), compiler }));
  }, options);
  return suites;
}
