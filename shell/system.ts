/**
 * One simulated machine: the model's kernel, files, processes, programs, and whoever listens.
 *
 * @module
 */

import {
  type EraId,
  type Json,
  type LinkEvent,
  Machine,
  ModelGap,
  type Notification,
  type Observation,
  type Operation,
} from "../model/mod.ts";
import { FileSystem, NetnsFile, resolvePath } from "./files.ts";
import { Interpreter } from "./interpreter.ts";
import { LinkStates, qdiscOf } from "./link_states.ts";
import { type Call, makeCall, type Program } from "./program.ts";
import { OTHER_PROGRAMS } from "./other_programs.ts";
import { PROGRAMS } from "./programs.ts";
import { called, type OpenFile, type Process, readWhole, type Run, Scheduler } from "./process.ts";
import { type BuildName, buildOf, type KernelFacts } from "./releases.ts";
import { ShellState } from "./state.ts";

/** What a machine is made with. */
export interface SystemOptions {
  /** Which kernel it runs */
  era: EraId;
  /** How it was configured. @default {"debian"} */
  build?: BuildName;
  /** The version of iproute2: of another one than 7.3 nothing but its version is known. @default {"7.3"} */
  iproute2?: string;
  /** `uname -r`. By default that of the kernel that the era was taken from */
  release?: string;
  /** Of everything that a kernel would draw at random */
  seed?: number;
  /** What the clock says at boot, in ms since 1970. @default {that of the release of the model's newest kernel} */
  date?: number;
}

/** Somebody who is told of messages in a netns. */
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

/** What happened since somebody last asked. */
export interface Happened {
  notify: Record<string, Notification[]>;
  kmsg: string[];
  /** What was asked for and the model has no answer for, as it was told */
  gaps: string[];
}

/** The version of iproute2 whose programs are modelled. */
export const MODELLED_IPROUTE2 = "7.3";

/** The exit status of what the model has no answer for: none that a program of the machine has. */
export const GAP_STATUS = 125;

/** What ip(8) tells of a netdev. */
export interface Seen {
  ifindex: number;
  address: string;
  mtu: number;
  qdisc: string;
}

/** So many turns in a row without getting any further, and a command waits for ever. */
const IDLE = 10_000;
/** The index of the port of the first VF. */
const FIRST_VF = 128;
/** How fast a machine is. */
export interface Pace {
  /** How long it takes to start a program in a process, in ms */
  start(process: Process): number;
  /** How long a reload takes, in ms */
  reload: number;
  /** How long a command takes from one lock to the next, in ms: others run in between. Without it each is done at once */
  step?: number;
}

