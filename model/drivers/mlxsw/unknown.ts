/**
 * The unknowns of the model of mlxsw: what only the ASIC, its firmware or its cables decide, each with the reason.
 *
 * @module
 */

import type { Devlink, Port } from "../../devlink/devlink.ts";
import type { ShownObject } from "../../devlink/driver.ts";
import type { Attributes } from "../../devlink/message.ts";
import type { Facts } from "../../facts.ts";
import { STATE } from "../../kernel/state.ts";
import { type Channel, countedSince, type Json, NOT_KNOWN, type Result, type Unknown } from "../../observation.ts";
import type { Netdev } from "../../net/netns.ts";
import type { Operation } from "../../operation.ts";
import type { Access, Asic } from "./emulated_asic.ts";
import { isLater } from "./asic.ts";
import { isEmulated } from "./firmware.ts";
import { GROUPS_BY_COMMAND } from "./trap_init.ts";

/** The prefix of extacks from the part of the driver for Spectrum ASICs. */
export const PREFIX = "mlxsw_spectrum";

/** The prefix of extacks from the part of the driver for all ASICs. */
export const CORE_PREFIX = "mlxsw_core";

/** The channels that may show something whenever the driver acts. */
const SAID: readonly Channel[] = ["notify", "link", "kmsg", "time"];

/** The first words of the kinds of operations that show or change ports. */
const OF_PORTS = new Set(["dev", "port", "link", "netdev", "sb", "resource"]);

/** By the first word of an operation's kind: why its objects are unknown. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  dpipe: "the tables of the pipeline of mlxsw are not modelled",
};

/** True for a command on the shared buffer whose answer is modelled until the buffer is changed. */
const KNOWN_OF_BUFFER = (op: Operation): boolean =>
  op.kind === "sb.show" ||
  (op.kind === "sb.pool.show" && (op.handle === undefined || op.pool !== undefined)) ||
  ((op.kind === "sb.port.pool.show" || op.kind === "sb.tc.bind.show") && op.handle === undefined);

/** The operations that change the shared buffer. */
const BUFFER_CHANGES: ReadonlySet<string> = new Set(["sb.pool.set", "sb.port.pool.set", "sb.tc.bind.set"]);

/** The files that the driver core models: bind and unbind. */
const MODELLED_FILE = /^\/sys\/bus\/pci\/drivers\/[^/]+\/(un)?bind$/;

/** The accesses of an initialisation that the ASIC can be asked to refuse. */
const FAULTY: readonly Access[] = ["SPAD query", "QPCR write", "HTGT write", "HPKT write", "PTYS write"];

/** The unknowns of operations on one switch, also those caused by earlier changes. */
export class Unknowns {
  /** Channels that the operation under way has made unknown */
  #asked = new Map<Channel, string>();
  /** Why the ports are not known until the next reload; undefined if they are known */
  #ports: string | undefined;
  /** True once traps and policers were registered in this sequence and no port was up since then: their counters are known */
  #counted = false;
  /** True once the reporter was created in this sequence */
  #fresh = false;
  /** True while nothing was changed that the driver offloads: the occupancies of the facts still hold */
  #occupied: boolean;
  /** True once a test of the health reporter was requested: only the firmware knows its outcome */
  #tested = false;
  /** True while the shared buffer is as the driver sets it up; false for real firmware, which reports the size */
  #buffered: boolean;
  /** True if the instance was made in this sequence: its reloads are counted from 0 */
  probed = false;
  readonly #dl: Devlink;
  readonly #facts: Facts;
  readonly #asic: Asic;
  /** Netdevs that are up without a cable: it is known that they have no carrier */
  readonly #dark = new Set<Netdev>();

  [STATE](): readonly unknown[] {
    return [
      this.#asked,
      this.#ports,
      this.#counted,
      this.#fresh,
      this.#occupied,
      this.#tested,
      this.#dark,
      this.#buffered,
      this.probed,
    ];
  }

  constructor(dl: Devlink, facts: Facts, asic: Asic) {
    this.#dl = dl;
    this.#asic = asic;
    this.#facts = facts;
    // The facts do not show what was set before the sequence
    this.#buffered = false;
    this.#occupied = !facts.ports.some(({ up }) => up);
    if (facts.reloadFailed) this.#ports = "the facts lack what a device has whose last reload failed";
  }

  /** Returns an assumed answer of the firmware, and marks it as unknown, so that it is not judged. */
  ask(assumed: Result, why: string): Result {
    this.#note(why, "result", "extack", "reply", ...SAID);
    return assumed;
  }

