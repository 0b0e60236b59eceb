/** A sequence that does not agree: its steps on one clock, and what differs in them side by side. */

import { describeCrash } from "../../crash.ts";
import { describeOperation, quote } from "../../describe.ts";
import { OUTCOMES, type SequenceVerdict, type StepVerdict } from "../../verdict.ts";
import { channelMarkup } from "./channel.ts";
import type { AboutRun, Board, Result } from "./data.ts";
import { lanesMarkup } from "./lanes.ts";
import { cut, type Markup, markup, type Part } from "./markup.ts";

/** Rows of a channel that are shown in full, and of a case that another one tells of. */
const MOST_ROWS = 60;
const FEW_ROWS = 8;
/** Lines of the kernel log after its first finding. */
const MOST_LOG = 25;
/** Steps that are shown of a case that another one tells of. */
const FEW_STEPS = 3;

/** Returns a verdict as a badge. */
export const badge = ({ verdict }: Pick<SequenceVerdict | StepVerdict, "verdict">): Markup =>
  markup`<span class="b ${OUTCOMES[verdict]}">${verdict}</span>`;

/** Returns the anchor of a result and of a step in it. */
export const anchorOf = ({ id }: Result, step?: StepVerdict): string => step ? `c${id}-s${step.id}` : `c${id}`;

const link = (anchor: string) => markup`<a class="l" href="#${anchor}" title="link to this">#</a>`;

/** Returns the kernel log from its first finding on, a line each with its anchor. */
function logMarkup({ findings, observed }: StepVerdict, anchor: string): Part {
  if (findings.length === 0) return;
  const log = observed?.observation?.kmsg ?? [];
  const first = log.findIndex((line) => line.class === findings[0]!.class && line.text === findings[0]!.text);
  const lines = log.slice(first, first + MOST_LOG).map((line, i) =>
    markup`<span id="${anchor}-k${i}"${line.class !== "info" && markup` class="bad"`}>${cut(line.text, 400)}</span>\n`
  );
  const rest = log.length - first - MOST_LOG;
  return markup`<h4>kernel log</h4><pre>${lines}${rest > 0 && `... ${rest} more lines`}</pre>`;
}

/** Returns a step that does not agree. */
export function stepMarkup(step: StepVerdict, steps: number, options: { anchor?: string; most?: number } = {}): Markup {
  const { anchor, most = MOST_ROWS } = options;
  const agree = step.channels.filter(({ verdict }) => verdict === "agree").map(({ channel }) => channel);
  return markup`<p>${badge(step)} step ${step.id} of ${steps}${step.phase !== "body" && ` (${step.phase})`}
<span class="cmd">${cut(describeOperation(step.op))}</span>${anchor && link(anchor)}</p>
${step.reason && markup`<p>${step.reason}</p>`}
${step.crash && step.findings.length > 0 && markup`<p class="bad">${describeCrash(step.crash)}</p>`}
${step.channels.map((one) => channelMarkup(one, most, anchor && `${anchor}-${one.channel}`))}
${logMarkup(step, anchor ?? "x")}
${step.device && markup`<h4>emulated device</h4><pre>${step.device.map((line) => markup`${line}\n`)}</pre>`}
${agree.length > 0 && markup`<p class="dim">agree: ${agree.join(", ")}</p>`}`;
}

/** Returns three lines for a shell: the sequence again, what the model predicts for it, and what was kept of it. */
export function reproducer(
  about: AboutRun,
  { header: { board, transport, era } }: Board,
  verdict: SequenceVerdict,
): string {
  const filter = `--filter ${quote(`${verdict.suite} > ${verdict.sequence}`)}`;
  const trace = about.files?.().find(({ name }) => name.startsWith(`trace-${board}-${transport}.`))?.name;
  return [
    `twinlink run ${quote(verdict.suite)} --board ${quote(board)} ${filter}`,
    `twinlink run ${quote(verdict.suite)} --board model ${era === "" ? "" : `--era ${quote(era)} `}${filter}`,
    `twinlink trace ${trace === undefined ? "TRACE" : quote(trace)} --device ${filter}`,
  ].join("\n");
}

/** Returns where an expectation comes from, with a link where there is a page of it; `cited` collects the numbers. */
export function sourceMarkup(source: string, about: AboutRun, cited: Set<string>): Markup {
  const parts = source.split("; ").map((part, i): Part => {
    const [, number] = /^([A-Z]\d{1,2}|\d{1,2}\.\d{1,2})\b/.exec(part) ?? [];
    const [, page] = /^(devlink-[a-z-]+)\.rst\b/.exec(part) ?? [];
    const comma = i > 0 && "; ";
    if (number !== undefined && about.why?.(number) !== undefined) {
      cited.add(number);
      return [comma, markup`<a href="#why-${number}">${part}</a>`];
    }
    if (page === undefined) return [comma, part];
    const href = `https://docs.kernel.org/networking/devlink/${page}.html`;
    return [comma, markup`<a href="${href}" rel="noreferrer">${part}</a>`];
  });
  return markup`${parts}`;
}

/** What a case is shown with. */
export interface CaseOptions {
  about: AboutRun;
  board: Board;
  result: Result;
  /** False for a case that another one tells of */
  full: boolean;
  cited: Set<string>;
}

/** Returns a sequence that does not agree as an article. */
export function caseMarkup({ about, board, result, full, cited }: CaseOptions): Markup {
  const { verdict, device } = result;
  const anchor = anchorOf(result);
  const failing = verdict.steps.filter((step) => OUTCOMES[step.verdict] === "fail");
  const shown = failing.slice(0, full ? undefined : FEW_STEPS);
  const isShown = new Set(shown);
  const rest = failing.length - shown.length;
  return markup`<article id="${anchor}" tabindex="-1">
<h3>${badge(verdict)} ${verdict.suite} &gt; ${verdict.sequence} <span class="dim">${board.name}</span>${
    link(anchor)
  }</h3>
${verdict.reason && markup`<p>${verdict.reason}</p>`}
${
    verdict.source !== "" &&
    markup`<p class="dim">expected because of: ${sourceMarkup(verdict.source, about, cited)}</p>`
  }
${verdict.notes.map((note) => markup`<p class="warn">note: ${note}</p>`)}
${
    full && verdict.steps.length > 0 &&
    lanesMarkup(verdict, device, (step) => isShown.has(step) ? anchorOf(result, step) : undefined)
  }
${
    shown.map((step) =>
      markup`<section class="step card" id="${anchorOf(result, step)}" tabindex="-1"${full && markup` data-n`}>${
        stepMarkup(step, verdict.steps.length, {
          anchor: anchorOf(result, step),
          most: full ? MOST_ROWS : FEW_ROWS,
        })
      }</section>`
    )
  }
${rest > 0 && markup`<p class="dim">${rest} more steps that differ are in the trace.</p>`}
${
    full &&
    markup`<p>Run it again: <button class="js" data-copy="${anchor}-r">copy</button></p><pre id="${anchor}-r">${
      reproducer(about, board, verdict).split("\n").map((line) => markup`${line}\n`)
    }</pre>`
  }
</article>`;
}
