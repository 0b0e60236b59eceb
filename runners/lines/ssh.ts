/**
 * A board over ssh, with the system's OpenSSH client: `~/.ssh/config`, agents and jump hosts are the user's. Each board has one
 * connection in a run, in which one `sh` reads all that is sent.
 *
 * @module
 */

import { promptSecret } from "@std/cli/prompt-secret";
import { SSH_WORDS, sshOptionProblem } from "../../boards/ssh_words.ts";
import { withoutControls } from "./plain_text.ts";
import { ProcessShell } from "./process.ts";
import { type Shell, TransportError } from "./shell.ts";
import { type SshReason, sshReason } from "./ssh_reason.ts";
import { startOnTerminal, type TerminalProcess } from "./terminal.ts";

/** Options of {@linkcode openSsh}; options that are left out come from the user's ssh configuration. */
export interface SshOptions {
  /** Host name, address, or a `Host` of `~/.ssh/config` */
  host: string;
  /** TCP port */
  port?: number;
  /** User to log in as */
  user?: string;
  /** Private key; then no other key is offered */
  identityFile?: string;
  /** File of known host keys */
  knownHostsFile?: string;
  /** Further options, each `Name=value` of ssh_config(5); only those that `boards/ssh_words.ts` allows */
  options?: string[];
  /** Jump hosts, `[user@]host[:port]`, several with commas */
  jump?: string;
  /** The longest time until the connection is open, in ms. @default {10000} */
  connectTimeoutMs?: number;
  /**
   * Returns the password or passphrase that ssh asks for, null to give up. @default asks on the terminal, if standard input and
   * output are a terminal
   */
  askSecret?: (prompt: string) => Promise<string | null>;
  /** Ends the opening; an open shell is ended by its `close` */
  signal?: AbortSignal;
}

/** How long the board's shell may take to answer once ssh runs, in ms; the connect timeout is added. */
const SHELL_PATIENCE = 10_000;

/** Options that override the user's configuration: a plain pipe to one shell, whose end is noticed within 12 s. */
const FIXED = [
  "ClearAllForwardings=yes",
  "ConnectionAttempts=1",
  "EscapeChar=none",
  "ForkAfterAuthentication=no",
  "ForwardAgent=no",
  "ForwardX11=no",
  "LogLevel=INFO",
  "PermitLocalCommand=no",
  "RemoteCommand=none",
  "RequestTTY=no",
  "ServerAliveCountMax=5",
  "ServerAliveInterval=2",
  "StdinNull=no",
];

/** No desktop window asks for a secret; messages are in English, so that their reasons can be recognised. */
const ENV = { LC_ALL: "C", SSH_ASKPASS_REQUIRE: "never" };

/**
 * Opens a plain `sh` on a board over ssh.
 *
 * Host keys are always checked: an unknown key is refused, unless the user's own configuration has `accept-new` for this host.
 * If a password or passphrase is needed, `askSecret` asks for it, and it is typed at ssh's own prompt. It is never in an
 * argument, the environment or a message.
 *
 * @throws {TransportError} If the board cannot be reached, with the reason in one line
 * @throws {TypeError} If ssh could read an option as something else
 *
 * @example
 * ```ts ignore
 * const shell = await openSsh({ host: "switch-7.lab", user: "root" });
 * ```
 */
export async function openSsh(options: SshOptions): Promise<Shell> {
  const { signal, host } = options;
  const args = sshArguments(options);
  signal?.throwIfAborted();
  const target = await resolveTarget(args, host);
  const description = `ssh ${target.user}@${target.hostname} port ${target.port}`;
  args.push("-o", `StrictHostKeyChecking=${target.hostKeys}`);
  const unreachable = (reason: string) => new TransportError(`Cannot reach the board by ${description}: ${reason}`);

  const patience = timeoutOf(options) + SHELL_PATIENCE;
  const first = new ProcessShell(client(description, ["-o", "ControlPath=none", ...args, "--", host, "sh"]));
  const failure = await proveShell(first, patience, signal);
  if (failure === undefined) return first;
  if (!failure.authentication) throw unreachable(failure.text);
  const ask = options.askSecret ?? onTerminal();
  if (ask === undefined) throw unreachable(`${failure.text}, and there is no terminal to ask for a password on`);

  const master = await logIn(args, host, ask, signal, unreachable);
  const second = new ProcessShell({
    ...client(description, ["-o", `ControlPath="${quoted(master.path)}"`, ...args, "--", host, "sh"]),
    afterClose: () => master.end(),
  });
  const lost = await proveShell(second, patience, signal);
  if (lost !== undefined) throw unreachable(lost.text);
  return second;
}

