/**
 * A session with the agent on a board: pushes the agent once, then each plan whole, and gathers the records. A record
 * that came damaged, or not at all, is asked for again; the step that it tells of is never run a second time.
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

/** The files by which a board shows what it has for drivers of the model: `NAME=FILE`, blanks between. */
const PRESENCE = DRIVERS.flatMap(({ presence = [] }) => presence)
  .flatMap(({ capability, file }) => file === undefined ? [] : [`${capability}=${file}`]).join(" ");

/** Options of {@linkcode AgentSession}. */
export interface SessionOptions {
  /** How long a line may be silent before a record is asked for again, in ms. @default {4000} */
  silenceMs?: number;
  /** What the board has said before: of a slow line, that need not travel again */
  known?: KnownLines;
  /** How long the first answer of the agent may take, in ms, beside the commands of `ready`. @default {60000} */
  helloMs?: number;
  /** What makes the board ready, run before the agent answers. @default {[]} */
  ready?: readonly ReadyCommand[];
  /** The emulated device, which logs where each step begins */
  device?: Handle;
  /** The device that no other run may have meanwhile. @default {none} */
  lock?: DeviceLock;
  /** Ends the session */
  signal?: AbortSignal | undefined;
  /** Called for each step as its record comes */
  onStep?: (step: StepTrace) => void;
  /** Called for each line of the connection that belongs to no record */
  onNoise?: (line: string) => void;
}

/** How long the board may take to answer beside what it is asked to do, in ms. */
const ANSWER_MS = 20_000;

/** A connected agent. */
export class AgentSession {
  readonly #shell: Shell;
  readonly #options: SessionOptions;
  readonly #nonce: string = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  #connection!: Connection;
  /** The number of the last record that was taken */
  #last = 0;
  readonly #memory: MonitorMemories = new Map();
  /** What the records of the plan that runs reported of its steps */
  readonly #parts = new Map<number, StepPart>();
  /** What the last record held of the step after it */
  #rest: Section[] = [];
  /** The lines with which the agent reports that it begins a step of the plan that runs, and how many ms that one may take */
  readonly #announced = new Map<string, { id: number; bound: number }>();
  /** The last step that the agent said to begin; 0 before the first */
  #running = 0;
  /** What the plan that runs is called on the board */
  #plan = "";
  /** The netns whose monitors run */
  readonly #watched = new Set<string>();
  /** True if the board has what monitors need */
  #monitored = false;
  /** Why nothing comes any more */
  #silent: string | undefined;
  /** The last record of the plan has come: `broken` where the kernel is */
  #done: "done" | "broken" | undefined;

  private constructor(shell: Shell, options: SessionOptions) {
    this.#shell = shell;
    this.#options = options;
  }

  /** Returns a line that is of no record: the step that the agent reports to begin, or anything else that was on the connection. */
  #noise(line: string): number | undefined {
    const begins = this.#announced.get(/@\d+ [0-9a-f]{8}/.exec(line)?.[0] ?? "");
    if (begins) this.#running = Math.max(this.#running, begins.id);
    else this.#options.onNoise?.(line);
    return begins?.bound;
  }

  /**
   * Starts the agent on the board behind `shell`.
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
      // An agent that an earlier run has left may be on the same line, with records of the same numbers.
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
   * Runs one plan on the board and gives its trace; a step that was lost is in it with its reason.
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
          // The board may go on: only its line is known to be silent.
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

  /** Puts what the kernel reported after the last step into that. */
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

  /** Returns what became of a step where nothing comes any more, if a later one was begun. */
  #untold({ id }: PlannedStep): Loss | undefined {
    if (id >= this.#running) return undefined;
    // Of a board that is gone, a network does not bring what it had still to send.
    const where = `in step ${this.#running}${this.#shell.lossy ? "" : " or right after it"}`;
    return { reason: "untold", detail: `that happened ${where}` };
  }

  /** Returns the steps after one that hung: the body's others were not run, the tear-down was. */
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

  /** Has lines of shell done on the board, once or more often, that nobody answers; false where the board was lost. */
  tell(lines: string): Promise<boolean> {
    return this.#connection.tell(lines.trim().replaceAll("\n", "; "));
  }

  /**
   * Runs a script of its own on the board, between plans, and gives what it printed; undefined where no answer comes.
   *
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the session was aborted
   */
  async ask(script: string): Promise<string | undefined> {
    return (await this.#connection.call(script, ANSWER_MS))?.output;
  }

  /**
   * Reads what the board's devlink has of an instance, by commands that only show; undefined where the board lacks the instance.
   *
   * @throws {TransportError} If the board does not answer, or not with the whole
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
   * @throws {TransportError} If the board does not answer, or not with a list
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

  /** Takes the next record of the plan apart; other results are reported. */
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
      // Steps after it have come: it was in a record that did not.
      const detail = "the record came damaged, however often it was asked for";
      const passed = this.#parts.size > 0 && Math.max(...this.#parts.keys()) > step.id;

      if (passed) return { ...step, lost: { reason: "damaged", detail } };
      if (this.#done === "broken" && step.phase === "teardown") {
        // The agent does not tear down what is in a kernel that broke.
        return { ...step, lost: { reason: "not-run", detail: "the board's kernel is broken" } };
      }
      if (this.#done !== undefined) {
        return { ...step, lost: { reason: "damaged", detail: "the agent's records do not tell of it" } };
      }
      if (this.#silent !== undefined) {
        return { ...step, lost: this.#untold(step) ?? { reason: "timeout", detail: this.#silent } };
      }
      // A kernel that breaks lets nobody run while it writes of it.
      const taken = await this.#take(bound, plan.breaks === undefined);
      if (taken instanceof TooLongError) return { ...step, lost: { reason: "too-long", detail: taken.message } };
      if (taken === "damaged") return { ...step, lost: { reason: "damaged", detail } };
      if (taken === "timeout") this.#silent = this.#connection.dead ?? `no record within ${bound / 1000} s`;
    }
  }

  /**
   * Stops the agent, which undoes what it changed on the board, and closes the shell. A plan that is being run comes to
   * its end first, tear-down included; `graceMs` bounds the wait for it.
   */
  async close(options: { graceMs?: number } = {}): Promise<void> {
    await this.#connection.close(options.graceMs ?? 20_000);
  }
}

/** Returns the netns that an operation, or one inside of it, may remove. */
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

/** Returns the file through which a function's configuration space is read and written. */
const configOf = (handle: Handle) => `/sys/bus/pci/devices/${handle.replace(/^pci\//, "")}/config`;

/** Returns how long a step's record may take, in ms. */
function waitFor(plan: Plan, step: PlannedStep): number {
  // A kernel that breaks writes of it first, to a serial console for many seconds.
  return boundIn(plan, step) * 1000 + (step.op.settle ?? 0) + (plan.breaks === undefined ? 15_000 : 60_000);
}
