/**
 * A history as a static site: plain files that load nothing, and work without a script.
 *
 * @module
 */

import { join } from "node:path";
import type { Verdict } from "../../diff/mod.ts";
import { documentText } from "../../diff/report/html/document.ts";
import { type Markup, markup, type Part } from "../../diff/report/html/markup.ts";
import { OUTCOMES } from "../../diff/mod.ts";
import { fileWord, writeWhole } from "../artefacts.ts";
import { count } from "../output.ts";
import type { HistoryPart, HistoryRun } from "./store.ts";
import type { BoardTrend, SequenceTrend } from "./trend.ts";
import { changeWords, day, isNotable, passWords, percent, resultOf, time } from "./words.ts";

/** The content of the site. */
export interface SiteContent {
  /** The runs, the oldest first */
  runs: readonly HistoryRun[];
  parts: readonly HistoryPart[];
  trends: readonly BoardTrend[];
  /** The path from the site to the folder of the runs, for links; undefined if the site may be published without them */
  toRuns?: string | undefined;
}

/** The number of runs in a strip of marks: the newest. */
const MARKS = 40;
/** The number of runs that the first page lists: the newest. */
const MOST_RUNS = 200;

const nameOf = ({ board, transport }: { board: string; transport: string }) => `${board} over ${transport}`;

/** Returns the name of the page of each board; two boards never share a page. */
function pageNames(trends: readonly BoardTrend[]): Map<BoardTrend, string> {
  const names = new Map<BoardTrend, string>();
  const used = new Set<string>();
  for (const trend of trends) {
    const base = `board-${fileWord(trend.board)}-${fileWord(trend.transport)}`;
    let name = base;
    for (let i = 2; used.has(name.toLowerCase()); i++) name = `${base}-${i}`;
    used.add(name.toLowerCase());
    names.set(trend, `${name}.html`);
  }
  return names;
}

const badge = (look: "pass" | "fail" | "error" | "skip", text: string) =>
  markup`<span class="b ${look}">${text}</span>`;
const lookOf = (exit: number | null) => exit === 0 ? "pass" : exit === 1 ? "fail" : "error";

const GLYPHS = { pass: "\u2713", fail: "\u2717", error: "?", skip: "-" } as const;

/** Returns a strip with one mark for each run, the newest last; each mark has a title. */
function strip(marks: readonly { look: keyof typeof GLYPHS; title: string }[]): Markup {
  const looks = { pass: "good", fail: "bad", error: "warn", skip: "dim" };
  return markup`<span class="m">${
    marks.slice(-MARKS).map(({ look, title }) =>
      markup`<span class="${looks[look]}" title="${title}">${GLYPHS[look]}</span>`
    )
  }</span>`;
}

const verdictMark = (verdict: Verdict) => ({ look: OUTCOMES[verdict], title: verdict });

/** Draws the times of a sequence as a line. */
function timesMarkup(times: readonly (number | null)[]): Part {
  const known = times.slice(-MARKS).filter((ms) => ms !== null);
  const longest = Math.max(...known);
  if (known.length < 2 || longest <= 0) return;
  const points = known.map((ms, i) =>
    `${(100 * i / (known.length - 1)).toFixed(1)},${(8 - 7 * ms / longest).toFixed(1)}`
  );
  return markup`<svg class="bar line" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="times">
<polyline points="${points.join(" ")}" /></svg>`;
}

function runsMarkup({ runs, parts, toRuns }: SiteContent): Part {
  const byRun = Map.groupBy(parts, ({ run }) => run.id);
  const shown = runs.slice(-MOST_RUNS).toReversed();
  return markup`<h2 id="runs">Runs</h2><div class="scroll"><table><thead><tr><th>began<th>run<th>result<th>boards<th>commit</thead><tbody>${
    shown.map((run) => {
      const href = run.kept && toRuns !== undefined
        ? [...toRuns.split("/"), ...run.folder.split("/"), "report.html"].map(encodeURIComponent).join("/")
        : undefined;
      const of = byRun.get(run.id) ?? [];
      return markup`<tr><td>${day(run.started)}<td>${
        href === undefined ? run.folder : markup`<a href="${href}">${run.folder}</a>`
      }${!run.kept && markup` <span class="dim">(its folder is gone)</span>`}<td>${
        badge(lookOf(run.exit), resultOf(run))
      }<td>${of.map((part, i) => markup`${i > 0 && ", "}${nameOf(part)} ${part.kernel}`)}<td>${
        run.commit.slice(0, 12)
      }\n`;
    })
  }</table></div>${
    runs.length > shown.length &&
    markup`<p class="dim">${count(runs.length - shown.length, "older run")} are not listed.</p>`
  }`;
}

