/** A channel that differs: expected and observed, side by side. */

import type { Json } from "../../../model/observation.ts";
import { align, type Edit } from "../../align.ts";
import { messageText } from "../../lines.ts";
import type { ChannelVerdict, StreamDifference, StreamElement, ValueDifference } from "../../verdict.ts";
import { cut, type Markup, markup, type Part } from "./markup.ts";

/** The number of messages that are shown on either side of a difference. */
const CONTEXT = 2;
/** The longest text of a message that agrees, in characters. */
const SHORT = 80;
/** Above this many words two texts are not compared word by word. */
const MOST_WORDS = 300;

/** Returns two texts with their differences marked. */
function marked(expected: string, observed: string): [Part, Part] {
  const [left, right] = [expected, observed].map((text) => text.split(/([^\w.]+)/).filter((word) => word !== ""));
  if (left!.length > MOST_WORDS || right!.length > MOST_WORDS) return [expected, observed];
  const same = (word: string) => word;
  const sides: [Part[], Part[]] = [[], []];
  for (const edit of align(left!, right!, { key: same, identity: same })) {
    if ("expected" in edit) sides[0].push(edit.kind === "same" ? edit.expected : markup`<mark>${edit.expected}</mark>`);
    if ("observed" in edit) sides[1].push(edit.kind === "same" ? edit.observed : markup`<mark>${edit.observed}</mark>`);
  }
  return sides;
}

const NOTHING = markup`<span class="dim">(nothing)</span>`;
const valueText = (value: Json | undefined) =>
  value === undefined || value === null ? undefined : typeof value === "string" ? value : JSON.stringify(value);

/** Returns the two sides of a value. */
function sides({ expected, observed }: ValueDifference): [Part, Part] {
  const [left, right] = [valueText(expected), valueText(observed)];
  if (left === undefined || right === undefined) return [left ?? NOTHING, right ?? NOTHING];
  return marked(cut(left), cut(right));
}

const row = (what: Part, [expected, observed]: [Part, Part]) =>
  markup`<tr><td class="x">${what}<td class="x e">${expected}<td class="x o">${observed}`;

/** Returns the words of a path, outermost first: a handle is one word, and so is an index. */
export const pathWords = (path: string): string[] =>
  path.match(/[\w-]+\/[\w:./-]+?(?=\[|\.[a-z_]|$)|\[\d+\]|[^.[]+/gi) ?? [path];

/** Returns the paths of a reply as a tree: two paths share their common beginning. */
function tree(values: readonly ValueDifference[]): Markup[] {
  let before: string[] = [];
  return values.map((value) => {
    const words = pathWords(value.path);
    const shared = words.findIndex((word, i) => word !== before[i]);
    before = words;
    const shown = words.map((word, i) => i < shared ? markup`<span class="dim">·</span> ` : markup`${word} `);
    return row(shown, sides(value));
  });
}

const text = (element: StreamElement) => cut(messageText(element));
/** Returns the object of a message that agrees. */
const short = (element: StreamElement) => {
  const text = messageText(element);
  return text.length > SHORT ? `${text.slice(0, SHORT)}...` : text;
};

/** Returns a row of a stream: its mark, and both sides. */
function editRow(edit: Edit<StreamElement>): Markup {
  const cells = (mark: string, expected: Part, observed: Part, kind = "") =>
    markup`<tr><td>${mark}<td class="x${kind === "s" ? " s" : expected ? " e" : ""}">${expected}<td class="x${
      kind === "s" ? " s" : observed ? " o" : ""
    }">${observed}`;
  switch (edit.kind) {
    case "same":
      return cells("", short(edit.expected), short(edit.observed), "s");
    case "missing":
      return cells("missing", text(edit.expected), null);
    case "extra":
      return cells("extra", null, text(edit.observed));
    case "moved":
      return cells("moved", markup`${text(edit.expected)} <b>observed as message ${edit.to + 1}</b>`, null);
    case "arrived":
      return cells("moved", null, markup`${text(edit.observed)} <b>expected as message ${edit.from + 1}</b>`);
    case "changed":
      return cells("differs", ...marked(text(edit.expected), text(edit.observed)));
  }
}

/** Returns the rows of a stream that are shown: the differences, and their neighbours. */
function streamRows({ edits }: StreamDifference): Markup[] {
  const rows: Markup[] = [];
  let skipped = 0;
  const skip = () => {
    if (skipped > 0) {
      rows.push(markup`<tr><td><td class="s" colspan="2">${skipped} that agree`);
    }
    skipped = 0;
  };
  const near = new Set<number>();
  for (const [i, { kind }] of edits.entries()) {
    if (kind !== "same") { for (let at = i - CONTEXT; at <= i + CONTEXT; at++) near.add(at); }
  }
  for (const [i, edit] of edits.entries()) {
    if (!near.has(i)) skipped++;
    else {
      skip();
      rows.push(editRow(edit));
    }
  }
  skip();
  return rows;
}

/** Returns how many messages a stream has on either side. */
function counts({ edits }: StreamDifference): string {
  const of = (side: "expected" | "observed") => edits.filter((edit) => side in edit).length;
  return `${of("expected")} expected, ${of("observed")} observed`;
}

function table(rows: readonly Markup[], most: number, kind = ""): Markup {
  const rest = rows.length - most;
  const more = rest > 0 && markup`<tr><td><td class="s" colspan="2">${rest} more`;
  return markup`<table class="diff ${kind}"><colgroup><col class="k"><col><col></colgroup><thead><tr><th><th>expected<th>observed</thead><tbody>${
    rows.slice(0, most)
  }${more}</table>`;
}

/**
 * Returns a channel with its two sides, at most so many rows of it; nothing of a channel that agrees.
 *
 * @param id The anchor of the channel. @default none
 */
export function channelMarkup(verdict: ChannelVerdict, most: number, id?: string): Markup | undefined {
  const { channel, values, streams, waiver, reason } = verdict;
  if (verdict.verdict === "agree") return;
  const anchor = id && markup`<a class="l" href="#${id}" title="link to this difference">#</a>`;
  const head = (more: Part = "") => markup`<h4${id && markup` id="${id}"`}>${channel}${more}${anchor}</h4>`;
  if (waiver) return markup`${head()}<p>waived until ${waiver.expires}: ${waiver.reason}</p>`;
  if (values.length + streams.length === 0) return markup`${head()}<p>${verdict.verdict}: ${reason}</p>`;
  return markup`${
    values.length > 0 &&
    markup`${head()}${table(tree(values), most, values.some(({ path }) => path !== "") ? "v" : "")}`
  }${
    streams.map((stream, i) => {
      const where = stream.netns === undefined ? "" : ` in netns ${stream.netns}`;
      const about = markup`<span class="dim">${where}: ${counts(stream)}</span>`;
      const first = i === 0 && values.length === 0;
      return markup`${first ? head(about) : markup`<h4>${channel}${about}</h4>`}${table(streamRows(stream), most)}`;
    })
  }`;
}
