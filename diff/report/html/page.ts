/** The page of a run: one file that needs nothing else. */

import type { SequenceVerdict } from "../../verdict.ts";
import { OUTCOMES, VERDICTS } from "../../verdict.ts";
import { whyNoPass } from "../reporter.ts";
import { caseMarkup } from "./case.ts";
import { type Board, type Result, resultsByVerdict, type Run } from "./data.ts";
import { documentText } from "./document.ts";
import { type Markup, markup, type Part } from "./markup.ts";
import {
  causesMarkup,
  listMarkup,
  notJudgedMarkup,
  outcomesMarkup,
  plural,
  racesMarkup,
  whyMarkup,
} from "./sections.ts";

/** How many characters of cases a page has: cases beyond that are in the list and the trace alone. */
const MOST_CHARACTERS = 1_200_000;
/** A file beside the page from which on its link warns, in bytes. */
const LARGE = 20_000_000;

/** The run in words. */
function conclusion({ boards, end, summary }: Run): string {
  if (end.reason !== undefined) return `${end.reason}, so this is no pass`;
  if (end.exit === 0) return "Everything that was judged agrees";
  const judge = boards.some(({ header }) => header.against !== undefined) ? "the earlier trace" : "the model";
  return end.exit === 1 ? `The board does something else than ${judge}` : `No pass: ${whyNoPass(summary)}`;
}

function counts({ sequences }: Run["summary"]): string {
  return VERDICTS.filter((verdict) => sequences[verdict] > 0).map((verdict) => `${sequences[verdict]} ${verdict}`).join(
    ", ",
  );
}

/** Returns what a board is, on one line. */
function boardLine({ name, header, end }: Board): Markup {
  const { kernel, era, eraNote, iproute2, facts, against } = header;
  const versions = Object.entries(facts?.versions.running ?? {}).filter(([key]) => key.startsWith("fw")).slice(0, 3);
  const words = [
    kernel && `Linux ${kernel}`,
    facts && `${facts.driver} at ${facts.handle}`,
    ...versions.map(([key, version]) => `${key} ${version}`),
    against === undefined ? eraNote ?? (era && `model of ${era}`) : `against ${against}`,
    iproute2,
    end?.reason,
  ];
  return markup`<dt>${name}<dd>${words.filter(Boolean).join(", ")}`;
}

const size = (bytes: number) => bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function headerMarkup(run: Run): Markup {
  const { about, boards, end, causes } = run;
  const sequences = boards.reduce((sum, { results }) => sum + results.length, 0);
  const files = about.files?.() ?? [];
  const kind = end.exit === 0 ? "pass" : end.exit === 1 ? "fail" : "error";
  const first = boards.length > 3;
  const list = markup`<dl>${boards.map(boardLine)}</dl>`;
  return markup`<header class="${kind}"><h1>${conclusion(run)}</h1>
<p>${plural(sequences, "sequence")}${boards.length > 1 && ` on ${boards.length} boards`}: ${counts(run.summary)}.
${causes.length > 0 && markup`<a href="#causes">${plural(causes.length, "cause")}</a>.`}
<span class="dim keys js">Keys: n next difference, p the one before, / search.</span></p>
${first ? markup`<details><summary>${plural(boards.length, "board")}</summary>${list}</details>` : list}
<details><summary>the command, the files</summary>
${
    about.command &&
    markup`<p>Run it again: <button class="js" data-copy="again">copy</button></p><pre id="again">${about.command}</pre>`
  }
<ul>${
    files.map(({ name, size: bytes }) =>
      markup`<li><a href="${encodeURIComponent(name)}">${name}</a> ${size(bytes)}${
        bytes >= LARGE && markup`<b class="warn">large</b>`
      }`
    )
  }</ul><p class="dim">twinlink ${about.version}, exit status ${end.exit}</p></details></header>`;
}

/** Returns the sequences that are shown in full: each kind of difference has one. */
function inFull({ causes }: Run): Set<SequenceVerdict> {
  return new Set(causes.flatMap((cause) => [cause, ...cause.also].map(({ cases }) => cases[0]!.verdict)));
}

/** Returns the articles of what failed, those in full first; those that have no more space are left out. */
export function casesMarkup(run: Run, cited: Set<string>): { articles: Markup[]; shown: Set<Result>; rest: number } {
  const full = inFull(run);
  const results = resultsByVerdict(run);
  const failed = [...results.keys()].filter(({ verdict }) => OUTCOMES[verdict] === "fail");
  const ordered = [...full, ...failed.filter((verdict) => !full.has(verdict))];
  const articles: Markup[] = [];
  const shown = new Set<Result>();
  let room = MOST_CHARACTERS;
  for (const verdict of ordered) {
    const article = caseMarkup({ about: run.about, ...results.get(verdict)!, full: full.has(verdict), cited });
    if (article.text.length > room) continue;
    room -= article.text.length;
    articles.push(article);
    shown.add(results.get(verdict)!.result);
  }
  return { articles, shown, rest: ordered.length - articles.length };
}

/** Notes on sequences that did not fail; those that did have them in their article. */
function notesMarkup({ boards }: Run): Part {
  const notes = boards.flatMap(({ name, results }) =>
    results.filter(({ verdict }) => OUTCOMES[verdict.verdict] !== "fail").flatMap(({ verdict }) =>
      verdict.notes.map((note) =>
        markup`<li>${verdict.suite} &gt; ${verdict.sequence} <span class="dim">${name}</span>: ${note}`
      )
    )
  );
  return notes.length > 0 &&
    markup`<h2 id="notes">Notes</h2><details><summary>${
      plural(notes.length, "note")
    }</summary><ul>${notes}</ul></details>`;
}

/** Returns the page of a run. */
export function pageOf(run: Run): string {
  const cited = new Set<string>();
  const { articles, shown, rest } = casesMarkup(run, cited);
  const title = `${run.end.exit === 0 ? "pass" : run.end.exit === 1 ? "differs" : "no pass"}: ${
    run.boards.map(({ name }) => name).join(", ")
  }`;
  return documentText(
    title,
    markup`${headerMarkup(run)}
    ${causesMarkup(run)}
    ${listMarkup(run, (result) => shown.has(result))}
    ${articles.length > 0 && markup`<h2 id="cases">What differs</h2>${articles}`}
    ${rest > 0 && markup`<p class="warn">${plural(rest, "more sequence")} that differ are in the traces alone.</p>`}
    ${notJudgedMarkup(run)}${outcomesMarkup(run)}${racesMarkup(run)}${notesMarkup(run)}
    ${whyMarkup(run, cited)}`,
  );
}
