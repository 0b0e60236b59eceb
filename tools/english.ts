/**
 * Lint of the English that people read here: words, and the length of sentences. `tools/english_test.ts` runs it.
 *
 *     deno run --allow-read tools/english.ts
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Exception, EXCEPTIONS, LONGEST, NOT_READ, WORDS } from "./english_rules.ts";

/** A piece of text that a person reads, as it stands in a file: a comment, a message, a name of a test, a paragraph. */
export interface Prose {
  /** The text: code in it is `CODE`, a value that is filled in is `VALUE`; line breaks stay. */
  readonly text: string;
  /** The line of the file on which the text begins, from 1. */
  readonly line: number;
  /** True if the text is a string of a program, which may be data: a sentence of it has no limit of words. */
  readonly literal?: boolean;
}

/** A place that breaks a rule. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  /** What is wrong, and what to write. */
  readonly rule: string;
  /** The sentence. */
  readonly text: string;
}

/** A string of a TypeScript file, or a comment. */
interface Token {
  readonly kind: "comment" | "string";
  readonly text: string;
  readonly start: number;
  /** The code just before a string, from which the name of a test is known. */
  readonly before: string;
}

/** A slash after one of these tokens begins a regular expression, not a division. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|of|in))\s*$/;
const REGEXP = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const QUOTED = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;

/** Returns the comments and the strings of TypeScript, in their order. */
function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const code = (from: number, nested: boolean): number => {
    let depth = 0;
    let at = from;
    while (at < source.length) {
      const char = source[at]!;
      const before = source.slice(Math.max(0, at - 60), at);
      if (source.startsWith("//", at) || source.startsWith("/*", at)) {
        const [end, past] = char + source[at + 1] === "//" ? ["\n", 0] : ["*/", 2];
        const found = source.indexOf(end, at + 2);
        const next = found < 0 ? source.length : found + past;
        tokens.push({ kind: "comment", text: source.slice(at, next), start: at, before: "" });
        at = next;
      } else if (char === '"' || char === "'") {
        QUOTED.lastIndex = at;
        const [text] = QUOTED.exec(source) ?? [char];
        tokens.push({ kind: "string", text: text.slice(1, -1), start: at, before });
        at += text.length;
      } else if (char === "`") at = template(at, before);
      else if (char === "/" && BEFORE_REGEXP.test(before)) {
        REGEXP.lastIndex = at;
        at += REGEXP.exec(source)?.[0].length ?? 1;
      } else if (char === "{") depth++, at++;
      else if (char === "}") {
        if (nested && depth === 0) return at + 1;
        depth--, at++;
      } else at++;
    }
    return at;
  };
  const template = (start: number, before: string): number => {
    let text = "";
    let at = start + 1;
    while (at < source.length && source[at] !== "`") {
      if (source.startsWith("${", at)) {
        const next = code(at + 2, true);
        text += "VALUE" + source.slice(at, next).replaceAll(/[^\n]/g, "");
        at = next;
      } else {
        const width = source[at] === "\\" ? 2 : 1;
        text += source.slice(at, at + width);
        at += width;
      }
    }
    tokens.push({ kind: "string", text, start, before });
    return at + 1;
  };
  code(0, false);
  return tokens;
}

/** Returns Markdown, or a doc comment, without its code: blocks become empty lines, and `code` in a line is `CODE`. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/^([ >]*)(```|~~~)[^\n]*\n[\s\S]*?^\1\2[^\n]*$/gm, (block) => block.replaceAll(/[^\n]/g, ""))
    .replaceAll(/`[^`\n]*(?:\n[^`\n]*)?`/g, (span) => "CODE" + span.replaceAll(/[^\n]/g, ""))
    .replaceAll(/\{@link [^}]*\}/g, "CODE")
    .replaceAll(/<!--[\s\S]*?-->/g, (comment) => comment.replaceAll(/[^\n]/g, ""))
    .replaceAll(/\]\([^)\n]*\)/g, "]")
    .replaceAll(/https?:\/\/[^\s)]*/g, "CODE");
}

