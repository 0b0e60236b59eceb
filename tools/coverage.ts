/**
 * `deno task coverage`: rewrites docs/coverage.md, what of the model the suites and generated sequences reach.
 *
 * @module
 */

import { Coverage, possibleChanges, type StatefulKind, STATES, textsIn } from "../fuzz/coverage.ts";
import { sequenceOf } from "../fuzz/sequence.ts";
import { COMMAND_FORMS } from "../model/command_line/forms.ts";
import { BOOTED_ERAS as eras, Machine } from "../model/mod.ts";
import { compile } from "../sdk/compile.ts";
import { holdsIn } from "../sdk/suite.ts";
import { runAsMain } from "../cli/entry.ts";
import { writeWhole } from "../run/artefacts.ts";
import { loadSuites } from "../run/load_suites.ts";
import { print } from "../run/output.ts";

/** How many sequences are generated for each era: enough that more of them reach little more. */
const SEQUENCES = 1500;

/** Returns what the suites reach on all kernels that were booted. */
async function ofSuites(): Promise<Coverage> {
  const coverage = new Coverage();
  for (const suite of await loadSuites([])) {
    if (suite.name.startsWith("pcs")) continue;
    for (const sequence of suite.sequences) {
      for (const era of eras) {
        if (!holdsIn(sequence, era)) continue;
        const { plan } = await compile(suite, sequence, era);
        const machine = new Machine({ era });
        coverage.begin(machine);
        for (const { op } of plan.steps) coverage.note(op, machine.perform(op), machine);
      }
    }
  }
  return coverage;
}

/** Returns what generated sequences reach on them. */
function ofFuzz(): Coverage {
  const coverage = new Coverage();
  for (const era of eras) {
    for (let index = 0; index < SEQUENCES; index++) {
      sequenceOf(1, index, {
        era,
        onMachine: (machine) => coverage.begin(machine),
        onStep: (op, observation, machine) => coverage.note(op, observation, machine),
      });
    }
  }
  return coverage;
}

const cell = (text: string) => text.replaceAll("|", "\\|");
const number = (n: number | undefined) => n === undefined ? "-" : n.toLocaleString("en-US");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

/** Operations with their results; a kind that neither reached stands with dashes. */
function resultRows(suites: Coverage, fuzz: Coverage): string[][] {
  const subjects = new Set([...Object.keys(COMMAND_FORMS), ...suites.results.keys(), ...fuzz.results.keys()]);
  return [...subjects].sort().flatMap((subject) => {
    const [a, b] = [suites.results.get(subject), fuzz.results.get(subject)];
    const results = [...new Set([...a?.keys() ?? [], ...b?.keys() ?? []])].sort();
    if (results.length === 0) return [[`\`${subject}\``, "**never**", "-", "-", ""]];
    return results.map((result) => {
      const key = `${subject} ${result}`;
      const texts = new Set([...suites.texts.get(key) ?? [], ...fuzz.texts.get(key) ?? []]);
      return [`\`${subject}\``, result, number(a?.get(result)), number(b?.get(result)), [...texts].sort().join("; ")];
    });
  });
}

function changeRows(suites: Coverage, fuzz: Coverage): string[][] {
  return (Object.keys(STATES) as StatefulKind[]).flatMap((kind) =>
    possibleChanges(kind).map((change) => {
      const [a, b] = [suites.changes.get(kind)?.get(change), fuzz.changes.get(kind)?.get(change)];
      return [kind, a === undefined && b === undefined ? `${change} **never**` : change, number(a), number(b)];
    })
  );
}

/** Returns the texts in the sources of the model, and the texts that nothing reached. */
async function textsOf(suites: Coverage, fuzz: Coverage): Promise<{ all: Set<string>; never: string[] }> {
  const reached = new Set([...suites.texts.values(), ...fuzz.texts.values()].flatMap((texts) => [...texts]));
  const folder = new URL("../model/", import.meta.url);
  const all = new Set<string>();
  for await (const file of filesBelow(folder)) for (const text of textsIn(await Deno.readTextFile(file))) all.add(text);
  return { all, never: [...all].filter((text) => !reached.has(text)).sort() };
}

async function* filesBelow(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(new URL(`${name}/`, folder));
    else if (/(?<!_test)\.ts$/.test(name)) yield new URL(name, folder);
  }
}

/** Returns the page. */
async function coveragePage(): Promise<string> {
  const [suites, fuzz] = [await ofSuites(), ofFuzz()];
  const { all, never } = await textsOf(suites, fuzz);
  const changes = changeRows(suites, fuzz);
  const unreached = changes.filter(([, change]) => change!.endsWith("**never**")).length;
  return [
    "# What of the model is reached",
    "",
    `Written by \`deno task coverage\`. Suites: ${number(suites.operations)} operations, all suites of netdevsim on ${
      eras.join(", ")
    }. Fuzz: ${number(fuzz.operations)} operations, ${SEQUENCES} generated sequences on each of them.`,
    "",
    "## Operations and how they end",
    "",
    ...table(["operation", "result", "suites", "fuzz", "extended ack"], resultRows(suites, fuzz)),
    "## Extended acks that nothing reached",
    "",
    `Of ${all.size} texts that stand in the sources of the model by themselves, ${
      all.size - never.length
    } were reached.`,
    "",
    ...never.map((text) => `- ${text}`),
    "",
    "## Changes of state",
    "",
    `Of ${changes.length} that can be thought of, ${
      changes.length - unreached
    } were reached; not every other one is possible.`,
    "",
    ...table(["object", "change", "suites", "fuzz"], changes),
  ].join("\n");
}

async function coverage(): Promise<number> {
  const page = await coveragePage();
  await writeWhole(decodeURIComponent(new URL("../docs/coverage.md", import.meta.url).pathname), page);
  print(page);
  return 0;
}

if (import.meta.main) await runAsMain(coverage);