/**
 * Returns the arguments of an ssh client, and its additional environment, for a login shell of the board on a terminal. Run it
 * on a terminal, where it asks for passwords; it checks host keys as {@linkcode openSsh} does.
 *
 * @throws {TransportError} If there is no ssh client
 * @throws {TypeError} If ssh could read an option as something else
 */
export async function sshTerminal(
  options: SshOptions,
): Promise<{ args: string[]; env: Record<string, string>; description: string }> {
  const args = sshArguments(options);
  const target = await resolveTarget(args, options.host);
  return {
    // ssh uses the first value of an option: so this option forces a terminal.
    args: [
      "-tt",
      ...args,
      "-o",
      `StrictHostKeyChecking=${target.hostKeys}`,
      "-o",
      "ControlPath=none",
      "--",
      options.host,
    ],
    env: ENV,
    description: `ssh ${target.user}@${target.hostname} port ${target.port}`,
  };
}

function client(description: string, args: string[]) {
  return {
    command: "ssh",
    args: ["-T", "-o", "BatchMode=yes", "-o", "ControlMaster=no", ...args],
    env: ENV,
    description,
    // Status 255 is ssh's own; any other status is from the board's shell.
    lost: ({ code, signal }: Deno.CommandStatus, stderr: string) =>
      signal !== null ? `ssh was ended by ${signal}` : code === 255 ? sshReason(stderr).text : undefined,
  };
}

const timeoutOf = ({ connectTimeoutMs = 10_000 }: SshOptions) => connectTimeoutMs;

/**
 * Returns the arguments for the target and the connection, each checked: none can be read as another option, or reach a shell.
 */
function sshArguments(options: SshOptions): string[] {
  const { host, port, user, identityFile, knownHostsFile, jump } = options;
  must("host", host, SSH_WORDS.host);
  const args = ["-o", `ConnectTimeout=${Math.max(1, Math.ceil(timeoutOf(options) / 1000))}`];
  for (const option of options.options ?? []) args.push("-o", checkedOption(option));
  for (const option of FIXED) args.push("-o", option);
  if (port !== undefined) args.push("-p", must("port", String(port), /^[1-9][0-9]{0,4}$/));
  if (user !== undefined) args.push("-l", must("user", user, SSH_WORDS.user));
  if (identityFile !== undefined) {
    const path = must("identityFile", identityFile, SSH_WORDS.identity_file);
    args.push("-o", "IdentitiesOnly=yes", "-i", path.replaceAll("%", "%%"));
  }
  if (knownHostsFile !== undefined) {
    const path = must("knownHostsFile", knownHostsFile, SSH_WORDS.known_hosts_file);
    args.push("-o", `UserKnownHostsFile="${quoted(path)}"`);
  }
  if (jump !== undefined) args.push("-J", must("jump", jump, SSH_WORDS.jump));
  return args;
}

const quoted = (path: string) => path.replaceAll("\\", "\\\\").replaceAll("%", "%%");

