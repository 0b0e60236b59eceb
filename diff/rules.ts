/**
 * Rules that take away what may differ between the model and a board without meaning anything. Rules are data; each one states
 * why it is right. What no rule names is compared as it stands.
 *
 * @module
 */

import type { Json, KernelLine, Observation } from "../model/observation.ts";
import { DRIVERS, ownerOf } from "../model/drivers/mod.ts";
import { areBytes, canonical, eachObject, isObject } from "./_json.ts";
import { consoleText } from "./console_line.ts";
import { comesLate } from "./crash.ts";
import { instanceOf } from "./_handle.ts";
import { compareRace, raceReply } from "./race.ts";
import { isOfTested, unexplained } from "./_log_rules.ts";
import { LATE_RULE } from "./_nested_late.ts";
import { counterBounds, mayCount } from "./_ticks.ts";
import { countersIn } from "./_trap_counters.ts";
import { everywhere, type Rule, sides } from "./rule.ts";

const LOG_PLACES = DRIVERS.flatMap(({ logPlaces = [] }) => logPlaces.map(({ pattern }) => pattern));

/** Prefixes that name a source file of the devlink core, and with it the build (docs/semantics.md 0.3: `leftover` is 6.1.y's). */
const CORE_PREFIXES: ReadonlySet<string> = new Set([
  "core",
  "dev",
  "devlink",
  "dpipe",
  "health",
  "leftover",
  "linecard",
  "netlink",
  "param",
  "port",
  "rate",
  "region",
  "resource",
  "sb",
  "sh_dev",
  "trap",
]);

