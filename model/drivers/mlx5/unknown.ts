/**
 * The unknowns of the model of mlx5_core: what only the card, its link or its firmware decide, each with the reason.
 *
 * @module
 */

import type { Devlink, Reporter } from "../../devlink/devlink.ts";
import type { EswitchDriver, EswitchMode, ShownObject } from "../../devlink/driver.ts";
import type { Fmsg } from "../../devlink/fmsg.ts";
import { findReporter } from "../../devlink/health.ts";
import type { Attributes } from "../../devlink/message.ts";
import type { Facts, ReporterFact } from "../../facts.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { type Channel, countedSince, type Json, NOT_KNOWN, type Result, type Unknown } from "../../observation.ts";
import type { Netdev } from "../../net/netns.ts";
import type { Operation } from "../../operation.ts";
import { reporterOf } from "../from_facts.ts";
import type { Part } from "./commands.ts";
import { type CounterValues, diagnoseVnic } from "./counters.ts";
import { mlx5Era } from "./era.ts";
import type { Card } from "./emulated_card.ts";
import { targetOf } from "./faults.ts";
import { FW, FW_FATAL, type HealthPoll } from "./health.ts";

/** The prefix of the driver's extacks. */
export const PREFIX = "mlx5_core";

/** By object, the shown attributes that only the board knows: traffic counters, numbers of the card. */
const PARTS: Readonly<Partial<Record<ShownObject, readonly string[]>>> = {
  info: ["serial_number", "board.serial_number"],
  trap: ["stats"],
  group: ["stats"],
  reporter: ["last_dump_date", "last_dump_time", "burst_period"],
};

/** The name of the reporter that shows counters */
const VNIC = "vnic";

/** The channels that may show something whenever the driver acts. */
const SAID: readonly Channel[] = ["notify", "link", "kmsg", "time"];

/** The first words of the kinds of operations on objects that a change of the eswitch replaces. */
const OF_ESWITCH = new Set(["trap", "param", "port", "health", "link", "ethtool", "rate", "dev"]);

/** Operations whose outcome is known while the card is down. */
const OF_A_CARD_THAT_IS_DOWN: ReadonlySet<Operation["kind"]> = new Set(["health.show", "health.set", "health.recover"]);

const CARD = "only the card knows what it does";

/** The unknowns of operations on one function, also those caused by earlier changes. */
export class Unknowns {
  /** Channels that the operation under way has made unknown */
  #asked = new Map<Channel, string>();
  /** The last change with unknown further effects; undefined before one */
  #changedBy: string | undefined;
  /** Netdevs whose carrier is known */
  readonly carriers = new Set<Netdev>();
  /** Reporters whose counts began in this sequence */
  readonly #fresh = new Set<string>();
  /** True if the instance was made in this sequence */
  probed = false;

  [STATE](): readonly unknown[] {
    return [this.#asked, this.#changedBy, this.#fresh, this.carriers];
  }

  constructor(
    readonly dl: Devlink,
    readonly facts: Facts,
    readonly card: Card,
    readonly health: HealthPoll,
    /** Carries out the commands of a part */
    readonly commands: (task: Task, part: Part) => Steps<Result>,
  ) {}

  /** Returns an assumed answer of the card, and marks it as unknown, so that it is not judged. */
  ask(assumed: Result = "ok", why: string = CARD): Result {
    this.#note(why, "result", "extack", "reply", ...SAID);
    return assumed;
  }

  /** Records that a netdev was removed while it was up: the time at which its carrier goes down is chance. */
  carrier(): void {
    this.#note("when the carrier of a netdev goes with it is not modelled", "link");
  }

  /** Returns the refusal of a reload that activates firmware; if only the card knows whether it can, a refusal is assumed. */
  activate(task: Task): Result {
    if (
      mlx5Era(this.dl.kernel.era).resetParam &&
      !this.facts.params.some(({ name }) => name === "enable_remote_dev_reset")
    ) {
      return task.fail("EOPNOTSUPP", "FW activate is unsupported for this function", PREFIX);
    }
    this.ask("ok", "only the card knows if its firmware can be activated");
    return task.fail("EINVAL", "FW activate requires reboot", PREFIX);
  }

  /** Records that the driver logs a text that was never seen on this kernel. */
  unlogged(): void {
    this.#note("what the driver logs of a param that it cannot read is not modelled", "kmsg");
  }

  #note(why: string, ...channels: readonly Channel[]): void {
    for (const channel of channels) if (!this.#asked.has(channel)) this.#asked.set(channel, why);
  }

  /** Returns a reporter of the facts; `fresh` if its counts begin now. */
  reporter(fact: ReporterFact, fresh = false): Reporter {
    if (fresh) this.#fresh.add(fact.name);
    const reporter = reporterOf(fact, {
      recover: (task) =>
        this.#reports(fact) && this.health.down && this.health.knowsFaults ? this.health.recover(task) : this.ask(),
      // The emulated card has neither a tracer (core/diag/fw_tracer.c) nor a dump of its registers (core/diag/crdump.c)
      dump: (fmsg) => this.#reports(fact) ? fmsg.fail(fact.name === FW ? "EOPNOTSUPP" : "ENODEV") : this.ask(),
      // `fw_fatal` has no diagnosis (core/health.c: mlx5_fw_fatal_reporter_ops)
      diagnose: fact.name === "fw_fatal" ? undefined : (fmsg, task) => {
        const { vnic } = this.card;
        if (vnic && fact.name === VNIC) return this.#diagnoseVnic(fmsg, task, vnic);
        if (this.#reports(fact)) return this.health.diagnose(fmsg);
        // A healthy card reports 0
        fmsg.pair("Syndrome", 0);
      },
    });
    reporter.healthy = fresh || fact.state === "healthy";
    return reporter;
  }

  /**
   * Writes the vNIC counters; counters that the card does not return are shown as 0, since the driver ignores the error
   * (core/diag/reporter_vnic.c)
   */
  *#diagnoseVnic(fmsg: Fmsg, task: Task, values: CounterValues): Steps {
    const asked = yield* this.commands(task, "counters");
    diagnoseVnic(fmsg, asked === "ok" ? values : {});
  }

  /** True for a reporter of the firmware whose answers are known, since the card is emulated. */
  #reports({ name }: { readonly name: string }): boolean {
    return this.card.operated && (name === FW || name === FW_FATAL);
  }

