/**
 * One simulated machine: the model's kernel, files, processes, programs, and listeners to its messages.
 *
 * @module
 */

import {
  type EraId,
  type LinkEvent,
  Machine,
  ModelGap,
  type Notification,
  type Observation,
  type Operation,
} from "../model/mod.ts";
import { NetnsFile } from "./file_kinds.ts";
import { FileSystem, resolvePath } from "./files.ts";
import { LinkStates, qdiscOf } from "./link_states.ts";
import { OTHER_PROGRAMS } from "./other_programs.ts";
import { netdevFile } from "./ports.ts";
import type { OpenFile } from "./open_file.ts";
import type { Process } from "./process.ts";
import type { Run } from "./run.ts";
import { Scheduler } from "./scheduler.ts";
import { type BuildName, buildOf, type KernelFacts } from "./releases.ts";

/** Options of a machine. */
export interface SystemOptions {
  /** Which kernel it runs */
  era: EraId;
  /** How it was configured. @default {"debian"} */
  build?: BuildName;
  /** The version of iproute2: of another one than 7.3 nothing but its version is known. @default {"7.3"} */
  iproute2?: string;
  /** `uname -r`. By default the release of the kernel that the era was taken from */
  release?: string;
  /** The seed of everything that a kernel would draw at random */
  seed?: number;
  /** The time of the clock at boot, in ms since 1970. @default {the time of the release of the model's newest kernel} */
  date?: number;
}

/** The programs of a machine. */
export interface Programs {
  readonly names: ReadonlySet<string>;
  /** Runs a program in a process. */
  run(system: System, process: Process, name: string, argv: readonly string[]): Run;
}

/** A listener to the messages of a netns. */
export interface Listener {
  readonly netns: string;
  notified?(messages: readonly Notification[]): void;
  linked?(events: readonly LinkEvent[]): void;
}

/** One line of the kernel log. */
export interface LogLine {
  /** ms since the boot */
  time: number;
  text: string;
}

/** The events since the last call. */
export interface Happened {
  notify: Record<string, Notification[]>;
  kmsg: string[];
  /** Messages about gaps of the model */
  gaps: string[];
}

/** The version of iproute2 whose programs are modelled. */
export const MODELLED_IPROUTE2 = "7.3";

/** The exit status of a command that the model has no answer for; no program of the machine uses this status. */
export const GAP_STATUS = 125;

/** The attributes of a netdev that ip(8) shows. */
export interface Seen {
  ifindex: number;
  address: string;
  mtu: number;
  qdisc: string;
}

/** After this many turns in a row without progress, a command is taken to wait for ever. */
const IDLE = 10_000;
/** How fast a machine is. */
export interface Pace {
  /** How long it takes to start a program in a process, in ms */
  start(process: Process): number;
  /** How long a reload takes, in ms */
  reload: number;
  /** How long a command takes from one lock to the next, in ms: others run in between. Without it each is done at once */
  step?: number;
}

/** The times of an emulated machine of 2026. */
export const PACE: Pace = { start: () => 20, reload: 60 };
/** How long the boot took before anybody could log in, in ms. */
const BOOTED = 3000;
const PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** A machine that a shell runs on. */
export class System {
  readonly machine: Machine;
  readonly scheduler: Scheduler;
  readonly files: FileSystem;
  readonly links: LinkStates;
  readonly log: LogLine[] = [];
  readonly iproute2: string;
  readonly facts: KernelFacts;
  /** How fast it is */
  pace: Pace = PACE;
  readonly release: string;
  readonly version: string;
  readonly hostname = "twinlink";
  readonly #date: number;
  readonly #listeners = new Set<Listener>();
  readonly #seen = new Map<string, Seen>();
  #netnsMade = false;
  /** How many operations take their time, others beside them */
  #waiting = 0;
  #happened: Happened = { notify: {}, kmsg: [], gaps: [] };
  /** Called at once with each message about a gap of the model */
  onGap: ((message: string) => void) | undefined;

