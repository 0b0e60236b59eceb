/**
 * From whatever a serial line shows to a raw, silent shell: the dialogue, apart from the line that carries it.
 *
 * @module
 */

import type { LineRule } from "./line_rule.ts";
import { lastLine, withoutControls, withoutKernelLines } from "./plain_text.ts";

/** What carries the dialogue. */
export interface Console {
  /** All that came since {@linkcode send} was last called, one character a byte */
  readonly seen: string;
  /** What the line is known to do to bytes */
  readonly rule: LineRule;
  /** Forgets what was seen and sends text */
  send(text: string): Promise<void>;
  /** Waits for more, at most so many milliseconds; false when nothing came. Throws when the line is lost */
  more(milliseconds: number): Promise<boolean>;
}

/** A user who logs in. */
export interface Login {
  /** User name */
  user: string;
  /** Called once, when the board asks */
  password?: () => Promise<string | null> | string | null;
}

/** A raw shell that was reached. */
export interface RawShell {
  /** What came after it answered, one character a byte */
  rest: string;
  /** What the line reports once the shell has ended and the terminal is as before; the shell's exit status follows it */
  farewell: string;
}

/** The reason that a login failed, for after a colon. */
export class LoginError extends Error {
  override name = "LoginError";
}

/** What a board waits for. */
export type Prompt = "login" | "password" | "new password" | "shell" | "bootloader";

