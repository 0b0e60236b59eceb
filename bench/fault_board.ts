/**
 * A board without hardware that can be broken in every way: a real sh on a real pty line, in a mount namespace of its own that
 * has its own `/dev/kmsg`, boot id, space and tools. Steps write words to a tty, the witness: they show what the sh really did.
 *
 * @module
 */

import { type Line, openLine } from "../runners/lines/pty_line.ts";
import { findSer2net, startSer2net, type TestSer2net } from "../runners/lines/ser2net.ts";
import { closeFd, controlInt, openPty, openTty, poller, readFd, setRaw, writeFd } from "../runners/lines/tty.ts";

/** The tools that the agent needs, except `devlink` and `ip`: without these the agent watches nothing, which saves a fork. */
const TOOLS =
  "base64 cat cksum dd grep gzip head id ln ls mkdir mkfifo mktemp mv od readlink rm sed sleep stty tr uname wc"
    .split(" ");

/** A script that starts a shell at a prompt, and another one each time that the shell ends. */
const LOGIN = `trap : INT QUIT TSTP TTOU
while :; do
  stty sane -echo echo
  sh -i || sleep 0.2
done`;

/** The script that becomes the board: `DIR KMSG ROOM`, then a shell. The namespace ends with its last process. */
const SETUP = `set -e
dir=$1
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
for x in null zero full random urandom tty; do : > "$dir/dev/$x"; mount --bind "/dev/$x" "$dir/dev/$x"; done
mkdir "$dir/dev/pts"
mount --rbind /dev/pts "$dir/dev/pts"
: > "$dir/dev/kmsg"
mount --bind "$2" "$dir/dev/kmsg"
mount -t tmpfs -o mode=700,size="$3" tmpfs "$dir/tmp"
mount --bind "$dir/boot_id" /proc/sys/kernel/random/boot_id
mount --bind "$dir/printk_devkmsg" /proc/sys/kernel/printk_devkmsg
mount --bind "$dir/run" /run
mount --rbind "$dir/dev" /dev
export TMPDIR="$dir/tmp" PATH="$dir/bin" PS1='board # ' PS2='> ' ENV=
cd /
set +e
: > "$dir/up"
${LOGIN}`;

/** The command that enters a new mount namespace, as root or as a user that may create namespaces. */
const ENTER = Deno.uid() === 0 ? ["unshare", "--mount"] : ["unshare", "--mount", "--map-root-user"];

