/** What the lint of English knows (`tools/english.ts`): words, a length, exceptions. It grows when a reader stumbles. */

/** A word that is not written here. */
export interface Word {
  /** What is looked for in a sentence. */
  readonly found: RegExp;
  /** What to write instead. */
  readonly write: string;
  /** Sentences in which the word is right. */
  readonly not?: RegExp;
  /** Files in which the word is right. */
  readonly where?: RegExp;
}

/** The most words of a sentence, or of its part up to a colon: more are more than one idea. */
export const LONGEST = 25;

/** The words, with what to write. */
export const WORDS: readonly Word[] = [
  {
    // What is connected behind something stays, and so does what is left behind.
    found: /(?<!\b(?:boards?|chip|device|functions?|guest|lines?|nobody|PCS|pty|shell|tty|UARTs)\s+)\bbehind\b/gi,
    write: '"after" or "following"',
    not: /\b(?:leav(?:es?|ing)|left)\b[^:;]*\bbehind\b|\bwhat is behind it\b|\bguest,? behind\b/i,
  },
  { found: /\bin\s+front\s+of\b/gi, write: '"before"', not: /\bconsole server in front of\b/ },
  { found: /\bwho(?:so)?ever\b/gi, write: '"the caller", "the user" or "a reader"' },
  { found: /(?<!\b\w+\s)\bof\s+(?:whom|whose)\b|,\s+of\s+which\b/gi, write: "the noun, in a sentence of its own" },
  {
    found:
      /(?<!\b(?:all|any|both|each|first|half|last|most|nearest|none|one|parts|second|some|third|\d+|\d+ kB)\s+)of\s+which\b/gi,
    write: "the noun, in a sentence of its own",
  },
  { found: /\b(?:be)?comes?\s+of\b|\bbecome\s+of\b|\bcame\s+of\b/gi, write: '"the result" or "the outcome"' },
  { found: /\b(?:is|are|be|was|were)\s+(?:had|got\s+at)\b/gi, write: '"exists", "is available" or "is reached"' },
  { found: /\b(?:is|are|be|was|were|been)\s+said\b|\bsays\b/gi, write: '"is reported", "prints" or "states"' },
  { found: /\btold\b/gi, write: '"reported"' },
  { found: /\bmend(?:s|ed|ing)?\b/gi, write: '"fix" or "repair"' },
  { found: /\banew\b/gi, write: '"again", or a verb with "re-": rebooted, recreated', not: /^@param anew / },
  { found: /\bgo(?:es|ne|ing)?\s+on\s+with\b/gi, write: '"continue" or "resume"' },
  { found: /\b(?:that|those)\s+of\b/gi, write: "the noun" },
  { found: /(?<!\bthere\s+)\b(?:is|are)\s+none\b/gi, write: '"is not a" or "has no"' },
  { found: /\b(?:as|so)\s+far\s+as\b/gi, write: '"if" or "where"', not: /\bas far as the model knows\b/ },
  { found: /\blet(?:s|ting)?\s+go\b/gi, write: '"release" or "allow"' },
  { found: /\botherwise\s+than\b/gi, write: '"differs from" or "unlike"' },
  { found: /\bbrought\s+to\s+(?:its|their|an)\s+end\b/gi, write: '"finished"' },
  { found: /\bin\s+place\s+of\b/gi, write: '"instead of"' },
  { found: /\bfound\s+out\b/gi, write: '"twinlink finds"' },
  { found: /\bfor\s+it\s+that\b/gi, write: '"until"' },
  { found: /\b(?:is|are)\s+kept\b/gi, write: '"is stored", "is saved" or "stays"' },
  { found: /\bh(?:o|e)lds?\s+[^.:;]{0,40}?\bagainst\b/gi, write: '"compares with"' },
  { found: /\blives\b/gi, write: '"is alive" or "is in"' },
  { found: /\broom\b/gi, write: '"space"' },
  {
    // A row of a table is a row.
    found: /(?<!\bin\s+a\s+)\brows?\b/gi,
    write: '"entry"',
    not: /\b(?:columns?|tables?)\b/i,
    where: /^(?:fuzz|diff\/report|run\/history|tools|docs\/adding-a-driver\.md)\b/,
  },
  { found: /^Whether\b/g, write: '"True if"' },
];

/** What the lint does not read: what is generated or recorded, what others wrote, and itself. */
export const NOT_READ: readonly RegExp[] = [
  /^(?:vendor|node_modules|coverage|out|\.git)$/,
  /^boards\/recordings$/,
  /\/(?:testdata|__snapshots__)$/,
  /^CHANGELOG\.md$/,
  /^docs\/(?:agreement|coverage|limits|pcs|races|semantics)\.md$/,
  /^tools\/english(?:_rules|_test)\.ts$/,
];

/** A text that stays as it is. */
export interface Exception {
  readonly path: string;
  readonly text: string;
  readonly reason: string;
}

/** Names of sequences by their file: they stand in recordings, which are not edited, and a run compares by them. */
const RECORDED: Readonly<Record<string, readonly string[]>> = {
  "suites/devlink/health.ts": [
    "a port has no reporters; where there is no such port, those of the device are meant",
  ],
  "suites/devlink/netns.ts": [
    "a netns that is none",
  ],
  "suites/devlink/netns_inside.ts": [
    "it says the same of itself there",
  ],
  "suites/devlink/param.ts": [
    "values that are set are told of",
  ],
  "suites/devlink/reload_contract.ts": [
    "a reload keeps what the instance says of itself",
  ],
  "suites/devlink/show.ts": [
    "what an instance says of itself, twice the same",
  ],
  "suites/devlink/trap_settings.ts": [
    "traps of the driver's own take an action as those of the core do",
    "an exception trap keeps its action, and says so",
    "a control trap keeps its action, and says so",
  ],
  "suites/mlxsw/mlxsw_kvd.ts": [
    "entries go from those of single size to those of double size, and a reload makes it so",
  ],
  "suites/mlxsw/reload.ts": [
    "params and resources stay, traps, ports and reporters come anew",
  ],
  "suites/netdevsim/bus.ts": [
    "a device belongs to the netns of whoever made it",
  ],
  "suites/netdevsim/ethtool.ts": [
    "a netdev that is made anew tells the same",
    "whoever asks the device that ethtool flashes waits",
  ],
  "suites/netdevsim/flash.ts": [
    "whoever asks the same device waits for its flash",
    "whoever asks another device waits where one mutex is over all",
    "whoever lists ports waits for the flash of any device",
  ],
  "suites/netdevsim/health.ts": [
    "an error is told of, dumped and recovered from",
    "any message is kept as it is",
    "a message that is too long is not dumped, and one that is nearly cannot be told",
    "a reload makes the reporters anew",
    "an error of one device is none of another",
  ],
  "suites/netdevsim/lifecycle.ts": [
    "unbind and bind start anew",
  ],
  "suites/netdevsim/param.ts": [
    "a value that waits is kept over a reload that fails, and one that is forbidden",
  ],
  "suites/netdevsim/reload.ts": [
    "health reporters start anew",
  ],
  "suites/pcs/pcs_board.ts": [
    "ConnectX: a reload makes the auxiliary device anew that was unbound",
  ],
};

/** What stays as it is, with the reason. */
export const EXCEPTIONS: readonly Exception[] = Object.entries(RECORDED).flatMap(([path, names]) =>
  names.map((text) => ({ path, text, reason: "the name of a sequence stands in recordings" }))
);