/** The rules, in the order that they are applied in. */
export const RULES: readonly Rule[] = [
  {
    id: "race",
    channels: ["result", "reply", "notify", "link", "kmsg", "time"],
    reason:
      "the model predicts the possible outcomes of a race: what is compared is which other outcomes came, which kinds of " +
      "findings, that nobody logs but what is under test, and that somebody hangs where nobody may",
    apply({ expected, observed }, { op, handles }) {
      const [model, board] = [raceReply(expected.reply), raceReply(observed.reply)];
      if (op.kind !== "race" || !model || !board) return;
      const { outside } = compareRace(model, board, handles);
      Object.assign(expected, { reply: { outside: [] } });
      Object.assign(observed, { reply: { outside: outside as unknown as Json } });
      const allowed = new Set(expected.kmsg.map((line) => line.class));
      expected.kmsg = [];
      observed.kmsg = observed.kmsg.filter((line) =>
        line.class === "info" ? !isOfTested(line) : !allowed.has(line.class)
      );
      for (const side of [expected, observed]) Object.assign(side, { notify: {}, link: {} });
      // An outcome in which somebody hangs is among those that may come, or outside
      if (observed.result === "hang" && outside.length === 0) {
        Object.assign(observed, { result: "ok", time: "immediate" });
      }
    },
  },
  {
    id: "foreign-instance",
    channels: ["reply", "notify"],
    reason:
      "a board has devlink instances (its management NIC) that the sequence is not about; a device that sequences make is never foreign",
    apply({ observed }, { handles }) {
      const foreign = (handle: string) => {
        return /^[^/]+\/[^/]+/.test(handle) && !ownerOf(handle) && !handles.has(instanceOf(handle));
      };
      for (const [netns, messages] of Object.entries(observed.notify)) {
        observed.notify[netns] = messages.filter((message) => !foreign(message.handle));
      }
      if (!isObject(observed.reply)) return;
      for (const byHandle of Object.values(observed.reply)) {
        if (!isObject(byHandle)) continue;
        for (const handle of Object.keys(byHandle)) if (foreign(handle)) delete byHandle[handle];
      }
    },
  },
  {
    id: LATE_RULE,
    channels: ["notify"],
    reason:
      "an instance is announced by work of the kernel when one that is nested in it comes or goes, once its lock is free " +
      "(net/devlink/core.c: devlink_rel_nested_in_notify_work()): the work may run after the step has ended",
    apply({ expected, observed }, { late, op }) {
      late.assume(expected, observed, op);
    },
  },
  {
    id: "netdev-names",
    channels: ["reply", "notify", "link"],
    reason:
      "the names of netdevs are the board's (udev, other NICs): a netdev is known by its port; netdevs of no port are " +
      "dropped, but for those that the sequence calls by their names",
    apply({ expected, observed }, { names, op }) {
      names.expected.relabel(expected, op);
      names.observed.relabel(observed, op);
    },
  },
  {
    id: "carrier-ahead",
    channels: ["link"],
    reason:
      "the carrier runs ahead of the operational state until net/core/link_watch.c has run: whether a message in between " +
      "already tells of it is chance, and a netdev that comes up without a carrier may still show the state that it went " +
      "down with; the event of the new operational state follows, and is compared",
    apply(pair) {
      for (const side of sides(pair)) {
        for (const event of Object.values(side.link).flat()) {
          if (!event.flags.includes("UP")) continue;
          if (event.operstate === "UP" && !event.flags.includes("LOWER_UP")) event.operstate = "DOWN";
          if (event.operstate !== "DOWN") continue;
          event.flags = event.flags.filter((flag) => flag !== "NO-CARRIER" && flag !== "LOWER_UP");
        }
      }
    },
  },
  {
    id: "ifindex",
    channels: ["reply", "notify"],
    reason: "numbers that the kernel counts up since its boot",
    apply: everywhere(["ifindex", "netdev_ifindex"]),
  },
  {
    id: "switch-id",
    channels: ["reply", "notify"],
    reason: "some drivers make it up at random; hardware has its own",
    apply: everywhere(["switch_id", "switchid"]),
  },
  {
    id: "instance-index",
    channels: ["reply", "notify"],
    reason: "counts up since the boot of the board (shown from Linux 7.2 on)",
    apply(pair) {
      for (const side of sides(pair)) {
        if (isObject(side.reply) && isObject(side.reply.dev)) {
          for (const attributes of Object.values(side.reply.dev)) if (isObject(attributes)) delete attributes.index;
        }
        for (const message of Object.values(side.notify).flat()) {
          if (message.object === "dev") delete message.attributes.index;
        }
      }
    },
  },
  {
    id: "dump-time",
    channels: ["reply", "notify"],
    reason: "the time of day on the board; that there is a dump is compared",
    apply: everywhere(["last_dump_date", "last_dump_time"], "<time>"),
  },
  {
    id: "snapshot-content",
    channels: ["reply"],
    reason:
      "what a device's memory holds cannot be predicted: where the pieces begin and how long they are is compared, and that a " +
      "snapshot holds what it held when it was read before; of memory that a driver draws at random also that no two hold the same",
    apply({ expected, observed }, { op, contents }) {
      if (op.kind !== "region.dump" && op.kind !== "region.read") return;
      const key = `${op.handle}/${op.region}#${op.snapshot};`;
      for (const [side, held] of [[expected, contents.expected], [observed, contents.observed]] as const) {
        const pieces = isObject(side.reply) ? side.reply[op.kind === "region.dump" ? "dump" : "read"] : undefined;
        if (!Array.isArray(pieces)) continue;
        for (const piece of pieces) {
          if (!isObject(piece) || typeof piece.address !== "number" || !areBytes(piece.data)) continue;
          piece.data = held.tell(
            key,
            { address: piece.address, data: piece.data },
            !ownerOf(op.handle),
          );
        }
      }
    },
  },
  {
    id: "dump-binary",
    channels: ["reply"],
    reason:
      "a reporter for tests puts random bytes into its dumps and diagnoses: how many they are is compared, and of a dump that they " +
      "are the same until it is cleared",
    apply({ expected, observed }, { op, contents }) {
      if (op.kind !== "health.dump.show" && op.kind !== "health.dump.clear" && op.kind !== "health.diagnose") return;
      const key = `${op.handle}!${op.reporter};`;
      for (const [side, held] of [[expected, contents.expected], [observed, contents.observed]] as const) {
        if (op.kind !== "health.dump.show") held.forget(op.kind === "health.dump.clear" ? key : `${key}diagnose`);
        if (!isObject(side.reply) || !areBytes(side.reply.test_binary)) continue;
        const piece = { address: 0, data: side.reply.test_binary };
        side.reply.test_binary = held.tell(op.kind === "health.diagnose" ? `${key}diagnose` : key, piece, true);
      }
    },
  },
  {
    id: "driver-version",
    channels: ["reply"],
    reason: "a driver without a version of its own has the version of the kernel, which is the board's",
    apply(pair, { op }) {
      if (op.kind !== "ethtool.info") return;
      for (const { reply } of sides(pair)) if (isObject(reply) && "version" in reply) reply.version = "<version>";
    },
  },
  {
    id: "core-prefix",
    channels: ["extack"],
    reason:
      "NL_SET_ERR_MSG_MOD names the source file that the devlink core was built from; a driver's prefix is compared",
    apply(pair) {
      for (const { extack } of sides(pair)) {
        if (extack?.prefix !== undefined && CORE_PREFIXES.has(extack.prefix)) delete extack.prefix;
      }
    },
  },
  {
    id: "unseen-errno",
    channels: ["result"],
    reason: "ip(8) prints the extended ack instead of the errno, so only the text of an error is visible",
    apply({ expected, observed }) {
      if (observed.result === "unseen" && observed.extack && /^E[A-Z0-9]+$/.test(expected.result)) {
        observed.result = expected.result;
      }
    },
  },
  {
    id: "kmsg-time",
    channels: ["kmsg"],
    reason: "time since the boot of the board",
    apply(pair) {
      for (const side of sides(pair)) {
        for (const line of side.kmsg) line.text = consoleText(line.text) ?? line.text;
      }
    },
  },
  {
    id: "kmsg-place",
    channels: ["kmsg"],
    reason:
      "the line of the source differs by build, and the id of the process by run; drivers name such parts (logPlaces)",
    apply(pair) {
      for (const side of sides(pair)) {
        for (const line of side.kmsg) for (const place of LOG_PLACES) line.text = line.text.replace(place, "");
      }
    },
  },
  {
    id: "kmsg-explained",
    channels: ["kmsg"],
    reason:
      "a kernel logs more than a step causes: what programs and other devices of the board log, and each text that a rule of " +
      "_log_rules.ts explains; every other line is compared",
    apply({ expected, observed }, context) {
      observed.kmsg = unexplained(observed.kmsg, expected.kmsg, context);
    },
  },
  {
    id: "link-flap",
    channels: ["link"],
    reason:
      "linkwatch tells of the carrier as it finds it: of a link that goes and comes back at once it tells once or twice; that it " +
      "went and came is in phylink's own lines",
    apply(pair, { op }) {
      if (op.kind === "netdev.set" || !op.settle) return;
      for (const side of sides(pair)) {
        for (const [netns, events] of Object.entries(side.link)) {
          side.link[netns] = events.filter((event, i) =>
            !(event.event === "new" && event.flags.includes("UP") && event.operstate === "DOWN" &&
              events.slice(i + 1).some((next) => next.ifname === event.ifname && next.operstate === "UP"))
          );
        }
      }
    },
  },
  {
    id: "calls-untold",
    channels: ["kmsg"],
    reason:
      "the drivers of a board's own MAC and PCS log what they like, not what phylink calls, and its link has a mode and a speed of its " +
      "own: of their lines those are compared that say that the netdev's link came or went",
    apply(pair, { told }) {
      if (told) return;
      for (const side of sides(pair)) {
        side.kmsg = side.kmsg.filter((line) =>
          line.class !== "stale" &&
          (line.class !== "info" || !/^(fakemac|fakepcs)[ :]/.test(line.text) ||
            /^fakemac \S+ fm0: Link is (Up|Down)/.test(line.text))
        ).map((line) => ({ ...line, text: line.text.replace(/(: Link is Up) - .*/, "$1") }));
      }
    },
  },
  {
    id: "rounds",
    channels: ["reply", "notify", "link", "kmsg"],
    reason:
      "what is done at the same time again and again comes in any order: of many rounds the result and the findings are compared, " +
      "and that nobody logs but what is under test",
    apply(pair, { op }) {
      if (op.kind !== "rounds") return;
      for (const side of sides(pair)) {
        Object.assign(side, { reply: null, notify: {}, link: {} });
        side.kmsg = side.kmsg.filter((line) => line.class !== "info" || !isOfTested(line));
        const stale = side.kmsg.find((line) => line.class === "stale");
        if (stale) side.kmsg = [{ class: "stale", text: "<stale>" }, ...side.kmsg.filter((l) => l.class !== "stale")];
      }
    },
  },
  {
    id: "hung-late",
    channels: ["kmsg"],
    reason:
      "khungtaskd tells of a task that hangs 120 s late, and slub of memory that was overwritten when it gives that out again: that " +
      "the step hangs is compared, and that the kernel broke",
    apply(pair, { broke }) {
      const { expected } = pair;
      for (const side of sides(pair)) side.kmsg = side.kmsg.filter((line) => !comesLate(line, expected, broke));
    },
  },
  {
    id: "report-takes-time",
    channels: ["time"],
    reason: "a kernel writes its report to the console first, and to a serial one that takes seconds",
    apply({ expected, observed }) {
      if (expected.time !== "immediate" || observed.time !== "blocked") return;
      const reported = (side: Observation) => side.kmsg.some((line) => line.class !== "info" && line.class !== "stale");
      if (reported(expected) && reported(observed)) observed.time = "immediate";
    },
  },
  {
    id: "device-takes-time",
    channels: ["time"],
    reason: "a device that is reset takes as long as it likes: the model of its driver knows in which operations it is",
    apply({ expected, observed }) {
      if (expected.untimed === undefined || expected.time !== "immediate") return;
      if (observed.time === "blocked") observed.time = "immediate";
    },
  },
  {
    id: "kmsg-finding-text",
    channels: ["kmsg"],
    reason:
      "the text of a finding has addresses, offsets and process ids, and several lines: its class is compared, once, after " +
      "all other lines; a call on what was removed is a line of its own",
    apply(pair) {
      for (const side of sides(pair)) {
        const whole = (line: KernelLine) => line.class === "info" || line.class === "stale";
        const found = new Set(side.kmsg.filter((line) => !whole(line)).map((line) => line.class));
        const findings = [...found].sort().map((one) => ({ class: one, text: `<${one}>` }));
        side.kmsg = [...side.kmsg.filter(whole), ...findings];
      }
    },
  },
  {
    id: "init-occupancy",
    channels: ["reply"],
    reason:
      "the netns that the board booted with has the board's own routes and rules; that there is a number is compared",
    apply(pair, { op }) {
      if (op.kind !== "resource.show" || (op.netns ?? "init") !== "init") return;
      for (const side of sides(pair)) {
        eachObject(side.reply, (object) => {
          if (typeof object.occ === "number") object.occ = "<occ>";
        });
      }
    },
  },
  {
    id: "trap-counters",
    channels: ["reply", "notify"],
    reason:
      "a driver for tests makes packets of one size at a fixed rate for each port that is up: a board's time is not the " +
      "model's. A counter that must be 0, since no port was up or the trap drops, is compared exactly, others by the time that " +
      "passed; bytes must be packets times their size",
    apply({ expected, observed }, { ticks }) {
      const shown = countersIn(observed);
      for (const [key, { rx: wanted, ofGroup, handle, of, fresh }] of countersIn(expected)) {
        const counted = shown.get(key)?.rx;
        const device = ticks.of(handle);
        if (!device) continue;
        const { bytes } = device.packets;
        const [want, got] = [wanted.packets, counted?.packets];
        if (typeof want !== "number" || typeof got !== "number") continue;
        if (want === 0 && (fresh || !mayCount(of, device, ofGroup))) continue;
        if (wanted.bytes !== bytes * want || counted?.bytes !== bytes * got) continue;
        const [least, most] = counterBounds(want, device, ofGroup);
        if (got < least || got > most) continue;
        Object.assign(counted, { packets: want, bytes: wanted.bytes });
      }
    },
  },
  {
    id: "poll-answers",
    channels: ["reply"],
    reason:
      "how far an operation is when it is looked at is chance: each answer must be one of those that are possible",
    apply({ expected, observed }, { op }) {
      if (op.kind !== "during" || !isObject(expected.reply) || !isObject(observed.reply)) return;
      const [possible, seen] = [expected.reply.seen, observed.reply.seen];
      if (!Array.isArray(possible) || !Array.isArray(seen) || seen.length === 0) return;
      const may = new Set(possible.map(canonical));
      if (seen.every((answer) => may.has(canonical(answer)))) observed.reply.seen = possible;
    },
  },
];