/** Returns why this machine cannot run such boards; undefined if it can. */
export async function whyNoBoards(): Promise<string | undefined> {
  const [program, ...args] = ENTER;
  const { success, stderr } = await new Deno.Command(program!, {
    args: [...args, "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
    stdin: "null",
  }).output().catch(() => ({ success: false, stderr: new TextEncoder().encode("unshare is not there") }));
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}

/** The shells of this machine that a board can have as `sh`. */
export const SHELLS: readonly string[] = ["dash", "bash", "busybox"].filter((name) =>
  new Deno.Command("sh", { args: ["-c", 'command -v "$0"', name], stdout: "null" }).outputSync().success
);

/** Options of {@linkcode FaultBoard.open}. */
export interface BoardOptions {
  /** The program that is `sh` on the board, for example `dash` or `busybox` */
  shell?: string;
  /** Tools that the board lacks */
  without?: readonly string[];
  /** True if the host reaches the line through a console server, which passes bytes as they are */
  served?: true;
  /** The size of the board's file system. @default {"2m"} */
  room?: string;
  /** What happens to bytes on the line */
  between?: (bytes: Uint8Array<ArrayBuffer>, to: "host" | "board") => Promise<Uint8Array<ArrayBuffer>>;
}

/** A board that runs until `close`. */
export class FaultBoard implements AsyncDisposable {
  /** The folder of the board's files, the same path on the board and on the host */
  readonly dir: string;
  /** The host's tty; the path stays the same after the line was plugged in again */
  readonly path: string;
  /** The console server between the host and the line, if the board has one */
  server: TestSer2net | undefined;
  /** The tty that steps write to, and the words that were written there, in their order */
  readonly witness: string;
  readonly words: string[] = [];
  /** A file whose read never ends */
  readonly stuck: string;
  /** A file whose read ends after {@linkcode openGate} was called */
  readonly gate: string;
  #gate: number | undefined;
  /** Called for each word */
  onWord: ((word: string) => void) | undefined;
  /** Called for each line of the kernel log, before any later line arrives */
  onLog: ((text: string) => void) | undefined;
  /** The id of the board's current boot */
  bootId = crypto.randomUUID();
  #line: Line;
  #ttys: { master: number; held: number; pump: Promise<void> }[] = [];
  #kmsg!: number;
  #kmsgPath!: string;
  #child: Deno.ChildProcess | undefined;
  #seq = 0;
  #closed = false;
  #plugged = true;

  readonly #room: string;

  private constructor(dir: string, line: Line, room: string) {
    this.dir = dir;
    this.#room = room;
    this.path = `${dir}/tty`;
    this.#line = line;
    Deno.symlinkSync(line.path, this.path);
    this.gate = `${dir}/gate`;
    this.witness = this.#tty((line) => {
      this.words.push(line);
      this.onWord?.(line);
    }).path;
    this.stuck = this.#tty(() => {}).path;
    const kmsg = this.#tty((line) => this.#log(line));
    [this.#kmsg, this.#kmsgPath] = [kmsg.fd, kmsg.path];
  }

  /** Makes a board and boots it. */
  static async open(options: BoardOptions = {}): Promise<FaultBoard> {
    const { shell = "dash", without = [], between } = options;
    const dir = await Deno.makeTempDir({ prefix: "twinlink-board-" });
    for (const name of ["bin", "dev", "run", "tmp"]) await Deno.mkdir(`${dir}/${name}`);
    await Deno.writeTextFile(`${dir}/printk_devkmsg`, "ratelimit\n");
    await new Deno.Command("mkfifo", { args: [`${dir}/gate`] }).output();
    const busybox = shell === "busybox" ? await which("busybox") : undefined;
    for (const tool of TOOLS.filter((tool) => !without.includes(tool))) {
      await Deno.symlink(await which(tool), `${dir}/bin/${tool}`);
    }
    await Deno.symlink(busybox ?? await which(shell), `${dir}/bin/sh`);
    // The echo of bash prints the errno, so that a bash can stay alive from step to step.
    if (!without.includes("bash")) await Deno.symlink(await which("bash"), `${dir}/bin/bash`);
    const board = new FaultBoard(dir, await openLine(between ? { between } : {}), options.room ?? "2m");
    await board.boot();
    if (options.served) {
      const program = await findSer2net();
      if (program === undefined) throw new Error("Cannot make a board: ser2net is not on this machine");
      board.server = await startSer2net(program, board.path);
    }
    return board;
  }

  /** Returns the address that the host opens. */
  get address(): string {
    return this.server?.tcp ?? this.path;
  }

  /** Returns a raw tty whose lines are reported. */
  #tty(onLine: (line: string) => void): { fd: number; path: string } {
    const { fd, path } = openPty();
    const held = openTty(path);
    setRaw(held, { baudRate: 115_200 });
    poller.add(fd);
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let part = "";
    const pump = (async () => {
      try {
        while (!this.#closed) {
          const count = readFd(fd, buffer);
          if (count === null) {
            await poller.wait(fd, "read");
            continue;
          }
          const lines = (part + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
          part = lines.pop()!;
          lines.forEach(onLine);
        }
      } catch (error) {
        if (!this.#closed) throw error;
      }
    })();
    this.#ttys.push({ master: fd, held, pump });
    return { fd, path };
  }

  /** Lets the reader of the gate continue, and waits until it does. */
  async openGate(): Promise<void> {
    if (this.#gate !== undefined) return;
    // Opened for reading too, so that open(2) does not wait for a reader.
    this.#gate = openTty(this.gate);
    writeFd(this.#gate, new TextEncoder().encode("open\n"));
    while (!this.#closed && this.#gate !== undefined && controlInt(this.#gate, "FIONREAD") > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.shutGate();
  }

  /** The next reader of the gate waits again. */
  shutGate(): void {
    if (this.#gate !== undefined) closeFd(this.#gate);
    this.#gate = undefined;
  }

  /** Logs a line that was written to `/dev/kmsg`, in the format of a record of `/dev/kmsg`. */
  #log(line: string): void {
    const [, priority = "6", text] = /^(?:<(\d+)>)?(.*)$/.exec(line)!;
    const micros = Math.floor(performance.now() * 1000);
    writeFd(this.#kmsg, new TextEncoder().encode(`${priority},${++this.#seq},${micros},-;${text}\n`));
    this.onLog?.(text!);
  }

  /** Prints a kernel message: `both` if the line is the kernel's console, as it mostly is. */
  async printk(text: string, to: "log" | "console" | "both"): Promise<void> {
    for (const line of text.split("\n")) {
      if (to !== "console") this.#log(`<4>${line}`);
      if (to !== "log") await this.#line.inject(`[${(performance.now() / 1000).toFixed(6).padStart(12)}] ${line}\r\n`);
    }
  }

  /** Boots the board to a shell prompt on the line. The board may still be on, if a fault that cuts its power did not strike. */
  async boot(): Promise<void> {
    await this.die();
    await Deno.remove(`${this.dir}/up`).catch(() => {});
    await Deno.writeTextFile(`${this.dir}/boot_id`, `${this.bootId}\n`);
    // Resets the tty settings that the shell of the previous boot made.
    await new Deno.Command("sh", { args: ["-c", 'stty sane < "$0"', this.#line.boardPath] }).output();
    this.#child = new Deno.Command("sh", {
      args: [
        "-c",
        'exec setsid -c "$@" < "$0" > "$0" 2>&1',
        this.#line.boardPath,
        ...ENTER,
        "sh",
        "-c",
        SETUP,
        "sh",
        this.dir,
        this.#kmsgPath,
        this.#room,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // Before the prompt the namespace is not ready for another login.
    let ended = false;
    this.#child.status.then(() => ended = true);
    while (!ended && await Deno.stat(`${this.dir}/up`).then(() => false, () => true)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Returns all processes of the board, each after its parent. */
  #processes(): number[] {
    const session = this.#child?.pid;
    // cat(1) reports an error for a process that ended meanwhile; this is no failure.
    const { stdout } = new Deno.Command("sh", { args: ["-c", "exec cat /proc/[0-9]*/stat"], stderr: "null" })
      .outputSync();
    const parents = new Map(
      new TextDecoder().decode(stdout).split("\n").flatMap((stat) => {
        // After the name in brackets: state, parent, group, session
        const [, pid, parent, of] = /^(\d+) \(.*\) \S (\d+) \d+ (\d+) /.exec(stat) ?? [];
        return Number(of) === session ? [[Number(pid), Number(parent)] as const] : [];
      }),
    );
    const depth = (pid: number): number => parents.has(pid) ? 1 + depth(parents.get(pid)!) : 0;
    return [...parents.keys()].sort((a, b) => depth(a) - depth(b));
  }

  #signal(signal: Deno.Signal): void {
    // A process that is not stopped yet may have forked meanwhile.
    const told = new Set<number>();
    for (;;) {
      const fresh = this.#processes().filter((pid) => !told.has(pid));
      if (fresh.length === 0) return;
      // A running shell that sees its job stopped takes the terminal back: so parents are stopped first and continued last.
      for (const pid of signal === "SIGCONT" ? fresh.toReversed() : fresh) {
        told.add(pid);
        try {
          Deno.kill(pid, signal);
          // A shell that is not stopped yet would see that its job is stopped, and take the terminal back.
          const stands = () => /^\d+ \(.*\) [TZX] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
          for (let looks = 0; signal === "SIGSTOP" && looks < 10_000 && !stands(); looks++);
        } catch { /* it has ended */ }
      }
    }
  }

  /** Cuts the board's power. */
  async die(): Promise<void> {
    this.#signal("SIGSTOP");
    this.#signal("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  /** Kills the shell that is the agent; processes that it has started stay alive. */
  killAgent(): void {
    const isAgent = (pid: number) => {
      try {
        return Deno.readTextFileSync(`/proc/${pid}/cmdline`) === "sh\0/proc/self/fd/0\0";
      } catch {
        return false; // The process has ended meanwhile.
      }
    };
    const agent = this.#processes().find(isAgent);
    if (agent !== undefined) Deno.kill(agent, "SIGKILL");
  }

  /** Stops all processes of the board. */
  hang(): void {
    this.#signal("SIGSTOP");
  }

  /** Continues all processes of the board. */
  goOn(): void {
    this.#signal("SIGCONT");
  }

  /** Reboots the board, as after a crash: the contents of its memory are lost. */
  async reboot(): Promise<void> {
    await this.die();
    this.bootId = crypto.randomUUID();
    await this.boot();
  }

  /** Unplugs the host's serial adapter. */
  async unplug(): Promise<void> {
    this.#plugged = false;
    await Deno.remove(this.path);
    await this.#line.unplug();
  }

  /** Plugs the host's serial adapter in again; does nothing if the run ended before the adapter was unplugged. */
  async replug(): Promise<void> {
    if (this.#plugged) return;
    this.#plugged = true;
    this.#line.replug();
    await Deno.symlink(this.#line.path, this.path);
  }

  /** Fills the board's file system. A process of the board does this, since the mount is in its namespace. */
  async fill(): Promise<void> {
    const [program, ...args] = this.#enter();
    await new Deno.Command(program!, {
      args: [...args, "sh", "-c", 'cat /dev/zero > "$0/tmp/full" 2> /dev/null', this.dir],
    }).output();
  }

  /** Returns the prefix that runs a command in the board's namespace. */
  #enter(): string[] {
    const pid = this.#child!.pid;
    const user = Deno.uid() === 0 ? [] : ["--user", "--preserve-credentials"];
    return ["nsenter", "-t", `${pid}`, ...user, "--mount", "--"];
  }

  /** Opens another line to the board, with a shell at a prompt, like a second login. */
  async login(): Promise<Line> {
    const env = ["env", `PATH=${this.dir}/bin`, `TMPDIR=${this.dir}/tmp2`, "PS1=board # ", "PS2=> ", "ENV="];
    await Deno.mkdir(`${this.dir}/tmp2`, { recursive: true });
    return await openLine({ board: [...this.#enter(), ...env, "sh", "-c", LOGIN] });
  }

  /** Returns a command line for the host's sh that runs a script on the board; the script has no single quote. */
  inside(script: string): string {
    const env = ["env", `PATH=${this.dir}/bin`, `TMPDIR=${this.dir}/tmp`];
    return [...this.#enter(), ...env, "sh", "-c", `'${script}'`].join(" ");
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.server?.close();
    await this.die();
    this.#closed = true;
    await this.#line.close();
    this.shutGate();
    for (const { master, held, pump } of this.#ttys) {
      await poller.remove(master, new Error("the board was closed"));
      closeFd(master);
      await pump;
      closeFd(held);
    }
    await Deno.remove(this.dir, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const paths = new Map<string, string>();

async function which(tool: string): Promise<string> {
  const known = paths.get(tool);
  if (known !== undefined) return known;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", 'command -v "$0"', tool] }).output();
  const path = new TextDecoder().decode(stdout).trim();
  if (path === "") throw new Error(`Cannot make a board: ${tool} is not on this machine`);
  paths.set(tool, path);
  return path;
}
