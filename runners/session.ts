/**
 * A session with the agent on a board: pushes the agent once, then each plan whole, and gathers the records. A record
 * that came damaged, or not at all, is asked for again; the step that it tells of is never run a second time.
 *
 * @module
 */

import type { Loss, Plan, PlannedStep, SequenceTrace, StepTrace } from "../diff/trace.ts";
import type { FreedMemory } from "../model/observation.ts";
import { readRecord, readStep, type StepPart } from "./records.ts";
import type { MonitorMemories, Section } from "./observe.ts";
import { boundIn, planScript } from "./plan_script.ts";
import { type Shell, TransportError } from "./shell.ts";
import { announcement, cksum, type Frame, FrameParser, md5 } from "./wire.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** What a board says of itself. */
export interface Hello {
  /** `uname -r` */
  kernel: string;
  /** What `devlink -V` prints, empty where devlink is missing */
  iproute2: string;
  /** `/proc/sys/kernel/random/boot_id` */
  bootId: string;
  /** True for root */
  root: boolean;
  /** Tools that the agent needs and did not find */
  missing: string[];
  /** `devlink`, `netdevsim`, `debugfs`, `kmsg`, `pcs` */
  has: string[];
  /** What a use of freed memory does there */
  freedMemory: FreedMemory;
}

/** Options of {@linkcode AgentSession}. */
export interface SessionOptions {
  /** How long a line may be silent before a record is asked for again, in ms. @default {4000} */
  silenceMs?: number;
  /** How long the first answer of the agent may take, in ms. @default {30000} */
  helloMs?: number;
  /** Ends the session */
  signal?: AbortSignal | undefined;
  /** Called for each step as its record comes */
  onStep?: (step: StepTrace) => void;
  /** Called for each line of the connection that belongs to no record */
  onNoise?: (line: string) => void;
}

// On a console with 20 kernel lines a second four of five sendings of a long record are hit.
const MAX_ASKS = 40;

/** A connected agent. */
export class AgentSession {
  readonly #shell: Shell;
  readonly #options: SessionOptions;
  readonly #nonce: string = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  readonly #parser = new FrameParser();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #frames: Frame[] = [];
  #waiting: (() => void) | undefined;
  #ended: Error | undefined;
  #aborted = false;
  #pump: Promise<void>;
  /** The number of the last record that was taken */
  #last = 0;
  readonly #records = new Map<number, string>();
  readonly #memory: MonitorMemories = new Map();
  /** What the records of the plan that runs told of its steps */
  readonly #parts = new Map<number, StepPart>();
  /** What the last record held of the step behind it */
  #rest: Section[] = [];
  /** The lines with which the agent says that it begins a step of the plan that runs, and how many ms that one may take */
  readonly #announced = new Map<string, { id: number; bound: number }>();
  /** The last step that the agent said to begin; 0 before the first */
  #running = 0;
  /** Why nothing comes any more */
  #silent: string | undefined;
  /** The last record of the plan has come: `broken` where the kernel is */
  #done: "done" | "broken" | undefined;