function must(name: string, value: string, pattern: RegExp): string {
  if (!pattern.test(value)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(value)} as ${name} for ssh: it has a character that is not allowed`,
    );
  }
  return value;
}

function checkedOption(option: string): string {
  const problem = sshOptionProblem(option);
  if (problem !== undefined) throw new TypeError(`Cannot use the ssh option ${JSON.stringify(option)}: ${problem}`);
  return option;
}

interface Target {
  hostname: string;
  user: string;
  port: string;
  hostKeys: "yes" | "accept-new";
}

/** Returns the target in the user's configuration, and how strictly it checks host keys. */
async function resolveTarget(args: string[], host: string): Promise<Target> {
  let output;
  try {
    output = await new Deno.Command("ssh", { args: ["-G", ...args, "--", host], env: ENV, stdin: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TransportError('Cannot reach the board by ssh: the program "ssh" (OpenSSH client) is not installed');
  }
  const text = (bytes: Uint8Array) => withoutControls(new TextDecoder().decode(bytes));
  if (!output.success) {
    throw new TransportError(`Cannot reach the board by ssh: ${sshReason(text(output.stderr)).text}`);
  }
  const values = new Map(
    text(output.stdout).split("\n").map((line) => {
      const [key, ...rest] = line.split(" ");
      return [key!, rest.join(" ")];
    }),
  );
  // "no" accepts a changed key, so it is replaced with the nearest value that does not.
  const loose = ["accept-new", "false"].includes(values.get("stricthostkeychecking") ?? "");
  return {
    hostname: values.get("hostname") ?? host,
    user: values.get("user") ?? "",
    port: values.get("port") ?? "22",
    hostKeys: loose ? "accept-new" : "yes",
  };
}

function onTerminal(): ((prompt: string) => Promise<string | null>) | undefined {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return undefined;
  return (prompt) => Promise.resolve(promptSecret(prompt, { mask: "" }));
}

/**
 * Waits until the board's `sh` answers, and drops earlier output of a login script. If the shell does not answer, ends the
 * process and returns the reason. Throws only if the signal was aborted.
 */
async function proveShell(
  shell: ProcessShell,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<SshReason | undefined> {
  const word = crypto.randomUUID().replaceAll("-", "");
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), patience);
  const signals = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const end = () => void shell.close();
  signals.addEventListener("abort", end, { once: true });
  if (signals.aborted) end();
  const writer = shell.writable.getWriter();
  try {
    // In two parts, so that the echo of a shell cannot match.
    writer.write(new TextEncoder().encode(`echo ${word.slice(0, 16)}""${word.slice(16)}\n`)).catch(() => {});
    let seen = "";
    for (let at = -1; at < 0;) {
      const value = await shell.read();
      if (value === undefined) break;
      seen += Array.from(value, (byte) => String.fromCharCode(byte)).join("");
      at = seen.indexOf(`${word}\n`);
      if (at < 0) {
        // A login script may print without an end.
        seen = seen.slice(-word.length);
        continue;
      }
      shell.unread(Uint8Array.from(seen.slice(at + word.length + 1), (c) => c.charCodeAt(0)));
      return undefined;
    }
  } finally {
    clearTimeout(late);
    signals.removeEventListener("abort", end);
    writer.releaseLock();
  }
  await shell.close();
  signal?.throwIfAborted();
  if (stop.signal.aborted) return { text: `no shell answered within ${patience / 1000} s`, authentication: false };
  const stderr = await shell.stderr();
  const { code } = await shell.status;
  if (code === 255) return sshReason(stderr);
  return { text: `its shell ended at once (status ${code})`, authentication: false };
}

/** A logged-in connection that others can use through the socket `path`. */
interface Master {
  path: string;
  end(): Promise<void>;
}

/** Logs in on a terminal, where ssh can ask, and keeps the connection as a ControlMaster in a private folder. */
async function logIn(
  args: string[],
  host: string,
  ask: (prompt: string) => Promise<string | null>,
  signal: AbortSignal | undefined,
  unreachable: (reason: string) => TransportError,
): Promise<Master> {
  const directory = await makePrivateDirectory();
  const path = `${directory}/s`;
  const ready = Deno.watchFs(directory);
  const settled = new AbortController();
  let asked = false;
  let unknownKey: string | undefined;
  let ssh: TerminalProcess | undefined;
  const end = async () => {
    ssh?.kill();
    await ssh?.exited.catch(() => {});
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  };
  try {
    signal?.throwIfAborted();
    const started = await startOnTerminal(
      "ssh",
      ["-N", "-o", "ControlMaster=yes", "-o", `ControlPath="${quoted(path)}"`, ...args, "--", host],
      {
        env: { ...Deno.env.toObject(), ...ENV },
        onPrompt: async (prompt) => {
          if (/\(yes\/no/.test(prompt)) {
            unknownKey = prompt;
            return "no";
          }
          asked = true;
          const secret = await ask(prompt.slice(0, 200));
          if (secret === null) throw unreachable("no password was given");
          return secret;
        },
      },
    );
    ssh = started;
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { signal: settled.signal });
      if (signal?.aborted) reject(signal.reason);
    });
    // ssh first creates its socket under another name, and renames it to this path when it listens.
    const listening = (async () => {
      for await (const _ of ready) if (await exists(path)) return true;
      return false;
    })();
    if (await Promise.race([listening, started.exited.then(() => false), aborted])) {
      return { path, end };
    }
    const reason = sshReason(started.output);
    if (unknownKey !== undefined) {
      throw unreachable("the host key of a jump host is not known: log in to it with ssh once");
    }
    if (asked && reason.authentication) {
      throw unreachable(`${reason.text}: the password or passphrase was not accepted`);
    }
    throw unreachable(reason.text);
  } catch (error) {
    await end();
    throw error;
  } finally {
    settled.abort();
    try {
      ready.close();
    } catch { /* the loop over its events has closed it */ }
  }
}

/** Creates a folder that only this user can enter, with a path short enough for a socket (108 bytes; ssh adds 17). */
async function makePrivateDirectory(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "twinlink-ssh-" });
  if (directory.length <= 80) return directory;
  await Deno.remove(directory);
  return await Deno.makeTempDir({ dir: "/tmp", prefix: "twinlink-ssh-" });
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
