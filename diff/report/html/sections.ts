/** The sections of a page beside its cases: causes, the list, what was not judged, races, what kernels reported. */

import { type Case, extentOf, type Seen } from "../../causes.ts";
import { resultsText } from "../../race.ts";
import { OUTCOMES, type SequenceVerdict } from "../../verdict.ts";
import { anchorOf, badge, sourceMarkup, stepMarkup } from "./case.ts";
import {
  GROUP,
  isResult,
  outcomeOf,
  type Race,
  racesOf,
  type Result,
  resultsByVerdict,
  type Row,
  type Run,
} from "./data.ts";
import { type Markup, markup, type Part } from "./markup.ts";

/** Rows of a channel in the card of a cause. */
const CARD_ROWS = 9;
/** Sequences of a cause that are named at once; the others unfold. */
const CASES = 3;
/** Kinds of difference that come with a cause and are named at once. */
const ALSO = 3;

/** How a report refers to a result. */
type Links = (verdict: SequenceVerdict) => Markup;

export const plural = (n: number, noun: string): string => `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;

/** `28 sequences`, `28 sequences on 5 boards`. */
function extent(cases: readonly Case[]): string {
  const { sequences, boards } = extentOf(cases);
  return plural(sequences, "sequence") + (boards > 1 ? ` on ${boards} boards` : "");
}

function linksOf(run: Run): Links {
  const results = resultsByVerdict(run);
  const several = run.boards.length > 1;
  return (verdict) => {
    const { board, result } = results.get(verdict)!;
    return markup`<a href="#${anchorOf(result)}">${verdict.suite} &gt; ${verdict.sequence}</a>${
      several && markup`<span class="dim">${board.name}</span>`
    }`;
  };
}

/** Returns a list whose first items are seen at once. */
function unfolding(items: readonly Markup[], most: number, what: string): Part {
  const list = (some: readonly Markup[]) => markup`<ul>${some.map((item) => markup`<li>${item}`)}</ul>`;
  if (items.length <= most) return items.length > 0 && list(items);
  return markup`${most > 0 && list(items.slice(0, most))}<details><summary>${
    plural(items.length - most, `more ${what}`)
  }</summary>${list(items.slice(most))}</details>`;
}

/** Returns the first step of a sequence that shows a cause, with what differs in it. */
function excerpt({ verdict }: { verdict: SequenceVerdict }): Part {
  const step = verdict.steps.find((step) => OUTCOMES[step.verdict] === "fail");
  return step ? stepMarkup(step, verdict.steps.length, { most: CARD_ROWS }) : markup`<p>${verdict.reason}</p>`;
}

/** Returns each cause once, the first one first: what an engineer looks for. */
export function causesMarkup(run: Run): Part {
  const { causes } = run;
  if (causes.length === 0) return;
  const links = linksOf(run);
  const also = ({ text, cases }: Seen) => markup`${text}: ${links(cases[0]!.verdict)}`;
  return markup`<h2 id="causes">${plural(causes.length, "cause")}, ${extent(causes.flatMap(({ cases }) => cases))}</h2>