function boardsMarkup(trends: readonly BoardTrend[], pages: ReadonlyMap<BoardTrend, string>): Part {
  return markup`<h2 id="boards">Boards</h2><div class="scroll"><table><thead><tr><th>board<th>runs, the newest last<th>pass<th>flake<th>time<th>last pass<th>last change</thead><tbody>${
    trends.map((trend) =>
      markup`<tr><td><a href="${pages.get(trend)}">${nameOf(trend)}</a><td>${
        strip(trend.exits.map((exit) => ({ look: lookOf(exit), title: resultOf({ exit }) })))
      }<td>${percent(trend.passRate)}<td>${percent(trend.flakeRate)}<td>${time(trend.ms.median)}<td>${
        trend.lastGood ? day(trend.lastGood.started) : markup`<span class="bad">none</span>`
      }<td>${changeWords(trend.lastChange)}\n`
    )
  }</table></div>`;
}

/** Returns the classes of a sequence's table row: the filters that show it. */
function classesOf(trend: SequenceTrend): string {
  const look = OUTCOMES[trend.last];
  return [
    ...look === "fail" ? ["d"] : [],
    ...look === "error" ? ["j"] : [],
    ...(trend.flakeRate ?? 0) > 0 ? ["k"] : [],
    ...trend.lastChange ? ["u"] : [],
  ].join(" ");
}

const FILTERS = { d: "differs now", j: "not judged now", k: "flaky", u: "changed", a: "all" };

function boardPage(trend: BoardTrend): string {
  const { sequences, last } = trend;
  const order = sequences.toSorted((a, b) => Number(isNotable(b)) - Number(isNotable(a)));
  const of = (id: string) => id === "a" ? order.length : order.filter((one) => classesOf(one).includes(id)).length;
  const checked = Object.keys(FILTERS).find((id) => of(id) > 0) ?? "a";
  const words = [
    last.kernel && `Linux ${last.kernel}`,
    last.driver,
    last.firmware,
    last.commit && `commit ${last.commit.slice(0, 12)}`,
  ];
  return documentText(
    nameOf(trend),
    markup`<header class="${lookOf(trend.exits.at(-1) ?? null)}"><h1>${nameOf(trend)}</h1>
<p>${count(trend.runs, "run")}: ${passWords(trend)}; flake rate ${percent(trend.flakeRate)}. At last: ${
      words.filter(Boolean).join(", ")
    }</p><p>${changeWords(trend.lastChange) || "No change."}</p><p><a href="index.html">all boards</a></p></header>
<h2 id="list">Sequences</h2><div class="filters">${
      Object.entries(FILTERS).map(([id, title]) =>
        markup`<label><input type="radio" name="f" id="f-${id}"${id === checked && markup` checked`}> ${title} ${
          of(id)
        }</label>`
      )
    }<input class="js" type="search" placeholder="search, key /" aria-label="search"></div>
<div class="scroll"><table class="list"><thead><tr><th>suite &gt; sequence<th>now<th>runs, the newest last<th>pass<th>flake<th>time<th><th>last change</thead><tbody>
${
      order.map((one) =>
        markup`<tr class="${classesOf(one)}"><td>${one.suite} &gt; ${one.sequence}<td>${
          badge(OUTCOMES[one.last], one.last)
        }<td class="w">${strip(one.verdicts.map(verdictMark))}<td>${percent(one.passRate)}<td>${
          percent(one.flakeRate)
        }<td>${time(one.ms.median)}<td>${timesMarkup(one.times)}<td class="w">${changeWords(one.lastChange)}\n`
      )
    }</table></div><p id="none" hidden>No sequence matches.</p>`,
  );
}

/**
 * Writes the site: `index.html`, a page for each board, and `history.json`.
 *
 * @param out The folder; it exists
 * @returns The paths of the files
 */
export async function writeSite(out: string, content: SiteContent): Promise<string[]> {
  const { runs, trends } = content;
  const pages = pageNames(trends);
  const failing = trends.filter(({ exits }) => exits.at(-1) === 1).length;
  const passing = trends.filter(({ exits }) => exits.at(-1) === 0).length;
  const kind = failing > 0 ? "fail" : passing === trends.length ? "pass" : "error";
  const files = new Map<string, string>([
    [
      "index.html",
      documentText(
        "history of twinlink's runs",
        markup`<header class="${kind}"><h1>${count(trends.length, "board")}: ${passing} pass, ${failing} differ, ${
          trends.length - passing - failing
        } not all judged at last</h1><p>${count(runs.length, "run")}${
          runs.length > 0 && ` from ${day(runs[0]!.started)} to ${day(runs.at(-1)!.started)}`
        }. The same <a href="history.json">as JSON</a>.</p></header>${boardsMarkup(trends, pages)}${
          runsMarkup(content)
        }`,
      ),
    ],
    ...trends.map((trend) => [pages.get(trend)!, boardPage(trend)] as const),
    ["history.json", JSON.stringify({ twinlink: "history", version: 1, runs, boards: trends }) + "\n"],
  ]);
  for (const [name, text] of files) await writeWhole(join(out, name), text);
  return [...files.keys()].map((name) => join(out, name));
}
