/**
 * The process that runs suites' code. It lists suites or compiles sequences, and ends when no work that they started
 * is left: so a late error is reported, and not lost.
 *
 * @module
 */

import { ERA_IDS } from "../model/mod.ts";
import { compile } from "../sdk/compile.ts";
import { placeIn, placeText, plainText } from "../sdk/place.ts";
import { holdsIn, type Sequence, type Suite, SuiteError } from "../sdk/suite.ts";
import type { ListedSequence, SuiteMessage, SuiteRequest } from "./_suite_messages.ts";
import { loadSuites, urlOf } from "./load_suites.ts";

// Suites may change any global object: this module takes the objects that it needs before it loads them.
const { stdout } = Deno;
const write = stdout.writeSync.bind(stdout);
const toJson = JSON.stringify;
const encoder = new TextEncoder();
const encode = encoder.encode.bind(encoder);

async function readRequest(): Promise<SuiteRequest> {
  return JSON.parse(await new Response(Deno.stdin.readable).text());
}

function sender(nonce: string): (message: SuiteMessage) => void {
  return (message) => {
    let rest: Uint8Array = encode(`\n${nonce} ${toJson(message)}\n`);
    while (rest.length > 0) rest = rest.subarray(write(rest));
  };
}

function listed(sequence: Sequence): ListedSequence {
  const { name, source, fixture, requires = [], holds, at } = sequence;
  return {
    name,
    source,
    requires: [...new Set([...fixture.requires, ...requires])],
    ...(holds
      ? {
        holds: {
          in: ERA_IDS.filter((era) => holdsIn(sequence, era)),
          because: holds.because,
        },
      }
      : {}),
    ...(at ? { at } : {}),
  };
}

/** Returns the text of an uncaught error. */
function uncaught(error: unknown, files: readonly string[]): string {
  if (!(error instanceof Error)) return `nothing catches what a suite throws: ${String(error)}`;
  if (error instanceof SuiteError) return error.message;
  const at = placeIn(error, files);
  const what = plainText(`${error.name}: ${error.message}`);
  return `${at ? `${placeText(at)}: ` : ""}nothing awaits or catches what fails here: ${what}`;
}

async function work(
  { names, compile: job }: SuiteRequest,
  send: (message: SuiteMessage) => void,
  wrong: (error: unknown) => void,
): Promise<void> {
  const suites = await loadSuites(names, (name) => send({ type: "begin", what: `suite "${name}"` }));
  if (!job) {
    send({ type: "suites", suites: suites.map(({ name, sequences }) => ({ name, sequences: sequences.map(listed) })) });
    return;
  }
  const { era, board, freedMemory } = job;
  const find = (name: string) => suites.find((suite) => suite.name === name);
  for (const wanted of job.sequences) {
    const suite = find(wanted.suite) as Suite;
    const sequence = suite?.sequences.find(({ name }) => name === wanted.sequence);
    const what = `${wanted.suite} > ${wanted.sequence}`;
    if (!sequence) throw new SuiteError(`Cannot find sequence "${what}": the suite had it when it was listed`);
    const at = (place: Sequence["at"]) => place ? { at: place } : {};
    send({ type: "begin", what, ...at(sequence.at) });
    try {
      const compiled = await compile(suite, sequence, era, {
        board,
        ...(freedMemory ? { freedMemory } : {}),
        onStep: (op, place) => send({ type: "step", what: op.kind, ...at(place) }),
        onLate: wrong,
      });
      send({ type: "compiled", compiled });
    } catch (error) {
      if (!(error instanceof SuiteError)) throw error;
      wrong(error);
    }
    // Work of the body that is ready to run finishes before the next body begins.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

if (import.meta.main) {
  const request = await readRequest();
  const files = request.names.map((name) => urlOf(name).href);
  const send = sender(request.nonce);
  const wrong = (error: unknown) => send({ type: "wrong", message: uncaught(error, files) });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    wrong(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    wrong(event.error);
  });
  // The event comes when no work is left, and never for Deno.exit().
  globalThis.addEventListener("beforeunload", () => send({ type: "end" }));
  // Not awaited here: a body that never ends would be an error of this module.
  void work(request, send, wrong).catch(wrong).then(() => send({ type: "done" }));
}
