/**
 * Patterns of the shell: `*`, `?` and `[...]`; a backslash makes the next character literal.
 *
 * @module
 */

/** True if a pattern contains more than literal text. */
export function isPattern(pattern: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*[*?[]/.test(pattern);
}

/** Returns the source of a regular expression for a pattern. */
export function patternSource(pattern: string, any = "[^]", star = "*"): string {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === "\\" && i + 1 < pattern.length) source += literal(pattern[++i]!);
    else if (char === "*") source += any + star;
    else if (char === "?") source += any;
    else if (char === "[") {
      const set = /^\[([!^]?)(\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]/.exec(pattern.slice(i));
      if (set) {
        source += `[${set[1] ? "^" : ""}${setSource(set[2]!)}]`;
        i += set[0].length - 1;
      } else source += "\\[";
    } else source += literal(char);
  }
  return source;
}

/** Character classes of POSIX. */
const CLASSES: Readonly<Record<string, string>> = {
  alpha: "a-zA-Z",
  digit: "0-9",
  alnum: "a-zA-Z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\s",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`{-~",
  xdigit: "0-9a-fA-F",
  cntrl: "\\x00-\\x1f\\x7f",
  print: "\\x20-\\x7e",
  graph: "\\x21-\\x7e",
};

/** Returns the text between the brackets of a set, for a regular expression. */
export function setSource(text: string): string {
  return text.replace(/\[:(\w+):\]|\\.|[\]\\[^]/g, (all, name: string | undefined) => {
    if (name !== undefined) return CLASSES[name] ?? "";
    return all.length > 1 ? all : `\\${all}`;
  });
}

const literal = (char: string) => /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;

/** True if a pattern matches a whole text. */
export function matches(pattern: string, text: string): boolean {
  return new RegExp(`^${patternSource(pattern)}$`).test(text);
}

/** Removes the text that a pattern matches at the start or at the end, as `${x#p}` and `${x%p}` do. */
export function strip(text: string, pattern: string, operator: "#" | "##" | "%" | "%%"): string {
  const longest = operator.length === 2;
  if (operator[0] === "#") {
    // A star that takes as much as it can leads to the longest match of all, one that takes little to the shortest
    return text.replace(new RegExp(`^${patternSource(pattern, "[^]", longest ? "*" : "*?")}`), "");
  }
  const rest = new RegExp(`^([^]*${longest ? "?" : ""})${patternSource(pattern)}$`).exec(text);
  return rest ? rest[1]! : text;
}