const stripComment = (text: string) =>
  withoutCode(text.replace(/^\/\*+/, "").replace(/\*\/$/, "").replaceAll(/^[ \t]*(?:\/\/+|\*|#+)/gm, ""));

/** Joins the comments of one line each that follow each other, and strips the signs of all. */
function commentsOf(comments: readonly { text: string; line: number }[]): Prose[] {
  const joined: { text: string; line: number; next: number }[] = [];
  for (const { text, line } of comments) {
    const last = joined.at(-1);
    const single = !text.startsWith("/*");
    if (single && last && last.next === line) last.text += "\n" + text, last.next = line + 1;
    else joined.push({ text, line, next: single ? line + 1 : -1 });
  }
  return joined.map(({ text, line }) => ({ text: stripComment(text), line }));
}

/** Calls whose first argument is the name of a test. */
const NAMES_A_TEST =
  /(?:[tT]est|\b(?:step|sequence|suite|it|describe|ignore|only|bench))(?:\.\w+)?\(\s*$|\b(?:name|bug):\s*$/;
const words = (text: string) => text.match(/[A-Za-z][A-Za-z'-]*/g) ?? [];
/** A program, a log of a kernel or markup, and no sentence. */
const NO_PROSE = /\$\(|\$\{|&&|\|\||;;|<\/|^\s*</;
/** The source of a fact, in brackets: `(net/devlink/trap.c, docs/semantics.md 2.1)`. It is no part of its sentence. */
const SOURCE = /\([^()]*(?:\.[ch]\b|\w_\w|docs\/|drivers\/|\.config)[^()]*(?:\(\))?[^()]*\)?/g;
const isProse = (text: string) => words(text).length >= 3 && !NO_PROSE.test(text);

/** Returns what a person reads of a file; `path` tells its kind. */
export function proseOf(path: string, text: string): Prose[] {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const lineAt = (offset: number) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  if (path.endsWith(".md")) {
    const own = text.replaceAll(
      /^<!-- (\w+):begin [\s\S]*?^<!-- \1:end -->/gm,
      (block) => block.replaceAll(/[^\n]/g, ""),
    );
    return [{ text: withoutCode(own), line: 1 }];
  }
  if (/\.[ch]$/.test(path)) {
    const found = text.matchAll(/"(?:[^"\\\n]|\\.)*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g);
    return commentsOf(
      [...found].filter(([all]) => !all.startsWith('"')).map((m) => ({ text: m[0], line: lineAt(m.index) })),
    );
  }
  if (path.endsWith(".json")) {
    const found = text.matchAll(/(?<="description": )"([^"]*)"/g);
    return [...found].map((m) => ({ text: m[1]!, line: lineAt(m.index), literal: true }));
  }
  if (!path.endsWith(".ts")) {
    const found = text.matchAll(/(?<=^|\s)#(?!!).*/gm);
    return commentsOf([...found].map((m) => ({ text: m[0], line: lineAt(m.index) })));
  }
  const tokens = tokensOf(text);
  const comments = tokens.filter(({ kind }) => kind === "comment");
  const isTest = /_(?:test|bench)\.ts$|testing\.ts$/.test(path);
  const strings = tokens.filter(({ kind, text, before }) =>
    kind === "string" && isProse(text) && (!isTest || NAMES_A_TEST.test(before))
  );
  return [
    ...commentsOf(comments.map(({ text, start }) => ({ text, line: lineAt(start) }))),
    ...strings.map(({ text, start }) => ({ text: withoutCode(text), line: lineAt(start), literal: true })),
  ];
}

/** A sentence ends at its mark, an empty line, an item of a list, a cell, a tag, a heading. */
const ENDS = /[.!?:]["')*]*(?=\s)|\n\s*(?=\n)|\n(?= {3}|\s*(?:[-*|#>]|\d+\.|@\w+)\s?)|\||(?<=^\s*#.*)\n/gm;

function* sentencesOf({ text, line }: Prose): Generator<{ text: string; line: number }> {
  let from = 0;
  const ends = [...text.matchAll(ENDS)].map((m) => m.index + m[0].length);
  for (const end of [...ends, text.length]) {
    const piece = text.slice(from, end);
    const begins = from + (piece.length - piece.trimStart().length);
    if (piece.trim() !== "") yield { text: piece.trim(), line: line + text.slice(0, begins).split("\n").length - 1 };
    from = end;
  }
}

/** Returns what breaks a rule in a file of a tree; `path` is relative to the tree. */
export function check(path: string, text: string, exceptions: readonly Exception[] = EXCEPTIONS): Finding[] {
  const findings: Finding[] = [];
  for (const prose of proseOf(path, text)) {
    if (exceptions.some((exception) => exception.path === path && exception.text === prose.text)) continue;
    for (const sentence of sentencesOf(prose)) {
      const flat = sentence.text.replaceAll(/\s+/g, " ");
      for (const { found, write, not, where } of WORDS) {
        if (where?.test(path) || not?.test(flat)) continue;
        for (const match of sentence.text.matchAll(found)) {
          const line = sentence.line + sentence.text.slice(0, match.index).split("\n").length - 1;
          findings.push({ path, line, rule: `"${match[0].replaceAll(/\s+/g, " ")}": write ${write}`, text: flat });
        }
      }
      const items = flat.replaceAll(SOURCE, "").split(";");
      // Two clauses are one sentence; more of them are a list.
      const length = Math.max(...(items.length > 2 ? items : [items.join(" ")]).map((item) => words(item).length));
      if (length > LONGEST && !prose.literal) {
        findings.push({ path, line: sentence.line, rule: `a sentence of ${length} words`, text: flat });
      }
    }
  }
  return findings;
}

/** Returns the paths of the files of a tree that are read, relative to it. */
export async function* filesOf(root: string, folder = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = join(folder, name);
    if (NOT_READ.some((pattern) => pattern.test(path))) continue;
    if (isDirectory) yield* filesOf(root, path);
    else if (path === "deno.json" || /\.(?:ts|md|sh|c|h|mk|toml|yml)$/.test(name)) yield path;
  }
}

/** Returns what breaks a rule in a tree, a line each: `path:line: rule: sentence`. */
export async function lint(root: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const path of filesOf(root)) {
    for (const { line, rule, text } of check(path, await Deno.readTextFile(join(root, path)))) {
      lines.push(`${path}:${line}: ${rule}: ${text}`);
    }
  }
  return lines.sort();
}

if (import.meta.main) {
  const found = await lint(fileURLToPath(new URL("../", import.meta.url)));
  for (const line of found) console.log(line);
  if (found.length > 0) Deno.exit(1);
}
