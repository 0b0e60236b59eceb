/**
 * HTML in template literals: what is put into a template is escaped, unless it is markup itself.
 *
 * @module
 */

import { visible } from "../../../boards/mod.ts";

/** Markup that is safe as it stands. Made by {@linkcode markup} alone. */
export class Markup {
  /** The markup */
  readonly text: string;

  /** @ignore use {@linkcode markup} */
  constructor(text: string) {
    this.text = text;
  }

  /** Returns the markup. */
  toString(): string {
    return this.text;
  }
}

/** What a template takes: text and numbers are escaped, missing values become nothing. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[];

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** The longest text of a board in the page, in characters: the trace has all of it. */
export const LONGEST = 2_000;

/** Returns a text, shortened; a longer one ends with by how much. */
export function cut(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest)}... (${(text.length - longest).toLocaleString("en-US")} more characters)`;
}

/** Text of a document: characters that act, or are not seen, as escapes. */
function escaped(text: string): string {
  return visible(cut(text)).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

function textOf(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  return escaped(String(part));
}

/**
 * Markup of a template.
 *
 * ```ts
 * import { markup } from "./markup.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(`${markup`<b title="${'"'}">${"<i>\u001b"}${markup`<br>`}</b>`}`, '<b title="&quot;">&lt;i&gt;\\e<br></b>');
 * ```
 */
export function markup(template: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(template.map((text, i) => i === 0 ? text : textOf(parts[i - 1]) + text).join(""));
}

/** Text that stands in a `script` or `style` of the page as it is, without what could end it. Never text of a board. */
export function raw(text: string): Markup {
  if (/<[/!]/.test(text)) throw new TypeError("Cannot put a text with a tag into a script or a style");
  return new Markup(text);
}
