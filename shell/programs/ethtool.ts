/**
 * ethtool(8), of netdevs of netdevsim.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import type { JsonObject } from "../../model/mod.ts";
import type { NetdevShown } from "../../model/net/netns.ts";
import { errorText } from "../errno.ts";
import type { Call, Program } from "../program.ts";
import { portOf } from "../ports.ts";
import type { EthtoolFacts } from "../releases.ts";
import type { Run } from "../run.ts";

const LONG: Readonly<Record<string, string>> = {
  "--driver": "-i",
  "--statistics": "-S",
  "--show-pause": "-a",
  "--show-coalesce": "-c",
  "--show-ring": "-g",
  "--show-features": "-k",
  "--show-offload": "-k",
  "--flash": "-f",
  "--negotiate": "-r",
};

/** The supported options; without one ethtool shows the settings. */
const OPTIONS: ReadonlySet<string> = new Set(["", ...Object.values(LONG), "--show-fec", "-P", "-d"]);

/** ethtool(8) */
export const ethtool: Program = function* (call) {
  const [first, second, third] = call.args;
  if (first === "--version") {
    yield* call.out("ethtool version 7.2\n");
    return 0;
  }
  if (first === undefined) {
    yield* call.err("ethtool: bad command line argument(s)\nFor more information run ethtool -h\n");
    return 1;
  }
  const option = first.startsWith("-") ? LONG[first] ?? first : "";
  const most = option === "" ? 1 : option === "-f" ? 3 : 2;
  if (!OPTIONS.has(option) || call.args.length > most) {
    throw new ModelGap(`ethtool ${call.args.join(" ")}`, "options of ethtool(8) other than those that show and flash");
  }
  const dev = option === "" ? first : second;
  const netdev = call.system.machine.netdevs(call.process.netns).find(({ name }) => name === dev);
  if (dev === undefined || (!netdev && option === "")) {
    const line = "netlink error: no device matches name (offset 24)\nnetlink error: No such device\n";
    yield* call.err(line.repeat(7) + (dev === undefined ? "" : "No data available\n"));
    return 75;
  }
  if (!netdev) {
    yield* call.err(`Cannot get ${option === "-i" ? "driver" : "device"} information: No such device\n`);
    return 71;
  }
  const port = portOf(call.system.machine, dev, call.process.netns);
  const facts = call.system.facts.ethtool;
  switch (option) {
    case "":
      return yield* settings(call, netdev);
    case "-i":
      return yield* info(call, netdev, port);
    case "-f":
      if (!port) {
        throw new ModelGap(`ethtool -f ${dev}`, "the answer depends on the driver of the board's own interface");
      }
      return yield* flash(call, port, third ?? "");
    case "-r":
      return yield* restart(call, dev);
  }
  if (!port) {
    throw new ModelGap(`ethtool ${option} ${dev}`, "the answer depends on the driver of the board's own interface");
  }
  switch (option) {
    case "-S":
      yield* call.err("no stats available\n");
      return 94;
    case "-a":
      yield* call.out(`Pause parameters for ${dev}:\nAutonegotiate:\toff\nRX:\t\toff\nTX:\t\toff\n\n`);
      return 0;
    case "-c":
      if (!facts.settings) return yield* unsupported(call, "netlink error");
      yield* call.out(coalescing(dev, facts));
      return 0;
    case "-g":
      if (!facts.settings) return yield* unsupported(call, "netlink error");
      yield* call.out(rings(dev, facts));
      return 0;
    case "-k":
      return yield* someFeatures(call, dev, facts);
    case "--show-fec":
      if (!facts.settings) {
        yield* call.err("Cannot get FEC settings: Operation not supported\n");
        return 255;
      }
      yield* call.out(
        `FEC parameters for ${dev}:\nSupported/Configured FEC encodings: None\nActive FEC encoding: None\n`,
      );
      return 0;
    case "-P":
      if (netdevsimEra(call.system.machine.era).newPort !== "number") {
        throw new ModelGap("ethtool -P", "the permanent address that new_port gives");
      }
      yield* call.out("Permanent address: not set\n");
      return 0;
    case "-d":
      yield* call.err("Cannot get register dump: Operation not supported\n");
      return 74;
  }
  throw new ModelGap(`ethtool ${option}`, "an option of ethtool(8)");
};

function* unsupported(call: Call, what: string): Run {
  yield* call.err(`${what}: Operation not supported\n`);
  return 1;
}

type Port = { handle: string; port: number };

function* info(call: Call, netdev: NetdevShown, port: Port | undefined): Run {
  let fields: JsonObject;
  if (port) {
    const { result, reply } = call.system.perform({ kind: "ethtool.info", ...port, netns: call.process.netns });
    if (result !== "ok") return yield* unsupported(call, "Cannot get driver information");
    fields = { ...reply as JsonObject };
    fields["version"] = call.system.release;
  } else if (netdev.name === "lo") return yield* unsupported(call, "Cannot get driver information");
  else throw new ModelGap(`ethtool -i ${netdev.name}`, "the answer depends on the driver of the board's own interface");
  yield* call.out(Object.entries(fields).map(([key, value]) => `${key}: ${value}\n`).join(""));
  return 0;
}

