/**
 * A session with the agent on a board: pushes the agent once, then each whole plan, and collects the records. A record that is
 * damaged or missing is requested again. The steps in it are never run a second time.
 *
 * @module
 */

import type { Loss, Plan, PlannedStep, SequenceTrace, StepTrace } from "../../diff/trace.ts";
import { visible } from "../../boards/visible.ts";
import type { Facts } from "../../model/facts.ts";
import type { Handle, Operation } from "../../model/operation.ts";
import { breaksKernel } from "../../diff/crash.ts";
import { quote } from "./commands.ts";
import { Connection, TooLongError } from "../wire/connection.ts";
import { DRIVERS } from "../../model/drivers/mod.ts";
import { factsOf } from "./facts.ts";
import { FACTS_MS, factsScript, readFacts } from "./facts_script.ts";
import { FINDINGS, parseKmsg } from "./kernel_log.ts";
import { driversScript, handlesIn, type Instance, instancesOf, LIST_INSTANCES } from "./instances.ts";
import { type Hello, parseHello } from "./hello.ts";
import type { KnownLines } from "./known_lines.ts";
import { readRecord, readStep, type StepPart } from "./records.ts";
import type { MonitorMemories, Section } from "./observe.ts";
import { type DeviceLock, lockWords } from "./lock.ts";
import { boundIn, planScript } from "./plan_script.ts";
import { type Shell, TransportError } from "../lines/shell.ts";
import { READY_SECONDS, type ReadyCommand, readyScript } from "./ready.ts";
import { bare } from "../wire/board_script.ts";
import { announcement } from "../wire/wire.ts";

/** The files that show which capabilities of the model's drivers a board has: `NAME=FILE`, blanks between. */
const PRESENCE = DRIVERS.flatMap(({ presence = [] }) => presence)
  .flatMap(({ capability, file }) => file === undefined ? [] : [`${capability}=${file}`]).join(" ");

/** Options of {@linkcode AgentSession}. */
export interface SessionOptions {
  /** How long a line may be silent before a record is asked for again, in ms. @default {4000} */
  silenceMs?: number;
  /** Lines that the board has sent before. On a slow line they need not travel again */
  known?: KnownLines;
  /** How long the first answer of the agent may take, in ms; the commands of `ready` add their time. @default {60000} */
  helloMs?: number;
  /** The commands that make the board ready; they run before the agent answers. @default {[]} */
  ready?: readonly ReadyCommand[];
  /** The emulated device; it logs where each step begins */
  device?: Handle;
  /** The lock of the device that no other run may use meanwhile. @default {none} */
  lock?: DeviceLock;
  /** Ends the session */
  signal?: AbortSignal | undefined;
  /** Called for each step when its record arrives */
  onStep?: (step: StepTrace) => void;
  /** Called for each line of the connection that belongs to no record */
  onNoise?: (line: string) => void;
}

/** How long the board may take to answer, in ms, besides the time for the request itself. */
const ANSWER_MS = 20_000;

/** A connected agent. */
export class AgentSession {
  readonly #shell: Shell;
  readonly #options: SessionOptions;
  readonly #nonce: string = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  #connection!: Connection;
  /** The number of the last record that was read */
  #last = 0;
  readonly #memory: MonitorMemories = new Map();
  /** The parts of the running plan's records, by step */
  readonly #parts = new Map<number, StepPart>();
  /** The end of the last record: it belongs to the step after that record */
  #rest: Section[] = [];
  /** The lines with which the agent announces the steps of the running plan; with each the longest time of the step, in ms */
  readonly #announced = new Map<string, { id: number; bound: number }>();
  /** The last step that the agent has announced; 0 before the first */
  #running = 0;
  /** The id of the running plan on the board */
  #plan = "";
  /** The netns whose monitors run */
  readonly #watched = new Set<string>();
  /** True if monitors can run on the board */
  #monitored = false;
  /** The reason why the board sends nothing any more */
  #silent: string | undefined;
  /** Set when the last record of the plan has arrived: `broken` if the kernel broke */
  #done: "done" | "broken" | undefined;

  private constructor(shell: Shell, options: SessionOptions) {
    this.#shell = shell;
    this.#options = options;
  }

