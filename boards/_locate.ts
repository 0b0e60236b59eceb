/**
 * Finds the line of a key in a TOML document, since smol-toml does not report lines. It is only a guess for messages: it reads
 * table headers, and `key =` at the start of a line.
 */

const HEADER = /^\s*\[(\[?)\s*([^\]]+?)\s*\]/;
const KEY = /^\s*([A-Za-z0-9_."'$-]+(?:\s*\.\s*[A-Za-z0-9_."'-]+)*)\s*=/;
const plain = (key: string) => key.replace(/["'\s]/g, "");

/** Returns the line of each key by its dotted path (`ssh.port`, `waivers[0].reason`); the first line is 1. */
export function keyLines(toml: string): Map<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let table = "";
  let quote: string | undefined;
  for (const [index, line] of toml.split("\n").entries()) {
    const triples = line.match(/"""|'''/g) ?? [];
    const inside = quote !== undefined;
    for (const triple of triples) quote = quote === undefined ? triple : quote === triple ? undefined : quote;
    if (inside) continue;
    const header = HEADER.exec(line);
    const key = KEY.exec(line);
    if (header) {
      table = plain(header[2]!);
      if (header[1]) {
        const nth = counts.get(table) ?? 0;
        counts.set(table, nth + 1);
        table = `${table}[${nth}]`;
      }
      if (!lines.has(table)) lines.set(table, index + 1);
    } else if (key) {
      const path = table ? `${table}.${plain(key[1]!)}` : plain(key[1]!);
      if (!lines.has(path)) lines.set(path, index + 1);
    }
  }
  return lines;
}

/** Returns the line of `path`, or of the nearest key that contains it; undefined for the whole document. */
export function lineOf(lines: Map<string, number>, path: string): number | undefined {
  for (let at = path; at; at = at.replace(/(\.[^.[]*|\[\d+\]|^[^.[]*)$/, "")) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return undefined;
}
