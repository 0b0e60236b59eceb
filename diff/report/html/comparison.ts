/** The page of two runs side by side: the same look and the same safety as the page of a run. */

import {
  type Change,
  CHANGES,
  type ComparedBoard,
  type ComparedSequence,
  type Comparison,
} from "../../compare_runs.ts";
import type { Case } from "../../causes.ts";
import { summarise } from "../../verdict.ts";
import { anchorOf } from "./case.ts";
import { type AboutRun, type Board, type Result, type Run, runOf } from "./data.ts";
import { documentText } from "./document.ts";
import { type Markup, markup, type Part } from "./markup.ts";
import { casesMarkup } from "./page.ts";
import { causesMarkup, plural, whyMarkup } from "./sections.ts";

/** The options of the page of a comparison. */
export interface ComparisonPageOptions {
  /** The command that makes the page again; the files beside it */
  about: AboutRun;
  /** The result of the comparison, in words */
  conclusion: string;
  /** The exit status */
  status: 0 | 1 | 3;
  /** What the runs are and how they differ, a line each; it may hold text of a board */
  notes: readonly string[];
}

/** The filters of the list by the classes of its rows; `style.ts` hides by them. */
const FILTERS = {
  d: ["new", "changed"],
  j: ["lost"],
  k: ["flaky"],
  u: ["gone"],
} as const satisfies Record<string, readonly Change[]>;

const TITLES: Record<keyof typeof FILTERS, string> = {
  d: "new",
  j: "no longer judged",
  k: "flaky",
  u: "gone",
};

const classOf = (change: Change) =>
  Object.entries(FILTERS).find(([, changes]) => (changes as readonly Change[]).includes(change))?.[0] ?? "a";

const LOOKS: Partial<Record<Change, string>> = {
  new: "fail",
  changed: "fail",
  lost: "error",
  flaky: "error",
  gone: "pass",
  judged: "pass",
};

/** True for a sequence whose difference is shown in full. */
const isFresh = ({ fresh, shown }: ComparedSequence) => fresh.length > 0 && shown !== undefined;

/** Returns what differs in B and not in A, for `causesOf`. */
export function freshCauses({ boards }: Comparison): Case[] {
  return boards.flatMap(({ name, sequences }) =>
    sequences.filter(isFresh).map(({ shown }): Case =>
      boards.length > 1 ? { verdict: shown!, on: name } : { verdict: shown! }
    )
  );
}

/** Returns a run with only the new differences. */
function freshRun({ boards }: Comparison, { about, status }: ComparisonPageOptions): Run {
  let id = 0;
  const all = boards.map(({ name, after, sequences }): Board => (
    {
      header: after.at(-1)!.header,
      name,
      results: sequences.filter(isFresh).map(({ shown }): Result => ({ id: ++id, verdict: shown! })),
      leftOut: [],
    }
  )).filter(({ results }) => results.length > 0);
  const verdicts = all.flatMap(({ results }) => results.map(({ verdict }) => verdict));
  return runOf(about, all, summarise(verdicts), { exit: status });
}

function boardsMarkup({ boards, alone }: Comparison): Part {
  const told = [
    ...boards.map(({ name, differs }) =>
      markup`<dt>${name}<dd>${
        differs.length === 0
          ? "the same kernel, driver and versions in A and B, where both have them"
          : differs.map(({ what, before, after }, i) =>
            markup`${i > 0 && ", "}${what} ${before || "none"} &rarr; <b>${after || "none"}</b>`
          )
      }`
    ),
    ...alone.before.map((name) => markup`<dt>${name}<dd class="warn">in A alone`),
    ...alone.after.map((name) => markup`<dt>${name}<dd class="warn">in B alone; what differs there is new`),
  ];
  return markup`<dl>${told}</dl>`;
}

function tableMarkup({ boards, counts }: Comparison): Part {
  const columns = (Object.keys(CHANGES) as Change[]).filter((change) => counts[change] > 0);
  return markup`<h2 id="boards">By board</h2><div class="scroll"><table><thead><tr><th>board${
    columns.map((change) => markup`<th>${CHANGES[change]}`)
  }</thead><tbody>${
    boards.map(({ name, sequences }) =>
      markup`<tr><td>${name}${
        columns.map((change) => markup`<td>${sequences.filter((one) => one.change === change).length}`)
      }\n`
    )
  }</table></div>`;
}

