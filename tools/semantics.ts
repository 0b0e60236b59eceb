/**
 * `deno task semantics`: writes into docs/semantics.md which sequences have each scenario, by their `source`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { runAsMain } from "../cli/entry.ts";
import { writeWhole } from "../run/artefacts.ts";
import { BOARD_SUITES, loadSuites, SHIPPED_SUITES } from "../run/load_suites.ts";
import { print } from "../run/output.ts";
import type { Suite } from "../sdk/suite.ts";

/** The page. */
export const PAGE = new URL("../docs/semantics.md", import.meta.url);

/** Returns the numbers that a `source` names: sections `4.3`, deadlocks `D3` and scenarios `T10` at the beginning of its parts. */
export function cited(source: string): string[] {
  return source.split(/[;,]/).flatMap((part) => /^\s*(\d\.\d{1,2}|[A-Z]\d{1,2})(?=$|[\s:])/.exec(part)?.[1] ?? []);
}

/** Returns the numbers that the page explains, the numbers of its chapters too. */
export function explained(page: string): Set<string> {
  return new Set([...page.matchAll(/^(?:\||##) (\d|\d\.\d{1,2}|[A-Z]\d{1,2}) /gm)].map(([, id]) => id!));
}

/** Returns the page, with the sequences of these suites in the last column of its scenarios. */
export function withSequences(page: string, suites: readonly Suite[]): string {
  const having = new Map<string, string[]>();
  for (const suite of suites) {
    for (const { name, source } of suite.sequences) {
      for (const id of new Set(cited(source))) {
        having.set(id, [...having.get(id) ?? [], `${suite.name}: ${name.replaceAll("|", "\\|")}`]);
      }
    }
  }
  return page.replaceAll(
    /^(\| ([LRNTOCP]\d\d) \|[^|\n]*\|[^|\n]*\|).*$/gm,
    (_, row, id) => `${row} ${having.get(id)?.join("; ") ?? ""} |`.replace("|  |", "| |"),
  );
}

/** Returns the suites that ship, all of them. */
export const allSuites = (): Promise<Suite[]> => loadSuites([...SHIPPED_SUITES, ...BOARD_SUITES]);

async function semantics(): Promise<number> {
  const path = fileURLToPath(PAGE);
  await writeWhole(path, withSequences(await Deno.readTextFile(path), await allSuites()));
  print(`written: ${path}\n`);
  return 0;
}

if (import.meta.main) await runAsMain(semantics);
