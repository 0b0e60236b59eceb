/**
 * `ip netns`
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import type { Call } from "../program.ts";
import type { Run } from "../run.ts";
import { refuseWord } from "./ip_gaps.ts";
import { type IpOptions, starts } from "./ip_words.ts";

/** True if a netns of that name exists. */
export function hasNetns(call: Call, name: string): boolean {
  return name !== "init" && call.system.machine.netns.includes(name);
}

const NETNS_USAGE = `Usage:	ip netns list
	ip netns add NAME
	ip netns attach NAME PID
	ip netns set NAME NETNSID
	ip [-all] netns delete [NAME]
	ip netns identify [PID]
	ip netns pids NAME
	ip [-all] netns exec [NAME] cmd ...
	ip netns monitor
	ip netns list-id [target-nsid POSITIVE-INT] [nsid POSITIVE-INT]
NETNSID := auto | POSITIVE-INT
`;

/** `ip netns` */
export function* netns(call: Call, options: IpOptions, args: string[]): Run {
  const { system, process } = call;
  const [word = "list", ...rest] = args;
  const [name] = rest;
  if (["list", "show", "lst"].some((verb) => starts(word, verb))) {
    const names = system.machine.netns.slice(1).toReversed();
    if (options.json) yield* call.out(`${JSON.stringify(names.map((each) => ({ name: each })))}\n`);
    else yield* call.out(names.map((each) => `${each}\n`).join(""));
    return 0;
  }
  if (starts(word, "help")) {
    yield* call.err(NETNS_USAGE);
    return 255;
  }
  if (starts(word, "add")) {
    if (name === undefined) return yield* nameless(call);
    if (!isNetnsName(name)) return yield* misnamed(call, name);
    const { result } = system.perform({ kind: "netns.add", name });
    if (result === "ok") return 0;
    yield* call.err(`Cannot create namespace file "/run/netns/${name}": File exists\n`);
    return 1;
  }
  if (starts(word, "delete")) {
    if (name === undefined) return yield* nameless(call);
    if (!isNetnsName(name)) return yield* misnamed(call, name);
    const { result } = system.perform({ kind: "netns.del", name });
    if (result === "ok") return 0;
    yield* call.err(`Cannot remove namespace file "/run/netns/${name}": No such file or directory\n`);
    return 1;
  }
  if (starts(word, "exec")) {
    if (name === undefined) return yield* nameless(call);
    if (rest.length < 2) {
      yield* call.err("No command specified\n");
      return 1;
    }
    if (!hasNetns(call, name)) {
      yield* call.err(`Cannot open network namespace "${name}": No such file or directory\n`);
      return 255;
    }
    const before = process.netns;
    process.netns = name;
    try {
      return yield* call.exec(rest.slice(1));
    } finally {
      process.netns = before;
    }
  }
  if (starts(word, "identify")) {
    if (name !== undefined) throw new ModelGap(`ip netns identify ${name}`, "netns by the number of a process");
    yield* call.out(process.netns === "init" ? "" : `${process.netns}\n`);
    return 0;
  }
  if (starts(word, "pids")) {
    if (name === undefined) return yield* nameless(call);
    if (!hasNetns(call, name)) {
      yield* call.err("Cannot open network namespace: No such file or directory\n");
      return 1;
    }
    const inside = system.scheduler.living.filter((each) => each.netns === name && each !== process);
    yield* call.out(inside.map(({ pid }) => `${pid}\n`).join(""));
    return 0;
  }
  refuseWord("netns", word);
  yield* call.err(`Command "${word}" is unknown, try "ip netns help".\n`);
  return 255;
}

/** True if a text can be the name of a file (iproute2, invalid_name()). */
const isNetnsName = (name: string) =>
  name !== "" && name.length <= 255 && !name.includes("/") && !/^\.{1,2}$/.test(name);

function* misnamed(call: Call, name: string): Run {
  yield* call.err(`Invalid netns name "${name}"\n`);
  return 255;
}

function* nameless(call: Call): Run {
  yield* call.err("No netns name specified\n");
  return 1;
}
