/**
 * Rewrites CHANGELOG.md: what changed for users since the first version, from the titles of commits, by version.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

/** The parts of a commit that the page needs. */
export interface Commit {
  /** `type(scope): what changes for the reader` */
  title: string;
  /** The version that was released with it, without the `v` of the tag */
  released?: string | undefined;
  /** `YYYY-MM-DD` */
  date: string;
}

/** The sections of the page, by the type of a commit. */
const KINDS = { feat: "New", fix: "Fixed", perf: "Faster" } as const;

/** No reader knows a version before the first one: a list of its commits would not help. */
const FIRST = "The first version: README.md and docs/ describe it.";

const TITLE = /^(?<type>[a-z]+)(?:\((?<scope>[\w/, -]+)\))?(?<breaks>!?): (?<what>\S.*)$/;

/** Returns the title of a commit as an entry, and what kind it is; undefined if it does not concern users. */
function entryOf(title: string): { kind: string; line: string } | undefined {
  const { type, scope, breaks, what } = TITLE.exec(title)?.groups ?? {};
  const kind = breaks
    ? "Incompatible"
    : Object.hasOwn(KINDS, type ?? "")
    ? KINDS[type as keyof typeof KINDS]
    : undefined;
  if (kind === undefined) return undefined;
  // A scope begins the sentence: the name of a command after it stays as it is.
  const sentence = (scope ? `${scope}: ${what}` : what![0]!.toUpperCase() + what!.slice(1)).replace(/[.;]?$/, ".");
  // Characters of Markdown in a title are literal.
  return { kind, line: `- ${sentence.replaceAll(/[\\`*_<>[\]]/g, "\\$&")}` };
}

/**
 * Returns the text of CHANGELOG.md.
 *
 * @param commits the newest first
 * @param version the version that will be released next
 * @throws {RangeError} If that version was released already
 */
export function changelog(commits: readonly Commit[], version: string): string {
  if (commits.some(({ released }) => released === version)) {
    throw new RangeError(`Cannot write CHANGELOG.md: version ${version} of deno.json has a tag; raise the version`);
  }
  const sections = [{ head: `## ${version}, not released yet`, titles: [] as string[] }];
  for (const { title, released, date } of commits) {
    if (released !== undefined) sections.push({ head: `## ${released}, ${date}`, titles: [] });
    sections.at(-1)!.titles.push(title);
  }
  const parts = sections.flatMap(({ head, titles }, i) => {
    if (i === sections.length - 1) return [head, FIRST];
    const entries = titles.flatMap((title) => entryOf(title) ?? []);
    return [
      head,
      ...["Incompatible", ...Object.values(KINDS)].flatMap((kind) => {
        const lines = new Set(entries.filter((entry) => entry.kind === kind).map(({ line }) => line));
        return lines.size === 0 ? [] : [`### ${kind}`, [...lines].join("\n")];
      }),
    ];
  });
  return ["# Changes", "Written by `deno task changelog` from the titles of commits.", ...parts].join("\n\n") + "\n";
}

/** Reads the commits of this repository, the newest first. */
async function commitsOfRepository(): Promise<Commit[]> {
  const args = ["log", "--no-merges", "--format=%s%x00%D%x00%cs"];
  const { success, stdout, stderr } = await new Deno.Command("git", { args, cwd: new URL("../", import.meta.url) })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`Cannot read the commits: ${text(stderr).trim()}`);
  return text(stdout).trimEnd().split("\n").map((line) => {
    const [title = "", refs = "", date = ""] = line.split("\0");
    return { title, released: /\btag: v(\d+\.\d+\.\d+)(?:,|$)/.exec(refs)?.[1], date };
  });
}

if (import.meta.main) {
  const page = changelog(await commitsOfRepository(), config.version);
  const path = new URL("../CHANGELOG.md", import.meta.url);
  await Deno.writeTextFile(new URL("CHANGELOG.md.part", path), page);
  await Deno.rename(new URL("CHANGELOG.md.part", path), path);
}