  private constructor(shell: Shell, options: SessionOptions) {
    this.#shell = shell;
    this.#options = options;
    this.#reader = shell.readable.getReader();
    this.#writer = shell.writable.getWriter();
    this.#pump = this.#read();
    options.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  #abort = (): void => {
    this.#aborted = true;
    this.#waiting?.();
  };

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) throw new TransportError(`Lost the connection to the board: ${this.#shell.description} ended`);
        this.#frames.push(...this.#parser.push(value));
        this.#waiting?.();
      }
    } catch (error) {
      this.#ended ??= error instanceof Error ? error : new TransportError(String(error));
      this.#waiting?.();
    }
  }

  async #send(script: string): Promise<void> {
    try {
      await this.#writer.write(utf8.encode(script));
    } catch (error) {
      throw this.#ended ?? new TransportError(`Lost the connection to the board: ${(error as Error).message}`);
    }
  }

  /** The next frame, or undefined after `ms` of silence. */
  async #next(ms: number): Promise<Frame | undefined> {
    const deadline = Date.now() + ms;
    for (;;) {
      const frame = this.#frames.shift();
      if (frame) return frame;
      if (this.#aborted) throw new DOMException("The run was cancelled", "AbortError");
      if (this.#ended) throw this.#ended;
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  /**
   * The next record by number, asked for again while it is damaged or does not come; undefined where `bound` ms of silence
   * pass without it, `"damaged"` where asking did not help. The agent answers once its plan is over, with what it has kept:
   * until then the records behind this one come in.
   */
  async #record(bound: number): Promise<string | "damaged" | undefined> {
    const wanted = this.#last + 1;
    const silence = this.#options.silenceMs ?? 4000;
    let deadline = Date.now() + bound;
    // Other text on the line is no sign of the agent.
    let quietUntil = Date.now() + silence;
    let damage = 0;
    let asked = 0;
    let patience = 1;
    const ask = async () => {
      if (asked++ < MAX_ASKS) await this.#send(`\ntl_again ${wanted}\n`);
    };
    for (;;) {
      const kept = this.#records.get(wanted);
      if (kept !== undefined) {
        this.#records.delete(wanted);
        this.#last = wanted;
        return kept;
      }
      const left = deadline - Date.now();
      if (left <= 0 || damage >= MAX_ASKS) {
        this.#last = wanted;
        return damage > 0 ? "damaged" : undefined;
      }
      const frame = await this.#next(Math.min(left, Math.max(0, quietUntil - Date.now())));
      if (frame?.kind !== "noise") {
        // In the middle of a plan the agent hears nothing: what it is asked then, it answers as often.
        patience = frame ? 1 : patience * 2;
        quietUntil = Date.now() + silence * patience;
      }
      if (!frame) {
        if (this.#parser.giveUp() === wanted) damage++;
        // What stood behind the beginning of that record may be words of the agent.
        this.#frames.push(...this.#parser.push(new Uint8Array(0)));
        await ask();
      } else if (frame.kind === "noise") {
        const begins = this.#noise(frame.text);
        if (begins) deadline = Date.now() + begins.bound;
      } else if (frame.kind === "damaged") {
        if (frame.seq !== wanted) continue;
        damage++;
        await ask();
      } else if (frame.seq > this.#last) {
        deadline = Date.now() + bound;
        const body = text.decode(frame.bytes);
        // The number stands in the record as well, under its checksum.
        if (Number.parseInt(body) === frame.seq) this.#records.set(frame.seq, body);
        if (!this.#records.has(wanted) && asked === 0) await ask();
      }
    }
  }

  /** A line that is of no record: the step that the agent says to begin, or anything else that was on the connection. */
  #noise(line: string): { id: number; bound: number } | undefined {
    const begins = this.#announced.get(/@\d+ [0-9a-f]{8}/.exec(line)?.[0] ?? "");
    if (begins) this.#running = Math.max(this.#running, begins.id);
    else this.#options.onNoise?.(line);
    return begins;
  }

  /** Puts a text into a file on the board and runs `then` there if it came whole; the agent's records tell if it did. */
  #upload(file: string, content: string, then: string): Promise<void> {
    const bytes = utf8.encode(content);
    const bound = `TL_END_${this.#nonce}`;
    return this.#send(
      `cat > ${file} <<'${bound}'\n${content}${bound}\n` +
        `if command -v cksum > /dev/null 2>&1; then set -- $(cksum < ${file}); else set -- $(md5sum < ${file}); fi\n` +
        `case $1 in ${cksum(bytes)} | ${md5(bytes)}) ${then} ;; ` +
        `*) printf '\\n@tl-bad %s\\n' ${this.#nonce} ;; esac\n`,
    );
  }

  /**
   * Starts the agent on the board behind `shell`.
   *
   * @throws {TransportError} If the agent does not answer
   */
  static async open(shell: Shell, options: SessionOptions = {}): Promise<{ session: AgentSession; hello: Hello }> {
    const parts = ["./agent.sh", "./agent_steps.sh", "./agent_races.sh"].map((name) =>
      Deno.readTextFile(new URL(name, import.meta.url))
    );
    const agent = (await Promise.all(parts)).join("");
    const session = new AgentSession(shell, options);
    try {
      await session.#send(`TL_N=${session.#nonce}; TL_A=\${TMPDIR:-/tmp}/twinlink.$$.$TL_N\n`);
      for (let attempt = 1;; attempt++) {
        await session.#upload('"$TL_A"', agent, '. "$TL_A"; rm -f "$TL_A"; tl_start; tl_hello');
        const hello = await session.#helloOrBad();
        if (hello) return { session, hello };
        if (attempt >= 3) {
          throw new TransportError(`Cannot start the agent over ${shell.description}: it does not arrive whole`);
        }
        // A line may still wait for the end of the text.
        await session.#send(`\nTL_END_${session.#nonce}\n`);
      }
    } catch (error) {
      await session.#end();
      throw error;
    }
  }

  async #helloOrBad(): Promise<Hello | undefined> {
    const bound = this.#options.helloMs ?? 30_000;
    const deadline = Date.now() + bound;
    for (;;) {
      const left = deadline - Date.now();
      const frame = left > 0 ? await this.#next(left) : undefined;
      if (!frame) {
        throw new TransportError(
          `Cannot start the agent over ${this.#shell.description}: no answer within ${bound / 1000} s`,
        );
      }
      if (frame.kind === "noise") {
        this.#options.onNoise?.(frame.text);
        if (frame.text.includes(`@tl-bad ${this.#nonce}`)) return undefined;
      } else if (frame.kind === "damaged") {
        await this.#send(`\ntl_again ${frame.seq}\n`);
      } else {
        this.#last = frame.seq;
        return parseHello(text.decode(frame.bytes));
      }
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
          loss = { reason: "not-run", detail: `step ${step.id} was lost: ${traced.lost.detail}` };
        }
        const hung = traced.observation?.result === "hang" && step.phase !== "teardown";
        if (hung) steps.push(...await this.#afterHang(plan, step.id));
        if (hung) break;
      }
      if (!loss && !ended && this.#done === undefined) await this.#take(20_000);
    } catch (error) {
      if (error instanceof DOMException) throw error;
      const detail = (error as Error).message;
      for (const step of plan.steps.slice(steps.length)) {
        steps.push({ ...step, lost: this.#untold(step) ?? { reason: "transport", detail } });
      }
    }
    return { suite: plan.suite, sequence: plan.sequence, source: plan.source, steps };
  }

  /** What became of a step where nothing comes any more, if a later one was begun. */
  #untold({ id }: PlannedStep): Loss | undefined {
    return id < this.#running ? { reason: "untold", detail: `that happened in step ${this.#running}` } : undefined;
  }

  /** The steps behind one that hung: the body's others were not run, the tear-down was. */
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
    const id = crypto.randomUUID();
    const script = planScript(plan, id);
    this.#announced.clear();
    this.#running = 0;
    this.#silent = undefined;
    for (const step of plan.steps) {
      this.#announced.set(announcement(id, step.id), { id: step.id, bound: waitFor(plan, step) });
    }
    for (let attempt = 1; attempt <= 3; attempt++) {
      await this.#upload('"$TL_D/plan"', script, '. "$TL_D/plan"');
      if (await this.#planBegun(id)) return undefined;
      await this.#send(`\nTL_END_${this.#nonce}\n`);
    }
    return { reason: "transport", detail: `the plan does not arrive whole over ${this.#shell.description}` };
  }

  /** Sends lines that nobody answers; false where the board was lost. */
  async tell(lines: string): Promise<boolean> {
    if (this.#ended) return false;
    return await this.#send(`\n${lines}`).then(() => true, () => false);
  }

  /**
   * Runs a script of its own on the board, between plans, and gives what it printed; undefined where no answer comes. It may
   * be run more than once.
   *
   * @throws {TransportError} If the board was lost
   * @throws {DOMException} If the session was aborted
   */
  async ask(script: string): Promise<string | undefined> {
    const id = crypto.randomUUID();
    const run = `tl_new answer ${id}; (. "$TL_D/ask") < /dev/null >> "$TL_R" 2> /dev/null; tl_send "$TL_SEQ"`;
    for (let attempt = 1; attempt <= 3; attempt++) {
      await this.#upload('"$TL_D/ask"', script, run);
      const answer = await this.#begun(`answer ${id}`);
      if (answer !== undefined) return answer.slice(answer.indexOf("\n") + 1);
      await this.#send(`\nTL_END_${this.#nonce}\n`);
    }
    return undefined;
  }

  /** Waits for the record of that title, which a plan begins with; late ones of a plan before it are passed over. */
  async #begun(title: string): Promise<string | undefined> {
    const deadline = Date.now() + 20_000;
    this.#records.clear();
    for (;;) {
      const frame = await this.#next(Math.max(0, deadline - Date.now()));
      if (!frame) return undefined;
      if (frame.kind === "noise") {
        this.#options.onNoise?.(frame.text);
        if (frame.text.includes(`@tl-bad ${this.#nonce}`)) return undefined;
      } else if (frame.kind === "damaged") {
        await this.#send(`\ntl_again ${frame.seq}\n`);
      } else {
        const body = text.decode(frame.bytes);
        if (!body.startsWith(`${frame.seq} ${title}\n`)) continue;
        this.#last = frame.seq;
        return body;
      }
    }
  }

  /** Waits for the word that a plan was begun, or for a record of it. */
  async #planBegun(id: string): Promise<boolean> {
    const deadline = Date.now() + 20_000;
    this.#records.clear();
    this.#parts.clear();
    this.#rest = [];
    this.#done = undefined;
    for (;;) {
      const frame = await this.#next(Math.max(0, deadline - Date.now()));
      if (!frame) return false;
      if (frame.kind === "damaged") {
        await this.#send(`\ntl_again ${frame.seq}\n`);
        continue;
      }
      const body = frame.kind === "noise" ? frame.text : text.decode(frame.bytes);
      const begun = frame.kind === "noise"
        ? new RegExp(`@tl-begun (\\d+) ${id} \\1\\b`).exec(body)
        : new RegExp(`^${frame.seq} steps ${id} (\\d+)\\n`).exec(body);
      if (begun) {
        this.#last = Number(begun[1]);
        if (frame.kind === "record") this.#records.set(frame.seq, body);
        return true;
      }
      if (frame.kind !== "noise") continue;
      this.#noise(body);
      if (body.includes(`@tl-bad ${this.#nonce}`)) return false;
    }
  }

  /** Takes the next record of the plan apart; what came of it otherwise is said. */
  async #take(bound: number): Promise<"taken" | "damaged" | "timeout"> {
    const body = await this.#record(bound);
    if (body === undefined) return "timeout";
    if (body === "damaged") return "damaged";
    const record = readRecord(body, this.#nonce);
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

  async #step(plan: Plan, step: PlannedStep): Promise<StepTrace> {
    const bound = waitFor(plan, step);
    for (;;) {
      const part = this.#parts.get(step.id);
      if (part) return readStep(step, part, this.#memory);
      // Steps behind it have come: it was in a record that did not.
      const passed = this.#parts.size > 0 && Math.max(...this.#parts.keys()) > step.id;
      const detail = `the record came damaged ${MAX_ASKS} times`;
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
      const taken = await this.#take(bound);
      if (taken === "damaged") return { ...step, lost: { reason: "damaged", detail } };
      if (taken === "timeout") this.#silent = `no record within ${bound / 1000} s`;
    }
  }

  async #end(): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    await this.#shell.close();
    await this.#pump;
    this.#reader.releaseLock();
    await this.#writer.abort().catch(() => {});
  }

  /**
   * Stops the agent, which undoes what it changed on the board, and closes the shell. A plan that is being run comes to
   * its end first, tear-down included; `graceMs` bounds the wait for it.
   */
  async close(options: { graceMs?: number } = {}): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#aborted = false;
    if (!this.#ended) await this.#send("\ntl_stop\nprintf '\\n@tl-stopped\\n'\n").catch(() => {});
    const deadline = Date.now() + (options.graceMs ?? 20_000);
    while (!this.#ended && Date.now() < deadline) {
      const frame = await this.#next(deadline - Date.now()).catch(() => undefined);
      if (!frame || (frame.kind === "noise" && frame.text.includes("@tl-stopped"))) break;
    }
    await this.#end();
  }
}

/** How long a step's record may take, in ms. */
function waitFor(plan: Plan, step: PlannedStep): number {
  // A kernel that breaks writes of it first, to a serial console for many seconds.
  return boundIn(plan, step) * 1000 + (step.op.settle ?? 0) + (plan.breaks === undefined ? 15_000 : 60_000);
}

function parseHello(body: string): Hello {
  const lines = body.trim().split("\n");
  const all = (key: string) => lines.filter((l) => l.startsWith(`${key} `)).map((l) => l.slice(key.length + 1).trim());
  return {
    bootId: lines[0]?.split(" ")[2] ?? "",
    kernel: all("uname")[0] ?? "",
    iproute2: all("iproute2")[0] ?? "",
    root: all("uid")[0] === "0",
    missing: all("missing"),
    has: all("has"),
    freedMemory: (["reported", "poisoned"] as const).find((kind) => all("freed").includes(kind)) ?? "kept",
  };
}
