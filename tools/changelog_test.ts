/** CHANGELOG.md: what is made of commits, and the form of the page that ships. */

import { assertEquals, assertThrows } from "@std/assert";
import { changelog } from "./changelog.ts";
import config from "../deno.json" with { type: "json" };

Deno.test("changelog: sections by version, the newest first, of what users see", () => {
  const commits = [
    { title: "feat(cli): init writes a_project", date: "2026-03-03" },
    { title: "test(cli): a tab on a terminal", date: "2026-03-02" },
    { title: "fix!: a reload that fails is no pass", date: "2026-03-02" },
    { title: "perf(model): a plan costs half", released: "0.2.0", date: "2026-03-01" },
    { title: "no title of that form", date: "2026-02-02" },
    { title: "fix(boards, run): <b> is text.", date: "2026-02-02" },
    { title: "fix(boards, run): <b> is text.", date: "2026-02-01" },
    { title: "docs: a picture", released: "0.1.0", date: "2026-01-01" },
    { title: "feat(model): reload", date: "2026-01-01" },
  ];
  assertEquals(
    changelog(commits, "0.3.0"),
    `# Changes

Written by \`deno task changelog\` from the titles of commits.

## 0.3.0, not released yet

### Incompatible

- A reload that fails is no pass.

### New

- cli: init writes a\\_project.

## 0.2.0, 2026-03-01

### Fixed

- boards, run: \\<b\\> is text.

### Faster

- model: a plan costs half.

## 0.1.0, 2026-01-01

The first version: README.md and docs/ describe it.
`,
  );
  assertThrows(
    () => changelog(commits, "0.2.0"),
    RangeError,
    "version 0.2.0 of deno.json has a tag; raise the version",
  );
});

/** What a line of the page may be; sections of versions come before sections of kinds, which come before entries. */
const FORM =
  /^(?:|## \d+\.\d+\.\d+, (?:not released yet|\d{4}-\d\d-\d\d)|### (?:Incompatible|New|Fixed|Faster)|- .+\.|The first version: .+\.)$/;

Deno.test("CHANGELOG.md begins with the version of deno.json, and has the form of the task; else: deno task changelog", async () => {
  const page = await Deno.readTextFile(new URL("../CHANGELOG.md", import.meta.url));
  const [title, , note, ...rest] = page.trimEnd().split("\n");
  assertEquals([title, note], ["# Changes", "Written by `deno task changelog` from the titles of commits."]);
  assertEquals(rest.filter((line) => !FORM.test(line)), []);
  const versions = rest.filter((line) => line.startsWith("## ")).map((line) => line.slice(3).split(",")[0]!);
  assertEquals([versions[0], versions.length], [config.version, new Set(versions).size]);
  assertEquals(rest.at(-1)?.startsWith("The first version: "), true);
});