function rowMarkup({ name }: ComparedBoard, one: ComparedSequence, anchors: ReadonlyMap<unknown, string>): Markup {
  const { suite, sequence, change, before, after, fresh, past } = one;
  const badge = markup`<span class="b ${LOOKS[change]}">${CHANGES[change]}</span>`;
  const anchor = anchors.get(one.shown);
  const kinds = change === "new" || fresh.length + past.length === 0
    ? undefined
    : [...fresh.map((text) => `new: ${text}`), ...past.map((text) => `gone: ${text}`)];
  return markup`<tr class="${classOf(change)}"><td>${suite} &gt; ${sequence} <span class="dim">${name}</span>${
    kinds && markup`<details><summary>${plural(kinds.length, "kind")} of difference</summary><ul>${
      kinds.map((text) => markup`<li>${text}`)
    }</ul></details>`
  }<td>${anchor === undefined ? badge : markup`<a href="#${anchor}">${badge}</a>`}<td>${before}<td>${after}\n`;
}

function changesMarkup({ boards }: Comparison, anchors: ReadonlyMap<unknown, string>): Part {
  const all = boards.flatMap((board) => board.sequences.map((one) => ({ board, one })));
  if (all.length === 0) return;
  const order = Object.keys(CHANGES);
  all.sort((a, b) => order.indexOf(a.one.change) - order.indexOf(b.one.change));
  const of = (changes: readonly Change[]) => all.filter(({ one }) => changes.includes(one.change)).length;
  const filters = [
    ...Object.entries(FILTERS).map(([id, changes]) => ({ id, title: TITLES[id as "d"], count: of(changes) })),
    { id: "a", title: "all", count: all.length },
  ];
  const checked = filters.find(({ count }) => count > 0)!.id;
  return markup`<h2 id="list">Sequences</h2><div class="filters">${
    filters.map(({ id, title, count }) =>
      markup`<label><input type="radio" name="f" id="f-${id}"${
        id === checked && markup` checked`
      }> ${title} ${count}</label>`
    )
  }<input class="js" type="search" placeholder="search, key /" aria-label="search"></div>
<div class="scroll below"><table class="list"><thead><tr><th>suite &gt; sequence<th>change<th>A<th>B</thead><tbody>
${
    all.map(({ board, one }) => rowMarkup(board, one, anchors))
  }</table></div><p id="none" hidden>No sequence matches.</p>`;
}

/** Returns the page of a comparison: new differences first, in full. */
export function comparisonPage(comparison: Comparison, options: ComparisonPageOptions): string {
  const { about, conclusion, status, notes } = options;
  const run = freshRun(comparison, options);
  const cited = new Set<string>();
  const { articles, shown, rest } = casesMarkup(run, cited);
  const results = run.boards.flatMap(({ results }) => results).filter((result) => shown.has(result));
  const anchors = new Map(results.map((result) => [result.verdict, anchorOf(result)]));
  const kind = status === 0 ? "pass" : status === 1 ? "fail" : "error";
  return documentText(
    `A and B: ${conclusion}`,
    markup`<header class="${kind}"><h1>${conclusion}</h1>
<pre>${notes.map((line) => markup`${line}\n`)}</pre>${boardsMarkup(comparison)}
<p class="dim keys js">Keys: n next difference, p the one before, / search.</p>
<details><summary>the command</summary><pre id="again">${about.command}</pre>
<p class="dim">twinlink ${about.version}, exit status ${status}</p></details></header>
${run.causes.length > 0 && markup`<p class="dim">What is new in B, or differs there in another way:</p>`}
${causesMarkup(run)}${tableMarkup(comparison)}${changesMarkup(comparison, anchors)}
${articles.length > 0 && markup`<h2 id="cases">What is new</h2>${articles}`}
${rest > 0 && markup`<p class="warn">${plural(rest, "more sequence")} that differ are in the traces alone.</p>`}
${whyMarkup(run, cited)}`,
  );
}