  /** Records that traps, policers and the reporter were registered: their counts begin now. */
  registered(): void {
    this.#counted = this.#fresh = true;
    this.#tested = false;
    this.#buffered = isEmulated(this.#facts) && !isLater(this.#facts.driver);
  }

  /** Records that a reload has created the ports that the firmware has after a reset. */
  portsCreated(): void {
    if (!this.#facts.reloadFailed && !this.#facts.ports.some(({ flavour }) => "split_group" in flavour)) {
      this.#ports = undefined;
    }
  }

  /** Records that a reload creates ports that the facts lack, since the facts have the ports of a split. */
  portsOfFirmware(): void {
    this.#ports = "the facts lack the ports that a reload creates instead of the split ones";
    this.#note(this.#ports, ...SAID);
  }

  /** True if the ports are not known until the next reload. */
  get portsUnknown(): boolean {
    return this.#ports !== undefined;
  }

  /** Records a split or an unsplit: only the firmware knows which ports are created and removed. */
  splits(): Result {
    this.#ports = "only the firmware knows which ports a split creates";
    return this.ask("ok", this.#ports);
  }

  /** Records that a netdev was removed while it was up: the time at which its carrier goes down is chance. */
  carrier(): void {
    this.#note("when the carrier of a netdev goes with it is not modelled", "link");
  }

  /** Records that a port was set up: packets may come, and the netdev may get addresses that the driver offloads. */
  portUp(netdev: Netdev, plugged: boolean): void {
    this.#occupied = false;
    // An emulated ASIC receives only the packets of a test
    if (!isEmulated(this.#facts)) this.#counted = false;
    if (plugged) this.#dark.delete(netdev);
    else this.#dark.add(netdev);
  }

  /** Records that a test asked the firmware to report an error. Returns true if the firmware is known to report it. */
  tests(): boolean {
    if (isEmulated(this.#facts)) return true;
    this.#tested = true;
    this.#note("only the firmware knows when it reports the error", "notify", "kmsg");
    return false;
  }

  #note(why: string, ...channels: readonly Channel[]): void {
    for (const channel of channels) if (!this.#asked.has(channel)) this.#asked.set(channel, why);
  }

  #has(netdev: string): boolean {
    return this.#dl.ports.some((port) => port.netdev?.name === netdev);
  }

  /** True for a file of the switch, of its driver or of one of its netdevs. */
  #isOwn(path: string): boolean {
    if (path.startsWith("/sys/kernel/debug/")) return true;
    const [, folder, one, , name] =
      /^\/sys\/(bus|class|devices)\/([^/]+)(?:\/(devices|drivers))?\/([^/]+)/.exec(path) ?? [];
    if (folder === "class") return one === "net" && this.#has(name!);
    return folder === "devices" || (folder === "bus" && one === "pci");
  }

  /** Returns why an operation is not performed; undefined if the model has an answer. */
  gap(op: Operation): string | undefined {
    const dl = this.#dl;
    if ((op.kind === "ethtool.show" || op.kind === "ethtool.restart") && this.#has(op.dev)) {
      return "how the link of the ASIC is, is not modelled";
    }
    if ("path" in op && op.kind.startsWith("file.") && !MODELLED_FILE.test(op.path) && this.#isOwn(op.path)) {
      return "the files of mlxsw are not modelled";
    }
    if (op.kind === "dev.info" && dl.reloadFailed && (op.handle ?? dl.handle) === dl.handle) {
      return "what the driver reads of an ASIC that it could not initialise is not modelled";
    }
    const interval = dl.params.some(({ spec }) => spec.cmode === "runtime");
    if (op.kind.startsWith("param.") && dl.reloadFailed && interval) {
      return "the interval of the ACLs is read from memory that a failed reload has freed";
    }
    return this.#faulty(op);
  }

  /** Returns why an operation is not performed while a fault is armed: the driver's reaction to the refused access was not seen. */
  #faulty(op: Operation): string | undefined {
    const after = (access: Access) => this.#asic.failsAfter(access) !== undefined;
    const why = "what the driver does with the access that the ASIC refuses then is not modelled";
    const probes = op.kind === "file.write" && MODELLED_FILE.test(op.path) && op.path.endsWith("/bind");
    if (probes && FAULTY.some(after)) return why;
    if (op.kind === "port.split" || op.kind === "port.unsplit") return after("PTYS write") ? why : undefined;
    if (op.kind === "dev.reload" ? op.handle !== this.#dl.handle : op.kind !== "netns.del") return undefined;
    // The driver sets all traps again, with more accesses than the model counts
    const byCommand = (this.#asic.failsAfter("HTGT write") ?? Infinity) <= GROUPS_BY_COMMAND;
    return after("HPKT write") || byCommand ? why : undefined;
  }

  /** Returns the channels of an operation that the model does not know, and resets the record for the next operation. */
  take(op: Operation): Unknown | undefined {
    const channels = this.#asked;
    this.#asked = new Map();
    const because = (why: string, ...of: readonly Channel[]) => {
      for (const channel of of) if (!channels.has(channel)) channels.set(channel, why);
    };
    const dl = this.#dl;
    const [subject] = op.kind.split(".") as [string];
    const own = (op.kind === "netdev.set" || op.kind === "netdev.show") && this.#has(op.dev);
    if (subject === "route" || subject === "nexthop" || op.kind === "netdev.set") this.#occupied = false;
    const lit = ({ netdev }: Port) => netdev?.up === true && !this.#dark.has(netdev);
    const up = dl.ports.some(lit);
    const of = "port" in op ? dl.ports.find(({ index }) => index === op.port) : undefined;
    if (up) because("when the carrier of a port comes and goes is not modelled", "link");
    if (own || ((op.kind === "link.show" || op.kind === "link.set") && of && lit(of))) {
      because("how the link of a port is, is not modelled", op.kind.endsWith(".show") ? "reply" : "link");
    }
    if (op.kind === "ethtool.info" || op.kind === "ethtool.flash") {
      because("what ethtool shows of the ASIC is not modelled", "reply", "result", "extack", ...SAID);
    }
    if (BUFFER_CHANGES.has(op.kind)) this.#buffered = false;
    const known = this.#buffered && KNOWN_OF_BUFFER(op);
    const missing = subject === "sb" && !known
      ? "this of the shared buffers of mlxsw is not modelled"
      : NOT_MODELLED[subject];
    if (missing !== undefined) because(missing, "result", "extack", "reply", "notify");
    if (this.#tested && subject === "health") {
      because("only the firmware knows when it reports the error", "result", "extack", "reply", "notify", "time");
    }
    if (op.kind === "health.dump.show" && dl.reporters.some(({ stored, healthy }) => stored || !healthy)) {
      because("what the firmware reports of an error is not modelled", "reply");
    }
    if (this.#ports && OF_PORTS.has(subject) && op.kind !== "dev.show" && op.kind !== "dev.info") {
      because(this.#ports, ...(op.kind === "dev.reload" ? [] : ["result", "extack"] as const), "reply", ...SAID);
    }
    return channels.size > 0 ? Object.fromEntries(channels) : undefined;
  }

  /** Completes the shown attributes of an object with the values that only the board knows. */
  completed(object: ShownObject, attributes: Attributes): Attributes {
    const shown = { ...attributes };
    switch (object) {
      case "trap":
      case "group":
      case "policer":
        if (!this.#counted) shown["stats"] = NOT_KNOWN;
        break;
      case "reporter":
        for (const part of this.#fresh ? [] : ["error", "recover"]) {
          shown[part] = countedSince(`${this.#dl.handle} ${shown["reporter"]} ${part}`, Number(shown[part]));
        }
        for (const part of ["last_dump_date", "last_dump_time"]) if (part in shown) shown[part] = NOT_KNOWN;
        break;
      case "resource":
        if ("occ" in shown && !this.#occupied && shown["name"] !== "physical_ports") shown["occ"] = NOT_KNOWN;
        break;
      case "dev":
        return this.#dev(shown);
    }
    return shown;
  }

  #dev(shown: Attributes): Attributes {
    const { handle, reloads } = this.#dl;
    // Each new instance of the board gets the next number, which the facts lack
    if (shown["index"] !== undefined) shown["index"] = NOT_KNOWN;
    const { reload } = shown["stats"] as { reload: Record<string, Record<string, Json>> };
    const counted = (action: string) => {
      const times = reloads[action as keyof typeof reloads];
      return { ...reload[action], unspecified: this.probed ? times : countedSince(`${handle} ${action}`, times) };
    };
    shown["stats"] = {
      reload: Object.fromEntries(Object.keys(reload).map((action) => [action, counted(action)])),
      remote_reload: NOT_KNOWN,
    };
    return shown;
  }
}