  /** Returns the eswitch: its mode is known, but not the effect of a change on the ports. */
  eswitch(mode: string): EswitchDriver {
    // deno-lint-ignore no-this-alias
    const unknowns = this;
    return {
      mode: mode as EswitchMode,
      // deno-lint-ignore require-yield
      *setMode() {
        unknowns.#changedBy = "a change of the eswitch";
        return unknowns.ask("ok", "representors are not modelled");
      },
    };
  }

  // deno-lint-ignore require-yield
  *flash(): Steps<Result> {
    return this.ask("EOPNOTSUPP", "only the card knows if it takes the firmware");
  }

  /** True for a reporter whose counts began in this sequence. */
  knows(reporter: string): boolean {
    return this.#fresh.has(reporter);
  }

  /** Returns the counts of a reporter that the model knows. */
  counts(name: string, { error, recover }: Attributes): Attributes {
    if (this.#fresh.has(name)) return { error: error!, recover: recover! };
    const since = (what: string, count: Json | undefined) =>
      countedSince(`${this.dl.handle} ${name} ${what}`, Number(count));
    return { error: since("error", error), recover: since("recover", recover) };
  }

  /** Returns a count of events: exact for an instance that was made in this sequence. */
  since(what: string, count: number): Json {
    return this.probed ? count : countedSince(`${this.dl.handle} ${what}`, count);
  }

  /** Returns why an operation is not performed; undefined if the model has an answer. */
  gap(op: Operation): string | undefined {
    const { kernel, netns } = this.dl;
    if (this.health.pending) return "the driver may have seen the health of its card, or not yet: it polls it";
    if (
      this.health.down && !OF_A_CARD_THAT_IS_DOWN.has(op.kind) && !(op.kind === "dev.reload" && this.health.reloads)
    ) {
      return "what the driver does while its card is down is not modelled";
    }
    const lists = (op.kind === "dev.info" && op.handle === undefined) || op.kind === "ethtool.info";
    if (lists && this.card.faults.failsAfter((fault) => targetOf(fault) === "ACCESS_REG:MCQS") !== undefined) {
      return "what a list shows of a card that does not tell its versions is not modelled";
    }
    if ((op.kind === "ethtool.show" || op.kind === "ethtool.restart") && this.#has(op.dev)) {
      return "how the link of the card is, is not modelled";
    }
    if ("path" in op && op.kind.startsWith("file.") && !MODELLED_FILE.test(op.path) && this.#isOwn(op.path)) {
      return "the files of mlx5_core are not modelled";
    }
    if (
      op.kind === "netns.del" && op.name === netns.name && this.facts.rdma === undefined &&
      kernel.era.notifierScope === "global"
    ) {
      return "the end of the netns hangs if mlx5_ib is bound, which the facts do not show";
    }
    return undefined;
  }

  #ports() {
    return [this.dl, ...this.dl.nested].flatMap(({ ports }) => ports);
  }

