/**
 * From any output of a serial line to a raw, silent shell: the dialogue, without the line that carries it.
 *
 * @module
 */

import type { LineRule } from "./line_rule.ts";
import { lastLine, withoutControls, withoutKernelLines } from "./plain_text.ts";

/** The line as the dialogue uses it. */
export interface Console {
  /** All text since the last {@linkcode send}, one character for each byte */
  readonly seen: string;
  /** The known changes that the line makes to bytes */
  readonly rule: LineRule;
  /** Forgets the received text and sends text */
  send(text: string): Promise<void>;
  /** Waits for more text, at most this many ms; returns false if none arrives. Throws if the line is lost */
  more(milliseconds: number): Promise<boolean>;
}

/** A user who logs in. */
export interface Login {
  /** User name */
  user: string;
  /** Called once, when the board asks for the password */
  password?: () => Promise<string | null> | string | null;
}

/** The raw shell at the end of a successful dialogue. */
export interface RawShell {
  /** The text after the shell's answer, one character for each byte */
  rest: string;
  /** The word that the line shows once the shell has ended and the terminal is restored; the shell's exit status follows it */
  farewell: string;
}

/** The reason why a login failed, for use after a colon. */
export class LoginError extends Error {
  override name = "LoginError";
}

/** The kind of prompt at which a board waits. */
export type Prompt = "login" | "password" | "new password" | "shell" | "bootloader";