${
    causes.map((cause, i) =>
      markup`<section class="card${i === 0 && " first"}" id="cause${i + 1}">
<h3>${i + 1}. ${cause.text}<a class="l" href="#cause${i + 1}" title="link to this cause">#</a></h3>
<p>${extent(cause.cases)}; the smallest: ${links(cause.cases[0]!.verdict)}</p>
${excerpt(cause.cases[0]!)}
${cause.also.length > 0 && markup`<h4>with it</h4>${unfolding(cause.also.map(also), ALSO, "kind")}`}
${
        cause.cases.length > 1 &&
        markup`<h4>also in</h4>${
          unfolding(cause.cases.slice(1).map(({ verdict }) => links(verdict)), CASES, "sequence")
        }`
      }
</section>`
    )
  }`;
}

function cellOf(one: Row["on"][number], isShown: (result: Result) => boolean): Markup {
  if (one === undefined) return markup`<td>`;
  if (!isResult(one)) return markup`<td class="dim" title="${one.reason}">left out`;
  const { verdict } = one.verdict;
  if (verdict === "agree") return markup`<td class="dim">agree`;
  return markup`<td>${
    isShown(one) ? markup`<a href="#${anchorOf(one)}">${badge(one.verdict)}</a>` : badge(one.verdict)
  }`;
}

/** Returns every sequence, with its verdict on each board; filters work without a script. */
export function listMarkup({ rows, boards }: Run, isShown: (result: Result) => boolean): Part {
  if (rows.length === 0) return;
  const groups = (
    row: Row,
  ) => [...new Set(row.on.flatMap((one) => one ? [isResult(one) ? GROUP[one.verdict.verdict] : "u"] : []))];
  const of = (group: string) => rows.filter((row) => groups(row).includes(group as "d")).length;
  // A crash differs, too.
  const differs = rows.filter((row) => groups(row).some((group) => group === "d" || group === "c")).length;
  const filters: [id: string, title: string, count: number][] = [
    ["d", "differs", differs],
    ["c", "crash", of("c")],
    ["j", "not judged", of("j")],
    ["u", "unsupported", of("u")],
    ["a", "all", rows.length],
  ];
  const checked = filters.find(([, , count]) => count > 0)![0];
  return markup`<h2 id="list">Sequences</h2><div class="filters">${
    filters.map(([id, title, count]) =>
      markup`<label><input type="radio" name="f" id="f-${id}"${
        id === checked && markup` checked`
      }> ${title} ${count}</label>`
    )
  }<input class="js" type="search" placeholder="search, key /" aria-label="search"></div><div class="scroll below"><table class="list"><thead><tr><th>suite &gt; sequence${
    boards.map(({ name }) => markup`<th>${name}`)
  }</thead><tbody>
    ${
    rows.map((row) =>
      markup`<tr class="${
        groups(row).map((group) => group === "c" ? "d c" : group).join(" ")
      }"><td>${row.suite} &gt; ${row.sequence}${row.on.map((one) => cellOf(one, isShown))}\n`
    )
  }</table></div><p id="none" hidden>No sequence matches.</p>`;
}

/** Returns why sequences have no verdict, a reason once. */
export function notJudgedMarkup({ boards }: Run): Part {
  const told = boards.flatMap(({ name, results, leftOut, header }) => [
    ...(header.contradictions ?? []).map((reason) => ({ what: "facts of the board", reason, name: "", board: name })),
    ...results.flatMap(({ verdict: { verdict, suite, sequence, reason, steps } }) => {
      if (OUTCOMES[verdict] === "fail" || verdict === "agree") return [];
      const step = steps.find((step) => step.verdict === verdict);
      const waiver = step?.channels.find((channel) => channel.waiver)?.waiver;
      const why = reason ?? step?.reason ?? (waiver && `${waiver.reason} (until ${waiver.expires})`) ??
        step?.channels.find((channel) => channel.reason)?.reason ?? verdict;
      return [{ what: verdict, reason: why, name: `${suite} > ${sequence}`, board: name }];
    }),
    ...leftOut.map(({ suite, sequence, reason }) => (
      { what: "left out", reason, name: `${suite} > ${sequence}`, board: name }
    )),
  ]);
  if (told.length === 0) return;
  const groups = [...Map.groupBy(told, ({ what, reason, board }) => JSON.stringify([what, reason, board])).values()];
  return markup`<h2 id="not-judged">Not judged, waived, left out</h2>