  constructor(options: SystemOptions, readonly programs: Programs) {
    const { era, facts } = buildOf(options.era, options.build ?? "debian");
    this.machine = new Machine({ era, seed: options.seed ?? 1, listeners: "overheard" });
    this.facts = facts;
    this.release = options.release ?? facts.release;
    this.version = facts.version;
    this.iproute2 = options.iproute2 ?? MODELLED_IPROUTE2;
    this.#date = options.date ?? Date.UTC(2026, 10, 20);
    const { machine } = this;
    this.scheduler = new Scheduler({
      get now() {
        return machine.now;
      },
      advance: (ms) => void (ms > 0 && this.perform({ kind: "wait", ms })),
    });
    this.links = new LinkStates(options.seed ?? 1);
    this.files = new FileSystem({
      sysfs: (netns) => machine.sysfs(netns),
      readSysfs: (path, netns) => {
        const own = netdevFile(machine, this.links, path, netns);
        if (own) return own;
        const { result, sysfs } = this.perform({ kind: "file.read", path, netns });
        return result === "ok" ? { text: sysfs ?? "" } : { errno: result };
      },
      writeSysfs: (path, value, netns) => this.#write(path, value, netns),
      netns: () => machine.netns.slice(1).toReversed(),
      netnsMade: () => this.#netnsMade,
      runFile: (path, text) => {
        if (text === undefined) this.perform({ kind: "file.remove", path });
        else this.perform({ kind: "file.write", path, value: text });
      },
      program: (path) => /^\/(?:usr\/)?s?bin\/[^/]+$/.test(path) && programs.names.has(path.replace(/^.*\//, "")),
      proc: (name) => this.#proc(name),
      time: () => this.time,
    });
  }

  /** The time of the clock at boot, in ms since 1970. */
  get date(): number {
    return this.#date;
  }

  /** The time of the clock, in ms since 1970. */
  get time(): number {
    return this.#date + this.machine.now;
  }

  /** ms since the boot. */
  get uptime(): number {
    return BOOTED + this.machine.now;
  }

  /** `uname -a` without the name of the host. */
  get kernel(): string {
    return `Linux version ${this.release} ${this.version}`;
  }

  /** Performs an operation on the kernel and notifies all listeners. */
  perform(op: Operation): Observation {
    return this.#told(op, this.machine.perform(op));
  }

  /** Returns the same, at the pace of the machine: where it takes time, others run in the midst of it. */
  *performing(op: Operation): Run<Observation> {
    const { step } = this.pace;
    if (step === undefined) return this.#waiting > 0 ? yield* this.waiting(op) : this.perform(op);
    const steps = this.machine.task(op);
    for (let idle = 0;;) {
      const next = steps.next();
      if (next.done) {
        this.machine.runWorkers();
        return this.#told(op, next.value);
      }
      idle = next.value.kind === "blocked" && !this.machine.runWorkers() ? idle + 1 : 0;
      if (idle > IDLE) yield { ready: () => false };
      yield { until: this.machine.now + step };
    }
  }

  /** Performs an operation that takes its time: other processes run meanwhile. */
  *waiting(op: Operation): Run<Observation> {
    const ended = this.machine.background(op);
    this.#waiting++;
    try {
      for (;;) {
        const observation = ended();
        if (observation) return this.#told(op, observation);
        const { wakes } = this.machine;
        yield wakes === undefined ? { ready: () => ended() !== undefined } : { until: wakes };
      }
    } finally {
      this.#waiting--;
    }
  }

  *#write(path: string, value: string, netns: string): Run<string> {
    const linked = /^\/sys\/bus\/netdevsim\/(?:un)?link_device$/.test(path);
    if (
      linked && this.scheduler.living.some(({ files }) => [...files.values()].some((one) => one instanceof NetnsFile))
    ) {
      throw new ModelGap(path, "netdevs that are linked to each other; their netns are named by open files");
    }
    const bare = value.endsWith("\n") ? {} : { bare: true as const };
    return (yield* this.performing({ kind: "file.write", path, value: value.replace(/\n$/, ""), netns, ...bare }))
      .result;
  }

  #told(op: Operation, observation: Observation): Observation {
    this.#netnsMade ||= op.kind === "netns.add";
    for (const { text } of observation.kmsg) {
      this.log.push({ time: this.uptime, text });
      this.#happened.kmsg.push(text);
    }
    for (const [netns, messages] of Object.entries(observation.notify)) {
      (this.#happened.notify[netns] ??= []).push(...messages);
      for (const listener of this.#listeners) if (listener.netns === netns) listener.notified?.(messages);
    }
    for (const [netns, events] of Object.entries(observation.link)) {
      for (const listener of this.#listeners) if (listener.netns === netns) listener.linked?.(events);
    }
    if ([...this.#listeners].some(({ linked }) => linked)) this.#look();
    return observation;
  }

  /** Starts a listener; returns a callback that stops it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#look();
    const update = () => {
      const heard = [...this.#listeners].some(({ netns, notified }) => netns === listener.netns && notified);
      this.machine.listen(listener.netns, heard);
    };
    update();
    return () => {
      this.#listeners.delete(listener);
      update();
    };
  }

  /** Returns the events since the last call. */
  take(): Happened {
    const happened = this.#happened;
    this.#happened = { notify: {}, kmsg: [], gaps: [] };
    return happened;
  }

  /** Records a gap of the model; returns the exit status of the command. */
  gap({ message }: ModelGap): number {
    this.#happened.gaps.push(message);
    this.onGap?.(message);
    return GAP_STATUS;
  }

  #proc(name: string): string | undefined {
    switch (name) {
      case "version":
        return `${this.kernel}\n`;
      case "uptime":
        return `${(this.uptime / 1000).toFixed(2)} ${(this.machine.now / 1000).toFixed(2)}\n`;
      case "cmdline":
        return "console=ttyS0\n";
      case "modules":
        return this.modules.map(({ name, size, users }) =>
          `${name} ${size} ${users.length} ${users.length ? `${users.join(",")},` : "-"} Live 0x0000000000000000\n`
        ).join("");
    }
    return undefined;
  }

  /** Returns the last seen attributes of a netdev by its name; the netdev may be gone by now. */
  seen(netns: string, name: string): Seen {
    return this.#seen.get(`${netns}:${name}`) ?? { ifindex: 0, address: "00:00:00:00:00:00", mtu: 1500, qdisc: "noop" };
  }

  /** Remembers all netdevs, for messages about netdevs that disappear. */
  #look(): void {
    for (const netns of this.machine.netns) {
      for (const netdev of this.machine.netdevs(netns)) {
        const state = this.links.of(netdev);
        const { address, mtu } = state;
        const qdisc = qdiscOf(netdev, state, this.facts.qdiscs);
        this.#seen.set(`${netns}:${netdev.name}`, { ifindex: netdev.ifindex, address, mtu, qdisc });
      }
    }
  }

  /** The modules that are loaded, the latest first. */
  get modules(): { name: string; size: number; users: string[] }[] {
    const loaded = this.files.stat("/sys/module/netdevsim", "init") !== undefined;
    return this.facts.modules.filter(([name]) => loaded || name !== "netdevsim").map(([name, size, ...users]) => ({
      name,
      size,
      users: users.filter((user) => loaded || user !== "netdevsim"),
    }));
  }

  /**
   * Returns the path of a program; undefined where no machine has one of that name.
   *
   * @param words The command that asks for it, for the message
   * @throws {ModelGap} If a machine may have it, but the model does not
   */
  which(name: string, words: readonly string[] = [name]): string | undefined {
    const path = name.includes("/") ? resolvePath("/", name) : `/usr/sbin/${name}`;
    const base = path.slice(path.lastIndexOf("/") + 1);
    if (this.programs.names.has(base) && PATH.some((folder) => path === `${folder}/${base}`)) return path;
    if (OTHER_PROGRAMS.has(base)) throw new ModelGap(words.slice(0, 3).join(" "), "a program that a machine may have");
    return undefined;
  }

  /** Runs a program in a process; `fail` makes the error of the shell if the program does not exist. */
  *execute(process: Process, argv: readonly string[], fail: (message: string, status: number) => Error): Run {
    const name = argv[0]!;
    yield* this.starting(process);
    const found = this.which(name.includes("/") ? resolvePath(process.cwd, name) : name, argv);
    if (found !== undefined) {
      return yield* this.programs.run(this, process, found.slice(found.lastIndexOf("/") + 1), argv);
    }
    // Files that are made here are not executable
    const denied = name.includes("/") && this.files.stat(resolvePath(process.cwd, name), process.netns);
    throw denied ? fail(`${name}: Permission denied`, 126) : fail(`${name}: not found`, 127);
  }

  /** Returns the time that it takes to start a program. */
  *starting(process: Process): Run<void> {
    yield { until: this.scheduler.clock.now + this.pace.start(process) };
  }

  /**
   * Checks that the model has the programs of this iproute2 version.
   *
   * @throws {ModelGap} If it does not have them
   */
  checkIproute2(program: string): void {
    if (this.iproute2 === MODELLED_IPROUTE2) return;
    throw new ModelGap(
      `${program} of iproute2 ${this.iproute2}`,
      `the programs are from iproute2 ${MODELLED_IPROUTE2}`,
    );
  }

  /** The variables that a login has. */
  get environment(): Map<string, string> {
    return new Map([
      ["HOME", "/root"],
      ["LOGNAME", "root"],
      ["PATH", PATH.join(":")],
      ["SHELL", "/bin/sh"],
      ["USER", "root"],
    ]);
  }

  /** Starts a process as a login does. */
  start(files: Map<number, OpenFile>, run: (process: Process) => Run): Process {
    return this.scheduler.start({ files, cwd: "/", netns: "init", env: this.environment, parent: undefined }, run);
  }
}