/** Patterns for the unfinished last line, first match wins: getty(8), login(1), passwd(1), U-Boot and barebox, shells. */
const PROMPTS: readonly [Prompt, RegExp][] = [
  ["login", /(?<!last |last failed )\blogin: *$/i],
  ["new password", /\b(new|retype|current).*password: *$/i],
  ["password", /\bpassword(?: for \S+)?: *$/i],
  ["bootloader", /\bautoboot\b.*$|^(?:=>|U-Boot[^#$%>]*>|barebox\S*:.*) *$/i],
  ["shell", /[#$%>] *$/],
];

/** Returns the kind of prompt at the end of the text, ignoring kernel lines and escape sequences. */
export function promptOf(text: string): Prompt | undefined {
  const line = withoutControls(withoutKernelLines(text)).split("\n").at(-1)!;
  return PROMPTS.find(([, pattern]) => pattern.test(line))?.[0];
}

/**
 * Interrupts the raw shell and its command, and drops the unread input (group separator, Ctrl-]). It is the only byte that the
 * raw line does not pass on. Without it, a here-document that was cut would block the board forever.
 */
export const INTERRUPT = "\x1d";

/**
 * Ends a raw shell of an earlier run, and drops a half line that somebody typed (twice, since readline searches after Ctrl-]).
 */
const WAKE = `${INTERRUPT}\x15\x15\n`;

/**
 * Matches a shell that asks for the rest of a command; other prompts come before it if lines were typed ahead. Only Ctrl-C ends
 * an open quote.
 */
const CONTINUES = /(?:^|[#$%>] )>$/;
const CANCEL = "\x03";

/** How long a line must be quiet until its end counts as a prompt, in ms: `Last login:` and prices look like prompts, too. */
const SETTLED = 150;
/** The longest time until login(1) answers, in ms, with PAM's delay after a failure. */
const LOGIN_PATIENCE = 15_000;
/** The longest time in which a shell runs a line of three short commands, in ms. */
const SHELL_PATIENCE = 10_000;
/** The time until a line without a prompt is woken again, in ms; shorter at first, since the first attempt may be lost. */
const WAKE_EVERY = 2_000;
const FIRST_WAKES = [400, 600, 1_000];

/**
 * Logs in, if needed, and turns the line into a raw `sh` without prompts and echo. Gives up after `patience` ms.
 *
 * @throws {LoginError} With the reason in one line
 */
export async function reachRawShell(line: Console, login: Login | undefined, patience: number): Promise<RawShell> {
  const deadline = performance.now() + patience;
  let sent: "wake" | "user" | "password" = "wake";
  let heard = "";
  let loggedIn = false;
  let cancelled = false;
  await line.more(100);
  for (let wakes = 0; performance.now() < deadline;) {
    let prompt: Prompt | undefined;
    if (sent === "wake") {
      // Do not send a key to a boot loader that counts down: it would stop the boot.
      const wait = FIRST_WAKES[wakes] ?? WAKE_EVERY;
      const probe = wakes >= FIRST_WAKES.length && wakes % 2 === 1;
      if (promptOf(line.seen) !== "bootloader") await line.send(probe ? PROBE : WAKE);
      wakes++;
      prompt = await waitForPrompt(line, Math.min(wait, deadline - performance.now()));
    } else {
      prompt = await waitForPrompt(line, Math.min(LOGIN_PATIENCE, deadline - performance.now()));
    }
    // Without the terminal's echo of the wake-up bytes.
    heard = lastLine(withoutKernelLines(line.seen).replaceAll(/\^[\]U]/g, "")) || heard;
    if (sent === "password" && (prompt === "login" || /incorrect|denied|failure/i.test(line.seen))) {
      throw new LoginError(`the password of ${login!.user} was not accepted`);
    }
    if (prompt === "new password") throw new LoginError("the board wants a new password to be set");
    if (prompt === "login") {
      if (!login) throw new LoginError("the board asks for a login, and none was given");
      await line.send(`${login.user}\n`);
      sent = "user";
    } else if (prompt === "password" && sent === "user") {
      const password = await login!.password?.() ?? null;
      if (password === null) {
        throw new LoginError(`the board asks for the password of ${login!.user}, and none was given`);
      }
      // deno-lint-ignore no-control-regex
      if (/[\x00-\x1f\x7f]/.test(password)) throw new LoginError("the password has a control character");
      await line.send(`${password}\n`);
      sent = "password";
    } else if (prompt === "shell" && !cancelled && CONTINUES.test(lastLine(withoutKernelLines(line.seen)))) {
      // Only once: on some boards this is the normal prompt.
      cancelled = true;
      await line.send(CANCEL);
      sent = "wake";
    } else if (prompt === "shell") {
      loggedIn ||= sent !== "wake";
      const shell = await takeOver(line, loggedIn);
      if (shell) return shell;
      sent = "wake";
    } else if (answeredRaw(line.seen)) {
      // A raw shell of somebody else: end it, and look at the prompt after it.
      await line.send("exit\n");
      await line.more(WAKE_EVERY);
      sent = "wake";
    } else {
      sent = "wake";
    }
  }
  throw new LoginError(
    `no answer within ${patience / 1000} s${heard === "" ? "" : `; the line said last: ${heard}`}`,
  );
}

const PROBE_WORD = "twinlink-here";
/** A login reads this as a user name and asks for a password; a raw shell answers it, without a carriage return. */
const PROBE = `${WAKE}echo twinlink"-"here\n`;
const answeredRaw = (seen: string) => withoutKernelLines(seen).includes(`${PROBE_WORD}\n`);
/** True if a shell with an unknown prompt answered the probe. */
const answeredCooked = (seen: string) => withoutKernelLines(seen).includes(`${PROBE_WORD}\r\n`);

async function waitForPrompt(line: Console, milliseconds: number): Promise<Prompt | undefined> {
  const deadline = performance.now() + milliseconds;
  let before = "";
  for (;;) {
    const text = withoutControls(withoutKernelLines(line.seen));
    if (answeredRaw(line.seen)) return undefined;
    const prompt = promptOf(line.seen) ?? (answeredCooked(line.seen) ? "shell" : undefined);
    if (prompt !== undefined && prompt !== "bootloader" && text === before) return prompt;
    before = text;
    const left = deadline - performance.now();
    if (left <= 0) return undefined;
    if (prompt === undefined) await line.more(left);
    else await settle(line, SETTLED);
  }
}

/** Waits for the whole time, even if kernel lines come meanwhile. */
async function settle(line: Console, milliseconds: number): Promise<void> {
  const deadline = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = deadline - performance.now()) await line.more(left);
}

/** Waits until the text, without kernel lines, matches; undefined if it does not match in time. */
async function waitForMatch(
  line: Console,
  pattern: RegExp,
  milliseconds: number,
): Promise<RegExpExecArray | undefined> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const found = pattern.exec(withoutKernelLines(line.seen));
    if (found) return found;
    const left = deadline - performance.now();
    if (left <= 0) return undefined;
    await line.more(left);
  }
}

/**
 * Starts a silent `sh` on a raw terminal, at a shell's prompt.
 *
 * - Its script is a file (`/proc/self/fd/0`, which is the line). This makes dash, bash and busybox ash non-interactive and
 *   without prompts. With a terminal as standard input, busybox ash would edit lines and ask for the cursor position.
 * - Words to search for are sent in two halves, so that an echo of the command cannot match.
 * - Any shell may read the line, so the script is one word in single quotes for `sh -c`.
 */
async function takeOver(line: Console, loggedIn: boolean): Promise<RawShell | undefined> {
  const [ready, farewell] = [newWord(), newWord()];
  const script = `trap : INT;s=$(stty -g);stty raw -echo isig intr ^] quit undef susp undef&&` +
    `printf "%s%s\\n" ${halvesOf(ready)}&&LC_ALL=C TERM=dumb PS1= PS2= ENV= sh /proc/self/fd/0 2>/dev/null;r=$?;` +
    `stty $s;printf "%s%s $r\\n" ${halvesOf(farewell)}`;
  await line.send(`${loggedIn ? "exec " : ""}sh -c '${script}'\n`);
  // The line may change the line feed after the word, so it is not matched
  const found = await waitForMatch(line, new RegExp(ready, "i"), SHELL_PATIENCE);
  if (found && found[0] !== ready) throw new LoginError("the line turns small letters into capital ones");
  if (!found) {
    const said = lastLine(withoutKernelLines(line.seen));
    if (/not found|unknown/i.test(said)) throw new LoginError(`there is no shell with stty on it: ${said}`);
    return undefined;
  }
  return { rest: await learnRule(line), farewell };
}

/** Lines of at least this many characters must pass unbroken, for the wire's lines. */
const WIDE = 250;

/**
 * Makes the raw shell report how the line changes bytes in each direction, and learns the rule. Returns the text after the
 * answer.
 *
 * @throws {LoginError} If the shell does not answer, or a change of the line cannot be undone
 */
async function learnRule(line: Console): Promise<string> {
  for (let tries = 0;; tries++) {
    const [first, second] = [newWord(), newWord()];
    // If the line adds a byte to the end of each line to the board, the value of `t` is longer. If it adds a byte to the
    // beginning, the command `false` is not found.
    await line.send(
      `t=ok\nfalse||printf "%s%s\\n%s%s %s %s %0${WIDE}d\\n" ${halvesOf(first)} ${halvesOf(second)} \${#t} $? 0;:\n`,
    );
    const zeros = `(?:(0{${WIDE}})\\1|0{1,${WIDE - 1}}[^0])`;
    const answer = new RegExp(`${first}([^]*?)${second} (\\d+) (\\d+) ${zeros}`);
    const found = await waitForMatch(line, answer, tries === 0 ? SHELL_PATIENCE : AGAIN_PATIENCE);
    const [whole = "", newline = "", length, status, wide] = found ?? [];
    const known = found !== undefined && (newline === "\n" || line.rule.newlineIs(newline));
    if (known && wide !== undefined && length === "2" && status === "1") {
      const text = withoutKernelLines(line.seen);
      return text.slice(text.indexOf(whole) + whole.length);
    }
    if (tries < TRIES) {
      // The byte that lines usually add on the way to the board is a carriage return.
      await line.send("false||stty igncr;:\n");
      continue;
    }
    if (!found) throw new LoginError("the board's shell did not answer on the raw line");
    if (!known) {
      const bytes = Array.from(newline.slice(0, 40), (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
      throw new LoginError(`the line turns a line feed into bytes that look like text: ${bytes || "nothing"}`);
    }
    if (wide === undefined) throw new LoginError(`the line breaks lines of ${WIDE} characters and less`);
    throw new LoginError("the line adds bytes to each line on its way to the board, and no carriage returns");
  }
}

/** How often the shell is asked again how the line changes bytes, and the longest time for each answer, in ms. */
const TRIES = 2, AGAIN_PATIENCE = 3_000;

/** Returns a word in two halves, so that an echo of the command cannot be mistaken for the word. */
const halvesOf = (word: string) => `${word.slice(0, 8)} ${word.slice(8)}`;

/** Returns sixteen characters that occur nowhere else on the line. */
function newWord(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}