/** Of the unfinished line at the end, first match wins: getty(8), login(1), passwd(1), U-Boot and barebox, shells. */
const PROMPTS: readonly [Prompt, RegExp][] = [
  ["login", /(?<!last |last failed )\blogin: *$/i],
  ["new password", /\b(new|retype|current).*password: *$/i],
  ["password", /\bpassword(?: for \S+)?: *$/i],
  ["bootloader", /\bautoboot\b.*$|^(?:=>|U-Boot[^#$%>]*>|barebox\S*:.*) *$/i],
  ["shell", /[#$%>] *$/],
];

/** Returns what the end of the text asks for, kernel lines and escape sequences left out. */
export function promptOf(text: string): Prompt | undefined {
  const line = withoutControls(withoutKernelLines(text)).split("\n").at(-1)!;
  return PROMPTS.find(([, pattern]) => pattern.test(line))?.[0];
}

/**
 * Interrupts what runs in the raw shell and the shell with it, and drops what it has not read (group separator, Ctrl-]).
 * The one byte that does not pass the raw line: without it a here-document that was cut would hold the board for ever.
 */
export const INTERRUPT = "\x1d";

/** Ends a raw shell that an earlier run left, drops a half line that somebody typed (twice: readline searches after Ctrl-]). */
const WAKE = `${INTERRUPT}\x15\x15\n`;

/**
 * A shell that asks for the rest of a command, after other prompts where lines were typed ahead: nothing but Ctrl-C gets it
 * out of an open quote.
 */
const CONTINUES = /(?:^|[#$%>] )>$/;
const CANCEL = "\x03";

/** How long a line must stay as it is before its end is taken for a prompt: `Last login:` and prices look like one too. */
const SETTLED = 150;
/** How long login(1) may take to answer, PAM's delay after a failure included. */
const LOGIN_PATIENCE = 15_000;
/** How long a shell may take to run a line of three short commands. */
const SHELL_PATIENCE = 10_000;
/** How long until a line that shows no prompt is woken again; at first sooner, as it may have missed the first. */
const WAKE_EVERY = 2_000;
const FIRST_WAKES = [400, 600, 1_000];

/**
 * Logs in, where that is needed, and turns the line into a raw `sh` without prompts and echo. Gives up after
 * `patience` milliseconds.
 *
 * @throws {LoginError} With the reason, one line
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
      // A boot loader that counts down must not be stopped by a key.
      const wait = FIRST_WAKES[wakes] ?? WAKE_EVERY;
      const probe = wakes >= FIRST_WAKES.length && wakes % 2 === 1;
      if (promptOf(line.seen) !== "bootloader") await line.send(probe ? PROBE : WAKE);
      wakes++;
      prompt = await waitForPrompt(line, Math.min(wait, deadline - performance.now()));
    } else {
      prompt = await waitForPrompt(line, Math.min(LOGIN_PATIENCE, deadline - performance.now()));
    }
    // Without what a terminal echoes of our waking it.
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
      // Once: there are boards whose prompt it is.
      cancelled = true;
      await line.send(CANCEL);
      sent = "wake";
    } else if (prompt === "shell") {
      loggedIn ||= sent !== "wake";
      const shell = await takeOver(line, loggedIn);
      if (shell) return shell;
      sent = "wake";
    } else if (answeredRaw(line.seen)) {
      // A raw shell that is not of ours: let it end, and see what is after it.
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
/** A login takes it for a user name and asks for a password; a raw shell answers, without a carriage return. */
const PROBE = `${WAKE}echo twinlink"-"here\n`;
const answeredRaw = (seen: string) => withoutKernelLines(seen).includes(`${PROBE_WORD}\n`);
/** Returns a shell whose prompt is of no known form. */
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

/** Waits until the text matches, kernel lines left out; undefined if it does not in time. */
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
 * At a shell's prompt, starts a `sh` that is silent on a raw terminal.
 *
 * - Its script is a file (`/proc/self/fd/0`, which is the line) because that is what makes dash, bash and busybox ash alike
 *   neither interactive nor prompting: on a terminal as standard input busybox ash edits lines and asks for the cursor.
 * - Words that shall be found come in two halves, so that an echo of the command cannot match.
 * - The line goes to any shell, so all of it is one word in single quotes for `sh -c`.
 */
async function takeOver(line: Console, loggedIn: boolean): Promise<RawShell | undefined> {
  const [ready, farewell] = [newWord(), newWord()];
  const script = `trap : INT;s=$(stty -g);stty raw -echo isig intr ^] quit undef susp undef&&` +
    `printf "%s%s\\n" ${halvesOf(ready)}&&LC_ALL=C TERM=dumb PS1= PS2= ENV= sh /proc/self/fd/0 2>/dev/null;r=$?;` +
    `stty $s;printf "%s%s $r\\n" ${halvesOf(farewell)}`;
  await line.send(`${loggedIn ? "exec " : ""}sh -c '${script}'\n`);
  // Whatever the line makes of the line feed after it
  const found = await waitForMatch(line, new RegExp(ready, "i"), SHELL_PATIENCE);
  if (found && found[0] !== ready) throw new LoginError("the line turns small letters into capital ones");
  if (!found) {
    const said = lastLine(withoutKernelLines(line.seen));
    if (/not found|unknown/i.test(said)) throw new LoginError(`there is no shell with stty on it: ${said}`);
    return undefined;
  }
  return { rest: await learnRule(line), farewell };
}

/** The characters of a line that a line of the wire may have at least, so that no terminal server breaks it. */
const WIDE = 250;

/**
 * Has the raw shell say what the line makes of its bytes, each way, and learns that; gives what came after the answer.
 *
 * @throws {LoginError} If the shell does not answer, or the line does what cannot be undone
 */
async function learnRule(line: Console): Promise<string> {
  for (let tries = 0;; tries++) {
    const [first, second] = [newWord(), newWord()];
    // Where lines end in a byte more on their way to the board, the value of `t` is longer. Where they begin with one, there is
    // no such command as `false`.
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
      // A carriage return is the byte that lines add on their way to the board.
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

/** How often the shell is asked again for what the line does, and how long it may take then, in milliseconds. */
const TRIES = 2, AGAIN_PATIENCE = 3_000;

/** Returns a word in two halves, so that an echo of the command is not taken for it. */
const halvesOf = (word: string) => `${word.slice(0, 8)} ${word.slice(8)}`;

/** Sixteen characters that nothing else on the line has. */
function newWord(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}
