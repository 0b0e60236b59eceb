/**
 * Learned expectations as a file: TOML, for a person to read, to review as a diff, and to commit.
 *
 * @module
 */

import { parse, TomlDate, TomlError } from "smol-toml";
import { z } from "zod";
import { visible } from "../boards/visible.ts";
import { type Channel, CHANNELS, type Json } from "../model/observation.ts";
import { canonical, isObject } from "./_json.ts";
import { hashOf, type LearnedEntry } from "./learned.ts";
import { parseTags } from "./tags.ts";

const texts = z.array(z.string()).min(1);
const line = z.string().min(1);

const entrySchema = z.strictObject({
  key: line,
  when: line.exactOptional(),
  suite: line,
  sequence: line,
  step: z.int().min(1),
  command: line,
  reason: line,
  until: z.iso.date().exactOptional(),
  varies: z.array(z.enum(CHANNELS)).exactOptional(),
  ...Object.fromEntries(CHANNELS.map((channel) => [channel, texts.exactOptional()])) as Record<
    Channel,
    z.ZodExactOptional<typeof texts>
  >,
});

const fileSchema = z.strictObject({
  version: z.literal(1),
  when: line,
  until: z.iso.date(),
  values: z.record(z.string(), z.string()).default({}),
  gap: z.array(entrySchema).default([]),
  deviation: z.array(entrySchema).default([]),
});

const KINDS = ["gap", "deviation"] as const;

const HEAD =
  `# Written by: twinlink learn. What boards showed, not what the model knows: review it, and correct the reasons.
# [[gap]]: the model has no answer. A channel that is not named shows nothing: result "ok", time "immediate".
# [[deviation]]: the board differs from the model. Several values of a channel: each of them may come.
# A name as v0123abcd stands for the value of that name at the end.
# "varies": the channel was another one in every run, and is not compared.
`;

/** Text of JSON that a literal string of TOML can hold: ASCII without an apostrophe. */
const ascii = (json: string) =>
  json.replace(/[^\x20-\x7e]|'/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Returns a value as JSON, one line for each message. */
function valueText(value: Json): string {
  const one = (json: Json) => ascii(JSON.stringify(json));
  const list = (items: Json[]) =>
    items.length > 1 ? `[\n${items.map((item) => `  ${one(item)}`).join(",\n")}\n]` : one(items);
  if (Array.isArray(value)) return list(value);
  if (!isObject(value) || !Object.values(value).some((inner) => Array.isArray(inner) && inner.length > 1)) {
    return one(value);
  }
  const entries = Object.entries(value).map(([key, inner]) =>
    `${one(key)}: ${Array.isArray(inner) ? list(inner) : one(inner)}`
  );
  return `{${entries.join(",\n")}}`;
}

const literal = (text: string) => text.includes("\n") ? `'''\n${text}'''` : `'${text}'`;
/** Returns a basic string of TOML, in ASCII. */
const quoted = (text: string) =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/gu, (one) => `\\U${one.codePointAt(0)!.toString(16).padStart(8, "0")}`);

/** The longest value in an entry, in characters; longer values are written once, at the end. */
const LONGEST = 160;

/** Names the values that are too long to stand in an entry. */
class Named {
  readonly values = new Map<string, string>();

  /** Returns the text of a value in an entry: the value, or its name. */
  in(value: Json): string {
    const text = valueText(value);
    if (text.length <= LONGEST) return literal(text);
    const name = `v${hashOf(canonical(value))}`;
    this.values.set(name, text);
    return literal(name);
  }
}

/** Returns the text of a file of learned expectations; `when` and `until` of the file are the values of most entries. */
export function learnedText(entries: readonly LearnedEntry[]): string {
  const most = (of: (entry: LearnedEntry) => string, none: string) => {
    const counts = [...Map.groupBy(entries, of)].sort(([, a], [, b]) => b.length - a.length);
    return counts[0]?.[0] ?? none;
  };
  const when = most((entry) => entry.when, 'driver = ""');
  const until = most((entry) => entry.until, "2000-01-01");
  const named = new Named();
  const parts = entries.map((entry) => {
    const { kind, key, suite, sequence, step, command, reason, varies, values } = entry;
    return [
      `[[${kind}]]`,
      `key = ${quoted(key)}`,
      ...entry.when === when ? [] : [`when = ${literal(entry.when)}`],
      `suite = ${quoted(suite)}`,
      `sequence = ${quoted(sequence)}`,
      `step = ${step}`,
      `command = ${quoted(command)}`,
      `reason = ${quoted(reason)}`,
      ...entry.until === until ? [] : [`until = ${entry.until}`],
      ...varies.length > 0 ? [`varies = [${varies.map(quoted).join(", ")}]`] : [],
      ...CHANNELS.flatMap((channel) => {
        const of = values[channel];
        return of ? [`${channel} = [${of.map((value) => named.in(value)).join(", ")}]`] : [];
      }),
    ].join("\n");
  });
  const long = [...named.values].map(([name, text]) => `${name} = ${literal(text)}`);
  const head = `${HEAD}version = 1\nwhen = ${literal(when)}\nuntil = ${until}`;
  return [head, ...parts, ...long.length > 0 ? ["[values]", ...long] : []].join("\n\n") + "\n";
}

/**
 * Reads a file of learned expectations.
 *
 * @param file Its name, for messages
 * @throws {SyntaxError} in one line: file, key, what was found, what was meant
 */
export function parseLearned(text: string, file: string): LearnedEntry[] {
  const fail = (what: string): never => {
    throw new SyntaxError(`${visible(file)}: ${visible(what)}`);
  };
  const plain = (value: unknown): unknown => {
    if (value instanceof TomlDate) return value.toISOString();
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  };
  let root: unknown;
  try {
    root = plain(parse(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split("\n")[0]!.replace("Invalid TOML document: ", "");
    return fail(`is not TOML: line ${error.line}: ${what}`);
  }
  const { success, data, error } = fileSchema.safeParse(root);
  if (!success) {
    const issue = error.issues[0]!;
    const key = issue.path.map((part) => typeof part === "number" ? `[${part}]` : `.${String(part)}`).join("").slice(1);
    return fail(`${key === "" ? "" : `${key}: `}${issue.message}`);
  }
  const entries = KINDS.flatMap((kind) =>
    data[kind].map((entry, i): LearnedEntry => {
      const { key, suite, sequence, step, command, reason, varies = [] } = entry;
      const at = `${kind}[${i}]`;
      const values = CHANNELS.flatMap((channel) => {
        const of = entry[channel];
        return of
          ? [
            [
              channel,
              of.map((json) =>
                jsonOf(Object.hasOwn(data.values, json) ? data.values[json]! : json) ??
                  fail(`${at}.${channel}: is no JSON, and no name of [values]`)
              ),
            ] as const,
          ]
          : [];
      });
      const { when = data.when, until = data.until } = entry;
      const about = { key, kind, when, until, suite, sequence, step, command, reason, varies };
      return {
        ...about,
        values: Object.fromEntries(values.map(([channel, of]) => [channel, of.map(({ json }) => json)])),
      };
    })
  );
  const keys = new Set<string>();
  for (const { key, when } of entries) {
    if (keys.has(key)) fail(`the key ${key} stands twice`);
    keys.add(key);
    try {
      parseTags(when);
    } catch (error) {
      fail(`when of ${key}: ${(error as Error).message}`);
    }
  }
  return entries;
}

/** Returns the value of a JSON text; undefined if it is not JSON. */
function jsonOf(text: string): { json: Json } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