  #has(netdev: string): boolean {
    return this.#ports().some((port) => port.netdev?.name === netdev);
  }

  /** True if the model knows the answer of a reporter. */
  #answers({ kind, reporter, port }: Operation<"health.diagnose" | "health.dump.show">): boolean {
    if (port !== undefined) return false;
    const counted = kind === "health.diagnose" && reporter === VNIC && this.card.vnic !== undefined;
    return counted || this.#reports({ name: reporter });
  }

  #finds({ reporter, port }: Operation<"health.diagnose" | "health.dump.show">): boolean {
    return [this.dl, ...this.dl.nested].some((dl) => findReporter(dl, reporter, port) !== undefined);
  }

  /** True for a file of the function, of its driver or of one of its netdevs. */
  #isOwn(path: string): boolean {
    if (path.startsWith("/sys/kernel/debug/")) return true;
    const [, folder, one, , name] =
      /^\/sys\/(bus|class|devices)\/([^/]+)(?:\/(devices|drivers))?\/([^/]+)/.exec(path) ?? [];
    if (folder === "class") return one === "net" && this.#has(name!);
    return folder === "devices" || (folder === "bus" && (one === "pci" || one === "auxiliary"));
  }

  /**
   * Returns the channels of an operation that the model does not know, and resets the record for the next operation.
   *
   * @param present False if the netdev is not attached to the function, so that it cannot come up
   */
  take(op: Operation, present: boolean): Unknown | undefined {
    const channels = this.#asked;
    this.#asked = new Map();
    const because = (why: string, ...of: readonly Channel[]) => {
      for (const channel of of) if (!channels.has(channel)) channels.set(channel, why);
    };
    const [subject] = op.kind.split(".");
    const own = (op.kind === "netdev.set" || op.kind === "netdev.show") && this.#has(op.dev);
    const [netdev] = this.#ports().map((port) => port.netdev);
    const carrier = netdev && this.carriers.has(netdev);
    if ((op.kind === "link.set" && !carrier && (present || !op.up)) || (own && op.kind === "netdev.set")) {
      because("when the card's link comes up is not modelled", "link", "kmsg");
    }
    if (op.kind === "link.move") {
      because("if the netdev may leave its netns is not modelled", "result", "extack", ...SAID);
    }
    if ((op.kind === "link.show" && !carrier) || (own && op.kind === "netdev.show")) {
      because("how the link of the card is, is not modelled", "reply");
    }
    if (op.kind === "ethtool.info" || op.kind === "ethtool.flash") {
      because("what ethtool shows of the card is not modelled", "reply", "result", "extack", ...SAID);
    }
    if (netdev?.up && !carrier) {
      because("when the carrier of the card comes and goes is not modelled", "link");
    }
    if ((op.kind === "health.diagnose" || op.kind === "health.dump.show") && !this.#answers(op) && this.#finds(op)) {
      const refusal = op.kind === "health.dump.show" ? ["result", "extack"] as const : [];
      because("what the card reports is not modelled", "reply", "time", ...refusal);
    }
    if (subject === "rate") because("rates of functions are not modelled", "result", "extack", "reply", "time");
    if (op.kind === "dev.eswitch.show" && this.facts.eswitch) {
      because("the modes of its eswitch are not modelled", "reply");
    }
    if (this.#changedBy && OF_ESWITCH.has(subject!)) {
      because(`what ${this.#changedBy} leaves is not modelled`, "result", "extack", "reply", ...SAID);
    }
    return channels.size > 0 ? Object.fromEntries(channels) : undefined;
  }
}

/** The files that the driver core models: bind and unbind. */
const MODELLED_FILE = /^\/sys\/bus\/(pci|auxiliary)\/drivers\/[^/]+\/(un)?bind$/;

/** Completes the shown attributes of an object with the values that only the board knows. */
export function completed(unknowns: Unknowns, object: ShownObject, attributes: Attributes): Attributes {
  const { dl } = unknowns;
  const shown = { ...attributes };
  const ofEthernet = object === "info" && attributes["driver"] !== dl.driver.name;
  for (const part of ofEthernet ? [] : PARTS[object] ?? []) shown[part] = NOT_KNOWN;
  if (object === "reporter") Object.assign(shown, unknowns.counts(String(attributes["reporter"]), attributes));
  if (object !== "dev") return shown;
  // Each new instance of the board gets the next number, which the facts lack
  if (shown["index"] !== undefined) shown["index"] = NOT_KNOWN;
  const { reload } = attributes["stats"] as { reload: Record<string, Record<string, Json>> };
  if (Object.keys(reload).length === 0) return shown;
  const counted = (action: string) => ({
    ...reload[action],
    unspecified: unknowns.since(action, dl.reloads[action as keyof typeof dl.reloads]),
  });
  shown["stats"] = {
    reload: Object.fromEntries(Object.keys(reload).map((action) => [action, counted(action)])),
    remote_reload: NOT_KNOWN,
  };
  return shown;
}
