/**
 * The words of an awk program.
 *
 * @module
 */

/** A word of a program. */
export interface Token {
  type: "number" | "string" | "regex" | "name" | "function" | "punctuation" | "newline" | "end";
  value: string;
}

const OPERATORS = /^(?:\|\||&&|\+\+|--|[-+*/%^]=|[=!<>]=|!~|[-+*/%^=!<>~?:;,(){}[\]$|])/;

/** Takes a program apart; throws a SyntaxError where a character belongs to nothing. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const escaped = (body: string) =>
    body.replace(
      /\\([^])/g,
      (_all, char: string) => ({ n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "/": "/" })[char] ?? `\\${char}`,
    );
  while (at < source.length) {
    const rest = source.slice(at);
    const space = /^(?:[ \t\r]+|\\\n|#[^\n]*)/.exec(rest);
    if (space) {
      at += space[0].length;
      continue;
    }
    const take = (type: Token["type"], length: number, value = rest.slice(0, length)) => {
      tokens.push({ type, value });
      at += length;
    };
    if (rest[0] === "\n") {
      take("newline", 1);
      continue;
    }
    const string = /^"((?:[^"\\]|\\[^])*)"/.exec(rest);
    if (string) {
      take("string", string[0].length, escaped(string[1]!));
      continue;
    }
    const last = tokens.at(-1);
    const operand = last && (/^(?:number|string|regex|name)$/.test(last.type) || /^[)\]]$/.test(last.value));
    const regex = operand ? null : /^\/((?:[^/\\\n]|\\.)+)\//.exec(rest);
    if (regex) {
      take("regex", regex[0].length, regex[1]!);
      continue;
    }
    const figure = /^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(rest);
    if (figure) {
      take("number", figure[0].length);
      continue;
    }
    const name = /^[A-Za-z_]\w*/.exec(rest);
    if (name) {
      take(rest[name[0].length] === "(" ? "function" : "name", name[0].length);
      continue;
    }
    const operator = OPERATORS.exec(rest);
    if (!operator) throw new SyntaxError(`unexpected character '${rest[0]}'`);
    take("punctuation", operator[0].length);
  }
  tokens.push({ type: "end", value: "" });
  return tokens;
}
