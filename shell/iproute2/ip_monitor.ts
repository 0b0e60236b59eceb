/**
 * `ip monitor`: prints netdevs as they appear, change and disappear.
 *
 * @module
 */

import type { LinkEvent } from "../../model/mod.ts";
import { type IpOptions, starts } from "./ip_words.ts";
import { refuseWord } from "./ip_gaps.ts";
import type { Call } from "../program.ts";
import type { Run } from "../run.ts";

/** `ip monitor link` */
export function* monitorLinks(call: Call, options: IpOptions, args: readonly string[]): Run {
  if (args.length === 0) refuseWord("monitor", "all");
  for (const word of args) {
    if (starts(word, "link")) continue;
    refuseWord("monitor", word);
    yield* call.err(`Argument "${word}" is unknown, try "ip monitor help".\n`);
    return 255;
  }
  const queue: LinkEvent[] = [];
  const stop = call.system.listen({ netns: call.process.netns, linked: (events) => queue.push(...events) });
  try {
    for (;;) {
      while (queue.length > 0) yield* call.out(eventText(call, queue.shift()!, options));
      yield { ready: () => queue.length > 0 };
    }
  } finally {
    stop();
  }
}

/** Returns one link message, of a netdev that may be gone by now. */
function eventText(call: Call, event: LinkEvent, options: IpOptions): string {
  const { system, process } = call;
  const known = system.seen(process.netns, event.ifname);
  const { ifindex, address, mtu } = known;
  const deleted = event.event === "del" ? "Deleted " : "";
  const between = options.oneline ? "\\" : "\n";
  return `${deleted}${ifindex}: ${event.ifname}: <${event.flags.join(",")}> mtu ${mtu} qdisc ${known.qdisc} ` +
    `state ${event.operstate} group default ${between}    link/${event.ifname === "lo" ? "loopback" : "ether"} ` +
    `${address} brd ${event.ifname === "lo" ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff"}\n`;
}
