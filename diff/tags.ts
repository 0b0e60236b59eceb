/**
 * Tag expressions: which boards an entry is for, for example `driver = "mlx5_core" and era >= "6.12"`.
 *
 * @module
 */

import type { TraceHeader } from "./trace.ts";

/** What an expression can ask for. */
export const TAGS = ["driver", "era", "kernel", "firmware", "board", "handle"] as const;

/** What a board is, in the words of an expression; a tag that is not known has an empty text. */
export type Tags = Readonly<Record<typeof TAGS[number], string>>;

/** Returns the tags of a board by what a trace shows of it; `driver` stands in where nothing was read from a device. */
export function tagsOf({ board, era, kernel, facts }: TraceHeader, driver = ""): Tags {
  const { running = {}, stored = {} } = facts?.versions ?? {};
  const firmware = running["fw.version"] ?? running["fw"] ?? stored["fw.version"] ?? stored["fw"] ?? "";
  return { driver: facts?.driver ?? driver, era, kernel, firmware, board, handle: facts?.handle ?? "" };
}

/** Compares versions part by part: numbers as numbers, all else as text. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.\-+_]/));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const [x = "", y = ""] = [left![i], right![i]];
    if (x === y) continue;
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    return numbers ? Number(x) - Number(y) : x < y ? -1 : 1;
  }
  return 0;
}

const HOLDS: Record<string, (order: number) => boolean> = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

const TOKEN = /\s*(?:"([^"]*)"|(<=|>=|!=|[<>=()])|(\w+))/y;

/**
 * Reads a tag expression: comparisons of a tag with a text (`=`, `!=`, `<`, `<=`, `>`, `>=`), `and`, `or`, `not`, brackets. An
 * order compares version numbers part by part; a tag that is not known is in no order.
 *
 * @throws {SyntaxError} in one line, if this is not a tag expression
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseTags } from "./tags.ts";
 *
 * const when = parseTags('driver = "mlx5_core" and (era >= "6.12" or firmware < "28.9")');
 * const board = { driver: "mlx5_core", kernel: "", board: "b", handle: "" };
 * assertEquals(when({ ...board, era: "7.2", firmware: "" }), true);
 * assertEquals(when({ ...board, era: "6.1", firmware: "28.39" }), false);
 * ```
 */
export function parseTags(text: string): (tags: Tags) => boolean {
  const tokens: { kind: "text" | "sign" | "word"; value: string }[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ""; at = TOKEN.lastIndex) {
    const [, quoted, sign, word] = TOKEN.exec(text) ?? fail(`it cannot be read from "${text.slice(at).trim()}" on`);
    tokens.push(
      quoted !== undefined
        ? { kind: "text", value: quoted }
        : sign !== undefined
        ? { kind: "sign", value: sign }
        : { kind: "word", value: word! },
    );
  }
  let next = 0;
  const take = (value: string) => tokens[next]?.kind !== "text" && tokens[next]?.value === value && ++next > 0;
  function one(): (tags: Tags) => boolean {
    if (take("not")) {
      const inner = one();
      return (tags) => !inner(tags);
    }
    if (take("(")) {
      const inner = either();
      return take(")") ? inner : fail("a ) is missing");
    }
    const [tag, sign, value] = [tokens[next++], tokens[next++], tokens[next++]];
    const name = TAGS.find((known) => tag?.kind === "word" && known === tag.value) ??
      fail(`${tag ? `"${tag.value}"` : "nothing"} stands where one of ${TAGS.join(", ")} is meant`);
    const holds = sign?.kind === "sign" ? HOLDS[sign.value] : undefined;
    if (!holds) return fail(`after ${name} one of ${Object.keys(HOLDS).join(" ")} is missing`);
    if (value?.kind !== "text") return fail(`after ${name} ${sign!.value} a text in quotes is missing`);
    const exact = sign!.value === "=" || sign!.value === "!=";
    return (tags) => (exact || tags[name] !== "") && holds(compareVersions(tags[name], value.value));
  }
  function both(): (tags: Tags) => boolean {
    let left = one();
    while (take("and")) {
      const [before, right] = [left, one()];
      left = (tags) => before(tags) && right(tags);
    }
    return left;
  }
  function either(): (tags: Tags) => boolean {
    let left = both();
    while (take("or")) {
      const [before, right] = [left, both()];
      left = (tags) => before(tags) || right(tags);
    }
    return left;
  }
  const expression = either();
  if (next < tokens.length) fail(`"${tokens[next]!.value}" stands where and, or or the end is meant`);
  return expression;
}

function fail(why: string): never {
  throw new SyntaxError(why);
}
