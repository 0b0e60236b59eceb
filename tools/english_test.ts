import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, lint, proseOf } from "./english.ts";
import { EXCEPTIONS, LONGEST } from "./english_rules.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** A sentence of so many words. */
const sentence = (words: number) => `${"One two three four five ".repeat(words).split(" ", words).join(" ")}.`;

/** Returns the lines and the rules of what is found in a file. */
const found = (path: string, text: string) => check(path, text).map(({ line, rule }) => `${line}: ${rule}`);

Deno.test("english: the texts of this tree follow its rules", async () => {
  assertEquals(await lint(ROOT), []);
});

Deno.test("english: each word is found, and is not where it is right", async (t) => {
  /** A sentence that is refused, and one that is not, by the word that is found. */
  const sentences: [string, string, string][] = [
    ["behind", "The mark behind the step.", "A device behind a console server is left behind."],
    ["in front of", "The name in front of it.", "A console server in front of it."],
    ["Whoever", "Whoever holds the lock.", "The task that holds the lock."],
    [", of which", "Two steps, of which one hangs.", "Two steps, one of which hangs."],
    ["becomes of", "What becomes of a step.", "What happens to a step."],
    ["is had", "The kernel is had here.", "The kernel had a bug."],
    ["says", "The kernel says no.", "The kernel said no."],
    ["is said", "What is said of it.", "What the kernel said."],
    ["told", "The caller is told.", "The caller is notified."],
    ["mends", "The command mends it.", "A command recommends it."],
    ["anew", "It starts anew.", "It starts again."],
    ["goes on with", "It goes on with the run.", "The run goes on."],
    ["those of", "The names are those of ports.", "Those names."],
    ["is none", "Undefined where it is none.", "Undefined if there is none."],
    ["As far as", "As far as it is known.", "It is as far away."],
    ["lets go", "The driver lets go.", "The driver lets it run."],
    ["otherwise than", "It acts otherwise than the model.", "It acts otherwise."],
    ["brought to its end", "A run brought to its end.", "The end of a run."],
    ["in place of", "A list in place of a set.", "It changes a list in place."],
    ["found out", "What was found out.", "What was found."],
    ["for it that", "It waits for it that the line ends.", "It waits until the line ends."],
    ["is kept", "The file is kept.", "It kept the file."],
    ["holds it against", "It holds it against the model.", "It is against the law."],
    ["lives", "The board lives.", "The board is alive."],
    ["room", "No room is left.", "A broom."],
    ["row", "A row of the vocabulary.", "A row of the table; three times in a row."],
    ["Whether", "Whether the kernel broke.", "True if the kernel broke, whether late or not."],
  ];
  for (const [word, wrong, right] of sentences) {
    await t.step(word, () => {
      assert(check("a.md", wrong).some(({ rule }) => rule.startsWith(`"${word}": write `)), wrong);
      assertEquals(check("a.md", right), []);
    });
  }
});

Deno.test("english: a sentence has a bound, which its source and its code do not count for", () => {
  assertEquals(found("a.md", sentence(LONGEST)), []);
  assertEquals(found("a.md", `Short.\n\n${sentence(LONGEST + 1)}`), [`3: a sentence of ${LONGEST + 1} words`]);
  const counted = sentence(LONGEST - 1).replace(".", "");
  assertEquals(found("a.md", `${counted} (net/devlink/trap.c, docs/semantics.md 2.1) \`a b c\`.`), []);
  assertEquals(found("a.ts", `/** ${counted}: ${counted}. */`), []);
  // Two clauses are one sentence, three are a list.
  assertEquals(found("a.md", `${counted}; ${counted}.`), [`1: a sentence of ${2 * (LONGEST - 1)} words`]);
  assertEquals(found("a.md", `${counted}; ${counted}; ${counted}.`), []);
  // A message is data of the program, which may be long.
  assertEquals(found("a.ts", `say("${sentence(LONGEST + 1)}");`), []);
});

Deno.test("english: comments, messages and names of tests are read, code and data are not", () => {
  const texts = (path: string, text: string) => proseOf(path, text).map(({ line, text }) => `${line}: ${text.trim()}`);
  const code = [
    "/** Adds `a` to `b`. */",
    "const path = `${a}/told`, word = 'told'; // one",
    "// two",
    'say(`It is ${b ? `told ${c}` : /"told/.source} to you`, a / b / c);',
    'const script = "echo $(told to you) && true";',
  ].join("\n");
  assertEquals(texts("a.ts", code), [
    "1: Adds CODE to CODE.",
    "2: one\n two",
    "4: It is VALUE to you",
  ]);
  const test = 'Deno.test("what is told here", () => run("what is told there"));';
  assertEquals(texts("a_test.ts", test), ["1: what is told here"]);
  assertEquals(texts("a.sh", '#!/bin/sh\n# one\n# two\necho "a#b" # three\n'), [
    "2: one\n two\n# three".replace("# three", " three"),
  ]);
  assertEquals(texts("a.c", 'say("/* no */");\n/* yes */\n'), ["2: yes"]);
  assertEquals(texts("a.md", "a `told`\n\n```\ntold\n```\n<!-- x:begin -->\ntold\n<!-- x:end -->\n[b](told)"), [
    "1: a CODE\n\n\n\n\n\n\n\n[b]",
  ]);
  assertEquals(texts("deno.json", '{ "a": "told", "description": "Tell it" }'), ["1: Tell it"]);
});

Deno.test("english: each exception is needed", async () => {
  for (const exception of EXCEPTIONS) {
    const text = await Deno.readTextFile(join(ROOT, exception.path));
    const others = EXCEPTIONS.filter((other) => other !== exception);
    assert(check(exception.path, text, others).length > 0, `${exception.path}: ${exception.text}`);
  }
});