  /**
   * Handles a line that belongs to no record: the announcement of a step, or other text. Returns the bound of an announced
   * step, in ms.
   */
  #noise(line: string): number | undefined {
    const begins = this.#announced.get(/@\d+ [0-9a-f]{8}/.exec(line)?.[0] ?? "");
    if (begins) this.#running = Math.max(this.#running, begins.id);
    else this.#options.onNoise?.(line);
    return begins?.bound;
  }

  /**
   * Starts the agent on the board that `shell` reaches.
   *
   * @throws {TransportError} If the agent does not answer
   */
  static async open(shell: Shell, options: SessionOptions = {}): Promise<{ session: AgentSession; hello: Hello }> {
    const session = new AgentSession(shell, options);
    const { silenceMs, signal, known, ready = [] } = options;
    const helloMs = (options.helloMs ?? 60_000) + ready.length * READY_SECONDS * 1000;
    const deadline = Date.now() + helloMs;
    const connection = await Connection.open(shell, `TL_N=${session.#nonce}`, helloMs, {
      ...(silenceMs === undefined ? {} : { silenceMs }),
      ...(signal ? { signal } : {}),
      ...(known ? { known } : {}),
      onNoise: (line) => session.#noise(line),
    });
    session.#connection = connection;
    try {
      const parts = ["./agent.sh", "./agent_steps.sh", "./agent_races.sh", "./agent_lock.sh"].map((name) =>
        Deno.readTextFile(new URL(name, import.meta.url))
      );
      const agent = bare((await Promise.all(parts)).join(""));
      const left = () => Math.max(0, deadline - Date.now());
      const device = options.device === undefined ? "" : `TL_DEVICE=${quote(configOf(options.device))}\n`;
      const lock = options.lock === undefined ? "" : lockWords(options.lock);
      const begun = await connection.script(
        `${agent}TL_FINDINGS=${quote(FINDINGS)}\nTL_PRESENCE=${quote(PRESENCE)}\n${device}tl_start${lock}\n${
          readyScript(ready)
        }tl_hello\n`,
        "run",
        left(),
        /^\d+ hello (\S+)/,
      );
      session.#last = 1;
      const body = begun === undefined ? undefined : await connection.record(1, left());
      if (body === undefined || body === "damaged") {
        throw new TransportError(
          `Cannot start the agent over ${shell.description}: no answer within ${helloMs / 1000} s`,
        );
      }
      // An agent that an earlier run left may be on the same line, and its records may have the same numbers.
      if (!body.split("\n").includes(`nonce ${session.#nonce}`)) {
        throw new TransportError(`Cannot start the agent over ${shell.description}: another agent answers there`);
      }
      const hello = parseHello(body, ready);
      session.#monitored = hello.has.includes("devlink");
      return { session, hello };
    } catch (error) {
      await connection.end();
      throw error;
    }
  }

  /**
   * Runs one plan on the board and returns its trace; a lost step is in it with the reason.
   *
   * @throws {DOMException} If the session was aborted
   */
  async run(plan: Plan): Promise<SequenceTrace> {
    const steps: StepTrace[] = [];
    let loss: Loss | undefined;
    let ended = false;
    try {
      loss = await this.#push(plan);
      for (const step of plan.steps) {
        const traced = loss ? { ...step, lost: loss } : await this.#step(plan, step);
        steps.push(traced);
        this.#options.onStep?.(traced);
        if (traced.lost?.reason === "not-run") {
          loss = traced.lost;
          ended = true;
        } else if (traced.lost?.reason === "timeout") {
          // The board may continue: it is only known that its line is silent.
          loss = { reason: "untold", detail: `step ${step.id} was lost: ${traced.lost.detail}` };
        }
        const hung = traced.observation?.result === "hang" && step.phase !== "teardown";
        if (hung) steps.push(...await this.#afterHang(plan, step.id));
        if (hung) break;
      }
      if (!loss && !ended && this.#done === undefined) await this.#take(ANSWER_MS, false);
      this.#tellOfTheEnd(steps);
    } catch (error) {
      if (error instanceof DOMException) throw error;
      const detail = (error as Error).message;
      for (const step of plan.steps.slice(steps.length)) {
        steps.push({ ...step, lost: this.#untold(step) ?? { reason: "transport", detail } });
      }
    }
    return { suite: plan.suite, sequence: plan.sequence, source: plan.source, steps };
  }

  /** Adds the kernel's report after the last step to that step. */
  #tellOfTheEnd(steps: StepTrace[]): void {
    const last = steps.at(-1);
    const log = parseKmsg(this.#rest.filter(({ name }) => name === "kmsg").map(({ text }) => text).join("\n"));
    const first = log.findIndex((line) => line.class !== "info" && line.class !== "stale");
    const report = first < 0 ? [] : log.slice(first);
    if (last?.observation) last.observation.kmsg.push(...report);
    const told = steps.some(({ observation, lost }) =>
      observation ? breaksKernel(observation) : lost?.reason === "crash" || lost?.reason === "reboot"
    );
    if (!last || told || this.#done !== "broken") return;
    delete last.observation;
    last.lost = {
      reason: "crash",
      detail: report[0]?.text ?? "its kernel log shows it; which step it was is not known",
    };
  }

  /** Returns a loss for a step without a record, if the agent announced a later step; otherwise undefined. */
  #untold({ id }: PlannedStep): Loss | undefined {
    if (id >= this.#running) return undefined;
    // If the board is gone, the bytes that it had still to send over a network are lost.
    const where = `in step ${this.#running}${this.#shell.lossy ? "" : " or right after it"}`;
    return { reason: "untold", detail: `that happened ${where}` };
  }

  /** Returns the steps after a step that hung: the rest of the body was not run, the tear-down was. */
  async #afterHang(plan: Plan, id: number): Promise<StepTrace[]> {
    const rest: StepTrace[] = [];
    for (const step of plan.steps.filter((step) => step.id > id)) {
      rest.push(
        step.phase === "teardown"
          ? await this.#step(plan, step)
          : { ...step, lost: { reason: "not-run", detail: `step ${id} did not end` } },
      );
    }
    return rest;
  }

  async #push(plan: Plan): Promise<Loss | undefined> {
    const id = crypto.randomUUID().slice(0, 8);
    this.#plan = id;
    this.#watched.clear();
    if (this.#monitored) this.#watched.add("init");
    this.#announced.clear();
    this.#parts.clear();
    this.#rest = [];
    this.#running = 0;
    this.#silent = this.#done = undefined;
    for (const step of plan.steps) {
      this.#announced.set(announcement(id, step.id), { id: step.id, bound: waitFor(plan, step) });
    }
    this.#connection.forget();
    const begins = new RegExp(`^\\d+ steps ${id} (\\d+)\n`);
    const known = this.#options.known?.begin(`${plan.suite} > ${plan.sequence}`) ?? [];
    const told = `TL_KNOWN='${known.map((sum) => ` ${sum}`).join("")}${known.length > 0 ? " " : ""}'\n`;
    const begun = await this.#connection.script(told + planScript(plan, id), "run", ANSWER_MS, begins);
    const [, last] = /^begun (\d+)$/.exec(begun ?? "") ?? [];
    if (last === undefined) {
      return {
        reason: "transport",
        detail: `the board does not say that it has begun the plan, over ${this.#shell.description}`,
      };
    }
    this.#last = Number(last);
    return undefined;
  }

  /** Runs lines of shell on the board, once or more often, without an answer; returns false if the board was lost. */
  tell(lines: string): Promise<boolean> {
    return this.#connection.tell(lines.trim().replaceAll("\n", "; "));
  }

  /**
   * Runs a script on the board, between plans, and returns its output; undefined if no answer comes.
   *
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the session was aborted
   */
  async ask(script: string): Promise<string | undefined> {
    return (await this.#connection.call(script, ANSWER_MS))?.output;
  }

  /**
   * Reads the facts of an instance of the board, by commands that only show; undefined if the board lacks the instance.
   *
   * @throws {TransportError} If the board does not answer, or its answer is incomplete
   * @throws {DOMException} If the session was aborted
   */
  async facts(handle: Handle): Promise<Facts | undefined> {
    const unread = (why: string) =>
      new TransportError(`Cannot read what ${visible(handle)} has over ${this.#shell.description}: ${why}`);
    this.#announced.clear();
    this.#connection.forget();
    const begun = await this.#connection.script(factsScript(handle), "run", ANSWER_MS, /^\d+ facts (\d+)\n/);
    const [, last] = /^begun (\d+)$/.exec(begun ?? "") ?? [];
    if (last === undefined) throw unread("the board does not answer");
    this.#last = Number(last);
    const body = await this.#connection.record(++this.#last, FACTS_MS, true);
    if (body === undefined) throw unread(this.#connection.dead ?? `no answer within ${FACTS_MS / 1000} s`);
    const replies = body === "damaged" ? undefined : readFacts(body, this.#nonce);
    if (!replies) throw unread("the answer is not whole");
    return factsOf(handle, replies);
  }

  /**
   * Lists the board's devlink instances, by commands that only show.
   *
   * @throws {TransportError} If the board does not answer, or its answer is no list
   * @throws {DOMException} If the session was aborted
   */
  async instances(): Promise<Instance[]> {
    const printed = await this.ask(LIST_INSTANCES);
    const handles = handlesIn(printed ?? "");
    const drivers = handles && (handles.length === 0 ? "" : await this.ask(driversScript(handles)));
    if (handles === undefined || drivers === undefined) {
      const why = printed === undefined || handles
        ? "the board does not answer"
        : `"devlink dev show" prints no list there`;
      throw new TransportError(`Cannot list the devlink instances over ${this.#shell.description}: ${why}`);
    }
    return instancesOf(handles, drivers);
  }

  /** Reads the next record of the plan into its parts, or returns why it cannot. */
  async #take(bound: number, beats: boolean): Promise<"taken" | "damaged" | "timeout" | TooLongError> {
    const body = await this.#connection.record(++this.#last, bound, beats).catch((error) => {
      if (error instanceof TooLongError) return error;
      throw error;
    });
    if (body instanceof TooLongError) return body;
    if (body === undefined) return "timeout";
    if (body === "damaged") return "damaged";
    const record = readRecord(body, this.#nonce, this.#plan);
    if (!record) return "damaged";
    const [first] = record.parts;
    if (first) {
      for (const { name, text } of this.#rest) {
        const section = first.sections.find((section) => section.name === name);
        if (section) section.text = text + section.text;
        else first.sections.push({ name, text });
      }
      this.#rest = [];
    }
    this.#rest.push(...record.rest);
    for (const part of record.parts) this.#parts.set(part.id, part);
    this.#done = record.done;
    return "taken";
  }

  #read(step: PlannedStep, part: StepPart): StepTrace {
    const { op } = step;
    // The agent ends the monitors of a netns before the step that removes it, and starts them after the step that adds it.
    for (const name of removedBy(op)) this.#watched.delete(name);
    const traced = readStep(step, part, this.#memory, this.#watched);
    if (op.kind === "netns.add" && this.#monitored && traced.observation?.result === "ok") this.#watched.add(op.name);
    return traced;
  }

  async #step(plan: Plan, step: PlannedStep): Promise<StepTrace> {
    const bound = waitFor(plan, step);
    for (;;) {
      const part = this.#parts.get(step.id);
      if (part) return this.#read(step, part);
      // The records of later steps have arrived, so this step was in a record that is lost.
      const detail = "the record came damaged, however often it was asked for";
      const passed = this.#parts.size > 0 && Math.max(...this.#parts.keys()) > step.id;

      if (passed) return { ...step, lost: { reason: "damaged", detail } };
      if (this.#done === "broken" && step.phase === "teardown") {
        // The agent does not tear down on a kernel that broke.
        return { ...step, lost: { reason: "not-run", detail: "the board's kernel is broken" } };
      }
      if (this.#done !== undefined) {
        return { ...step, lost: { reason: "damaged", detail: "the agent's records do not tell of it" } };
      }
      if (this.#silent !== undefined) {
        return { ...step, lost: this.#untold(step) ?? { reason: "timeout", detail: this.#silent } };
      }
      // While a kernel that breaks writes its report, nothing else runs: there are no signs of life.
      const taken = await this.#take(bound, plan.breaks === undefined);
      if (taken instanceof TooLongError) return { ...step, lost: { reason: "too-long", detail: taken.message } };
      if (taken === "damaged") return { ...step, lost: { reason: "damaged", detail } };
      if (taken === "timeout") this.#silent = this.#connection.dead ?? `no record within ${bound / 1000} s`;
    }
  }

  /**
   * Stops the agent, which undoes its changes on the board, and closes the shell. A plan that runs is finished first, tear-down
   * included; `graceMs` bounds this wait.
   */
  async close(options: { graceMs?: number } = {}): Promise<void> {
    await this.#connection.close(options.graceMs ?? 20_000);
  }
}

/** Returns the netns that an operation may remove, nested operations included. */
function removedBy(op: Operation): string[] {
  switch (op.kind) {
    case "netns.del":
      return [op.name];
    case "during":
    case "listen":
      return removedBy(op.operation);
    case "rounds":
      return [...op.operations, ...op.meanwhile ?? []].flatMap(removedBy);
    case "race":
      return [...op.before, ...op.after, ...op.racers.flatMap(({ operations }) => operations)].flatMap(removedBy);
    default:
      return [];
  }
}

/** Returns the file of a PCI function's configuration space. */
const configOf = (handle: Handle) => `/sys/bus/pci/devices/${handle.replace(/^pci\//, "")}/config`;

/** Returns how long a step's record may take, in ms. */
function waitFor(plan: Plan, step: PlannedStep): number {
  // A kernel that breaks first writes its report, to a serial console for many seconds.
  return boundIn(plan, step) * 1000 + (step.op.settle ?? 0) + (plan.breaks === undefined ? 15_000 : 60_000);
}