/** What an emulated machine of 2026 takes. */
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
  #happened: Happened = { notify: {}, kmsg: [], gaps: [] };
  /** Is told at once of what the model has no answer for, wherever the output of programs goes */
  onGap: ((message: string) => void) | undefined;

  constructor(options: SystemOptions) {
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
        const own = this.#netdevFile(path, netns);
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
      program: (path) => /^\/(?:usr\/)?s?bin\/[^/]+$/.test(path) && Object.hasOwn(PROGRAMS, path.replace(/^.*\//, "")),
      proc: (name) => this.#proc(name),
      time: () => this.time,
    });
  }

  /** What the clock said at boot, in ms since 1970. */
  get date(): number {
    return this.#date;
  }

  /** What the clock says, in ms since 1970. */
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

  /** Performs an operation on the kernel and tells everybody of what it caused. */
  perform(op: Operation): Observation {
    return this.#told(op, this.machine.perform(op));
  }

  /** The same, at the pace of the machine: where it takes time, others run in the midst of it. */
  *performing(op: Operation): Run<Observation> {
    const { step } = this.pace;
    if (step === undefined) return this.perform(op);
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

  *#write(path: string, value: string, netns: string): Run<string> {
    const linked = /^\/sys\/bus\/netdevsim\/(?:un)?link_device$/.test(path);
    if (
      linked && this.scheduler.living.some(({ files }) => [...files.values()].some((one) => one instanceof NetnsFile))
    ) {
      throw new ModelGap(path, "netdevs that are linked to each other; their netns are named by open files");
    }
    return (yield* this.performing({ kind: "file.write", path, value: value.replace(/\n$/, ""), netns })).result;
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

  /** Begins to tell somebody of messages; gives what ends it. */
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

  /** What happened since the last time. */
  take(): Happened {
    const happened = this.#happened;
    this.#happened = { notify: {}, kmsg: [], gaps: [] };
    return happened;
  }

  /** Takes note of something that the model has no answer for; gives the exit status of what asked for it. */
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

  /** The devlink port of a netdev. */
  portOf(netdev: string, netns: string): { handle: string; port: number } | undefined {
    const { reply } = this.machine.perform({ kind: "port.show", netns });
    const ports = (reply as { port?: Record<string, { netdev?: string }> } | null)?.port ?? {};
    const found = Object.entries(ports).find(([, port]) => port.netdev === netdev)?.[0];
    if (found === undefined) return undefined;
    const at = found.lastIndexOf("/");
    return { handle: found.slice(0, at), port: Number(found.slice(at + 1)) };
  }

  /** What ip(8) tells of the VFs of a port; undefined where it can have none. */
  vfs(handle: string, port: number): Json[] | undefined {
    if (port >= FIRST_VF) return undefined;
    const path = `/sys/bus/netdevsim/devices/${handle.split("/")[1]}/sriov_numvfs`;
    const { sysfs } = this.machine.perform({ kind: "file.read", path });
    const { reply } = this.machine.perform({ kind: "rate.show" });
    const rates = (reply as { rate?: Record<string, { tx_max?: number; tx_share?: number }> } | null)?.rate ?? {};
    const megabits = (bytes = 0) => Math.floor(bytes * 8 / 1e6);
    const rateOf = (vf: number) => rates[`${handle}/${FIRST_VF + vf}`] ?? {};
    return Array.from({ length: Number(sysfs ?? 0) }, (_, vf) => ({
      vf,
      link_type: "ether",
      address: "00:00:00:00:00:00",
      broadcast: "ff:ff:ff:ff:ff:ff",
      vlan_list: [{}],
      rate: { max_tx: megabits(rateOf(vf).tx_max), min_tx: megabits(rateOf(vf).tx_share) },
      spoofchk: false,
      link_state: "auto",
      trust: false,
      query_rss_en: false,
    }));
  }

  /** `phys_port_name` of a port. */
  portName(_handle: string, port: number): string {
    return port >= FIRST_VF ? `pf0vf${port - FIRST_VF}` : `p${port + 1}`;
  }

  /** `phys_switch_id` of a device: 32 bytes that it drew at random. */
  switchId(device: string): string {
    let state = 0;
    for (const char of device) state = (Math.imul(state, 31) + char.charCodeAt(0)) >>> 0;
    return Array.from({ length: 32 }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return ((state >>> 16) & 0xff).toString(16).padStart(2, "0");
    }).join("");
  }

  /** A file of `/sys/class/net` that tells what the model has no use for. */
  #netdevFile(path: string, netns: string): { text: string } | { errno: string } | undefined {
    const match = /^\/sys\/class\/net\/([^/]+)\/([^/]+)$/.exec(path);
    const netdev = match && this.machine.netdevs(netns).find(({ name }) => name === match[1]);
    if (!netdev) return undefined;
    const state = this.links.of(netdev);
    const lo = netdev.name === "lo";
    const port = this.portOf(netdev.name, netns);
    switch (match[2]) {
      case "address":
        return { text: state.address };
      case "broadcast":
        return { text: lo ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff" };
      case "mtu":
        return { text: String(state.mtu) };
      case "speed":
      case "duplex":
        return port || lo ? { errno: "EINVAL" } : undefined;
      case "phys_port_name":
        return port ? { text: this.portName(port.handle, port.port) } : { errno: "EOPNOTSUPP" };
      case "phys_switch_id":
        return port ? { text: this.switchId(port.handle.split("/")[1]!) } : { errno: "EOPNOTSUPP" };
    }
    return undefined;
  }

  /** What was last seen of a netdev, by its name: it may be gone by now. */
  seen(netns: string, name: string): Seen {
    return this.#seen.get(`${netns}:${name}`) ?? { ifindex: 0, address: "00:00:00:00:00:00", mtu: 1500, qdisc: "noop" };
  }

  /** Looks at all netdevs, so that something can be said of those that go. */
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

  /** Where a program is found; undefined where there is none of that name. */
  which(name: string): string | undefined {
    if (name.includes("/")) {
      const base = name.slice(name.lastIndexOf("/") + 1);
      return PATH.some((folder) => name === `${folder}/${base}`) && Object.hasOwn(PROGRAMS, base) ? name : undefined;
    }
    return Object.hasOwn(PROGRAMS, name) ? `/usr/sbin/${name}` : undefined;
  }

  /** Runs a program in a process; `fail` makes what its shell says where there is none. */
  *execute(process: Process, argv: readonly string[], fail: (message: string, status: number) => Error): Run {
    const name = argv[0]!;
    yield* this.starting(process);
    const found = this.which(name);
    if (found !== undefined) {
      const program = PROGRAMS[found.slice(found.lastIndexOf("/") + 1)]!;
      return yield* this.call(process, program, argv);
    }
    if (name.includes("/")) {
      const path = resolvePath(process.cwd, name);
      const stat = this.files.stat(path, process.netns);
      if (stat?.type === "dir" || (stat && (stat.mode & 0o111) === 0)) throw fail(`${name}: Permission denied`, 126);
      if (stat) return yield* this.script(process, path, argv);
    }
    // What a machine has without it being here is not said to be missing
    const base = name.slice(name.lastIndexOf("/") + 1);
    if (OTHER_PROGRAMS.has(base)) throw new ModelGap(argv.slice(0, 3).join(" "), "a program that a machine may have");
    throw fail(`${name}: not found`, 127);
  }

  /** The time that it takes to start a program. */
  *starting(process: Process): Run<void> {
    yield { until: this.scheduler.clock.now + this.pace.start(process) };
  }

  /**
   * Looks whether the programs of iproute2 are those that are modelled.
   *
   * @throws {ModelGap} If they are not
   */
  checkIproute2(program: string): void {
    if (this.iproute2 === MODELLED_IPROUTE2) return;
    throw new ModelGap(`${program} of iproute2 ${this.iproute2}`, `the programs are those of ${MODELLED_IPROUTE2}`);
  }

  /** Runs a program of this machine. */
  *call(process: Process, program: Program, argv: readonly string[]): Run {
    const call: Call = makeCall(this, process, argv);
    const before = process.name;
    process.name = argv.join(" ");
    try {
      return yield* program(call);
    } catch (error) {
      if (error instanceof ModelGap) return this.gap(error);
      // It is the program that is ended, and not the shell that runs it
      if (error instanceof RangeError) return process.crash(error);
      throw error;
    } finally {
      process.name = before;
    }
  }

  /** Runs a file as a script of a shell. */
  *script(process: Process, path: string, argv: readonly string[]): Run {
    const opened = this.files.open(path, "r", process.netns);
    if ("errno" in opened) return 2;
    const { text } = yield* readWhole(opened.file);
    return yield* called(this.shell(process, argv[0]!, argv.slice(1)).runScript(text));
  }

  /** A shell of its own in a process, with what it inherits. */
  shell(process: Process, name: string, parameters: readonly string[] = []): Interpreter {
    const state = new ShellState(name, process.pid);
    for (const [key, value] of process.env) {
      state.variables.set(key, value);
      state.exported.add(key);
    }
    state.variables.set("PWD", process.cwd);
    state.variables.set("IFS", " \t\n");
    state.parameters = [...parameters];
    return new Interpreter(this, process, state);
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