function* settings(call: Call, netdev: NetdevShown): Run {
  const { result, reply } = call.system.perform({ kind: "ethtool.show", dev: netdev.name, netns: call.process.netns });
  if (result !== "ok" || reply === null) {
    yield* call.out("No data available\n");
    return 0;
  }
  const { speed, duplex, autoneg, link } = reply as {
    speed: number | null;
    duplex: string | null;
    autoneg: boolean;
    link: boolean;
  };
  const name = duplex === null ? "Unknown! (255)" : duplex[0]!.toUpperCase() + duplex.slice(1);
  yield* call.out(
    `Settings for ${netdev.name}:\n\tSpeed: ${speed === null ? "Unknown!" : `${speed}Mb/s`}\n\tDuplex: ${name}\n` +
      `\tAuto-negotiation: ${autoneg ? "on" : "off"}\n\tLink detected: ${link ? "yes" : "no"}\n`,
  );
  return 0;
}

function* flash(call: Call, port: Port, file: string): Run {
  const { result } = yield* call.system.waiting({ kind: "ethtool.flash", ...port, file, netns: call.process.netns });
  if (result === "ok") return 0;
  yield* call.err(`Flashing failed: ${errorText(result)}\n`);
  return 1;
}

function* restart(call: Call, dev: string): Run {
  const { result } = call.system.perform({ kind: "ethtool.restart", dev, netns: call.process.netns });
  if (result === "ok") return 0;
  yield* call.err(`Cannot restart autonegotiation: ${errorText(result)}\n`);
  return 1;
}

function coalescing(dev: string, { aggregation, completion }: EthtoolFacts): string {
  const rows = (names: readonly string[], value = "0") => names.map((name) => `${name}:\t${value}\n`).join("");
  return `Coalesce parameters for ${dev}:\nAdaptive RX: off  TX: off\n` +
    "stats-block-usecs:\t0\nsample-interval:\t0\npkt-rate-low:\t\t0\npkt-rate-high:\t\t0\n\n" +
    `${rows(["rx-usecs", "rx-frames", "rx-usecs-irq", "rx-frames-irq"])}\n` +
    `${rows(["tx-usecs", "tx-frames", "tx-usecs-irq", "tx-frames-irq"])}\n` +
    `${rows(["rx-usecs-low", "rx-frame-low", "tx-usecs-low", "tx-frame-low"])}\n` +
    `${rows(["rx-usecs-high", "rx-frame-high", "tx-usecs-high", "tx-frame-high"])}\n` +
    "CQE mode RX: off  TX: off\n\n" +
    `${rows(["tx-aggr-max-bytes", "tx-aggr-max-frames", "tx-aggr-time-usecs"], aggregation)}\n` +
    `rx-cqe-frames:\t\t${completion}\nrx-cqe-nsecs:\t\t${completion}\n\n`;
}

function rings(dev: string, { headerSplit: [maximum, current, split], push, rings }: EthtoolFacts): string {
  return `Ring parameters for ${dev}:\nPre-set maximums:\nRX:\t\t\t4096\nRX Mini:\t\t4096\nRX Jumbo:\t\t4096\n` +
    `TX:\t\t\t4096\nTX push buff len:\tn/a\nHDS thresh:\t\t${maximum}\nCurrent hardware settings:\n` +
    `RX:\t\t\t${rings}\nRX Mini:\t\t0\nRX Jumbo:\t\t0\nTX:\t\t\t${rings}\nRX Buf Len:\t\tn/a\nCQE Size:\t\tn/a\n` +
    `TX Push:\t\toff\nRX Push:\t\t${push}\nTX push buff len:\tn/a\nTCP data split:\t\t${split}\nHDS thresh:\t\t${current}\n`;
}

/** How long a reader has to read the first lines, in ms. */
const READ = 100;

/** Prints the first features; more of them are not modelled. */
function* someFeatures(call: Call, dev: string, facts: EthtoolFacts): Run {
  const lines = features(dev, facts).split(/(?<=\n)/);
  const last = lines.pop()!;
  yield* call.out(lines.join(""));
  yield { until: call.system.scheduler.clock.now + READ };
  // A pipe without a reader ends the program here
  yield* call.out(last);
  throw new ModelGap(`ethtool -k ${dev}`, "features after hw-tc-offload");
}

function features(dev: string, { fixedChecksum }: EthtoolFacts): string {
  return `Features for ${dev}:\nrx-checksumming: off [fixed]\ntx-checksumming: on\n\ttx-checksum-ipv4: off [fixed]\n` +
    `\ttx-checksum-ip-generic: on${fixedChecksum ? " [fixed]" : ""}\n\ttx-checksum-ipv6: off [fixed]\n` +
    "\ttx-checksum-fcoe-crc: off [fixed]\n\ttx-checksum-sctp: off [fixed]\nscatter-gather: on\n" +
    "\ttx-scatter-gather: on [fixed]\n\ttx-scatter-gather-fraglist: on [fixed]\ntcp-segmentation-offload: on\n" +
    "\ttx-tcp-segmentation: on [fixed]\n\ttx-tcp-ecn-segmentation: off [fixed]\n" +
    "\ttx-tcp-mangleid-segmentation: off [fixed]\n\ttx-tcp6-segmentation: off [fixed]\n" +
    "generic-segmentation-offload: on\ngeneric-receive-offload: on\nlarge-receive-offload: off [fixed]\n" +
    "ntuple-filters: off [fixed]\nreceive-hashing: off [fixed]\nhw-tc-offload: off\n";
}