${
    groups.map((group) => {
      const { what, reason, board } = group[0]!;
      const names = group.flatMap(({ name }) => name === "" ? [] : [markup`${name}`]);
      return markup`<div
          class="card"><p><span class="b error">${what}</span> ${reason} <span class="dim">${board}</span></p>${
        unfolding(names, names.length > 2 ? 0 : 2, "sequence")
      }</div>`;
    })
  }`;
}

function bar(count: number, runs: number, isOut: boolean): Markup {
  const width = runs === 0 ? 0 : Math.max(count > 0 ? 0.5 : 0, 100 * count / runs);
  return markup`<svg class="bar${isOut && " out"}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img"
      aria-label="${count} of ${runs}"><rect width="${width.toFixed(1)}" height="8" /></svg>`;
}

function raceMarkup({ board, result, step, what, allowed, outside, runs, exhausted }: Race): Markup {
  const row = (results: string[][], count: number, schedule: string | undefined, isOut: boolean) =>
    markup`<tr${isOut && markup` class="bad"`}><td class="x">${resultsText(results)}<td>${
      isOut ? "no" : "yes"
    }<td>${count}<td>${
      bar(
        count,
        runs,
        isOut,
      )
    }<td class="x dim">${schedule}`;
  return markup`<div class="card"><h3>${result.verdict.suite} &gt; ${result.verdict.sequence} <span class="dim">step ${step}, ${board.name}</span></h3><p class="cmd">${what}</p><p>${
    plural(runs, "run")
  }; ${
    outside.length === 0
      ? "every outcome is allowed"
      : markup`<b class="bad">${plural(outside.length, "outcome")} not allowed</b>`
  }${
    !exhausted &&
    "; the model did not try all schedules"
  }</p><div class="scroll"><table><thead><tr><th>outcome<th>allowed<th>runs<th><th>a schedule that leads to it</thead><tbody>${
    outside.map((
      { results, count = 0 },
    ) => row(results, count, undefined, true))
  }${allowed.map(({ results, count, schedule }) => row(results, count, schedule, false))}</table></div></div>`;
}

/** Returns how often each outcome of a race was seen, beside those that the model allows. */
export function racesMarkup(run: Run): Part {
  const races = racesOf(run);
  // Those with an outcome that is not allowed first.
  races.sort((a, b) => Number(b.outside.length > 0) - Number(a.outside.length > 0));
  return races.length > 0 && markup`<h2 id="races">Races</h2>${races.map(raceMarkup)}`;
}

/** Returns what the kernels reported, by sequence and board: as predicted, or not. */
export function outcomesMarkup({ rows, boards }: Run): Part {
  const told = rows.map((row) => ({ row, on: row.on.map((one) => isResult(one) ? outcomeOf(one) : undefined) }))
    .filter(({ on }) => on.some((one) => one !== undefined));
  if (told.length === 0) return;
  return markup`<h2 id="outcomes">What the kernels reported</h2><div class="scroll"><table><thead><tr><th>suite &gt; sequence${
    boards.map(({ name }) => markup`<th>${name}`)
  }</thead><tbody>${
    told.map((
      { row, on },
    ) =>
      markup`<tr><td>${row.suite} &gt; ${row.sequence}${
        on.map((one) =>
          one === undefined
            ? markup`<td class="dim">-`
            : markup`<td class="x"><span class="${
              one.predicted ? "dim" : "bad"
            }">${one.text}</span> <span class="dim">${one.predicted ? "(as predicted)" : "(not predicted)"}</span>`
        )
      }\n`
    )
  }</table></div>`;
}

/** Returns what the numbers mean that the cases cite. */
export function whyMarkup({ about }: Run, cited: Set<string>): Part {
  // What is cited may cite more; once is enough.
  const numbers = [...cited].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return numbers.length > 0 &&
    markup`<h2 id="why">Why it is expected</h2><dl>${
      numbers.map((number) =>
        markup`<dt id="why-${number}">${number}<dd>${sourceMarkup(about.why!(number)!, {}, new Set())}`
      )
    }</dl><p class="dim">From docs/semantics.md of twinlink.</p>`;
}
